"""Made-up figures for the tests of reports: a few lines describe a desk's week."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo

import msgspec

from helpdesk_kpi.identities.unmapped_values import UnmappedValue
from helpdesk_kpi.measure.metrics.contract import Duration, Kpi, Observation, Share, Statistic, Stock, Total, Variant
from helpdesk_kpi.measure.metrics.metric_value import MetricValue, Point
from helpdesk_kpi.measure.process.review import (
    Bottleneck,
    CategoryGrowth,
    CategoryRecurrence,
    ProcessReview,
    Route,
    StageTime,
)
from helpdesk_kpi.measure.quality.gaps import DataGap
from helpdesk_kpi.measure.quality.outlier_questions import list_outlier_kpis
from helpdesk_kpi.measure.quality.priority_inversions import PriorityInversion
from helpdesk_kpi.measure.statistics.control_chart import Better, Signal
from helpdesk_kpi.measure.statistics.reciprocity import Reciprocity
from helpdesk_kpi.report.result_types import (
    Axis,
    BadRating,
    DataQuality,
    PersonShare,
    Question,
    ReportFacts,
    Severity,
    TicketLine,
    WaitingTicket,
)

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000


def at(*parts: int, zone: str = "Europe/Berlin") -> int:
    """Local wall time as epoch ms: at(2026, 11, 16, 8)."""
    return int(datetime(*parts, tzinfo=ZoneInfo(zone)).timestamp() * 1000)  # type: ignore[arg-type,misc]  # y, m, d, ...


class FakePeriod(msgspec.Struct, frozen=True):
    kind: str = "week"
    label: str = "2026-W47"
    start: int = at(2026, 11, 16)
    end: int = at(2026, 11, 23)


CHINESE = FakePeriod(start=at(2026, 11, 16, zone="Asia/Shanghai"), end=at(2026, 11, 23, zone="Asia/Shanghai"))
MONTH = FakePeriod("month", "2026-11", at(2026, 11, 1), at(2026, 12, 1))


def _nothing(_story: Any) -> Iterator[Observation]:
    yield from ()


def entry(  # noqa: PLR0917  # a table of them reads best without names
    kpi: str, title: str, unit: Literal["ms", "tickets", "share", "answers"], better: Better, statistic: Statistic,
    definition: str, pair: str | None = None,
) -> Kpi:  # fmt: skip
    return Kpi(
        id=kpi, title=title, unit=unit, better=better, statistic=statistic, anchor="created", needs=frozenset(),
        revision=1, subject="ticket", facet="", pair=pair, dimension="own", level="shown",
        min_n=30, matures=0, role="kpi", variants={"strict": Variant("strict", definition, _nothing)},
    )  # fmt: skip


CATALOGUE = {
    kpi.id: kpi
    for kpi in (
        entry("first_reply_time", "First reply time", "ms", "lower", Duration(),
              "From the customer's first message to the first effective contact by a person of the team. "
              "Automatic answers and internal notes do not count.", "reopen_rate"),
        entry("next_reply_time", "Next reply time", "ms", "lower", Duration(),
              "From a customer's message that waits for an answer to the next public reply.", "csat"),
        entry("full_resolution_time", "Full resolution time", "ms", "lower", Duration(),
              "From the ticket's creation to its last solution.", "reopen_rate"),
        entry("accepted_resolution_time", "Resolution time since acceptance", "ms", "lower", Duration(),
              "From the first human act to the last solution.", "reopen_rate"),
        entry("solved_tickets", "Solved tickets", "tickets", "neither", Total(),
              "Tickets that were solved in the period and stayed solved.", "reopen_rate"),
        entry("reopen_rate", "Reopen rate", "share", "lower", Share(),
              "Share of solutions after which the ticket came back."),
        entry("backlog", "Backlog", "tickets", "lower", Stock(), "Tickets that are not solved at the period's end."),
        entry("csat", "Customer satisfaction", "share", "higher", Share(), "Share of good among the answers.",
              "csat_response_rate"),
        entry("csat_response_rate", "Survey response rate", "share", "higher", Share(),
              "Share of the surveys sent that were answered."),
    )
}  # fmt: skip

SEVERITIES = (
    Severity("P0", "Service down", "Nobody can work.", {"first_reply_time": 15 * MINUTE}, "calendar"),
    Severity("P1", "Serious", "A main function fails.", {"first_reply_time": 30 * MINUTE}),
    Severity("P2", "Normal", "", {"first_reply_time": 4 * HOUR}),
    Severity("P3", "Question", "", {"first_reply_time": 8 * HOUR}),
)


def points(values: Sequence[float | None], n: float = 100) -> tuple[Point, ...]:
    """History up to the week before 2026-W47, one point a week."""
    first = 47 - len(values)
    return tuple(Point(f"2026-W{first + index:02d}", value, n) for index, value in enumerate(values))


def monthly(values: dict[Any, MetricValue]) -> dict[Any, MetricValue]:
    """The same values with a history of the 26 months before 2026-11."""
    labels = [f"{month // 12}-{month % 12 + 1:02d}" for month in range(2026 * 12 + 10 - 26, 2026 * 12 + 10)]

    def renamed(value: MetricValue) -> MetricValue:
        history = zip(labels, value.history, strict=False)
        return msgspec.structs.replace(
            value, history=tuple(Point(label, point.value, point.n) for label, point in history)
        )

    return {key: renamed(value) for key, value in values.items()}


def wave(middle: float, size: float = 0.1, count: int = 26) -> list[float]:
    """A history that goes up and down a little, always the same way."""
    steps = (0, -0.7, -0.2, 0.6, -0.9, 0.3, 0.8, -0.4, 0.1, -0.6, 1, -0.1, 0.5)
    return [middle * (1 + size * steps[index % 13]) for index in range(count)]


def figure(kpi: str, value: float | None, n: float = 100, **more: Any) -> MetricValue:
    return MetricValue(kpi=kpi, variant="strict", unit=CATALOGUE[kpi].unit, n=n, value=value, **more)


def usual(low: float, high: float, count: int = 26) -> Signal:
    return Signal("usual", None, low, high, count)


def signal(direction: Literal["better", "worse", "more", "less"], low: float, high: float) -> Signal:
    return Signal("signal", direction, low, high, 26)


def facts(**more: Any) -> ReportFacts:
    return msgspec.structs.replace(
        ReportFacts(
            sources={"acme": at(2026, 11, 23, 6)},
            catalogue=CATALOGUE,
            history_from=at(2026, 1, 1),
            severities=SEVERITIES,
        ),
        **more,
    )


class FakeFigures(msgspec.Struct, kw_only=True):
    """`values` by (kpi, (axis, name), ...), axes in order of their names; what is not given is an empty slice."""

    values: Mapping[Any, MetricValue] = {}
    facts: ReportFacts = msgspec.field(default_factory=facts)
    period: Any = FakePeriod()
    as_of: int = at(2026, 11, 23, 6)
    zone: str = "Europe/Berlin"
    team: str | None = None
    waits: Sequence[WaitingTicket] = ()
    ratings: Sequence[BadRating] = ()
    rows: Sequence[TicketLine] = ()
    review: ProcessReview = ProcessReview((), (), (), (), ())
    found: DataQuality = DataQuality()

    def value(self, kpi: str, variant: str = "strict", **where: str | None) -> MetricValue:  # noqa: ARG002  # one variant
        entry = self.facts.catalogue.get(kpi) or CATALOGUE[kpi]
        empty = MetricValue(kpi=kpi, variant="strict", unit=entry.unit, n=0, value=None)
        return self.values.get((kpi, *sorted(where.items())), empty)

    def by(
        self,
        kpi: str,
        axis: Axis,
        variant: str = "strict",  # noqa: ARG002  # one variant
        **where: str | None,
    ) -> Mapping[str | None, MetricValue]:
        found: dict[str | None, MetricValue] = {}
        for key, value in self.values.items():
            named = dict(key[1:])
            if key[0] == kpi and axis in named and {k: v for k, v in named.items() if k != axis} == where:
                found[named[axis]] = value
        return found

    def waiting(self, limit: int) -> Sequence[WaitingTicket]:
        return self.waits[:limit]

    def bad_ratings(self, limit: int) -> Sequence[BadRating]:
        return self.ratings[:limit]

    def ticket_rows(
        self,
        kpi: str,  # noqa: ARG002  # the same rows behind every number
        limit: int,
        variant: str = "strict",  # noqa: ARG002
        **where: str | None,  # noqa: ARG002
    ) -> Sequence[TicketLine]:
        return self.rows[:limit]

    def process(self) -> ProcessReview:
        return self.review

    def examined(self) -> DataQuality:
        return self.found


def _reply(  # noqa: PLR0917  # the same
    level: str | None, n: int, minutes: float, p90: float, within: float, open_: int, late: int, **more: Any
) -> MetricValue:
    clock = "calendar" if level == "P0" else "business"
    targets = {"P0": 15.0, "P1": 30.0, "P2": 240.0, "P3": 480.0}
    return figure(
        "first_reply_time", minutes * MINUTE, n, median=minutes * MINUTE, p90=p90 * MINUTE, mean=minutes * 1.4 * MINUTE,
        low=minutes * 0.86 * MINUTE, high=minutes * 1.17 * MINUTE, ended=n - open_, running=open_, clock=clock,
        target=targets[level] * MINUTE if level in targets else None, within=within if level in targets else None,
        overdue=late, **more,
    )  # fmt: skip


def _solved(n: int, hours: float, p90: float | None, open_: int, **more: Any) -> MetricValue:
    return figure(
        "full_resolution_time", hours * HOUR, n, median=hours * HOUR, p90=None if p90 is None else p90 * HOUR,
        mean=hours * 1.3 * HOUR, low=hours * 0.9 * HOUR, high=hours * 1.12 * HOUR, ended=n - open_, running=open_,
        clock="business", **more,
    )  # fmt: skip


def _open(count: int, late: int = 0, **more: Any) -> MetricValue:
    return figure("backlog", count, count, overdue=late, running=count, **more)


def week_values() -> dict[Any, MetricValue]:
    """A week in which P1 first replies got slower, above all in Billing; everything else is as usual."""
    slow = {
        "history": points([v * MINUTE for v in wave(29, 0.14)]),
        "signal": signal("worse", 22 * MINUTE, 36 * MINUTE),
    }
    calm = usual(80 * MINUTE, 112 * MINUTE)
    total = {"previous": figure("first_reply_time", 91 * MINUTE, 390, clock="mixed"), "signal": calm}
    reply = figure(
        "first_reply_time", 98 * MINUTE, 412, median=98 * MINUTE, p90=430 * MINUTE, mean=164 * MINUTE, low=88 * MINUTE,
        high=107 * MINUTE, ended=394, running=18, censored={"solved_without_reply": 5}, within=0.884, overdue=6,
        clock="mixed", history=points([v * MINUTE for v in wave(96)]), **total,
    )  # fmt: skip
    resolution = figure(
        "full_resolution_time", 21.2 * HOUR, 412, median=21.2 * HOUR, p90=None, mean=26.4 * HOUR, low=19 * HOUR,
        high=24 * HOUR, ended=348, running=64, clock="mixed", history=points([v * HOUR for v in wave(20.5)]),
        signal=usual(17 * HOUR, 24 * HOUR), previous=figure("full_resolution_time", 20.6 * HOUR, 391, clock="mixed"),
    )  # fmt: skip
    csat = figure(
        "csat", 68 / 75, 75, low=0.82, high=0.953, history=points(wave(0.89, 0.03)), signal=usual(0.8, 0.97),
        previous=figure("csat", 0.9, 71),
    )  # fmt: skip
    backlog = _open(
        143, 9, facets={"new": 18, "open": 61, "pending": 47, "hold": 17}, history=points(wave(140)),
        signal=usual(110, 170), previous=figure("backlog", 139, 139),
    )  # fmt: skip
    return {
        ("first_reply_time",): reply,
        ("first_reply_time", ("severity", "P0")): _reply("P0", 6, 4, 11, 1, 0, 0),
        ("first_reply_time", ("severity", "P1")): _reply(
            "P1", 58, 41, 170, 0.71, 2, 2, previous=_reply("P1", 55, 29, 120, 0.9, 1, 0), **slow
        ),
        ("first_reply_time", ("severity", "P1"), ("team", "Billing")): _reply("P1", 20, 70, 200, 0.5, 2, 2, **slow),
        ("first_reply_time", ("severity", "P2")): _reply("P2", 241, 115, 430, 0.93, 9, 3),
        ("first_reply_time", ("severity", "P3")): _reply("P3", 97, 200, 510, 0.96, 4, 1),
        ("first_reply_time", ("severity", None)): _reply(None, 10, 150, 600, 1, 3, 0),
        ("first_reply_time", ("team", "Billing")): _reply("P2", 120, 150, 400, 0.8, 9, 3),
        ("first_reply_time", ("team", "Platform")): _reply("P2", 292, 85, 390, 0.92, 9, 3),
        ("full_resolution_time",): resolution,
        ("full_resolution_time", ("severity", "P0")): _solved(6, 2.08, 4, 0),
        ("full_resolution_time", ("severity", "P1")): _solved(58, 9.67, 31, 5),
        ("full_resolution_time", ("severity", "P2")): _solved(241, 27, None, 31),
        ("full_resolution_time", ("severity", "P3")): _solved(97, 44, None, 22),
        ("full_resolution_time", ("severity", None)): _solved(10, 30, None, 6),
        ("backlog",): backlog,
        ("backlog", ("severity", "P0")): _open(0),
        ("backlog", ("severity", "P1")): _open(14, 4),
        ("backlog", ("severity", "P2")): _open(78, 4),
        ("backlog", ("severity", "P3")): _open(43, 1),
        ("backlog", ("severity", None)): _open(8),
        ("csat",): csat,
        ("csat_response_rate",): figure(
            "csat_response_rate", 75 / 318, 318, low=0.19, high=0.285, signal=usual(0.17, 0.3),
            previous=figure("csat_response_rate", 0.22, 322),
        ),
        ("next_reply_time",): figure(
            "next_reply_time", 140 * MINUTE, 655, median=140 * MINUTE, p90=560 * MINUTE, mean=210 * MINUTE,
            low=128 * MINUTE, high=151 * MINUTE, ended=640, running=15, clock="mixed",
            signal=usual(110 * MINUTE, 160 * MINUTE),
            previous=figure("next_reply_time", 137 * MINUTE, 640, clock="mixed"),
        ),
        ("accepted_resolution_time",): figure(
            "accepted_resolution_time", 18.4 * HOUR, 398, median=18.4 * HOUR, p90=None, mean=23.9 * HOUR,
            low=16 * HOUR, high=20 * HOUR, ended=348, running=50, clock="mixed", signal=usual(15 * HOUR, 22 * HOUR),
        ),
        ("solved_tickets",): figure(
            "solved_tickets", 405, 405, signal=usual(350, 450), previous=figure("solved_tickets", 396, 396)
        ),
        ("reopen_rate",): figure(
            "reopen_rate", 0.061, 428, low=0.042, high=0.088, signal=usual(0.03, 0.09), provisional=True,
            facets={"not_fixed": 0.03, "followup_question": 0.014, "thanks": 0.017},
            previous=figure("reopen_rate", 0.058, 411),
        ),
    }  # fmt: skip


WAITS = (
    WaitingTicket(number="48102", url="https://acme.zendesk.com/agent/tickets/48102", since=at(2026, 11, 18, 9),
            subject="Invoice shows the wrong VAT since the update", waited=26 * HOUR, why="no first reply",
            severity="P1", category="Billing", target=30 * MINUTE),
    WaitingTicket(number="48077", url="https://acme.zendesk.com/agent/tickets/48077", since=at(2026, 11, 19, 9),
            subject="Export stops at 10,000 rows", waited=19 * HOUR, why="waiting for us", severity="P2",
            category="Data", assignee="Priya Raman", target=4 * HOUR),
    WaitingTicket(number="48140", url="https://acme.zendesk.com/agent/tickets/48140", since=at(2026, 11, 20, 9),
            subject="无法登录：验证码一直收不到 (login code never arrives)", waited=11 * HOUR, why="open past target",
            severity="P2", category="Accounts", assignee="Ann Smith", target=None),
)  # fmt: skip
RATINGS = (
    BadRating(number="48211", url="https://acme.zendesk.com/agent/tickets/48211", at=at(2026, 11, 19, 12),
              severity="P2",
              comment="Three people asked me for the same log file."),
    BadRating(number="48190", url="https://acme.zendesk.com/agent/tickets/48190", at=at(2026, 11, 18, 12)),
)  # fmt: skip
ROWS = tuple(
    TicketLine(
        number=str(48000 + index), url=f"https://acme.zendesk.com/agent/tickets/{48000 + index}",
        subject=("Invoice shows the wrong VAT", "Export stops", "Cannot log in")[index % 3], at=at(2026, 11, 17, 9),
        value=(900 - 20 * index) * MINUTE, severity=f"P{index % 4}", agent="Ann Smith" if index else None,
        censored=index < 2, reason="running" if index < 2 else "",
    )
    for index in range(40)
)  # fmt: skip


QUESTIONS = list_outlier_kpis()
SLOW = Bottleneck("hand_over", "team", "Billing", 26, 22 * HOUR, 4 * HOUR, 26 * 18 * HOUR)
REVIEW = ProcessReview(
    stages=(
        StageTime("queue", 300, 600 * HOUR, 0.3),
        StageTime("agent", 320, 1000 * HOUR, 0.5),
        StageTime("hand_over", 26, 400 * HOUR, 0.2),
        StageTime("third_party", 0, 0.0, 0.0),
    ),
    bottlenecks=(SLOW, Bottleneck("agent", "category", "export", 40, 5 * HOUR, 4 * HOUR, 40 * HOUR)),
    routes=(Route("Technical", "Billing", 12, 9),),
    recurring=(CategoryRecurrence("login", 6, 40),),
    growing=(CategoryGrowth("export", 40, 20.58),),
)
EXAMINED = DataQuality(
    gaps=(
        DataGap(
            "acme",
            "priority",
            "tickets without a priority: a row of their own in every table",
            170,
            False,
            "no_priority",
        ),
        DataGap(
            "acme",
            "ratings",
            "the last sync failed: no right for ann.smith@acme.example",
            1,
            True,
            "failed",
            "no right for ann.smith@acme.example",
        ),
    ),
    unmapped=(
        UnmappedValue("acme", "status", "Vendor review", 3, "open", False, "hold"),
        UnmappedValue("acme", "priority", "Nice to have", 0, "", False, ""),
    ),
    questions=(
        Question(kpi=QUESTIONS["solved_unanswered"], n=335, share=0.0119),
        Question(
            kpi=QUESTIONS["reopened_within_the_hour"],
            n=90,
            share=0.155,
            people=(
                PersonShare(
                    agent="Ann Smith",
                    share=0.4,
                    n=30,
                    others=1 / 30,
                    tickets=(("48102", "https://acme.zendesk.com/agent/tickets/48102"), ("48103", "")),
                ),
            ),
        ),
        Question(kpi=QUESTIONS["merged_after_bad_rating"], n=0, share=None),
    ),
    overtaken=(
        PriorityInversion(
            "acme",
            "48140",
            "https://acme.zendesk.com/agent/tickets/48140",
            "Billing",
            "P1",
            at(2026, 11, 17, 9),
            None,
            ("1", "2"),
        ),
    ),
    late=(6, 40, 0.04),
    returned=Reciprocity(15, 0.914, 0.798),
)


def week(**more: Any) -> FakeFigures:
    """The week of `week_values`, with people waiting and two bad ratings."""
    told = {
        "facts": facts(
            excluded={"spam": 21, "merged": 8, "test": 4},
            gaps={"next_reply_time": "the telephone source gives no call times"},
        ),
        "values": week_values(), "waits": WAITS, "ratings": RATINGS, "rows": ROWS,
        "review": REVIEW, "found": EXAMINED, **more,
    }  # fmt: skip
    return FakeFigures(**told)
