"""`check` of a Freshdesk account: what the key can read, what the plan lacks, and the cost of a first sync."""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from connectors.freshdesk import payloads as fd
from connectors.freshdesk.account import FreshdeskAccountState
from connectors.freshdesk.codes import STATES
from connectors.freshdesk.pagination import TICKETS, format_time, has_next
from connectors.freshdesk.streams import ARCHIVED_AFTER, INCLUDES
from helpdesk_kpi.errors import PullError, UnavailableError
from helpdesk_kpi.milliseconds import DAY
from helpdesk_kpi.pull import checks, time_zones
from helpdesk_kpi.pull.contract import Finding, no

_ALL, _OF_GROUPS = 1, 2  # ticket_scope of an agent
_ONE: dict[str, str | int] = {"per_page": 1}
_SOME: dict[str, str | int] = {"updated_since": "1970-01-01T00:00:00Z", "per_page": 1}
_MOST_PAGES = 300


class _Probe(NamedTuple):
    path: str
    about: str
    params: Mapping[str, str | int]
    needs: tuple[str, ...] = ()


_HISTORY = ("tickets", "status.history", "assignee.history", "priority.history", "team.history", "sla.cycles")
_TICKETS = _Probe("tickets", "tickets", {**_SOME, "include": INCLUDES}, _HISTORY)
_PROBES = (
    _Probe("tickets", "deleted tickets", {**_SOME, "filter": "deleted"}),
    _Probe("tickets", "spam", {**_SOME, "filter": "spam"}),
    _Probe("agents", "agents", _ONE, ("roles",)),
    _Probe("groups", "groups", _ONE),
    _Probe("business_hours", "business hours", _ONE, ("schedules",)),
    _Probe("sla_policies", "SLA policies", _ONE, ("sla.policies",)),
    _Probe("surveys", "surveys", _ONE),
    _Probe("surveys/satisfaction_ratings", "satisfaction ratings", _ONE, ("survey.answers", "survey.dimensions")),
    _Probe("time_entries", "time entries", _ONE, ("time.entries",)),
)
_ARTICLES = _Probe(
    "solutions/categories", "articles", _ONE, ("articles", "article.edits", "article.views", "article.votes")
)


async def check(account: FreshdeskAccountState, now: float) -> list[Finding]:
    """Check the account. Findings are in reading order. `now`: epoch seconds."""
    request = account.http.get("/api/v2/agents/me", type=fd.Agent, endpoint="agents/me", missing="resource")
    me, refusals = await checks.check_sign_in(request)
    if me is None:
        return refusals
    findings = [Finding(level="ok", about="credentials", text=f"signed in at {account.url}"), _check_scope(me)]
    findings += checks.check_clock_skew(account.http, "Freshdesk")
    findings += await _check_zone(account)
    findings += await _run_probe(account, _TICKETS)
    cost = account.http.limits.by_bucket["account"].cost if "account" in account.http.limits.by_bucket else 1
    for probe in (*_PROBES, *([_ARTICLES] if account.settings.solutions else [])):
        findings += await _run_probe(account, probe)
    findings += await _check_activities(account, now)
    findings += await _check_names(account)
    findings += _list_api_limits(now)
    findings += checks.check_rate_limits(account.http)
    return [*findings, *await _estimate_first_sync(account, cost)]


def _check_scope(me: fd.Agent) -> Finding:
    """Check the scope of the key's agent: the list of tickets silently excludes tickets that the agent may not see."""
    if me.ticket_scope in {None, _ALL}:
        return Finding(level="ok", about="rights", text="the key's agent sees all tickets")
    scope = "the tickets of their groups" if me.ticket_scope == _OF_GROUPS else "the tickets assigned to them"
    text = f"the key's agent sees only {scope}, so every figure would be too small: use the key of one who sees all"
    return Finding(level="error", about="rights", text=text)


async def _check_zone(account: FreshdeskAccountState) -> list[Finding]:
    """Check the account's time zone, if the key may read it."""
    try:
        details = await account.http.get("/api/v2/account", type=fd.Account, endpoint="account", missing="resource")
        return checks.check_time_zone(time_zones.to_iana(details.timezone) if details.timezone else None, "the account")
    except PullError:
        return []


async def _run_probe(account: FreshdeskAccountState, probe: _Probe) -> list[Finding]:
    request = account.http.get(
        f"/api/v2/{probe.path}", probe.params, type=msgspec.Raw, endpoint=f"check {probe.about}", missing="resource"
    )
    return await checks.probe_endpoint(request, probe.about, probe.needs)


async def _check_activities(account: FreshdeskAccountState, now: float) -> list[Finding]:
    """Check the export of activities. Few accounts have it, so a missing one is no error."""
    if not account.settings.activities:
        return []
    params = {"created_at": format_time(int(now) * 1000 - 2 * DAY)[:10]}
    try:
        await account.http.get(
            "/api/v2/export/ticket_activities",
            params,
            type=msgspec.Raw,
            endpoint="check activities",
            missing="resource",
        )
    except UnavailableError:
        text = "no export of activities: history is derived from the tickets' times and from differences between syncs"
        return [Finding(level="note", about="activities", text=text)]
    except PullError as error:
        return [Finding(level="error", about="activities", text=str(error))]
    return [Finding(level="ok", about="activities", text="the daily export is available: history is exact from now on")]


async def _check_names(account: FreshdeskAccountState) -> list[Finding]:
    """Report statuses of unknown meaning, and missing fields and unnamed questions of the configuration."""
    try:
        custom = {code: label for code, label in (await account.statuses()).items() if code not in STATES}
        found_fields = set((await account.fields_to_keep()).values())
    except PullError as error:
        return [Finding(level="error", about="ticket fields", text=str(error))]
    findings = [
        Finding(
            level="warning",
            about="statuses",
            text=f"{label!r} ({code}) counts as open: its meaning is unknown, set it in [tickets.statuses]",
        )
        for code, label in custom.items()
    ]
    names = {field.name for field in await account.fields()}
    findings += [
        Finding(level="warning", about="fields", text=f"no ticket field is named {entry!r}")
        for entry in account.settings.keep_fields
        if entry not in found_fields or (entry.startswith("cf_") and names and entry not in names)
    ]
    return [*findings, *await _list_questions(account)]


async def _list_questions(account: FreshdeskAccountState) -> list[Finding]:
    try:
        questions = [
            q for survey in (await account.surveys()).values() for q in survey.questions or () if not q.default
        ]
    except PullError:  # the probe said so
        return []
    labels = {str(q.id).removeprefix("question_"): q.label or "" for q in questions if str(q.id) != "default_question"}
    return [
        Finding(level="note", about="surveys", text=f"question {number}: {label!r}; [csat] dimensions may name it")
        for number, label in labels.items()
    ]


def _list_api_limits(now: float) -> list[Finding]:
    """Limits of the API for every key and plan."""
    day = format_time(int(now) * 1000 - ARCHIVED_AFTER)[:10]
    lacking = [
        ("holidays", "Freshdesk's API has no holidays: set them in [hours], otherwise business times differ"),
        (
            "history",
            f"history starts at {day}: tickets that were closed and unchanged since then are archived and missing",
        ),
        ("surveys", "Freshdesk's API does not report which surveys were sent: there is no response rate"),
    ]
    findings = [Finding(level="note", about=about, text=text) for about, text in lacking]
    gap = no("Freshdesk's API does not report which surveys were sent")
    return [*findings[:-1], msgspec.structs.replace(findings[-1], need="survey.offered", provides=gap)]


async def _estimate_first_sync(account: FreshdeskAccountState, cost: int) -> list[Finding]:
    """Estimate the first sync from the number of tickets, with one request for the conversations of each.

    Args:
        cost: Cost of a page of tickets in the rate limit; included parts cost extra.
    """
    try:
        rows, is_all = await _count_tickets(account)
    except PullError:
        return []
    a_minute, size = checks.get_allowed_rate(account.http, "account"), account.settings.page_size
    lists = None if a_minute is None else max(1, a_minute // max(1, cost))
    loads = [
        checks.SyncEstimate(about="tickets", rows=rows, page=size, a_minute=lists),
        checks.SyncEstimate(about="conversations", rows=rows, page=1, a_minute=a_minute),
    ]
    found = checks.estimate_first_sync(loads, account.settings.rate_share)
    at_least = "" if is_all else f"; there are more than {rows:,} tickets, so the estimate is too low"
    per_run = account.settings.conversations_per_run
    runs = f"; {-(-rows // per_run)} syncs, as conversations_per_run says" if per_run and rows > per_run else ""
    return [msgspec.structs.replace(found, text=found.text + at_least + runs)]


async def _count_tickets(account: FreshdeskAccountState) -> tuple[int, bool]:
    """Count tickets by binary search over pages. Returns the count, and False if it exceeds the 300 pages of a list."""
    low, high = 1, _MOST_PAGES
    if await _has_page_after(account, high):
        return high * 100, False
    while low < high:
        middle = (low + high) // 2
        if await _has_page_after(account, middle):
            low = middle + 1
        else:
            high = middle
    return low * 100, True


async def _has_page_after(account: FreshdeskAccountState, page: int) -> bool:
    params = {**_SOME, "per_page": 100, "page": page}
    response = await account.http.get_response(
        TICKETS, params, type=msgspec.Raw, endpoint="check tickets", missing="resource"
    )
    return has_next(response.headers, "tickets")
