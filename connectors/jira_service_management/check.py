"""What these credentials can reach, and what should be configured."""

import datetime as dt
import math
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from connectors.jira_service_management import confluence, jql, sla, transports
from connectors.jira_service_management import payloads as js
from connectors.jira_service_management.account import Account
from connectors.jira_service_management.suggestions import sla_roles, status_states, team_fields
from helpdesk_kpi.errors import AccessError, PullError, UnavailableError
from helpdesk_kpi.pull.contract import Finding, no, partly
from helpdesk_kpi.pull.rows import rows

_SKEW = 30  # seconds of clock difference that do no harm
_WARN = 30  # days before a token's end
_SAMPLE = 50  # issues that are looked at in each project
_SECONDS = 1.0  # that a page of issues takes


async def check(account: Account, now: float) -> list[Finding]:
    """Findings in the order in which a person would look. `now`: epoch seconds."""
    try:
        me = await account.me()
    except AccessError as error:
        return [Finding(level="error", about="credentials", text=f"{error}{_hint(account)}"), *_token(account, now)]
    except PullError as error:
        return [Finding(level="error", about="address", text=str(error))]
    found = [*_who(account, me), *_token(account, now), *_clock(account)]
    before = len(account.found)
    parts: Sequence[Callable[[Account], AsyncIterator[Finding]]] = (
        _deployment, _projects, _times, _fields, _rights, _names, _articles, _effort,
    )  # fmt: skip
    for part in parts:
        try:
            found += [finding async for finding in part(account)]
        except PullError as error:
            level = "warning" if isinstance(error, UnavailableError) else "error"
            found.append(Finding(level=level, about=part.__name__.strip("_"), text=str(error)))  # type: ignore[arg-type]
    return [*found, *account.found[before:], *_limits(account)]


def _hint(account: Account) -> str:
    if account.settings.gateway_url or account.settings.auth.is_personal:
        return ""
    return ". A token with scopes is good behind the gateway only: set gateway = true"


def _who(account: Account, me: js.Me) -> Iterator[Finding]:
    yield Finding(level="ok", about="credentials", text=f"signed in at {account.url} as {me.display_name}")
    if me.account_type == "customer":
        text = "the account is a portal customer's; it has to be an agent's, else SLA and internal comments are missing"
        yield Finding(level="error", about="rights", text=text)
    yield Finding(level="ok", about="time zone", text=f"the account's is {me.time_zone or 'not told'}")


def _token(account: Account, now: float) -> Iterator[Finding]:
    """API tokens live a year at most. https://support.atlassian.com/atlassian-account/docs/manage-api-tokens-for-your-atlassian-account/"""
    ends = account.settings.token_expires
    today = dt.datetime.fromtimestamp(now, dt.UTC).date()
    if ends is None:
        text = "every token ends some day, on Cloud within a year: say token_expires = 2026-12-31 to be warned before"
        yield Finding(level="note", about="token", text=text)
    elif ends < today:
        yield Finding(level="error", about="token", text=f"it ended on {ends}, by token_expires: make a new one")
    elif (ends - today).days <= _WARN:
        yield Finding(level="warning", about="token", text=f"it ends on {ends}, in {(ends - today).days} days")


def _clock(account: Account) -> Iterator[Finding]:
    skew = account.http.skew
    if skew is not None and abs(skew) > _SKEW:
        side = "behind" if skew > 0 else "ahead of"
        text = f"this machine's clock is {abs(skew):.0f} s {side} Jira's; the newest changes may be missed"
        yield Finding(level="warning", about="clock", text=text)


async def _deployment(account: Account) -> AsyncIterator[Finding]:
    path = await account.site.api("serverInfo")
    info = await account.http.get(path, type=js.ServerInfo, endpoint="serverInfo", missing="resource")
    is_cloud, wants_cloud = info.deployment_type.lower() == "cloud", not account.settings.auth.is_personal
    if is_cloud != wants_cloud:
        auth = "{ email, token }" if is_cloud else "{ personal_token }"
        text = f"this is Jira {'Cloud' if is_cloud else 'Data Center'}: auth has to be {auth}"
        yield Finding(level="error", about="address", text=text)
    else:
        way = "by the gateway" if account.settings.gateway_url else "at its own address"
        yield Finding(level="ok", about="address", text=f"Jira {info.deployment_type} {info.version}, {way}")


async def _projects(account: Account) -> AsyncIterator[Finding]:
    found = await account.projects()
    named = ", ".join(f"{p.key} ({p.name})" for p in found)
    yield Finding(level="ok", about="projects", text=named)


async def _times(account: Account) -> AsyncIterator[Finding]:
    """Both ways of writing a time, each with a question whose answer is known."""
    if await account.reads_epochs():
        yield Finding(level="ok", about="search", text="times are asked for in epoch milliseconds")
        return
    zone = await account.zone()
    keys, instants = await account.keys(), jql.Instants(zone)
    future = await account.finds(jql.query(keys, instants.since("updated", jql.FAR), order=jql.BY_ID))
    past = await account.finds(jql.query(keys, instants.since("updated", 86_400_000), order=jql.BY_ID))
    if future or not past:
        text = f"neither epoch milliseconds nor minutes in {zone.key} find what they should: changes would be missed"
        yield Finding(level="error", about="search", text=text)
    else:
        text = f"times are asked for in minutes of the account's zone, {zone.key}: epoch milliseconds are not taken"
        yield Finding(level="note", about="search", text=text)


async def _fields(account: Account) -> AsyncIterator[Finding]:
    keep = await account.keep(0)
    for word in account.settings.keep_fields:
        if word not in keep.fields.values():
            yield Finding(level="warning", about="fields", text=f"no field has the id or name {word!r}")
    if account.settings.team_field and keep.team is None:
        text = f"no field has the id or name {account.settings.team_field!r}"
        yield Finding(level="warning", about="team_field", text=text)
    if account.settings.team_field is None:
        likely = team_fields(await account.fields())
        text = "no field says which team has a ticket; " + (
            f"set team_field to one of {', '.join(likely)}" if likely else "figures by team need team_field"
        )
        yield Finding(level="note", about="team_field", text=text)
    if keep.rating is None or keep.rated_at is None:
        gap = no("this site has no satisfaction field")
        yield Finding(level="warning", about="surveys", text=gap.reason, need="survey.answers", provides=gap)
    else:
        yield Finding(level="ok", about="surveys", text=f"satisfaction is {keep.rating}, its date {keep.rated_at}")


class _Seen(NamedTuple):
    """SLA values of the newest issues of a project."""

    issues: int
    values: list[tuple[str, js.Sla]]


async def _rights(account: Account) -> AsyncIterator[Finding]:
    """An account that is no agent of a project gets null for every SLA."""
    keep = await account.keep(0)
    if not keep.slas:
        gap = no("this site has no SLA field, or the account is an agent nowhere")
        yield Finding(level="warning", about="SLA", text=gap.reason, need="sla.cycles", provides=gap)
        return
    values: list[tuple[str, js.Sla]] = []
    for project in await account.projects():
        seen = await _sampled(account, project.key, list(keep.slas))
        values += seen.values
        if seen.issues and not seen.values:
            text = (
                f"none of the {seen.issues} newest issues of {project.key} has an SLA:"
                " the account is no agent there, or none is set up"
            )
            gap = partly(f"not in {project.key}")
            yield Finding(level="warning", about="SLA", text=text, need="sla.cycles", provides=gap)
        elif seen.issues:
            yield Finding(level="ok", about="SLA", text=f"readable in {project.key}")
    for finding in sla_roles(keep.slas, values, account.settings.sla):
        yield finding


async def _sampled(account: Account, key: str, fields: list[str]) -> _Seen:
    text = jql.query([key], order="id DESC")
    async for page in account.site.search(text, ["updated", *fields], _SAMPLE, endpoint="check SLA"):
        values = []
        for issue in page.issues:
            custom = msgspec.json.decode(issue.fields, type=dict[str, msgspec.Raw])
            values += [(f, value) for f in fields if (value := sla.read(custom.get(f))) is not None]
        return _Seen(len(page.issues), values)
    return _Seen(0, [])


async def _names(account: Account) -> AsyncIterator[Finding]:
    path = await account.site.api("status")
    raw = await account.http.get(path, type=msgspec.Raw, endpoint="statuses", missing="resource")
    yield status_states(rows(raw, js.Status)[0])
    priorities = ", ".join(row.name for row in await account.site.priorities())
    yield Finding(level="ok", about="priorities", text=f"{priorities}: each needs a level in severity")


async def _articles(account: Account) -> AsyncIterator[Finding]:
    if not account.settings.confluence or account.settings.auth.is_personal:
        return
    try:
        found = await confluence.spaces(account)
    except UnavailableError as error:
        gap = no("this site has no Confluence that the account may read")
        yield Finding(level="note", about="articles", text=str(error), need="articles", provides=gap)
        return
    named = ", ".join(space.key for space in found)
    text = f"spaces: {named}" if found else "no space is of the kind knowledge base; name them with `spaces`"
    yield Finding(level="ok" if found else "note", about="articles", text=text)
    if found and account.settings.views:
        yield await _views(account, found)


async def _views(account: Account, found: Sequence[js.Space]) -> Finding:
    """Of one page, as a trial."""
    try:
        async for good, _ in confluence.pages(account, found[:1], "id", endpoint="check views"):
            for row in good[:1]:
                await confluence.views_of(account, row.id)
            break
    except UnavailableError as error:
        gap = no("views are told on Confluence Premium and Enterprise only")
        return Finding(level="note", about="views", text=str(error), need="article.views", provides=gap)
    return Finding(level="ok", about="views", text="readable")


async def _effort(account: Account) -> AsyncIterator[Finding]:
    """What the first sync costs if it reads everything; a later first day makes it less."""
    issue_count = await account.site.count(jql.query(await account.keys()).partition(" ORDER BY ")[0])
    pages = math.ceil(issue_count / account.settings.page_size)
    histories = math.ceil(issue_count / account.site.ids_a_call) if not account.site.embeds_history else 0
    census = math.ceil(issue_count / transports.MOST_IDS)
    minutes = math.ceil(pages * _SECONDS / 60)
    text = (
        f"about {issue_count:,} issues: {pages:,} pages, {histories:,} calls for histories, {census:,} for the census,"
        f" and one for each long conversation; some {minutes:,} minutes, less with a later first day"
    )
    yield Finding(level="ok", about="first sync", text=text)


def _limits(account: Account) -> list[Finding]:
    share = account.settings.rate_share
    return [
        Finding(level="ok", about="rate limit", text=f"{a.total} in {a.resets:.0f} s, of which {share:.0%} are used")
        for a in account.http.limits.told.values()
    ]
