"""Tickets that moved here from where nothing is read: their life here begins with the move."""

from collections.abc import Sequence

import msgspec

from helpdesk_kpi.measure.rows import EventRow, TicketRow


def begun(row: TicketRow) -> int:
    """When it became a ticket that is read."""
    return row.created_at if row.came_at is None else max(row.created_at, row.came_at)


def since_it_came(row: TicketRow, events: Sequence[EventRow]) -> Sequence[EventRow]:
    """What happened here. The first request counts from the day of the move; the rest of what was
    before is another desk's.
    """
    at = begun(row)
    if at == row.created_at:
        return events
    first = next((e for e in events if e.kind == "comment" and e.at == row.created_at), None)
    asked = [] if first is None else [msgspec.structs.replace(first, at=at)]
    return [*asked, *(e for e in events if e.at >= at)]
