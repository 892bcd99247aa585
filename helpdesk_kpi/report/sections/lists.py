"""The lists of a report: severities, who waits, bad ratings, tickets behind a number."""

import math
from collections.abc import Sequence

import msgspec

from helpdesk_kpi.measure.metrics.contract import Stock
from helpdesk_kpi.report.context import RenderContext
from helpdesk_kpi.report.metric_view import MetricView
from helpdesk_kpi.report.plain_text import link, sanitise
from helpdesk_kpi.report.result_types import BadRating, SeverityFacts, TicketLine, WaitingTicket


class SeverityRow(msgspec.Struct, frozen=True, kw_only=True):
    """One severity: its tickets, replies, resolutions and what is open. A Number is None where the KPI is missing."""

    level: str  # "" for tickets without priority
    title: str
    definition: str
    first_reply: MetricView | None
    resolution: MetricView | None
    backlog: MetricView | None

    @property
    def numbers(self) -> list[MetricView]:
        return [number for number in (self.first_reply, self.resolution, self.backlog) if number is not None]

    @property
    def verdicts(self) -> list[MetricView]:
        """Those with a signal."""
        return [number for number in self.numbers if number.direction]

    @property
    def share(self) -> float | None:
        """First replies within target, for a bar."""
        return self.first_reply.value.within if self.first_reply else None


class TeamRow(msgspec.Struct, frozen=True):
    """One team under the four figures. A Number is None where the KPI is missing."""

    name: str
    cells: Sequence[MetricView | None]


class WaitLine(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket that needs a person, in self._words. `share` is the length of its bar: the square root of its part of
    the longest wait, so that one ticket forgotten for months leaves something to see of the others.
    """

    number: str
    url: str
    subject: str
    facts: str  # P1 · Billing · nobody assigned · since 18 Nov 2026
    why: str
    waited: str
    share: float
    overdue: bool


class RatingLine(msgspec.Struct, frozen=True, kw_only=True):
    number: str
    url: str
    at: str
    severity: str
    comment: str  # "" where none is kept


class ListLine(msgspec.Struct, frozen=True, kw_only=True):
    """One ticket behind a number."""

    number: str
    url: str
    subject: str
    at: str
    value: str
    severity: str
    agent: str
    remark: str


def list_severities(scene: RenderContext) -> list[SeverityRow]:
    """Configured levels in their order, then levels met only in the data, then tickets without priority.

    Levels without any ticket stay: that P0 was quiet is news. Empty when nothing has a severity.
    """
    found = {kpi: _by_severity(kpi, scene) for kpi in ("first_reply_time", "full_resolution_time", "backlog")}
    met = {level for numbers in found.values() for level, number in numbers.items() if not number.empty}
    known = {severity.level: severity for severity in scene.figures.facts.severities}
    if not known and met <= {None}:
        return []
    levels = [*known, *sorted(level for level in met if level is not None and level not in known)]
    return [_row(level, known.get(level), found) for level in levels] + (
        [_row(None, SeverityFacts("", scene.words.gettext("No priority")), found)] if None in met else []
    )


def _by_severity(kpi: str, scene: RenderContext) -> dict[str | None, MetricView]:
    entry = scene.figures.facts.catalogue.get(kpi)
    if entry is None:
        return {}
    levels = [severity.level for severity in scene.figures.facts.severities]
    values = dict(scene.figures.by(kpi, "severity"))
    for level in levels:
        if level not in values:
            values[level] = scene.figures.value(kpi, severity=level)
    return {level: MetricView(scene, entry, value, where={"severity": level}) for level, value in values.items()}


def _row(
    level: str | None, severity: SeverityFacts | None, found: dict[str, dict[str | None, MetricView]]
) -> SeverityRow:
    return SeverityRow(
        level=sanitise(level or "", 16),
        title=sanitise(severity.title if severity else "", 40),
        definition=sanitise(severity.definition if severity else "", 300),
        first_reply=found["first_reply_time"].get(level),
        resolution=found["full_resolution_time"].get(level),
        backlog=found["backlog"].get(level),
    )


def list_teams(numbers: Sequence[MetricView], scene: RenderContext) -> list[TeamRow]:
    """Teams in the order of their names, empty unless there are two to see."""
    if scene.figures.team is not None:
        return []
    found = [number.by("team") for number in numbers]
    names = sorted({name for teams in found for name, one in teams.items() if name and not one.empty})
    if len(names) < 2:
        return []
    return [TeamRow(sanitise(name, 40), [teams.get(name) for teams in found]) for name in names]


def list_waits(found: Sequence[WaitingTicket], scene: RenderContext, limit: int = 80) -> list[WaitLine]:
    longest = max((row.waited for row in found), default=0) or 1
    return [_wait(row, longest, scene, limit) for row in found]


def _wait(row: WaitingTicket, longest: int, scene: RenderContext, limit: int) -> WaitLine:
    words = scene.words
    who = (
        words.gettext("unassigned") if row.assignee is None else sanitise(row.assignee, 40) or words.gettext("assigned")
    )
    since = words.gettext("since {date}", date=scene.words.date(row.since))
    reported = [row.severity or words.gettext("No priority"), row.category or row.team or "", who, since]
    return WaitLine(
        number=sanitise(row.number, 24),
        url=link(row.url),
        subject=sanitise(row.subject, limit) or words.gettext("(no subject)"),
        facts=" · ".join(sanitise(part, 40) for part in reported if part),
        why=scene.words.why(row.why),
        waited=scene.words.duration(row.waited, row.clock),
        share=math.sqrt(row.waited / longest),
        overdue=row.target is not None and row.waited > row.target,
    )


def list_ratings(found: Sequence[BadRating], scene: RenderContext, limit: int = 280) -> list[RatingLine]:
    return [
        RatingLine(
            number=sanitise(row.number, 24),
            url=link(row.url),
            at=scene.words.date(row.at),
            severity=sanitise(row.severity or scene.words.gettext("No priority"), 16),
            comment=sanitise(row.comment or "", limit),
        )
        for row in found
    ]


def list_tickets(number: MetricView, scene: RenderContext, limit: int) -> list[ListLine]:
    """The tickets behind a number, at most `limit`."""
    return [_line(row, number, scene) for row in number.tickets(limit)[:limit]]


def _line(row: TicketLine, number: MetricView, scene: RenderContext) -> ListLine:
    words = scene.words
    return ListLine(
        number=sanitise(row.number, 24),
        url=link(row.url),
        subject=sanitise(row.subject, 120) or words.gettext("(no subject)"),
        at=scene.words.date(row.at),
        value=_amount(row, number, scene),
        severity=sanitise(row.severity or "", 16),
        agent=sanitise(row.agent or "", 60),
        remark=scene.words.reason(row.reason) if row.reason else "",
    )


def _amount(row: TicketLine, number: MetricView, scene: RenderContext) -> str:
    if row.value is None:
        return ""
    if number.value.unit == "share":
        yes, no = scene.words.outcomes(number.entry)
        return yes if row.value > 0 else no
    if number.value.unit in {"points", "score"}:
        return scene.words.number(row.value)
    stock = isinstance(number.entry.statistic, Stock)
    return scene.words.duration(row.value, number.value.clock) if number.timed or stock else ""
