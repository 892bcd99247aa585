"""`check` of a Zendesk account: one cheap request for each stream shows what the credentials can read."""

from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from connectors.zendesk import payloads as zd
from connectors.zendesk.account import LISTS_NOTE, ZendeskAccountState
from connectors.zendesk.sync_estimate import estimate_first_sync
from helpdesk_kpi.errors import PullError, UnavailableError
from helpdesk_kpi.milliseconds import SECOND
from helpdesk_kpi.pull import checks
from helpdesk_kpi.pull.contract import Finding, no
from helpdesk_kpi.pull.transport import Params

_API_TOKENS_END = datetime(2027, 4, 30, tzinfo=UTC)
_WARN_DAYS = 14  # days before the end of a token from which `check` warns
_LIST: Params = {"page[size]": 1}


class _Probe(NamedTuple):
    path: str
    about: str
    params: Params
    needs: tuple[str, ...] = ()  # capabilities that are missing if the request fails


_BY_EXPORTS = (
    _Probe("/api/v2/incremental/tickets/cursor", "tickets", {"per_page": 1}, ("tickets",)),
    _Probe("/api/v2/incremental/ticket_events", "ticket events", {"per_page": 1}, (
        "comments.public", "comments.private", "status.history", "assignee.history", "priority.history",
    )),
    _Probe("/api/v2/incremental/ticket_metric_events", "metric events", {"per_page": 1}, ("sla.events",)),
    _Probe("/api/v2/incremental/users/cursor", "users", {"per_page": 1}, ("roles",)),
)  # fmt: skip
_BY_LISTS = (
    _Probe("/api/v2/tickets", "tickets", _LIST, ("tickets",)),
    _Probe("/api/v2/search/export", "archived tickets", {"query": "status:closed", "filter[type]": "ticket", **_LIST}),
    _Probe("/api/v2/deleted_tickets", "deleted tickets", _LIST),
    _Probe("/api/v2/users", "users", _LIST, ("roles",)),
    _Probe("/api/v2/deleted_users", "deleted people", _LIST),
)
_FURTHER = (
    _Probe("/api/v2/satisfaction_ratings", "satisfaction ratings", _LIST),
    _Probe("/api/v2/guide/survey_responses", "survey responses", _LIST, ("survey.dimensions",)),
    _Probe("/api/v2/guide/surveys", "survey questions", _LIST),
    _Probe("/api/v2/business_hours/schedules", "schedules", {}, ("schedules",)),
    _Probe("/api/v2/slas/policies", "SLA policies", {}, ("sla.policies",)),
    _Probe("/api/v2/ticket_forms", "ticket forms", {}),
    _Probe("/api/v2/channels/voice/stats/incremental/calls", "calls", {}, ("calls",)),
    _Probe("/api/v2/engagements", "messaging", {}, ("chats",)),
)
_SURVEYS = ("survey.answers", "survey.offered")


async def check(account: ZendeskAccountState, now: float) -> list[Finding]:
    """Check the account. Findings are in reading order. `now`: epoch seconds."""
    request = account.http.get("/api/v2/users/me", type=zd.Me, endpoint="users/me", missing="resource")
    me, refusals = await checks.check_sign_in(request)
    if me is None:
        return refusals
    findings = [Finding(level="ok", about="credentials", text=f"signed in at {account.url}"), _check_role(me.user)]
    findings += _check_token_expiry(account, datetime.fromtimestamp(now, UTC))
    findings += checks.check_clock_skew(account.http, "Zendesk")
    findings += await _check_zone(account)
    findings += await _check_transport(account, now)
    for probe in _FURTHER:
        findings += await _run_probe(account, now, probe)
    findings += _check_surveys(findings)
    findings += await _check_articles(account)
    findings += await _check_fields(account)
    findings += await _check_time_fields(account)
    return [*findings, *checks.check_rate_limits(account.http), *await estimate_first_sync(account)]


def _check_role(me: zd.User) -> Finding:
    if me.role == "admin":
        return Finding(level="ok", about="rights", text="the credentials belong to an admin")
    text = f"the credentials have the role {me.role!r}; Zendesk's exports need an admin"
    return Finding(level="error", about="rights", text=text)


def _check_token_expiry(account: ZendeskAccountState, today: datetime) -> list[Finding]:
    """When the credentials expire. A client_credentials OAuth client does not expire."""
    settings = account.settings
    if settings.auth.is_token:
        return [_describe_api_token(today)]
    file = settings.auth.token_file(settings.config_folder)
    ends = file.read().refresh_expires_at if file else None
    if file is None or ends is None:
        return []
    day = datetime.fromtimestamp(ends, UTC)
    left = (day - today).days
    text = f"the tokens in {file.path} expire on {day:%Y-%m-%d} ({left} days) unless a sync renews them"
    return [Finding(level="warning" if left < _WARN_DAYS else "ok", about="credentials", text=text)]


def _describe_api_token(today: datetime) -> Finding:
    days = (_API_TOKENS_END - today).days
    left = f"in {days} days" if days >= 0 else "since then"
    text = (
        f"API tokens stop working on 2027-04-30 ({left}), or after 30 days without use:"
        " create an OAuth client and set client_id and client_secret"
    )
    return Finding(level="warning", about="credentials", text=text)


async def _check_zone(account: ZendeskAccountState) -> list[Finding]:
    """The account's time zone, to compare with `timezone` of the configuration."""
    try:
        page = await account.http.get("/api/v2/account/settings", type=zd.SettingsPage, endpoint="account/settings")
    except PullError:  # needs further rights, and is not essential
        return []
    localization = page.settings.localization or zd.Localization()
    zone = localization.iana_time_zone or localization.time_zone
    return [Finding(level="ok", about="time zone", text=f"the account is in {zone}")] if zone else []


async def _check_transport(account: ZendeskAccountState, now: float) -> list[Finding]:
    """Check tickets, their events and users: by exports, or by lists if Zendesk denies the exports."""
    by_exports = [finding for probe in _BY_EXPORTS for finding in await _run_probe(account, now, probe)]
    denied = next((f.text for f in by_exports if f.about == "tickets" and f.provides), None)
    if denied is None:
        text = "tickets and their events are read by Zendesk's exports"
        return [Finding(level="ok", about="transport", text=text), *by_exports]
    by_lists = [finding for probe in _BY_LISTS for finding in await _run_probe(account, now, probe)]
    if any(f.about == "tickets" and f.level != "ok" for f in by_lists):
        return by_exports
    account.reads_lists = True
    return [Finding(level="warning", about="transport", text=f"{LISTS_NOTE} ({denied})"), *by_lists]


async def _run_probe(account: ZendeskAccountState, now: float, probe: _Probe) -> list[Finding]:
    has_start = "incremental" in probe.path or "engagements" in probe.path
    params = {**probe.params, "start_time": account.back_from(int(now * SECOND))} if has_start else probe.params
    request = account.http.get(
        probe.path, params, type=dict[str, msgspec.Raw], endpoint=f"check {probe.about}", missing="resource"
    )
    return await checks.probe_endpoint(request, probe.about, probe.needs)


def _check_surveys(found: list[Finding]) -> list[Finding]:
    """Report missing surveys. An account uses one of the two survey systems, so one readable system is enough."""
    readable = [f.level == "ok" for f in found if f.about in {"satisfaction ratings", "survey responses"}]
    if any(readable):
        return []
    gap = no("no survey can be read")
    return [Finding(level="warning", about="surveys", text=gap.reason, need=n, provides=gap) for n in _SURVEYS]


async def _check_articles(account: ZendeskAccountState) -> list[Finding]:
    if not account.settings.help_centers:
        return []
    findings = []
    for site in await account.help_centers():
        path = f"{site}/api/v2/help_center/articles"
        try:
            await account.http.get(
                path, _LIST, type=dict[str, msgspec.Raw], endpoint="check articles", missing="resource"
            )
            findings.append(Finding(level="ok", about="articles", text=f"readable at {site}"))
        except UnavailableError as error:
            gap = no("no help centre can be read with these credentials")
            findings.append(Finding(level="note", about="articles", text=str(error), need="articles", provides=gap))
        except PullError as error:
            findings.append(Finding(level="error", about="articles", text=str(error)))
    return findings


async def _check_fields(account: ZendeskAccountState) -> list[Finding]:
    """Report entries of `keep_fields` that match no ticket field."""
    try:
        found_fields = set((await account.fields()).values())
    except PullError as error:
        return [Finding(level="error", about="fields", text=str(error))]
    return [
        Finding(level="warning", about="fields", text=f"no ticket field is titled {entry!r}")
        for entry in account.settings.keep_fields
        if entry not in found_fields
    ]


async def _check_time_fields(account: ZendeskAccountState) -> list[Finding]:
    """Check the fields of the Time Tracking app, which an account may lack."""
    try:
        fields = await account.time_fields()
    except PullError as error:
        return [Finding(level="error", about="time", text=str(error))]
    if fields.total is None:
        return [Finding(level="note", about="time", text=fields.why, need="time.entries", provides=no(fields.why))]
    return [Finding(level="ok", about="time", text=f"the Time Tracking app uses field {fields.total}")]
