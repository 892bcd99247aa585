"""Incidents that hit many: one fault that several customers report at once is the product's affair, and no agent's.

A ticket is of an incident when, within some hours around it, tickets like it or of the same problem ticket came from
several customers, and clearly more than are usual. It looks no further than that, so that what one day brings changes
nothing of what was found of another.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import msgspec
import numpy as np

from helpdesk_kpi.measure.columns import Ints
from helpdesk_kpi.measure.repeats import DAY
from helpdesk_kpi.pull.sketch import aim_of, is_comparable, similarity

HOUR = 3_600_000
ALIKE = 0.5  # more than two tickets of one customer need: strangers use the same words of different things
SPIKE = 4  # times as many customers as usual in as many hours; few are more than chance brings only from 6 sigma on
USUAL = 28  # days before it: what is usual
LEAST = 7  # of them that have to be known
_CLASSES = 6  # classes of hashes, of each of which the smallest is looked at


class Report(msgspec.Struct, frozen=True, gc=False):
    """A ticket among many: when it came, from which customer, of which problem ticket, with which words."""

    ticket: int
    name: str  # as `problem` would name it
    at: int
    customer: int
    problem: str | None
    sketch: bytes


def incidents(reports: Sequence[Report], customers: int, hours: int) -> dict[int, int]:
    """Tickets of incidents -> the instant from which that is known: when the last of so many `customers` had written.

    `reports` reach back `USUAL` days before the first ticket of interest.
    """
    found: dict[int, int] = {}
    for of_problem in _of_problems(reports).values():
        _add(found, _crowded(of_problem, customers, hours * HOUR))
    faults = [r for r in reports if is_comparable(r.sketch) and aim_of(r.sketch) != "wish"]
    for report, near, needed in _crowds(faults, customers, hours * HOUR):
        known = _known(report, near, needed)
        if known is not None:
            _add(found, {report.ticket: known})
    return found


def _add(found: dict[int, int], more: Mapping[int, int]) -> None:
    for ticket, known in more.items():
        found[ticket] = min(known, found.get(ticket, known))


def _of_problems(reports: Sequence[Report]) -> dict[str, list[Report]]:
    """Problem ticket -> those tied to it, and itself."""
    by_problem: dict[str, list[Report]] = defaultdict(list)
    for report in reports:
        if report.problem:
            by_problem[report.problem].append(report)
    for report in reports:
        if report.name in by_problem:
            by_problem[report.name].append(report)
    return by_problem


def _crowded(reports: Sequence[Report], customers: int, within: int) -> dict[int, int]:
    """Those around which enough customers wrote; a problem ticket is tied by hand, so nothing else is asked."""
    ordered = sorted(reports, key=lambda r: (r.at, r.ticket))
    found = {}
    for report in ordered:
        near = [other for other in ordered if abs(other.at - report.at) <= within]
        known = _reached(report, near, customers)
        if known is not None:
            found[report.ticket] = known
    return found


def _reached(report: Report, near: Sequence[Report], customers: int) -> int | None:
    """When, in order of time, the last of so many customers had written."""
    seen: set[int] = {report.customer}
    for other in near:
        seen.add(other.customer)
        if len(seen) >= customers:
            return max(report.at, other.at)
    return report.at if customers == 1 else None


def _crowds(reports: Sequence[Report], customers: int, within: int) -> Iterator[tuple[Report, Sequence[Report], float]]:
    """Each ticket of a crowd, those near it that may be like it in order of time, and how many customers it takes; a
    ticket comes once for each mark that it shares with so many.
    """
    buckets: dict[tuple[int, int], list[Report]] = defaultdict(list)
    ordered = sorted(reports, key=lambda r: (r.at, r.ticket))
    for report in ordered:
        for mark in _marks(report.sketch):
            buckets[mark].append(report)
    written = np.array([r.at for r in ordered], np.int64)
    for bucket in buckets.values():
        if len(bucket) >= customers:
            yield from _spikes(bucket, written, customers, within)


def _marks(sketch: bytes) -> list[tuple[int, int]]:
    """Pairs of the smallest hashes of some classes: texts that are much alike share some, others hardly any."""
    hashes = np.frombuffer(sketch, "<u4", offset=1)
    classes = hashes % _CLASSES
    smallest = [int(hashes[classes == c][0]) for c in range(_CLASSES) if (classes == c).any()]
    return list(combinations(smallest, 2))


def _spikes(
    bucket: Sequence[Report], written: Ints, customers: int, within: int
) -> Iterator[tuple[Report, Sequence[Report], float]]:
    """Each of a bucket (in order of time) around which more wrote than usual. `written`: when all tickets came."""
    times = np.array([r.at for r in bucket], np.int64)
    first, last = _near(times, times, within)
    for i in map(int, np.flatnonzero(last - first >= customers)):
        needed = max(customers, _needed(times, int(times[i]), written, within))
        if last[i] - first[i] >= needed:
            yield bucket[i], bucket[int(first[i]) : int(last[i])], needed


def _needed(times: Ints, at: int, written: Ints, within: int) -> float:
    """How many customers are clearly more than usual; where little is known of what is usual, half of all who wrote."""
    begin = at - within
    days = min(int(begin - written[0]) // DAY, USUAL)
    if days < LEAST:
        around = _near(written, np.array([at]), within)
        return float(around[1][0] - around[0][0]) / 2
    by_day = np.sort(np.diff(np.searchsorted(times, begin - np.arange(days, -1, -1) * DAY)))
    # An incident of last week must not make the next one look usual: the busiest days are no measure.
    usual = float(by_day[: days - -(-days // 10)].mean()) * 2 * within / DAY
    return max(SPIKE * usual, usual + 6 * math.sqrt(usual))


def _near(among: Ints, times: Ints, within: int) -> tuple[Ints, Ints]:
    """The places [from, to) of what lies near each of some instants."""
    return np.searchsorted(among, times - within), np.searchsorted(among, times + within, side="right")


def _known(report: Report, near: Sequence[Report], needed: float) -> int | None:
    """When enough customers had written something like it; the comparing ends there."""
    seen: set[int] = {report.customer}
    for other in near:
        if other.customer not in seen and similarity(report.sketch, other.sketch) >= ALIKE:
            seen.add(other.customer)
            if len(seen) >= needed:
                return max(report.at, other.at)
    return None
