"""Compare our values with the vendor's, ticket by ticket, with the reason for each difference.

The vendor's value is compared with the one that reports print. If they differ, the vendor's definition is applied to
our history: if that agrees, the definitions differ, else the data do (see `causes`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

import msgspec

from helpdesk_kpi.calendar.calendar_rules import CalendarRules
from helpdesk_kpi.config import Config
from helpdesk_kpi.identities.past_roles import keep_standings
from helpdesk_kpi.identities.source_rules import load_source_rules
from helpdesk_kpi.measure.build.local import CHUNK
from helpdesk_kpi.measure.build.subjects import load_timelines
from helpdesk_kpi.measure.reconcile.causes import AGREE, EXCLUDED_HERE, ONE_SIDED_REASONS, UNEXPLAINED
from helpdesk_kpi.measure.reconcile.ticket_diff import (
    ClockName,
    Native,
    TicketDiff,
    TicketDifference,
    VendorCycle,
    VendorTicket,
)
from helpdesk_kpi.measure.reconcile.vendor_metrics import VENDOR_METRICS
from helpdesk_kpi.store import Store

_OF = "ticket IN (SELECT value FROM json_each(?))"


class Reconciler:
    """Compares the tickets of one store."""

    def __init__(self, store: Store, config: Config) -> None:
        self.store = store
        self.clocks = CalendarRules(store, config)
        keep_standings(store, config)
        self.desks = load_source_rules(store, config)

    @cached_property
    def sources(self) -> dict[int, tuple[str, str]]:
        """Key -> (name, connector) of sources with known vendor metrics."""
        rows = self.store.rows("SELECT id, name, connector FROM sources ORDER BY id")
        return {key: (name, connector) for key, name, connector in rows if connector in VENDOR_METRICS}

    def rows(self, source: str | None = None, metric: str | None = None) -> Iterator[TicketDifference]:
        """All comparisons by source, in order of ticket keys."""
        for key, (name, _) in self.sources.items():
            if source in {None, name}:
                yield from self._of_source(key, metric)

    def _of_source(self, key: int, metric: str | None) -> Iterator[TicketDifference]:
        after = -1
        sql = "SELECT id FROM tickets WHERE source = ? AND id > ? AND created_at IS NOT NULL ORDER BY id LIMIT ?"
        while tickets := [ticket_id for (ticket_id,) in self.store.rows(sql, key, after, CHUNK)]:
            yield from self.of(tickets, metric)
            after = tickets[-1]

    def of(self, tickets: Sequence[int], metric: str | None = None) -> Iterator[TicketDifference]:
        """Comparisons of these tickets. `metric`: the vendor's name or the KPI's id."""
        vendor_tickets = self._load_vendor_tickets(tickets)
        for ticket in load_timelines(self.store, self.desks, sorted(tickets)):
            _, connector = self.sources.get(ticket.row.source, ("", ""))
            for one in VENDOR_METRICS.get(connector, ()):
                if metric in {None, one.name, one.kpi}:
                    yield from TicketDiff(self.clocks, ticket, one, vendor_tickets[ticket.row.id]).rows()

    def _load_vendor_tickets(self, tickets: Sequence[int]) -> dict[int, VendorTicket]:
        wanted = list(tickets)
        figures, cycles = self._figures(wanted), self._cycles(wanted)
        sql = "SELECT id, source, native, url FROM tickets WHERE id IN (SELECT value FROM json_each(?))"
        return {
            key: VendorTicket(
                self.sources.get(source, ("", ""))[0], native, url or "", figures.get(key, {}), cycles.get(key, ())
            )
            for key, source, native, url in self.store.rows(sql, wanted)
        }

    def _figures(self, wanted: list[int]) -> dict[int, dict[str, Native]]:
        found: dict[int, dict[str, Native]] = {}
        sql = f"SELECT ticket, metric, calendar, business, count FROM native_metrics WHERE {_OF}"
        for ticket, metric, *amounts in self.store.rows(sql, wanted):
            found.setdefault(ticket, {})[metric] = Native(*amounts)
        return found

    def _cycles(self, wanted: list[int]) -> dict[int, list[VendorCycle]]:
        found: dict[int, list[VendorCycle]] = {}
        sql = (
            "SELECT ticket, sla, started_at, stopped_at, elapsed FROM sla_cycles WHERE stopped_at IS NOT NULL"
            f" AND started_at IS NOT NULL AND elapsed IS NOT NULL AND {_OF} ORDER BY ticket, sla, number"
        )
        for ticket, *cycle in self.store.rows(sql, wanted):
            found.setdefault(ticket, []).append(VendorCycle(*cycle))
        return found


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """One metric of one source on one clock."""

    source: str
    metric: str
    kpi: str  # "": no KPI corresponds
    clock: ClockName
    compared: int  # tickets that count here, with a value on both sides
    agree: int
    left_out: int  # tickets that only the vendor counts
    reasons: Mapping[str, int]  # of all differences, most frequent first; includes excluded and one-sided ones
    unexplained: int
    largest: TicketDifference | None  # the largest difference; an unexplained one before all others


def summarise(rows: Iterable[TicketDifference]) -> list[Summary]:
    """Summarise by source, metric and clock, in the order of the metrics."""
    found: dict[tuple[str, str, ClockName], _Counter] = {}
    for row in rows:
        found.setdefault((row.source, row.metric, row.clock), _Counter()).add(row)
    order = [metric.name for metrics in VENDOR_METRICS.values() for metric in metrics]
    sources = list(dict.fromkeys(source for source, _, _ in found))
    keys = sorted(found, key=lambda key: (sources.index(key[0]), order.index(key[1]), key[2] == "business"))
    return [found[key].summary(*key) for key in keys]


class _Counter:
    def __init__(self) -> None:
        self.compared = self.agree = self.left_out = 0
        self.kpi = ""
        self.reasons: dict[str, int] = {}
        self.largest: TicketDifference | None = None

    def add(self, row: TicketDifference) -> None:
        self.kpi = row.kpi
        self.compared += row.reason not in ONE_SIDED_REASONS | EXCLUDED_HERE
        self.left_out += row.reason in EXCLUDED_HERE
        if row.reason in AGREE:
            self.agree += 1
            return
        self.reasons[row.reason] = self.reasons.get(row.reason, 0) + 1
        if _weight(row) > (_weight(self.largest) if self.largest else (False, 0)):
            self.largest = row

    def summary(self, source: str, metric: str, clock: ClockName) -> Summary:
        reasons = dict(sorted(self.reasons.items(), key=lambda item: (-item[1], item[0])))
        return Summary(
            source=source, metric=metric, kpi=self.kpi, clock=clock, compared=self.compared, agree=self.agree,
            left_out=self.left_out, reasons=reasons, unexplained=reasons.get(UNEXPLAINED, 0), largest=self.largest,
        )  # fmt: skip


def _weight(row: TicketDifference) -> tuple[bool, int]:
    """Sort key of the largest difference; excluded tickets have no value that could differ."""
    return row.reason == UNEXPLAINED, 0 if row.reason in EXCLUDED_HERE else abs(row.difference or 0)
