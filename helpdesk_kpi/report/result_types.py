"""What a report reads: figures of one period as of one instant, through one door.

The reading side of measure implements `Figures`; everything else in `report` only turns it into words and pictures, so
a report can be tested with a few lines of made-up figures.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

import msgspec

from helpdesk_kpi.identities.unmapped_values import UnmappedValue
from helpdesk_kpi.measure.metrics.contract import Kpi
from helpdesk_kpi.measure.metrics.metric_value import MetricValue
from helpdesk_kpi.measure.process.review import ProcessReview
from helpdesk_kpi.measure.quality.gaps import DataGap
from helpdesk_kpi.measure.quality.priority_inversions import PriorityInversion
from helpdesk_kpi.measure.query.limiting_defaults import Default
from helpdesk_kpi.measure.recurrence.threshold_tuning import DetectionQuality
from helpdesk_kpi.measure.statistics.reciprocity import Reciprocity

Axis = Literal["severity", "team", "agent", "category", "channel", "facet"]
Why = Literal["no first reply", "waiting for us", "open past target"]
Privacy = Literal["full", "pseudonymous", "team_only"]


class ReportPeriod(Protocol):
    """What reports need of a period: half-open [start, end) in UTC epoch ms, from local midnight to local midnight."""

    @property
    def kind(self) -> str:
        """One of day, week, month, quarter, half, year."""

    @property
    def label(self) -> str:
        """As people type it: 2026-W47, 2026-11, 2026-Q4."""

    @property
    def start(self) -> int: ...

    @property
    def end(self) -> int: ...


class SeverityFacts(msgspec.Struct, frozen=True):
    """One configured level. `targets` maps KPI ids to ms."""

    level: str
    title: str = ""
    definition: str = ""
    targets: Mapping[str, int] = {}
    clock: Literal["calendar", "business"] = "business"


class Annotation(msgspec.Struct, frozen=True):
    """Something dated that trends should show: a release, an outage, a policy."""

    at: int
    title: str


class AgentAliases(msgspec.Struct, frozen=True):
    """How a person of the team could be recognised. Read only to keep them out where privacy asks for it."""

    name: str
    ids: tuple[str, ...] = ()  # the helpdesks' account ids
    addresses: tuple[str, ...] = ()
    also: tuple[str, ...] = ()  # what their accounts are called


class WaitingTicket(msgspec.Struct, frozen=True, kw_only=True):
    """A ticket that somebody has to do something about."""

    number: str
    url: str
    subject: str
    since: int
    waited: int  # ms on the severity's clock
    why: Why
    severity: str | None = None
    category: str | None = None
    team: str | None = None
    assignee: str | None = None  # None: nobody; "": somebody who is not named here
    target: int | None = None  # ms; None: no target for this severity
    clock: Literal["calendar", "business"] = "business"


class BadRating(msgspec.Struct, frozen=True, kw_only=True):
    """A bad answer of this period. `comment` is None where comments are not kept, or none was written."""

    number: str
    url: str
    at: int
    severity: str | None = None
    comment: str | None = None


class TicketLine(msgspec.Struct, frozen=True, kw_only=True):
    """One ticket behind a number. `value`: ms for durations, age in ms for a stock, 1 or 0 for shares, else the
    amount; None: left out, see `reason`.
    """

    number: str
    url: str
    subject: str
    at: int
    value: float | None
    severity: str | None = None
    agent: str | None = None  # None: nobody; "": somebody who is not named here
    censored: bool = False  # the clock still runs, or ended without the awaited event
    reason: str = ""  # why censored or left out: "running", "solved_without_reply", "merged", ...


class PersonShare(msgspec.Struct, frozen=True, kw_only=True):
    """One person's part in a question of data quality."""

    agent: str
    share: float
    n: float
    others: float  # the share of everybody else
    tickets: tuple[tuple[str, str], ...] = ()  # number and address, newest first
    articles: tuple[tuple[str, str], ...] = ()  # title and address


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """Something that deserves a look, and who differs from the others by more than chance. It is no verdict."""

    kpi: Kpi
    n: float
    share: float | None
    people: tuple[PersonShare, ...] = ()


class DataQuality(msgspec.Struct, frozen=True, kw_only=True):
    """What keeps figures from being right, as the store is now, and what deserves a look in the period."""

    gaps: tuple[DataGap, ...] = ()
    unmapped: tuple[UnmappedValue, ...] = ()
    questions: tuple[Question, ...] = ()
    overtaken: tuple[PriorityInversion, ...] = ()
    late: tuple[float, float, float | None] | None = None  # solves in the last hours, all, the usual share up to
    returned: Reciprocity | None = None  # colleagues' ratings that answer each other


class VendorAgreement(msgspec.Struct, frozen=True, kw_only=True):
    """How many of a source's first replies are as long as its helpdesk says, of those on which it says something."""

    source: str
    vendor: str  # "Zendesk"
    agree: int
    reasons: Mapping[str, int] = {}  # why the others differ, most frequent first

    @property
    def compared(self) -> int:
        return self.agree + sum(self.reasons.values())

    @property
    def unexplained(self) -> int:
        return self.reasons.get("unexplained", 0)

    @property
    def explained(self) -> dict[str, int]:
        return {reason: n for reason, n in self.reasons.items() if reason != "unexplained"}


class ReportFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is true of the whole report rather than of one number."""

    sources: Mapping[str, int | None]  # data whole to (ms); None: nothing pulled yet
    catalogue: Mapping[str, Kpi]  # the KPIs that can be asked for
    history_from: int | None = None  # first instant the store knows about; None: empty store
    excluded: Mapping[str, int] = {}  # tickets of this period that were left out, by reason
    follow_ups: int = 0  # tickets of this period that were counted, and follow one that was closed
    gaps: Mapping[str, str] = {}  # KPI -> what the source lacks (in whole or in part)
    defaults: tuple[Default, ...] = ()  # settings by which a KPI may be void, with how much hangs on each
    severities: tuple[SeverityFacts, ...] = ()  # as configured, most urgent first
    annotations: tuple[Annotation, ...] = ()
    agreements: tuple[VendorAgreement, ...] = ()  # one for each source whose helpdesk has figures of its own
    questions: tuple[tuple[str, int], ...] = ()  # survey questions without a dimension, and their answers
    repeats: DetectionQuality | None = None  # how right the finding of repeats is; None: too few pairs are labelled
    agents: tuple[AgentAliases, ...] = ()  # everybody who ever was internal
    secret: bytes = b""  # keys the pseudonyms; stays in the store


class Figures(Protocol):
    """One period, one as_of, optionally one team (the report's `where`)."""

    @property
    def period(self) -> ReportPeriod: ...

    @property
    def as_of(self) -> int: ...

    @property
    def zone(self) -> str:
        """IANA name of the readers' zone."""

    @property
    def team(self) -> str | None: ...

    @property
    def facts(self) -> ReportFacts: ...

    def value(self, kpi: str, variant: str = "strict", **where: str | None) -> MetricValue:
        """The KPI over a slice, e.g. `severity="P1"` (None: no priority), `team="Billing"`, with previous, history and
        signal filled in. Nothing there: n = 0 and value None, never an error.
        """

    def by(
        self, kpi: str, axis: Axis, variant: str = "strict", **where: str | None
    ) -> Mapping[str | None, MetricValue]:
        """The same for each value of an axis, as readers name it. Values have previous, history and signal too."""

    def waiting(self, limit: int) -> Sequence[WaitingTicket]:
        """Longest waits first: no reply yet, waiting for us, open past target; a ticket at most once."""

    def bad_ratings(self, limit: int) -> Sequence[BadRating]:
        """The period's bad answers, newest first."""

    def ticket_rows(self, kpi: str, limit: int, variant: str = "strict", **where: str | None) -> Sequence[TicketLine]:
        """The tickets behind `value(kpi, variant, **where)`, those that matter most first (longest, bad, oldest)."""

    def process(self) -> ProcessReview:
        """Where tickets spend their time, which ways they go, what comes back and what grows. It names no person."""

    def examined(self) -> DataQuality:
        """What keeps figures from being right, and what deserves a look."""
