"""Observations of one KPI variant as numpy columns, sorted by `at`: what every figure is computed from."""

from collections.abc import Iterable, Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from helpdesk_kpi.store import Store

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
NEVER = np.iinfo(np.int64).max
NOBODY = -1


class _Packed(msgspec.Struct, array_like=True, gc=False):
    """An observation as measure.compact packs it."""

    at: int
    start: int | None = None
    end: int | None = None
    agent: int | None = None
    team: int | None = None
    severity: str | None = None
    stop: str | None = None
    facet: str | None = None
    value: float | None = None
    share: float | None = None
    since: int | None = None
    until: int | None = None


class Columns(msgspec.Struct, frozen=True):
    """One row per observation, n rows. Codes index `words`; NEVER stands for no end, NOBODY for no agent or team."""

    story: Ints
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
    words: tuple[str | None, ...]  # by code; 0 is None

    def code(self, word: str | None) -> int:
        """The code of a word; -1, which no row has, for one that does not occur."""
        return self.words.index(word) if word in self.words else -1

    def take(self, rows: NDArray[np.bool_] | slice) -> "Columns":
        parts = {name: getattr(self, name)[rows] for name in self.__struct_fields__[:-1]}
        return Columns(**parts, words=self.words)

    def __len__(self) -> int:
        return len(self.at)


def load(store: Store, folds: Iterable[int], since: int) -> Mapping[int, Columns]:
    """The observations of some folds, of all stories that tell of anything from `since` on."""
    wanted = [str(f) for f in folds]
    gathered: dict[str, list[_Packed]] = {f: [] for f in wanted}
    counts: dict[str, list[int]] = {f: [] for f in wanted}
    stories: list[int] = []
    bases: list[int] = []
    decode = msgspec.json.Decoder(dict[str, list[_Packed]]).decode
    cursor = store.conn.execute(
        "SELECT story, base, body FROM folded WHERE kind = 'ticket' AND (last IS NULL OR last >= ?)", (since,)
    )
    for story, base, body in cursor:
        by_fold = decode(body)
        stories.append(story)
        bases.append(base)
        for fold in wanted:
            rows = by_fold.get(fold, ())
            gathered[fold].extend(rows)
            counts[fold].append(len(rows))
    story_array, base_array = np.array(stories, np.int64), np.array(bases, np.int64)
    return {
        int(f): _columns(gathered.pop(f), np.repeat(story_array, counts[f]), np.repeat(base_array, counts[f]))
        for f in wanted
    }


def _columns(rows: list[_Packed], story: Ints, base: Ints) -> Columns:
    words: dict[str | None, int] = {None: 0}

    def codes(values: list[str | None]) -> Ints:
        for value in values:
            words.setdefault(value, len(words))
        return np.array([words[v] for v in values], np.int64)

    def times(values: list[int | None], missing: int) -> Ints:
        known = np.array([v is not None for v in values], bool)
        return np.where(known, np.array([v or 0 for v in values], np.int64) + base, missing)

    at = np.array([r.at for r in rows], np.int64) + base
    since = times([r.since for r in rows], 0)
    unsorted = Columns(
        story=story,
        created=base,
        at=at,
        known=np.maximum(at, since),
        until=times([r.until for r in rows], NEVER),
        start=times([r.start for r in rows], 0),
        end=times([r.end for r in rows], NEVER),
        agent=np.array([NOBODY if r.agent is None else r.agent for r in rows], np.int64),
        team=np.array([NOBODY if r.team is None else r.team for r in rows], np.int64),
        severity=codes([r.severity for r in rows]),
        stop=codes([r.stop for r in rows]),
        facet=codes([r.facet for r in rows]),
        value=np.array([r.value or 0.0 for r in rows], np.float64),
        share=np.array([1.0 if r.share is None else r.share for r in rows], np.float64),
        words=(),
    )
    order = np.argsort(at, kind="stable")
    parts = {name: getattr(unsorted, name)[order] for name in Columns.__struct_fields__[:-1]}
    return Columns(**parts, words=tuple(words))
