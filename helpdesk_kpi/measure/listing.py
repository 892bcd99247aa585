"""Observations as rows for people and other programs: one row per observation, with names, times and both clocks."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from helpdesk_kpi.config import Config
from helpdesk_kpi.measure.asked import Asked as FigureAsked
from helpdesk_kpi.measure.asked import Bools, Parts, existing
from helpdesk_kpi.measure.calendars import elapsed
from helpdesk_kpi.measure.columns import NEVER, Columns, Floats, Ints
from helpdesk_kpi.measure.contract import EXCLUDED, Duration, Met, Score, Statistic, Stock, Within
from helpdesk_kpi.measure.discovery import kpi_named
from helpdesk_kpi.measure.durations import verdicts
from helpdesk_kpi.measure.figure import parts as parts_of
from helpdesk_kpi.measure.periods import Period, iso
from helpdesk_kpi.measure.reader import Reader
from helpdesk_kpi.measure.windows import Followed, followed
from helpdesk_kpi.store import Store

#: Other programs read these by name and order; new ones are added at the end.
COLUMNS = (
    "kpi", "variant", "source", "ticket", "agent", "team", "severity", "category", "channel", "at", "start", "end",
    "calendar_seconds", "business_seconds", "value", "censored", "reason", "url", "facet", "share", "due",
    "counts", "adds", "followed_at", "followed_by", "followed_why",
)  # fmt: skip


class Asked(NamedTuple):
    """A variant as of an instant; of one period (None: all), over a slice."""

    kpi: str
    variant: str
    as_of: int
    period: Period | None = None
    where: Mapping[str, str | None] = {}  # axis -> name, as the reader takes them


def listing(store: Store, config: Config, asked: Asked) -> Iterator[dict[str, Any]]:
    """Every observation that exists at `as_of`, in order of time. A running span is censored at `as_of`. Of an
    interrupted one, the seconds are those of its pieces.

    Things that were left out are listed too, censored, with the reason. Of a period, `counts` and `adds` say what each
    row is of the figure: sum(adds) / sum(counts) for shares and scores, sum(adds) for sums and counts; nothing for
    medians, which have no parts. Of what comes back, `followed_*` say when, by which ticket ("source:id"; empty where
    it came on the same one), and what makes it the same problem.
    """
    yield from listed(Reader(store, config), asked)


def listed(reader: Reader, asked: Asked) -> Iterator[dict[str, Any]]:
    """As `listing`, by a reader that is there already."""
    store, config = reader.store, reader.config
    rows = _existing(reader, asked)
    ends = np.where(rows.end <= asked.as_of, rows.end, np.where(_left_out(rows), rows.known, asked.as_of))
    tickets = {key: (native, url) for key, native, url in store.rows("SELECT id, native, url FROM tickets")}
    is_article = kpi_named(asked.kpi).story == "article"
    articles = dict(store.rows("SELECT id, url FROM articles")) if is_article else {}
    labels = {axis: reader.labels(rows, axis) for axis in ("source", "agent", "team", "category", "channel")}
    shown = {axis: [reader.label_name(rows, axis, int(c)) for c in codes] for axis, codes in labels.items()}
    spec = kpi_named(asked.kpi)
    nameless = isinstance(statistic := spec.statistic_of(asked.variant), Score) and statistic.hides_answers
    if config.privacy != "full" or nameless:  # what single people said of somebody is nobody's business
        shown["agent"] = [None] * len(rows)
    timed = isinstance(spec.statistic, Duration | Met)
    spans = timed or spec.is_instant
    took = reader.worked(rows, rows.start, ends) if spans else rows.start
    lasted = elapsed(rows, rows.start, ends)
    parts = None if asked.period is None else _parts(reader, rows, asked, asked.period)
    after = _followed(reader, rows, asked)
    values = _values(reader, rows, asked, took) if after is None else after.counts
    names = _names(reader, after)
    for i in range(len(rows)):
        stop = rows.words[rows.stop[i]] or ""
        running = spans and rows.end[i] > asked.as_of and not stop
        native, url = tickets.get(int(rows.ticket[i]), (None, None))
        seconds = int(took[i]) / 1000 if spans else None
        yield {
            "kpi": asked.kpi,
            "variant": asked.variant,
            "source": shown["source"][i],
            "ticket": native,
            "agent": shown["agent"][i],
            "team": shown["team"][i],
            "severity": rows.words[rows.severity[i]],
            "category": shown["category"][i],
            "channel": shown["channel"][i],
            "at": iso(int(rows.at[i])),
            "start": iso(int(rows.start[i])) if spans else None,
            "end": iso(int(ends[i])) if spans else None,
            "calendar_seconds": _number(int(lasted[i]) / 1000) if spans else None,
            "business_seconds": _number(seconds),
            "value": None if stop in EXCLUDED or nameless or np.isnan(values[i]) else _number(float(values[i])),
            "censored": "true" if running or stop else "false",
            "reason": "running" if running else stop,
            "url": articles.get(int(rows.story[i]), url),
            "facet": rows.words[rows.facet[i]],
            "share": _number(float(rows.share[i])),
            "due": None if rows.due[i] == NEVER else iso(int(rows.due[i])),
            "counts": None if parts is None or nameless else _number(float(parts.counts[i])),
            "adds": None if parts is None or nameless else _number(float(parts.adds[i])),
            "followed_at": None if after is None or after.at[i] == NEVER else iso(int(after.at[i])),
            "followed_by": None if after is None else names.get(int(after.ticket[i])),
            "followed_why": None if after is None else after.why[i],
        }


def _followed(reader: Reader, rows: Columns, asked: Asked) -> Followed | None:
    """What came of each row; None for figures that do not ask for it."""
    spec = kpi_named(asked.kpi)
    told = spec.statistic_of(asked.variant)
    if not isinstance(told, Within):
        return None
    return followed(told, rows, reader.policy(spec, asked.variant), asked.as_of)


def _names(reader: Reader, after: Followed | None) -> dict[int, str]:
    """ "source:id" of the tickets that followed."""
    if after is None:
        return {}
    sql = "SELECT t.id, s.name || ':' || t.native FROM tickets t JOIN sources s ON s.id = t.source WHERE t.id IN"
    return dict(reader.store.rows(f"{sql} (SELECT value FROM json_each(?))", np.unique(after.ticket).tolist()))


def _parts(reader: Reader, rows: Columns, asked: Asked, period: Period) -> Parts | None:
    spec = kpi_named(asked.kpi)
    here = ~rows.stopped(EXCLUDED)
    told = parts_of(_figure(asked, period), rows.take(here), reader.policy(spec, asked.variant))
    if told is None:
        return None
    found = Parts(np.zeros(len(rows)), np.zeros(len(rows)))
    found.counts[here], found.adds[here] = told
    return found


def _values(reader: Reader, rows: Columns, asked: Asked, took: Ints) -> Floats:
    """Seconds of durations and ages; of promises 1 (kept) or 0 (missed), and nan where nobody knows yet."""
    spec = kpi_named(asked.kpi)
    told = spec.statistic_of(asked.variant)
    if isinstance(told, Duration):
        return took / 1000
    if isinstance(told, Met):
        kept, missed, _, _ = verdicts(asked.as_of, rows, reader.policy(spec, asked.variant))
        return np.where(kept | missed, kept, np.nan)
    return _ages(reader, rows, asked) if _is_age(told) else rows.value


def _figure(asked: Asked, period: Period) -> FigureAsked:
    return FigureAsked(kpi_named(asked.kpi), asked.variant, period.start, period.end, asked.as_of)


def _is_age(statistic: Statistic) -> bool:
    return isinstance(statistic, Stock) and statistic.of == "age"


def _ages(reader: Reader, rows: Columns, asked: Asked) -> Floats:
    """Seconds since the stories began, at the instant that is asked for."""
    instant = asked.as_of if asked.period is None else min(asked.period.end, asked.as_of)
    return reader.worked(rows, rows.created, np.full(len(rows), instant)) / 1000


def _existing(reader: Reader, asked: Asked) -> Columns:
    rows = reader.slice(asked.kpi, asked.variant, **asked.where)
    if asked.period is None:
        return rows.take(rows.exist(asked.as_of))
    here, exists = existing(_figure(asked, asked.period), rows)
    return here.take(exists)


def _left_out(rows: Columns) -> Bools:
    left_out: Bools = rows.stopped(EXCLUDED) & (rows.end == NEVER)
    return left_out


def _number(value: float | None) -> float | int | None:
    """Whole numbers without a point."""
    return int(value) if value is not None and value == int(value) else value
