"""Streams of what is short: names, groups, schedules, policies, ratings. Read whole, or from a trailing window."""

import logging
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from connectors.zendesk import payloads as zd
from connectors.zendesk.account import AccountState
from connectors.zendesk.mapping import surveys, tickets, unread
from connectors.zendesk.pagination import SECOND, fetch_list
from helpdesk_kpi.errors import BrokenError, MissingError, UnavailableError
from helpdesk_kpi.model import AnyRecord, TeamMember
from helpdesk_kpi.pull.contract import Page, RejectedRow, Start
from helpdesk_kpi.pull.lenient_decode import UNREADABLE, decode_rows, joined, map_rows, raws, read_each, reason_of

log = logging.getLogger(__name__)
DAY = 86_400_000
TRAILING = 35 * DAY  # an older survey is answered within weeks; what its `start_time` means isn't documented


async def fetch_names(
    account: AccountState, start: Start, *, path: str, key: str, kind: type[Any], make: Callable[[Any], AnyRecord]
) -> AsyncIterator[Page]:
    """A list of things with names."""
    async for page in fetch_list(account.http, path, endpoint=path.removeprefix("/api/v2/").partition("?")[0]):
        good, aside = decode_rows(getattr(page, key), kind)
        yield Page(records=[make(row) for row in good], rejected=aside)
    yield Page(complete_until=start.now)


async def fetch_groups(account: AccountState, start: Start) -> AsyncIterator[Page]:
    """Deleted ones too: old tickets were theirs."""
    params = {"exclude_deleted": "false"}
    async for page in fetch_list(account.http, "/api/v2/groups", params, endpoint="groups"):
        good, aside = decode_rows(page.groups, zd.Group)
        yield Page(records=[tickets.map_team(row) for row in good], rejected=aside)
    yield Page(complete_until=start.now)


async def fetch_group_memberships(account: AccountState, start: Start) -> AsyncIterator[Page]:
    """Who is in which group now; there is no history, and who left is told by absence."""
    present: list[str] = []
    lost = 0  # rows that could not be read: whose they are is not known, so nobody is taken for gone
    async for page in fetch_list(account.http, "/api/v2/group_memberships", endpoint="group_memberships"):
        good, aside = decode_rows(page.group_memberships, zd.GroupMembership)
        members: list[TeamMember] = [tickets.map_team_member(row) for row in good]
        present += [f"{m.team}/{m.person}" for m in members]
        lost += len(aside)
        yield Page(records=members, rejected=aside)
    yield Page(present={} if lost else {"team_member": present}, complete_until=start.now)


async def fetch_schedules(account: AccountState, start: Start) -> AsyncIterator[Page]:
    """Business hours with their holidays. Zendesk keeps no history of them, so every change seen is kept."""
    present: dict[str, list[str]] = {"schedule": [], "holiday": []}
    lost = 0  # schedules whose holidays could not be read
    async for page in fetch_list(account.http, "/api/v2/business_hours/schedules", endpoint="schedules"):
        good, aside = decode_rows(page.schedules, zd.Schedule)
        records: list[AnyRecord] = []
        present["schedule"] += [*(str(row.id) for row in good), *(row.id for row in aside)]
        for row in good:
            try:
                records.append(tickets.map_schedule(row))
            except UNREADABLE as error:  # an unknown zone, or hours that are none
                aside.append(RejectedRow(str(row.id), reason_of(error)))
                continue
            path = f"/api/v2/business_hours/schedules/{row.id}/holidays"
            try:
                closed = await account.http.get(path, type=zd.ListPage, endpoint="schedules/holidays")
                days, worse = decode_rows(closed.holidays, zd.Holiday)
            except MissingError:  # taken away since the list was made: the next sync won't meet it
                continue
            except BrokenError as error:
                aside.append(RejectedRow(f"{row.id} holidays", reason_of(error)))
                lost += 1
                continue
            records += [tickets.map_holiday(row.id, day) for day in days]
            present["holiday"] += [f"{row.id}/{own}" for own in (*(day.id for day in days), *(bad.id for bad in worse))]
            aside += worse
        yield Page(records=records, rejected=aside)
    if lost:
        del present["holiday"]
    yield Page(complete_until=start.now, present=present)


async def fetch_sla_policies(account: AccountState, start: Start) -> AsyncIterator[Page]:
    """Policies, their JSON kept as it is."""
    async for page in fetch_list(account.http, "/api/v2/slas/policies", endpoint="slas/policies"):
        records: list[AnyRecord] = []
        bad: list[RejectedRow] = []
        for raw in raws(page.sla_policies):
            good, aside = decode_rows(joined([raw]), zd.SlaPolicy)
            records += [tickets.map_sla_policy(row, bytes(raw)) for row in good]
            bad += aside
        yield Page(records=records, rejected=bad)
    yield Page(complete_until=start.now)


async def fetch_satisfaction_ratings(account: AccountState, start: Start) -> AsyncIterator[Page]:
    """Surveys of the older kind. A row goes from offered to good or bad, so the last 35 days are always read again."""
    begin = max(start.since, int(start.cursor) - TRAILING) if start.cursor else start.since
    comments = account.settings.include_ratings_comment
    params = {"start_time": begin // SECOND}
    path = "/api/v2/satisfaction_ratings"
    async for page in fetch_list(account.http, path, params, endpoint="satisfaction_ratings"):
        good, aside = decode_rows(page.satisfaction_ratings, zd.SatisfactionRating)
        records, worse = map_rows(good, lambda row: surveys.map_satisfaction_rating(row, comments=comments))
        account.rated |= {
            f"{row.id}/{surveys.parse_category(row.score)}" for row in good if surveys.parse_category(row.score)
        }
        aside += worse
        lost = unread.list_unread_ratings(page.satisfaction_ratings, good, aside)
        yield Page(records=[*records, *lost.unread], rejected=aside, gone=lost.gone)
    yield Page(cursor=str(start.now), complete_until=start.now)


async def fetch_survey_responses(account: AccountState, start: Start) -> AsyncIterator[Page]:
    """Surveys of the newer kind. Their filter is in ms, and an answer may change until its survey expires.

    The cursor is the offer of the oldest survey that may still change; all from there on are read again.
    """
    begin = max(start.since, int(start.cursor)) if start.cursor else start.since
    comments = account.settings.include_ratings_comment
    params = {"filter[created_at_start]": begin}
    oldest = start.now - surveys.LIFETIME
    path = "/api/v2/guide/survey_responses"
    async for page in fetch_list(account.http, path, params, endpoint="guide/survey_responses"):
        good, aside = decode_rows(page.survey_responses, zd.SurveyResponse)
        records, worse = map_rows(good, lambda row: surveys.map_survey_response(row, comments=comments))
        aside += worse
        lost = unread.list_unread_responses(page.survey_responses, good, aside)
        aside += [bad for row in good for bad in surveys.decode_answers(row)[1]]
        oldest = min([oldest, *_list_open_offers(good, start.now)])
        yield Page(records=[*records, *lost.unread], rejected=aside, gone=lost.gone)
    yield Page(cursor=str(max(oldest, begin)), complete_until=start.now)


async def fetch_survey_questions(account: AccountState, start: Start) -> AsyncIterator[Page]:
    """What the newer surveys ask, where that may be read; without it questions are called by their ids."""
    try:
        async for page in fetch_list(account.http, "/api/v2/guide/surveys", endpoint="guide/surveys"):
            good, aside = decode_rows(page.surveys, dict[str, Any])
            records: list[AnyRecord] = []
            for row in good:
                try:
                    records += surveys.map_questions(row)
                except UNREADABLE as error:
                    aside.append(RejectedRow(str(row.get("id"))[:80], reason_of(error)))
            yield Page(records=records, rejected=aside)
    except UnavailableError as error:
        log.info("survey questions are called by their ids: %s", error)
    yield Page(complete_until=start.now)


def _list_open_offers(responses: Sequence[zd.SurveyResponse], now: int) -> list[int]:
    ends = read_each(responses, lambda row: row.expires_at and zd.ms(row.expires_at))[0]
    still = [row for row, end in ends if end and end > now]
    return [at for _, at in read_each(still, surveys.get_offer_time)[0]]
