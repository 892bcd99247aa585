"""True KPI values of a world, computed from its labelled facts with the simulator's own clock.

Nothing here is inferred: the world's facts say who is a person, what is gratitude and what is spam.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Literal

import msgspec

from helpdesk_kpi.simulator.world.ticket_history import TicketHistory
from helpdesk_kpi.simulator.world.world import World
from oracle import true_knowledge, true_kpis, true_recurrence, true_sla, true_speed, true_volume, true_waits
from oracle.observed_article import observe_articles
from oracle.observed_ticket import ObservedTicket, exists
from oracle.true_observations import Rows, TrueObservation

_FAMILIES = (true_kpis, true_knowledge, true_recurrence, true_sla, true_speed, true_volume, true_waits)
#: (KPI, variant) -> its row function, and whether its population is the helpdesk's own (excludes deleted tickets only).
KPIS: dict[tuple[str, str], tuple[Callable[[ObservedTicket], Rows], bool]] = {
    name: made for family in _FAMILIES for name, made in family.KPIS.items()
}
#: KPIs with rows per article.
ARTICLES = true_knowledge.ARTICLES

__all__ = ["KPIS", "Summary", "TrueObservation", "truth", "truth_excluded", "truth_summary"]


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """Aggregate of some rows. `mean_*` are of spans that ended; `value` is the credit-weighted mean of the values."""

    rows: int
    credit: float
    value: float | None
    total: float
    ended: int
    running: int
    mean_calendar_ms: float | None
    mean_business_ms: float | None


def truth(world: World, kpi: str, variant: str = "strict", as_of: int | None = None) -> list[TrueObservation]:
    """The true rows of a KPI as of an instant (default: the world's now). KeyError: no such KPI or variant."""
    instant = world.now if as_of is None else as_of
    if of_article := ARTICLES.get((kpi, variant)):
        return [row for article in observe_articles(world, instant) for row in of_article(article)]
    function, native = KPIS[kpi, variant]
    rows: list[TrueObservation] = []
    for ticket in _tickets(world, instant):
        left_out = ticket.gone() == "deleted" if native else ticket.excluded()
        if not left_out and not (kpi == "first_reply_time" and not native and _no_data(ticket)):
            rows.extend(row for row in function(ticket) if not ticket.is_elsewhere(row))
    return rows


def truth_excluded(world: World, as_of: int | None = None, kpi: str = "") -> dict[str, int]:
    """Reason -> number of tickets that exist as of then and are outside the valid population; one reason a ticket.

    For `first_reply_time` this includes tickets with calls or chats that the helpdesk's plan does not provide.
    """
    instant = world.now if as_of is None else as_of
    reasons: Counter[str] = Counter()
    for ticket in _tickets(world, instant):
        reason = ticket.excluded() or (_no_data(ticket) if kpi == "first_reply_time" else None)
        if reason:
            reasons[reason] += 1
    return dict(reasons)


def truth_summary(
    rows: Iterable[TrueObservation], by: Literal["severity", "team", "agent", "facet"] | None = None
) -> dict[str | None, Summary]:
    """Aggregate by severity, team, agent or facet; `by` None: all rows, under the key None."""
    slices: dict[str | None, list[TrueObservation]] = {}
    for row in rows:
        slices.setdefault(getattr(row, by) if by else None, []).append(row)
    return {key: _summary(found) for key, found in slices.items()}


def _summary(rows: list[TrueObservation]) -> Summary:
    ended = [row for row in rows if row.end is not None and not row.stop]
    credit = sum(row.share for row in rows)
    total = sum((row.value or 0.0) * row.share for row in rows)
    counted = credit and rows[0].value is not None
    return Summary(
        rows=len(rows), credit=credit, value=total / credit if counted else None, total=total, ended=len(ended),
        running=sum(row.start is not None and row.end is None for row in rows),
        mean_calendar_ms=_mean(row.calendar_ms for row in ended),
        mean_business_ms=_mean(row.business_ms for row in ended),
    )  # fmt: skip


def _mean(numbers: Iterable[int | None]) -> float | None:
    known = [number for number in numbers if number is not None]
    return sum(known) / len(known) if known else None


def _tickets(world: World, as_of: int) -> Iterator[ObservedTicket]:
    stories: Iterable[TicketHistory] = world.stories.values()
    return (ObservedTicket(world, story, as_of) for story in stories if exists(story, as_of))


def _no_data(ticket: ObservedTicket) -> str | None:
    missing, channel = ticket.world.plan_without, ticket.created.channel
    by_phone = channel == "voice" or (ticket.created.is_dictated and ticket.world.dictated_by_phone)
    if by_phone and "calls" in missing:
        return "no_call_data"
    return "no_chat_data" if channel == "native_messaging" and "engagements" in missing else None
