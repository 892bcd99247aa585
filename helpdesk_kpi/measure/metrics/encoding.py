"""Observations as the store keeps them: short JSON lists, times relative to the story's base."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from helpdesk_kpi.measure.metrics.contract import Observation

#: Order in the list; the most used first, so that trailing nulls can be left away. The SQL view counts on it.
FIELDS = (
    "at", "start", "end", "agent", "team", "severity", "stop", "facet", "value", "share", "since", "until",
    "requester", "rater", "due", "pieces", "ticket", "other",
)  # fmt: skip
TIMES = frozenset({"at", "start", "end", "since", "until", "due"})
AT, START, END, AGENT, TEAM, SEVERITY, STOP, FACET, VALUE, SHARE, SINCE, UNTIL = range(12)


def pack_observation(o: Observation, base: int) -> list[Any]:
    """One observation as a list without trailing nulls; "" and a share of 1 are null."""
    start, end, since, until = o.start, o.end, o.since, o.until
    packed: list[Any] = [
        o.at - base,
        None if start is None else start - base,
        None if end is None else end - base,
        o.agent,
        o.team,
        o.severity,
        o.stop or None,
        o.facet or None,
        _short(o.value),
        None if o.share == 1 else o.share,
        None if since is None else since - base,
        None if until is None else until - base,
        o.requester,
        o.rater,
        None if o.due is None else o.due - base,
        [[a - base, b - base] for a, b in o.pieces] or None,
        o.ticket,
        o.other,
    ]
    while packed[-1] is None:
        packed.pop()
    return packed


def _short(value: float | None) -> float | None:
    return int(value) if value is not None and value == int(value) else value


def encode_observations(by_fold: Mapping[int, Sequence[Observation]], base: int) -> str:
    return msgspec.json.encode(
        {str(k): [pack_observation(o, base) for o in rows] for k, rows in by_fold.items()}
    ).decode()


def last_instant(observations: Sequence[Observation]) -> int | None:
    """The latest time told of; None while a span still runs."""
    latest = 0
    for o in observations:
        if o.start is not None and o.end is None and o.until is None and o.stop == "":
            return None
        latest = max(latest, o.at, o.end or 0, o.since or 0, o.until or 0)
    return latest
