"""`check`: what these credentials reach on this account, each stream asked once and cheaply."""

from datetime import UTC, datetime
from typing import NamedTuple

from connectors.zendesk import payloads as zd
from connectors.zendesk.account import Account
from helpdesk_kpi.errors import PullError, UnavailableError
from helpdesk_kpi.pull import examining
from helpdesk_kpi.pull.contract import Finding, no

_TOKENS_END = datetime(2027, 4, 30, tzinfo=UTC)
_BACK = 2 * 86_400  # seconds; exports refuse a start within the last minute
_LIST = {"page[size]": 1}


class _Probe(NamedTuple):
    path: str
    about: str
    params: dict[str, int]
    needs: tuple[str, ...] = ()  # what fails with it


_PROBES = (
    _Probe("/api/v2/incremental/tickets/cursor", "tickets", {"per_page": 1}, ("tickets",)),
    _Probe("/api/v2/incremental/ticket_events", "ticket events", {"per_page": 1}, (
        "comments.public", "comments.private", "status.history", "assignee.history", "priority.history",
    )),
    _Probe("/api/v2/incremental/users/cursor", "users", {"per_page": 1}, ("roles",)),
    _Probe("/api/v2/satisfaction_ratings", "satisfaction ratings", _LIST),
    _Probe("/api/v2/guide/survey_responses", "survey responses", _LIST, ("survey.dimensions",)),
    _Probe("/api/v2/business_hours/schedules", "schedules", {}, ("schedules",)),
    _Probe("/api/v2/slas/policies", "SLA policies", {}, ("sla.policies",)),
    _Probe("/api/v2/ticket_forms", "ticket forms", {}),
    _Probe("/api/v2/channels/voice/stats/incremental/calls", "calls", {}, ("calls",)),
    _Probe("/api/v2/engagements", "messaging", {}, ("chats",)),
)  # fmt: skip
_SURVEYS = ("survey.answers", "survey.offered")


async def check(account: Account, now: float) -> list[Finding]:
    """Findings in the order in which a person would look. `now`: epoch seconds."""
    ask = account.http.get("/api/v2/users/me", type=zd.Me, endpoint="users/me", missing="resource")
    me, refused = await examining.signed_in(ask)
    if me is None:
        return refused
    found = [Finding(level="ok", about="credentials", text=f"signed in at {account.url}"), _rights(me.user)]
    if account.settings.auth.is_token:
        found.append(_token(datetime.fromtimestamp(now, UTC)))
    found += examining.skew(account.http, "Zendesk")
    for probe in _PROBES:
        found += await _probe(account, now, probe)
    found += _surveys(found)
    found += await _articles(account)
    found += await _fields(account)
    return [*found, *examining.limits(account.http)]


def _rights(me: zd.User) -> Finding:
    if me.role == "admin":
        return Finding(level="ok", about="rights", text="the credentials are an admin's")
    text = f"the credentials are of role {me.role!r}; Zendesk's exports answer to admins only"
    return Finding(level="error", about="rights", text=text)


def _token(today: datetime) -> Finding:
    days = (_TOKENS_END - today).days
    left = f"in {days} days" if days >= 0 else "since then"
    text = (
        f"API tokens stop on 2027-04-30 ({left}), and before that when unused for 30 days:"
        " make an OAuth client and configure client_id and client_secret"
    )
    return Finding(level="warning", about="credentials", text=text)


async def _probe(account: Account, now: float, probe: _Probe) -> list[Finding]:
    timed = "incremental" in probe.path or "engagements" in probe.path
    params = {**probe.params, "start_time": int(now) - _BACK} if timed else probe.params
    ask = account.http.get(probe.path, params, type=dict, endpoint=f"check {probe.about}", missing="resource")
    return await examining.probe(ask, probe.about, probe.needs)


def _surveys(found: list[Finding]) -> list[Finding]:
    """Only one kind of survey is in use at a time; without both there are no answers at all."""
    readable = [f.level == "ok" for f in found if f.about in {"satisfaction ratings", "survey responses"}]
    if any(readable):
        return []
    gap = no("neither kind of survey can be read")
    return [Finding(level="warning", about="surveys", text=gap.reason, need=n, provides=gap) for n in _SURVEYS]


async def _articles(account: Account) -> list[Finding]:
    if not account.settings.help_centers:
        return []
    found = []
    for site in await account.help_centers():
        path = f"{site}/api/v2/help_center/articles"
        try:
            await account.http.get(path, _LIST, type=dict, endpoint="check articles", missing="resource")
            found.append(Finding(level="ok", about="articles", text=f"readable at {site}"))
        except UnavailableError as error:
            gap = no("no help centre that these rights can read")
            found.append(Finding(level="note", about="articles", text=str(error), need="articles", provides=gap))
        except PullError as error:
            found.append(Finding(level="error", about="articles", text=str(error)))
    return found


async def _fields(account: Account) -> list[Finding]:
    """Fields that the configuration names and the account doesn't have."""
    try:
        known = set((await account.fields()).values())
    except PullError as error:
        return [Finding(level="error", about="fields", text=str(error))]
    return [
        Finding(level="warning", about="fields", text=f"no ticket field is titled {word!r}")
        for word in account.settings.keep_fields
        if word not in known
    ]
