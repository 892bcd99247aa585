"""Streams of tickets, ratings and time entries, and of what is short and read whole."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Any

import msgspec

from connectors.freshdesk import map_people, map_surveys, schedules, unread
from connectors.freshdesk import map_tickets as mapping
from connectors.freshdesk import payloads as fd
from connectors.freshdesk.account import FreshdeskAccountState
from connectors.freshdesk.codes import PRIORITIES, STATES, STATUSES
from connectors.freshdesk.pagination import fetch_pages, fetch_tickets_by_update, format_time
from connectors.freshdesk.payloads import ms, text_id
from helpdesk_kpi.errors import UnavailableError
from helpdesk_kpi.milliseconds import DAY, SECOND
from helpdesk_kpi.model import AnyRecord, Name, TimeEntry
from helpdesk_kpi.pull.contract import Finding, Page, RejectedRow, Start, Todo
from helpdesk_kpi.pull.lenient_decode import UNREADABLE_ERRORS, decode_rows, get_reason, join_rows, map_rows, split_rows
from helpdesk_kpi.store.unread import refused_tickets

OVERLAP = 600 * SECOND  # ms that are read again: a list may show a change late
WHOLE_AFTER = 60 * SECOND  # the same, for what the end of a run is sure of
TRAILING = 35 * DAY  # ratings and time entries change after their day, and can be asked for by that day only
ARCHIVED_AFTER = 120 * DAY  # https://support.freshdesk.com/support/solutions/articles/212901
INCLUDES = "stats,requester,description,company"
UNSURE = "+"  # stands in cursors before where a stretch begins of which something may have been passed over


# tickets


async def fetch_tickets(account: FreshdeskAccountState, start: Start) -> AsyncIterator[Page]:
    """Fetch updated tickets in order. Spam and deleted tickets are in separate lists."""
    if start.cursor is None and start.now - start.since > ARCHIVED_AFTER:
        account.findings.append(_describe_history_start(start.now))
    async for page, good in _fetch_updated(account, start, {"include": INCLUDES}):
        here = [row for row in good if account.settings.keep_samples or not mapping.is_sample(row)]
        records, unmapped = map_rows(here, partial(mapping.map_ticket, keep=await account.keep(here)))
        todo = [
            Todo(at, mapping.build_queue_key(row)) for row in here if (at := ms(row.updated_at)) and ms(row.created_at)
        ]
        yield _complete_page(page, good, records, unmapped, {"conversations": todo})


async def fetch_deleted(account: FreshdeskAccountState, start: Start, *, list_name: str) -> AsyncIterator[Page]:
    """Fetch deleted tickets or spam. Restored tickets appear in the list of tickets again.

    Args:
        list_name: "deleted" or "spam".
    """
    async for page, good in _fetch_updated(account, start, {"include": INCLUDES, "filter": list_name}):
        records, unmapped = map_rows(
            good, partial(mapping.map_ticket, keep=await account.keep(good), removed_by=list_name)
        )
        versions = start.versions("ticket", [str(row.id) for row in good])
        missed_replies = [
            replies for row in good if (replies := mapping.find_missed_replies(row, versions.get(str(row.id))))
        ]
        yield _complete_page(page, good, [*records, *missed_replies], unmapped, {})


def _parse_cursor(start: Start) -> int:
    """Last update that the run before has read, epoch ms; 0: none."""
    return int((start.cursor or "").partition(UNSURE)[0] or 0)


async def _fetch_updated(
    account: FreshdeskAccountState, start: Start, params: dict[str, str | int | bool]
) -> AsyncIterator[tuple[Page, list[fd.Ticket]]]:
    """Fetch pages by time of update, with the cursor to store: the last update that was read, epoch ms.

    During the walk the cursor also has the start of an incomplete range, which the next run reads again.
    """
    reached, unsure = _parse_cursor(start), (start.cursor or "").partition(UNSURE)[2]
    begin = max(reached - OVERLAP, start.since) if reached else start.since
    async for found in fetch_tickets_by_update(
        account.http, params, begin, size=account.settings.page_size, unsure=int(unsure) if unsure else None
    ):
        # A future time would skip all rows until then.
        reached = max(reached, min(found.until, start.now + DAY) if found.tickets else 0)
        complete_until = start.now - WHOLE_AFTER
        complete_until = complete_until if found.is_last else min(complete_until, found.until - SECOND)
        cursor = f"{reached}" if found.unsure is None else f"{reached}{UNSURE}{found.unsure}"
        yield (
            Page(cursor=cursor if reached else None, complete_until=complete_until, rejected=found.rejected),
            found.tickets,
        )


def _complete_page(
    page: Page, good: Sequence[fd.Ticket], records: Sequence[AnyRecord], unmapped: Sequence[RejectedRow],
    todo: dict[str, list[Todo]],
) -> Page:  # fmt: skip
    """Complete a page with the records of its rows, and with the unread parts of rejected rows."""
    rejected = [*page.rejected, *unmapped]
    all_records = [*records, *refused_tickets(rejected)]
    cleared = unread.list_cleared("ticket", good, all_records)
    return msgspec.structs.replace(page, records=all_records, rejected=rejected, todo=todo, gone={"unread": cleared})


def _describe_history_start(now: int) -> Finding:
    day = format_time(now - ARCHIVED_AFTER)[:10]
    text = (
        f"tickets that were closed before {day} and not touched since are archived, and no list has them:"
        " volumes before that day are not whole"
    )
    return Finding(level="note", about="history", text=text)


# names and people


async def fetch_agents(account: FreshdeskAccountState, start: Start) -> AsyncIterator[Page]:
    """Fetch the current agents. Agents who are no longer in the list keep their stored records."""
    strange: Counter[str] = Counter()
    async for good, rejected in account.agent_pages():
        records, unmapped = map_rows(good, lambda row: [map_people.map_person(row)])
        strange.update(row.type for row in good if row.type and row.type not in map_people.TYPES)
        yield Page(records=records, rejected=[*rejected, *unmapped])
    for kind, count in sorted(strange.items()):
        text = f"unknown type {kind[:40]!r}: {count:,} accounts with it count as agents; set `bots` if they are bots"
        account.findings.append(Finding(level="warning", about="agents", text=text))
    yield Page(complete_until=start.now)


async def fetch_groups(account: FreshdeskAccountState, start: Start) -> AsyncIterator[Page]:
    """Fetch groups with their members: the list of agents may lack the groups."""
    present: list[str] = []
    unread_groups = 0  # unreadable groups: their members are unknown, so no member is removed
    async for good, rejected, _ in fetch_pages(account.http, "/api/v2/groups", kind=fd.Group, endpoint="groups"):
        members = [member for row in good for member in map_people.map_members(row)]
        present += [f"{m.team}/{m.person}" for m in members]
        unread_groups += len(rejected)
        yield Page(records=[*map(map_people.map_team, good), *members], rejected=rejected)
    yield Page(present={} if unread_groups else {"team_member": present}, complete_until=start.now)


async def fetch_ticket_fields(account: FreshdeskAccountState, start: Start) -> AsyncIterator[Page]:
    """Fetch names of statuses, priorities, products and fields; Freshdesk's defaults if they cannot be read."""
    fields = await account.fields()
    labels = STATUSES | await account.statuses()
    priorities = await account.choices("default_priority")
    levels = {str(code): label for label, code in priorities.items()} if isinstance(priorities, dict) else {}
    products = await account.choices("default_product")
    brands = {str(code): label for label, code in products.items()} if isinstance(products, dict) else {}
    records = [Name("status", code, label, STATES.get(code, "open")) for code, label in labels.items()]
    records += [Name("priority", code, str(label)) for code, label in (PRIORITIES | levels).items()]
    records += [Name("brand", code, str(label)) for code, label in brands.items()]
    records += [Name("field", field.name, field.label) for field in fields if field.label]
    yield Page(records=records, complete_until=start.now)


# hours and promises


async def fetch_business_hours(account: FreshdeskAccountState, start: Start) -> AsyncIterator[Page]:
    """Fetch business hours. There is no history, so each observed change is stored."""
    present: list[str] = []
    pages = fetch_pages(account.http, "/api/v2/business_hours", kind=fd.BusinessHours, endpoint="business_hours")
    async for good, rejected, _ in pages:
        records: list[AnyRecord] = []
        present += [*(str(row.id) for row in good), *(bad.id for bad in rejected)]
        for row in good:
            try:
                records.append(schedules.map_schedule(row))
            except UNREADABLE_ERRORS as error:  # an unknown time zone or an invalid time
                rejected.append(RejectedRow(str(row.id), get_reason(error)))
        yield Page(records=records, rejected=rejected)
    yield Page(present={"schedule": present}, complete_until=start.now)


async def fetch_sla_policies(account: FreshdeskAccountState, start: Start) -> AsyncIterator[Page]:
    """Fetch SLA policies. Their JSON is stored unchanged."""
    pages = fetch_pages(account.http, "/api/v2/sla_policies", kind=fd.SlaPolicy, endpoint="sla_policies")
    async for _, bad, body in pages:
        records = [
            schedules.map_sla_policy(row, bytes(raw))
            for raw in split_rows(body)
            for row in decode_rows(join_rows([raw]), fd.SlaPolicy)[0]
        ]
        yield Page(records=records, rejected=bad)
    yield Page(complete_until=start.now)


# surveys and time


async def fetch_survey_questions(account: FreshdeskAccountState, start: Start) -> AsyncIterator[Page]:
    records = [name for row in (await account.surveys()).values() for name in map_surveys.map_questions(row)]
    yield Page(records=records, complete_until=start.now)


async def fetch_satisfaction_ratings(account: FreshdeskAccountState, start: Start) -> AsyncIterator[Page]:
    """Fetch ratings. The list filters by the first answer, and answers may change, so the last weeks are read again."""
    surveys: dict[str, fd.Survey] | None = None
    async for good, rejected, body in _fetch_trailing(
        account, start, "/api/v2/surveys/satisfaction_ratings", "created_since", fd.SatisfactionRating
    ):
        if good and surveys is None:
            surveys = await _load_surveys(account)
        map_row = partial(
            map_surveys.map_ratings, surveys=surveys or {}, comments=account.settings.include_ratings_comment
        )
        records, unmapped = map_rows(good, map_row)
        unmapped += [bad for row in good for bad in map_surveys.list_unread_answers(row)]
        unread_ratings = unread.list_unread_ratings(body, rejected, good, unmapped, records)
        cleared = unread.list_cleared("rating", good, unread_ratings)
        yield Page(records=[*records, *unread_ratings], rejected=[*rejected, *unmapped], gone={"unread": cleared})
    yield Page(cursor=str(start.now), complete_until=start.now - WHOLE_AFTER)


async def _load_surveys(account: FreshdeskAccountState) -> dict[str, fd.Survey]:
    try:
        return await account.surveys()
    except UnavailableError as error:
        text = f"the scales of rating questions are unknown, so all seven points count: {error}"
        account.findings.append(Finding(level="note", about="surveys", text=text))
        return {}


async def fetch_time_entries(account: FreshdeskAccountState, start: Start) -> AsyncIterator[Page]:
    async for good, rejected, _ in _fetch_trailing(
        account, start, "/api/v2/time_entries", "executed_after", fd.TimeEntry
    ):
        records, unmapped = map_rows(good, lambda row: [map_time_entry(row)])
        yield Page(records=records, rejected=[*rejected, *unmapped])
    yield Page(cursor=str(start.now), complete_until=start.now - WHOLE_AFTER)


def map_time_entry(row: fd.TimeEntry) -> TimeEntry:
    """Map a time entry. `time_spent_in_seconds` counts if given: "00:01" may be 103 seconds."""
    at = ms(row.executed_at) or ms(row.start_time) or ms(row.created_at)
    if at is None:
        raise ValueError("no time at which it was spent")
    return TimeEntry(
        id=str(row.id), ticket=str(row.ticket_id), at=at, spent=_get_seconds(row) * SECOND, agent=text_id(row.agent_id),
        is_billable=row.billable, is_running=bool(row.timer_running),
    )  # fmt: skip


def _get_seconds(row: fd.TimeEntry) -> int:
    if row.time_spent_in_seconds is not None:
        return row.time_spent_in_seconds
    hours, _, minutes = (row.time_spent or "0:00").partition(":")
    return int(hours) * 3600 + int(minutes) * 60


async def _fetch_trailing(
    account: FreshdeskAccountState, start: Start, path: str, since: str, kind: type[Any]
) -> AsyncIterator[tuple[list[Any], list[RejectedRow], msgspec.Raw]]:
    begin = max(int(start.cursor) - TRAILING, start.since) if start.cursor else start.since
    endpoint = path.rpartition("/")[2]
    async for page in fetch_pages(account.http, path, {since: format_time(begin)}, kind=kind, endpoint=endpoint):
        yield page
