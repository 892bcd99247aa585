"""Events of a ticket: messages, changes, solves, reopens, waits and survey answers."""

from bisect import bisect_right
from typing import Any, NamedTuple

import msgspec

from helpdesk_kpi.identities.source_rules import ActorClass


class TicketMessage(msgspec.Struct, frozen=True, gc=False):
    """A comment, an answered call or a chat message, in order."""

    at: int
    kind: str  # comment, call, chat
    who: ActorClass
    person: int | None
    public: bool
    length: int | None
    is_thanks: bool
    is_question: bool
    creating: bool  # the message that created the ticket
    via: str | None
    rule: str | None
    by_macro: bool = False  # the helpdesk reports that a macro was used


class ArticleLink(NamedTuple):
    """A link to an article in a public comment of an agent."""

    article: str  # native id
    at: int
    person: int
    by_macro: bool
    solved_at: int | None  # when the ticket was solved with it, without another reply in between


class Change(msgspec.Struct, frozen=True, gc=False):
    """A change of one field."""

    at: int
    field: str
    before: str | None
    after: str | None
    who: ActorClass
    person: int | None


class Solve(NamedTuple):
    """A change from a state that is not done to one that is."""

    at: int
    agent: int | None  # who solved it; for an automation the assignee at the time
    reopened_at: int | None
    change: Change


class Reopen(NamedTuple):
    """A change from a done state back to one that is not."""

    at: int
    change: Change
    message: TicketMessage | None  # the customer's message that came with it
    kinds: tuple[tuple[int, str], ...]  # (since when it is known, kind)


class Wait(NamedTuple):
    """A customer's wait for an answer."""

    start: int
    end: int | None
    stop: str  # "": answered; "solved_without_reply"; "history_unknown": over at an unknown time
    by: int | None  # who answered


class SurveyAnswer(NamedTuple):
    """One state of the answer to one survey question."""

    at: int
    category: str  # good, neutral, bad
    agent: int | None  # as the helpdesk reports
    rater: int | None


class SurveyResponse(NamedTuple):
    """An answered question of a survey."""

    dimension: str
    answers: list[SurveyAnswer]  # in order of time
    part: float  # weight: 1 / number of the survey's questions in this dimension


class InvalidRating(NamedTuple):
    """A rating that was not given by a customer."""

    dimension: str
    at: int
    reason: str  # see contract.NO_ANSWER
    agent: int | None  # as the helpdesk reports


class FieldHistory:
    """One field over time: `values[0]` at first, `values[i + 1]` from `times[i]` on."""

    __slots__ = ("times", "values")

    def __init__(self, first: Any) -> None:
        self.times: list[int] = []
        self.values: list[Any] = [first]

    def add(self, at: int, value: Any) -> None:
        if self.times and self.times[-1] == at:
            self.values[-1] = value
        else:
            self.times.append(at)
            self.values.append(value)

    def at(self, instant: int) -> Any:
        return self.values[bisect_right(self.times, instant)]
