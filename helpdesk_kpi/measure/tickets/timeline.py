"""One ticket's history: messages, states, assignees, solves, reopens, waits and surveys.

KPI functions for tickets receive a Timeline. Instants are UTC epoch ms; people and teams are keys of the store.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any

from helpdesk_kpi.identities.resolution_field import native, with_resolutions
from helpdesk_kpi.identities.source_rules import DONE_STATES, NEED_SURVEY_OFFERED, ActorClass, SourceRules
from helpdesk_kpi.identities.vocabulary import (
    BY_THE_TEAM,
    IN_THE_HELPDESK,
    INTERNAL,
    MERGE,
    SPOKEN,
    VOICE,
    is_messaging,
)
from helpdesk_kpi.measure.metrics.contract import Observation
from helpdesk_kpi.measure.tickets.assignments import AssignmentHistory
from helpdesk_kpi.measure.tickets.event_ratings import ANSWERS, given_in, with_event_answers
from helpdesk_kpi.measure.tickets.final_values import ends_elsewhere
from helpdesk_kpi.measure.tickets.moves import begun, since_it_came, stays_away, without_what_was_away
from helpdesk_kpi.measure.tickets.related_tickets import is_evident
from helpdesk_kpi.measure.tickets.requester_history import as_rated, askers, with_asker
from helpdesk_kpi.measure.tickets.sla_clocks import SlaRun, list_sla_runs
from helpdesk_kpi.measure.tickets.timeline_events import (
    ArticleLink,
    Change,
    FieldHistory,
    InvalidRating,
    Reopen,
    Solve,
    SurveyAnswer,
    SurveyResponse,
    TicketMessage,
    Wait,
)
from helpdesk_kpi.milliseconds import A_MOMENT
from helpdesk_kpi.model import REFUSED_RATING, REFUSED_ROW
from helpdesk_kpi.store.change_order import in_order, in_turn
from helpdesk_kpi.store.ticket_records import NO_RECORDS, EventRecord, RatingRecord, TicketRecord, TicketRecords

#: (start, end, state, severity, team, assignee); end None: it still runs.
Span = tuple[int, int | None, str, str | None, int | None, int | None]
#: Kind of a reopen without a message, by who reopened: a customer who does so is not satisfied with the solution.
SILENTLY = {"agent": "agent", "light_agent": "agent", "customer": "not_fixed"}


class Timeline:
    """One ticket with its history.

    Args:
        desk: rules of the source.
        row: the ticket's row.
        events: its events, in any order.
        related: ratings, SLA records, links and other records of the ticket.
    """

    def __init__(
        self,
        desk: SourceRules,
        row: TicketRecord,
        events: Sequence[EventRecord],
        related: TicketRecords = NO_RECORDS,
    ) -> None:
        now = row
        events = since_it_came(row, events)
        self.askers = askers(desk, now, events, related.accounts)
        row, events = with_asker(desk, now, events, related.accounts)
        self.away = stays_away(events)
        row, events = with_resolutions(desk, row, without_what_was_away(events, self.away))
        self.source_rules = desk
        self.row = row
        self.cycles, self.sla_events = related.cycles, related.promises
        self._cited, self.links = related.cited, related.links
        self.flag = next(iter(related.flags), None)
        self.merges, self.copies = related.merges, related.copies
        self.refused = frozenset(part.kind for part in related.unread) & {REFUSED_ROW, REFUSED_RATING}
        self.created_at: int = begun(row)
        self.requester: int | None = row.requester
        self.channel: str | None = row.channel
        self.deleted_at: int | None = row.deleted_at
        self.known_from: int = max(row.changes_known_from or 0, desk.since)  # earlier history is unknown
        self.exclusions: dict[object, tuple[str, int | None]] = {}  # cache, by population and needs
        moves = in_turn(e for e in events if e.kind == "change" and e.field == "brand")
        self.brand = moves[0].before if moves else row.brand  # the first one
        self.messages: list[TicketMessage] = []
        self.changes: list[Change] = []
        self.surveys: list[EventRecord] = []
        self.merge_links: list[int] = []  # instants of merge links
        self.has_session = False  # a messaging session is reported, with or without a reply
        self._read(events)
        self.ends = ends_elsewhere(desk, row, self.changes)
        self.changes = sorted([*self.changes, *(end.change for end in self.ends)], key=lambda c: c.at)
        #: Fields with a present value of unknown start.
        self.undated = frozenset(end.change.field for end in self.ends if not end.is_dated)
        self.ratings: Sequence[RatingRecord] = with_event_answers(as_rated(now, row, related.ratings), self.surveys)
        if any(e.after in ANSWERS for e in self.surveys):  # the answer is known, whatever its own row says
            self.refused -= {REFUSED_RATING}

    def _read(self, events: Sequence[EventRecord]) -> None:
        """Sort events into messages, changes, surveys and links; within one instant messages come before changes.

        Comments older than the one that created the ticket came in by a merge and belong to another ticket.
        """
        made_at = max((e.at for e in events if e.kind == "comment" and e.at <= self.created_at), default=None)
        ordered = sorted(events, key=lambda e: (e.at, e.kind == "change", e.seq))
        for e in in_order([e for e in ordered if e.kind == "change"]):
            self.changes.append(Change(e.at, e.field or "", e.before, e.after, self._changed_by(e), e.actor))
        for e in ordered:
            if e.kind == "survey":
                self.surveys.append(e)
            elif e.kind == "link" and e.field == "merge":
                self.merge_links.append(e.at)
            elif e.kind == "link" and e.field == "session":
                self.has_session = True
            elif e.kind in {"call", "chat"} or (e.kind == "comment" and (made_at is None or e.at >= made_at)):
                self.messages.append(self._message(e, made_at))

    def _changed_by(self, e: EventRecord) -> ActorClass:
        """Class of the actor of a change; changes by intake accounts count as the system's."""
        if e.actor in self.source_rules.intake:
            return "system"
        return self._side(e, self.source_rules.who(e.actor, e.at, e.via, e.rule, self.askers, public=False))

    def _side(self, e: EventRecord, actor: ActorClass) -> ActorClass:
        """Treat an agent who is a requester as the customer of their own ticket.

        Requests of the team to itself stay as they are: they are excluded as a whole.
        """
        if actor not in {"agent", "light_agent"} or e.actor not in self.askers:
            return actor
        is_own = e.actor == self.requester and not self.is_internal
        return "customer" if is_own or self.source_rules.is_of_another_team(e.actor, self.brand) else actor

    def _message(self, e: EventRecord, made_at: int | None) -> TicketMessage:
        words = e.kind == "comment"
        actor = self._side(
            e, self.source_rules.who(e.actor, e.at, e.via, e.rule, self.askers, public=bool(e.public) or not words)
        )
        creating = words and not any(t.kind == "comment" for t in self.messages) and self._makes(e, made_at, actor)
        at = e.at if words else max(e.at, self.created_at)  # a call may be answered before it becomes a ticket
        public = bool(e.public) and (creating or not words or e.via not in SPOKEN)
        return TicketMessage(
            at, e.kind, actor, e.actor, public, e.length, bool(e.is_thanks), bool(e.is_question), creating,
            "merge" if words and e.field in MERGE else e.via, e.rule, e.field == "macro",
        )  # fmt: skip

    def _makes(self, e: EventRecord, made_at: int | None, actor: ActorClass) -> bool:
        """Whether a ticket's first comment is the one that created it.

        Some helpdesks save it a moment after the ticket; then only a comment of the customer's side qualifies.
        """
        if made_at is not None:
            return e.at == made_at
        return e.at - self.created_at <= A_MOMENT and actor not in {"agent", "light_agent"}

    @cached_property
    def is_internal(self) -> bool:
        """Whether the requester belongs to the team."""
        return self.source_rules.is_internal(self.requester, self.created_at, self.brand)

    # Fields over time

    def _track(self, field: str, now: Any) -> FieldHistory:
        changes = [c for c in self.changes if c.field == field]
        track = FieldHistory(changes[0].before if changes else now)
        for change in changes:
            track.add(change.at, change.after)
        return track

    @cached_property
    def _status(self) -> FieldHistory:
        return self._track("status", self.row.status)

    @cached_property
    def _team(self) -> FieldHistory:
        track = self._track("team", None)
        track.values = [self.source_rules.team_keys.get(v) for v in track.values] if track.times else [self.row.team]
        return track

    @cached_property
    def _assignee(self) -> FieldHistory:
        track = self._track("assignee", None)
        track.values = (
            [self.source_rules.person_keys.get(v) for v in track.values] if track.times else [self.row.assignee]
        )
        return track

    @cached_property
    def _severity(self) -> FieldHistory:
        track = self._track("priority", self.row.priority)
        track.values = [self.source_rules.severity(value) for value in track.values]
        return track

    @cached_property
    def _state(self) -> FieldHistory:
        track = self._track("status", self.row.status)
        track.values = [self.source_rules.state(value) for value in track.values]
        return track

    def fact(self, at: int, agent: int | None = None, **more: Any) -> Observation:
        """Build an observation at an instant, with the ticket's team and severity then."""
        return Observation(at=at, agent=agent, team=self.team_at(at), severity=self.severity_at(at), **more)

    def severity_at(self, instant: int) -> str | None:
        return self._severity.at(instant)  # type: ignore[no-any-return]

    def status_at(self, instant: int) -> str | None:
        """The helpdesk's own name of the status."""
        return native(self._status.at(instant))

    def state_at(self, instant: int) -> str:
        return self._state.at(instant)  # type: ignore[no-any-return]

    def team_at(self, instant: int) -> int | None:
        return self._team.at(instant)  # type: ignore[no-any-return]

    def assignee_at(self, instant: int) -> int | None:
        return self._assignee.at(instant)  # type: ignore[no-any-return]

    @property
    def teams(self) -> FieldHistory:
        return self._team

    @property
    def assignees(self) -> FieldHistory:
        return self._assignee

    @cached_property
    def assignment_history(self) -> AssignmentHistory:
        """Who held the ticket, when, and how it was handed over."""
        return AssignmentHistory(self)

    @property
    def well_escalated_at(self) -> int | None:
        """When it was first escalated in time and with a reason; None: never."""
        return next((e.at for e in self.assignment_history.escalations if e.is_good), None)

    # Solves and reopens

    @cached_property
    def _status_changes(self) -> list[Change]:
        return [c for c in self.changes if c.field == "status"]

    @cached_property
    def solves(self) -> list[Solve]:
        """Every change from a state that is not done to one that is."""
        found: list[Solve] = []
        done = False
        for change in self._status_changes:
            is_done = self.source_rules.state(change.after) in DONE_STATES
            if is_done and not done:
                agent = change.person if change.who == "agent" else self._assignee_of(change)
                found.append(Solve(change.at, agent, None, change))
            elif done and not is_done:
                found[-1] = found[-1]._replace(reopened_at=change.at)
            done = is_done
        return found

    def _assignee_of(self, change: Change) -> int | None:
        """The assignee at the change; if they were unassigned in the same instant, the assignee before."""
        now = self.assignee_at(change.at)
        return self.assignee_at(change.at - 1) if now is None else now

    @cached_property
    def reopens(self) -> list[Reopen]:
        """Every change from done to not done, with its kind by time of knowledge."""
        found = []
        ends = [s.at for s in self.solves[1:]]
        for number, solve in enumerate(self.solves):
            if solve.reopened_at is None:
                continue
            at = solve.reopened_at
            change = next(
                c for c in self._status_changes if c.at == at and self.source_rules.state(c.after) not in DONE_STATES
            )
            message = self._brought(change, after=solve.at)
            next_solve = ends[number] if number < len(ends) else None
            found.append(Reopen(at, change, message, self._kinds(change, message, next_solve)))
        return found

    def _brought(self, change: Change, *, after: int) -> TicketMessage | None:
        """The customer's message that reopened the ticket: of the same instant, or one that a rule acted on later.

        Zendesk saves both at once; in Jira an automation sees the comment first and moves the issue then.
        """
        earliest = change.at if change.who == "agent" else max(change.at - A_MOMENT, after)
        messages = (t for t in reversed(self.messages) if t.public and t.who == "customer" and t.kind == "comment")
        return next((t for t in messages if earliest <= t.at <= change.at), None)

    def _kinds(
        self, change: Change, message: TicketMessage | None, next_solve: int | None
    ) -> tuple[tuple[int, str], ...]:
        if message is None:
            kind = "unknown" if change.who == "unknown" else SILENTLY.get(change.who, "automation")
            return ((change.at, kind if kind == "agent" or self.has_text_features else "unknown"),)
        if not message.is_thanks:
            return ((change.at, "followup_question" if message.is_question else "not_fixed"),)
        answered = next(
            (t.at for t in self.replies if t.at > change.at and (next_solve is None or t.at <= next_solve)), None
        )
        thanks = (change.at, "thanks")
        return (thanks,) if answered is None else (thanks, (answered, "followup_question"))

    @cached_property
    def sla_runs(self) -> list[SlaRun]:
        """Runs of the helpdesk's SLA clocks."""
        return list_sla_runs(self.cycles, self.sla_events, self.source_rules.sla_names)

    # Messages

    @cached_property
    def replies(self) -> list[TicketMessage]:
        """Public comments of agents, without the creating comment and comments of merges."""
        return [t for t in self.public_notes if t.via not in MERGE]

    @cached_property
    def public_notes(self) -> list[TicketMessage]:
        """As `replies`, with comments of merges: vendors' own metrics count every comment under an agent's name."""
        messages = (t for t in self.messages if t.kind == "comment" and t.public and not t.creating)
        return [t for t in messages if t.who == "agent"]

    def is_agent_by_vendor_rule(self, message: TicketMessage) -> bool:
        """Whether a helpdesk that goes by roles alone takes the message for an agent's."""
        facts = self.source_rules.person(message.person)
        was_agent = facts.kind_at(message.at) == "agent"
        was_agent = was_agent or self.source_rules.who(message.person, message.at, None, None, self.askers) == "agent"
        return message.who != "system" and message.person not in self.source_rules.bots and was_agent

    @cached_property
    def contacts(self) -> list[TicketMessage]:
        """Effective contacts by agents: replies, answered calls, chat messages by people."""
        talks = [t for t in self.messages if t.kind != "comment" and t.who == "agent"]
        return sorted([*self.replies, *talks], key=lambda t: t.at) if talks else self.replies

    @cached_property
    def citations(self) -> list[ArticleLink]:
        """Links to articles in public comments of agents."""
        messages = (t for t in self.messages if t.kind == "comment" and t.public and t.who == "agent")
        wrote = {(t.at, t.person): t for t in messages}
        return [
            ArticleLink(c.article, c.at, c.person, message.by_macro, self._solved_with(c.at))
            for c in self._cited
            if c.person is not None and (message := wrote.get((c.at, c.person)))
        ]

    def _solved_with(self, messages: int) -> int | None:
        following = next((t.at for t in self.replies if t.at > messages), None)
        return next((s.at for s in self.solves if s.at >= messages and (following is None or s.at < following)), None)

    @cached_property
    def missing_contact_data(self) -> str:
        """Why a first contact may have happened that this source cannot show; "": it cannot have."""
        if self.channel in VOICE and "calls" in self.source_rules.missing_capabilities:
            return "no_call_data"
        if self.is_messaging and ("chats" in self.source_rules.missing_capabilities or self._lacks_session):
            # The channel's name alone is no proof: if replies are comments, the messages are known.
            return "" if self.row.is_messaging is None and self.replies else "no_chat_data"
        return ""

    @property
    def _lacks_session(self) -> bool:
        """Whether the ticket had a conversation without a reported session: it still runs, or is too old.

        Tickets that were never assigned, or that a bot ended in an agent's name, were not answered. If a bot or the
        customer continued in comments, the messages are there.
        """
        messages = (t for t in self.messages if t.kind == "chat" or (t.public and not t.creating and t.who != "agent"))
        if not self.row.is_messaging or self.has_session or next(messages, None) is not None:
            return False
        given = [c for c in self.changes if c.field == "assignee" and c.after]
        if not given:
            return self.row.assignee is not None
        return any(c.who == "agent" or self.state_at(c.at) not in DONE_STATES for c in given)

    @property
    def lacks_chat(self) -> bool:
        """Whether its messages are in a conversation that cannot be read."""
        return self.missing_contact_data == "no_chat_data"

    @property
    def is_messaging(self) -> bool:
        return is_messaging(self.channel, self.row.is_messaging)

    @cached_property
    def waits(self) -> list[Wait]:
        """The customer's waits for an answer; the first one opens with the ticket.

        A later one opens at the first message of the customer that is more than thanks, and ends at the next public
        reply of the team, or at a solve.
        """
        marks: list[tuple[int, int, TicketMessage | None]] = [
            (s.at, -1 if s.reopened_at == s.at else 1, None)  # a message of the instant that opened it again came later
            for s in self.solves
            if s.at >= self.created_at
        ]
        messages = (t for t in self.messages if not t.creating and t.via not in MERGE)
        marks += [(t.at, 0, t) for t in messages if t.public or t.kind != "comment"]
        found: list[Wait] = []
        opened: int | None = self.created_at
        for at, _, message in sorted(marks, key=lambda m: m[:2]):
            if message is None or message.who == "agent":
                talk = message is not None and message.kind != "comment"
                if opened is not None and not (talk and found):  # calls and chats end the first wait only
                    by, stop = (None, "solved_without_reply") if message is None else (message.person, "")
                    found.append(Wait(opened, at, stop, by))
                    opened = None
            elif message.who == "customer" and message.kind == "comment" and opened is None and not message.is_thanks:
                opened = at
        if opened is not None:
            is_over = self.has_history_gaps and self.knows_first_message
            found.append(Wait(opened, None, "history_unknown" if is_over else "", None))
        return found

    @cached_property
    def accepted_at(self) -> int | None:
        """The first act of an agent: reply, note, status change, self-assignment, answered call or creating message.

        The login or token that created the ticket is no act: a form's account and a forwarded mail accept nothing. An
        agent who records a customer's call has accepted the ticket.
        """
        acts = [t.at for t in self.messages if t.who == "agent"]
        acts += [c.at for c in self.changes if c.who == "agent" and self.is_act(c)]
        return min(acts, default=None)

    @property
    def knows_acceptance(self) -> bool:
        """Whether no unreported contact can have come before `accepted_at`."""
        return not self.missing_contact_data or self.accepted_at == self.created_at

    def is_act(self, change: Change) -> bool:
        """Whether a change accepts the ticket: a status change or a self-assignment.

        Initial values are no acts: the creating login sets them. That holds for the first status too, since
        some helpdesks report another submitter than the login.
        """
        is_first = change.before is None and change.at <= self.created_at
        if is_first and (change.field == "status" or change.person == self.row.submitter):
            return False
        taking_over = (
            change.field == "assignee" and self.source_rules.person_keys.get(change.after or "") == change.person
        )
        return taking_over or change.field == "status"

    @property
    def has_text_features(self) -> bool:
        """Whether the ticket's messages are known."""
        is_read = self.row.replies_known == "yes" and "comments.public" not in self.source_rules.missing_capabilities
        return is_read and self.knows_first_message and not self.lacks_chat

    @cached_property
    def knows_first_message(self) -> bool:
        """Whether the first message is known. Every ticket begins with a message or a call.

        `WITHOUT_FIRST_WORDS` in the store applies the same rule to rows, as far as they have the data.
        """
        return any(t.creating or t.kind != "comment" for t in self.messages) or bool(self.missing_contact_data)

    @cached_property
    def without_times(self) -> frozenset[str]:
        """What of an imported ticket has no times of its own: `words`, `states`.

        Then everything has the time of the import, or starts long after the ticket's creation.
        """
        if not self.row.is_imported:
            return frozenset()
        begun = min((t.at for t in self.messages), default=self.created_at)
        states = [c for c in self.changes if c.field == "status"]
        late = self.created_at + A_MOMENT
        words = begun > late or begun in {t.at for t in self.replies}
        done_at_once = bool(states) and self.source_rules.state(states[0].after) in DONE_STATES
        is_late = bool(states) and states[0].before is None and states[0].at > late
        return frozenset(["words"] * words + ["states"] * (done_at_once or is_late))

    @property
    def has_no_events(self) -> bool:
        return not self.messages and not self.changes

    @cached_property
    def has_history_gaps(self) -> bool:
        """Whether the ticket is done at an unknown time: its history is missing, or ends earlier."""
        if self.row.left_at is not None or self.source_rules.state(self.row.status) not in DONE_STATES:
            return False
        # Changes before the creation come with imports that keep their times; they do not date the solve.
        has_dated_status = any(c.at >= self.created_at for c in self._status_changes)
        return not has_dated_status or "status" in self.undated

    # Exclusion

    @cached_property
    def merged_at(self) -> int | None:
        """When the ticket was merged into another one: the change that closed it. A link alone is no merge."""
        if self.row.merged_into is None or self.source_rules.state(self.row.status) not in DONE_STATES:
            return None
        if self.row.merged_into and not is_evident(self.merges, self.row.id, self.row.created_at):
            return None
        closings = [c.at for c in self._status_changes if self.source_rules.state(c.after) in DONE_STATES]
        if self.merge_links and closings and closings[-1] < min(self.merge_links) - A_MOMENT:
            return None  # it was solved before, and not by the merge
        return closings[-1] if closings else self.row.updated_at

    @cached_property
    def exclusion_reason(self) -> str:
        """Why this ticket never counts as support work; "": it counts."""
        if self.row.is_spam:
            return "spam"
        if self.source_rules.excluded(self.row):
            return "test"
        if self.copies:
            return "imported_copy"
        if part := self.source_rules.part_of(self.row):
            return part
        if self.channel in INTERNAL or self.is_internal:
            return "internal"
        return "outbound" if self.is_outbound else ""

    @cached_property
    def is_outbound(self) -> bool:
        """Whether the team wrote or called first.

        That is so if the helpdesk reports it, or if an agent wrote the first public message in the helpdesk itself. The
        submitter or creator of the ticket is no evidence.
        """
        if self.row.direction is not None or self.channel in BY_THE_TEAM:
            return self.row.direction != "inbound"
        first = next((t for t in self.messages if t.creating), None)
        if first is not None and first.via in BY_THE_TEAM:
            return True
        if self.channel in VOICE or first is None or not first.public or first.who != "agent":
            return False
        return (self.channel if first.via is None else first.via) in IN_THE_HELPDESK

    def spans(self) -> Sequence[Span]:
        """Open spans as (start, end, state, severity, team, assignee), split wherever one of them changes."""
        return self._spans

    @cached_property
    def _spans(self) -> list[Span]:
        return list(self._cut())

    def _cut(self) -> Iterator[Span]:
        ends = (self.merged_at, self.deleted_at, self.row.left_at)
        gone = min((t for t in ends if t is not None), default=None)
        cuts = {c.at for c in self.changes if c.field in {"status", "priority", "team", "assignee"}}
        cuts |= {instant for stay in self.away for instant in stay}
        points = [self.created_at, *sorted(c for c in cuts if c > self.created_at)]
        for start, following in zip(points, [*points[1:], None], strict=True):
            if gone is not None and start >= gone:
                return
            end = following if gone is None else min(gone, following or gone)
            state = self.state_at(start)
            if state not in DONE_STATES and not any(left <= start < back for left, back in self.away):
                yield start, end, state, self.severity_at(start), self.team_at(start), self.assignee_at(start)

    # Surveys

    def answers(self) -> list[SurveyResponse]:
        """Every answered question of every survey, with its dimension and its answers in order of time.

        A rating has only its latest state; earlier ones come from the ticket's history, if it has them.
        """
        given = [(r, self.source_rules.dimension(r.question)) for r in self.ratings if self._is_answer(r)]
        questions = Counter((r.native, dimension) for r, dimension in given)
        return [
            SurveyResponse(dimension, self._rating_versions(r), 1 / questions[r.native, dimension])
            for r, dimension in given
        ]

    def no_answers(self) -> list[InvalidRating]:
        """Ratings that are no customer's answer: defaults, time-outs, and ratings by the team."""
        return [
            InvalidRating(self.source_rules.dimension(r.question), r.answered_at or r.offered_at, reason, r.agent)
            for r in self.ratings
            if (reason := self._no_answer(r))
        ]

    def _is_answer(self, rating: RatingRecord) -> bool:
        return rating.answered_at is not None and rating.category is not None and not self._no_answer(rating)

    def _no_answer(self, rating: RatingRecord) -> str:
        """Why a rating is no customer's answer; "": it is one, or is not answered yet."""
        if rating.origin != "customer":
            return f"rating_{rating.origin}"
        if rating.answered_at is None or rating.rater in self.askers:
            return ""
        return "rating_internal" if self.source_rules.is_internal(rating.rater, rating.answered_at) else ""

    def _rating_versions(self, rating: RatingRecord) -> list[SurveyAnswer]:
        """The states of one answer: the first one and its changes, in order of time."""
        assert rating.answered_at is not None
        assert rating.category is not None
        rater = self._rater(rating)
        last = SurveyAnswer(rating.changed_at or rating.answered_at, rating.category, rating.agent, rater)
        given = [
            SurveyAnswer(max(e.at, rating.offered_at), str(e.after), rating.agent, rater)
            for e in self._survey_events(rating)
        ]
        if not given:
            return [last._replace(at=rating.answered_at)]
        if given[-1].category != last.category:
            given.append(last)
        return sorted(given, key=lambda answer: answer.at)

    def _rater(self, rating: RatingRecord) -> int | None:
        """The rater; None for accounts that many people share."""
        return None if self.source_rules.person(rating.rater).kind == "nobody" else rating.rater

    def _survey_events(self, rating: RatingRecord) -> list[EventRecord]:
        """Answers to a rating's main question in the history, from its offer until the next survey's."""
        if rating.question:
            return []
        return given_in(rating, self.ratings, [e for e in self.surveys if e.after in ANSWERS])

    def offers(self) -> list[tuple[int, int | None]]:
        """(offered at, first answered at; None: not yet) of each survey; empty if the source reports answers only."""
        if NEED_SURVEY_OFFERED in self.source_rules.missing_capabilities:
            return []
        by_survey: dict[str, list[RatingRecord]] = {}
        for rating in self.ratings:
            by_survey.setdefault(rating.native, []).append(rating)
        return [(min(r.offered_at for r in rows), self._first_answer(rows)) for rows in by_survey.values()]

    def _first_answer(self, survey: Sequence[RatingRecord]) -> int | None:
        answered = [r for r in survey if self._is_answer(r)]
        return min((self._rating_versions(r)[0].at for r in answered), default=None)


#: Loads timelines by the tickets' keys.
Tickets = Callable[[Sequence[int]], Iterable[Timeline]]
