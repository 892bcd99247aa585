"""Conversations of tickets: one request for each changed ticket, so they are a queue with its own budget.

`include=conversations` on a ticket returns only the ten oldest and costs two calls, so it is not used.
https://developers.freshdesk.com/api/#list_all_ticket_notes
"""

import re
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Literal, NamedTuple

from connectors.freshdesk import payloads as fd
from connectors.freshdesk.account import FreshdeskAccountState
from connectors.freshdesk.codes import FEEDBACK, FEEDBACK_CATEGORY, FORWARD, VIA, to_code
from connectors.freshdesk.map_tickets import text_digest
from connectors.freshdesk.pagination import fetch_pages
from connectors.freshdesk.payloads import ms, text_id
from helpdesk_kpi.errors import BrokenError, MissingError, PullError, UnavailableError
from helpdesk_kpi.model import AnyRecord, Event, Person, Replies, TicketLink
from helpdesk_kpi.pull.concurrency import gather_all
from helpdesk_kpi.pull.contract import Finding, KnownAccount, Page, RejectedRow, Start, Todo
from helpdesk_kpi.pull.lenient_decode import get_reason, map_rows
from helpdesk_kpi.text.comment import extract_features, feature_fields

BATCH_SIZE = 20  # tickets of one page
_LONGEST_HINT = 400  # characters; a longer note says more than that the ticket was merged


class Conversations(NamedTuple):
    """Conversations of one ticket. `rows` None: they cannot be read."""

    todo: Todo
    rows: list[fd.Conversation] | None
    rejected: list[RejectedRow]
    is_refused: bool = False  # the key may not read them
    broken: BrokenError | None = None  # the response cannot be decoded

    @property
    def number(self) -> str:
        return self.todo.key.partition(":")[0]


async def fetch_conversations(account: FreshdeskAccountState, start: Start) -> AsyncIterator[Page]:
    """Process the queue, longest unchanged first, until it is empty or `conversations_per_run` is reached."""
    budget = account.settings.conversations_per_run or 1 << 60
    waiting = list(start.todo)
    if not waiting:
        yield Page(complete_until=start.now)
    agents = await account.agents() if waiting else frozenset()
    has_read_any = False
    while waiting and budget > 0:
        batch = waiting[: min(BATCH_SIZE, budget)]
        before = account.http.requests.total()
        tickets, failed = await _fetch_batch(account, batch)
        budget -= account.http.requests.total() - before
        if len(tickets) == BATCH_SIZE and all(ticket.broken for ticket in tickets):
            raise tickets[0].broken or AssertionError  # the format of the responses has changed
        if not has_read_any and len(tickets) == BATCH_SIZE and all(ticket.is_refused for ticket in tickets):
            raise UnavailableError(f"conversations: none of {BATCH_SIZE} tickets' can be read with this key")
        has_read_any = has_read_any or any(ticket.rows is not None for ticket in tickets)
        settled = {ticket.todo for ticket in tickets}
        waiting = [todo for todo in waiting if todo not in settled]
        authors = _load_authors(start, tickets, agents)
        yield _build_page(account, tickets, authors, waiting[0].version - 1 if waiting else start.now)
        if failed is not None:
            raise failed
    if waiting:
        text = f"{len(waiting):,} tickets have conversations left for the next sync; they count as pending until then"
        account.findings.append(Finding(level="note", about="conversations", text=text))


async def _fetch_batch(
    account: FreshdeskAccountState, batch: Sequence[Todo]
) -> tuple[list[Conversations], PullError | None]:
    """Fetch the conversations of some tickets.

    Returns: The results, and the error that stopped the batch; None: all were fetched.
    """
    found: dict[Todo, Conversations] = {}

    async def keep(todo: Todo) -> None:
        found[todo] = await _fetch_ticket(account, todo)

    failed = None
    try:
        await gather_all(keep(todo) for todo in batch)
    except PullError as error:
        failed = error
    return [found[todo] for todo in batch if todo in found], failed


async def _fetch_ticket(account: FreshdeskAccountState, todo: Todo) -> Conversations:
    """Fetch one ticket: at the normal address, else at that of archived tickets, else it is deleted or hidden."""
    number = todo.key.partition(":")[0]
    is_refused = False
    for path in (f"tickets/{number}/conversations", f"tickets/archived/{number}/conversations"):
        try:
            return await _fetch_pages(account, path, todo)
        except MissingError:
            continue
        except UnavailableError:
            is_refused = True
        except BrokenError as error:
            return Conversations(todo, None, [RejectedRow(f"ticket {number}", get_reason(error))], broken=error)
    return Conversations(todo, None, [], is_refused)


async def _fetch_pages(account: FreshdeskAccountState, path: str, todo: Todo) -> Conversations:
    rows: list[fd.Conversation] = []
    rejected: list[RejectedRow] = []
    pages = fetch_pages(
        account.http, f"/api/v2/{path}", kind=fd.Conversation, endpoint="conversations", missing="child"
    )  # fmt: skip
    async for good, unmapped, _ in pages:
        rows += good
        rejected += unmapped
    return Conversations(todo, rows, rejected)


class Authors(NamedTuple):
    """What is known about the authors on some tickets."""

    agents: Collection[str] = ()  # current ones
    requesters: Mapping[str, str] = {}  # by ticket
    accounts: Mapping[str, KnownAccount] = {}

    def is_customer(self, number: str, author: str) -> bool:
        """Whether an author who is not a current agent writes as a customer, whatever `incoming` says.

        The requester of the ticket does. So does an author who is a requester elsewhere and was never an assignee:
        `incoming: false` is the default of the API, so one such row does not make a former agent.
        https://developers.freshdesk.com/api/#add_note_to_a_ticket
        """
        account = self.accounts.get(author, KnownAccount())
        return self.requesters.get(number) == author or (account.is_requester and not account.was_assigned)


UNKNOWN_AUTHORS = Authors()


def _load_authors(start: Start, tickets: Sequence[Conversations], agents: Collection[str]) -> Authors:
    authors = {actor for ticket in tickets for row in ticket.rows or () if (actor := text_id(row.user_id))}
    return Authors(
        agents, start.requesters([ticket.number for ticket in tickets]), start.accounts(authors - set(agents))
    )


def _build_page(account: FreshdeskAccountState, tickets: Sequence[Conversations], authors: Authors, until: int) -> Page:
    """Build the page of some tickets. A missing conversation was deleted, if all present ones are readable."""
    records: list[AnyRecord] = []
    rejected: list[RejectedRow] = []
    complete: list[tuple[str, str]] = []
    settings = account.settings
    for ticket in tickets:
        ticket_records, unmapped = _map_ticket_conversations(
            ticket, authors, settings.merged_note_pattern, settings.thanks
        )
        records += ticket_records
        rejected += [*ticket.rejected, *unmapped]
        if ticket.rows is not None and not (ticket.rejected or unmapped):
            complete.append(("comment", ticket.number))
    done = [ticket.todo for ticket in tickets]
    return Page(records=records, replaces=complete, done=done, complete_until=until, rejected=rejected)


def _map_ticket_conversations(
    ticket: Conversations, authors: Authors, merged_note: re.Pattern[str], thanks: tuple[str, ...]
) -> tuple[list[AnyRecord], list[RejectedRow]]:
    number, first_message = ticket.number, ticket.todo.key.partition(":")[2]
    if ticket.rows is None:
        return [Replies(number, ticket.todo.version, "unreadable")], []
    rows = drop_repeated_first_message(sorted(ticket.rows, key=lambda row: row.created_at), first_message)
    places = {str(row.id): place for place, row in enumerate(rows, 1)}
    records, rejected = map_rows(rows, lambda row: map_conversation(row, number, places[str(row.id)], authors, thanks))
    merge = next((event for row in rows if (event := _map_merge(row, number, merged_note))), None)
    links: list[AnyRecord] = [] if merge is None else [TicketLink(number, str(merge.after), "merge"), merge]
    # An unreadable row may be the reply.
    replies_known: Literal["yes", "unreadable"] = "unreadable" if ticket.rejected or rejected else "yes"
    replies = Replies(number, ticket.todo.version, replies_known, merge.after if merge else None)
    return [*records, *links, replies], _label_rejected(number, rejected)


def _label_rejected(number: str, rejected: Sequence[RejectedRow]) -> list[RejectedRow]:
    return [RejectedRow(ticket.id, f"a conversation of ticket {number}: {ticket.reason}") for ticket in rejected]


def drop_repeated_first_message(rows: list[fd.Conversation], digest: str) -> list[fd.Conversation]:
    """Remove the first message of a web chat if its text is the description."""
    if digest and rows and rows[0].incoming and text_digest(rows[0].body_text, rows[0].body) == digest:
        return rows[1:]
    return rows


def map_conversation(
    row: fd.Conversation, number: str, place: int, authors: Authors = UNKNOWN_AUTHORS, thanks: tuple[str, ...] = ()
) -> list[AnyRecord]:
    """Map a comment with its author, or the feedback of a survey, which is no message to the team."""
    at = ms(row.created_at)
    if at is None:
        raise ValueError(f"created_at {row.created_at!r} is no time")
    source, actor = to_code(row.source), text_id(row.user_id)
    if source == FEEDBACK or to_code(row.category) == FEEDBACK_CATEGORY:
        return [Event(number, str(row.id), at, place, "survey", actor=actor, via="survey", public=True)]
    rule = _get_rule(row)
    features = extract_features(row.body_text, row.body, thanks=thanks)
    event = Event(
        ticket=number, id=str(row.id), at=at, seq=place, kind="comment", actor=actor,
        via="rule" if rule else VIA.get(source or "", f"source {source}"), rule=rule,
        public=not row.private and source != FORWARD, **feature_fields(features),
    )  # fmt: skip
    return [event, *_map_author(row, event, authors)]


def _get_rule(row: fd.Conversation) -> str | None:
    if row.automation_id is not None:
        return str(row.automation_id)
    return "auto_response" if row.auto_response else None


def _map_author(row: fd.Conversation, comment: Event, authors: Authors) -> list[Person]:
    """Map an author who is not a current agent: a customer if the comment is incoming, else a former agent.

    The record is dated just before the comment, so that the requester of the ticket's own row takes precedence.
    """
    actor = comment.actor
    if actor is None or comment.rule is not None or actor in authors.agents or row.incoming is None:
        return []
    is_customer = row.incoming or authors.is_customer(comment.ticket, actor)
    return [
        Person(actor, "customer" if is_customer else "agent", "contact" if is_customer else "agent", comment.at - 1)
    ]


def _map_merge(row: fd.Conversation, number: str, pattern: re.Pattern[str]) -> Event | None:
    """Map a note about a merge into another ticket. The closing of the ticket has to confirm it."""
    target, at = find_merge_target(row, pattern), ms(row.created_at)
    if target is None or target == number or at is None:
        return None
    return Event(number, f"{row.id}:merge", at, 0, "link", actor=text_id(row.user_id), field="merge", after=target)


def find_merge_target(row: fd.Conversation, pattern: re.Pattern[str]) -> str | None:
    """The target of a merge, from the text of a note; None: no such note. Freshdesk has no field for it."""
    text = row.body_text or row.body or ""
    if row.incoming or len(text) > _LONGEST_HINT:
        return None
    match = pattern.search(text)
    return match.group(1) if match else None
