"""Incidents that hit many: one fault that several customers report at once is the product's affair, and no agent's.

A ticket is of an incident when, within some hours around it, tickets like it or of the same problem ticket came from
several customers, and clearly more than are usual. It looks no further than that, so that what one day brings changes
nothing of what was found of another.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import msgspec
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from helpdesk_kpi.measure.metrics.columns import Floats, Ints
from helpdesk_kpi.milliseconds import DAY, HOUR
from helpdesk_kpi.text.fingerprint import get_intent, is_comparable, similarity

ALIKE = 0.5  # more than two tickets of one customer need: strangers use the same words of different things
SPIKE = 4  # times as many customers as usual in as many hours; few are more than chance brings only from 6 sigma on
USUAL = 28  # days before it: what is usual
LEAST = 7  # of them that have to be known
_CLASSES = 6  # classes of hashes, of each of which the smallest is looked at


class IncidentReport(msgspec.Struct, frozen=True, gc=False):
    """A ticket among many: when it came, from which customer, of which problem ticket, with which words."""

    ticket: int
    name: str  # as `problem` would name it
    at: int
    customer: int
    problem: str | None
    sketch: bytes


def find_incidents(reports: Sequence[IncidentReport], customers: int, hours: int) -> dict[int, int]:
    """Tickets of incidents -> the instant from which that is known: when the last of so many `customers` had written.

    `reports` reach back `USUAL` days before the first ticket of interest.
    """
    found: dict[int, int] = {}
    for of_problem in _of_problems(reports).values():
        _add(found, _find_crowded(of_problem, customers, hours * HOUR))
    faults = [r for r in reports if is_comparable(r.sketch) and get_intent(r.sketch) != "wish"]
    for report, near, needed in _crowds(faults, customers, hours * HOUR):
        if report.ticket not in found:
            known = _detected_at(report, near, needed)
            if known is not None:
                found[report.ticket] = known
    return found


def _add(found: dict[int, int], more: Mapping[int, int]) -> None:
    for ticket, known in more.items():
        found[ticket] = min(known, found.get(ticket, known))


def _of_problems(reports: Sequence[IncidentReport]) -> dict[str, list[IncidentReport]]:
    """Problem ticket -> those tied to it, and itself."""
    by_problem: dict[str, list[IncidentReport]] = defaultdict(list)
    for report in reports:
        if report.problem:
            by_problem[report.problem].append(report)
    for report in reports:
        if report.name in by_problem:
            by_problem[report.name].append(report)
    return by_problem


def _find_crowded(reports: Sequence[IncidentReport], customers: int, within: int) -> dict[int, int]:
    """Those around which enough customers wrote; a problem ticket is tied by hand, so nothing else is asked."""
    ordered = sorted(reports, key=lambda r: (r.at, r.ticket))
    found = {}
    for report in ordered:
        near = [other for other in ordered if abs(other.at - report.at) <= within]
        known = _reached_at(report, near, customers)
        if known is not None:
            found[report.ticket] = known
    return found


def _reached_at(report: IncidentReport, near: Sequence[IncidentReport], customers: int) -> int | None:
    """When, in order of time, the last of so many customers had written."""
    seen: set[int] = {report.customer}
    for other in near:
        seen.add(other.customer)
        if len(seen) >= customers:
            return max(report.at, other.at)
    return report.at if customers == 1 else None


def _crowds(
    reports: Sequence[IncidentReport], customers: int, within: int
) -> Iterator[tuple[IncidentReport, Sequence[IncidentReport], float]]:
    """Each ticket of a crowd, those near it that may be like it in order of time, and how many customers it takes; a
    ticket comes once for each mark that it shares with so many.
    """
    buckets: dict[tuple[int, int], list[IncidentReport]] = defaultdict(list)
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
    smallest: dict[int, int] = {}
    for kept in np.frombuffer(sketch, "<u4", offset=1).tolist():
        smallest.setdefault(kept % _CLASSES, kept)
        if len(smallest) == _CLASSES:
            break
    return list(combinations([smallest[c] for c in sorted(smallest)], 2))


def _spikes(
    bucket: Sequence[IncidentReport], written: Ints, customers: int, within: int
) -> Iterator[tuple[IncidentReport, Sequence[IncidentReport], float]]:
    """Each of a bucket (in order of time) around which more wrote than usual. `written`: when all tickets came."""
    times = np.array([r.at for r in bucket], np.int64)
    first, last = _near(times, times, within)
    places = np.flatnonzero(last - first >= customers)
    if not len(places):
        return
    needed = _required_customers(times, times[places], written, within).clip(min=customers)
    for i, enough in zip(places.tolist(), needed.tolist(), strict=True):
        near = bucket[int(first[i]) : int(last[i])]
        if len(near) >= enough and len({r.customer for r in near}) >= enough:
            yield bucket[i], near, enough


def _required_customers(times: Ints, at: Ints, written: Ints, within: int) -> Floats:
    """How many customers are clearly more than usual at each instant; where little is known of what is usual, half of
    all who wrote.
    """
    first = int(written[0]) // DAY
    ends = (at - within) // DAY - first  # the day before which is looked at what is usual
    begin, end = _near(written, at, within)
    by_day = np.bincount(times // DAY - first, minlength=int(ends.max(initial=0)) + 1)
    windows = np.sort(sliding_window_view(np.pad(by_day, (USUAL, 0)), USUAL), axis=1)[ends.clip(min=0)]
    days = ends.clip(1, USUAL)
    # An incident of last week must not make the next one look usual: the busiest days are no measure.
    busy = -(-days // 10)
    usual = windows.cumsum(axis=1)[np.arange(len(at)), USUAL - busy - 1] / (days - busy).clip(min=1) * 2 * within / DAY
    return np.where(ends < LEAST, (end - begin) / 2, np.maximum(SPIKE * usual, usual + 6 * np.sqrt(usual)))


def _near(among: Ints, times: Ints, within: int) -> tuple[Ints, Ints]:
    """The places [from, to) of what lies near each of some instants."""
    return np.searchsorted(among, times - within), np.searchsorted(among, times + within, side="right")


def _detected_at(report: IncidentReport, near: Sequence[IncidentReport], needed: float) -> int | None:
    """When enough customers had written something like it; the comparing ends there."""
    seen: set[int] = {report.customer}
    for other in near:
        if other.customer not in seen and similarity(report.sketch, other.sketch) >= ALIKE:
            seen.add(other.customer)
            if len(seen) >= needed:
                return max(report.at, other.at)
    return None
