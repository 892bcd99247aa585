"""How long a customer waits for an answer."""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from helpdesk_kpi.measure.metrics.contract import Observation
from helpdesk_kpi.measure.metrics.families import speed
from helpdesk_kpi.measure.tickets.timeline import Timeline
from helpdesk_kpi.measure.tickets.timeline_events import TicketMessage, Wait
from helpdesk_kpi.measure.tickets.wait_attribution import attribute_wait, split_wait

HOLDING = 80  # characters: a first reply shorter than this may only have said "we look into it"


@speed(
    "First reply time", short="First reply", awaits="reply", needs={"comments.public"}, pair="next_reply_time",
    level="agent", min_n=50, revision=4,
    headlines={"worse": "first replies{who} got slower", "better": "first replies{who} got faster"},
    sentence="Half of {owner} waited {value} or longer for a first reply",
)  # fmt: skip
def first_reply_time(ticket: Timeline) -> Iterator[Observation]:
    """From the customer's request to the first effective contact by a person of the team: a public reply, an answered
    call or a first chat message. Automatic answers and internal notes do not count. A ticket that was solved before
    anyone replied stays in the count as not answered.
    """
    if ticket.missing_contact_data:
        yield _first(ticket, stop=ticket.missing_contact_data)
        return
    yield from _attribute_to_replier(ticket, ticket.waits[0])


@first_reply_time.variant("owner")
def _first_owner(ticket: Timeline) -> Iterator[Observation]:
    """As strict, but for those who had the ticket while the customer waited, whoever answered in the end: each counts
    with the time that it was theirs, and what lay in the queue is nobody's. As long as the wait runs, it is theirs who
    have the ticket.
    """
    if ticket.missing_contact_data:
        yield _first(ticket, stop=ticket.missing_contact_data)
        return
    yield from _attribute_to_owner(ticket, ticket.waits[0])


@first_reply_time.variant("substantive")
def _substantive(ticket: Timeline) -> Iterator[Observation]:
    """As strict, but a short first reply (under 80 characters) that the team follows up before the customer writes
    again only holds the line: the clock stops at the message that follows it.
    """
    if ticket.missing_contact_data:
        yield _first(ticket, stop=ticket.missing_contact_data)
        return
    wait = ticket.waits[0]
    follow_up = None if wait.stop or wait.end is None else reply_after_holding(ticket, wait.end)
    if follow_up is None:
        yield from _attribute_to_replier(ticket, wait)
        return
    for row in _attribute_to_replier(ticket, wait):
        yield row if row.until is not None else msgspec.structs.replace(row, until=follow_up.at)
    yield _first(ticket, end=follow_up.at, agent=follow_up.person, since=follow_up.at)


def reply_after_holding(ticket: Timeline, first: int) -> TicketMessage | None:
    """The team's next public comment, when the reply at `first` was short and nobody else wrote between."""
    said = [t for t in ticket.messages if t.public and t.kind == "comment" and t.who in {"agent", "customer"}]
    place = next((i for i, t in enumerate(said) if t.at == first and t.who == "agent" and not t.creating), None)
    if place is None or (said[place].length or 0) >= HOLDING or place + 1 == len(said):
        return None
    following = said[place + 1]
    return following if following.who == "agent" else None


@first_reply_time.variant("zendesk", population="native", hours="at_end")
def _zendesk(ticket: Timeline) -> Iterator[Observation]:
    """As Zendesk's native metric: from creation to the first public comment of an agent (of the second, when an agent
    opened the ticket with a public comment); bots and triggers do not count, calls and chats neither; no value before
    there is a reply.
    """
    # https://support.zendesk.com/hc/en-us/articles/4408821871642
    yield from _native(ticket, ticket.is_agent_by_vendor_rule)


@first_reply_time.variant("freshdesk", population="native")
def _freshdesk(ticket: Timeline) -> Iterator[Observation]:
    """As Freshdesk's analytics: from creation to the first public answer of an agent, be it a reply or a public note;
    automatic answers do not count, calls and chats neither; no value before there is an answer, and none for mails that
    the team sent first.
    """
    # https://support.freshdesk.com/support/solutions/articles/50000000041; rows of outbound mails that were answered
    # have no first_responded_at.
    for reply in [] if ticket.row.direction == "outbound" else ticket.public_notes[:1]:
        yield _first(ticket, end=reply.at, agent=reply.person, since=reply.at)


@first_reply_time.variant("jira", population="native")
def _jira(ticket: Timeline) -> Iterator[Observation]:
    """As Jira Service Management's promise "Time to first response" as it comes: from creation to the first public
    comment of an agent, or to the solve if that comes first; no value before either.
    """
    # https://support.atlassian.com/jira/kb/understand-sla-condition-options-in-jira-service-management-cloud/
    ends = [(reply.at, reply.person) for reply in ticket.replies[:1]]
    ends += [(solve.at, solve.agent) for solve in ticket.solves[:1]]
    for at, agent in sorted(ends, key=lambda end: end[0])[:1]:
        yield _first(ticket, end=at, agent=agent, since=at)


@first_reply_time.variant("fivetran", population="native")
def _fivetran(ticket: Timeline) -> Iterator[Observation]:
    """As the dbt package fivetran/dbt_zendesk: the first public comment after creation by anyone whose role is agent
    or admin today, robots included; the replies of people who left vanish.
    """

    def counts(turn: TicketMessage) -> bool:
        return turn.who != "system" and turn.at > ticket.created_at and ticket.source_rules.is_agent_now(turn.person)

    yield from _native(ticket, counts)


def _native(ticket: Timeline, counts: Callable[[TicketMessage], bool]) -> Iterator[Observation]:
    said = (t for t in ticket.messages if t.kind == "comment" and t.public and not t.creating)
    reply = next((t for t in said if counts(t)), None)
    if reply is not None:
        yield _first(ticket, end=reply.at, agent=reply.person, since=reply.at)


def _first(ticket: Timeline, **more: Any) -> Observation:
    return ticket.fact(ticket.created_at, start=ticket.created_at, **more)


@speed(
    "Next reply time", short="Next reply", awaits="next_reply", needs={"comments.public"}, pair="first_reply_time",
    level="agent", min_n=50, revision=4,
    headlines={"worse": "later replies{who} got slower", "better": "later replies{who} got faster"},
)  # fmt: skip
def next_reply_time(ticket: Timeline) -> Iterator[Observation]:
    """After the first reply: from the customer's next message to the team's next public reply. Several messages in a
    row count from the first one; a message that only says thanks opens no wait. Counted in the period in which the
    customer wrote.
    """
    for wait in ticket.waits[1:]:
        yield from _unknown(ticket, wait) if ticket.lacks_chat else _attribute_to_replier(ticket, wait)


@next_reply_time.variant("owner")
def _next_owner(ticket: Timeline) -> Iterator[Observation]:
    """As strict, but for those who had the ticket while the customer waited, whoever answered in the end: each counts
    with the time that it was theirs, and what lay in the queue is nobody's. As long as the wait runs, it is theirs who
    have the ticket.
    """
    for wait in ticket.waits[1:]:
        yield from _unknown(ticket, wait) if ticket.lacks_chat else _attribute_to_owner(ticket, wait)


def _unknown(ticket: Timeline, wait: Wait) -> Iterator[Observation]:
    """An answer may stand in a conversation that cannot be read."""
    yield ticket.fact(wait.start, start=wait.start, stop="no_chat_data")


def _attribute_to_replier(ticket: Timeline, wait: Wait) -> Iterator[Observation]:
    """Nobody's as long as it runs, then theirs who answered."""
    row = ticket.fact(wait.start, start=wait.start)
    if wait.end is None or wait.by is None or wait.end <= wait.start:
        yield msgspec.structs.replace(row, end=wait.end, stop=wait.stop, agent=wait.by)
        return
    yield msgspec.structs.replace(row, until=wait.end)
    yield msgspec.structs.replace(row, end=wait.end, stop=wait.stop, agent=wait.by, since=wait.end)


def _attribute_to_owner(ticket: Timeline, wait: Wait) -> Iterator[Observation]:
    """Whose the wait is as long as it runs, one row after the other; then one for each who had a part of it."""
    row, running = ticket.fact(wait.start, start=wait.start), list(attribute_wait(ticket, wait.start, wait.end))
    ends = [turn.at for turn in running[1:]]
    for turn, until in zip(running, [*ends, wait.end], strict=False):
        since = turn.at if turn.at > wait.start else None
        yield msgspec.structs.replace(row, agent=turn.agent, pieces=turn.pieces, since=since, until=until)
    for part in () if wait.end is None else split_wait(ticket, wait.start, wait.end):
        yield msgspec.structs.replace(
            row, end=wait.end, stop=wait.stop, agent=part.agent, pieces=part.pieces, share=part.share, since=wait.end
        )
