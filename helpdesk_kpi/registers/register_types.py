"""The registers, one Struct each: what an entry says. The comments beside the fields are what a person reads who fills
in a file.
"""

import datetime as dt
from typing import ClassVar, Literal

import msgspec

from helpdesk_kpi.calendar.periods import get_zone, local_midnight, parse_period
from helpdesk_kpi.registers.entry import (
    Article,
    Count,
    Entry,
    Link,
    Month,
    OneToFive,
    People,
    Person,
    Positive,
    RatedDayEntry,
    RatedEntry,
    Rater,
    Span,
    Ticket,
)
from helpdesk_kpi.store.register_entries import RegisterRow


class Training(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """A training session that a person gave, or hours of mentoring."""

    register: ClassVar[str] = "training"
    key: ClassVar[tuple[str, ...]] = ("subject", "on", "title", "role")

    subject: Person  # who gave it
    on: dt.date  # the day
    title: str  # what it was about
    role: Literal["lead", "co_lead", "mentor"]  # one row for each who gave it
    hours: Positive | None = None  # of a mentor, and only there
    rating: OneToFive | None = None  # mean of what those who attended gave; must be there for a session
    attendees: Count | None = None  # how many came
    evidence: Link  # slides, a recording, an invitation
    approved_by: Person  # somebody else, who knows that it took place
    note: str | None = None

    def at(self, zone: str) -> int:
        return local_midnight(self.on, get_zone(zone))

    def wrong(self) -> str:
        if self.approved_by == self.subject:
            return "approved_by: nobody approves their own training; name somebody else"
        if self.role == "mentor":
            return "" if self.hours is not None else "hours: missing; say how many hours the mentor gave"
        if self.hours is not None:
            return f"hours: only mentoring is counted in hours; a {self.role} gives one session"
        return "" if self.rating is not None else "rating: missing; a session counts by what those who attended gave it"


class Improvement(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """A proposal and its outcome: the dates of its steps are filled in, in the same row."""

    register: ClassVar[str] = "improvement"
    key: ClassVar[tuple[str, ...]] = ("id",)

    id: str  # of your own: IMP-7
    title: str  # what is proposed
    authors: People  # who proposed it, and who helps to bring it about; separated by ";", they share the credit
    proposed: dt.date  # the day
    accepted: dt.date | None = None
    accepted_by: Person | None = None  # no author
    shipped: dt.date | None = None
    measured: dt.date | None = None  # when its effect was verified
    verified_by: Person | None = None  # no author
    effect: str | None = None  # what was measured, in a sentence
    evidence: Link | None = None  # must be there once it is shipped
    duplicate_of: str | None = None  # the id of the one that was there before: the authors of both share its credit
    note: str | None = None

    def at(self, zone: str) -> int:
        return local_midnight(self.proposed, get_zone(zone))

    @property
    def steps(self) -> list[tuple[str, dt.date | None]]:
        return [(s, getattr(self, s)) for s in ("proposed", "accepted", "shipped", "measured")]

    def wrong(self) -> str:
        if self.duplicate_of is not None:
            return self._wrong_duplicate()
        for (before, first), (step, day) in zip(self.steps, self.steps[1:], strict=False):
            if day is not None and first is None:
                return f"{step}: {day} stands there, and {before} is missing"
            if day is not None and first is not None and day < first:
                return f"{step}: {day} is before {before} = {first}"
        return self._check_confirmation()

    def _wrong_duplicate(self) -> str:
        further = [step for step, day in self.steps[1:] if day is not None]
        if self.duplicate_of == self.id:
            return f"duplicate_of: {self.id} cannot be a duplicate of itself"
        return f"{further[0]}: of a duplicate, this stands with {self.duplicate_of}" if further else ""

    def _check_confirmation(self) -> str:
        needed = [
            ("accepted_by", self.accepted), ("evidence", self.shipped), ("verified_by", self.measured),
            ("effect", self.measured),
        ]  # fmt: skip
        for field, day in needed:
            if day is not None and getattr(self, field) is None:
                return f"{field}: missing"
        for field in ("accepted_by", "verified_by"):
            if getattr(self, field) in self.authors:
                return f"{field}: an author cannot be the one; name somebody else"
        return ""


class QualityReview(RatedDayEntry, frozen=True, kw_only=True, omit_defaults=True):
    """A review of one ticket."""

    register: ClassVar[str] = "quality_review"
    key: ClassVar[tuple[str, ...]] = ("ticket", "subject", "by", "calibration")
    form: ClassVar[str | None] = "quality_review"

    ticket: Ticket  # its number, its address, or source:id
    subject: Person  # whose work is judged
    by: Person  # the reviewer
    calibration: bool = False  # yes: reviewers compare how they judge; it counts for nobody
    root_cause: str | None = None
    note: str | None = None

    def wrong(self) -> str:
        return "by: nobody reviews their own work" if self.by == self.subject else super().wrong()


class ArticleReview(RatedDayEntry, frozen=True, kw_only=True, omit_defaults=True):
    """A checklist for one article of the knowledge base."""

    register: ClassVar[str] = "article_review"
    key: ClassVar[tuple[str, ...]] = ("article", "by", "on")
    form: ClassVar[str | None] = "article_review"

    article: Article  # its address, or source:id
    by: Person  # the reviewer, not its author
    note: str | None = None


class CollaborationSatisfaction(RatedDayEntry, frozen=True, kw_only=True, omit_defaults=True):
    """How another department rates working with us, or how we rate working with them."""

    register: ClassVar[str] = "collaboration_satisfaction"
    key: ClassVar[tuple[str, ...]] = ("subject", "team", "by", "on", "ticket", "direction")
    form: ClassVar[str | None] = "collaboration"

    by: Rater  # who says so; never shown
    subject: Person | None = None  # about whom; or
    team: str | None = None  # about which team
    ticket: Ticket | None = None  # what they worked on
    direction: Literal["received", "given"] = "received"  # given: what ours say of the other department
    note: str | None = None

    def wrong(self) -> str:
        if (self.subject is None) == (self.team is None):
            return "subject, team: name one of them, the person or the team that is judged"
        return super().wrong()


class RegisterRating(RatedEntry, frozen=True, kw_only=True, omit_defaults=True):
    """Base of the judgements of a person's behaviour."""

    key: ClassVar[tuple[str, ...]] = ("subject", "by", "period")
    form: ClassVar[str | None] = "behaviour"

    subject: Person  # who is judged
    period: Span  # 2026-Q3, 2026-H2, 2026-11, ...; it is counted with its last moment

    def at(self, zone: str) -> int:
        return parse_period(self.period, zone, 0).end - 1


class ManagerRating(RegisterRating, frozen=True, kw_only=True, omit_defaults=True):
    """A manager's rating of a person's behaviour."""

    register: ClassVar[str] = "manager_rating"

    by: Person  # the manager
    note: str | None = None

    def wrong(self) -> str:
        return "by: nobody is their own manager" if self.by == self.subject else super().wrong()


class PeerRating(RegisterRating, frozen=True, kw_only=True, omit_defaults=True):
    """A colleague's rating of a person's behaviour."""

    register: ClassVar[str] = "peer_rating"

    by: Rater  # the colleague; never shown


class SelfRating(RegisterRating, frozen=True, kw_only=True, omit_defaults=True):
    """A person's rating of their own behaviour."""

    register: ClassVar[str] = "self_rating"
    key: ClassVar[tuple[str, ...]] = ("subject", "period")

    note: str | None = None


class CostEntry(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """The cost of the team in a month: salaries, licences, rooms, training. Always in the same currency."""

    register: ClassVar[str] = "cost"
    key: ClassVar[tuple[str, ...]] = ("period", "team")
    is_personal: ClassVar[bool] = False

    period: Month  # 2026-11
    amount: Positive
    team: str | None = None  # empty: of all teams together
    note: str | None = None

    def at(self, zone: str) -> int:
        return parse_period(self.period, zone, 0).start


class HelpCentreVisits(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """Visitors of the help centre in a month, from its own statistics."""

    register: ClassVar[str] = "help_centre_visits"
    key: ClassVar[tuple[str, ...]] = ("period",)
    is_personal: ClassVar[bool] = False

    period: Month  # 2026-11
    visitors: Count  # people, not pages
    note: str | None = None

    def at(self, zone: str) -> int:
        return parse_period(self.period, zone, 0).start


REGISTERS: dict[str, type[Entry]] = {
    kind.register: kind
    for kind in (
        Training, Improvement, QualityReview, CollaborationSatisfaction, ManagerRating, PeerRating, SelfRating,
        ArticleReview, CostEntry, HelpCentreVisits,
    )
}  # fmt: skip

#: Registers whose raters are never named, and whose single answers are never shown.
ANONYMOUS = frozenset({"peer_rating", "collaboration_satisfaction"})


def decode_entry(row: RegisterRow) -> Entry:
    return msgspec.json.decode(row.body, type=REGISTERS[row.register])
