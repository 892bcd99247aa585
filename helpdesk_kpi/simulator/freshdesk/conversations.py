"""What was written on a ticket after its description, as Freshdesk lists it.

Sources and categories as recorded from live accounts: a reply is 0 with category 3, a private note 2 with category 2,
a survey's feedback 6 with category 7. Category 1, of customers' replies, follows their order and is not recorded.
https://developers.freshdesk.com/api/#list_all_ticket_notes
"""

from collections.abc import Iterator
from typing import Any

import msgspec

from helpdesk_kpi.simulator.freshdesk.vocabulary import (
    EMAIL,
    WEB_CHAT,
    automation_id,
    body,
    html,
    is_agent,
    merge_note,
    source,
)
from helpdesk_kpi.simulator.world.clock import iso
from helpdesk_kpi.simulator.world.facts import SYSTEM, Answered, Created, Update
from helpdesk_kpi.simulator.world.support_desk import BASE
from helpdesk_kpi.simulator.world.ticket_history import TicketHistory
from helpdesk_kpi.simulator.world.world import World

REPLY, NOTE, FEEDBACK = 0, 2, 6
CUSTOMER_RESPONSE, PRIVATE_NOTE, AGENT_RESPONSE, SURVEY = 1, 2, 3, 7
_ON_UPDATE = 4  # an automation that runs on ticket updates
_FIRST, _PER_TICKET = BASE + 10_000_000, 1000  # ids: a thousand for each ticket
_DOUBLED, _FEEDBACK = 999, 900


class ConversationEntry(msgspec.Struct, frozen=True):
    """One conversation; `at` is when it came to be."""

    at: int
    place: int
    fact: Created | Update | Answered


def entries(world: World, story: TicketHistory, until: int) -> list[ConversationEntry]:
    """In order of time. The first message of a web chat comes twice: it is the description, too."""
    found = list(_repeated_first_message(world, story))
    found += [ConversationEntry(save.at, i, save.fact) for i, save in enumerate(story.saves) if i and save.fact.comment]
    found += [ConversationEntry(said.at, _FEEDBACK + i, said) for i, said in enumerate(story.answered) if said.comment]
    return sorted((entry for entry in found if entry.at <= until), key=lambda entry: entry.at)


def _repeated_first_message(world: World, story: TicketHistory) -> Iterator[ConversationEntry]:
    if source(world, story.created) == WEB_CHAT:
        yield ConversationEntry(story.created.at, _DOUBLED, story.created)


def conversation_id(ticket: int, place: int) -> int:
    return _FIRST + ticket * _PER_TICKET + place


def conversation(world: World, entry: ConversationEntry, base: str) -> dict[str, Any]:
    fact = entry.fact
    if isinstance(fact, Answered):
        return _feedback(world, fact, entry)
    return (
        _description_entry(world, fact, entry, base) if isinstance(fact, Created) else _update(world, fact, entry, base)
    )


def _feedback(world: World, fact: Answered, entry: ConversationEntry) -> dict[str, Any]:
    """A public entry from outside, as if the customer had answered."""
    author = world.stories[fact.ticket].created.requester
    said = fact.comment or ""
    return _row(entry, fact.ticket, said, html(said), author=author, incoming=True, kind=FEEDBACK, category=SURVEY)


def _description_entry(world: World, fact: Created, entry: ConversationEntry, base: str) -> dict[str, Any]:
    text = body(fact.comment, world, base)
    return _row(entry, fact.ticket, text, html(text), author=fact.requester, incoming=True, kind=REPLY,
                category=CUSTOMER_RESPONSE)  # fmt: skip


def _update(world: World, fact: Update, entry: ConversationEntry, base: str) -> dict[str, Any]:
    """A program's entry in a person's name is a note from inside.

    https://developers.freshdesk.com/api/#add_note_to_a_ticket
    """
    assert fact.comment is not None
    text = merge_note(world, fact.merged_into) if fact.merged_into else body(fact.comment, world, base)
    public, by_rule = fact.comment.public, fact.rule is not None or fact.actor == SYSTEM
    author = None if by_rule else fact.actor
    incoming = author is not None and fact.typed_by is None and not is_agent(world, author, entry.at)
    category = PRIVATE_NOTE if not public else CUSTOMER_RESPONSE if incoming else AGENT_RESPONSE
    row = _row(entry, fact.ticket, text, html(text), author=author, incoming=incoming,
               kind=NOTE if fact.typed_by or not public else REPLY, category=category)  # fmt: skip
    row |= {} if fact.typed_by else _addresses(world, fact, row)
    if by_rule:
        row |= {"automation_id": automation_id(fact.rule or ""), "automation_type_id": _ON_UPDATE,
                "auto_response": public}  # fmt: skip
    return row


def _addresses(world: World, fact: Update, row: dict[str, Any]) -> dict[str, Any]:
    """Mail has them: a reply goes to the requester from the desk, a customer's comes the other way."""
    created = world.stories[fact.ticket].created
    desk, customer = f"support@{world.desk.words.domain}", world.accounts[created.requester].email
    if row["private"]:
        return {"bcc_emails": None}
    if not row["incoming"]:
        sender = world.accounts[fact.actor].name if fact.actor in world.accounts else "Support"
        return {"support_email": desk, "to_emails": [customer], "from_email": f"{sender} <{desk}>"}
    if source(world, created) != EMAIL:
        return {}
    return {"support_email": desk, "to_emails": [desk], "from_email": world.accounts[fact.actor].email}


def _row(
    entry: ConversationEntry,
    ticket: int,
    text: str,
    marked: str,
    *,
    author: int | None,
    incoming: bool,
    kind: int,
    category: int,
) -> dict[str, Any]:
    at = iso(entry.at)
    return {
        "body": marked, "body_text": text, "id": conversation_id(ticket, entry.place), "incoming": incoming,
        "private": category == PRIVATE_NOTE, "user_id": author, "support_email": None, "source": kind,
        "category": category, "to_emails": None if kind == FEEDBACK else [], "from_email": None, "cc_emails": [],
        "bcc_emails": None if kind == FEEDBACK else [], "email_failure_count": None, "outgoing_failures": None,
        "thread_id": None, "thread_message_id": None, "created_at": at, "updated_at": at, "last_edited_at": None,
        "last_edited_user_id": None, "attachments": [], "automation_id": None, "automation_type_id": None,
        "auto_response": False, "ticket_id": ticket, "source_additional_info": None,
    }  # fmt: skip
