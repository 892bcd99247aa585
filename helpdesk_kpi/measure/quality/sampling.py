"""Random sample of tickets for review: per person, stratified by severity.

Tickets are ordered by keyed hashes. The order looks random without the store's key, and it is the same every time, so
nobody can draw again until they like the sample.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from helpdesk_kpi.calendar.periods import Period
from helpdesk_kpi.measure.metrics.columns import NO_PERSON
from helpdesk_kpi.measure.metrics.contract import EXCLUDED
from helpdesk_kpi.measure.query.metric_store import MetricStore

FROM = "solved_tickets"


class SampledTicket(NamedTuple):
    """A ticket to review, and the person who solved it."""

    person: str
    ticket: str  # its URL, else "source:id"
    severity: str | None


def sample_tickets(reader: MetricStore, period: Period, as_of: int, each: int) -> Iterator[SampledTicket]:
    """Draw up to `each` tickets per person from those that they solved in the period."""
    for person, tickets in sorted(_find_solved(reader, period, as_of).items()):
        strata: dict[str | None, list[int]] = defaultdict(list)
        for ticket in sorted(tickets, key=lambda t: _draw_order(reader.store.hash_key, period.label, t)):
            strata[tickets[ticket]].append(ticket)
        for severity, many in allocate({s: len(found) for s, found in strata.items()}, each).items():
            for ticket in strata[severity][:many]:
                yield SampledTicket(person, _address(reader, ticket), severity)


def _find_solved(reader: MetricStore, period: Period, as_of: int) -> Mapping[str, Mapping[int, str | None]]:
    """Person -> solved ticket that counts -> severity."""
    rows = reader.columns(FROM).between(period.start, period.end)
    here = rows.take(rows.exist(as_of) & ~rows.has_stop_reason(EXCLUDED))
    found: dict[str, dict[int, str | None]] = defaultdict(dict)
    people = reader.labels(here, "agent")
    for i in np.flatnonzero(people != NO_PERSON):
        found[reader.agent_names[people[i]]][int(here.ticket[i])] = here.words[here.severity[i]]
    return found


def _draw_order(key: bytes, period: str, ticket: int) -> bytes:
    return hashlib.blake2b(f"{period} {ticket}".encode(), key=key, digest_size=8).digest()


def allocate(strata: Mapping[str | None, int], many: int) -> dict[str | None, int]:
    """Allocate `many` units to strata in proportion to their sizes, by largest remainders.

    >>> allocate({"P0": 1, "P2": 7, "P3": 12}, 10)  # 0.5, 3.5 and 6
    {'P0': 1, 'P2': 3, 'P3': 6}
    >>> allocate({"P1": 2}, 10)
    {'P1': 2}
    """
    whole = sum(strata.values())
    many = min(many, whole)
    found = {stratum: many * size // whole for stratum, size in strata.items()}
    rest = sorted(strata, key=lambda s: (-(many * strata[s] % whole), strata[s], str(s)))
    for stratum in rest[: many - sum(found.values())]:
        found[stratum] += 1
    return found


def _address(reader: MetricStore, ticket: int) -> str:
    sql = "SELECT t.url, s.name || ':' || t.native FROM tickets t JOIN sources s ON s.id = t.source WHERE t.id = ?"
    ((url, mark),) = reader.store.rows(sql, ticket)
    return str(url or mark)


def render_review_sheet(found: Sequence[SampledTicket], columns: Sequence[str]) -> list[list[str]]:
    """Rows of a review form, starting with the header."""
    filled = {"ticket": lambda one: one.ticket, "subject": lambda one: one.person}
    return [list(columns), *([filled[c](one) if c in filled else "" for c in columns] for one in found)]
