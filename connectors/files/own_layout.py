"""Our own layout: one file for each kind of record, with the record's fields as columns."""

import hashlib
import html
from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple

from connectors.files import cell_values as v
from connectors.files.cell_values import Column
from helpdesk_kpi import model
from helpdesk_kpi.model import AnyRecord
from helpdesk_kpi.text.comment import RULES_VERSION, fingerprint, length
from helpdesk_kpi.text.comment import extract_features as read_text

Row = dict[str, Any]
Category = Literal["good", "neutral", "bad"]
CREATED = "created"  # id of the comment that made a ticket
_SCORES: dict[Category, float] = {"good": 1.0, "neutral": 0.5, "bad": 0.0}


class RowContext(NamedTuple):
    """Settings and state for the rows of a table."""

    sketch_key: bytes = b""
    keep_fields: tuple[str, ...] = ()
    comments: bool = False  # store comments of surveys
    has_public: bool = False  # the file has the column `public`
    occurrence: Callable[[str], int] = lambda _: 0  # how often a key occurred before in the file


class LayoutTable(NamedTuple):
    """One kind of file."""

    says: str
    columns: Mapping[str, Column]
    records: Callable[[Row, RowContext], list[AnyRecord]]
    gives: frozenset[str] = frozenset()
    ticket: str = ""  # column with the ticket's id; "": none


def map_names(row: Row, _context: RowContext) -> list[AnyRecord]:
    return [model.Name(**row)]


def map_teams(row: Row, _context: RowContext) -> list[AnyRecord]:
    return [model.Team(**row)]


def map_people(row: Row, _context: RowContext) -> list[AnyRecord]:
    """Map a person. Without `updated_at` its version is 0."""
    at = row.pop("updated_at", 0)
    return [model.Person(role=row.pop("role", row["kind"]), version=at, **row)]


def map_team_members(row: Row, _context: RowContext) -> list[AnyRecord]:
    return [model.TeamMember(**row)]


def map_tickets(row: Row, context: RowContext) -> list[AnyRecord]:
    """Map a ticket, and its first comment if it has a description."""
    description = row.pop("description", None)
    fields = {
        name: row.pop(name) for name in context.keep_fields if name in row and name not in TABLES["tickets"].columns
    }
    updated = row.pop("updated_at", row["created_at"])
    subject, number = row.get("subject"), row.pop("number", row["id"])
    has_words = context.sketch_key and (subject or description)
    ticket = model.Ticket(
        number=number, url=row.pop("url", ""), updated_at=updated, version=row.pop("version", updated), fields=fields,
        sketch=fingerprint(subject, description, context.sketch_key) or None if has_words else None, **row,
    )  # fmt: skip
    if description is None:
        return [ticket]
    writer = ticket.submitter or ticket.requester
    comment = {"ticket": ticket.id, "id": CREATED, "at": ticket.created_at, "kind": "comment", "actor": writer,
               "via": ticket.channel, "public": True, "body": description}  # fmt: skip
    return [ticket, *map_events(comment, context)]


def map_events(row: Row, context: RowContext) -> list[AnyRecord]:
    """Map an event. Without an id, kind, field, time and the place within that time identify it.

    So it stays the same in a new export with another column or a corrected cell.
    """
    body = row.pop("body", None)
    # Otherwise a reply would count as missing. Without the column, no reply is known.
    if context.has_public and row["kind"] == "comment" and "public" not in row:
        raise ValueError("a comment without a visibility: public is empty")
    event_id, formerly = row.pop("id", None), None
    if event_id is None:
        field = row.get("field", "") if row["kind"] == "change" else ""
        key = f"{row['kind']}:{field}:{row['at']}"
        position = context.occurrence(f"{row['ticket']}:{key}")
        event_id, formerly = f"{key}:{position}", hash_content(row, body)
    if body is not None:
        features = read_text(body)
        row = {"length": features.length, "is_thanks": features.is_thanks, "is_question": features.is_question,
               "articles": features.articles, "codes": features.codes} | row  # fmt: skip
    rule = RULES_VERSION if row.get("is_thanks") is not None else None
    return [model.Event(id=event_id, seq=row.pop("seq", 0), text_rule=rule, formerly=formerly, **row)]


def hash_content(row: Row, body: str | None) -> str:
    """Id that versions before 0.5.0 gave to an event without an id."""
    content = "\n".join(f"{name}={row[name]}" for name in sorted(row)) + f"\n{body or ''}"
    return hashlib.blake2b(content.encode(), digest_size=8).hexdigest()


def map_ratings(row: Row, context: RowContext) -> list[AnyRecord]:
    """Map a rating. Missing category and score are derived from value and scale."""
    if not context.comments:
        row.pop("comment", None)
    category = row.pop("category", None) or get_category(row.get("value"), row.get("scale"))
    score = row.pop("score", _SCORES[category] if category else None)
    if category is None and score is not None:
        raise ValueError("a score without a category, and none follows from value and scale")
    answered = row.pop("answered_at", None)
    if category and answered is None:
        raise ValueError("an answer without answered_at")
    version = max(row["offered_at"], answered or 0, row.get("changed_at", 0))
    return [model.Rating(version=version, category=category, score=score, answered_at=answered, **row)]


def get_category(value: str | None, scale: str | None) -> Category | None:
    """Category of a value: the upper quarter of a scale is good ("4" on "1-5"), the lower two fifths are bad."""
    if value is None:
        return None
    word = value.casefold()
    if word in _SCORES:
        return word
    low, _, high = (scale or "").partition("-")
    try:
        position = (float(value) - float(low)) / (float(high) - float(low))
    except (ValueError, ZeroDivisionError):
        raise ValueError(
            f"{value!r} is no answer on the scale {scale!r}: good, neutral, bad, or a number on a scale like 1-5"
        ) from None
    if not 0 <= position <= 1:
        raise ValueError(f"{value!r} is not on the scale {scale!r}")
    return "good" if position >= 0.75 else "bad" if position < 0.4 else "neutral"


def map_articles(row: Row, _context: RowContext) -> list[AnyRecord]:
    updated = row.pop("updated_at", row["created_at"])
    return [model.Article(url=row.pop("url", ""), updated_at=updated, version=updated, **_hash_body(row))]


def map_article_edits(row: Row, _context: RowContext) -> list[AnyRecord]:
    return [model.ArticleEdit(**_hash_body(row))]


def _hash_body(row: Row) -> Row:
    """Replace the body of a row by its hash and length."""
    body = row.pop("body", None)
    if body is None:
        return row
    digest = hashlib.blake2b(html.unescape(body).encode(), digest_size=16).hexdigest()
    return {"digest": digest, "length": length(body)} | row


_ID = Column(v.read_id, "", required=True)
_EVENTS = frozenset({
    "comments.public", "comments.private", "status.history", "assignee.history", "priority.history", "calls", "chats",
})  # fmt: skip
_TICKET = Column(v.read_id, "the ticket's id", required=True)

#: In the order in which they are read: people before tickets, tickets before what happened on them.
TABLES: dict[str, LayoutTable] = {
    "names": LayoutTable("What ids are called.", {
        "kind": Column(v.OneOf("status", "priority", "brand", "form", "field", "organization"), "of what", True),
        "id": Column(v.read_id, "as tickets have it", True),
        "name": Column(v.read_text, "what people call it", True),
        "detail": Column(v.read_text, "of a status: new, open, pending, hold, solved or closed"),
    }, map_names),
    "teams": LayoutTable("Teams.", {
        "id": _ID, "name": Column(v.read_text, "", True), "deleted": Column(v.read_boolean, "is no longer there"),
    }, map_teams),
    "people": LayoutTable("Who asks and who answers.", {
        "id": _ID,
        "kind": Column(v.OneOf("customer", "agent", "light_agent", "bot", "member"), "member: a colleague who is an"
                       " agent on other people's tickets only", True),
        "role": Column(v.read_text, "as the helpdesk calls it"),
        "name": Column(v.read_text, "kept of the team only"),
        "email": Column(v.read_text, "of a customer, a keyed hash and the domain are kept"),
        "email_verified": Column(v.read_boolean, "accounts with one verified address are one human"),
        "active": Column(v.read_boolean, "true where it is not given"),
        "zone": Column(v.read_text, "an IANA name"),
        "organization": Column(v.read_id, ""),
        "updated_at": Column(v.read_time, "since when this is so; a role is kept with it"),
    }, map_people, frozenset({"roles"})),
    "team_members": LayoutTable("Who is in which team.", {
        "team": Column(v.read_id, "", True), "person": Column(v.read_id, "", True),
    }, map_team_members),
    "tickets": LayoutTable("Tickets as they are now. The only file that has to be there.", {
        "id": _ID,
        "created_at": Column(v.read_time, "", True),
        "status": Column(v.read_text, "new, open, pending, hold, solved, closed, or as `names` or [tickets]"
                         " say", True),
        "updated_at": Column(v.read_time, "created_at where it is not given"),
        "version": Column(v.read_integer, "an older one never overwrites a newer; updated_at where it is not given"),
        "number": Column(v.read_text, "what people call it; the id where it is not given"),
        "url": Column(v.read_text, "where it can be opened"),
        "subject": Column(v.read_text, ""),
        "description": Column(v.read_text, "the first message; its comment is made of it, unless `events` has"
                              " that"),
        "channel": Column(v.read_text, "email, web, voice, chat, ..."),
        "form": Column(v.read_id, ""), "type": Column(v.read_text, ""), "brand": Column(v.read_id, ""),
        "tags": Column(v.read_list, "separated by commas, or a JSON list"),
        "priority": Column(v.read_text, "empty: nobody set one"),
        "requester": Column(v.read_id, "who asks"),
        "participants": Column(v.read_list, "ids of others who ask"),
        "submitter": Column(v.read_id, "who wrote the first message, if another"),
        "organization": Column(v.read_id, ""), "team": Column(v.read_id, ""), "assignee": Column(v.read_id, ""),
        "follow_up_of": Column(v.read_id, "an earlier ticket"), "problem": Column(v.read_id, "the ticket of the cause"),
        "merged_into": Column(v.read_id, "the ticket that took this one in"),
        "deleted_at": Column(v.read_time, ""), "is_spam": Column(v.read_boolean, ""),
        "replies_known": Column(v.OneOf("yes", "pending", "unreadable"), "yes where it is not given"),
        "changes_known_from": Column(v.read_time, "empty: the history is whole"),
    }, map_tickets, frozenset({"tickets"}), "id"),
    "events": LayoutTable("Events of tickets. `before` and `after` of a change hold ids where the ticket has ids.", {
        "ticket": _TICKET,
        "at": Column(v.read_time, "of a call or chat: when somebody answered", True),
        "kind": Column(v.OneOf("comment", "change", "link", "survey", "call", "chat"), "", True),
        "id": Column(v.read_id, "else made of ticket, kind, field and time: give it where times may be corrected"),
        "seq": Column(v.read_integer, "order among events of one instant"),
        "actor": Column(v.read_id, "empty: the helpdesk itself"),
        "via": Column(v.read_text, "web, email, api, rule, ..."),
        "rule": Column(v.read_text, "the automation that did it"),
        "field": Column(v.read_text, "of a change: status, priority, assignee, team, type, form, brand, or a kept"
                        " field"),
        "before": Column(v.read_text, ""), "after": Column(v.read_text, ""),
        "public": Column(v.read_boolean, "of a comment, call or chat: whether the customer saw it"),
        "precision": Column(v.OneOf("exact", "between"), "between: seen some time after it happened"),
        "body": Column(v.read_text, "the words of a comment, of which only the next five are kept"),
        "length": Column(v.read_integer, "characters"), "is_thanks": Column(v.read_boolean, "nothing but gratitude"),
        "is_question": Column(v.read_boolean, "asks something"),
        "articles": Column(v.read_list, "ids of articles that it links to"),
        "codes": Column(v.read_list, "error codes in it"),
    }, map_events, _EVENTS, "ticket"),
    "ratings": LayoutTable("Surveys: one row per question that was sent, answered or not.", {
        "id": _ID, "ticket": _TICKET,
        "offered_at": Column(v.read_time, "", True),
        "answered_at": Column(v.read_time, "empty: not answered"),
        "question": Column(v.read_text, "empty: the only or main one"),
        "value": Column(v.read_text, "as it was answered: good, neutral, bad, or a number"),
        "scale": Column(v.read_text, "of numbers, like 1-5"),
        "category": Column(v.OneOf("good", "neutral", "bad"), "follows from value and scale where it is not given"),
        "score": Column(v.read_share, "0 to 1; follows from the category where it is not given"),
        "origin": Column(v.OneOf("customer", "default", "timeout", "internal"), "only a customer's is an answer;"
                         " default: the helpdesk filled it in; timeout: closed without one; internal: by the team"),
        "changed_at": Column(v.read_time, ""), "expires_at": Column(v.read_time, ""),
        "agent": Column(v.read_id, "the agent it is about, if given"), "rater": Column(v.read_id, ""),
        "reason": Column(v.read_text, ""), "comment": Column(v.read_text, "kept with `csat.keep_comments` only"),
    }, map_ratings, frozenset({"survey.answers", "survey.offered", "survey.dimensions"}), "ticket"),
    "articles": LayoutTable("Texts of the knowledge base as they are now.", {
        "id": _ID, "title": Column(v.read_text, "", True), "created_at": Column(v.read_time, "", True),
        "updated_at": Column(v.read_time, "created_at where it is not given"), "url": Column(v.read_text, ""),
        "kind": Column(v.OneOf("article", "faq", "solution"), "article where it is not given"),
        "author": Column(v.read_id, ""), "editor": Column(v.read_id, "who edited last"),
        "edited_at": Column(v.read_time, ""), "locale": Column(v.read_text, ""), "draft": Column(v.read_boolean, ""),
        "body": Column(v.read_text, "of which the next two are kept"),
        "digest": Column(v.read_text, "a hash of the text"),
        "length": Column(v.read_integer, "characters"), "votes_up": Column(v.read_integer, ""),
        "votes_down": Column(v.read_integer, ""),
    }, map_articles, frozenset({"articles", "article.votes"})),
    "article_edits": LayoutTable("Every known edit of an article. With a digest, one counts if the text differs.", {
        "article": Column(v.read_id, "the article's id", True), "at": Column(v.read_time, "", True),
        "editor": Column(v.read_id, ""), "locale": Column(v.read_text, ""),
        "body": Column(v.read_text, "of which the next two are kept"),
        "digest": Column(v.read_text, "a hash of the text"),
        "length": Column(v.read_integer, "characters"), "is_minor": Column(v.read_boolean, ""),
    }, map_article_edits, frozenset({"article.edits"})),
}  # fmt: skip
