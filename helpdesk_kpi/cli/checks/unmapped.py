"""Priorities and statuses that the configuration is silent about, told as findings."""

from collections.abc import Iterator

from helpdesk_kpi.cli.app_context import AppContext
from helpdesk_kpi.identities.unmapped_values import UnmappedValue
from helpdesk_kpi.identities.unmapped_values import find_unmapped_values as found_in
from helpdesk_kpi.pull.contract import Finding
from helpdesk_kpi.store import Store


def find_unmapped(desk: AppContext, store: Store) -> Iterator[Finding]:
    return map(to_finding, found_in(store, desk.config.config))


def to_finding(one: UnmappedValue) -> Finding:
    level = "warning" if one.is_bad else "note"
    about = f"sources.{one.source}.severity" if one.kind == "priority" else "tickets.statuses"
    return Finding(level=level, about=about, text=_priority(one) if one.kind == "priority" else _status(one))  # type: ignore[arg-type]  # one of the two


def _priority(one: UnmappedValue) -> str:
    text = f"{_tickets(one.tickets)} priority {one.name!r}, which maps to no severity: it is a row of its own"
    return f"{text}; perhaps {one.line}" if one.line else text


def _status(one: UnmappedValue) -> str:
    if one.why:
        return f"{one.source}: status {one.name!r} {one.why}; to say it for good, or otherwise: {one.line}"
    text = f"{one.source}: {_tickets(one.tickets)} status {one.name!r}, which counts as {one.counts_as}"
    text += "" if one.is_reported else ", since nothing says what it means"
    return f"{text}; if that is wrong: {one.line}"


def _tickets(count: int) -> str:
    return "no ticket so far has" if not count else f"{count:,} ticket{' has' if count == 1 else 's have'}"
