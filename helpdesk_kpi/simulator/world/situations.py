"""Situations of real accounts in which a guess goes wrong: who wrote, which calendar, where a ticket went.

Their tickets come on top of the others, and each kind is drawn from streams of its own: a world that does not ask for
them has the same facts as before.
"""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, NamedTuple

from helpdesk_kpi.simulator.world import ticket_kinds
from helpdesk_kpi.simulator.world.baseline_scenario import (
    solve_at_last,
    write_conversation,
    write_ending,
    write_opening,
)
from helpdesk_kpi.simulator.world.clock import DAY, HOUR, MINUTE, SECOND
from helpdesk_kpi.simulator.world.facts import SYSTEM, Account, Chat, Comment, Created, Moved
from helpdesk_kpi.simulator.world.plan import Plan
from helpdesk_kpi.simulator.world.support_desk import BOT, BRANDS, FORM_APP, FORMS, LATE_SCHEDULE, TEAMS, SupportDesk
from helpdesk_kpi.simulator.world.ticket_writer import TicketWriter, asks

SET_SCHEDULE = "Set the schedule of the late desk"
_FIRST_SESSION = 6_500_000
_LEAST = 200  # a world of so many tickets has each situation that it asks for
_EARLY = 0.4  # statuses were deleted after this part of the time


class Place(NamedTuple):
    """Where a ticket of a situation comes in."""

    at: int
    kind: str
    place: int


def situated(seed: int, plan: Plan, desk: SupportDesk, customers: Sequence[Account], number: int) -> list[TicketWriter]:
    """The tickets of all situations in order of time, numbered from `number` on."""
    places = sorted(place for kind in LIVES for place in _places(seed, plan, desk, kind))
    return [_written(seed, plan, desk, customers, number + i, place) for i, place in enumerate(places)]


def _places(seed: int, plan: Plan, desk: SupportDesk, kind: str) -> list[Place]:
    share = getattr(plan, kind)
    count = max(round(share * plan.tickets), 2 if plan.tickets >= _LEAST else 1) if share else 0
    rng = Random(f"{seed} {kind}")  # noqa: S311  # nothing secret
    part = _EARLY if kind == "old_statuses" else 1.0
    span = round((desk.end - desk.start) * part) // SECOND
    return [Place(desk.start + rng.randrange(span) * SECOND, kind, i) for i in range(count)]


def _written(  # noqa: PLR0917
    seed: int, plan: Plan, desk: SupportDesk, customers: Sequence[Account], number: int, place: Place
) -> TicketWriter:
    rng = Random(f"{seed} {place.kind} {place.place}")  # noqa: S311  # nothing secret
    requester = _requester(rng, customers, place.kind)
    pen = TicketWriter(rng, plan, desk, _created(rng, desk, requester, number, place), requester)
    pen.kind = place.kind
    LIVES[place.kind](pen, customers)
    return pen


def _requester(rng: Random, customers: Sequence[Account], kind: str) -> Account:
    """For an approval somebody with a colleague who may approve."""
    if kind == "approved":
        customers = [account for account in customers if _approver(account, customers) is not None]
    return rng.choice(customers)


def _approver(requester: Account, customers: Sequence[Account]) -> Account | None:
    alike = (a for a in customers if a.licensed and a.organization == requester.organization)
    return next((account for account in alike if account.id != requester.id), None)


def _created(rng: Random, desk: SupportDesk, requester: Account, number: int, place: Place) -> Created:
    topics = list(desk.words.topics)
    category = rng.choice(topics)
    subject, text, about = ticket_kinds.text(desk.words, rng, "ordinary", category, requester)
    here = [w.account for w in desk.workers if w.left_at is None or w.left_at > place.at + DAY]
    agent, team = rng.choice(here), TEAMS[topics.index(category) % len(TEAMS)]
    said = {"comment": Comment(text, is_question=asks(text))} | _brought(place, requester.id, agent, text)
    late = {"schedule": LATE_SCHEDULE} if place.kind == "late_hours" and place.place % 2 == 0 else {}
    return Created(
        ticket=number, at=place.at, requester=requester.id, subject=subject,
        priority=rng.choice(("high", "normal", "normal", "low")), category=category, form=FORMS[0], brand=BRANDS[0],
        tags=(category,), about=about, by_trigger={"team": team, **late}, **said,
    )  # fmt: skip


def _brought(place: Place, requester: int, agent: int, text: str) -> dict[str, Any]:
    """How it came in: by which channel, by whose login, and whose words it begins with."""
    put_down = Comment(text, public=False, is_question=asks(text))
    ways: dict[str, dict[str, Any]] = {
        "contact_form": {"channel": "api", "submitter": FORM_APP, "writer": requester},
        "forwarded": {"channel": "email", "submitter": agent, "writer": requester},
        "dictated": {"submitter": agent, "writer": agent, "is_dictated": True, "comment": put_down},
        "many_sessions": {"channel": "native_messaging"},
        "handed_on": {"ai_agent": True},
        "old_statuses": {"channel": "email", "old_statuses": True},
    }
    return ways.get(place.kind, {"channel": "web" if place.place % 2 else "email"})


# --- their lives

Life = Callable[[TicketWriter, Sequence[Account]], None]


def _ordinary(pen: TicketWriter, _customers: Sequence[Account]) -> None:
    ticket_kinds.ordinary(pen, None)


def _many_sessions(pen: TicketWriter, _customers: Sequence[Account]) -> None:
    """The customer comes back three times, mostly to somebody else; what is said is in no comment."""
    sessions = []
    for i in range(3):
        worker, started = pen.choose(pen.at, 3 * MINUTE)
        replied = started + pen.rng.randrange(10, 400) * SECOND
        ended = replied + pen.spread(12 * MINUTE)
        number = _FIRST_SESSION + pen.ticket * 4 + i
        sessions.append(Chat(id=number, ticket=pen.ticket, at=started, agent=worker.account, replied_at=replied,
                             ended_at=ended))  # fmt: skip
        pen.worker = pen.worker or worker
        pen.at = ended + pen.spread(30 * MINUTE)
    pen.facts += sessions
    over = sessions[-1].ended_at
    pen.update(sessions[0].at, SYSTEM, via="rule", rule="Assign conversation", **pen.mine() | {"status": "open"})
    pen.solve(over + pen.rng.randrange(1, 1800) * SECOND)
    pen.close()


def _handed_on(pen: TicketWriter, _customers: Sequence[Account]) -> None:
    """An AI agent answers, does not get anywhere, and gives the ticket to people."""
    guess = Comment(pen.rng.choice(pen.words.topics[str(pen.created.category)].solutions))
    pen.update(pen.at + 5 * SECOND, BOT, via="api", comment=guess)
    pen.customer(pen.at + pen.spread(3 * MINUTE), pen.rng.choice(pen.words.chasers))
    pen.update(pen.at + 20 * SECOND, BOT, via="api", to_people=True, status="open")
    pen.reply(pen.take(), pen.rng.choice(pen.words.closing))
    write_conversation(pen)
    write_ending(pen)


def _late_hours(pen: TicketWriter, customers: Sequence[Account]) -> None:
    """Half of them come to the second calendar some time after they were made."""
    if "schedule" not in pen.created.by_trigger:
        at = pen.at + pen.rng.randrange(5, 180) * MINUTE
        pen.update(at, SYSTEM, via="rule", rule=SET_SCHEDULE, schedule=LATE_SCHEDULE)
    _ordinary(pen, customers)


def _moved_away(pen: TicketWriter, _customers: Sequence[Account]) -> None:
    """Other people have to mend it; some go there when the customer has been helped for now."""
    write_opening(pen)
    write_conversation(pen)
    if pen.chance(0.5):
        pen.solve(pen.next_agent_time())
    pen.at += pen.spread(20 * HOUR)
    pen.facts.append(Moved(ticket=pen.ticket, at=pen.at, actor=pen.agent))


def _old_statuses(pen: TicketWriter, _customers: Sequence[Account]) -> None:
    """Through both of the statuses that were deleted later."""
    write_opening(pen)
    pen.reply(pen.next_agent_time(0.5), pen.rng.choice(pen.words.asks), status="pending")
    pen.customer(pen.at + pen.spread(7 * HOUR), pen.rng.choice(pen.words.answers))
    solve_at_last(pen)
    pen.close()


def _approved(pen: TicketWriter, customers: Sequence[Account]) -> None:
    approver = _approver(pen.requester, customers)
    assert approver is not None
    said = Comment(pen.rng.choice(pen.words.answers))
    pen.update(pen.at + pen.spread(6 * MINUTE), approver.id, comment=said, via=pen.mail())
    ticket_kinds.ordinary(pen, None)


def _own_name(pen: TicketWriter, _customers: Sequence[Account]) -> None:
    write_opening(pen)
    said = pen.says(pen.rng.choice(pen.words.questions))
    pen.update(pen.at + pen.spread(HOUR), pen.requester.id, via="api", typed_by=FORM_APP, comment=said)
    pen.reply(pen.next_agent_time(), pen.rng.choice(pen.words.asks))
    write_conversation(pen)
    write_ending(pen)


#: Situation, as the plan calls it -> what becomes of its tickets.
LIVES: dict[str, Life] = {
    "contact_form": _ordinary,
    "forwarded": _ordinary,
    "dictated": _ordinary,
    "many_sessions": _many_sessions,
    "handed_on": _handed_on,
    "late_hours": _late_hours,
    "moved_away": _moved_away,
    "old_statuses": _old_statuses,
    "approved": _approved,
    "own_name": _own_name,
}
