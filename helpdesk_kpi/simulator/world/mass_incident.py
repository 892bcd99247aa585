"""One fault that hits very many customers on one day. Nothing ties their tickets together; only their words are alike.

All is drawn from a stream of its own: the other facts of a world stay as they are, whoever is hit.
"""

from collections.abc import Sequence
from random import Random

from helpdesk_kpi.simulator.world.clock import DAY, HOUR, MINUTE, SECOND
from helpdesk_kpi.simulator.world.facts import SYSTEM, Account, Comment, Created
from helpdesk_kpi.simulator.world.plan import Plan
from helpdesk_kpi.simulator.world.support_desk import BRANDS, FORMS, TEAMS, SupportDesk
from helpdesk_kpi.simulator.world.ticket_writer import TicketWriter

ABOUT = "a fault that hits many"
_LASTS = 6 * HOUR
_AGAIN = 0.3  # of those hit, who write once more when it is back


def add_mass_incident(
    seed: int, plan: Plan, desk: SupportDesk, customers: Sequence[Account], number: int
) -> list[TicketWriter]:
    """The tickets, numbered from `number` on, of a day after two thirds of the desk's time."""
    if not plan.hit:
        return []
    rng = Random(f"{seed} hit")  # noqa: S311  # nothing secret
    began = desk.start + (desk.end - desk.start) * 2 // 3 // DAY * DAY + 9 * HOUR
    chosen = rng.sample(list(customers), min(plan.hit, len(customers)))
    writing = [(began + rng.randrange(_LASTS // SECOND) * SECOND, customer) for customer in chosen]
    back = began + 2 * DAY
    writing += [(back + rng.randrange(HOUR // SECOND) * SECOND, c) for c in chosen if rng.random() < _AGAIN]
    pens = []
    for place, (at, customer) in enumerate(sorted(writing, key=lambda one: (one[0], one[1].id))):
        pens.append(_report(Random(f"{seed} hit {place}"), plan, desk, number + place, at, customer))  # noqa: S311
    return pens


def _report(rng: Random, plan: Plan, desk: SupportDesk, number: int, at: int, customer: Account) -> TicketWriter:  # noqa: PLR0917
    """Answered within the hour by whoever is there, and solved when the fault is."""
    subject, body = desk.words.outage
    category = next(iter(desk.words.topics))
    made = Created(
        ticket=number, at=at, requester=customer.id, subject=subject, comment=Comment(body), channel="email",
        priority="urgent", category=category, form=FORMS[0], brand=BRANDS[0], tags=(category,), about=ABOUT,
        by_trigger={"team": TEAMS[0]},
    )  # fmt: skip
    pen = TicketWriter(rng, plan, desk, made, customer)
    pen.kind = "hit"
    pen.worker, _ = pen.choose(at, MINUTE)
    pen.reply(at + rng.randrange(2, 60) * MINUTE, rng.choice(pen.words.on_hold), status="hold")
    pen.solve(at + _LASTS + rng.randrange(HOUR // SECOND) * SECOND, SYSTEM, via="rule", rule="Fault is over")
    pen.close()
    return pen
