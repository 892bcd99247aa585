"""Whose the customers' waits truly were: the time between two instants, by who had the ticket."""

from collections import Counter
from collections.abc import Callable
from itertools import pairwise

from oracle.observed_ticket import ObservedTicket
from oracle.true_kpis import KPIS as BY_AUTHOR
from oracle.true_observations import Rows, TrueObservation, true_observation

_FIRST, _NEXT = BY_AUTHOR["first_reply_time", "strict"][0], BY_AUTHOR["next_reply_time", "strict"][0]


def _first_owner(told: ObservedTicket) -> Rows:
    yield from _owned(told, _FIRST)


def _next_owner(told: ObservedTicket) -> Rows:
    yield from _owned(told, _NEXT)


def _owned(told: ObservedTicket, waits: Callable[[ObservedTicket], Rows]) -> Rows:
    """The same waits; an ended one told once for each who had it, a running one for who has it now."""
    for wait in waits(told):
        assert wait.start is not None
        end = told.as_of if wait.end is None else wait.end
        calendar, business = _had(told, wait, end)
        running, shares = wait.end is None, Counter(calendar)
        whose = [_owner(told, end)] if running else list(calendar) or [_owner(told, wait.start)]
        for agent in whose:
            share = 1.0 if running or not shares.total() else calendar[agent] / shares.total()
            yield true_observation(
                told, wait.at, start=wait.start, end=wait.end, stop=wait.stop, agent=agent, severity=wait.severity,
                share=share, calendar_ms=calendar[agent], business_ms=business[agent],
            )  # fmt: skip


def _had(told: ObservedTicket, wait: TrueObservation, end: int) -> tuple[Counter[int | None], Counter[int | None]]:
    """Calendar and business ms by owner."""
    assert wait.start is not None
    calendar: Counter[int | None] = Counter()
    business: Counter[int | None] = Counter()
    always = wait.severity in told.world.desk.always
    moments = [wait.start, *(s.at for s in told.saves if "assignee" in s.changes and wait.start < s.at < end), end]
    for begun, over in pairwise(moments):
        if over > begun:
            owner = _owner(told, begun)
            calendar[owner] += over - begun
            business[owner] += over - begun if always else told.worked(begun, over)
    return calendar, business


def _owner(told: ObservedTicket, at: int) -> int | None:
    assignee: int | None = told.story.state(at)["assignee"]
    account = None if assignee is None else told.world.accounts.get(assignee)
    return None if account is not None and account.bot else assignee


KPIS = {
    ("first_reply_time", "owner"): (_first_owner, False),
    ("next_reply_time", "owner"): (_next_owner, False),
}
