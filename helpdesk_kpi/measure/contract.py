"""What a KPI is: a function from one thing's story to observations.

An observation is a fact. Now, as_of, targets, windows, calendars and thresholds are policy, applied when observations
are read; so a KPI function never sees them, and changing them needs no new fold.
"""

from collections.abc import Callable, Iterable
from typing import Any, Literal

import msgspec

Better = Literal["lower", "higher", "neither"]
Anchor = Literal["created", "answered", "solved", "instant"]
Population = Literal["valid", "native"]


class Observation(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True, gc=False):
    """One fact. Times are UTC epoch ms; people and teams are the store's integer keys.

    It exists for a reader at `as_of` when max(at, since) <= as_of, and until is None or as_of < until.
    `end` after as_of, or None, is censored there (the span still runs).
    """

    at: int  # the instant that puts it in a period, by the KPI's anchor
    start: int | None = None  # spans: half-open [start, end)
    end: int | None = None  # None: still running
    stop: str = ""  # "": the awaited event. Else why the span ended without it, or why the thing is left out
    agent: int | None = None
    team: int | None = None  # at the anchor
    severity: str | None = None  # when the clock started; None: no priority
    facet: str = ""  # CSAT dimension, kind of reopen, state of a backlog span
    value: float | None = None  # shares: 1 or 0; totals and scores: the amount
    share: float = 1.0  # credit; sums to 1 over the rows of one thing
    since: int | None = None  # when the fact came to be known, if after `at`
    until: int | None = None  # when a later fact took its place
    requester: int | None = None
    rater: int | None = None
    due: int | None = None  # the vendor's own deadline
    pieces: tuple[tuple[int, int], ...] = ()  # interrupted spans: what counts; () means all of [start, end)


#: `stop` values that end a span without the awaited event but keep the thing in the population.
CENSORED = frozenset({"solved_without_reply"})
#: `stop` values that leave a thing out; counted and printed, never in n.
EXCLUDED = frozenset({
    "deleted", "merged", "spam", "internal", "outbound", "test",
    "replies_pending", "replies_unreadable", "history_unknown", "no_call_data", "no_chat_data",
    "rating_default", "rating_timeout", "rating_internal",
})  # fmt: skip
#: Those of them that are ratings and no customer's answer.
NO_ANSWER = ("rating_default", "rating_timeout", "rating_internal")


class Duration(msgspec.Struct, frozen=True):
    """Median, 90th percentile, mean, share within target; running spans enter as censored (Kaplan-Meier)."""


class Share(msgspec.Struct, frozen=True):
    """sum(value x share) / sum(share), with the Wilson interval; values are 0 or 1."""


class Total(msgspec.Struct, frozen=True):
    """sum(value x share)."""


class Stock(msgspec.Struct, frozen=True):
    """How many spans are alive at an instant (a period's end)."""


Statistic = Duration | Share | Total | Stock


#: A KPI function: from one thing's story (a Timeline) to its observations.
Story = Callable[[Any], Iterable[Observation]]


class Variant(msgspec.Struct, frozen=True):
    """One definition of a KPI."""

    name: str
    definition: str
    function: Story
    population: Population = "valid"


MAIN = "overall"  # the dimension that a figure without any speaks of


class Kpi(msgspec.Struct, frozen=True, kw_only=True):
    """A KPI with its variants; `strict` is the default one. Discovery collects these from `kpi/*.py`."""

    id: str
    title: str
    unit: Literal["ms", "tickets", "share", "answers"]
    better: Better
    statistic: Statistic
    anchor: Anchor
    needs: frozenset[str]
    revision: int
    story: Literal["ticket"]
    facet: Literal["", "kind", "dimension"]  # kind: splits one figure; dimension: each is a figure of its own
    pair: str | None  # the KPI that keeps this one honest, printed beside it
    variants: dict[str, Variant]

    @property
    def definition(self) -> str:
        return self.variants["strict"].definition

    def variant(self, name: str, *, population: Population = "valid") -> "Callable[[Story], Kpi]":
        """Add a definition that differs elsewhere. Use as a decorator; the docstring is what readers see."""

        def add(function: Story) -> Kpi:
            self.variants[name] = Variant(name, _definition(function), function, population)
            return self

        return add


def kpi(
    title: str,
    *,
    unit: Literal["ms", "tickets", "share", "answers"],
    better: Better,
    statistic: Statistic,
    anchor: Anchor,
    needs: Iterable[str],
    revision: int,
    facet: Literal["", "kind", "dimension"] = "",
    pair: str | None = None,
) -> Callable[[Story], Kpi]:
    """Make a KPI of a function; its name is the KPI's id and its docstring the definition that readers see."""

    def make(function: Story) -> Kpi:
        name = function.__name__
        strict = Variant("strict", _definition(function), function)
        return Kpi(
            id=name, title=title, unit=unit, better=better, statistic=statistic, anchor=anchor,
            needs=frozenset(needs), revision=revision, story="ticket", facet=facet, pair=pair,
            variants={"strict": strict},
        )  # fmt: skip

    return make


def _definition(function: Callable[..., Any]) -> str:
    if not function.__doc__:
        raise TypeError(f"{function.__qualname__} needs a docstring: it is the definition that readers see")
    return " ".join(function.__doc__.split())
