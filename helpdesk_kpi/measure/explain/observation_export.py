"""Observations as rows for people and other programs: one row per observation, with names, times and both clocks."""

import math
from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import repeat
from typing import Any

import numpy as np

from helpdesk_kpi.calendar.periods import format_iso
from helpdesk_kpi.config import Config
from helpdesk_kpi.measure.metrics.columns import NO_INSTANT, Columns, Floats, Ints
from helpdesk_kpi.measure.metrics.contract import EXCLUDED, Attainment, Duration, Followup, Stock, hides_answers
from helpdesk_kpi.measure.query.aggregate import list_contributions
from helpdesk_kpi.measure.query.aggregations.durations import classify_attainment
from helpdesk_kpi.measure.query.aggregations.followups import FollowupResult, find_followups
from helpdesk_kpi.measure.query.metric_query import Contributions, MetricQuery, select_rows
from helpdesk_kpi.measure.query.metric_store import MetricStore
from helpdesk_kpi.measure.query.span_lengths import elapsed_ms
from helpdesk_kpi.store import Store

#: Other programs read these by name and order; new ones are added at the end.
COLUMNS = (
    "kpi", "variant", "source", "ticket", "agent", "team", "severity", "category", "channel", "at", "start", "end",
    "calendar_seconds", "business_seconds", "value", "censored", "reason", "url", "facet", "share", "due",
    "counts", "adds", "followed_at", "followed_by", "followed_why",
)  # fmt: skip


NOT_A_TICKET = (None, None)
Column = Iterable[Any]


def export_observations(store: Store, config: Config, query: MetricQuery) -> Iterator[dict[str, Any]]:
    """Every observation that exists at the query's `as_of`, in order of time.

    A running span is censored at `as_of`. The seconds of an interrupted span are those of its pieces. Excluded rows are
    included, censored, with the reason. With a period, `counts` and `adds` are the row's part of the value:
    sum(adds) / sum(counts) for shares and scores, sum(adds) for sums and counts, None for medians, which have no parts.
    For followups, `followed_*` are the time, the ticket ("source:id"; None: on the same ticket) and the evidence.
    """
    yield from list_observations(MetricStore(store, config), query)


def list_observations(reader: MetricStore, query: MetricQuery) -> Iterator[dict[str, Any]]:
    """As `export_observations`, out of a metric store that exists already."""
    export = _ObservationExport(reader, query)
    columns = {**export.about(), **export.clocks(), **export.values(), **export.followup_columns()}
    for row in zip(*(columns[name] for name in COLUMNS), strict=True):
        yield dict(zip(COLUMNS, row, strict=True))


class _ObservationExport:
    """Columns by name, each with one entry a row, computed as they are read."""

    def __init__(self, reader: MetricStore, query: MetricQuery) -> None:
        self.reader, self.query = reader, query
        self.kpi = query.kpi
        self.statistic = query.statistic
        self.rows = _select_rows(reader, query)
        self.stops = [self.rows.words[code] or "" for code in self.rows.stop.tolist()]
        self.is_timed = isinstance(self.kpi.statistic, Duration | Attainment) or self.kpi.is_instant
        self.is_hidden = hides_answers(self.statistic)

    def about(self) -> dict[str, Column]:
        """What the rows are about."""
        rows = self.rows
        tickets = self._tickets("t.native, t.url")
        articles = self._articles()
        return {
            "kpi": self._all(self.kpi.id),
            "variant": self._all(self.query.variant),
            **{axis: self._names(axis) for axis in ("source", "agent", "team", "category", "channel")},
            "ticket": (None if self.is_hidden else tickets.get(key, NOT_A_TICKET)[0] for key in rows.ticket.tolist()),
            "url": (
                None if self.is_hidden else articles.get(story, tickets.get(key, NOT_A_TICKET)[1])
                for story, key in zip(rows.story.tolist(), rows.ticket.tolist(), strict=True)
            ),
            "severity": (rows.words[code] for code in rows.severity.tolist()),
            "facet": (rows.words[code] for code in rows.facet.tolist()),
            "share": map(_number, rows.share.tolist()),
        }

    def clocks(self) -> dict[str, Column]:
        """When it was, and how long it took. A span that runs at `as_of` is censored there."""
        rows, ends = self.rows, self._ends
        running = (rows.end > self.query.as_of).tolist()
        is_on = running if self.is_timed else [False] * len(rows)
        why = [stop or ("running" if on else "") for on, stop in zip(is_on, self.stops, strict=True)]
        return {
            "at": self._all(None) if self.is_hidden else map(format_iso, rows.at.tolist()),
            "start": map(format_iso, rows.start.tolist()) if self.is_timed else self._all(None),
            "end": map(format_iso, ends.tolist()) if self.is_timed else self._all(None),
            "calendar_seconds": self._seconds(elapsed_ms(rows, rows.start, ends)) if self.is_timed else self._all(None),
            "business_seconds": self._seconds(self._took) if self.is_timed else self._all(None),
            "due": map(_instant, rows.due.tolist()),
            "censored": ("true" if reason else "false" for reason in why),
            "reason": why,
        }

    def values(self) -> dict[str, Column]:
        """Each row's value, and its part of the KPI's value."""
        pairs = zip(self._values.tolist(), self.stops, strict=True)
        values = (None if self.is_hidden or stop in EXCLUDED else value for value, stop in pairs)
        parts = None if self.is_hidden else self._parts()
        return {
            "value": map(_number, values),
            "counts": self._all(None) if parts is None else map(_number, parts.counts.tolist()),
            "adds": self._all(None) if parts is None else map(_number, parts.adds.tolist()),
        }

    def followup_columns(self) -> dict[str, Column]:
        """What followed, for followup statistics."""
        after = self._after
        if after is None:
            return {name: self._all(None) for name in ("followed_at", "followed_by", "followed_why")}
        tickets = self._tickets("s.name || ':' || t.native", after.ticket)
        return {
            "followed_at": map(_instant, after.at.tolist()),
            "followed_by": (tickets.get(key, NOT_A_TICKET)[0] for key in after.ticket.tolist()),
            "followed_why": after.why,
        }

    def _all(self, value: Any) -> Column:
        return repeat(value, len(self.rows))

    def _seconds(self, ms: Ints) -> Column:
        return (_number(one / 1000) for one in ms.tolist())

    def _names(self, axis: str) -> Column:
        """Of confidential answers only the team: ticket and time would identify their author."""
        if (self.is_hidden and axis != "team") or (axis == "agent" and self.reader.config.privacy != "full"):
            return self._all(None)
        codes = self.reader.labels(self.rows, axis)
        return (self.reader.label_name(self.rows, axis, code) for code in codes.tolist())

    def _tickets(self, what: str, keys: Ints | None = None) -> dict[int, tuple[Any, ...]]:
        wanted = np.unique(self.rows.ticket if keys is None else keys).tolist()
        sql = f"SELECT t.id, {what} FROM tickets t JOIN sources s ON s.id = t.source WHERE t.id IN"
        found = self.reader.store.rows(f"{sql} (SELECT value FROM json_each(?))", wanted)
        return {key: tuple(fields) for key, *fields in found}

    def _articles(self) -> dict[int, str]:
        is_about = self.kpi.subject == "article"
        return dict(self.reader.store.rows("SELECT id, url FROM articles")) if is_about else {}

    @cached_property
    def _ends(self) -> Ints:
        rows, as_of = self.rows, self.query.as_of
        is_excluded = rows.has_stop_reason(EXCLUDED) & (rows.end == NO_INSTANT)
        return np.where(rows.end <= as_of, rows.end, np.where(is_excluded, rows.known, as_of))

    @cached_property
    def _took(self) -> Ints:
        return self.reader.business_ms(self.rows, self.rows.start, self._ends)

    @cached_property
    def _after(self) -> FollowupResult | None:
        is_followup = isinstance(self.statistic, Followup)
        return find_followups(self.query, self.rows, self.reader) if is_followup else None

    @property
    def _values(self) -> Floats:
        """Seconds of durations and ages; 1 or 0 of attainment and followups; nan: not known yet."""
        if self._after is not None:
            return self._after.counts
        if isinstance(self.statistic, Duration):
            return self._took / 1000
        if isinstance(self.statistic, Attainment):
            kept, missed, _, _ = classify_attainment(self.query, self.rows, self.reader)
            return np.where(kept | missed, kept, np.nan)
        is_age = isinstance(self.statistic, Stock) and self.statistic.of == "age"
        return self._age() / 1000 if is_age else self.rows.value

    def _age(self) -> Ints:
        """Time since the subjects began, at the query's instant (ms)."""
        instants = np.full(len(self.rows), self.query.instant)
        return self.reader.business_ms(self.rows, self.rows.created, instants)

    def _parts(self) -> Contributions | None:
        if self.query.period is None:
            return None
        here = ~self.rows.has_stop_reason(EXCLUDED)
        parts = list_contributions(self.query, self.rows.take(here), self.reader)
        if parts is None:
            return None
        found = Contributions(np.zeros(len(self.rows)), np.zeros(len(self.rows)))
        found.counts[here], found.adds[here] = parts
        return found


def _select_rows(reader: MetricStore, query: MetricQuery) -> Columns:
    here, exists = select_rows(query, reader.query_slice(query))
    return reader.shown(query, here.take(exists))


def _instant(ms: int) -> str | None:
    return None if ms == NO_INSTANT else format_iso(ms)


def _number(value: float | None) -> float | int | None:
    """Whole numbers without a point; nothing for nan."""
    if value is None or math.isnan(value):
        return None
    return int(value) if value == int(value) else value
