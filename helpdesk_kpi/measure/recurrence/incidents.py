"""Mass incidents: one fault that several customers report at once. They are excluded from recurrence.

A ticket belongs to an incident if, within some hours around it, similar tickets or tickets of the same problem came
from several customers, clearly more than usual. Only this window and the days before it are used, so new tickets do not
change the incidents of other days.
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

ALIKE = (
    0.5  # higher than for two tickets of one customer: different customers use the same words for different problems
)
SPIKE = 4  # times the usual number of customers; small numbers also need 6 sigma
USUAL = 28  # days before the incident that give the usual number
LEAST = 7  # days of them that must be known
_CLASSES = 6  # classes of hashes; the smallest of each is used


class IncidentReport(msgspec.Struct, frozen=True, gc=False):
    """A ticket as input: time, customer, problem ticket and fingerprint of its text."""

    ticket: int
    name: str  # "source:native id", as in `problem`
    at: int
    customer: int
    problem: str | None
    sketch: bytes


def find_incidents(reports: Sequence[IncidentReport], customers: int, hours: int) -> dict[int, int]:
    """Ticket of an incident -> the instant of detection, when enough customers had written.

    Args:
        reports: tickets, from USUAL days before the first one of interest on.
        customers: smallest number of customers of an incident.
        hours: window before and after a ticket.
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
    """Problem ticket -> tickets linked to it, and itself."""
    by_problem: dict[str, list[IncidentReport]] = defaultdict(list)
    for report in reports:
        if report.problem:
            by_problem[report.problem].append(report)
    for report in reports:
        if report.name in by_problem:
            by_problem[report.name].append(report)
    return by_problem


def _find_crowded(reports: Sequence[IncidentReport], customers: int, within: int) -> dict[int, int]:
    """Tickets of one problem with enough customers around them. The link is manual, so texts are not compared."""
    ordered = sorted(reports, key=lambda r: (r.at, r.ticket))
    found = {}
    for report in ordered:
        near = [other for other in ordered if abs(other.at - report.at) <= within]
        known = _reached_at(report, near, customers)
        if known is not None:
            found[report.ticket] = known
    return found


def _reached_at(report: IncidentReport, near: Sequence[IncidentReport], customers: int) -> int | None:
    """When the number of customers was reached; None: it was not."""
    seen: set[int] = {report.customer}
    for other in near:
        seen.add(other.customer)
        if len(seen) >= customers:
            return max(report.at, other.at)
    return report.at if customers == 1 else None


def _crowds(
    reports: Sequence[IncidentReport], customers: int, within: int
) -> Iterator[tuple[IncidentReport, Sequence[IncidentReport], float]]:
    """(ticket, tickets near it that may be similar, number of customers needed) of possible incidents.

    A ticket comes once for each bucket that it shares with enough others.
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
    """Locality-sensitive buckets: pairs of the smallest hashes of each class. Similar texts share some."""
    smallest: dict[int, int] = {}
    for kept in np.frombuffer(sketch, "<u4", offset=1).tolist():
        smallest.setdefault(kept % _CLASSES, kept)
        if len(smallest) == _CLASSES:
            break
    return list(combinations([smallest[c] for c in sorted(smallest)], 2))


def _spikes(
    bucket: Sequence[IncidentReport], written: Ints, customers: int, within: int
) -> Iterator[tuple[IncidentReport, Sequence[IncidentReport], float]]:
    """Tickets of a bucket with more customers around them than usual.

    `bucket` is in order of time; `written`: creation of all tickets.
    """
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
    """The number of customers that is clearly more than usual, at each instant.

    Without enough known days it is half of all tickets in the window.
    """
    first = int(written[0]) // DAY
    ends = (at - within) // DAY - first  # the days before this one give the usual number
    begin, end = _near(written, at, within)
    by_day = np.bincount(times // DAY - first, minlength=int(ends.max(initial=0)) + 1)
    windows = np.sort(sliding_window_view(np.pad(by_day, (USUAL, 0)), USUAL), axis=1)[ends.clip(min=0)]
    days = ends.clip(1, USUAL)
    # The busiest days are dropped, so that an earlier incident does not make the next one look usual.
    busy = -(-days // 10)
    usual = windows.cumsum(axis=1)[np.arange(len(at)), USUAL - busy - 1] / (days - busy).clip(min=1) * 2 * within / DAY
    return np.where(ends < LEAST, (end - begin) / 2, np.maximum(SPIKE * usual, usual + 6 * np.sqrt(usual)))


def _near(among: Ints, times: Ints, within: int) -> tuple[Ints, Ints]:
    """Index ranges [from, to) of `among` within `within` of each instant."""
    return np.searchsorted(among, times - within), np.searchsorted(among, times + within, side="right")


def _detected_at(report: IncidentReport, near: Sequence[IncidentReport], needed: float) -> int | None:
    """When enough customers had written a similar text; None: not enough."""
    seen: set[int] = {report.customer}
    for other in near:
        if other.customer not in seen and similarity(report.sketch, other.sketch) >= ALIKE:
            seen.add(other.customer)
            if len(seen) >= needed:
                return max(report.at, other.at)
    return None
