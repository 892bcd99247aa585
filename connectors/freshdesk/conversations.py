"""Conversations of a ticket: a request for each ticket that changed, so they are a queue with a budget of its own.

`include=conversations` on a ticket gives the ten oldest only and costs two calls, so it is not used.
https://developers.freshdesk.com/api/#list_all_ticket_notes
"""

import re
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Literal, NamedTuple

from connectors.freshdesk import payloads as fd
from connectors.freshdesk.account import AccountState
from connectors.freshdesk.codes import FEEDBACK, FEEDBACK_CATEGORY, FORWARD, VIA, to_code
from connectors.freshdesk.map_tickets import text_digest
from connectors.freshdesk.pagination import fetch_pages
from connectors.freshdesk.payloads import ms, text_id
from helpdesk_kpi.errors import BrokenError, MissingError, PullError, UnavailableError
from helpdesk_kpi.model import AnyRecord, Event, Person, Replies, TicketLink
from helpdesk_kpi.pull.concurrency import all_of
from helpdesk_kpi.pull.contract import Finding, KnownAccount, Page, RejectedRow, Start, Todo
from helpdesk_kpi.pull.lenient_decode import map_rows, reason_of
from helpdesk_kpi.text.comment import RULES_VERSION, extract_features

BATCH_SIZE = 20  # tickets at a time: one page of the store
_LONGEST_HINT = 400  # characters of a note that says no more than that the ticket was merged


class Conversations(NamedTuple):
    """What was read of one ticket; no `rows`: they can't be read."""

    todo: Todo
    rows: list[fd.Conversation] | None
    rejected: list[RejectedRow]
    is_refused: bool = False  # they may be there, but this key may not read them
    broken: BrokenError | None = None  # the answer cannot be read at all

    @property
    def number(self) -> str:
        return self.todo.key.partition(":")[0]


async def fetch_conversations(account: AccountState, start: Start) -> AsyncIterator[Page]:
    """Works off the queue, longest unchanged first, until it is empty or this run's requests are spent."""
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
            raise tickets[0].broken or AssertionError  # not one bad answer, but another shape than the known one
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
        text = f"{len(waiting):,} tickets' conversations are left for the next sync; until then they count as pending"
        account.findings.append(Finding(level="note", about="conversations", text=text))


async def _fetch_batch(account: AccountState, batch: Sequence[Todo]) -> tuple[list[Conversations], PullError | None]:
    """What came of these tickets until one failed in a way that is not its own, and that failure."""
    found: dict[Todo, Conversations] = {}

    async def keep(todo: Todo) -> None:
        found[todo] = await _fetch_ticket(account, todo)

    failed = None
    try:
        await all_of(keep(todo) for todo in batch)
    except PullError as error:
        failed = error
    return [found[todo] for todo in batch if todo in found], failed


async def _fetch_ticket(account: AccountState, todo: Todo) -> Conversations:
    """What was archived meanwhile has another address; what is not there either was deleted, or must not be seen."""
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
            return Conversations(todo, None, [RejectedRow(f"ticket {number}", reason_of(error))], broken=error)
    return Conversations(todo, None, [], is_refused)


async def _fetch_pages(account: AccountState, path: str, todo: Todo) -> Conversations:
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
    """What is known of those who wrote on some tickets."""

    agents: Collection[str] = ()  # of today
    requesters: Mapping[str, str] = {}  # by ticket
    accounts: Mapping[str, KnownAccount] = {}

    def is_customer(self, number: str, author: str) -> bool:
        """Whether somebody who is no agent of today writes as a customer, whatever a flag says.

        The ticket's own requester does. So does somebody who asks elsewhere and never had a ticket: one line with
        `incoming: false`, which is what the API writes unless it is given another word, makes no former agent.
        https://developers.freshdesk.com/api/#add_note_to_a_ticket
        """
        account = self.accounts.get(author, KnownAccount())
        return self.requesters.get(number) == author or (account.asks and not account.was_assigned)


UNKNOWN_AUTHORS = Authors()


def _load_authors(start: Start, tickets: Sequence[Conversations], agents: Collection[str]) -> Authors:
    authors = {actor for ticket in tickets for row in ticket.rows or () if (actor := text_id(row.user_id))}
    return Authors(
        agents, start.requesters([ticket.number for ticket in tickets]), start.accounts(authors - set(agents))
    )


def _build_page(account: AccountState, tickets: Sequence[Conversations], authors: Authors, until: int) -> Page:
    """What is not there any more was deleted, where everything that is there could be read."""
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
    # A row that cannot be read may have been the reply.
    replies_known: Literal["yes", "unreadable"] = "unreadable" if ticket.rejected or rejected else "yes"
    replies = Replies(number, ticket.todo.version, replies_known, merge.after if merge else None)
    return [*records, *links, replies], _label_rejected(number, rejected)


def _label_rejected(number: str, rejected: Sequence[RejectedRow]) -> list[RejectedRow]:
    return [RejectedRow(ticket.id, f"a conversation of ticket {number}: {ticket.reason}") for ticket in rejected]


def drop_repeated_first_message(rows: list[fd.Conversation], digest: str) -> list[fd.Conversation]:
    """Without the first message of a web chat, where its text is the description's."""
    if digest and rows and rows[0].incoming and text_digest(rows[0].body_text, rows[0].body) == digest:
        return rows[1:]
    return rows


def map_conversation(
    row: fd.Conversation, number: str, place: int, authors: Authors = UNKNOWN_AUTHORS, thanks: tuple[str, ...] = ()
) -> list[AnyRecord]:
    """A comment with its author, or a survey's feedback, which is no word of the customer to the team."""
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
        public=not row.private and source != FORWARD, length=features.length, is_thanks=features.is_thanks,
        is_question=features.is_question, text_rule=RULES_VERSION, articles=features.articles, codes=features.codes,
    )  # fmt: skip
    return [event, *_map_author(row, event, authors)]


def _get_rule(row: fd.Conversation) -> str | None:
    if row.automation_id is not None:
        return str(row.automation_id)
    return "auto_response" if row.auto_response else None


def _map_author(row: fd.Conversation, comment: Event, authors: Authors) -> list[Person]:
    """Who wrote and is no agent of today: a customer if it came from outside, else an agent who has left.

    Just before it was written, so that what the ticket itself says of its requester wins.
    """
    actor = comment.actor
    if actor is None or comment.rule is not None or actor in authors.agents or row.incoming is None:
        return []
    is_customer = row.incoming or authors.is_customer(comment.ticket, actor)
    return [
        Person(actor, "customer" if is_customer else "agent", "contact" if is_customer else "agent", comment.at - 1)
    ]


def _map_merge(row: fd.Conversation, number: str, pattern: re.Pattern[str]) -> Event | None:
    """That a note says this ticket was merged into another one; whether it was, its closing has to show."""
    target, at = find_merge_target(row, pattern), ms(row.created_at)
    if target is None or target == number or at is None:
        return None
    return Event(number, f"{row.id}:merge", at, 0, "link", actor=text_id(row.user_id), field="merge", after=target)


def find_merge_target(row: fd.Conversation, pattern: re.Pattern[str]) -> str | None:
    """The ticket that a note says this one was merged into. Freshdesk has no other mark of it."""
    text = row.body_text or row.body or ""
    if row.incoming or len(text) > _LONGEST_HINT:
        return None
    match = pattern.search(text)
    return match.group(1) if match else None
