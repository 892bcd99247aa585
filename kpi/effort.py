"""How many rounds a solution takes."""

import math
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from helpdesk_kpi.measure.metrics.contract import Followup, Observation, Score, Share, kpi
from helpdesk_kpi.measure.metrics.families import rate
from helpdesk_kpi.measure.tickets.timeline import Timeline
from helpdesk_kpi.measure.tickets.timeline_events import Solve, TicketMessage


@kpi(
    "Replies per ticket", unit="count", better="lower", statistic=Score(scale=(0.0, math.inf)), anchor="solved",
    needs={"status.history", "comments.public"}, pair="reopen_rate", dimension="volume", min_n=50, revision=3,
)  # fmt: skip
def replies_per_ticket(ticket: Timeline) -> Iterator[Observation]:
    """How often people of the team had replied to the customer when a ticket was solved for the last time. Internal
    notes, calls and automatic answers are no replies; a chat counts once, however many messages it has.
    """
    for solve in ticket.solves:
        yield _at_solve(ticket, solve, _replies(ticket, solve.at), until=solve.reopened_at)


@rate(
    "One-touch resolution", outcomes=("one touch", "more"), statistic=Followup(7, of="unfollowed"), anchor="solved",
    needs={"status.history", "assignee.history", "comments.public"}, pair="reopen_rate", dimension="volume", min_n=85,
    revision=3,
)  # fmt: skip
def one_touch(ticket: Timeline) -> Iterator[Observation]:
    """Of the tickets whose last solve lies in the period, the share that took exactly one reply of a person (a chat
    counts as one), was never passed on to anybody else, and was not opened again for more than thanks, neither before
    nor within 7 days.
    """
    came_back = [(r.at, *kind) for r in ticket.reopens for kind in _more_than_thanks(r.kinds)]
    ends = [solve.at for solve in ticket.solves[1:]]
    for solve, until in zip_longest(ticket.solves, ends):
        is_one = _replies(ticket, solve.at) == 1 and not ticket.assignment_history.count_handovers_until(solve.at)
        is_one = is_one and not any(at < solve.at for at, _, _ in came_back)
        yield _at_solve(ticket, solve, int(is_one), until=until)
    for at, since, kind in came_back:
        solve = next(s for s in ticket.solves if s.reopened_at == at)
        yield _at_solve(ticket, solve, 1, start=solve.at, end=at, facet=kind, since=since)


@one_touch.variant("zendesk", population="native", statistic=Share())
def _zendesk(ticket: Timeline) -> Iterator[Observation]:
    """As Zendesk Explore: of the solved tickets, the share with fewer than two public comments of agents; a ticket that
    was solved without any counts too.
    """
    # https://support.zendesk.com/hc/en-us/articles/4408845649690
    said = [t.at for t in _comments(ticket) if not t.creating and ticket.is_agent_by_vendor_rule(t)]
    for solve in ticket.solves:
        yield _at_solve(ticket, solve, int(sum(at <= solve.at for at in said) < 2), until=solve.reopened_at)


@one_touch.variant("fivetran", population="native", statistic=Share())
def _fivetran(ticket: Timeline) -> Iterator[Observation]:
    """As the dbt package fivetran/dbt_zendesk: of the solved tickets, the share with exactly one public comment of
    anyone whose role is agent or admin today, robots included, whether or not it was opened again before.
    """
    said = [t.at for t in _comments(ticket) if t.who != "system" and ticket.source_rules.is_agent_now(t.person)]
    for solve in ticket.solves:
        yield _at_solve(ticket, solve, int(sum(at <= solve.at for at in said) == 1), until=solve.reopened_at)


def _comments(ticket: Timeline) -> Iterator[TicketMessage]:
    return (t for t in ticket.messages if t.kind == "comment" and t.public)


def _replies(ticket: Timeline, until: int) -> int:
    chats = [t for t in ticket.messages if t.kind == "chat" and t.who == "agent"]
    return sum(t.at <= until for t in [*ticket.replies, *chats])


def _more_than_thanks(kinds: tuple[tuple[int, str], ...]) -> list[tuple[int, str]]:
    return [(since, kind) for since, kind in kinds if kind != "thanks"]


def _at_solve(ticket: Timeline, solve: Solve, value: int, **more: Any) -> Observation:
    stop = "no_chat_data" if ticket.lacks_chat else ""
    return ticket.fact(solve.at, solve.agent, value=value, stop=stop, **more)
