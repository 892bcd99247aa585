"""A small desk whose agents solve, answer and are rated as a test says, read as a store is read."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from reader_fixtures import BERLIN, HOUR, Source, agent

from helpdesk_kpi.calendar.periods import parse_period
from helpdesk_kpi.config import Config
from helpdesk_kpi.measure.benchmarking.comparison import compare_people
from helpdesk_kpi.measure.benchmarking.result import Comparison, PersonResult
from helpdesk_kpi.measure.build.build import build_stale
from helpdesk_kpi.measure.query.metric_store import MetricStore
from helpdesk_kpi.model import Event, Ticket
from helpdesk_kpi.store import Store

PRIORITIES = {"urgent": "P0", "high": "P1", "normal": "P2", "low": "P3"}
MINUTE = 60_000


def noon(month: int, day: int) -> int:
    return int(dt.datetime(2026, month, day, 12, tzinfo=BERLIN).timestamp() * 1000)


BEFORE, DURING = noon(6, 1), noon(10, 5)  # of the quarter October to December, and before it
ONE_SHIFT = {"shifts": {"all day": "00:00-24:00"}}


class SmallDesk:
    """Writes tickets, then compares."""

    def __init__(self, store: Store, people: Sequence[str]) -> None:
        self.store, self.source = store, Source(store)
        self.source.put(*(agent(name, name) for name in people))
        self.records: list[Any] = []
        self.count = 0

    def ticket(self, created: int, *, priority: str = "high", requester: str = "c", **more: Any) -> str:
        self.count += 1
        number = str(self.count)
        given = {"status": "open", "requester": requester, "submitter": requester, "priority": priority, **more}
        self.records.append(Ticket(number, number, f"http://x/{number}", created, created, 1, **given))
        return number

    def event(self, ticket: str, at: int, kind: str, **more: Any) -> None:
        self.records.append(Event(ticket, f"{ticket}-{at}-{len(self.records)}", at, len(self.records), kind, **more))  # type: ignore[arg-type]

    def solved(self, who: str, created: int, *, again: bool = False, took: int = HOUR, **more: Any) -> str:
        """A ticket that somebody solved, and that the customer opened again or not."""
        ticket = self.ticket(created, **more)
        self.event(ticket, created + took, "comment", actor=who, public=True, length=100)
        self.event(ticket, created + took, "change", actor=who, field="status", before="open", after="solved")
        if again:
            later = created + took + HOUR
            self.event(ticket, later, "comment", actor="c", public=True, length=100, is_thanks=False)
            self.event(ticket, later, "change", actor="c", field="status", before="solved", after="open")
        return ticket

    def many(self, who: str, n: int, again: int, at: int, **more: Any) -> None:
        """n solved tickets of one kind, the first `again` of which come back; one a minute."""
        for i in range(n):
            self.solved(who, at + i * MINUTE, again=i < again, **more)

    def compare(self, kpi: str, *, period: str = "2026-Q4", **told: Any) -> Comparison:
        reader = self.reader(**told.pop("config", {}))
        quarter = parse_period(period, "Europe/Berlin", DURING)
        return compare_people(reader, kpi, quarter, told.pop("as_of", quarter.end), **told)

    def reader(self, **config: Any) -> MetricStore:
        if self.records:
            self.source.put(*self.records)
            self.records = []
        sources = {"acme": {"connector": "zendesk", "severity": PRIORITIES}}
        settings = Config(timezone="Europe/Berlin", **{"sources": sources, **ONE_SHIFT, **config})
        build_stale(self.store, settings)
        return MetricStore(self.store, settings)


def person(comparison: Comparison, name: str) -> PersonResult:
    return next(one for one in comparison.subjects if one.name == name)
