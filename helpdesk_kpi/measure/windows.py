"""Figures of what follows within some days: a problem that comes back, a contact that stayed the only one."""

from typing import Any

import numpy as np

from helpdesk_kpi.measure.asked import Asked, Bools, Policy, by_facet
from helpdesk_kpi.measure.columns import NEVER, Columns, Ints
from helpdesk_kpi.measure.contract import EXCLUDED, Within
from helpdesk_kpi.measure.statistics.proportion import wilson
from helpdesk_kpi.measure.value import Value

DAY = 86_400_000


def within(asked: Asked, rows: Columns, policy: Policy) -> Value:
    """The share of base rows that were followed, or were not, by the longest window and by the others beside."""
    told = asked.statistic
    assert isinstance(told, Within)
    rows = rows.take(rows.end == NEVER)
    when, how = first_followers(rows, policy.followers(), asked.as_of)
    others = {f"{days} d": _share(told, rows, when, days, asked.as_of)["value"] for days in told.also}
    over = _is_over(rows, told.days, asked.as_of)
    came = _came(rows, when, told.days) & over
    facets = {}
    if n := float(rows.share[over].sum()):
        followed = rows.take(came)
        codes = policy.followers().facet[how[came]]
        facets = by_facet(_with_facets(followed, codes, policy.followers().words), followed.share, n)
    return asked.value(
        **_share(told, rows, when, told.days, asked.as_of), running=int((~over).sum()), facets=facets, also=others
    )


def _share(told: Within, rows: Columns, when: Ints, days: int, as_of: int) -> dict[str, Any]:
    over = _is_over(rows, days, as_of)
    came = _came(rows, when, days)
    counts = came if told.of == "followed" else (rows.value == 1) & ~came
    n, x = float(rows.share[over].sum()), float(rows.share[over & counts].sum())
    low, high = wilson(x, n) if n else (None, None)
    return {"n": n, "value": x / n if n else None, "low": low, "high": high}


def _is_over(rows: Columns, days: int, as_of: int) -> Bools:
    """Whether all that could follow within the window is known."""
    over: Bools = rows.at + days * DAY <= as_of
    return over


def _came(rows: Columns, when: Ints, days: int) -> Bools:
    came: Bools = (when != NEVER) & (when - rows.at <= days * DAY)
    return came


def first_followers(base: Columns, followers: Columns, as_of: int) -> tuple[Ints, Ints]:
    """When the first follower of each base row came after it (NEVER: none did), and its place among the followers."""
    codes = [code for code, word in enumerate(followers.words) if word in EXCLUDED]
    exists = (followers.known <= as_of) & (followers.until > as_of) & (followers.end <= as_of)
    exists &= (followers.end != NEVER) & ~np.isin(followers.stop, codes)
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
        return np.full(len(base), NEVER), safe
    has &= tickets[safe] == base.ticket
    return np.where(has, ends[safe], NEVER), places[safe]


def _with_facets(rows: Columns, codes: Ints, words: tuple[str | None, ...]) -> Columns:
    parts = {name: getattr(rows, name) for name in rows.__struct_fields__}
    return Columns(**{**parts, "facet": codes, "words": words})
