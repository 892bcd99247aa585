"""True attribution of customers' waits to the holders of the ticket."""

from collections import Counter
from collections.abc import Callable
from itertools import pairwise

from oracle.observed_ticket import ObservedTicket
from oracle.true_kpis import KPIS as BY_AUTHOR
from oracle.true_observations import Rows, TrueObservation, true_observation

_FIRST, _NEXT = BY_AUTHOR["first_reply_time", "strict"][0], BY_AUTHOR["next_reply_time", "strict"][0]


def _first_owner(ticket: ObservedTicket) -> Rows:
    yield from _owned(ticket, _FIRST)


def _next_owner(ticket: ObservedTicket) -> Rows:
    yield from _owned(ticket, _NEXT)


def _owned(ticket: ObservedTicket, waits: Callable[[ObservedTicket], Rows]) -> Rows:
    """The same waits: one row per holder of an ended wait, one for the present holder of a running wait."""
    for wait in waits(ticket):
        assert wait.start is not None
        end = ticket.as_of if wait.end is None else wait.end
        calendar, business = _had(ticket, wait, end)
        running, shares = wait.end is None, Counter(calendar)
        owners = [_owner(ticket, end)] if running else list(calendar) or [_owner(ticket, wait.start)]
        for agent in owners:
            share = 1.0 if running or not shares.total() else calendar[agent] / shares.total()
            yield true_observation(
                ticket, wait.at, start=wait.start, end=wait.end, stop=wait.stop, agent=agent, severity=wait.severity,
                share=share, calendar_ms=calendar[agent], business_ms=business[agent],
            )  # fmt: skip


def _had(ticket: ObservedTicket, wait: TrueObservation, end: int) -> tuple[Counter[int | None], Counter[int | None]]:
    """Calendar and business ms by owner."""
    assert wait.start is not None
    calendar: Counter[int | None] = Counter()
    business: Counter[int | None] = Counter()
    always = wait.severity in ticket.world.desk.always
    moments = [wait.start, *(s.at for s in ticket.saves if "assignee" in s.changes and wait.start < s.at < end), end]
    for begun, over in pairwise(moments):
        if over > begun:
            owner = _owner(ticket, begun)
            calendar[owner] += over - begun
            business[owner] += over - begun if always else ticket.worked(begun, over)
    return calendar, business


def _owner(ticket: ObservedTicket, at: int) -> int | None:
    assignee: int | None = ticket.story.state(at)["assignee"]
    account = None if assignee is None else ticket.world.accounts.get(assignee)
    return None if account is not None and account.bot else assignee


KPIS = {
    ("first_reply_time", "owner"): (_first_owner, False),
    ("next_reply_time", "owner"): (_next_owner, False),
}
