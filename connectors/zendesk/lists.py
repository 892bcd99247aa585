"""Streams of what is short: names, groups, schedules, policies, ratings. Read whole, or from a trailing window."""

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import msgspec

from connectors.zendesk import mapping, surveys
from connectors.zendesk import payloads as zd
from connectors.zendesk.account import Account
from connectors.zendesk.fetching import SECOND, by_list
from connectors.zendesk.tickets import map_rows
from helpdesk_kpi.errors import MissingError, PullError, UnavailableError
from helpdesk_kpi.model import AnyRecord, TeamMember
from helpdesk_kpi.pull.contract import Page, SetAside, Start
from helpdesk_kpi.pull.rows import rows

log = logging.getLogger(__name__)
DAY = 86_400_000
TRAILING = 35 * DAY  # an older survey is answered within weeks; what its `start_time` means isn't documented


async def names(
    account: Account, start: Start, *, path: str, key: str, kind: type[Any], make: Callable[[Any], AnyRecord]
) -> AsyncIterator[Page]:
    """A list of things with names."""
    async for page in by_list(account.http, path, endpoint=path.removeprefix("/api/v2/").partition("?")[0]):
        good, aside = rows(getattr(page, key), kind)
        yield Page(records=[make(row) for row in good], set_aside=aside)
    yield Page(complete_until=start.now)


async def groups(account: Account, start: Start) -> AsyncIterator[Page]:
    """Deleted ones too: old tickets were theirs."""
    params = {"exclude_deleted": "false"}
    async for page in by_list(account.http, "/api/v2/groups", params, endpoint="groups"):
        good, aside = rows(page.groups, zd.Group)
        yield Page(records=[mapping.team(row) for row in good], set_aside=aside)
    yield Page(complete_until=start.now)


async def group_memberships(account: Account, start: Start) -> AsyncIterator[Page]:
    """Who is in which group now; there is no history, and who left is told by absence."""
    present: list[str] = []
    async for page in by_list(account.http, "/api/v2/group_memberships", endpoint="group_memberships"):
        good, aside = rows(page.group_memberships, zd.GroupMembership)
        members: list[TeamMember] = [mapping.member(row) for row in good]
        present += [f"{m.team}/{m.person}" for m in members]
        yield Page(records=members, set_aside=aside)
    yield Page(present={"team_member": present}, complete_until=start.now)


async def schedules(account: Account, start: Start) -> AsyncIterator[Page]:
    """Business hours with their holidays. Zendesk keeps no history of them, so every change seen is kept."""
    present: dict[str, list[str]] = {"schedule": [], "holiday": []}
    async for page in by_list(account.http, "/api/v2/business_hours/schedules", endpoint="schedules"):
        good, aside = rows(page.schedules, zd.Schedule)
        records: list[AnyRecord] = []
        present["schedule"] += [str(row.id) for row in good]
        for row in good:
            try:
                records.append(mapping.schedule(row))
            except PullError as error:  # an unknown zone
                aside.append(SetAside(str(row.id), str(error)))
                continue
            path = f"/api/v2/business_hours/schedules/{row.id}/holidays"
            try:
                closed = await account.http.get(path, type=zd.ListPage, endpoint="schedules/holidays")
            except MissingError:  # taken away since the list was made: the next sync won't meet it
                continue
            days, worse = rows(closed.holidays, zd.Holiday)
            records += [mapping.holiday(row.id, day) for day in days]
            present["holiday"] += [f"{row.id}/{day.id}" for day in days]
            aside += worse
        yield Page(records=records, set_aside=aside)
    yield Page(complete_until=start.now, present=present)


async def sla_policies(account: Account, start: Start) -> AsyncIterator[Page]:
    """Policies, their JSON kept as it is."""
    async for page in by_list(account.http, "/api/v2/slas/policies", endpoint="slas/policies"):
        raws = msgspec.json.decode(page.sla_policies, type=list[msgspec.Raw])
        good, aside = rows(page.sla_policies, zd.SlaPolicy)
        bodies = {msgspec.json.decode(raw, type=_Id).id: bytes(raw) for raw in raws}
        yield Page(records=[mapping.sla_policy(row, bodies[row.id]) for row in good], set_aside=aside)
    yield Page(complete_until=start.now)


class _Id(msgspec.Struct):
    id: Any = None


async def satisfaction_ratings(account: Account, start: Start) -> AsyncIterator[Page]:
    """Surveys of the older kind. A row goes from offered to good or bad, so the last 35 days are always read again."""
    begin = max(start.since, int(start.cursor) - TRAILING) if start.cursor else start.since
    comments = account.settings.include_ratings_comment
    params = {"start_time": begin // SECOND}
    path = "/api/v2/satisfaction_ratings"
    async for page in by_list(account.http, path, params, endpoint="satisfaction_ratings"):
        good, aside = rows(page.satisfaction_ratings, zd.SatisfactionRating)
        records, worse = map_rows(good, lambda row: surveys.legacy(row, comments=comments))
        yield Page(records=records, set_aside=[*aside, *worse])
    yield Page(cursor=str(start.now), complete_until=start.now)


async def survey_responses(account: Account, start: Start) -> AsyncIterator[Page]:
    """Surveys of the newer kind. Their filter is in ms, and an answer may change until its survey expires.

    The cursor is the offer of the oldest survey that may still change; all from there on are read again.
    """
    begin = max(start.since, int(start.cursor)) if start.cursor else start.since
    comments = account.settings.include_ratings_comment
    params = {"filter[created_at_start]": begin}
    oldest = start.now - surveys.LIFETIME
    path = "/api/v2/guide/survey_responses"
    async for page in by_list(account.http, path, params, endpoint="guide/survey_responses"):
        good, aside = rows(page.survey_responses, zd.SurveyResponse)
        records, worse = map_rows(good, lambda row: surveys.response(row, comments=comments))
        oldest = min([oldest, *_open(good, start.now)])
        yield Page(records=records, set_aside=[*aside, *worse])
    yield Page(cursor=str(max(oldest, begin)), complete_until=start.now)


async def survey_questions(account: Account, start: Start) -> AsyncIterator[Page]:
    """What the newer surveys ask, where that may be read; without it questions are called by their ids."""
    try:
        async for page in by_list(account.http, "/api/v2/guide/surveys", endpoint="guide/surveys"):
            good, aside = rows(page.surveys, dict[str, Any])
            records: list[AnyRecord] = []
            for row in good:
                try:
                    records += surveys.questions(row)
                except (msgspec.ValidationError, TypeError, AttributeError) as error:
                    aside.append(SetAside(str(row.get("id")), str(error)))
            yield Page(records=records, set_aside=aside)
    except UnavailableError as error:
        log.info("survey questions are called by their ids: %s", error)
    yield Page(complete_until=start.now)


def _open(responses: Sequence[zd.SurveyResponse], now: int) -> list[int]:
    return [surveys.offered_at(r) for r in responses if r.expires_at and zd.ms(r.expires_at) > now]
