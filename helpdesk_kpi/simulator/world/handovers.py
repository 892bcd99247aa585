"""Additional handovers: tickets sent back and forth, escalated, given back.

Each excursion lies between two facts of a ticket and ends where it began, so that nothing else of its life changes. All
is drawn from a stream of its own: worlds keep their other facts whatever happens here.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from random import Random
from typing import Any, NamedTuple

import msgspec

from helpdesk_kpi.simulator.world.clock import MINUTE, SECOND
from helpdesk_kpi.simulator.world.facts import SYSTEM, Comment, Created, Fact, Update
from helpdesk_kpi.simulator.world.support_desk import SCRIPT_TAG, TEAMS, SupportDesk
from helpdesk_kpi.simulator.world.ticket_history import DONE, TicketHistory, state_after
from helpdesk_kpi.simulator.world.ticket_writer import TicketWriter

ROOM = 40 * MINUTE  # an excursion takes less
ESCALATION = TEAMS[1]
_ASSIGN = "Assign by skill"


class Gap(NamedTuple):
    """A span without events on an unsolved, assigned ticket."""

    at: int
    team: int
    person: int


def add_handovers(rng: Random, desk: SupportDesk, writers: Sequence[TicketWriter]) -> None:
    """Add excursions and a script's tag to some tickets."""
    for writer in writers:
        plan, draw = writer.plan, rng.random()
        if rng.random() < plan.scripted:
            made = writer.facts[0]
            assert isinstance(made, Created)
            writer.facts[0] = msgspec.structs.replace(made, tags=(*made.tags, SCRIPT_TAG))
        gaps = [] if draw >= plan.detours else [gap for gap in _gaps(writer) if _stays(desk, gap)]
        if gaps:
            gap = rng.choice([gaps[0], *gaps])  # the first one twice as often: detours are early
            writer.facts.extend(rng.choice(_DETOURS)(rng, desk, writer, gap))


def _gaps(writer: TicketWriter) -> Iterator[Gap]:
    saves = TicketHistory(writer.ticket, sorted(writer.facts, key=lambda fact: fact.at)).saves
    if any(save.changes.get("status") == "closed" and save.fact.merged_into for save in saves[1:]):  # type: ignore[union-attr]
        return
    for place, (save, following) in enumerate(pairwise(saves), 1):
        state = state_after(saves[:place])
        is_held = state["assignee"] is not None and state["team"] is not None and state["status"] not in DONE
        if is_held and following.at - save.at > ROOM + MINUTE:
            yield Gap(save.at + MINUTE, state["team"], state["assignee"])


def _stays(desk: SupportDesk, gap: Gap) -> bool:
    """Whether the assignee stays in the team until its end."""
    return all(w.left_at is None or w.left_at > gap.at + ROOM for w in desk.workers if w.account == gap.person)


def _edit(writer: TicketWriter, at: int, actor: int, comment: Comment | None = None, **changes: Any) -> Update:
    via, rule = ("rule", _ASSIGN) if actor == SYSTEM else ("web", None)
    return Update(ticket=writer.ticket, at=at, actor=actor, via=via, rule=rule, comment=comment, changes=changes)


def _note(rng: Random, writer: TicketWriter) -> Comment:
    return Comment(rng.choice(writer.words.transfer), public=False)


def _pick_agent(rng: Random, desk: SupportDesk, team: int, *but: int) -> int:
    return rng.choice(
        [w.account for w in desk.workers if w.left_at is None and w.team == team and w.account not in but]
    )


def _dispatch(rng: Random, desk: SupportDesk, writer: TicketWriter, gap: Gap) -> list[Fact]:
    """A lead gives it to a colleague, who gives it back."""
    lead, other = desk.workers[0].account, _pick_agent(rng, desk, gap.team, gap.person, desk.workers[0].account)
    return [
        _edit(writer, gap.at, lead, assignee=other),
        _edit(writer, gap.at + _while(rng), other, _note(rng, writer), assignee=gap.person),
    ]


def _misroute(rng: Random, desk: SupportDesk, writer: TicketWriter, gap: Gap) -> list[Fact]:
    """To another team without a note, which sends it back."""
    team = rng.choice([t for t in TEAMS if t not in {gap.team, ESCALATION}] or [TEAMS[0]])
    other, after = _pick_agent(rng, desk, team), gap.at + _while(rng)
    return [
        _edit(writer, gap.at, gap.person, team=team, assignee=None),
        _edit(writer, after, other, assignee=other),
        _edit(writer, after + MINUTE, other, team=gap.team, assignee=gap.person),
    ]


def _return_to_queue(rng: Random, desk: SupportDesk, writer: TicketWriter, gap: Gap) -> list[Fact]:
    """Back into the team's queue; a rule gives it to a colleague and then to the same one again."""
    other, after = _pick_agent(rng, desk, gap.team, gap.person), gap.at + _while(rng)
    return [
        _edit(writer, gap.at, gap.person, assignee=None),
        _edit(writer, after, SYSTEM, assignee=other),
        _edit(writer, after + MINUTE, SYSTEM, assignee=gap.person),
    ]


def _reassign_to_self(rng: Random, _desk: SupportDesk, writer: TicketWriter, gap: Gap) -> list[Fact]:
    """Given back and taken again by the same person, with no one in between."""
    return [
        _edit(writer, gap.at, gap.person, assignee=None),
        _edit(writer, gap.at + _while(rng), gap.person, assignee=gap.person),
    ]


def _escalate(rng: Random, desk: SupportDesk, writer: TicketWriter, gap: Gap) -> list[Fact]:
    """To the second level, with a reason, an earlier or too early one, or none; it comes back with the answer."""
    if gap.team == ESCALATION:
        return _dispatch(rng, desk, writer, gap)
    earlier = rng.choice((0, 5, 5, 12)) * MINUTE  # how long before the note was written
    at = gap.at + earlier
    specialist, after = _pick_agent(rng, desk, ESCALATION), at + _while(rng)
    written: list[Fact] = [_edit(writer, gap.at, gap.person, _note(rng, writer))] if earlier else []
    says = _note(rng, writer) if not earlier and rng.random() < 0.6 else None
    return [
        *written,
        _edit(writer, at, gap.person, says, team=ESCALATION, assignee=None),
        _edit(writer, after, specialist, assignee=specialist),
        _edit(writer, after + MINUTE, specialist, _note(rng, writer), team=gap.team, assignee=gap.person),
    ]


def _while(rng: Random) -> int:
    return 2 * MINUTE + rng.randrange(15 * 60) * SECOND


_DETOURS = (_dispatch, _misroute, _return_to_queue, _reassign_to_self, _escalate, _escalate)
