"""Zendesk's reference data: people, teams, brands, schedules, articles."""

from typing import Any

from helpdesk_kpi.simulator.world.articles import paragraphs
from helpdesk_kpi.simulator.world.clock import DAY, HOUR, Week, iso
from helpdesk_kpi.simulator.world.facts import Account, ArticleFact
from helpdesk_kpi.simulator.world.support_desk import (
    BASE,
    BRANDS,
    CATEGORY_FIELD,
    FORMS,
    LATE_SCHEDULE,
    SCHEDULE,
    TEAMS,
    organization,
)
from helpdesk_kpi.simulator.world.world import World
from helpdesk_kpi.simulator.zendesk.time_tracking import TITLES
from helpdesk_kpi.simulator.zendesk.vocabulary import CUSTOM_STATUS, article_url

_ROLES = {"customer": "end-user", "agent": "agent", "admin": "admin", "light_agent": "agent"}
_ROLE_TYPES = {"agent": 0, "light_agent": 1, "admin": 4}
POLICY = BASE + 881
#: Priority -> minutes to the first reply and to the resolution.
TARGETS = {"urgent": (15, 240), "high": (60, 480), "normal": (240, 1440), "low": (480, 2400)}
Rows = list[dict[str, Any]]


def users(world: World, base: str) -> Rows:
    """In order of their last change, by id within a second."""
    here = [account for account in world.accounts.values() if account.created_at <= world.now]
    return [user(world, base, a) for a in sorted(here, key=lambda a: (updated_at(world, a), a.id))]


def updated_at(world: World, account: Account) -> int:
    """When the account was last changed, as of now: created, given another role, or suspended."""
    times = [account.created_at, *(since for since, _ in account.roles)]
    times += [at for at in (account.suspended_at, account.deleted_at) if at is not None]
    return max(at for at in times if at <= world.now)


def is_deleted(world: World, account: Account) -> bool:
    return account.deleted_at is not None and account.deleted_at <= world.now


_OF_DELETED = (
    "id", "url", "name", "email", "created_at", "updated_at", "time_zone", "iana_time_zone", "phone", "locale",
    "organization_id", "role", "active",
)  # fmt: skip


def deleted_users(world: World, base: str) -> Rows:
    """https://developer.zendesk.com/api-reference/ticketing/users/users/#list-deleted-users"""
    gone = [user(world, base, account) for account in world.accounts.values() if is_deleted(world, account)]
    return [{name: row[name] for name in _OF_DELETED} for row in gone]


def user(world: World, base: str, account: Account) -> dict[str, Any]:
    role = account.role_at(world.now)
    updated = iso(updated_at(world, account))
    return {
        "id": account.id,
        "url": f"{base}/api/v2/users/{account.id}.json",
        "name": account.name,
        "email": account.email,
        "created_at": iso(account.created_at),
        "updated_at": updated,
        "time_zone": world.desk.rails_zone,
        "iana_time_zone": world.desk.zone,
        "phone": None,
        "locale": "en-US",
        "organization_id": account.organization,
        "role": _ROLES[role],
        "role_type": _ROLE_TYPES.get(role),
        "custom_role_id": BASE + 701 + _ROLE_TYPES[role] * 4 if role in _ROLE_TYPES else None,
        "verified": True,
        "external_id": None,
        "tags": [],
        "alias": None,
        "active": not is_deleted(world, account),
        "shared": False,
        "shared_agent": False,
        "last_login_at": updated,
        "two_factor_auth_enabled": False,
        "signature": None,
        "moderator": role == "admin",
        "ticket_restriction": "requested" if role == "customer" else None,
        "only_private_comments": role == "light_agent",
        "restricted_agent": role == "light_agent",
        "suspended": account.suspended_at is not None and account.suspended_at <= world.now,
        "default_group_id": account.team,
        "report_csv": role == "admin",
        "user_fields": {},
    }


def groups(world: World, base: str) -> Rows:
    made = iso(world.desk.start - 400 * DAY)
    rows = [
        {"id": team, "url": f"{base}/api/v2/groups/{team}.json", "name": name, "description": "", "default": i == 0,
         "is_public": True, "deleted": False, "created_at": made, "updated_at": made}
        for i, (team, name) in enumerate(zip(TEAMS, world.desk.words.teams, strict=True))
    ]  # fmt: skip
    old = BASE + 101 + 4 * len(TEAMS)
    return [*rows, rows[0] | {"id": old, "name": world.desk.words.old_team, "deleted": True, "default": False}]


def group_memberships(world: World, base: str) -> Rows:
    """Who has left is in no group any more. The light agent's row lacks updated_at, as some do."""
    rows: Rows = []
    for i, account in enumerate(world.desk.accounts):
        if account.team is None or account.role_at(world.now) == "customer":
            continue
        number = BASE + 2001 + i * 4
        row = {"id": number, "url": f"{base}/api/v2/group_memberships/{number}.json", "user_id": account.id,
               "group_id": account.team, "default": True, "created_at": iso(account.created_at)}  # fmt: skip
        rows.append(row if i % 4 == 3 else row | {"updated_at": iso(account.created_at)})
    return rows


def organizations(world: World, base: str) -> Rows:
    made = world.desk.start - 300 * DAY
    return [
        {"id": organization(i), "url": f"{base}/api/v2/organizations/{organization(i)}.json", "name": name,
         "domain_names": [domain], "created_at": iso(made), "updated_at": iso(made + i // 2 * HOUR), "details": "",
         "notes": "", "group_id": None, "tags": [], "external_id": None, "deleted_at": None, "shared_tickets": False,
         "shared_comments": False, "organization_fields": {}}
        for i, (name, domain) in enumerate(world.desk.words.organizations)
    ]  # fmt: skip


def brands(world: World, base: str) -> Rows:
    made = iso(world.desk.start - 400 * DAY)
    return [
        {"id": brand, "url": f"{base}/api/v2/brands/{brand}.json", "name": name, "brand_url": base, "active": True,
         "default": i == 0, "has_help_center": i == 0, "help_center_state": "enabled" if i == 0 else "disabled",
         "subdomain": "northwind" if i == 0 else "northwind-classic", "host_mapping": None, "is_deleted": False,
         "logo": None, "signature_template": "{{agent.signature}}", "ticket_form_ids": list(FORMS), "created_at": made,
         "updated_at": made}
        for i, (brand, name) in enumerate(zip(BRANDS, world.desk.words.brands, strict=True))
    ]  # fmt: skip


def custom_statuses(world: World, base: str) -> Rows:
    made, labels = iso(world.desk.start - 400 * DAY), world.desk.words.statuses
    return [
        {"id": number, "url": f"{base}/api/v2/custom_statuses/{number}.json", "status_category": status,
         "agent_label": labels[status], "end_user_label": labels[status], "description": "", "active": True,
         "default": True, "created_at": made, "updated_at": made}
        for status, number in CUSTOM_STATUS.items()
    ]  # fmt: skip


def ticket_fields(world: World, base: str) -> Rows:
    made = iso(world.desk.start - 400 * DAY)
    options = [
        {"id": BASE + 851 + i, "name": topic.title, "raw_name": topic.title, "value": key, "default": False}
        for i, (key, topic) in enumerate(world.desk.words.topics.items())
    ]
    titles = {
        BASE + 841: ("subject", "Subject"),
        BASE + 845: ("status", "Status"),
        BASE + 849: ("priority", "Priority"),
    }
    rows = [(number, kind, title, None) for number, (kind, title) in titles.items()]
    category = world.desk.words.category
    timed = [(number, "integer", title, None) for number, title in TITLES.items() if world.keeps_time]
    every: list[tuple[int, str, str, Rows | None]] = [*rows, (CATEGORY_FIELD, "tagger", category, options), *timed]
    return [
        {"id": number, "url": f"{base}/api/v2/ticket_fields/{number}.json", "type": kind, "title": title,
         "raw_title": title, "description": "", "position": i, "active": True, "required": False, "tag": None,
         "created_at": made, "updated_at": made, "removable": choices is not None}
        | ({"custom_field_options": choices} if choices else {})
        for i, (number, kind, title, choices) in enumerate(every)
    ]  # fmt: skip


def ticket_forms(world: World, base: str) -> Rows:
    made = iso(world.desk.start - 400 * DAY)
    return [
        {"id": form, "url": f"{base}/api/v2/ticket_forms/{form}.json", "name": name, "raw_name": name,
         "display_name": name, "active": True, "default": i == 0, "position": i, "end_user_visible": True,
         "in_all_brands": True, "restricted_brand_ids": [], "ticket_field_ids": [CATEGORY_FIELD], "deleted_at": None,
         "created_at": made, "updated_at": made}
        for i, (form, name) in enumerate(zip(FORMS, world.desk.words.forms, strict=True))
    ]  # fmt: skip


def schedules(world: World) -> Rows:
    """Minutes since Sunday 00:00, no interval over midnight."""
    desk = world.desk
    first = _schedule(world, SCHEDULE, desk.words.schedule, desk.weekly, desk.start - 400 * DAY)
    if not desk.late_weekly:
        return [first]
    late = _schedule(world, LATE_SCHEDULE, desk.words.late_schedule, desk.late_weekly, desk.start - 300 * DAY)
    return [first, late]


def _schedule(world: World, number: int, name: str, weekly: Week, at: int) -> dict[str, Any]:
    spans = [
        {"start_time": (day + 1) % 7 * 1440 + start, "end_time": (day + 1) % 7 * 1440 + end}
        for day, hours in weekly.items()
        for start, end in hours
    ]
    return {"id": number, "name": name, "time_zone": world.desk.rails_zone,
            "intervals": sorted(spans, key=lambda span: span["start_time"]),
            "created_at": iso(at), "updated_at": iso(at)}  # fmt: skip


def holidays(world: World) -> Rows:
    return [
        {"id": BASE + 451 + i * 4, "name": name, "start_date": first.isoformat(), "end_date": last.isoformat()}
        for i, (first, last, name) in enumerate(world.desk.holidays)
    ]


def sla_policies(world: World, base: str) -> Rows:
    made = iso(world.desk.start - 200 * DAY)
    metrics = [
        {"priority": priority, "metric": metric, "target": minutes, "target_in_seconds": minutes * 60,
         "business_hours": priority != "urgent"}
        for priority, pair in TARGETS.items()
        for metric, minutes in zip(("first_reply_time", "total_resolution_time"), pair, strict=True)
    ]  # fmt: skip
    return [{"id": POLICY, "url": f"{base}/api/v2/slas/policies/{POLICY}.json", "title": world.desk.words.sla,
             "description": "", "position": 1,
             "filter": {"all": [{"field": "type", "operator": "is_not", "value": "task"}], "any": []},
             "policy_metrics": metrics, "created_at": made, "updated_at": made}]  # fmt: skip


def policy(world: World) -> dict[str, Any]:
    """The policy, as metric events name it."""
    return {"id": POLICY, "title": world.desk.words.sla, "description": ""}


def articles(world: World, base: str, *, translated: bool = False) -> Rows:
    """In order of the last change; drafts too, archived ones are simply not there any more."""
    here = [
        article
        for article in world.desk.articles
        if article.created_at <= world.now and (article.archived_at is None or article.archived_at > world.now)
    ]
    rows = [
        _article(world, base, article) | ({"translations": translations(world, article)} if translated else {})
        for article in here
    ]
    return sorted(rows, key=lambda row: (row["updated_at"], row["id"]))


def _article(world: World, base: str, article: ArticleFact) -> dict[str, Any]:
    edits = [at for at, _ in article.edits if at <= world.now]
    votes = [vote for at, _, vote in article.votes if at <= world.now]
    edited = iso(edits[-1] if edits else article.created_at)
    locale = world.desk.words.help_centre_locale
    return {
        "id": article.id, "url": f"{base}/api/v2/help_center/{locale}/articles/{article.id}.json",
        "html_url": article_url(base, locale, article.id), "author_id": article.author, "comments_disabled": False,
        "draft": article.draft, "promoted": False, "position": 0, "vote_sum": sum(votes), "vote_count": len(votes),
        "section_id": article.section, "created_at": iso(article.created_at), "updated_at": edited,
        "name": article.title, "title": article.title, "source_locale": locale, "locale": locale,
        "outdated": False, "outdated_locales": [],
        "edited_at": edited, "user_segment_id": None, "user_segment_ids": [], "permission_group_id": BASE + 521,
        "content_tag_ids": [], "label_names": [], "body": _body(world, article),
    }  # fmt: skip


def _body(world: World, article: ArticleFact) -> str:
    return "".join(f"<p>{text}</p>" for text in paragraphs(article, world.now))


def translations(world: World, article: ArticleFact) -> Rows:
    """One locale; it names the last editor only."""
    edits = [(at, who) for at, who in article.edits if at <= world.now]
    at, who = edits[-1] if edits else (article.created_at, article.author)
    return [
        {"id": article.id + 1, "source_id": article.id, "source_type": "Article",
         "locale": world.desk.words.help_centre_locale, "title": article.title, "body": _body(world, article),
         "outdated": False, "draft": article.draft, "hidden": False, "created_at": iso(article.created_at),
         "updated_at": iso(at), "created_by_id": article.author, "updated_by_id": who}
    ]  # fmt: skip


def votes(world: World, article: ArticleFact) -> Rows:
    return [
        {"id": article.id * 100 + i, "user_id": who, "value": vote, "item_id": article.id, "item_type": "Article",
         "created_at": iso(at), "updated_at": iso(at)}
        for i, (at, who, vote) in enumerate(article.votes)
        if at <= world.now
    ]  # fmt: skip
