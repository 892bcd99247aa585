"""Scenarios: writes the facts of all tickets, in order of creation."""

from itertools import accumulate
from random import Random
from typing import Any

import msgspec

from helpdesk_kpi.simulator.world import ticket_kinds
from helpdesk_kpi.simulator.world.arrivals import Arrival, arrivals, deck
from helpdesk_kpi.simulator.world.baseline_scenario import ENDINGS
from helpdesk_kpi.simulator.world.facts import SYSTEM, Account, Comment, Created, Fact, Update
from helpdesk_kpi.simulator.world.handovers import add_handovers
from helpdesk_kpi.simulator.world.plan import Plan
from helpdesk_kpi.simulator.world.situations import add_mass_incident, add_situations
from helpdesk_kpi.simulator.world.support_desk import BRANDS, FORMS, TEAMS, TEST_TAG, SupportDesk, is_spammer
from helpdesk_kpi.simulator.world.ticket_writer import TicketWriter, asks
from helpdesk_kpi.simulator.world.time_entries import add_time_entries

FIRST_TICKET = 1001
TRICKY = ("<script>alert(1)</script>", '=HYPERLINK("http://x","y")', "<!channel> *bold*")
ROUTE = "Route by category"
_CONVERSATIONS = frozenset({"ordinary", "recurrence", "follow_up", "missed_call", "voicemail", "unanswered_chat"})
_PRIORITIES = ("urgent", "high", "normal", "low", None)
_PRIORITY_SHARES = (0.04, 0.14, 0.45, 0.15)  # and the plan's share of those without one
_CHANNELS = {"call": "voice", "missed_call": "voice", "voicemail": "voice", "messaging": "native_messaging"} | {
    "unanswered_chat": "native_messaging", "ai_agent": "native_messaging", "outbound": "web", "follow_up": "email",
}  # fmt: skip
BILLING, API, INSTALL = 0, 3, 4  # places among the topics, which every language has in the same order
_TEAM_OF = {BILLING: TEAMS[2], API: TEAMS[1], INSTALL: TEAMS[1]}


class OpenTickets:
    """Earlier tickets: candidates for follow-ups and merges."""

    def __init__(self, seed: int, plan: Plan, desk: SupportDesk) -> None:
        self.seed, self.plan, self.desk = seed, plan, desk
        self.people = {account.id: account for account in desk.accounts}
        self.customers = [account for account in desk.accounts if account.roles[0][1] == "customer"]
        self.customers = [account for account in self.customers if not is_spammer(account)]
        self.spammers = [account for account in desk.accounts if is_spammer(account)]
        self.weights = list(accumulate(1 / (i + 3) ** 0.7 for i in range(len(self.customers))))
        self.writers: list[TicketWriter] = []
        self.used: set[int] = set()
        self.outage: list[TicketWriter] = []

    def earlier(self, fits: Any, back: int = 400) -> TicketWriter | None:
        """The newest earlier ticket that fits and was not used before."""
        for writer in reversed(self.writers[-back:]):
            if writer.ticket not in self.used and fits(writer):
                self.used.add(writer.ticket)
                return writer
        return None


def build_scenarios(seed: int, plan: Plan, desk: SupportDesk) -> list[Fact]:
    """All facts about tickets, ticket after ticket."""
    desktop = OpenTickets(seed, plan, desk)
    planned = arrivals(Random(f"{seed} arrivals"), plan, desk)  # noqa: S311  # nothing secret
    tricky = _tricky([at for at, kind in planned if kind == "ordinary"])
    fates = _fates(Random(f"{seed} endings"), plan, planned)  # noqa: S311  # nothing secret
    confirming = Random(f"{seed} confirmations")  # noqa: S311  # nothing secret
    for number, arrival in enumerate(planned, FIRST_TICKET):
        rng = Random(seed * 1_000_003 + number)  # noqa: S311  # one a ticket: a knob moves only what it means
        writer = _open(desktop, rng, number, arrival, tricky.get(arrival[0]))
        writer.ending = fates.pop() if arrival[1] in _CONVERSATIONS else ""
        writer.says_done = confirming.random() < plan.customer_solve
        ticket_kinds.SCENARIOS[writer.kind](writer, desktop)
        desktop.writers.append(writer)
    add_handovers(Random(f"{seed} handovers"), desk, desktop.writers)  # noqa: S311  # nothing secret
    desktop.writers += add_mass_incident(seed, plan, desk, desktop.customers, FIRST_TICKET + len(planned))
    following = FIRST_TICKET + len(desktop.writers)
    desktop.writers += add_situations(seed, plan, desk, desktop.customers, following)
    facts = [fact for writer in desktop.writers for fact in writer.facts]
    return [*facts, *add_time_entries(seed, plan, desk, facts)]


def _fates(rng: Random, plan: Plan, planned: list[Arrival]) -> list[str]:
    """The kind of reopening of each conversation; mostly none."""
    count = sum(kind in _CONVERSATIONS for _, kind in planned)
    return deck(rng, count, {ending: getattr(plan, ending) for ending in ENDINGS}, "")


def _tricky(times: list[int]) -> dict[int, str]:
    """Subjects that try to break a report, on the newest tickets; the last one is for the long name."""
    return dict(zip(reversed(times), (*TRICKY, ""), strict=False))


def _open(desktop: OpenTickets, rng: Random, number: int, arrival: Arrival, tricky: str | None) -> TicketWriter:
    """The creation, with what triggers do in the same moment."""
    at, kind = arrival
    first = ticket_kinds.follows(desktop, kind, at)
    if kind in {"follow_up", "recurrence", "merged"} and first is None:
        kind = "ordinary"
    requester = first.requester if first else _requester(desktop, rng, kind, tricky)
    category = str(first.created.category) if first else rng.choice(list(desktop.desk.words.topics))
    made = _create_ticket(desktop, rng, kind, category, requester)
    made = msgspec.structs.replace(made, ticket=number, at=at, submitter=ticket_kinds.submitter(desktop, rng, kind, at))
    if first:
        follows = first.ticket if kind == "follow_up" else None
        made = msgspec.structs.replace(
            made, subject=first.created.subject, follow_up_of=follows, about=first.created.about
        )
    if kind == "outage":
        made = msgspec.structs.replace(made, about=f"outage {number}")
    if tricky:
        made = msgspec.structs.replace(made, subject=tricky)
    if kind == "call" and made.submitter:  # what the agent writes down about a call is no reply
        made = msgspec.structs.replace(made, comment=msgspec.structs.replace(made.comment, public=False))
    writer = TicketWriter(rng, desktop.plan, desktop.desk, made, requester)
    writer.kind, writer.origin = kind, first
    _route(writer, _place(desktop, category))
    return writer


def _requester(desktop: OpenTickets, rng: Random, kind: str, tricky: str | None) -> Account:
    if kind == "internal":
        return desktop.people[rng.choice([w.account for w in desktop.desk.workers if w.left_at is None])]
    if kind == "spam":
        return desktop.spammers.pop()
    if tricky == "":
        return next(account for account in desktop.customers if len(account.name) == 200)
    return rng.choices(desktop.customers, cum_weights=desktop.weights)[0]


def _create_ticket(desktop: OpenTickets, rng: Random, kind: str, category: str, requester: Account) -> Created:
    subject, text, about = ticket_kinds.text(desktop.desk.words, rng, kind, category, requester)
    about = f"outage {desktop.outage[-1].ticket}" if kind == "incident" else about
    shares = (*_PRIORITY_SHARES, desktop.plan.no_priority)
    channel = _CHANNELS.get(kind) or rng.choices(("email", "web", "api"), (0.5, 0.42, 0.08))[0]
    return Created(
        ticket=0, at=0, requester=requester.id, subject=subject, comment=Comment(text, is_question=asks(text)),
        channel=channel, status="open" if kind == "outbound" else "new",
        priority="urgent" if kind in {"outage", "incident"} else rng.choices(_PRIORITIES, shares)[0],
        category=category, form=FORMS[_place(desktop, category) == BILLING], brand=BRANDS[rng.random() < 0.2],
        type={"outage": "problem", "incident": "incident"}.get(kind) or rng.choice(("question", "incident", None)),
        tags=(category, *((TEST_TAG,) if kind == "test" else ())),
        problem=desktop.outage[-1].ticket if kind == "incident" else None,
        ai_agent=kind == "ai_agent", spam=kind == "spam", about=about,
    )  # fmt: skip


def _place(desktop: OpenTickets, category: str) -> int:
    """Index of a topic among the topics."""
    return list(desktop.desk.words.topics).index(category)


def _route(writer: TicketWriter, topic: int) -> None:
    """A trigger assigns it to a team: mostly in the same save, sometimes a second later."""
    team = _TEAM_OF.get(topic, TEAMS[0])
    changes: dict[str, Any] = {"team": team}
    if writer.chance(writer.plan.routed):
        crew = [w for w in writer.desk.workers if w.team == team and (w.left_at is None or w.left_at > writer.at)]
        changes["assignee"] = writer.rng.choice(crew).account
    if writer.chance(0.8):
        writer.created = msgspec.structs.replace(writer.created, by_trigger=changes)
        writer.facts[0] = writer.created
        writer.state.update(changes)
    else:
        writer.facts.append(
            Update(ticket=writer.ticket, at=writer.at, actor=SYSTEM, via="rule", rule=ROUTE, changes=changes)
        )
        writer.state.update(changes)
