"""What Zendesk tells of single tickets only, asked for those that changed."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import NamedTuple

from connectors.zendesk.pagination import EXPORT_LAG
from connectors.zendesk.streams.export import OVERLAP
from connectors.zendesk.streams.export_or_list import export_cursor
from helpdesk_kpi.errors import BrokenError
from helpdesk_kpi.milliseconds import SECOND
from helpdesk_kpi.model import AnyRecord
from helpdesk_kpi.pull.concurrency import all_of
from helpdesk_kpi.pull.contract import Page, RejectedRow, Start, Todo
from helpdesk_kpi.pull.lenient_decode import reason_of

TICKETS_PER_PAGE = 20  # tickets of one page; the transport bounds how many are asked at the same time


class TicketDetails(NamedTuple):
    """What one ticket brought."""

    records: Sequence[AnyRecord]
    rejected: Sequence[RejectedRow] = ()
    broken: BrokenError | None = None  # the answer cannot be read at all
    is_whole: bool = False  # it tells everything, so rows that another source could not read do not matter any more


FetchTicket = Callable[[Todo], Awaitable[TicketDetails]]
MapGap = Callable[[Todo], Sequence[AnyRecord]]  # records that say what is not known of a ticket


def _no_gap(_: Todo) -> Sequence[AnyRecord]:
    return ()


async def fetch_per_ticket(
    start: Start, fetch: FetchTicket, *, map_exported: Callable[[Todo], Sequence[AnyRecord]], gap: MapGap = _no_gap
) -> AsyncIterator[Page]:
    """Work off the queue, longest unchanged first: the stream is whole up to the oldest that still waits.

    What an export has told, by the cursor that it left, is not asked again; `map_exported` makes records of that.
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
    """What some tickets brought; they are asked at the same time. `gap`: what to say of one whose answer cannot be
    read.
    """
    tickets = await all_of(_fetch_ticket(ticket, fetch, gap) for ticket in todos)
    if len(todos) == TICKETS_PER_PAGE and all(ticket.broken for ticket in tickets):
        raise tickets[0].broken or AssertionError  # not one bad answer, but another shape than the known one
    return Page(
        records=[record for ticket in tickets for record in ticket.records],
        rejected=[row for ticket in tickets for row in ticket.rejected],
        replaces=[("refused_row", todo.key) for todo, ticket in zip(todos, tickets, strict=True) if ticket.is_whole],
        done=todos,
        complete_until=complete_until,
    )


async def _fetch_ticket(todo: Todo, fetch: FetchTicket, gap: MapGap) -> TicketDetails:
    """What one ticket brought; an answer that cannot be read costs this ticket only."""
    try:
        return await fetch(todo)
    except BrokenError as error:
        return TicketDetails(gap(todo), [RejectedRow(f"ticket {todo.key}", reason_of(error))], error)


def _get_complete_until(start: Start, waiting: Sequence[Todo]) -> int:
    return waiting[0].version - 1 if waiting else start.now - EXPORT_LAG * SECOND
