"""A resolution in addition to the status: where a helpdesk has one, a ticket ends with whichever comes first.

Jira takes an issue as ended when its resolution is set, whatever category the admin gave its status. It goes on again
when the resolution is cleared, or when the status leaves a done one.
https://confluence.atlassian.com/jirakb/best-practices-on-using-the-resolution-field-959286742.html
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Protocol

import msgspec

from helpdesk_kpi.store.change_order import in_turn
from helpdesk_kpi.store.ticket_records import EventRecord, TicketRecord

RESOLVED = "\x1fresolved"  # behind a status that is not done: the ticket has ended all the same
_DONE = frozenset({"solved", "closed"})


class States(Protocol):
    """What statuses mean."""

    def state(self, status: str | None) -> str: ...
    def is_decided(self, status: str | None) -> bool:
        """Whether the configuration says what a status means: then a resolution changes nothing."""
        ...


def native(status: str | None) -> str | None:
    """As the helpdesk has it."""
    return None if status is None else status.removesuffix(RESOLVED)


def with_resolutions(
    desk: States, row: TicketRecord, events: Sequence[EventRecord]
) -> tuple[TicketRecord, Sequence[EventRecord]]:
    """The row and its events, with the statuses in which the ticket had ended marked as such."""
    changes = [e for e in events if e.kind == "change" and e.field in {"status", "resolution"}]
    if row.resolution is None and not any(e.field == "resolution" for e in changes):
        return row, events
    others = [e for e in events if e.kind != "change" or e.field != "status"]
    statuses = list(_statuses(desk, row, changes))
    return _of_the_row(desk, row, changes, statuses), [*others, *statuses]


def _of_the_row(
    desk: States, row: TicketRecord, changes: Sequence[EventRecord], statuses: Sequence[EventRecord]
) -> TicketRecord:
    """The history says how the present state counts, unless it ends elsewhere: then the row alone does. A resolution
    that came with the ticket, as a careless default does, ended nothing.
    """
    resolutions = [e for e in changes if e.field == "resolution"]
    last = statuses[-1].after if statuses else None
    if resolutions and native(last) == row.status and (resolutions[-1].after is None) == (row.resolution is None):
        return msgspec.structs.replace(row, status=last or row.status)
    by_default = not resolutions and (row.status_at is None or row.status_at <= row.created_at)
    is_ended = row.resolution is not None and not by_default
    return msgspec.structs.replace(row, status=_marked(desk, row.status, is_ended=is_ended))


def _marked(desk: States, status: str, *, is_ended: bool) -> str:
    is_open = desk.state(status) not in _DONE and not desk.is_decided(status)
    return f"{status}{RESOLVED}" if is_ended and is_open else status


def _statuses(desk: States, row: TicketRecord, changes: Sequence[EventRecord]) -> Iterator[EventRecord]:
    """Changes of the status as they count: one an instant, by whom the end or the new beginning came."""
    ordered = in_turn(changes)
    first = next((e.before for e in ordered if e.field == "status"), row.status)
    status, is_ended = first or row.status, False
    shown = status
    for _, group in groupby(ordered, key=lambda e: e.at):
        # What was set or cleared at once with a status counts after it, whatever the order of the items.
        instant = sorted(group, key=lambda e: e.field == "resolution")
        for seq, e in enumerate(instant, min(e.seq for e in instant)):
            status, is_ended = _after(desk, e, status, is_ended=is_ended)
            new = _marked(desk, status, is_ended=is_ended)
            if new != shown or e.field == "status":
                yield msgspec.structs.replace(e, seq=seq, field="status", before=shown, after=new)
            shown = new


def _after(desk: States, e: EventRecord, status: str, *, is_ended: bool) -> tuple[str, bool]:
    if e.field == "status":
        new = e.after or status
        is_done, was_done = desk.state(new) in _DONE, desk.state(status) in _DONE
        return new, is_done or (is_ended and not was_done)
    return status, e.after is not None or desk.state(status) in _DONE
