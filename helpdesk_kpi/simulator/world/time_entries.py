"""Time entries of agents: with most saves, sometimes corrected or deleted later.

All is drawn from a stream of its own: the other facts of a world stay as they are, whether anybody keeps time or not.
"""

from collections import Counter
from collections.abc import Sequence
from random import Random

import msgspec

from helpdesk_kpi.simulator.world.clock import MINUTE, SECOND
from helpdesk_kpi.simulator.world.facts import SYSTEM, Amended, Fact, Spent, Update
from helpdesk_kpi.simulator.world.plan import Plan
from helpdesk_kpi.simulator.world.support_desk import SupportDesk
from helpdesk_kpi.simulator.world.ticket_history import TicketHistory

FIRST_ENTRY = 70_001
_DELETED = 0.3  # of what is amended: it should not have been there at all
_URGENT = 2  # times as long


class TimeEntryFact(msgspec.Struct, frozen=True, kw_only=True):
    """An entry as of an instant. `seconds` 0: it was deleted."""

    id: int
    ticket: int
    at: int
    agent: int
    seconds: int
    changed_at: int


def entries(story: TicketHistory, now: int) -> list[TimeEntryFact]:
    """Everything that was ever written down for a ticket up to now, deleted ones too."""
    found: dict[int, TimeEntryFact] = {}
    for fact in story.timed:
        if fact.at > now:
            break
        if isinstance(fact, Spent):
            found[fact.entry] = TimeEntryFact(
                id=fact.entry, ticket=fact.ticket, at=fact.at, agent=fact.agent, seconds=fact.seconds,
                changed_at=fact.at,
            )  # fmt: skip
        else:
            found[fact.entry] = msgspec.structs.replace(found[fact.entry], seconds=fact.seconds, changed_at=fact.at)
    return list(found.values())


def add_time_entries(seed: int, plan: Plan, desk: SupportDesk, facts: Sequence[Fact]) -> list[Fact]:
    """What people wrote down, in whole minutes: so the same number often comes twice in a row."""
    if not plan.hours:
        return []
    rng = Random(f"{seed} hours")  # noqa: S311  # nothing secret
    by_ticket: dict[int, list[Fact]] = {}
    for fact in facts:
        by_ticket.setdefault(fact.ticket, []).append(fact)
    found: list[Fact] = []
    for of_ticket in by_ticket.values():
        story = TicketHistory(of_ticket[0].ticket, sorted(of_ticket, key=lambda fact: fact.at))
        for save in _find_working_saves(desk, story):
            if rng.random() < plan.hours:
                found += _write_entry(rng, plan, desk, story, save, FIRST_ENTRY + len(found))
    return found


def _find_working_saves(desk: SupportDesk, story: TicketHistory) -> list[Update]:
    """Saves of people of the team who wrote something or changed the status."""
    people = {a.id: a for a in desk.accounts}
    saves = [save.fact for save in story.saves[1:]]
    alike = Counter((save.at, save.actor) for save in saves if isinstance(save, Update))
    return [
        save
        for save in saves
        if isinstance(save, Update)
        and save.actor != SYSTEM
        and (save.rule, save.via) == (None, "web")
        and (save.comment is not None or "status" in save.changes)
        and alike[save.at, save.actor] == 1
        and not people[save.actor].bot
        and people[save.actor].role_at(save.at) != "customer"
    ]


def _write_entry(  # noqa: PLR0917
    rng: Random, plan: Plan, desk: SupportDesk, story: TicketHistory, save: Update, entry: int
) -> list[Fact]:
    state = story.state(save.at)
    place = list(desk.words.topics).index(state["category"]) if state["category"] in desk.words.topics else 0
    usual = (2 + place) * (_URGENT if state["priority"] == "urgent" else 1)
    minutes = max(1, round(rng.lognormvariate(0, 0.6) * usual))
    made: list[Fact] = [Spent(ticket=story.ticket, at=save.at, entry=entry, agent=save.actor, seconds=minutes * 60)]
    draw, after, better = rng.random(), rng.randrange(2, 30) * MINUTE + SECOND, rng.randrange(1, 40)
    at = save.at + after
    if draw < plan.amended and _can_be_changed(story, at) and at <= desk.end:
        seconds = 0 if draw < plan.amended * _DELETED else better * 60
        made.append(Amended(ticket=story.ticket, at=at, entry=entry, agent=save.actor, seconds=seconds))
    return made


def _can_be_changed(story: TicketHistory, at: int) -> bool:
    """Saves of open tickets without other events in the same second."""
    gone = story.deleted_at is not None and story.deleted_at <= at
    return not gone and story.state(at)["status"] != "closed" and all(fact.at != at for fact in story.facts)
