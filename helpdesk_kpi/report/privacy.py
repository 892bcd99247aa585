"""Who may be named in a report.

`Discreet` stands between a report and its figures, so that no template, format or chart can name a person when the
configuration forbids it. Free text (subjects, comments) is searched for the names, addresses and account ids of
everybody who ever was internal, since customers write them.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Literal

import msgspec

from helpdesk_kpi.errors import UsageError
from helpdesk_kpi.measure.metrics.metric_value import MetricValue
from helpdesk_kpi.measure.process.review import ProcessReview
from helpdesk_kpi.report.result_types import (
    AgentAliases,
    Axis,
    BadRating,
    DataQuality,
    Figures,
    PersonShare,
    Privacy,
    ReportFacts,
    ReportPeriod,
    TicketLine,
    WaitingTicket,
)

HIDDEN = "▮▮▮"
NUMBERED = re.compile(r"\(\d+\)")  # tells two of one name apart
SHORTEST_ID = 5  # shorter ids are ordinary numbers in a sentence


class Discreet:
    """Figures without names (`team_only`), or with stable pseudonyms (`pseudonymous`)."""

    def __init__(self, figures: Figures, privacy: Literal["pseudonymous", "team_only"], alias: str) -> None:
        """`alias` is the word for a person in the reader's language: "Agent"."""
        self._figures = figures
        self._alias = alias
        self._privacy = privacy
        self._with_names = _pattern(figures.facts.agents)
        self._owner = _owners(figures.facts.agents)

    @property
    def period(self) -> ReportPeriod:
        return self._figures.period

    @property
    def as_of(self) -> int:
        return self._figures.as_of

    @property
    def zone(self) -> str:
        return self._figures.zone

    @property
    def team(self) -> str | None:
        """A team may be called after somebody."""
        return None if self._figures.team is None else self._text(self._figures.team)

    @cached_property
    def facts(self) -> ReportFacts:
        facts = self._figures.facts
        questions = tuple((self._text(question), answers) for question, answers in facts.questions)
        return msgspec.structs.replace(facts, agents=(), secret=b"", questions=questions)

    def value(self, kpi: str, variant: str = "strict", **where: str | None) -> MetricValue:
        self._refuse(where)
        return self._figures.value(kpi, variant, **where)

    def by(
        self, kpi: str, axis: Axis, variant: str = "strict", **where: str | None
    ) -> Mapping[str | None, MetricValue]:
        self._refuse({axis: None, **where} if self._privacy == "team_only" else where)
        values = self._figures.by(kpi, axis, variant, **where)
        return {self._person(name): value for name, value in values.items()} if axis == "agent" else values

    def waiting(self, limit: int) -> Sequence[WaitingTicket]:
        return [
            msgspec.structs.replace(row, subject=self._text(row.subject), assignee=self._person(row.assignee))
            for row in self._figures.waiting(limit)
        ]

    def bad_ratings(self, limit: int) -> Sequence[BadRating]:
        return [
            msgspec.structs.replace(row, comment=None if row.comment is None else self._text(row.comment))
            for row in self._figures.bad_ratings(limit)
        ]

    def ticket_rows(self, kpi: str, limit: int, variant: str = "strict", **where: str | None) -> Sequence[TicketLine]:
        self._refuse(where)
        return [
            msgspec.structs.replace(row, subject=self._text(row.subject), agent=self._person(row.agent))
            for row in self._figures.ticket_rows(kpi, limit, variant, **where)
        ]

    def process(self) -> ProcessReview:
        """It names nobody."""
        return self._figures.process()

    def examined(self) -> DataQuality:
        """Who stands out by a question has a pseudonym, or is not in it at all."""
        found = self._figures.examined()
        gaps = tuple(gap._replace(detail=self._text(gap.detail)) for gap in found.gaps)
        questions = tuple(
            msgspec.structs.replace(one, people=tuple(self._with_alias(person) for person in one.people))
            if self._privacy == "pseudonymous"
            else msgspec.structs.replace(one, people=())
            for one in found.questions
        )
        return msgspec.structs.replace(found, gaps=gaps, questions=questions)

    def _with_alias(self, person: PersonShare) -> PersonShare:
        return msgspec.structs.replace(person, agent=self._person(person.agent) or "")

    def _refuse(self, where: Mapping[str, str | None]) -> None:
        if "agent" in where:
            raise UsageError(f"privacy is {self._privacy!r}: a report cannot be about one agent")

    def _person(self, name: str | None) -> str | None:
        """None stays None: that nobody is assigned is no secret."""
        if not name or self._privacy == "team_only":
            return name if name is None else ""
        known = self._owner.get(name.casefold(), name)
        digest = hashlib.blake2b(known.encode(), key=self._figures.facts.secret[:64], digest_size=3)
        return f"{self._alias} {digest.hexdigest()}"

    def _text(self, text: str) -> str:
        if self._with_names is None:
            return text
        return self._with_names.sub(self._instead, text)

    def _instead(self, found: "re.Match[str]") -> str:
        if self._privacy == "team_only":
            return HIDDEN
        owner = self._owner.get(found[0].casefold())
        return (self._person(owner) if owner else None) or HIDDEN


def redact(figures: Figures, privacy: Privacy, alias: str) -> Figures:
    """The figures that a report under this privacy setting may read."""
    return figures if privacy == "full" else Discreet(figures, privacy, alias)


def names_nobody(text: str, agents: Sequence[AgentAliases]) -> bool:
    """Whether a text holds nothing that points at one of these people."""
    pattern = _pattern(agents)
    return pattern is None or pattern.search(text) is None


def _marks(agent: AgentAliases) -> list[str]:
    """Everything that points at this person, the longest forms included; parts of a name count, "Will" too."""
    long_ids = [one for one in agent.ids if len(one) >= SHORTEST_ID]
    addresses = [*agent.addresses, *(address.partition("@")[0] for address in agent.addresses)]
    names = (agent.name, *agent.also)
    parts = [part for name in names for part in re.split(r"[\s,.·]+", name) if not NUMBERED.fullmatch(part)]
    return [mark for mark in (*names, *addresses, *long_ids, *parts) if len(mark) > 1]


def _owners(agents: Sequence[AgentAliases]) -> dict[str, str]:
    """Casefolded mark -> name. A mark that several people share belongs to none of them."""
    owners: dict[str, str] = {}
    for agent in agents:
        for mark in _marks(agent):
            key = mark.casefold()
            owners[key] = agent.name if owners.get(key, agent.name) == agent.name else ""
    return owners


def _pattern(agents: Sequence[AgentAliases]) -> "re.Pattern[str] | None":
    marks = {mark for agent in agents for mark in _marks(agent)}
    if not marks:
        return None
    return re.compile("|".join(map(_whole, sorted(marks, key=len, reverse=True))), re.IGNORECASE)


def _whole(mark: str) -> str:
    """Latin names match as whole words ("Ann", not "Announcement"); Chinese has no word borders."""
    body = re.escape(mark)
    return rf"(?<![A-Za-z0-9_]){body}(?![A-Za-z0-9_])" if mark.isascii() else body
