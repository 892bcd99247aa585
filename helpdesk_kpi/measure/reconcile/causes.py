"""Causes of differences between the vendor's value of a ticket and ours, proved by the ticket's own history.

A difference without proof in the history is `unexplained`; it is never assigned to the nearest cause.
"""

from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from helpdesk_kpi.identities.source_rules import DONE_STATES
from helpdesk_kpi.measure.metrics.contract import EXCLUDED, Observation
from helpdesk_kpi.measure.reconcile.vendor_metrics import Piece, VendorMetric, VendorReading
from helpdesk_kpi.measure.tickets.timeline import Timeline
from helpdesk_kpi.measure.tickets.timeline_events import TicketMessage
from helpdesk_kpi.milliseconds import SECOND

AGREE = frozenset({"agrees", "rounding"})
#: Reasons with a value on one side only.
ONE_SIDED_REASONS = frozenset({"not_computed_yet", "no_native_value", "deleted"})
UNEXPLAINED = "unexplained"

SENTENCES = {
    "agrees": "both say the same",
    "rounding": "the same, but for the helpdesk's rounding",
    "not_computed_yet": "the helpdesk has not worked its figure out again since the ticket changed",
    "no_native_value": "the helpdesk has no figure for this ticket",
    "deleted": "the ticket was deleted; the helpdesk keeps no figures of it",
    "we_have_none": "what happened on this ticket is not known here: its history or its replies were not read",
    "merged": "the ticket was merged into another one; ours leaves it out",
    "spam": "spam; ours leaves it out",
    "internal": "a ticket of the team itself; ours leaves it out",
    "test": "the configuration leaves this ticket out",
    "moved": "the ticket moved to where nothing is read; ours leaves out what came after",
    "imported_copy": "a copy of another ticket, which ours counts in its place",
    "agent_created": "the team opened the ticket, so its first message is no reply; ours leaves it out",
    "solved_before_reply": "solved before anybody replied: for ours it was never answered",
    "phone_or_chat": "answered by phone or in a chat, which only ours counts",
    "no_call_data": "a call, of which this account tells nothing",
    "no_chat_data": "a chat, of which this account tells nothing",
    "bot_reply_counted": "the helpdesk counts the answer of a bot, a rule or an integration",
    "private_first": "the helpdesk counts an internal note",
    "light_agent": "the helpdesk counts the words of a light agent",
    "demoted_agent": "one side takes the author for an agent and the other for a customer: their role has changed",
    "reopened_since": "the ticket was opened again after the helpdesk had worked its figure out",
    "clock_started_elsewhere": "the helpdesk's clock did not start when the ticket was made",
    "first_cycle_of_many": "the promise ran several times; the helpdesk's figure is of one run only",
    "paused_time": "the helpdesk leaves out the time in which its clock was paused",
    "before_creation": "the answer is older than the ticket, which happens when an older ticket is merged into it",
    "calendar_differs": "the helpdesk counts by other hours than the configuration",
    "holidays_differ": "the helpdesk does not leave out the holidays of its schedule",
    "no_schedule": "the helpdesk counts around the clock here",
    "several_schedules": "the helpdesk has several schedules and took another one for this ticket",
    "schedule_changed": "the schedule was changed, and the helpdesk took another version of it",
    "hours_not_known": "from before the first sync: which hours the helpdesk had then is not known",
    UNEXPLAINED: "nothing that is known of the ticket accounts for this",
}
_PARTS = dict.fromkeys(("subtask", "child", "parent", "tracker", "related", "issue_type"), "test")
_OUT = {"outbound": "agent_created", **_PARTS} | {reason: reason for reason in EXCLUDED & SENTENCES.keys()}
#: Exclusions by our rules, whatever the metric.
EXCLUDED_HERE = frozenset({"merged", "moved", "imported_copy", "spam", "internal", "test", "agent_created"})
_UNKNOWN = frozenset({"history_unknown", "first_message_unknown", "replies_pending", "replies_unreadable"})


class DifferenceCase(NamedTuple):
    """One metric of one ticket: the vendor's value, its definition applied to our history, and our value."""

    ticket: Timeline
    metric: VendorMetric
    native: int | None  # calendar ms, or a count; None: no value
    same: VendorReading
    ours: Observation | None
    tolerance: int

    def amount(self, pieces: list[Piece]) -> int | None:
        """Value of pieces in ms, or a count; None: no value. An empty sum is 0 if the vendor also has 0."""
        if self.metric.is_count:
            return len(pieces)
        nothing = 0 if self.metric.is_sum and self.native == 0 else None
        return sum(p.end - p.start for p in pieces) if pieces else nothing

    def fits(self, amount: int | None) -> bool:
        return amount is not None and self.native is not None and abs(amount - self.native) <= self.tolerance


def explain_by_definition(case: DifferenceCase) -> str:
    """The cause when the vendor's definition gives the vendor's value, but ours differs."""
    ours, ticket = case.ours, case.ticket
    if ours is None:
        return UNEXPLAINED
    if ours.stop in EXCLUDED:
        return _OUT.get(ours.stop, "we_have_none")
    if ours.stop == "solved_without_reply":
        return "solved_before_reply"
    if ours.end is not None and any(t.at == ours.end and t.kind != "comment" for t in ticket.messages):
        return "phone_or_chat"
    ends = [p.end for p in case.same.at()]
    taken = (t for t in ticket.messages if t.at in ends and t.kind == "comment" and not t.creating)
    return next(filter(None, map(_kind_of, taken)), UNEXPLAINED)


def explain_by_ticket(case: DifferenceCase) -> str:
    """The cause when not even the vendor's definition on our history gives the vendor's value."""
    if case.same.unknown in _UNKNOWN:
        return "we_have_none"
    if case.native is None:
        return _missing_there(case)
    proofs = (_before_creation, _earlier, _spoken, _gone, _started_elsewhere, _excluded_here)
    return next(filter(None, (proof(case) for proof in proofs)), UNEXPLAINED)


def _before_creation(case: DifferenceCase) -> str:
    is_negative = not case.metric.is_count and (case.native or 0) < -case.tolerance
    return "before_creation" if is_negative else ""


def _gone(case: DifferenceCase) -> str:
    """Merges add comments and close tickets without events."""
    return "merged" if case.ticket.row.merged_into is not None else _OUT.get(case.same.unknown, "")


def _excluded_here(case: DifferenceCase) -> str:
    """Our exclusion of the ticket, whatever the vendor counts."""
    stop = case.ours.stop if case.ours is not None else ""
    reason = _OUT.get(stop, "")
    return reason if reason in EXCLUDED_HERE else ""


def _missing_there(case: DifferenceCase) -> str:
    """The cause when the vendor has no value."""
    if case.ticket.deleted_at is not None:
        return "deleted"
    if case.ticket.row.merged_into is not None:
        return "merged"
    left_out = case.ours is not None and case.ours.stop in EXCLUDED
    reason = explain_by_definition(case)
    return reason if left_out or reason == "phone_or_chat" else "no_native_value"


def _earlier(case: DifferenceCase) -> str:
    """Whether the vendor's value is that of an earlier state of the ticket."""
    pieces = case.same.pieces
    if any(p.until is not None and case.fits(p.end - p.start) for p in pieces):
        return "reopened_since"
    changes = {p.since for p in pieces} | {p.until for p in pieces if p.until is not None}
    before = [case.ticket.created_at, *sorted(changes)][:-1]
    return "not_computed_yet" if any(case.fits(case.amount(case.same.at(t))) for t in before) else ""


def _spoken(case: DifferenceCase) -> str:
    """The message that stopped the vendor's clock, if it does not count as a reply here."""
    ticket = case.ticket
    if case.metric.kpi != "first_reply_time":
        return ""
    end = ticket.created_at + (case.native or 0)
    near = [t for t in ticket.messages if abs(t.at - end) <= case.tolerance]
    kinds = list(filter(None, map(_kind_of, near)))
    if kinds:
        return kinds[0]
    counted = [t for t in ticket.messages if t.at in {p.end for p in case.same.at()} and t.kind == "comment"]
    if near and counted and _lost_role(ticket, counted[0]):
        return "demoted_agent"
    started_by_team = any(t.creating and t.public and t.who == "agent" for t in ticket.messages)
    return "agent_created" if near and started_by_team and counted and near[-1].at > counted[0].at else ""


def _kind_of(message: TicketMessage) -> str:
    """Why a message does not count as a reply; "" if it does."""
    if message.kind != "comment":
        return "phone_or_chat"
    if message.who in {"bot", "system"}:
        return "bot_reply_counted"
    if not message.public:
        return "private_first"
    if message.who == "light_agent":
        return "light_agent"
    return "demoted_agent" if message.who in {"customer", "unknown"} and not message.creating else ""


def _lost_role(ticket: Timeline, message: TicketMessage) -> bool:
    """Whether the author was an agent then and is none now."""
    return ticket.source_rules.person(message.person).kind in {None, "customer"}


def _started_elsewhere(case: DifferenceCase) -> str:
    """Whether the vendor's value is the time to our end from another moment of the ticket."""
    moments = {c.at for c in case.ticket.changes} | {t.at for t in case.ticket.messages}
    starts = moments - {p.start for p in case.same.at()}
    fits = any(case.fits(p.end - start) for p in case.same.at() for start in starts if start < p.end)
    return "clock_started_elsewhere" if fits and not case.metric.is_sum | case.metric.is_count else ""


#: States in which SLA clocks usually pause; helpdesks do not report them.
_PAUSES = (
    frozenset({"pending"}),
    frozenset({"pending", "hold"}),
    DONE_STATES | {"pending"},
    DONE_STATES | {"pending", "hold"},
)
Spans = list[tuple[int, int]]


def is_paused(ticket: Timeline, start: int, end: int) -> Iterator[Spans]:
    """Candidates for the pauses of an SLA clock: spans in some states, or in any single status."""
    changes = [c.at for c in ticket.changes if c.field == "status" and start < c.at < end]
    spans = [(a, b) for a, b in pairwise([start, *sorted({*changes}), end]) if b - a >= SECOND]
    for states in _PAUSES:
        yield [span for span in spans if ticket.state_at(span[0]) in states]
    for status in {ticket.status_at(a) for a, _ in spans}:
        yield [span for span in spans if ticket.status_at(span[0]) == status]
