"""Figures asked for once: the parts of a report (mail, text, page, chat) ask for the same numbers again and again."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TypeVar

from helpdesk_kpi.measure.metrics.metric_value import MetricValue
from helpdesk_kpi.measure.process.review import ProcessReview
from helpdesk_kpi.report.result_types import (
    Axis,
    BadRating,
    DataQuality,
    Figures,
    ReportFacts,
    ReportPeriod,
    TicketLine,
    WaitingTicket,
)

Answer = TypeVar("Answer")


class Remembered:
    """The same figures; every answer is kept as long as the report is made."""

    def __init__(self, figures: Figures) -> None:
        self._figures = figures
        self._answers: dict[object, object] = {}

    @property
    def period(self) -> ReportPeriod:
        return self._figures.period

    @property
    def as_of(self) -> int:
        return self._figures.as_of

    @property
    def zone(self) -> str:
        return self._figures.zone

    @property
    def team(self) -> str | None:
        return self._figures.team

    @cached_property
    def facts(self) -> ReportFacts:
        return self._figures.facts

    def value(self, kpi: str, variant: str = "strict", **where: str | None) -> MetricValue:
        key = ("value", kpi, variant, *sorted(where.items()))
        return self._once(key, lambda: self._figures.value(kpi, variant, **where))

    def by(
        self, kpi: str, axis: Axis, variant: str = "strict", **where: str | None
    ) -> Mapping[str | None, MetricValue]:
        key = ("by", kpi, axis, variant, *sorted(where.items()))
        return self._once(key, lambda: self._figures.by(kpi, axis, variant, **where))

    def waiting(self, limit: int) -> Sequence[WaitingTicket]:
        return self._once(("waiting", limit), lambda: self._figures.waiting(limit))

    def bad_ratings(self, limit: int) -> Sequence[BadRating]:
        return self._once(("bad_ratings", limit), lambda: self._figures.bad_ratings(limit))

    def ticket_rows(self, kpi: str, limit: int, variant: str = "strict", **where: str | None) -> Sequence[TicketLine]:
        key = ("ticket_rows", kpi, limit, variant, *sorted(where.items()))
        return self._once(key, lambda: self._figures.ticket_rows(kpi, limit, variant, **where))

    def process(self) -> ProcessReview:
        return self._once("process", self._figures.process)

    def examined(self) -> DataQuality:
        return self._once("examined", self._figures.examined)

    def _once(self, key: object, ask: Callable[[], Answer]) -> Answer:
        if key not in self._answers:
            self._answers[key] = ask()
        return self._answers[key]  # type: ignore[return-value]  # what was asked under this key
