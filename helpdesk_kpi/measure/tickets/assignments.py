"""Assignment history: who held the ticket, when, how it was handed over, and escalations.

An assignment is the time that one person holds a ticket in one team. Changes after a solve are no handovers: some
helpdesks reassign the solved tickets of people who leave.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from helpdesk_kpi.config import duration
from helpdesk_kpi.identities.source_rules import DONE_STATES
from helpdesk_kpi.measure.tickets.timeline_events import Change, FieldHistory
from helpdesk_kpi.milliseconds import HOUR, MINUTE

if TYPE_CHECKING:
    from helpdesk_kpi.measure.tickets.timeline import Timeline

REASON = 10 * MINUTE  # around an escalation, in which a note of the sender gives its reason
ROUTING = HOUR  # after creation, in which a change of team is routing


class Handover(NamedTuple):
    """The end of an assignment: the ticket goes to another person or team."""

    at: int
    sender: int | None  # who moved it; the holder if a rule did, or if the next holder took it
    person: int | None  # new holder; None: unassigned, or the holder moves along to another team
    team: int | None  # new team; None: the same team


class Assignment(NamedTuple):
    """One person holds the ticket in one team, from `start` on."""

    start: int
    person: int
    team: int | None
    handover: Handover | None  # None: not handed over


class Escalation(NamedTuple):
    """The ticket moves to a team that the first level escalates to."""

    at: int
    sender: int | None  # None: unassigned
    has_reason: bool  # a note of the sender within REASON
    is_timely: bool  # within `escalate_within` of getting the ticket

    @property
    def is_good(self) -> bool:
        return self.has_reason and self.is_timely


class AssignmentHistory:
    """A ticket's assignments and escalations, in order of time."""

    def __init__(self, ticket: "Timeline") -> None:
        self.ticket = ticket
        self.assignments: list[Assignment] = []
        self.escalations: list[Escalation] = []
        self._moved: dict[int, list[Change]] = {}
        self._here: Assignment | None = None  # current assignment
        self._released: int | None = None  # who returned the ticket to the team's queue
        for change in ticket.changes:
            if change.at > ticket.created_at and change.field in {"assignee", "team", "status"}:
                self._moved.setdefault(change.at, []).append(change)
        self._walk()

    def _walk(self) -> None:
        ticket = self.ticket
        self._begin(ticket.created_at)
        was_done = ticket.state_at(ticket.created_at) in DONE_STATES
        for at in sorted(self._moved):
            is_done = ticket.state_at(at) in DONE_STATES
            if not was_done:
                self._record_escalation(at)
                self._go_on(at)
            elif not is_done and self._differs(at):
                self._begin(at)
            was_done = is_done

    def _begin(self, at: int) -> None:
        person = self.ticket.assignees.at(at)
        self._here = self._released = None
        if person is not None and not self._is_bot(person):
            self._here = Assignment(at, person, self.ticket.teams.at(at), None)
            self.assignments.append(self._here)

    def _now(self, here: Assignment) -> None:
        """Replace the current assignment."""
        self._here = self.assignments[-1] = here

    def _is_bot(self, person: int) -> bool:
        return person in self.ticket.source_rules.bots or self.ticket.source_rules.person(person).kind == "bot"

    def _differs(self, at: int) -> bool:
        here = self._here
        return here is None or self.ticket.assignees.at(at) != here.person or self._other_team(at) is not None

    def _other_team(self, at: int) -> int | None:
        """The new team, if it differs from the current assignment's; None: the same, or one of them is unknown."""
        here, team = self._here, self.ticket.teams.at(at)
        return team if here is not None and None not in {here.team, team} and here.team != team else None

    def _go_on(self, at: int) -> None:
        """Process the changes of one instant while the ticket is not done."""
        here, person, team = self._here, self.ticket.assignees.at(at), self._other_team(at)
        if here is None:
            self._begin(at)
        elif person == here.person and team is None:
            self._released = None
            self._now(here._replace(team=here.team or self.ticket.teams.at(at)))
        elif person is None and team is None:  # back in the team's queue: a handover once another person takes it
            self._released = self._released or self._mover(at) or here.person
        else:
            sender = self._released or self._mover(at)
            sender = here.person if sender is None or sender == person else sender
            to = None if person == here.person else person
            self._now(here._replace(handover=Handover(at, sender, to, team)))
            self._begin(at)

    def _mover(self, at: int) -> int | None:
        """The agent who moved the ticket; None: a rule or a bot."""
        return next((c.person for c in self._moved[at] if c.field != "status" and c.who == "agent"), None)

    # Escalations

    def _record_escalation(self, at: int) -> None:
        teams, target = self.ticket.teams, self.ticket.source_rules.escalation_teams
        before, team = teams.at(at - 1), teams.at(at)
        if team not in target or before is None or before in target:
            return
        here = self._here
        sender = self._mover(at) or (here.person if here else None)
        got = here.start if here else self.ticket.created_at
        within = duration(self.ticket.source_rules.rules.escalate_within)
        self.escalations.append(Escalation(at, sender, self._has_handover_note(sender, at), at - got <= within))

    def _has_handover_note(self, sender: int | None, at: int) -> bool:
        """Whether the sender wrote a note around the escalation."""
        return sender is not None and any(
            t.kind == "comment" and not t.public and t.person == sender and abs(t.at - at) <= REASON
            for t in self.ticket.messages
        )

    @property
    def started_at_second_level(self) -> bool:
        """Whether the first team is one that others escalate to, so that the first level never had the ticket."""
        first = next((team for team in self.ticket.teams.values if team is not None), None)
        return first in self.ticket.source_rules.escalation_teams

    # Kinds of handovers

    def handover_kind(self, handover: Handover) -> str:
        """Classify: `escalation`, `pingpong` (back to an earlier holder or team), `routing` or `handover`."""
        if any(e.is_good for e in self.escalations if e.at == handover.at):
            return "escalation"
        ticket = self.ticket
        if _had(ticket.assignees, handover.person, handover.at) or _had(ticket.teams, handover.team, handover.at):
            return "pingpong"
        is_new = handover.team is not None and handover.at < ticket.created_at + ROUTING
        return "routing" if is_new else "handover"

    def count_handovers_until(self, instant: int) -> bool:
        """Whether there was a handover up to `instant`."""
        return any(s.handover is not None and s.handover.at <= instant for s in self.assignments)


def _had(track: FieldHistory, value: int | None, before: int) -> bool:
    """Whether the person or team held the ticket before that instant."""
    spans = zip(track.values, [0, *track.times], strict=True)
    earlier: Iterator[int | None] = (held for held, since in spans if since < before)
    return value is not None and value in earlier
