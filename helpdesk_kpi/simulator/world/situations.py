"""Situations of real accounts in which guesses fail: who wrote, which calendar, where a ticket went.

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
ABOUT = "a fault that hits many"
_INCIDENT_LASTS = 6 * HOUR
_WRITES_AGAIN = 0.3  # of those hit, who write once more when it is back


class Place(NamedTuple):
    """Where a ticket of a situation comes in."""

    at: int
    kind: str
    place: int


def add_situations(
    seed: int, plan: Plan, desk: SupportDesk, customers: Sequence[Account], number: int
) -> list[TicketWriter]:
    """The tickets of all situations in order of time, numbered from `number` on."""
    places = sorted(place for kind in SCENARIOS for place in _places(seed, plan, desk, kind))
    return [_write_situation(seed, plan, desk, customers, number + i, place) for i, place in enumerate(places)]


def _places(seed: int, plan: Plan, desk: SupportDesk, kind: str) -> list[Place]:
    share = getattr(plan, kind)
    count = max(round(share * plan.tickets), 2 if plan.tickets >= _LEAST else 1) if share else 0
    rng = Random(f"{seed} {kind}")  # noqa: S311  # nothing secret
    part = _EARLY if kind == "old_statuses" else 1.0
    span = round((desk.end - desk.start) * part) // SECOND
    return [Place(desk.start + rng.randrange(span) * SECOND, kind, i) for i in range(count)]


def _write_situation(  # noqa: PLR0917
    seed: int, plan: Plan, desk: SupportDesk, customers: Sequence[Account], number: int, place: Place
) -> TicketWriter:
    rng = Random(f"{seed} {place.kind} {place.place}")  # noqa: S311  # nothing secret
    requester = _requester(rng, customers, place.kind)
    writer = TicketWriter(rng, plan, desk, _created(rng, desk, requester, number, place), requester)
    writer.kind = place.kind
    SCENARIOS[place.kind](writer, customers)
    return writer


def _requester(rng: Random, customers: Sequence[Account], kind: str) -> Account:
    """The requester; for an approval one with a colleague who may approve."""
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


# --- scenarios

Life = Callable[[TicketWriter, Sequence[Account]], None]


def _ordinary(writer: TicketWriter, _customers: Sequence[Account]) -> None:
    ticket_kinds.ordinary(writer, None)


def _many_sessions(writer: TicketWriter, _customers: Sequence[Account]) -> None:
    """The customer returns three times, mostly to another agent; messages are in no comment."""
    sessions = []
    for i in range(3):
        worker, started = writer.choose(writer.at, 3 * MINUTE)
        replied = started + writer.rng.randrange(10, 400) * SECOND
        ended = replied + writer.spread(12 * MINUTE)
        number = _FIRST_SESSION + writer.ticket * 4 + i
        sessions.append(Chat(id=number, ticket=writer.ticket, at=started, agent=worker.account, replied_at=replied,
                             ended_at=ended))  # fmt: skip
        writer.worker = writer.worker or worker
        writer.at = ended + writer.spread(30 * MINUTE)
    writer.facts += sessions
    over = sessions[-1].ended_at
    writer.update(sessions[0].at, SYSTEM, via="rule", rule="Assign conversation", **writer.mine() | {"status": "open"})
    writer.solve(over + writer.rng.randrange(1, 1800) * SECOND)
    writer.close()


def _handed_on(writer: TicketWriter, _customers: Sequence[Account]) -> None:
    """An AI agent answers, fails, and hands the ticket to people."""
    guess = Comment(writer.rng.choice(writer.words.topics[str(writer.created.category)].solutions))
    writer.update(writer.at + 5 * SECOND, BOT, via="api", comment=guess)
    writer.customer(writer.at + writer.spread(3 * MINUTE), writer.rng.choice(writer.words.chasers))
    writer.update(writer.at + 20 * SECOND, BOT, via="api", to_people=True, status="open")
    writer.reply(writer.take(), writer.rng.choice(writer.words.closing))
    write_conversation(writer)
    write_ending(writer)


def _late_hours(writer: TicketWriter, customers: Sequence[Account]) -> None:
    """Half of them come to the second calendar some time after they were made."""
    if "schedule" not in writer.created.by_trigger:
        at = writer.at + writer.rng.randrange(5, 180) * MINUTE
        writer.update(at, SYSTEM, via="rule", rule=SET_SCHEDULE, schedule=LATE_SCHEDULE)
    _ordinary(writer, customers)


def _moved_away(writer: TicketWriter, _customers: Sequence[Account]) -> None:
    """Moved to developers; some when the customer has a workaround."""
    write_opening(writer)
    write_conversation(writer)
    if writer.chance(0.5):
        writer.solve(writer.next_agent_time())
    writer.at += writer.spread(20 * HOUR)
    writer.facts.append(Moved(ticket=writer.ticket, at=writer.at, actor=writer.agent))


def _old_statuses(writer: TicketWriter, _customers: Sequence[Account]) -> None:
    """Through both of the statuses that were deleted later."""
    write_opening(writer)
    writer.reply(writer.next_agent_time(0.5), writer.rng.choice(writer.words.asks), status="pending")
    writer.customer(writer.at + writer.spread(7 * HOUR), writer.rng.choice(writer.words.answers))
    solve_at_last(writer)
    writer.close()


def _approved(writer: TicketWriter, customers: Sequence[Account]) -> None:
    approver = _approver(writer.requester, customers)
    assert approver is not None
    said = Comment(writer.rng.choice(writer.words.answers))
    writer.update(writer.at + writer.spread(6 * MINUTE), approver.id, comment=said, via=writer.mail())
    ticket_kinds.ordinary(writer, None)


def _own_name(writer: TicketWriter, _customers: Sequence[Account]) -> None:
    write_opening(writer)
    said = writer.says(writer.rng.choice(writer.words.questions))
    writer.update(writer.at + writer.spread(HOUR), writer.requester.id, via="api", typed_by=FORM_APP, comment=said)
    writer.reply(writer.next_agent_time(), writer.rng.choice(writer.words.asks))
    write_conversation(writer)
    write_ending(writer)


#: Situation, as the plan calls it -> what becomes of its tickets.
SCENARIOS: dict[str, Life] = {
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


# --- A mass incident: one fault that many customers report on one day. Only the words of their tickets are alike.


def add_mass_incident(
    seed: int, plan: Plan, desk: SupportDesk, customers: Sequence[Account], number: int
) -> list[TicketWriter]:
    """The tickets, numbered from `number` on, of a day after two thirds of the desk's time."""
    if not plan.hit:
        return []
    rng = Random(f"{seed} hit")  # noqa: S311  # nothing secret
    began = desk.start + (desk.end - desk.start) * 2 // 3 // DAY * DAY + 9 * HOUR
    chosen = rng.sample(list(customers), min(plan.hit, len(customers)))
    writing = [(began + rng.randrange(_INCIDENT_LASTS // SECOND) * SECOND, customer) for customer in chosen]
    back = began + 2 * DAY
    writing += [(back + rng.randrange(HOUR // SECOND) * SECOND, c) for c in chosen if rng.random() < _WRITES_AGAIN]
    writers = []
    for place, (at, customer) in enumerate(sorted(writing, key=lambda one: (one[0], one[1].id))):
        writers.append(_write_report(Random(f"{seed} hit {place}"), plan, desk, number + place, at, customer))  # noqa: S311
    return writers


def _write_report(rng: Random, plan: Plan, desk: SupportDesk, number: int, at: int, customer: Account) -> TicketWriter:  # noqa: PLR0917
    """A report of the fault: answered within the hour, and solved with the fault."""
    subject, body = desk.words.outage
    category = next(iter(desk.words.topics))
    made = Created(
        ticket=number, at=at, requester=customer.id, subject=subject, comment=Comment(body), channel="email",
        priority="urgent", category=category, form=FORMS[0], brand=BRANDS[0], tags=(category,), about=ABOUT,
        by_trigger={"team": TEAMS[0]},
    )  # fmt: skip
    writer = TicketWriter(rng, plan, desk, made, customer)
    writer.kind = "hit"
    writer.worker, _ = writer.choose(at, MINUTE)
    writer.reply(at + rng.randrange(2, 60) * MINUTE, rng.choice(writer.words.on_hold), status="hold")
    writer.solve(
        at + _INCIDENT_LASTS + rng.randrange(HOUR // SECOND) * SECOND, SYSTEM, via="rule", rule="Fault is over"
    )
    writer.close()
    return writer
