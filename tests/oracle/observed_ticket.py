"""The history of one ticket up to an instant, with the true labels of the world."""

from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal

import msgspec

from helpdesk_kpi.simulator.world.facts import SYSTEM, Created
from helpdesk_kpi.simulator.world.support_desk import LATE_SCHEDULE, LATE_TEAM
from helpdesk_kpi.simulator.world.ticket_history import DONE, TicketHistory, TicketUpdate
from helpdesk_kpi.simulator.world.world import World

ActorClass = Literal["customer", "agent", "light_agent", "bot", "system"]
HOLDING_BELOW = 80  # characters
_CLASSES: dict[str, ActorClass] = {
    "customer": "customer", "agent": "agent", "admin": "agent", "light_agent": "light_agent",
}  # fmt: skip


class ObservedMessage(msgspec.Struct, frozen=True):
    """A public comment after the creating one."""

    at: int
    place: int  # of its save
    author: int
    by: ActorClass
    text: str
    is_thanks: bool
    is_question: bool
    via_rule: bool


class StatusTurn(msgspec.Struct, frozen=True):
    """A solve or a reopening."""

    at: int
    place: int
    save: TicketUpdate


class ObservedTicket:
    """A ticket as of `as_of`. Later facts do not exist."""

    def __init__(self, world: World, story: TicketHistory, as_of: int) -> None:
        self.world, self.story, self.as_of, self.created = world, story, as_of, story.created
        self.saves = story.until(as_of)
        self.said = list(self._said())
        self.solves = [StatusTurn(s.at, i, s) for i, s in enumerate(self.saves) if _from_to(s) == (False, True)]
        self.reopens = [StatusTurn(s.at, i, s) for i, s in enumerate(self.saves) if _from_to(s) == (True, False)]
        self.done = story.state(as_of)["status"] in DONE

    def _said(self) -> Iterator[ObservedMessage]:
        for place, save in enumerate(self.saves):
            comment = save.fact.comment
            if place and comment is not None and comment.public:
                yield ObservedMessage(
                    save.at, place, self.actor(save), self.by(save), comment.text, comment.is_thanks,
                    comment.is_question, getattr(save.fact, "rule", None) is not None,
                )  # fmt: skip

    # --- who

    def actor(self, save: TicketUpdate) -> int:
        fact = save.fact
        return self.writer if isinstance(fact, Created) else fact.actor

    @property
    def writer(self) -> int:
        """Whose words the ticket begins with, as far as the helpdesk says."""
        created = self.created
        if created.is_dictated and not self.world.tells_writers:
            return created.requester
        return created.writer or created.submitter or created.requester

    def by(self, save: TicketUpdate) -> ActorClass:
        """Class of the actor of a save."""
        fact, actor = save.fact, self.actor(save)
        rule = None if isinstance(fact, Created) else fact.rule
        via = fact.channel if isinstance(fact, Created) else fact.via
        account = self.world.accounts.get(actor)
        if account is not None and account.bot:
            return "bot"
        if account is None or actor == SYSTEM or rule is not None:
            return "system"
        role = account.role_at(save.at)
        return "bot" if via == "api" and role != "customer" else _CLASSES[role]

    def solver(self, solve: StatusTurn) -> int | None:
        if self.by(solve.save) == "agent":
            return self.actor(solve.save)
        assignee: int | None = self.story.state(solve.at)["assignee"]
        return self.story.state(solve.at - 1)["assignee"] if assignee is None else assignee

    def native_agent(self, said: ObservedMessage, at: int) -> bool:
        """Whether the helpdesk itself takes the author for an agent at `at`."""
        account = self.world.accounts.get(said.author)
        return account is not None and account.role_at(at) != "customer"

    # --- what was so at an instant

    def severity(self, at: int) -> str | None:
        return self.world.desk.severity.get(self.story.state(at)["priority"] or "")

    def team(self, at: int) -> int | None:
        team: int | None = self.story.state(at)["team"]
        return team

    # --- contacts and acts

    def replies(self) -> list[ObservedMessage]:
        return [said for said in self.said if said.by == "agent"]

    def contacts(self) -> list[tuple[int, int]]:
        """Answered calls and first human chat messages: (when, who)."""
        calls = [(c.answered_at, c.agent) for c in self.story.calls if c.answered_at is not None]
        chats = [(c.replied_at, c.agent) for c in self.story.chats if c.replied_at is not None]
        return sorted((at, agent or 0) for at, agent in calls + chats if at <= self.as_of)

    def accepted_at(self) -> int | None:
        """The first human act."""
        acts = [save.at for i, save in enumerate(self.saves) if self.by(save) == "agent" and (not i or self._act(save))]
        acts += [at for at, _ in self.contacts()]
        return min(acts, default=None)

    def _act(self, save: TicketUpdate) -> bool:
        taken = save.changes.get("assignee")
        return save.fact.comment is not None or "status" in save.changes or taken == self.actor(save)

    def worked(self, start: int, end: int) -> int:
        """Working time between two instants, by the calendar on which the ticket runs at each of them."""
        world, turns = self.world, [at for at, _ in self._calendars if start < at < end]
        return sum(
            (world.late_hours if self._is_late(a) else world.hours).between(a, b)
            for a, b in pairwise([start, *turns, end])
        )

    @cached_property
    def _calendars(self) -> list[tuple[int, bool]]:
        """From when on it runs on the second calendar, or on the first one."""
        ticket = {"ticket": ("schedule", LATE_SCHEDULE), "team": ("team", LATE_TEAM)}.get(self.world.calendars_by)
        if ticket is None or not self.world.desk.late_weekly:
            return []
        field, late = ticket
        return [(s.at, s.changes[field] == late) for s in self.story.saves if field in s.changes]

    def _is_late(self, at: int) -> bool:
        return next((late for since, late in reversed(self._calendars) if since <= at), False)

    # --- left out

    @property
    def moved_at(self) -> int | None:
        """When it went to a place that is no desk, if it has and the helpdesk has such places."""
        moved = self.story.moved_at
        return moved if moved is not None and self.world.has_projects and moved <= self.as_of else None

    def is_elsewhere(self, row: Any) -> bool:
        """Whether what a row tells happened, or goes on, after it had moved."""
        moved = self.moved_at
        if moved is None:
            return False
        runs_on = row.start is not None and (row.end is None or row.end > moved)
        return row.at >= moved or runs_on

    def excluded(self) -> str | None:
        """Why the ticket is not in the valid population; None: it is."""
        return self._never() or self.gone()

    def gone(self) -> str | None:
        if self.story.deleted_at is not None and self.story.deleted_at <= self.as_of:
            return "deleted"
        merged = self.story.merged_at
        return "merged" if merged is not None and merged <= self.as_of else None

    def _never(self) -> str | None:
        created, desk = self.created, self.world.desk
        if self._internal(created.requester):
            return "internal"
        ours = self._internal(self.writer) and created.channel != "voice" and not created.is_dictated
        if ours and created.comment.public:
            return "outbound"
        odd = {*created.tags} & {*desk.exclude_tags}
        if odd or created.form in desk.exclude_forms or created.brand in desk.exclude_brands:
            return "test"
        return "spam" if created.spam and self.world.tells_spam and self._marked() else None

    def _marked(self) -> bool:
        """Whether spam is known as such by now; until then it looks like any ticket."""
        return self.story.deleted_at is not None and self.story.deleted_at <= self.world.now

    def _internal(self, account: int) -> bool:
        return self.world.accounts[account].role_at(self.created.at) != "customer"


def _from_to(save: TicketUpdate) -> tuple[bool, bool] | None:
    """Whether the status was done before and after; None: it did not change, or is the first one."""
    if "status" not in save.before:
        return None
    return save.before["status"] in DONE, save.changes["status"] in DONE


def exists(story: TicketHistory, as_of: int) -> bool:
    return story.created.at <= as_of
