"""Requests for single tickets, sent for those that changed."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import NamedTuple

from connectors.zendesk.pagination import EXPORT_LAG
from connectors.zendesk.streams.export import OVERLAP
from connectors.zendesk.streams.export_or_list import export_cursor
from helpdesk_kpi.errors import BrokenError
from helpdesk_kpi.milliseconds import SECOND
from helpdesk_kpi.model import AnyRecord
from helpdesk_kpi.pull.concurrency import gather_all
from helpdesk_kpi.pull.contract import Page, RejectedRow, Start, Todo
from helpdesk_kpi.pull.lenient_decode import get_reason

TICKETS_PER_PAGE = 20  # the transport limits parallel requests


class TicketDetails(NamedTuple):
    """Result of the request for one ticket."""

    records: Sequence[AnyRecord]
    rejected: Sequence[RejectedRow] = ()
    broken: BrokenError | None = None  # the response cannot be decoded
    is_whole: bool = False  # complete: earlier unread rows of the ticket no longer matter


FetchTicket = Callable[[Todo], Awaitable[TicketDetails]]
MapGap = Callable[[Todo], Sequence[AnyRecord]]  # records for a ticket with an unreadable response


def _no_gap(_: Todo) -> Sequence[AnyRecord]:
    return ()


async def fetch_per_ticket(
    start: Start, fetch: FetchTicket, *, map_exported: Callable[[Todo], Sequence[AnyRecord]], gap: MapGap = _no_gap
) -> AsyncIterator[Page]:
    """Process the queue, longest unchanged first. The stream is complete up to the oldest waiting ticket.

    Args:
        start: Start of the run, with the queue.
        fetch: Fetches one ticket.
        map_exported: Records of tickets that an earlier export covered; they are not fetched again.
        gap: Records of a ticket with an unreadable response.
    """
    exported_until = (int(export_cursor(start) or 0) - OVERLAP) * SECOND
    waiting = [todo for todo in start.todo if todo.version >= exported_until]
    exported = [todo for todo in start.todo if todo.version < exported_until]
    yield Page(
        done=exported,
        records=[record for todo in exported for record in map_exported(todo)],
        complete_until=_get_complete_until(start, waiting),
    )
    while waiting:
        batch, waiting = waiting[:TICKETS_PER_PAGE], waiting[TICKETS_PER_PAGE:]
        yield await build_page(batch, fetch, complete_until=_get_complete_until(start, waiting), gap=gap)


async def build_page(
    todos: Sequence[Todo], fetch: FetchTicket, *, complete_until: int | None = None, gap: MapGap = _no_gap
) -> Page:
    """Fetch some tickets in parallel and build their page.

    Raises:
        BrokenError: A full batch has unreadable responses only, so the format of the responses has changed.
    """
    tickets = await gather_all(_fetch_ticket(ticket, fetch, gap) for ticket in todos)
    if len(todos) == TICKETS_PER_PAGE and all(ticket.broken for ticket in tickets):
        raise tickets[0].broken or AssertionError  # the format of the responses has changed
    return Page(
        records=[record for ticket in tickets for record in ticket.records],
        rejected=[row for ticket in tickets for row in ticket.rejected],
        replaces=[("refused_row", todo.key) for todo, ticket in zip(todos, tickets, strict=True) if ticket.is_whole],
        done=todos,
        complete_until=complete_until,
    )


async def _fetch_ticket(todo: Todo, fetch: FetchTicket, gap: MapGap) -> TicketDetails:
    """Fetch one ticket. An unreadable response affects this ticket only."""
    try:
        return await fetch(todo)
    except BrokenError as error:
        return TicketDetails(gap(todo), [RejectedRow(f"ticket {todo.key}", get_reason(error))], error)


def _get_complete_until(start: Start, waiting: Sequence[Todo]) -> int:
    return waiting[0].version - 1 if waiting else start.now - EXPORT_LAG * SECOND
