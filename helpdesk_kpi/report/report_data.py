"""A report's figures out of the store."""

import datetime as dt
import zoneinfo
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from helpdesk_kpi.calendar.periods import Period
from helpdesk_kpi.config import Config
from helpdesk_kpi.identities.agents import AgentDirectory
from helpdesk_kpi.identities.survey_dimensions import find_unmapped_questions
from helpdesk_kpi.measure.metrics.columns import NO_PERSON, Columns
from helpdesk_kpi.measure.metrics.contract import EXCLUDED, Attainment, Duration, Followup, Kpi, Stock, hides_answers
from helpdesk_kpi.measure.metrics.discovery import find_kpis
from helpdesk_kpi.measure.metrics.metric_value import MetricValue
from helpdesk_kpi.measure.process.review import ProcessReview, build_review
from helpdesk_kpi.measure.query.aggregate import list_contributions
from helpdesk_kpi.measure.query.metric_query import MetricQuery, build_query, select_rows
from helpdesk_kpi.measure.query.metric_store import MetricStore
from helpdesk_kpi.measure.recurrence.pair_labelling import load_quality
from helpdesk_kpi.model import MAIN
from helpdesk_kpi.report.result_types import (
    AgentAliases,
    Annotation,
    Axis,
    BadRating,
    DataQuality,
    ReportFacts,
    SeverityFacts,
    TicketLine,
    WaitingTicket,
    Why,
)
from helpdesk_kpi.report.sections.quality_data import load_data_quality
from helpdesk_kpi.report.sections.vendor_agreement import load_vendor_agreement
from helpdesk_kpi.store import Store

#: What people wait for, strongest claim first: (KPI of the wait, why).
CLAIMS: tuple[tuple[str, Why], ...] = (
    ("first_reply_time", "no first reply"),
    ("next_reply_time", "waiting for us"),
    ("full_resolution_time", "open past target"),
)


class ReportData:
    """Implements report.figures.Figures: one period, one as_of, optionally one team."""

    def __init__(
        self, reader: MetricStore, period: Period, as_of: int, gaps: Mapping[str, str], *, team: str | None = None
    ) -> None:
        self.reader = reader
        self.period = period
        self.as_of = as_of
        self.team = team
        self.zone = reader.config.timezone
        self._gaps = gaps

    def value(self, kpi: str, variant: str = "strict", **where: str | None) -> MetricValue:
        return self.reader.get(self._query(kpi, variant, where))

    def by(
        self, kpi: str, axis: Axis, variant: str = "strict", **where: str | None
    ) -> Mapping[str | None, MetricValue]:
        query = self._query(kpi, variant, where)
        names = self.reader.names(query, axis)
        return {name: self.reader.get(query.narrow(**{axis: name})) for name in names}

    def _query(self, kpi: str, variant: str, where: Mapping[str, str | None]) -> MetricQuery:
        return build_query(kpi, self.period, self.as_of, variant, **self._where(where))

    def _where(self, where: Mapping[str, str | None]) -> dict[str, str | None]:
        return {**where, "team": self.team} if self.team is not None else dict(where)

    # Tickets

    def waiting(self, limit: int) -> Sequence[WaitingTicket]:
        best: dict[int, WaitingTicket] = {}
        for kpi, why in CLAIMS:
            for waiting, story in self._claims(kpi, why):
                if story not in best or _urgency(waiting) > _urgency(best[story]):
                    best[story] = waiting
        return sorted(best.values(), key=_urgency, reverse=True)[:limit]

    def _claims(self, kpi: str, why: Why) -> Iterator[tuple[WaitingTicket, int]]:
        """The longest running spans of a KPI; of resolutions only those past their target."""
        rows = self._open(self.reader.slice(kpi, "strict", **self._where({})))
        took = self.reader.business_ms(rows, rows.start, np.full(len(rows), self.as_of))
        targets = self.reader.kpi_targets(kpi, rows)
        chosen = np.argsort(-took, kind="stable")
        if why == "open past target":
            late = (targets >= 0) & (took > targets)
            chosen = chosen[late[chosen]]
        chosen = chosen[:60]
        tickets = self._tickets(rows.story[chosen])
        holders = self._holders
        for i in chosen:
            story, severity = int(rows.story[i]), rows.words[rows.severity[i]]
            number, url, subject = tickets[story]
            clock = self._clock(severity, self.reader.dimension_label("source", story))
            team, assignee = holders.get(story, (None, None))
            yield (
                WaitingTicket(
                    number=number, url=url, subject=subject, since=int(rows.start[i]), waited=int(took[i]), why=why,
                    severity=severity, category=self.reader.dimension_label("category", story), team=team,
                    assignee=assignee, target=int(targets[i]) if targets[i] >= 0 else None, clock=clock,
                ),
                story,
            )  # fmt: skip

    def _open(self, rows: Columns) -> Columns:
        """Spans that run at as_of, on tickets that count."""
        left_out = rows.has_stop_reason(EXCLUDED)
        known = rows.exist(self.as_of)
        return rows.take(known & (rows.start > 0) & (rows.end > self.as_of) & ~left_out)

    @cached_property
    def _holders(self) -> dict[int, tuple[str | None, str | None]]:
        """Team and assignee at as_of of every open ticket."""
        rows = self._open(self.reader.columns("backlog"))
        rows = rows.take(rows.at <= self.as_of)
        teams, people = self.reader.labels(rows, "team"), self.reader.labels(rows, "agent")
        return {
            int(story): (self.reader.label_name(rows, "team", int(t)), self.reader.label_name(rows, "agent", int(p)))
            for story, t, p in zip(rows.story, teams, people, strict=True)
        }

    def _tickets(self, stories: NDArray[np.int64]) -> dict[int, tuple[str, str, str]]:
        """Number, address and subject by story."""
        found = {}
        for story in stories:
            sql = "SELECT number, url, coalesce(subject, '') FROM tickets WHERE id = ?"
            found[int(story)] = self.reader.store.rows(sql, int(story))[0]
        return found

    def bad_ratings(self, limit: int) -> Sequence[BadRating]:
        rows = self._rows(self._query("csat", "strict", {"facet": MAIN}))
        rows = rows.take((rows.value == 0) & (rows.stop == 0))
        newest: dict[int, tuple[int, str | None]] = {}
        for story, at, severity in zip(rows.story, rows.at, rows.severity, strict=True):
            newest[int(story)] = (int(at), rows.words[severity])
        chosen = sorted(newest.items(), key=lambda item: -item[1][0])[:limit]
        tickets = self._tickets(np.array([story for story, _ in chosen], np.int64))
        comments = (
            "SELECT comment FROM ratings WHERE ticket = ? AND question = '' AND origin = 'customer'"
            " AND category != 'good' ORDER BY answered_at DESC LIMIT 1"
        )
        return [
            BadRating(
                number=tickets[story][0], url=tickets[story][1], at=at, severity=severity,
                comment=self.reader.store.one(comments, story),
            )
            for story, (at, severity) in chosen
        ]  # fmt: skip

    def ticket_rows(self, kpi: str, limit: int, variant: str = "strict", **where: str | None) -> Sequence[TicketLine]:
        query = self._query(kpi, variant, where).without_sub_dimensions()
        spec = query.kpi
        if hides_answers(query.statistic):
            return ()  # each row would be one answer
        rows = self._rows(query)
        rows = rows.take(rows.ticket != NO_PERSON)  # articles and entries of registers are no tickets
        if isinstance(query.statistic, Attainment | Followup):
            rows, amounts = self._classified_rows(query, rows)
        else:
            amounts = self._amounts(spec, rows)
        began = rows.created if isinstance(spec.statistic, Stock) else rows.at
        worst = -1 if spec.better == "lower" else 1
        chosen = np.lexsort((rows.at, worst * amounts, rows.stop > 0))[:limit]
        tickets = self._tickets(rows.ticket[chosen])
        agents = self.reader.labels(rows, "agent")
        found = []
        for i in chosen:
            number, url, subject = tickets[int(rows.ticket[i])]
            stop = rows.words[rows.stop[i]] or ""
            running = isinstance(spec.statistic, Duration) and rows.end[i] > self.as_of and not stop
            found.append(
                TicketLine(
                    number=number, url=url, subject=subject, at=int(began[i]),
                    value=None if stop in EXCLUDED else float(amounts[i]), severity=rows.words[rows.severity[i]],
                    agent=self.reader.label_name(rows, "agent", int(agents[i])),
                    censored=bool(running or (stop and stop not in EXCLUDED)), reason="running" if running else stop,
                )
            )  # fmt: skip
        return found

    def _rows(self, query: MetricQuery) -> Columns:
        """The rows behind a value of this period."""
        here, exists = select_rows(query, self.reader.query_slice(query))
        return here.take(exists)

    def _classified_rows(self, query: MetricQuery, rows: Columns) -> tuple[Columns, NDArray[np.float64]]:
        """The rows that count or are excluded, with 1 (followed, met) or 0."""
        parts = list_contributions(query, rows, self.reader)
        assert parts is not None
        shown = (parts.counts > 0) | (rows.stop > 0)
        return rows.take(shown), parts.adds[shown]

    def _amounts(self, kpi: Kpi, rows: Columns) -> NDArray[np.float64]:
        if isinstance(kpi.statistic, Duration):
            return self.reader.business_ms(rows, rows.start, np.minimum(rows.end, self.as_of)).astype(np.float64)
        if isinstance(kpi.statistic, Stock):
            instant = np.full(len(rows), min(self.period.end, self.as_of))
            return self.reader.business_ms(rows, rows.created, instant).astype(np.float64)
        return rows.value * rows.share

    # Lists of their own

    def process(self) -> ProcessReview:
        return build_review(self.reader, self.period, self.as_of, self.team)

    def examined(self) -> DataQuality:
        return load_data_quality(self.reader, self.period, self.as_of, self.team)

    # The whole

    @cached_property
    def facts(self) -> ReportFacts:
        store, config = self.reader.store, self.reader.config
        return ReportFacts(
            sources=complete_until(store, config),
            catalogue=find_kpis(),
            history_from=self.reader.history_from,
            excluded=self._excluded(),
            follow_ups=self._follow_ups(),
            gaps=self._gaps,
            defaults=tuple(self.reader.defaults),
            severities=tuple(
                SeverityFacts(
                    level, s.title, s.definition,
                    {kpi: t for kpi in s.targets if (t := s.target_ms(kpi)) is not None}, self._clock(level),
                )
                for level, s in sorted(config.severity.items())
            ),
            agreements=load_vendor_agreement(self.reader, self.period, self._first_replies),
            annotations=tuple(Annotation(_midnight(d, config), t) for d, t in sorted(config.annotations.items())),
            agents=everybody(self.reader.people, config),
            questions=self._questions(),
            repeats=load_quality(store, config),
            secret=store.hash_key,
        )  # fmt: skip

    @property
    def _first_replies(self) -> Columns:
        return self.reader.slice("first_reply_time", "strict", **self._where({}))

    def _excluded(self) -> dict[str, int]:
        """Tickets of this period that were left out, by reason."""
        rows = self._rows(self._query("first_reply_time", "strict", {}))
        counts: dict[str, int] = {}
        for code, word in enumerate(rows.words):
            if word in EXCLUDED and (n := len(np.unique(rows.story[rows.stop == code]))):
                counts[str(word)] = n
        return counts

    def _follow_ups(self) -> int:
        """Tickets of this period that follow a closed one. They are new ones of their own."""
        rows = self._rows(self._query("first_reply_time", "strict", {}))
        counted = rows.take(~rows.has_stop_reason(EXCLUDED))
        sql = "SELECT count(*) FROM tickets WHERE follow_up_of IS NOT NULL AND id IN (SELECT value FROM json_each(?))"
        return int(self.reader.store.one(sql, np.unique(counted.story).tolist()))

    def _questions(self) -> tuple[tuple[str, int], ...]:
        """Survey questions that were answered in this period and have no dimension, with their answers."""
        end = min(self.period.end, self.as_of + 1)
        found = find_unmapped_questions(self.reader.store, self.reader.config, self.period.start, end)
        return tuple((one.label, one.answers) for one in found)

    def _clock(self, severity: str | None, source: str | None = None) -> Literal["calendar", "business"]:
        """Of one source's tickets; without one, of the first configured."""
        by_name = source or next(iter(self.reader.config.sources), "")
        calendar = self.reader.clocks.calendar(severity, self.team, by_name)
        return "calendar" if self.reader.clocks.is_always(calendar) else "business"


def _urgency(waiting: WaitingTicket) -> tuple[bool, int]:
    """What is past its promise first, then what waits longest."""
    return waiting.target is not None and waiting.waited > waiting.target, waiting.waited


#: What every figure stands on; a report reads no further than these are whole.
CORE = ("tickets", "comments.public", "status.history")


def complete_until(store: Store, config: Config) -> dict[str, int | None]:
    """Up to when each configured source's tickets and histories are known to be whole; None: not once read to the end.

    A source that is no longer configured has nothing more to tell, and holds nothing up.
    """
    rows = store.rows(
        "SELECT s.name, g.value, c.complete_until FROM sources s JOIN cursors c ON c.source = s.id"
        " AND c.state != 'unavailable', json_each(c.gives) g"
    )
    whole = {(source, need): until for source, need, until in rows}
    known = {name for (name,) in store.rows("SELECT name FROM sources")}
    found: dict[str, int | None] = {}
    for name in config.sources:
        if name in known:
            reach = [whole.get((name, need)) for need in CORE if (name, need) in whole or need == "tickets"]
            found[name] = None if None in reach else min(u for u in reach if u is not None)
    return found


def everybody(people: AgentDirectory, config: Config) -> tuple[AgentAliases, ...]:
    """Everybody who is or was of the team; of somebody who left before we came, only the id may be known."""
    met = [
        AgentAliases(
            human.name,
            tuple(a.native for a in human.accounts),
            (*(a.email for a in human.accounts if a.email), *(human.settings.accounts if human.settings else ())),
            tuple({a.name: None for a in human.accounts if a.name}),
        )
        for human in people.all
    ]
    keys = {human.key for human in people.all}
    reported = (
        AgentAliases(p.name or key, (), tuple(p.accounts)) for key, p in config.people.items() if key not in keys
    )
    return (*met, *reported)


def _midnight(day: str, config: Config) -> int:
    local = dt.datetime.fromisoformat(day).replace(tzinfo=zoneinfo.ZoneInfo(config.timezone))
    return int(local.timestamp() * 1000)
