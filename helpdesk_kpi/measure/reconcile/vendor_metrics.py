"""Vendor metrics of a ticket, recomputed from our history by the vendor's definitions.

Vendors compute metrics after the fact, so a value is given in pieces with the instant from which each counts: it can be
computed as of any time, and outdated vendor values are recognised.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from helpdesk_kpi.identities.source_rules import DONE_STATES
from helpdesk_kpi.measure.metrics.contract import EXCLUDED, Observation
from helpdesk_kpi.measure.metrics.discovery import get_kpi
from helpdesk_kpi.measure.tickets.exclusions import apply_exclusions, missing_history
from helpdesk_kpi.measure.tickets.timeline import Timeline
from helpdesk_kpi.milliseconds import MINUTE, SECOND


class Piece(NamedTuple):
    """A span [start, end) that a metric counts, known from `since` on until it is replaced (`until`; None: never)."""

    start: int
    end: int
    since: int
    until: int | None = None


class VendorReading(NamedTuple):
    """All pieces of one metric; `unknown`: why it cannot be computed, or ""."""

    pieces: Sequence[Piece]
    unknown: str = ""

    def at(self, instant: int | None = None) -> list[Piece]:
        """Pieces that count at an instant; None: now."""
        if instant is None:
            return [p for p in self.pieces if p.until is None]
        return [p for p in self.pieces if p.since <= instant and (p.until is None or instant < p.until)]


class VendorMetric(msgspec.Struct, frozen=True, kw_only=True):
    """A metric that a vendor computes: its name there, and what it counts."""

    name: str
    read: Callable[[Timeline], VendorReading]
    kpi: str = ""  # our corresponding KPI; "": none
    unit: int = SECOND  # the helpdesk rounds to it
    is_count: bool = False
    is_sla: bool = False  # counted by an SLA clock with hours that the vendor does not report
    is_sum: bool = False  # of spans, each rounded by itself
    is_late: bool = False  # computed some time after the ticket changed


def _variant(kpi: str, name: str) -> Callable[[Timeline], VendorReading]:
    """Read a variant of the catalogue."""

    def read(ticket: Timeline) -> VendorReading:
        spec = get_kpi(kpi)
        pieces, unknown = [], ""
        for o in apply_exclusions(ticket, spec, spec.variants[name]):
            if o.stop in EXCLUDED:
                unknown = o.stop
            elif o.start is not None and o.end is not None:
                pieces.append(Piece(o.start, o.end, max(o.at, o.since or 0), o.until))
        return VendorReading([] if unknown else pieces, unknown or missing_history(ticket, spec.needs))

    return read


def own_observation(ticket: Timeline, kpi: str) -> Observation | None:
    """Our current observation of the ticket; None: there is none."""
    spec = get_kpi(kpi)
    return next((o for o in apply_exclusions(ticket, spec, spec.variants["strict"]) if o.until is None), None)


def list_states(ticket: Timeline) -> Iterator[tuple[int, int, str, str]]:
    """(start, end, state, next state) of every state that the ticket has left."""
    since, state = ticket.created_at, ""
    for change in (c for c in ticket.changes if c.field == "status"):
        state = state or (ticket.source_rules.state(change.before) if change.before else "")
        after = ticket.source_rules.state(change.after)
        if state:
            yield since, change.at, state, after
        since, state = change.at, after


def _time_in_states(*counted: str, reopened: bool = False) -> Callable[[Timeline], VendorReading]:
    """Time in some states, known when they end. `reopened`: solved time before a reopen counts too."""

    def read(ticket: Timeline) -> VendorReading:
        pieces = [
            Piece(start, end, end)
            for start, end, state, after in list_states(ticket)
            if state in counted or (reopened and state in DONE_STATES and after not in DONE_STATES)
        ]
        return VendorReading(pieces, missing_history(ticket, frozenset({"status.history"})))

    return read


def _count(instants: Iterable[int], unknown: str) -> VendorReading:
    return VendorReading([Piece(at, at, at) for at in instants], unknown)


def _reopens(ticket: Timeline) -> VendorReading:
    return _count((r.at for r in ticket.reopens), missing_history(ticket, frozenset({"status.history"})))


def _replies(ticket: Timeline) -> VendorReading:
    """Public comments of accounts with an agent's role, without the creating one."""
    said = (t for t in ticket.messages if t.kind == "comment" and t.public and not t.creating)
    times = (t.at for t in said if ticket.is_agent_by_vendor_rule(t))
    return _count(times, missing_history(ticket, frozenset({"comments.public"})))


def _zendesk(name: str, read: Callable[[Timeline], VendorReading] | None = None, **more: Any) -> VendorMetric:
    """One metric of a ticket's metric set: in minutes, and null until Zendesk has computed it."""
    if read is None:
        more["kpi"] = kpi = more.get("kpi", name)
        read = _variant(kpi, "zendesk")
    return VendorMetric(name=name, read=read, unit=MINUTE, is_late=True, **more)


#: By connector. Zendesk: https://support.zendesk.com/hc/en-us/articles/4408834848154 and
#: https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_metrics/
VENDOR_METRICS: dict[str, tuple[VendorMetric, ...]] = {
    "zendesk": (
        _zendesk("reply_time", kpi="first_reply_time"),
        _zendesk("first_resolution_time"),
        _zendesk("full_resolution_time"),
        _zendesk("requester_wait_time", _time_in_states("new", "open", "hold", reopened=True), is_sum=True),
        _zendesk("agent_wait_time", _time_in_states("pending"), is_sum=True),
        _zendesk("on_hold_time", _time_in_states("hold"), is_sum=True),
        _zendesk("reopens", _reopens, is_count=True),
        _zendesk("replies", _replies, is_count=True),
    ),
    "jira_service_management": (
        VendorMetric(
            name="sla_first_response", read=_variant("first_reply_time", "jira"), kpi="first_reply_time",
            is_sla=True,
        ),
        VendorMetric(
            name="sla_resolution", read=_variant("full_resolution_time", "zendesk"), kpi="full_resolution_time",
            is_sla=True,
        ),
    ),
    "freshdesk": (
        VendorMetric(name="reply_time", read=_variant("first_reply_time", "freshdesk"), kpi="first_reply_time"),
        VendorMetric(
            name="full_resolution_time", read=_variant("full_resolution_time", "freshdesk"),
            kpi="full_resolution_time",
        ),
    ),
}  # fmt: skip
