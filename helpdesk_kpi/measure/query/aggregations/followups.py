"""Values of what follows within some days: a problem that recurs, a contact that stayed the only one."""

from typing import NamedTuple

import msgspec
import numpy as np

from helpdesk_kpi.measure.metrics.columns import NO_INSTANT, NO_PERSON, Columns, Floats, Ints
from helpdesk_kpi.measure.metrics.contract import EXCLUDED, Followup
from helpdesk_kpi.measure.metrics.metric_value import MetricValue
from helpdesk_kpi.measure.query.metric_query import Bools, Contributions, MetricQuery, group_by_facet
from helpdesk_kpi.measure.query.observation_store import ObservationStore
from helpdesk_kpi.measure.statistics.intervals import wilson
from helpdesk_kpi.milliseconds import DAY


class FollowupResult(NamedTuple):
    """What came of each row within the days of its window; one entry each."""

    at: Ints  # NO_INSTANT: nothing followed
    ticket: Ints  # the ticket that followed; NO_PERSON: it followed on the same ticket
    why: list[str | None]  # what makes it a follower
    counts: Floats  # 1 or 0, as the value counts the row; nan: its window is not over, or it is a follower itself


def find_followups(query: MetricQuery, rows: Columns, store: ObservationStore) -> FollowupResult:
    """The first follower of each base row that is known at the query's `as_of`."""
    statistic, as_of = query.statistic, query.as_of
    assert isinstance(statistic, Followup)
    followers = store.followers(query)
    when, which = first_followers(rows, followers, as_of)
    came = _came(rows, when, statistic.days) & (rows.end == NO_INSTANT)
    others = np.where(came, followers.other[which], NO_PERSON) if len(followers) else np.full(len(rows), NO_PERSON)
    why = [followers.words[followers.facet[w]] if c else None for w, c in zip(which, came, strict=True)]
    parts = _parts(statistic, rows, when, statistic.days, as_of)
    counts = np.divide(parts.adds, parts.counts, out=np.full(len(rows), np.nan), where=parts.counts > 0)
    return FollowupResult(np.where(came, when, NO_INSTANT), others, why, counts)


def followup_contributions(query: MetricQuery, rows: Columns, store: ObservationStore) -> Contributions:
    """Followers do not count themselves; they count for the rows that they follow."""
    statistic = query.statistic
    assert isinstance(statistic, Followup)
    when, _ = first_followers(rows, store.followers(query), query.as_of)
    return _parts(statistic, rows, when, statistic.days, query.as_of)


def aggregate_followup(query: MetricQuery, rows: Columns, store: ObservationStore) -> MetricValue:
    """The share of base rows that were followed, or were not, by the longest window; `also` has the other windows."""
    statistic = query.statistic
    assert isinstance(statistic, Followup)
    rows = rows.take(rows.end == NO_INSTANT)
    followers = store.followers(query)
    when, which = first_followers(rows, followers, query.as_of)
    parts = _parts(statistic, rows, when, statistic.days, query.as_of)
    low, high = wilson(parts.x, parts.n) if parts.n else (None, None)
    over = _is_over(rows, statistic.days, query.as_of)
    came = _came(rows, when, statistic.days) & over
    facets = (
        group_by_facet(_facet_of_followup(rows.take(came), followers, which[came]), rows.share[came], parts.n)
        if parts.n
        else {}
    )
    also = {f"{days} d": _parts(statistic, rows, when, days, query.as_of).share for days in statistic.also}
    return query.value(
        n=parts.n, value=parts.share, low=low, high=high, running=int((~over).sum()), facets=facets, also=also
    )


def _parts(statistic: Followup, rows: Columns, when: Ints, days: int, as_of: int) -> Contributions:
    counts = rows.share * ((rows.end == NO_INSTANT) & _is_over(rows, days, as_of))
    came = _came(rows, when, days)
    return Contributions(counts, counts * (came if statistic.of == "followed" else (rows.value == 1) & ~came))


def _is_over(rows: Columns, days: int, as_of: int) -> Bools:
    """Whether all that could follow within the window is known."""
    over: Bools = rows.at + days * DAY <= as_of
    return over


def _came(rows: Columns, when: Ints, days: int) -> Bools:
    came: Bools = (when != NO_INSTANT) & (when - rows.at <= days * DAY)
    return came


def first_followers(base: Columns, followers: Columns, as_of: int) -> tuple[Ints, Ints]:
    """When each base row was first followed (NO_INSTANT: never), and the place of that row among the followers."""
    exists = followers.exist(as_of) & (followers.end <= as_of) & (followers.end != NO_INSTANT)
    exists &= ~followers.has_stop_reason(EXCLUDED)
    places = np.flatnonzero(exists)
    places = places[np.lexsort((followers.end[places], followers.ticket[places]))]
    # In order of (ticket, instant): what a row is followed by is the next one after it, if of the same ticket.
    tickets, ends = followers.ticket[places], followers.end[places]
    order = np.lexsort((np.r_[np.ones(len(ends), np.int64), np.zeros(len(base), np.int64)],
                        np.r_[ends, base.at + 1], np.r_[tickets, base.ticket]))  # fmt: skip
    seen = np.cumsum(order < len(ends))
    following = np.empty(len(base), np.int64)
    following[order[order >= len(ends)] - len(ends)] = seen[order >= len(ends)]
    has = following < len(ends)
    safe = np.where(has, following, 0)
    if not len(ends):
        return np.full(len(base), NO_INSTANT), safe
    has &= tickets[safe] == base.ticket
    return np.where(has, ends[safe], NO_INSTANT), places[safe]


def _facet_of_followup(rows: Columns, followers: Columns, which: Ints) -> Columns:
    """The rows under the facets of what followed them."""
    return msgspec.structs.replace(rows, facet=followers.facet[which], words=followers.words)
