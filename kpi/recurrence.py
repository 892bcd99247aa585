"""Whether a problem was solved for good: what comes back, and what a customer had to come back for."""

from collections.abc import Iterator

from helpdesk_kpi.measure.metrics.contract import Followup, Observation, kpi
from helpdesk_kpi.measure.metrics.families import rate
from helpdesk_kpi.measure.recurrence.contact_history import CustomerContacts
from helpdesk_kpi.measure.tickets.exclusions import mark_excluded, missing_history
from helpdesk_kpi.measure.tickets.timeline import Timeline
from helpdesk_kpi.measure.tickets.timeline_events import Reopen, Solve

WITHIN = 14  # days
ALSO = (7, 30)
#: A reopening after which something was still to be done.
COME_BACK = frozenset({"not_fixed", "followup_question"})
WORDS = frozenset({"comments.public"})


@kpi(
    "Repeat contacts", unit="tickets", better="lower", statistic=Followup(WITHIN, of="followed"), anchor="created",
    needs={"tickets"}, subject="customer", facet="kind", role="evidence", revision=3,
)  # fmt: skip
def repeat_contacts(customer: CustomerContacts) -> Iterator[Observation]:
    """Tickets of a customer, on any helpdesk, that are about the problem of an earlier one, with what says so: merged
    into it, its follow-up, linked to it, of the same problem or development issue, with the same key field or code, or
    with words that are alike. What a person said of a pair of tickets stands above all of that.
    """
    for found in customer.repeats:
        yield Observation(
            at=found.at, end=found.at, ticket=found.earlier, other=found.later, facet=found.reason, value=found.value,
            since=found.since, until=found.until,
        )  # fmt: skip


@kpi(
    "Recurrence rate", unit="share", better="lower",
    statistic=Followup(WITHIN, of="followed", also=ALSO, joined="repeat_contacts"), anchor="solved",
    needs={"status.history"}, facet="kind", pair="first_contact_resolution", dimension="quality", level="team",
    min_n=100, revision=3,
)  # fmt: skip
def recurrence_rate(ticket: Timeline) -> Iterator[Observation]:
    """Of the tickets solved in the period, the share after which the same customer wrote a new ticket about the same
    problem within 14 days. It counts for whoever solved the earlier ticket, and only once the 14 days are over. What
    makes it the same problem is kept with each pair. Tickets of an incident that hit many, of shared or automatic
    senders, and of requests that come back by right are left out and counted.
    """
    yield from _exclude_flagged(
        ticket, (_observe_solve(ticket, solve, until=solve.reopened_at) for solve in ticket.solves)
    )


@recurrence_rate.variant("incl_reopen")
def _incl_reopen(ticket: Timeline) -> Iterator[Observation]:
    """As strict, but every solve counts, and a ticket that is opened again since it was not fixed, or for a further
    question, has come back too. Where the customer's words are not known, nothing tells why it was opened again.
    """
    stop = missing_history(ticket, WORDS)
    rows = [_observe_solve(ticket, solve, stop=stop) for solve in ticket.solves]
    yield from _exclude_flagged(ticket, [*rows, *_reopenings(ticket)])


@rate(
    "First contact resolution", statistic=Followup(WITHIN, of="unfollowed", also=ALSO, joined="repeat_contacts"),
    anchor="solved", needs={"status.history", "comments.public"}, facet="kind", pair="recurrence_rate",
    dimension="quality", level="team", min_n=85, revision=3,
)  # fmt: skip
def first_contact_resolution(ticket: Timeline) -> Iterator[Observation]:
    """Of the tickets solved for the first time in the period, the share for which the customer had to write no more:
    after the team's first answer came nothing from them but thanks, and in the 14 days after the solve no question, no
    reopening and no new ticket about the same problem. A ticket that was solved without an answer is not resolved at
    first contact. Tickets that were escalated in time and with a reason, and those that only a bot has solved, are left
    out and counted, as are those that recurrence_rate leaves out.
    """
    for solve in ticket.solves[:1]:
        rows = [_first(ticket, solve), *_reopenings(ticket), *_followup_questions(ticket, solve)]
        yield from _exclude_flagged(ticket, rows)


def _first(ticket: Timeline, solve: Solve) -> Observation:
    contact = next((t for t in ticket.contacts if t.at <= solve.at), None)
    wrote = (
        t.at for t in ticket.messages if t.kind == "comment" and t.public and t.who == "customer" and not t.is_thanks
    )
    at_once = contact is not None and not any(contact.at < at <= solve.at for at in wrote)
    return _observe_solve(ticket, solve, value=1 if at_once else 0, stop=_not_eligible(ticket, solve))


def _not_eligible(ticket: Timeline, solve: Solve) -> str:
    """Why nobody of the first level could have resolved it at first contact, or why the contact is not known."""
    if ticket.missing_contact_data:
        return ticket.missing_contact_data
    if ticket.well_escalated_at is not None and ticket.well_escalated_at <= solve.at:
        return "escalated"
    by_person = ticket.accepted_at is not None and ticket.accepted_at <= solve.at
    return "" if by_person else "solved_by_bot"


def _followup_questions(ticket: Timeline, solve: Solve) -> Iterator[Observation]:
    """What the customer wrote after the solve without opening the ticket again."""
    reopening = {reopen.message.at for reopen in ticket.reopens if reopen.message}
    for turn in ticket.messages:
        counts = turn.kind == "comment" and turn.public and turn.who == "customer" and not turn.is_thanks
        if counts and turn.at > solve.at and turn.at not in reopening:
            yield _follower(turn.at, "asked_again")


def _reopenings(ticket: Timeline) -> Iterator[Observation]:
    for reopen in ticket.reopens:
        yield from _come_back(reopen)


def _come_back(reopen: Reopen) -> Iterator[Observation]:
    for since, kind in reopen.kinds:
        if kind in COME_BACK:
            yield _follower(reopen.at, kind, since=since)


def _follower(at: int, facet: str, since: int | None = None) -> Observation:
    return Observation(at=at, end=at, facet=facet, value=1, since=since)


def _observe_solve(
    ticket: Timeline, solve: Solve, *, value: int = 1, stop: str = "", until: int | None = None
) -> Observation:
    return ticket.fact(solve.at, solve.agent, value=value, stop=stop, until=until)


def _exclude_flagged(ticket: Timeline, rows: Iterator[Observation] | list[Observation]) -> Iterator[Observation]:
    """The rows, left out from when on it is known that the ticket stands apart."""
    if ticket.flag is None:
        yield from rows
        return
    since = ticket.flag.since
    yield from mark_excluded(rows, ticket.flag.reason, since if since > ticket.created_at else None)
