"""Freshdesk's reference data: people, groups, companies, products, hours, policies, fields."""

from typing import Any

from helpdesk_kpi.simulator.freshdesk.sla import RESOLVE, RESPOND
from helpdesk_kpi.simulator.freshdesk.vocabulary import (
    CHAT,
    LABELS,
    PRIORITY_LABELS,
    SOURCE_LABELS,
    TYPES,
    URGENT,
    WEB_CHAT,
)
from helpdesk_kpi.simulator.world.clock import DAY, HOUR, MINUTE, SECOND, Week, iso
from helpdesk_kpi.simulator.world.facts import Account
from helpdesk_kpi.simulator.world.support_desk import (
    BASE,
    BRANDS,
    LATE_SCHEDULE,
    LATE_TEAM,
    SCHEDULE,
    TEAMS,
    organization,
)
from helpdesk_kpi.simulator.world.world import World

Rows = list[dict[str, Any]]
ADMIN_ROLE, AGENT_ROLE = BASE + 711, BASE + 715
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_OFFSET = 5 * HOUR + 30 * MINUTE


def created_at(world: World) -> str:
    """When the account was set up."""
    return iso(world.desk.start - 400 * DAY)


def agents(world: World) -> Rows:
    """Present agents; leavers are missing."""
    return [agent(world, a) for a in world.desk.accounts if a.created_at <= world.now and _works(world, a)]


def _works(world: World, account: Account) -> bool:
    return account.role_at(world.now) != "customer"


def agent(world: World, account: Account) -> dict[str, Any]:
    role, since = account.role_at(world.now), iso(account.created_at)
    return {
        "available": False, "occasional": False, "id": account.id, "ticket_scope": 1, "created_at": since,
        "updated_at": since, "last_active_at": None, "available_since": None,
        "type": "collaborator" if role == "light_agent" else "support_agent", "signature": None,
        "role_ids": [ADMIN_ROLE if role == "admin" else AGENT_ROLE], "skill_ids": [], "focus_mode": True,
        "deactivated": False,
        "contact": {"active": True, "email": account.email, "job_title": None, "language": "en", "last_login_at": None,
                    "mobile": None, "name": account.name, "phone": None, "time_zone": world.desk.rails_zone,
                    "created_at": since, "updated_at": since},
    }  # fmt: skip


def me(world: World) -> dict[str, Any]:
    """The account that the API key belongs to: the administrator's."""
    accounts = [a for a in world.desk.accounts if _works(world, a)]
    return agent(world, next((a for a in accounts if a.role_at(world.now) == "admin"), accounts[0]))


def groups(world: World) -> Rows:
    """The second one has no calendar of its own: null means the default one."""
    return [
        {"id": team, "name": name, "description": "", "escalate_to": None, "unassigned_for": None,
         "business_hour_id": _calendar(world, i), "group_type": "support_agent_group",
         "agent_ids": [a.id for a in world.desk.accounts if a.team == team and _works(world, a)],
         "auto_ticket_assign": (0, 1, 12)[i], "created_at": created_at(world), "updated_at": created_at(world)}
        for i, (team, name) in enumerate(zip(TEAMS, world.desk.words.teams, strict=True))
    ]  # fmt: skip


def _calendar(world: World, place: int) -> int | None:
    if world.desk.late_weekly and TEAMS[place] == LATE_TEAM:
        return LATE_SCHEDULE
    return None if place == 1 else SCHEDULE


def contacts(world: World, *, state: str | None = None) -> Rows:
    """Customers and former agents. Blocked ones only on request."""
    here = [a for a in world.desk.accounts if a.created_at <= world.now and not _works(world, a)]
    here = [a for a in here if a.deleted_at is None or a.deleted_at > world.now]
    blocked = state == "blocked"
    found = [a for a in here if _is_blocked(world, a) == blocked and state in {None, "blocked", "verified"}]
    return [contact(world, a) for a in found]


def _is_blocked(world: World, account: Account) -> bool:
    return account.suspended_at is not None and account.suspended_at <= world.now


def updated_at(world: World, account: Account) -> int:
    """When the account was last changed, as of now: created, given another role, or blocked."""
    times = [account.created_at, *(since for since, _ in account.roles), account.suspended_at or 0]
    return max(at for at in times if at <= world.now)


def contact(world: World, account: Account) -> dict[str, Any]:
    return {
        "active": not _is_blocked(world, account), "address": None, "description": None, "email": account.email,
        "id": account.id, "job_title": None, "language": "en", "mobile": None, "name": account.name, "phone": None,
        "time_zone": world.desk.rails_zone, "twitter_id": None, "custom_fields": {}, "facebook_id": None,
        "created_at": iso(account.created_at), "updated_at": iso(updated_at(world, account)), "csat_rating": None,
        "preferred_source": "email", "company_id": account.organization, "unique_external_id": None,
        "twitter_profile_status": False, "twitter_followers_count": None,
    }  # fmt: skip


def companies(world: World) -> Rows:
    return [
        {"id": organization(i), "name": name, "description": None, "domains": [domain], "note": None,
         "created_at": created_at(world), "updated_at": created_at(world), "custom_fields": {}, "health_score": None,
         "account_tier": None, "renewal_date": None, "industry": None}
        for i, (name, domain) in enumerate(world.desk.words.organizations)
    ]  # fmt: skip


def products(world: World) -> Rows:
    """Their times have an offset, as in the vendor's samples."""
    since = iso(world.desk.start - 400 * DAY + _OFFSET).replace("Z", "+05:30")
    return [
        {"id": brand, "name": name, "description": "", "primary_email": f"support@{world.desk.words.domain}",
         "default": i == 0, "created_at": since, "updated_at": since}
        for i, (brand, name) in enumerate(zip(BRANDS, world.desk.words.brands, strict=True))
    ]  # fmt: skip


def business_hours(world: World) -> Rows:
    """The default one, and a second one where the desk has it."""
    desk = world.desk
    first = _business_hours(world, SCHEDULE, desk.words.schedule, desk.weekly, is_default=True)
    if not desk.late_weekly:
        return [first]
    return [_business_hours(world, LATE_SCHEDULE, desk.words.late_schedule, desk.late_weekly, is_default=False), first]


def _business_hours(world: World, number: int, name: str, week: Week, *, is_default: bool) -> dict[str, Any]:
    """A calendar. Its id is text here and a number in groups; its zone has Rails' name; holidays are missing.

    A desk with one span a day has the older shape. With several a day the older shape can say the outermost times
    only, and `source_business_hours` has the spans.
    """
    weekly = {day: spans for day, spans in sorted(week.items()) if spans}
    several = any(len(spans) > 1 for spans in weekly.values())
    row: dict[str, Any] = {
        "id": str(number), "name": name, "description": "Default Business Calendar" if is_default else "",
        "is_default": is_default, "time_zone": world.desk.rails_zone, "created_at": created_at(world),
        "updated_at": created_at(world),
        "business_hours": {
            _DAYS[day]: {"start_time": _twelve(spans[0][0], several), "end_time": _twelve(spans[-1][1], several)}
            for day, spans in weekly.items()
        },
    }  # fmt: skip
    if several:
        slots = [
            {"day": _DAYS[day], "time_slots": [{"start_time": _clock(a), "end_time": _clock(b)} for a, b in spans]}
            for day, spans in weekly.items()
        ]
        row["source_business_hours"] = [
            {"business_hours_type": "custom", "is_default": is_default, "sources": [], "business_hours": slots}
        ]
    return row


def _twelve(minute: int, whole: bool) -> str:
    """`9:00 am`, or in the newer shape `09:00:00 am`."""
    hour, rest = divmod(minute, 60)
    half = "pm" if hour % 24 >= 12 else "am"
    return f"{(hour - 1) % 12 + 1:02}:{rest:02}:00 {half}" if whole else f"{(hour - 1) % 12 + 1}:{rest:02} {half}"


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def sla_policies(world: World) -> Rows:
    """Two default ones with the same targets, the first for live channels; ids are text, times are seconds."""
    targets = {
        f"priority_{level}": {
            "respond_within": RESPOND[level] // SECOND, "next_respond_within": RESPOND[level] // SECOND,
            "resolve_within": RESOLVE[level] // SECOND, "business_hours": level != URGENT, "escalation_enabled": True,
        }
        for level in (URGENT, 3, 2, 1)
    }  # fmt: skip
    live, rest = f"{world.desk.words.sla} (live)", world.desk.words.sla
    return [
        {"id": str(BASE + 881 + i * 4), "name": name, "description": "", "active": True, "sla_target": targets,
         "applicable_to": applies, "is_default": True, "position": i + 1, "created_at": created_at(world),
         "updated_at": created_at(world)}
        for i, (name, applies) in enumerate([(live, {"sources": [CHAT, WEB_CHAT]}), (rest, {})])
    ]  # fmt: skip


def ticket_fields(world: World) -> Rows:
    """`choices` has another shape in each type of field."""
    words = world.desk.words
    people = {a["contact"]["name"]: a["id"] for a in agents(world)}
    fields: list[tuple[str, str, str, Any]] = [
        ("requester", "Search a requester", "default_requester", None),
        ("subject", "Subject", "default_subject", None),
        ("ticket_type", "Type", "default_ticket_type", list(TYPES.values())),
        ("source", "Source", "default_source", SOURCE_LABELS),
        ("status", "Status", "default_status", {str(code): list(pair) for code, pair in LABELS.items()}),
        ("priority", "Priority", "default_priority", PRIORITY_LABELS),
        ("group", "Group", "default_group", dict(zip(words.teams, TEAMS, strict=True))),
        ("agent", "Agent", "default_agent", people),
        ("product", "Product", "default_product", dict(zip(words.brands, BRANDS, strict=True))),
        ("description", "Description", "default_description", None),
        ("cf_category", words.category, "custom_dropdown", list(words.topics)),
    ]
    return [
        {"id": BASE + 841 + i * 4, "name": name, "label": label, "label_for_customers": label, "description": "",
         "position": i + 1, "type": kind, "default": kind.startswith("default_"), "required_for_closure": False,
         "required_for_agents": False, "required_for_customers": False, "customers_can_edit": False,
         "displayed_to_customers": True, "created_at": created_at(world), "updated_at": created_at(world)}
        | ({} if choices is None else {"choices": choices})
        for i, (name, label, kind, choices) in enumerate(fields)
    ]  # fmt: skip


def admin_ticket_fields(world: World) -> Rows:
    """The same without choices: those come with a single field."""
    return [{key: value for key, value in row.items() if key != "choices"} for row in ticket_fields(world)]


def settings(world: World) -> dict[str, Any]:
    return {"primary_language": language(world), "supported_languages": [], "portal_languages": [],
            "help_widget_languages": []}  # fmt: skip


def language(world: World) -> str:
    return "zh-CN" if world.plan.locale == "zh" else "en"


def account(world: World, host: str) -> dict[str, Any]:
    owner = me(world)["contact"]
    staff = agents(world)
    light = sum(row["type"] == "collaborator" for row in staff)
    return {
        "organisation_id": BASE + 1, "organisation_name": "Northwind", "account_id": BASE + 3,
        "account_name": "Northwind",
        "account_domain": host, "hipaa_compliant": False, "tier_type": "Pro", "timezone": world.desk.rails_zone,
        "data_center": "EUC",
        "total_agents": {"full_time": len(staff) - light, "occasional": 0, "field_service": 0, "collaborators": light},
        "contact_person": {"firstname": owner["name"], "lastname": "", "email": owner["email"]},
    }  # fmt: skip
