"""How much is done, and how much of it comes back."""

from collections.abc import Callable, Iterable, Iterator

import msgspec

from helpdesk_kpi.measure.metrics.contract import Mix, Observation, Stock, Total, kpi
from helpdesk_kpi.measure.metrics.families import rate, volume
from helpdesk_kpi.measure.tickets.credit import share_credit
from helpdesk_kpi.measure.tickets.exclusions import missing_history
from helpdesk_kpi.measure.tickets.timeline import Timeline
from helpdesk_kpi.measure.tickets.timeline_events import Solve
from helpdesk_kpi.milliseconds import DAY

HOLDS = 7 * DAY  # a solve that the customer sends back within so long was none
WORDS = frozenset({"comments.public", "comments.private"})
#: What helpdesks call differently and customers do not.
SAME = {"portal": "web", "web_form": "web", "feedback_widget": "web", "voice": "phone"} | dict.fromkeys(
    ("native_messaging", "messaging", "live_chat", "web_chat", "mobile_chat"), "chat"
)


@volume(
    "Solved tickets", short="Solved", anchor="solved", needs={"status.history"}, pair="reopen_rate",
    dimension="volume", level="agent", revision=4, none_sentence="No tickets were solved",
    headlines={
        "more": "more tickets{who} solved than usual", "less": "fewer tickets{who} solved than usual",
        "better": "more tickets{who} solved than usual", "worse": "fewer tickets{who} solved than usual",
    },
)  # fmt: skip
def solved_tickets(ticket: Timeline) -> Iterator[Observation]:
    """Tickets whose last solve lies in the period. Spam, test, merged, deleted, internal and outbound tickets do not
    count. A ticket that is reopened leaves the count until it is solved again. It counts for the person who solved it;
    when an automation did, for the assignee of that moment.
    """
    for solve in ticket.solves:
        yield _observe_solve(ticket, solve)


@solved_tickets.variant("valid")
def _solved_valid(ticket: Timeline) -> Iterator[Observation]:
    """As strict, and valid: a person of the team did something with the ticket before it was solved (reply, note,
    change of status, taking it over), the customer did not send it back as not fixed within 7 days, and it is none of
    those that [tickets.valid] names. What is left out is counted by its reason.
    """
    yield from _valid(ticket, lambda solve: [_observe_solve(ticket, solve)])


@kpi(
    "Weighted volume", unit="points", better="neither", statistic=Total(weighted=True), anchor="solved",
    needs={"status.history", "comments.public", "comments.private"}, pair="reopen_rate", dimension="volume",
    level="agent", revision=3,
)  # fmt: skip
def weighted_volume(ticket: Timeline) -> Iterator[Observation]:
    """Solved tickets, each counting as much as its kind usually costs: tickets of one severity, category and channel
    count alike, and the average ticket counts 1. What somebody writes on a ticket never makes it count more. It is
    shared among those who worked on it, by their replies and notes up to the solve (of each person at most 5 count);
    without any, it is the solver's.
    """
    for solve in ticket.solves:
        yield from _share_solve(ticket, solve)


@weighted_volume.variant("valid")
def _weighted_valid(ticket: Timeline) -> Iterator[Observation]:
    """As strict, of valid tickets only: a person of the team did something with it, the customer did not send it back
    as not fixed within 7 days, and it is none of those that [tickets.valid] names.
    """
    yield from _valid(ticket, lambda solve: _share_solve(ticket, solve))


def _observe_solve(ticket: Timeline, solve: Solve) -> Observation:
    return ticket.fact(solve.at, solve.agent, value=1, until=solve.reopened_at)


def _share_solve(ticket: Timeline, solve: Solve) -> Iterator[Observation]:
    """The solve, in the parts of those who worked on it."""
    for agent, share in share_credit(ticket.messages, solve.at, solve.agent):
        yield msgspec.structs.replace(_observe_solve(ticket, solve), agent=agent, share=share)


def _valid(ticket: Timeline, rows: Callable[[Solve], Iterable[Observation]]) -> Iterator[Observation]:
    """The rows of the solves that are valid; of the others, why they are not."""
    for solve in ticket.solves:
        if stop := _not_valid(ticket, solve):
            yield _exclude(ticket, solve, stop)
        else:
            yield from rows(solve)
            yield from _sent_back(ticket, solve)


def _not_valid(ticket: Timeline, solve: Solve) -> str:
    """Why a solve is no valid one, as far as that is known when it happens."""
    if reason := missing_history(ticket, WORDS):
        return reason
    if ticket.accepted_at is None or ticket.accepted_at > solve.at:
        return ticket.missing_contact_data or "no_human_act"  # a call or a chat without data was one
    return "not_valid" if ticket.source_rules.not_valid(ticket.row) else ""


def _sent_back(ticket: Timeline, solve: Solve) -> Iterator[Observation]:
    """That a solve did not hold, since the customer said so."""
    at = solve.reopened_at
    if at is not None and at - solve.at <= HOLDS:
        reopen = next(r for r in ticket.reopens if r.at == at)
        if any(kind == "not_fixed" for _, kind in reopen.kinds):
            yield _exclude(ticket, solve, "reopened_not_fixed", since=at)


def _exclude(ticket: Timeline, solve: Solve, stop: str, since: int | None = None) -> Observation:
    until = None if since else solve.reopened_at
    return msgspec.structs.replace(_observe_solve(ticket, solve), value=None, stop=stop, since=since, until=until)


@rate(
    "Reopen rate", short="Reopened", outcomes=("came back", "stayed solved"), better="lower", anchor="solved",
    needs={"status.history"}, facet="kind", pair="full_resolution_time", dimension="quality", level="agent",
    min_n=100, revision=5,
    headlines={"worse": "more tickets{who} came back", "better": "fewer tickets{who} came back"},
)  # fmt: skip
def reopen_rate(ticket: Timeline) -> Iterator[Observation]:
    """Of the solves in the period, the share after which the ticket was opened again, by reason: not fixed, a
    follow-up question, mere thanks, an automation, or the team itself; unknown where nobody could read what was said.
    """
    reopens = iter(ticket.reopens)
    for solve in ticket.solves:
        fact = ticket.fact(solve.at, solve.agent, value=0, until=solve.reopened_at)
        yield fact
        if solve.reopened_at is not None:
            yield from _observe_reopen(fact, next(reopens).kinds)


def _observe_reopen(fact: Observation, kinds: tuple[tuple[int, str], ...]) -> Iterator[Observation]:
    ends = [since for since, _ in kinds[1:]]
    for (since, kind), until in zip(kinds, [*ends, None], strict=True):
        yield msgspec.structs.replace(fact, facet=kind, value=1, since=since, until=until)


@kpi(
    "Backlog", short="Backlog", unit="tickets", better="lower", statistic=Stock(), anchor="instant",
    needs={"status.history"}, facet="kind", pair="solved_tickets", target_of="full_resolution_time",
    dimension="speed", level="team", revision=2,
    headlines={"worse": "the backlog{who} grew", "better": "the backlog{who} shrank"},
)  # fmt: skip
def backlog(ticket: Timeline) -> Iterator[Observation]:
    """Tickets that are not solved at the end of the period, by severity and state."""
    for start, end, state, severity, team, assignee in ticket.spans():
        yield Observation(
            at=start, start=start, end=end, agent=assignee, team=team, severity=severity, facet=state, value=1
        )


@kpi(
    "Channel mix", unit="tickets", better="neither", statistic=Mix(), anchor="created", needs={"tickets"},
    facet="kind", dimension="volume", revision=2,
)  # fmt: skip
def channel_mix(ticket: Timeline) -> Iterator[Observation]:
    """The tickets created in the period, by the channel on which they came in: email, web (portals and forms alike),
    phone, chat, and others as the helpdesk calls them.
    """
    channel = ticket.channel or "unknown"
    yield ticket.fact(ticket.created_at, facet=SAME.get(channel, channel), value=1)
