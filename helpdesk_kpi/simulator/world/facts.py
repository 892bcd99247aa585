"""Timestamped facts about a support desk, with labels that no API shows.

Times are UTC epoch milliseconds and whole seconds. Ids are the desk's own numbers. A world is a list of these facts;
an API shows those that are not later than its `now`, and the truth is worked out of the labels.
"""

from typing import Literal

import msgspec

SYSTEM = -1

Role = Literal["customer", "agent", "admin", "light_agent"]
Change = dict[str, str | int | None]


class Comment(msgspec.Struct, frozen=True):
    """A message. `text` is what the author typed; `dressing` is what mail programs add."""

    text: str
    public: bool = True
    is_thanks: bool = False  # nothing but gratitude
    is_question: bool = False  # asks something
    dressing: str = ""  # signature and quoted history, after the text
    article: int | None = None  # id of the article that the text links to
    macro: bool = False  # a prepared text


class Created(msgspec.Struct, frozen=True, kw_only=True):
    """The creation of a ticket. `by_trigger`: changes by triggers in the same instant."""

    ticket: int
    at: int
    requester: int
    submitter: int | None = None  # None: the requester
    writer: int | None = None  # who wrote the first words, if not whose login brought them in (the submitter)
    is_dictated: bool = False  # the writer put down what the requester said to them
    subject: str = ""
    comment: Comment = Comment("")
    channel: str = "web"
    status: str = "new"
    priority: str | None = None
    team: int | None = None
    assignee: int | None = None
    category: str | None = None
    form: int | None = None
    brand: int | None = None
    type: str | None = None
    tags: tuple[str, ...] = ()
    by_trigger: Change = {}
    follow_up_of: int | None = None
    problem: int | None = None
    ai_agent: bool = False  # the helpdesk separates it as work of an AI agent
    old_statuses: bool = False  # its workflow had statuses that were deleted since
    spam: bool = False  # a label; each helpdesk shows it in its own way
    about: str = ""  # the problem, known from making it up; "": none that could come back


class Update(msgspec.Struct, frozen=True, kw_only=True):
    """One saved edit of a ticket: at most one comment, and changes. In it the comment comes first."""

    ticket: int
    at: int
    actor: int = SYSTEM
    via: str = "web"
    rule: str | None = None  # title of the trigger or automation that did it
    comment: Comment | None = None
    changes: Change = {}  # status, priority, team, assignee, category, type, form, brand, schedule -> new value
    add_tags: tuple[str, ...] = ()
    merged_into: int | None = None  # this ticket is the loser of a merge
    merged_from: int | None = None  # this ticket is the winner
    typed_by: int | None = None  # whose login put down the actor's words; None: their own
    to_people: bool = False  # the AI agent gives it to people


class Deleted(msgspec.Struct, frozen=True, kw_only=True):
    ticket: int
    at: int
    actor: int


class Redacted(msgspec.Struct, frozen=True, kw_only=True):
    """Deleted for good: its texts and its history are gone."""

    ticket: int
    at: int


class Moved(msgspec.Struct, frozen=True, kw_only=True):
    """Moved to a project outside the desk, if the helpdesk has such; it does not return."""

    ticket: int
    at: int
    actor: int


class Viewed(msgspec.Struct, frozen=True, kw_only=True):
    """The helpdesk rewrote the row without an action of a person."""

    ticket: int
    at: int


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A phone call. `answered_at` None: missed, or sent to voicemail."""

    id: int
    ticket: int
    at: int
    agent: int | None = None
    answered_at: int | None = None
    ended_at: int
    voicemail: bool = False


class Chat(msgspec.Struct, frozen=True, kw_only=True):
    """A messaging session. `replied_at`: the first message by a person; None: no one wrote."""

    id: int
    ticket: int
    at: int
    agent: int
    replied_at: int | None = None
    ended_at: int


class Offered(msgspec.Struct, frozen=True, kw_only=True):
    """A survey goes out."""

    survey: int
    ticket: int
    at: int
    new: bool = False  # the newer kind, with several questions


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """An answer, or a changed one. `ratings`: question -> 1..5; the older survey has "overall" only, 1 or 5."""

    survey: int
    ticket: int
    at: int
    ratings: dict[str, int]
    comment: str | None = None


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """A time entry of an agent, made with their save of that second."""

    ticket: int
    at: int
    entry: int
    agent: int
    seconds: int


class Amended(msgspec.Struct, frozen=True, kw_only=True):
    """A correction of a time entry; 0: deleted."""

    ticket: int
    at: int
    entry: int
    agent: int
    seconds: int


Fact = Created | Update | Deleted | Redacted | Moved | Viewed | Call | Chat | Offered | Answered | Spent | Amended


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """An account; `roles` are (since, role), oldest first."""

    id: int
    name: str
    email: str
    created_at: int
    roles: tuple[tuple[int, Role], ...] = ()
    bot: bool = False  # configured as a bot
    intake: bool = False  # a form or an app with an agent's seat that only brings in what customers wrote
    licensed: bool = False  # a customer with an account of the kind that agents have
    organization: int | None = None
    team: int | None = None
    suspended_at: int | None = None
    deleted_at: int | None = None  # what they wrote stays

    def role_at(self, instant: int) -> Role:
        """The role then; before the first one, the first one."""
        role = self.roles[0][1]
        for since, later in self.roles:
            if since <= instant:
                role = later
        return role


class ArticleFact(msgspec.Struct, frozen=True, kw_only=True):
    """A text of the help centre, with its edits (when, by whom) and votes (when, by whom, up or down)."""

    id: int
    title: str
    body: str
    author: int
    created_at: int
    section: int
    edits: tuple[tuple[int, int], ...] = ()
    minor: tuple[int, ...] = ()  # edits that only correct; the other edits add a paragraph
    votes: tuple[tuple[int, int, int], ...] = ()
    draft: bool = False
    archived_at: int | None = None
