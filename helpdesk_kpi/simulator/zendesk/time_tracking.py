"""What Zendesk's Time Tracking app leaves on a ticket: two fields with seconds, and a trace of their changes in audits.

The field of the last update shows a change only if the number is another one than before; the total always does. Who
corrects what was written down corrects the total. A follow-up begins with the fields of the ticket that it follows.
https://support.zendesk.com/hc/en-us/articles/4408822487450  https://support.zendesk.com/hc/en-us/articles/8421655952026
"""

from itertools import pairwise
from typing import Any

import msgspec

from helpdesk_kpi.simulator.world.facts import Amended, Created, Spent
from helpdesk_kpi.simulator.world.support_desk import BASE
from helpdesk_kpi.simulator.world.ticket_history import TicketHistory, TicketUpdate
from helpdesk_kpi.simulator.world.world import World

TOTAL, LAST = BASE + 881, BASE + 885
TITLES = {TOTAL: "Total time spent (sec)", LAST: "Time spent last update (sec)"}
Change = tuple[int, str, str | None]  # field, new value, value before


class Clock(msgspec.Struct, frozen=True):
    """Both fields after a fact; None: still empty."""

    total: int | None = None
    last: int | None = None


def after(world: World, story: TicketHistory, at: int) -> Clock:
    """What the two fields show then."""
    return _walk(world, story, at)[-1][1]


def changes(world: World, story: TicketHistory, audit: TicketUpdate | Amended) -> list[Change]:
    """What this audit says of the two fields."""
    steps = _walk(world, story, audit.at)
    for (_, was), (fact, now) in pairwise(steps):
        if fact is audit or (isinstance(audit, TicketUpdate) and isinstance(fact, Spent) and _is_of(fact, audit)):
            pairs = ((TOTAL, now.total, was.total), (LAST, now.last, was.last))
            return [(field, str(new), _text(old)) for field, new, old in pairs if new != old]
    return []


def inherited_entries(world: World, created: Created) -> list[Change]:
    """What a follow-up has from the start."""
    clock = _first(world, created)
    pairs = ((TOTAL, clock.total), (LAST, clock.last))
    return [(field, str(seconds), None) for field, seconds in pairs if seconds is not None]


def _is_of(fact: Spent, save: TicketUpdate) -> bool:
    return (fact.at, fact.agent) == (save.at, getattr(save.fact, "actor", None))


def _first(world: World, created: Created) -> Clock:
    before = world.stories.get(created.follow_up_of or 0)
    return after(world, before, created.at) if before else Clock()


def _walk(world: World, story: TicketHistory, until: int) -> list[tuple[Spent | Amended | None, Clock]]:
    """The fields after each fact up to then, beginning with the creation."""
    clock = _first(world, story.created)
    found: list[tuple[Spent | Amended | None, Clock]] = [(None, clock)]
    said: dict[int, int] = {}
    for fact in story.timed:
        if fact.at > until:
            break
        more = fact.seconds - said.get(fact.entry, 0)
        said[fact.entry] = fact.seconds
        clock = Clock((clock.total or 0) + more, fact.seconds if isinstance(fact, Spent) else clock.last)
        found.append((fact, clock))
    return found


def values(world: World, story: TicketHistory) -> list[dict[str, Any]]:
    """The two fields among a ticket's own."""
    if not world.keeps_time:
        return []
    clock = after(world, story, world.now)
    return [{"id": TOTAL, "value": _text(clock.total)}, {"id": LAST, "value": _text(clock.last)}]


def _text(seconds: int | None) -> str | None:
    return None if seconds is None else str(seconds)
