"""What a KPI is: a function from one thing's story to observations.

An observation is a fact. Now, as_of, targets, windows, calendars and thresholds are policy, applied when observations
are read; so a KPI function never sees them, and changing them needs no new fold.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal, TypeGuard

import msgspec

from helpdesk_kpi.measure.statistics.control_chart import Better
from helpdesk_kpi.model import SubjectKind

Anchor = Literal["created", "answered", "solved", "instant", "happened", "edited", "recorded", "assigned"]
Population = Literal["valid", "native"]
Unit = Literal["ms", "tickets", "share", "answers", "count", "points", "score", "money"]
Dimension = Literal["speed", "volume", "quality", "knowledge", "contribution", "behaviour", "cost", "own"]
#: The finest level at which a KPI may be scored; what is only shown is never scored.
Level = Literal["team", "agent", "shown"]
#: On whose hours business time counts: "": each schedule in its time; owner: the hours of whoever the row belongs to,
#: where [people] gives them; at_end: the schedule in force when a span ends counts for all of it.
Hours = Literal["", "owner", "at_end"]
Direction = Literal["worse", "better", "more", "less"]
YES_NO = ("yes", "no")  # what 1 and 0 of a share mean
#: What a span that still runs waits for.
Awaited = Literal["reply", "next_reply", "solve", "acceptance"]
Split = Literal["severity", "team", "category"]
SPLITS: tuple[Split, ...] = ("severity", "team", "category")
#: What a reader meets in the catalogue; evidence is joined by other KPIs; a question is one of data quality.
Role = Literal["kpi", "evidence", "question"]


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
    ticket: int | None = None  # the ticket that it is about, where the story is no ticket's
    other: int | None = None  # of a follower: the ticket that followed, where it is another one


#: `stop` values that end a span without the awaited event but keep the thing in the population.
CENSORED = frozenset({"solved_without_reply"})
#: `stop` values that leave a thing out; counted and printed, never in n.
EXCLUDED = frozenset({
    "deleted", "merged", "moved", "spam", "internal", "outbound", "test", "imported_copy",
    "subtask", "child", "parent", "tracker", "related", "issue_type",
    "replies_pending", "replies_unreadable", "history_unknown", "first_message_unknown", "no_call_data", "no_chat_data",
    "schedule_unknown", "rating_unreadable",
    "rating_default", "rating_timeout", "rating_internal",
    "no_human_act", "reopened_not_fixed", "not_valid", "incident", "shared_sender", "escalated", "solved_by_bot",
    "expected", "no_target", "too_few_raters", "period_open",
})  # fmt: skip
#: Those of them that are ratings and no customer's answer.
NO_ANSWER = ("rating_default", "rating_timeout", "rating_internal")


class Duration(msgspec.Struct, frozen=True):
    """Median, 90th percentile, mean, share within target; running spans enter as censored (Kaplan-Meier)."""


class Share(msgspec.Struct, frozen=True):
    """sum(value x share) / sum(share), with the Wilson interval; values are 0 or 1."""

    headline: Literal["value", "low"] = "value"  # low: the lower bound, which few votes cannot raise


class Total(msgspec.Struct, frozen=True):
    """sum(value x share)."""

    weighted: bool = False  # each row counts as much as its kind of ticket costs (complexity weights)
    within: int | None = None  # days: rows whose `end` lies further behind their `at` do not count
    cap: int | None = None  # of one story, no more than this counts in a period
    cap_of: Literal["story", "rater"] = "story"  # rater: of one customer, whom the row names as its `rater`
    signed: bool = False  # values may be negative, and so may their sum


class Mix(msgspec.Struct, frozen=True):
    """sum(value x share), and which part of it each facet has."""


#: Of scores whose values may be anything: the least and the most.
UNBOUNDED = (-math.inf, math.inf)


class Score(msgspec.Struct, frozen=True):
    """Mean of the values, weighted by share, with its interval (Student's t), and the 90th percentile."""

    min_raters: int = 0  # raters below whom nothing is shown
    scale: tuple[float, float] = UNBOUNDED  # the least and the most that a value can be
    form: str = ""  # of [registers], whose scale it is


class Stock(msgspec.Struct, frozen=True):
    """How many spans are alive at an instant (a period's end), or how old they are: median, 90th percentile, oldest."""

    of: Literal["count", "age"] = "count"


class Freshness(msgspec.Struct, frozen=True):
    """Of the spans alive at an instant, the share that began at most so many days before."""

    days: int


class Attainment(msgspec.Struct, frozen=True):
    """Promises kept: met / (met + missed). What runs past its deadline is missed; what runs within it is in neither.

    A row is due at its `due`; without one, by the configuration's target for the KPI that its facet names.
    """


class Followup(msgspec.Struct, frozen=True):
    """The share of base rows that something followed within so many days, or that stayed without a follower.

    A row without `end` is a base row; one with `end` is a follower, which came at `end` and concerns the base rows of
    its ticket from before. Its `value` is how sure it is, 0 to 1. Only base rows whose days are over count;
    the others are `running`.
    """

    days: int
    of: Literal["followed", "unfollowed"]  # unfollowed: of value 1, and without a follower
    also: tuple[int, ...] = ()  # further windows, shown beside
    joined: str | None = None  # the KPI whose rows are followers too


class Ratio(msgspec.Struct, frozen=True):
    """The figure of one KPI divided by that of another."""

    a: str
    b: str


Statistic = Duration | Share | Total | Mix | Score | Stock | Freshness | Attainment | Followup | Ratio


def hides_answers(reported: Statistic) -> TypeGuard[Score]:
    """Whether single answers are confidential: only the mean of enough people is shown."""
    return isinstance(reported, Score) and reported.min_raters > 0


#: A KPI function: from one thing's story (a Timeline) to its observations.
KpiFunction = Callable[[Any], Iterable[Observation]]


class Variant(msgspec.Struct, frozen=True):
    """One definition of a KPI."""

    name: str
    definition: str
    function: KpiFunction
    population: Population = "valid"
    statistic: Statistic | None = None  # None: the KPI's
    matures: int | None = None  # None: the KPI's
    hours: Hours = ""
    awaits: Awaited | None = None  # None: the KPI's


class Kpi(msgspec.Struct, frozen=True, kw_only=True):
    """A KPI with its variants; `strict` is the default one. Discovery collects these from `kpi/*.py`.

    Texts are English, and message ids for translations.
    """

    id: str
    title: str
    unit: Unit
    better: Better
    statistic: Statistic
    anchor: Anchor
    needs: frozenset[str]
    revision: int
    subject: SubjectKind
    facet: Literal["", "kind", "dimension"]  # kind: splits one figure; dimension: each is a figure of its own
    pair: str | None  # the KPI that keeps this one honest, printed beside it
    dimension: Dimension
    level: Level
    min_n: int  # below, one agent's value is shown and not scored
    matures: int  # days after a period's end before its value is final
    role: Role
    variants: dict[str, Variant]
    short: str = ""  # for table heads and cards; "": the title
    counts: tuple[str, str] = ("ticket", "tickets")  # what n counts: one, many
    headlines: Mapping[Direction, str] = {}  # a signal as a title, "first replies{who} got slower"; else a general one
    sentence: str = ""  # the value in running text, with {owner} and {value}; "": "TITLE: VALUE"
    none_sentence: str = ""  # the same for the value 0
    outcomes: tuple[str, str] = YES_NO  # of a share: what 1 and 0 mean for one ticket
    awaits: Awaited = "solve"
    splits: tuple[Split, ...] = SPLITS  # what reports may split it by
    response_kpi: str | None = None  # of answers to a survey: the KPI that says how many customers answered
    target_of: str | None = None  # the KPI whose target decides what is overdue; None: its own

    @property
    def definition(self) -> str:
        return self.variants["strict"].definition

    @property
    def is_instant(self) -> bool:
        """Whether it speaks of what is alive at a period's end."""
        return isinstance(self.statistic, Stock | Freshness)

    def variant(
        self,
        name: str,
        *,
        population: Population = "valid",
        statistic: Statistic | None = None,
        matures: int | None = None,
        hours: Hours = "",
        awaits: Awaited | None = None,
    ) -> "Callable[[KpiFunction], Kpi]":
        """Add a definition that differs elsewhere. Use as a decorator; the docstring is what readers see."""

        def add(function: KpiFunction) -> Kpi:
            definition = _definition(function)
            self.variants[name] = Variant(name, definition, function, population, statistic, matures, hours, awaits)
            return self

        return add

    def statistic_of(self, variant: str) -> Statistic:
        return self.variants[variant].statistic or self.statistic

    def matures_of(self, variant: str) -> int:
        own = self.variants[variant].matures
        return self.matures if own is None else own

    def awaits_of(self, variant: str) -> Awaited:
        return self.variants[variant].awaits or self.awaits


def kpi(
    title: str,
    *,
    unit: Unit,
    better: Better,
    statistic: Statistic,
    anchor: Anchor,
    needs: Iterable[str],
    revision: int,
    subject: SubjectKind = "ticket",
    facet: Literal["", "kind", "dimension"] = "",
    pair: str | None = None,
    dimension: Dimension = "own",
    level: Level = "shown",
    min_n: int = 30,
    matures: int | None = None,
    role: Role = "kpi",
    population: Population = "valid",
    short: str = "",
    counts: tuple[str, str] | None = None,
    headlines: Mapping[Direction, str] = {},
    sentence: str = "",
    none_sentence: str = "",
    outcomes: tuple[str, str] = YES_NO,
    awaits: Awaited = "solve",
    splits: tuple[Split, ...] | None = None,
    response_kpi: str | None = None,
    target_of: str | None = None,
) -> Callable[[KpiFunction], Kpi]:
    """Make a KPI of a function; its name is the KPI's id and its docstring the definition that readers see.

    `matures` defaults to the longest window of the statistic, `counts` to tickets or entries, and `splits` to what
    the subject has: an article or an entry has a team only.
    """
    if counts is None:
        counts = ("entry", "entries") if subject == "entry" else ("ticket", "tickets")
    if splits is None:
        splits = SPLITS if subject in {"ticket", "customer"} else ("team",)

    def make(function: KpiFunction) -> Kpi:
        name = function.__name__
        strict = Variant("strict", _definition(function), function, population)
        return Kpi(
            id=name, title=title, unit=unit, better=better, statistic=statistic, anchor=anchor,
            needs=frozenset(needs), revision=revision, subject=subject, facet=facet, pair=pair, dimension=dimension,
            level=level, min_n=min_n, matures=_window(statistic) if matures is None else matures, role=role,
            variants={"strict": strict}, short=short, counts=counts, headlines=headlines, sentence=sentence,
            none_sentence=none_sentence,
            outcomes=outcomes, awaits=awaits, splits=splits, response_kpi=response_kpi, target_of=target_of,
        )  # fmt: skip

    return make


def _window(statistic: Statistic) -> int:
    if isinstance(statistic, Followup):
        return statistic.days
    return statistic.within or 0 if isinstance(statistic, Total) else 0


def _definition(function: Callable[..., Any]) -> str:
    if not function.__doc__:
        raise TypeError(f"{function.__qualname__} needs a docstring: it is the definition that readers see")
    return " ".join(function.__doc__.split())
