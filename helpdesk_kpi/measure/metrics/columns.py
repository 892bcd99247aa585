"""Observations of one KPI variant as numpy columns, sorted by `at`: what every figure is computed from."""

import gc
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, zip_longest
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from helpdesk_kpi.measure.metrics.encoding import FIELDS
from helpdesk_kpi.model import SubjectKind
from helpdesk_kpi.store import Store

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Objects = NDArray[np.object_]
NO_INSTANT = np.iinfo(np.int64).max
NO_PERSON = -1
NOTHING = np.empty(0, np.int64)
CHUNK = 500  # stories read at a time: few enough to be forgotten before they weigh
Row = tuple[Any, ...]  # an observation as measure.compact packs it
Part = dict[str, Ints | Floats | Objects]


class Columns(msgspec.Struct, frozen=True):
    """One row per observation, n rows. Codes index `words`; NEVER is no end, NOBODY no agent, team or ticket."""

    story: Ints
    ticket: Ints  # what it is about
    created: Ints
    at: Ints
    known: Ints  # the instant from which the row exists
    until: Ints
    start: Ints  # 0 where there is no span
    end: Ints
    agent: Ints
    team: Ints
    severity: Ints  # code; 0: no priority
    stop: Ints  # code; 0: none
    facet: Ints  # code; 0: none
    value: Floats
    share: Floats
    other: Ints  # the ticket that followed
    rater: Ints
    due: Ints  # NEVER: no deadline of the helpdesk's
    pieces: Objects  # of interrupted spans [(from, to), ...] relative to `created`; else None
    clock: Ints  # code of its calendar, set by the reader; 0 before
    source: Ints  # key of the helpdesk of an article; NOBODY: the ticket tells
    words: tuple[str | None, ...]  # by code; 0 is None

    def code(self, word: str | None) -> int:
        """The code of a word; -1, which no row has, for one that does not occur."""
        return self.words.index(word) if word in self.words else -1

    def exist(self, as_of: int) -> NDArray[np.bool_]:
        """Which rows are known at an instant and not superseded by then."""
        return (self.known <= as_of) & (self.until > as_of)

    def has_stop_reason(self, reasons: Collection[str]) -> NDArray[np.bool_]:
        """Which rows stopped for one of the reasons."""
        return np.isin(self.stop, [code for code, word in enumerate(self.words) if word in reasons])

    def between(self, start: int, end: int) -> "Columns":
        """The rows with `at` in [start, end)."""
        first, last = np.searchsorted(self.at, [start, end])
        return self.take(slice(int(first), int(last)))

    def take(self, rows: NDArray[np.bool_] | Ints | slice) -> "Columns":
        parts = {name: getattr(self, name)[rows] for name in self.__struct_fields__[:-1]}
        return Columns(**parts, words=self.words)

    def __len__(self) -> int:
        return len(self.at)


def concatenate(parts: Sequence[Columns]) -> Columns:
    """The rows of several, with codes of one list of words. They are not sorted."""
    words = list(dict.fromkeys(word for part in parts for word in part.words))
    place = {word: code for code, word in enumerate(words)}
    whole: dict[str, Any] = {}
    for name in Columns.__struct_fields__[:-1]:
        arrays = [getattr(part, name) for part in parts]
        if name in {"severity", "stop", "facet"}:
            arrays = [np.array([place[w] for w in p.words], np.int64)[a] for p, a in zip(parts, arrays, strict=True)]
        whole[name] = np.concatenate(arrays)
    return Columns(**whole, words=tuple(words))


def load_columns(store: Store, kind: SubjectKind, folds: Iterable[int], since: int) -> Mapping[int, Columns]:
    """The observations of some folds, of all stories of a kind that tell of anything from `since` on."""
    sources = dict(store.rows("SELECT id, source FROM articles")) if kind == "article" else {}
    found = {str(fold): _MetricBuffer(is_ticket=kind == "ticket", sources=sources) for fold in folds}
    cursor = store.conn.execute(
        "SELECT subject, base, body FROM stored_observations WHERE kind = ? AND (last IS NULL OR last >= ?)",
        (kind, since),
    )
    with _gc_paused():
        decoder = _bodies(found)
        while chunk := cursor.fetchmany(CHUNK):
            _gather(found, decoder, chunk)
    return {int(key): fold.columns() for key, fold in found.items()}


@contextmanager
def _gc_paused() -> Iterator[None]:
    """Without the garbage collector: it found nothing among these rows, and took a fifth of a report's time."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _bodies(keys: Iterable[str]) -> msgspec.json.Decoder[Any]:
    """Reads the rows of some folds out of a body, and passes over the others without making anything of them."""
    fields: list[tuple[str, type, list[Row]]] = [(f"fold_{key}", list[Row], []) for key in keys]
    body = msgspec.defstruct("Body", fields, rename=lambda name: name.removeprefix("fold_"), gc=False)
    return msgspec.json.Decoder(body)


def _gather(
    found: "Mapping[str, _MetricBuffer]", decoder: msgspec.json.Decoder[Any], chunk: Sequence[tuple[int, int, str]]
) -> None:
    stories, bases, bodies = zip(*chunk, strict=True)
    story, base = np.array(stories, np.int64), np.array(bases, np.int64)
    reported = [decoder.decode(body) for body in bodies]
    for key, fold in found.items():
        rows = [getattr(body, f"fold_{key}") for body in reported]
        counts = [len(of_story) for of_story in rows]
        fold.add(list(chain.from_iterable(rows)), np.repeat(story, counts), np.repeat(base, counts))


class _MetricBuffer:
    """One fold's columns in parts. Codes are the same in all of them."""

    def __init__(self, *, is_ticket: bool, sources: Mapping[int, int] | None = None) -> None:
        self.is_ticket, self.sources = is_ticket, sources or {}
        self.words: dict[str | None, int] = {None: 0}
        self.parts: list[Part] = []
        self.add([], NOTHING, NOTHING)

    def add(self, rows: list[Row], story: Ints, base: Ints) -> None:
        if rows or not self.parts:
            part = _part(rows, story, base, self.words)
            if self.is_ticket:
                part["ticket"] = story
            elif self.sources:
                part["source"] = np.array([self.sources.get(int(s), NO_PERSON) for s in story], np.int64)
            self.parts.append(part)

    def columns(self) -> Columns:
        whole: dict[str, Any] = {name: np.concatenate([p[name] for p in self.parts]) for name in self.parts[0]}
        return Columns(**whole, words=tuple(self.words)).take(np.argsort(whole["at"], kind="stable"))


def _part(rows: list[Row], story: Ints, base: Ints, words: dict[str | None, int]) -> Part:
    reported = _ColumnDecoder(rows, base, words)
    at = reported.times("at", 0)
    return {
        "story": story,
        "ticket": reported.numbers("ticket", NO_PERSON).astype(np.int64),
        "created": base,
        "at": at,
        "known": np.maximum(at, reported.times("since", 0)),
        "until": reported.times("until", NO_INSTANT),
        "start": reported.times("start", 0),
        "end": reported.times("end", NO_INSTANT),
        "agent": reported.numbers("agent", NO_PERSON).astype(np.int64),
        "team": reported.numbers("team", NO_PERSON).astype(np.int64),
        "severity": reported.codes("severity"),
        "stop": reported.codes("stop"),
        "facet": reported.codes("facet"),
        "value": reported.numbers("value", 0),
        "share": reported.numbers("share", 1),
        "other": reported.numbers("other", NO_PERSON).astype(np.int64),
        "rater": reported.numbers("rater", NO_PERSON).astype(np.int64),
        "due": reported.times("due", NO_INSTANT),
        "pieces": reported.objects("pieces"),
        "clock": np.zeros(len(rows), np.int64),
        "source": np.full(len(rows), NO_PERSON, np.int64),
    }


class _ColumnDecoder:
    """Packed rows turned into columns: numbers go through float64, in which None is nan and every ms exact.

    Rows end where only nulls would follow, so a field may be in none of them.
    """

    def __init__(self, rows: list[Row], base: Ints, words: dict[str | None, int]) -> None:
        self.base, self.words = base, words
        self.fields: dict[str, tuple[Any, ...]] = dict(zip(FIELDS, zip_longest(*rows), strict=False))

    def objects(self, field: str) -> Objects:
        found = np.full(len(self.base), None, object)
        if field in self.fields:
            found[:] = self.fields[field]
        return found

    def numbers(self, field: str, missing: float) -> Floats:
        if field not in self.fields:
            return np.full(len(self.base), missing, np.float64)
        found = np.array(self.fields[field], np.float64)
        found[np.isnan(found)] = missing
        return found

    def times(self, field: str, missing: int) -> Ints:
        if field not in self.fields:
            return np.full(len(self.base), missing, np.int64)
        found = np.array(self.fields[field], np.float64)
        known = ~np.isnan(found)
        return np.where(known, np.where(known, found, 0).astype(np.int64) + self.base, missing)

    def codes(self, field: str) -> Ints:
        if field not in self.fields:
            return np.zeros(len(self.base), np.int64)
        given = self.fields[field]
        for word in dict.fromkeys(given):
            self.words.setdefault(word, len(self.words))
        return np.fromiter(map(self.words.__getitem__, given), np.int64, len(given))
