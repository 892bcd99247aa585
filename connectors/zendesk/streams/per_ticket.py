"""What Zendesk tells of single tickets only, asked for those that changed."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import NamedTuple

from connectors.zendesk import payloads as zd
from connectors.zendesk.account import AccountState
from connectors.zendesk.mapping.tickets import map_native_metrics
from connectors.zendesk.pagination import EXPORT_LAG, SECOND, fetch_list
from connectors.zendesk.streams.export import OVERLAP, attach_metric_sets
from connectors.zendesk.streams.export_or_list import export_cursor
from helpdesk_kpi.errors import BrokenError
from helpdesk_kpi.model import AnyRecord
from helpdesk_kpi.pull.concurrency import all_of
from helpdesk_kpi.pull.contract import Page, RejectedRow, Start, Todo
from helpdesk_kpi.pull.lenient_decode import decode_rows, map_rows, read_each, reason_of

DAY = 86_400_000
COMPUTED_AFTER = 300_000  # ms after a change at which a metric set is worth asking for
GIVEN_UP_AFTER = 7 * DAY
TICKETS_PER_PAGE = 20  # tickets of one page; the transport bounds how many are asked at the same time
MAX_SHOW_MANY = 100  # ids that /tickets/show_many takes


class TicketDetails(NamedTuple):
    """What one ticket brought."""

    records: Sequence[AnyRecord]
    set_aside: Sequence[RejectedRow] = ()
    broken: BrokenError | None = None  # the answer cannot be read at all
    is_whole: bool = False  # it tells everything, so rows that another source could not read do not matter any more


FetchTicket = Callable[[Todo], Awaitable[TicketDetails]]
MapGap = Callable[[Todo], Sequence[AnyRecord]]  # records that say what is not known of a ticket


def _no_gap(_: Todo) -> Sequence[AnyRecord]:
    return ()


async def fetch_per_ticket(
    start: Start, ask: FetchTicket, *, known_already: Callable[[Todo], Sequence[AnyRecord]], gap: MapGap = _no_gap
) -> AsyncIterator[Page]:
    """Work off the queue, longest unchanged first: the stream is whole up to the oldest that still waits.

    What an export has told, by the cursor that it left, is not asked again; `known_already` makes records of that.
    """
    known = (int(export_cursor(start) or 0) - OVERLAP) * SECOND
    waiting = [one for one in start.todo if one.version >= known]
    told = [one for one in start.todo if one.version < known]
    yield Page(
        done=told,
        records=[record for one in told for record in known_already(one)],
        complete_until=_get_complete_until(start, waiting),
    )
    while waiting:
        chosen, waiting = waiting[:TICKETS_PER_PAGE], waiting[TICKETS_PER_PAGE:]
        yield await build_page(chosen, ask, complete_until=_get_complete_until(start, waiting), gap=gap)


async def build_page(
    chosen: Sequence[Todo], ask: FetchTicket, *, complete_until: int | None = None, gap: MapGap = _no_gap
) -> Page:
    """What some tickets brought; they are asked at the same time. `gap`: what to say of one whose answer cannot be
    read.
    """
    found = await all_of(_fetch_ticket(one, ask, gap) for one in chosen)
    if len(chosen) == TICKETS_PER_PAGE and all(one.broken for one in found):
        raise found[0].broken or AssertionError  # not one bad answer, but another shape than the known one
    return Page(
        records=[record for one in found for record in one.records],
        rejected=[row for one in found for row in one.set_aside],
        replaces=[("refused_row", todo.key) for todo, one in zip(chosen, found, strict=True) if one.is_whole],
        done=chosen,
        complete_until=complete_until,
    )


async def _fetch_ticket(one: Todo, ask: FetchTicket, gap: MapGap) -> TicketDetails:
    """What one ticket brought; an answer that cannot be read costs this ticket only."""
    try:
        return await ask(one)
    except BrokenError as error:
        return TicketDetails(gap(one), [RejectedRow(f"ticket {one.key}", reason_of(error))], error)


def _get_complete_until(start: Start, waiting: Sequence[Todo]) -> int:
    return waiting[0].version - 1 if waiting else start.now - EXPORT_LAG * SECOND


async def fetch_audits(
    account: AccountState, ticket: str, since: int
) -> tuple[list[zd.TicketEvent], list[RejectedRow]]:
    """What happened on a ticket since then, as the export of ticket events tells it, and what cannot be read; a
    MissingError where it was deleted.
    """
    found: list[zd.TicketEvent] = []
    aside: list[RejectedRow] = []
    path = f"/api/v2/tickets/{ticket}/audits"
    async for page in fetch_list(account.http, path, endpoint="tickets/audits", missing="child"):
        good, bad = decode_rows(page.audits, zd.Audit)
        dated, undated = read_each(good, lambda row: zd.ms(row.created_at))
        found += [row.as_event() for row, at in dated if at >= since]
        aside += [*bad, *undated]
    return found, aside


async def fetch_metric_sets(account: AccountState, start: Start) -> AsyncIterator[Page]:
    """Zendesk's own figures of tickets that had none yet when they were read."""
    ripe = [one for one in start.todo if one.version <= start.now - COMPUTED_AFTER]
    for first in range(0, len(ripe), MAX_SHOW_MANY):
        chosen = ripe[first : first + MAX_SHOW_MANY]
        params = {"ids": ",".join(one.key for one in chosen), "include": "metric_sets"}
        page = await account.http.get(
            "/api/v2/tickets/show_many", params, type=zd.ListPage, endpoint="tickets/show_many", missing="resource"
        )
        good, aside = decode_rows(page.tickets, zd.Ticket)
        attach_metric_sets(good, page.metric_sets)
        late = {str(row.id) for row in good if row.metric_set is None}
        records, worse = map_rows(good, lambda row: [*map_native_metrics(str(row.id), row.metric_set)])
        yield Page(
            records=records,
            done=[one for one in chosen if one.key not in late or one.version < start.now - GIVEN_UP_AFTER],
            rejected=[*aside, *worse],
        )
    yield Page(complete_until=start.now)
