"""What a ticket's life is made of: turns of the conversation, changes, solves, reopens, waits, answers to surveys."""

from bisect import bisect_right
from typing import Any, NamedTuple

import msgspec

from helpdesk_kpi.identities.source_rules import ActorClass


class Message(msgspec.Struct, frozen=True, gc=False):
    """A comment, an answered call or a chat message, in order."""

    at: int
    kind: str  # comment, call, chat
    who: ActorClass
    person: int | None
    public: bool
    length: int | None
    is_thanks: bool
    is_question: bool
    creating: bool  # it made the ticket
    via: str | None
    rule: str | None
    by_macro: bool = False  # the helpdesk says that a prepared text was used


class ArticleLink(NamedTuple):
    """A link to an article in a public comment of a person of the team."""

    article: str  # native id
    at: int
    person: int
    by_macro: bool
    solved_at: int | None  # when the ticket was solved with it, without another reply in between


class Change(msgspec.Struct, frozen=True, gc=False):
    at: int
    field: str
    before: str | None
    after: str | None
    who: ActorClass
    person: int | None


class Solve(NamedTuple):
    at: int
    agent: int | None  # who solved it; an automation's solve belongs to the assignee at the time
    reopened_at: int | None
    change: Change


class Reopen(NamedTuple):
    at: int
    change: Change
    message: Message | None  # the customer's message that came with it
    kinds: tuple[tuple[int, str], ...]  # what it is, known from when on


class Wait(NamedTuple):
    """A customer waiting for an answer."""

    start: int
    end: int | None
    stop: str  # "" answered, "solved_without_reply", "history_unknown": it is over, and nothing tells when
    by: int | None


class SurveyAnswer(NamedTuple):
    """One state of the answer to one survey question."""

    at: int
    category: str  # good, neutral, bad
    agent: int | None  # whom the helpdesk names
    rater: int | None


class SurveyResponse(NamedTuple):
    """An answered question of a survey."""

    dimension: str
    answers: list[SurveyAnswer]  # in order of time
    part: float  # of the survey's one voice in this dimension: a half where two of its questions ask about it


class InvalidRating(NamedTuple):
    """A rating that no customer gave."""

    dimension: str
    at: int
    reason: str  # see contract.NO_ANSWER
    agent: int | None  # whom the helpdesk names


class FieldHistory:
    """One field over time: a value holds from its instant on."""

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
