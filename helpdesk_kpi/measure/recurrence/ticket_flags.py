"""Flags of tickets that recurrence metrics exclude: mass incidents, shared senders and expected requests.

They are found over all customers before tickets are built, and stored in the table `ticket_flags`. A build looks for
them only around the tickets that have changed.
"""

from collections.abc import Mapping

import msgspec

from helpdesk_kpi.config import Config, Recurrence
from helpdesk_kpi.identities.customer_identity import CustomerIdentities, load_customer_identities
from helpdesk_kpi.identities.shared_senders import find_shared_senders, load_configured_senders
from helpdesk_kpi.identities.source_rules import find_accounts
from helpdesk_kpi.measure.metrics.dimensions import TicketDimensions
from helpdesk_kpi.measure.recurrence.incidents import USUAL, IncidentReport, find_incidents
from helpdesk_kpi.measure.tickets.requester_history import find_original_requesters
from helpdesk_kpi.milliseconds import DAY, HOUR
from helpdesk_kpi.store import Store
from helpdesk_kpi.store.build_queue import queue_tickets

TicketFlags = dict[int, tuple[str, int]]


def flag_settings(settings: Recurrence) -> Recurrence:
    """The settings that change stored flags. Similarity thresholds do not: they apply at query time."""
    return msgspec.structs.replace(settings, same_category=None, any_category=None)


def update_ticket_flags(store: Store, config: Config) -> None:
    """Update the flags around the tickets of the current build; tickets with changed flags join the build."""
    changed = store.rows(
        "SELECT t.id, t.created_at, t.requester FROM build_queue q JOIN tickets t ON t.id = q.subject"
        " WHERE q.kind = 'ticket' AND q.metric IS NULL AND t.created_at IS NOT NULL AND t.requester IS NOT NULL"
    )
    if not changed:
        return
    customers, original_requesters = load_customer_identities(store), find_original_requesters(store, config)
    scope = _around(store, [at for _, at, _ in changed], 2 * config.recurrence.incident_hours * HOUR)
    who = {
        account
        for ticket, _, requester in changed
        for account in (requester, original_requesters.get(ticket, requester))
    }
    theirs = _tickets_of(store, customers, original_requesters, {customers[account] for account in who})
    of_customers = {ticket for tickets in theirs.values() for ticket, _ in tickets}
    found: TicketFlags = {
        **_of_incidents(store, config, customers, original_requesters, scope),
        **{t: a for t, a in _load_flags(store, scope - of_customers).items() if a[0] == "shared_sender"},
        **find_shared_senders(theirs, _configured_senders(store, config, customers), config.recurrence.sender_week),
        **_expected_categories(store, config, scope | of_customers),
    }
    _save_flags(store, scope | of_customers, found)


def _around(store: Store, times: list[int], within: int) -> set[int]:
    """Tickets that were created near one of these instants."""
    spans: list[list[int]] = []
    for at in sorted(times):
        if spans and at - within <= spans[-1][1]:
            spans[-1][1] = at + within
        else:
            spans.append([at - within, at + within])
    sql = "SELECT t.id FROM sources s JOIN tickets t ON t.source = s.id WHERE t.created_at BETWEEN ? AND ?"
    return {ticket for span in spans for (ticket,) in store.rows(sql, *span)}


def _tickets_of(
    store: Store, customers: CustomerIdentities, original_requesters: Mapping[int, int], wanted: set[int]
) -> dict[int, list[tuple[int, int]]]:
    """Customer -> (ticket, created at) of their tickets.

    `original_requesters`: ticket -> the account that opened the request, if the ticket has another requester today.
    """
    accounts = wanted | {account for account, customer in customers.items() if customer in wanted}
    found: dict[int, list[tuple[int, int]]] = {}
    sql = (
        "SELECT requester, id, created_at FROM tickets WHERE created_at IS NOT NULL"
        " AND (requester IN (SELECT value FROM json_each(?)) OR id IN (SELECT value FROM json_each(?)))"
    )
    for requester, ticket, at in store.rows(sql, sorted(accounts), sorted(original_requesters)):
        customer = customers[original_requesters.get(ticket, requester)]
        if customer in wanted:
            found.setdefault(customer, []).append((ticket, at))
    return found


def _configured_senders(store: Store, config: Config, customers: CustomerIdentities) -> set[int]:
    """Shared mailboxes and monitoring accounts: configured senders, intake accounts, and accounts of many people."""
    many = {account for (account,) in store.rows("SELECT id FROM people WHERE kind = 'nobody'")}
    for (source,) in store.rows("SELECT id FROM sources"):
        many |= find_accounts(store, source, config.tickets.intake)
    return {customers[account] for account in {*load_configured_senders(store, config.recurrence.senders), *many}}


def _of_incidents(
    store: Store, config: Config, customers: CustomerIdentities, original_requesters: Mapping[int, int], scope: set[int]
) -> TicketFlags:
    """Incidents among the tickets of the scope, month by month since it may cover years."""
    settings, found = config.recurrence, {}
    sql = (
        "SELECT t.id, t.source || ':' || t.native, t.created_at, t.requester, t.source || ':' || t.problem,"
        " coalesce(t.sketch, x'')"
        " FROM sources s JOIN tickets t ON t.source = s.id"
        " WHERE t.created_at BETWEEN ? AND ? AND t.requester IS NOT NULL AND t.is_spam = 0"
    )
    for first, last in _spans(store, scope):
        within = settings.incident_hours * HOUR
        rows = store.rows(sql, first - USUAL * DAY - within, last + within)
        reports = [
            IncidentReport(t, name, at, customers[original_requesters.get(t, r)], *rest)
            for t, name, at, r, *rest in rows
        ]
        for ticket, known in find_incidents(reports, settings.incident_customers, settings.incident_hours).items():
            if ticket in scope:
                found[ticket] = ("incident", known)
    return found


def _spans(store: Store, scope: set[int]) -> list[tuple[int, int]]:
    """Spans that cover all tickets of the scope, each at most about three times USUAL days long."""
    sql = "SELECT created_at FROM tickets WHERE id IN (SELECT value FROM json_each(?)) ORDER BY 1"
    spans: list[tuple[int, int]] = []
    for (at,) in store.rows(sql, sorted(scope)):
        if spans and at - spans[-1][0] <= 3 * USUAL * DAY:
            spans[-1] = (spans[-1][0], at)
        else:
            spans.append((at, at))
    return spans


def _expected_categories(store: Store, config: Config, scope: set[int]) -> TicketFlags:
    """Tickets of categories that are expected to recur."""
    expected = {category.casefold() for category in config.recurrence.expected}
    if not expected:
        return {}
    tickets = sorted(scope)
    categories = TicketDimensions(store, config).of("category", tickets)
    return {t: ("expected", 0) for t, c in zip(tickets, categories, strict=True) if c and c.casefold() in expected}


def _load_flags(store: Store, scope: set[int]) -> TicketFlags:
    return {t: (reason, since) for t, reason, since in store.rows("SELECT * FROM ticket_flags") if t in scope}


def _save_flags(store: Store, scope: set[int], found: TicketFlags) -> None:
    before = _load_flags(store, scope)
    moved = [t for t in scope if before.get(t) != found.get(t)]
    if not moved:
        return
    with store.transaction() as conn:
        conn.executemany("DELETE FROM ticket_flags WHERE ticket = ?", ((t,) for t in moved))
        conn.executemany("INSERT INTO ticket_flags VALUES (?, ?, ?)", ((t, *found[t]) for t in moved if t in found))
        queue_tickets(store, moved)
