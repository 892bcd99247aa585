"""`check` of a Jira site: what the credentials can read, and what to configure."""

import datetime as dt
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from connectors.jira_service_management import deployments, jql
from connectors.jira_service_management import payloads as js
from connectors.jira_service_management.account import SiteState
from connectors.jira_service_management.mapping import sla
from connectors.jira_service_management.streams import articles, worklogs
from connectors.jira_service_management.suggestions import suggest_sla_roles, suggest_status_states, suggest_team_fields
from helpdesk_kpi.errors import PullError, UnavailableError
from helpdesk_kpi.milliseconds import DAY
from helpdesk_kpi.pull import checks
from helpdesk_kpi.pull.checks import SyncEstimate
from helpdesk_kpi.pull.contract import Finding, no, partly
from helpdesk_kpi.pull.lenient_decode import decode_row, decode_rows, read_each

_SAMPLE = 50  # issues of each project that are sampled
_SECONDS = 1.0  # duration of a page of issues
Check = Callable[[SiteState], AsyncIterator[Finding]]
_MAKE = "create a new one at id.atlassian.com, under Security > API tokens"


async def check(account: SiteState, now: float) -> list[Finding]:
    """Check the site. Findings are in reading order. `now`: epoch seconds."""
    me, refused = await checks.check_sign_in(account.me())
    if me is None:
        return [*(_explain_scoped_token(account, finding) for finding in refused), *_check_token(account, now)]
    results = [
        *_describe_account(account, me),
        *_check_token(account, now),
        *checks.check_clock_skew(account.http, "Jira"),
    ]
    before = len(account.findings)
    for about, part in _PARTS.items():
        results += await _run_check(account, about, part)
    return [
        *results,
        *account.findings[before:],
        *_list_rate_limits(account),
        *await _run_check(account, "effort", _estimate_first_sync),
    ]


async def _run_check(account: SiteState, about: str, part: Check) -> list[Finding]:
    """Findings of one part. A refusal is a finding too, with the part's name as its subject."""
    try:
        return [finding async for finding in part(account)]
    except UnavailableError as error:
        return [Finding(level="warning", about=about, text=str(error))]
    except PullError as error:
        return [Finding(level="error", about=about, text=str(error))]


def _explain_scoped_token(account: SiteState, finding: Finding) -> Finding:
    """Explain a refusal: the site refuses a scoped token like a wrong one."""
    if finding.about != "credentials" or account.settings.gateway_url or account.settings.auth.is_personal:
        return finding
    text = f"{finding.text}. A token with scopes works at the gateway only: set gateway = true"
    return msgspec.structs.replace(finding, text=text)


def _describe_account(account: SiteState, me: js.Me) -> Iterator[Finding]:
    yield Finding(level="ok", about="credentials", text=f"signed in at {account.url} as {me.display_name}")
    if me.account_type == "customer":
        text = (
            "the account is a portal customer; it has to be an agent, otherwise SLA and internal comments are missing"
        )
        yield Finding(level="error", about="rights", text=text)
    yield from checks.check_time_zone(me.time_zone, "the account")


def _check_token(account: SiteState, now: float) -> list[Finding]:
    """API tokens last a year at most. https://support.atlassian.com/atlassian-account/docs/manage-api-tokens-for-your-atlassian-account/"""
    last = account.settings.token_expires
    if last is None:
        text = "tokens expire, on Cloud within a year: set token_expires = 2026-12-31 to get a warning"
        return [Finding(level="note", about="credentials", text=text)]
    end = dt.datetime.combine(last + dt.timedelta(days=1), dt.time(), dt.UTC)
    return checks.check_token_expiry(end, now, "the token", _MAKE)


async def _check_deployment(account: SiteState) -> AsyncIterator[Finding]:
    path = await account.site.api("serverInfo")
    info = await account.http.get(path, type=js.ServerInfo, endpoint="serverInfo", missing="resource")
    is_cloud, wants_cloud = info.deployment_type.lower() == "cloud", not account.settings.auth.is_personal
    if is_cloud != wants_cloud:
        auth = "{ email, token }" if is_cloud else "{ personal_token }"
        text = f"this is Jira {'Cloud' if is_cloud else 'Data Center'}: auth has to be {auth}"
        yield Finding(level="error", about="address", text=text)
    else:
        route = "by the gateway" if account.settings.gateway_url else "at its own address"
        yield Finding(level="ok", about="address", text=f"Jira {info.deployment_type} {info.version}, {route}")


async def _check_projects(account: SiteState) -> AsyncIterator[Finding]:
    results = await account.projects()
    text = ", ".join(f"{p.key} ({p.name})" for p in results)
    yield Finding(level="ok", about="projects", text=text)


async def _check_team(account: SiteState) -> AsyncIterator[Finding]:
    """Report who counts as the team and why; for a guess also the setting that replaces it."""
    team = await account.team()
    reasons = "; ".join(team.because) or "no account is known to be of the team"
    if not team.guess:
        text = f"{len(team.agents)} are of the team: {reasons}; besides those to whom tickets of others are given"
        yield Finding(level="ok", about="team", text=text)
        return
    text = (
        f"{reasons}, and there may be more: {team.guess}. Until that can be read, whoever is given tickets of others is"
        ' taken for the team, and no other account: set agents = ["group:ID", "account id"]'
    )
    yield Finding(level="warning", about="team", text=text, need="roles", provides=partly(f"a guess: {team.guess}"))


async def _check_time_format(account: SiteState) -> AsyncIterator[Finding]:
    """Check both formats of times, each with a query whose answer is known."""
    if await account.reads_epochs():
        yield Finding(level="ok", about="search", text="searches use times in epoch milliseconds")
        return
    zone = await account.zone()
    keys, instants = await account.keys(), jql.TimeFormat(zone)
    future = await account.finds(jql.build_query(keys, instants.since("updated", jql.FAR_FUTURE), order=jql.BY_ID))
    past = await account.finds(jql.build_query(keys, instants.since("updated", DAY), order=jql.BY_ID))
    if future or not past:
        text = f"searches by time fail, in epoch milliseconds and in minutes of {zone.key}: changes would be missed"
        yield Finding(level="error", about="search", text=text)
    else:
        text = f"searches use minutes in the account's time zone {zone.key}: epoch milliseconds are not accepted"
        yield Finding(level="note", about="search", text=text)


async def _check_fields(account: SiteState) -> AsyncIterator[Finding]:
    keep = await account.keep(0)
    for entry in account.settings.keep_fields:
        if entry not in keep.fields.values():
            yield Finding(level="warning", about="fields", text=f"no field has the id or name {entry!r}")
    if account.settings.team_field and keep.team is None:
        text = f"no field has the id or name {account.settings.team_field!r}"
        yield Finding(level="warning", about="team_field", text=text)
    if account.settings.team_field is None:
        likely = suggest_team_fields(await account.fields())
        text = "no field has the team of a ticket; " + (
            f"set team_field to one of {', '.join(likely)}" if likely else "metrics by team need team_field"
        )
        yield Finding(level="note", about="team_field", text=text)
    if keep.rating is None or keep.rated_at is None:
        gap = no("this site has no satisfaction field")
        yield Finding(level="warning", about="surveys", text=gap.reason, need="survey.answers", provides=gap)
    else:
        yield Finding(
            level="ok", about="surveys", text=f"satisfaction is in {keep.rating}, its date in {keep.rated_at}"
        )


class _SlaSample(NamedTuple):
    """SLA values of the newest issues of one project."""

    issues: int
    values: list[tuple[str, js.Sla]]


async def _check_sla_access(account: SiteState) -> AsyncIterator[Finding]:
    """Check access to SLAs: an account that is no agent of a project gets null for each SLA."""
    keep = await account.keep(0)
    if not keep.slas:
        gap = no("this site has no SLA field, or the account is no agent of any project")
        yield Finding(level="warning", about="SLA", text=gap.reason, need="sla.cycles", provides=gap)
        return
    values: list[tuple[str, js.Sla]] = []
    for project in await account.projects():
        sample = await _sample_sla(account, project.key, list(keep.slas))
        values += sample.values
        if sample.issues and not sample.values:
            text = (
                f"none of the {sample.issues} newest issues of {project.key} has an SLA:"
                " the account is no agent there, or none is set up"
            )
            gap = partly(f"not in {project.key}")
            yield Finding(level="warning", about="SLA", text=text, need="sla.cycles", provides=gap)
        elif sample.issues:
            yield Finding(level="ok", about="SLA", text=f"readable in {project.key}")
    for finding in suggest_sla_roles(keep.slas, values, account.settings.sla):
        yield finding


async def _sample_sla(account: SiteState, key: str, fields: list[str]) -> _SlaSample:
    text = jql.build_query([key], order="id DESC")
    async for page in account.site.search(text, ["updated", *fields], _SAMPLE, endpoint="check SLA"):
        values = []
        for _, custom in read_each(page.issues, lambda issue: decode_row(issue.fields, dict[str, msgspec.Raw]))[0]:
            values += [(f, value) for f in fields if (value := sla.decode_sla(custom.get(f))) is not None]
        return _SlaSample(len(page.issues), values)
    return _SlaSample(0, [])


async def _check_names(account: SiteState) -> AsyncIterator[Finding]:
    path = await account.site.api("status")
    raw = await account.http.get(path, type=msgspec.Raw, endpoint="statuses", missing="resource")
    yield suggest_status_states(decode_rows(raw, js.Status)[0])
    priorities = ", ".join(row.name for row in await account.site.priorities())
    yield Finding(level="ok", about="priorities", text=f"{priorities}: map each in severity")


async def _check_time_tracking(account: SiteState) -> AsyncIterator[Finding]:
    """Check whether time tracking is switched on."""
    if await account.keeps_time():
        yield Finding(level="ok", about="time", text="time tracking is on: worklogs are read with the issues")
    else:
        yield Finding(
            level="note",
            about="time",
            text=worklogs.SWITCHED_OFF.reason,
            need="time.entries",
            provides=worklogs.SWITCHED_OFF,
        )


async def _check_articles(account: SiteState) -> AsyncIterator[Finding]:
    if not account.settings.confluence or account.settings.auth.is_personal:
        return
    try:
        results = await articles.fetch_spaces(account)
    except UnavailableError as error:
        gap = no("the account cannot read a Confluence on this site")
        yield Finding(level="note", about="articles", text=str(error), need="articles", provides=gap)
        return
    keys = ", ".join(space.key for space in results)
    text = f"spaces: {keys}" if results else "no space is a knowledge base; set `spaces`"
    yield Finding(level="ok" if results else "note", about="articles", text=text)
    if results and account.settings.views:
        yield await _check_views(account, results)


async def _check_views(account: SiteState, results: Sequence[js.Space]) -> Finding:
    """Check the view counts with one page."""
    try:
        async for good, _ in articles.fetch_pages(account, results[:1], "id", endpoint="check views"):
            for row in good[:1]:
                await articles.fetch_view_count(account, row.id)
            break
    except UnavailableError as error:
        gap = no("views need Confluence Premium or Enterprise")
        return Finding(level="note", about="views", text=str(error), need="article.views", provides=gap)
    return Finding(level="ok", about="views", text="readable")


async def _estimate_first_sync(account: SiteState) -> AsyncIterator[Finding]:
    """Estimate the first sync of all issues. A later `since` makes it shorter."""
    count = await account.site.count(jql.build_query(await account.keys()).partition(" ORDER BY ")[0])
    loads = [
        SyncEstimate(about="issues", rows=count, page=account.settings.page_size, seconds=_SECONDS),
        SyncEstimate(about="census", rows=count, page=deployments.MAX_IDS, seconds=_SECONDS),
    ]
    if account.site.embeds_history:  # the visibility of comments needs one request for each issue there
        loads.append(SyncEstimate(about="comments", rows=count, page=1))
    else:
        loads.append(SyncEstimate(about="histories", rows=count, page=account.site.ids_a_call, seconds=_SECONDS))
    yield checks.estimate_first_sync(loads, account.settings.rate_share)


def _list_rate_limits(account: SiteState) -> list[Finding]:
    share = account.settings.rate_share
    return [
        Finding(level="ok", about="rate limit", text=f"{a.total} in {a.resets:.0f} s, of which {share:.0%} are used")
        for a in account.http.limits.by_bucket.values()
    ]


_PARTS: Mapping[str, Check] = {
    "deployment": _check_deployment,
    "projects": _check_projects,
    "team": _check_team,
    "times": _check_time_format,
    "fields": _check_fields,
    "rights": _check_sla_access,
    "time": _check_time_tracking,
    "names": _check_names,
    "articles": _check_articles,
}
