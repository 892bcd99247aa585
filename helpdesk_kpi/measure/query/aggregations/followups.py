"""Figures of what follows within some days: a problem that comes back, a contact that stayed the only one."""

from typing import NamedTuple

import msgspec
import numpy as np

from helpdesk_kpi.measure.metrics.columns import NO_INSTANT, NO_PERSON, Columns, Floats, Ints
from helpdesk_kpi.measure.metrics.contract import EXCLUDED, Followup
from helpdesk_kpi.measure.metrics.metric_value import MetricValue
from helpdesk_kpi.measure.query.metric_query import Bools, Contributions, MetricQuery, Policy, group_by_facet
from helpdesk_kpi.measure.statistics.intervals import wilson
from helpdesk_kpi.milliseconds import DAY


class FollowupResult(NamedTuple):
    """What came of each row within the days of its window; one entry each."""

    at: Ints  # NEVER: nothing came
    ticket: Ints  # the ticket that followed; NOBODY: it came on the same one
    why: list[str | None]  # what makes it a follower
    counts: Floats  # 1 or 0, as the figure takes the row; nan: its days are not over, or it is a follower itself


def find_followups(told: Followup, rows: Columns, policy: Policy, as_of: int) -> FollowupResult:
    """The first follower of each base row, as far as it is known at `as_of`."""
    followers = policy.followers()
    when, which = first_followers(rows, followers, as_of)
    came = _came(rows, when, told.days) & (rows.end == NO_INSTANT)
    others = np.where(came, followers.other[which], NO_PERSON) if len(followers) else np.full(len(rows), NO_PERSON)
    why = [followers.words[followers.facet[w]] if c else None for w, c in zip(which, came, strict=True)]
    parts = _parts(told, rows, when, told.days, as_of)
    counts = np.divide(parts.adds, parts.counts, out=np.full(len(rows), np.nan), where=parts.counts > 0)
    return FollowupResult(np.where(came, when, NO_INSTANT), others, why, counts)


def followup_contributions(asked: MetricQuery, rows: Columns, policy: Policy) -> Contributions:
    """Followers themselves are no part: what they say is said of the rows that they follow."""
    told = asked.statistic
    assert isinstance(told, Followup)
    when, _ = first_followers(rows, policy.followers(), asked.as_of)
    return _parts(told, rows, when, told.days, asked.as_of)


def aggregate_followup(asked: MetricQuery, rows: Columns, policy: Policy) -> MetricValue:
    """The share of base rows that were followed, or were not, by the longest window and by the others beside."""
    told = asked.statistic
    assert isinstance(told, Followup)
    rows = rows.take(rows.end == NO_INSTANT)
    followers = policy.followers()
    when, which = first_followers(rows, followers, asked.as_of)
    parts = _parts(told, rows, when, told.days, asked.as_of)
    low, high = wilson(parts.x, parts.n) if parts.n else (None, None)
    over = _is_over(rows, told.days, asked.as_of)
    came = _came(rows, when, told.days) & over
    facets = (
        group_by_facet(_facet_of_followup(rows.take(came), followers, which[came]), rows.share[came], parts.n)
        if parts.n
        else {}
    )
    also = {f"{days} d": _parts(told, rows, when, days, asked.as_of).share for days in told.also}
    return asked.value(
        n=parts.n, value=parts.share, low=low, high=high, running=int((~over).sum()), facets=facets, also=also
    )


def _parts(told: Followup, rows: Columns, when: Ints, days: int, as_of: int) -> Contributions:
    counts = rows.share * ((rows.end == NO_INSTANT) & _is_over(rows, days, as_of))
    came = _came(rows, when, days)
    return Contributions(counts, counts * (came if told.of == "followed" else (rows.value == 1) & ~came))


def _is_over(rows: Columns, days: int, as_of: int) -> Bools:
    """Whether all that could follow within the window is known."""
    over: Bools = rows.at + days * DAY <= as_of
    return over


def _came(rows: Columns, when: Ints, days: int) -> Bools:
    came: Bools = (when != NO_INSTANT) & (when - rows.at <= days * DAY)
    return came


def first_followers(base: Columns, followers: Columns, as_of: int) -> tuple[Ints, Ints]:
    """When the first follower of each base row came after it (NEVER: none did), and its place among the followers."""
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
