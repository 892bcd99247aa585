"""Who asked, where a ticket's requester was changed: who it was then, never somebody of the team who took it over."""

import json
from collections.abc import Sequence

import msgspec

from helpdesk_kpi.measure.desk import TEAM_KINDS, Desk
from helpdesk_kpi.measure.rows import EventRow, RatingRow, TicketRow


def as_asked(desk: Desk, row: TicketRow, events: Sequence[EventRow]) -> tuple[TicketRow, Sequence[EventRow]]:
    """The row and its events with the person who asked.

    A request that an agent typed and then gave to the customer is the customer's. So is one that was given to an agent
    later, as happens when the customer's account goes: today's requester says nothing of who asked.
    """
    changes = [e for e in events if e.kind == "change" and e.field == "requester"]
    if not changes or not _is_ours(desk, row.requester):
        return row, events
    changes.sort(key=lambda e: (e.at, e.seq))
    names = [native for native in (changes[0].before, *(e.after for e in changes)) if native]
    # Who has only ever been a customer has no key here.
    keys = [desk.person_keys.get(native) for native in names]
    asked = [key for key in keys if not _is_ours(desk, key)]
    if not asked:
        return row, events
    first = [e for e in events if e.kind == "comment" and e.at <= row.created_at and e.actor == row.requester]
    told = {id(e): msgspec.structs.replace(e, actor=asked[-1]) for e in first}
    return msgspec.structs.replace(row, requester=asked[-1]), [told.get(id(e), e) for e in events]


def _is_ours(desk: Desk, person: int | None) -> bool:
    """Whether they are or were ever seen to be of the team."""
    facts = desk.person(person)
    return person in desk.bots or not TEAM_KINDS.isdisjoint({facts.kind, *facts.kinds})


def as_rated(now: TicketRow, asked: TicketRow, ratings: Sequence[RatingRow]) -> Sequence[RatingRow]:
    """Answers that stand under today's requester are by who asked."""
    if now.requester == asked.requester:
        return ratings
    return [
        msgspec.structs.replace(one, rater=asked.requester) if one.rater == now.requester else one for one in ratings
    ]


def askers(desk: Desk, row: TicketRow) -> tuple[int | None, ...]:
    """The requester, and who takes part with them."""
    if row.participants == "[]":
        return (row.requester,)
    return (row.requester, *(desk.person_keys.get(native) for native in json.loads(row.participants)))
