"""A simulated desk, written into files as some other program might have exported it."""

import csv
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, Literal

from helpdesk_kpi.simulator.world.clock import iso
from helpdesk_kpi.simulator.world.facts import SYSTEM, Account, Created, Update
from helpdesk_kpi.simulator.world.support_desk import CATEGORY_FIELD, TEAMS
from helpdesk_kpi.simulator.world.ticket_history import TicketHistory, TicketUpdate
from helpdesk_kpi.simulator.world.world import World
from helpdesk_kpi.simulator.zendesk.surveys import ratings, surveys
from helpdesk_kpi.simulator.zendesk.vocabulary import FIELDS, author, body, channel

Row = dict[str, Any]
Form = Literal["csv", "semicolons", "jsonl", "gz"]
CATEGORY = str(CATEGORY_FIELD)  # what the configurations of tests call it
_WORDS = {"category": CATEGORY}
_KINDS = {"customer": "customer", "agent": "agent", "admin": "agent", "light_agent": "light_agent"}


def write_world(world: World, folder: Path, form: Form = "csv") -> None:
    """The whole world as of its now, in our own layout; of one without tickets, the headers."""
    tables: dict[str, list[Row]] = {
        "teams": [{"id": number, "name": name} for number, name in _teams(world)],
        "people": [*_people(world)],
        "tickets": [_ticket(world, story) for story in _there(world)],
        "events": [event for story in _there(world) for event in _events(world, story)],
        "ratings": [*_ratings(world)],
        "articles": [*_articles(world)],
        "article_edits": [*_edits(world)],
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        write_table(folder, name, rows, form)


def write_table(folder: Path, name: str, rows: list[Row], form: Form = "csv") -> Path:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    path = folder / {"jsonl": f"{name}.jsonl", "gz": f"{name}.csv.gz"}.get(form, f"{name}.csv")
    opened: Any = gzip.open if form == "gz" else open
    with opened(path, "wt", encoding="utf-8-sig" if form == "semicolons" else "utf-8", newline="") as stream:
        if form == "jsonl":
            stream.writelines(json.dumps(row) + "\n" for row in rows)
        else:
            writer = csv.DictWriter(stream, columns, delimiter=";" if form == "semicolons" else ",")
            writer.writeheader()
            writer.writerows(rows)
    return path


def _there(world: World) -> Iterator[TicketHistory]:
    return (story for story in world.stories.values() if story.created.at <= world.now)


def _teams(world: World) -> Iterator[tuple[int, str]]:
    return zip(TEAMS, world.desk.words.teams, strict=True)


def _people(world: World) -> Iterator[Row]:
    """A row for each role that somebody ever had."""
    for account in world.accounts.values():
        for since, role in account.roles:
            if since <= world.now:
                yield {
                    "id": account.id, "kind": _KINDS[role], "role": role, "name": account.name, "email": account.email,
                    "email_verified": True, "updated_at": iso(since),
                }  # fmt: skip


def _ticket(world: World, story: TicketHistory) -> Row:
    created, state = story.created, story.state(world.now)
    gone = story.deleted_at if story.deleted_at is not None and story.deleted_at <= world.now else None
    saves = story.until(world.now)
    winner = next((s.fact.merged_into for s in saves if isinstance(s.fact, Update) and s.fact.merged_into), None)
    return {
        "id": story.ticket, "created_at": iso(created.at), "updated_at": iso(saves[-1].at), "status": state["status"],
        "subject": created.subject, "channel": created.channel, "form": state["form"], "type": state["type"],
        "brand": state["brand"], "tags": ",".join(_tags(world, story)), "priority": state["priority"],
        "requester": created.requester, "submitter": created.submitter or created.requester, "team": state["team"],
        "assignee": state["assignee"], "follow_up_of": created.follow_up_of, "problem": created.problem,
        "merged_into": winner, "deleted_at": None if gone is None else iso(gone), CATEGORY: state["category"],
    }  # fmt: skip


def _tags(world: World, story: TicketHistory) -> list[str]:
    saves = story.until(world.now)
    return [*story.created.tags, *(tag for s in saves if isinstance(s.fact, Update) for tag in s.fact.add_tags)]


def _events(world: World, story: TicketHistory) -> Iterator[Row]:
    for place, save in enumerate(story.until(world.now)):
        yield from _saved(world, place, save)
    for call in story.calls:
        if call.answered_at is not None and call.ended_at <= world.now:
            yield {"ticket": story.ticket, "id": f"call{call.id}", "at": iso(call.answered_at), "kind": "call",
                   "actor": call.agent, "via": "voice", "public": True}  # fmt: skip
    for chat in story.chats:
        if chat.replied_at is not None and chat.ended_at <= world.now:
            yield {"ticket": story.ticket, "id": f"chat{chat.id}", "at": iso(chat.replied_at), "kind": "chat",
                   "actor": chat.agent, "via": "native_messaging", "public": True}  # fmt: skip
    for answer in story.answered:
        if answer.at <= world.now:
            score = "good" if answer.ratings["overall"] > 3 else "bad"
            yield {"ticket": story.ticket, "id": f"csat{answer.at}", "at": iso(answer.at), "kind": "survey",
                   "actor": story.created.requester, "field": "satisfaction", "after": score}  # fmt: skip


def _saved(world: World, place: int, save: TicketUpdate) -> Iterator[Row]:
    fact, words = save.fact, world.desk.words
    who = author(fact)
    shared = {"ticket": fact.ticket, "at": iso(save.at), "seq": place}
    rule = getattr(fact, "rule", None)
    done = {"actor": None if who == SYSTEM else who, "via": "rule" if rule else channel(fact), "rule": rule}
    if fact.comment is not None:
        text = body(fact.comment, "https://desk.example", words.help_centre_locale, words.read_more)
        yield shared | done | {"id": f"{place}c", "kind": "comment", "public": fact.comment.public, "body": text}
    if isinstance(fact, Update) and fact.merged_into:
        yield shared | done | {"id": f"{place}m", "kind": "link", "field": "merge", "after": fact.merged_into}
    for field, after in save.changes.items():
        by_trigger = isinstance(fact, Created) and field in fact.by_trigger
        yield shared | done | ({"via": "rule", "rule": "Route by category"} if by_trigger else {}) | {
            "id": f"{place}{field}", "kind": "change", "field": _WORDS.get(field, field), "after": after,
            "before": save.before.get(field),
        }  # fmt: skip


def _ratings(world: World) -> Iterator[Row]:
    """The older survey is answered good or bad, the newer one from 1 to 5 in several questions."""
    for offered, answers in surveys(world, new=False):
        row = {"id": offered.survey, "ticket": offered.ticket, "offered_at": iso(offered.at), "scale": "good/bad"}
        if answers:
            good = answers[-1].ratings["overall"] > 3
            state = world.stories[offered.ticket].state(answers[-1].at)
            word = "good" if good else "bad"
            row |= {"answered_at": iso(answers[-1].at), "value": word, "agent": state["assignee"]}
        yield row
    for offered, answers in surveys(world, new=True):
        for question, value in (answers[-1].ratings if answers else {"overall": None}).items():
            row = {"id": f"n{offered.survey}", "ticket": offered.ticket, "offered_at": iso(offered.at),
                   "question": "" if question == "overall" else question, "scale": "1-5"}  # fmt: skip
            if answers:
                row |= {"value": value, "answered_at": iso(answers[0].at)}
            if len(answers) > 1:
                row["changed_at"] = iso(answers[-1].at)
            yield row


def _articles(world: World) -> Iterator[Row]:
    for a in world.desk.articles:
        if a.created_at <= world.now:
            votes = [up for at, _, up in a.votes if at <= world.now]
            up = votes.count(1)
            yield {"id": a.id, "title": a.title, "created_at": iso(a.created_at), "author": a.author, "body": a.body,
                   "locale": "en-us", "votes_up": up, "votes_down": len(votes) - up}  # fmt: skip


def _edits(world: World) -> Iterator[Row]:
    for a in world.desk.articles:
        for at, who in a.edits:
            if at <= world.now:
                yield {"article": a.id, "at": iso(at), "editor": who, "locale": "en-us"}


# --- as Fivetran writes Zendesk's tables


def write_fivetran(world: World, folder: Path) -> None:
    """The tables that a warehouse has, in no order, and with the columns that nobody reads."""
    saves = [save for story in _there(world) for save in story.until(world.now)]
    tables: dict[str, list[Row]] = {
        "group": [{"id": number, "name": name} for number, name in _teams(world)],
        "user": [_user(world, account) for account in world.accounts.values()],
        "ticket": [_warehoused(world, story) for story in _there(world)],
        "ticket_tag": [{"ticket_id": story.ticket, "index": i, "tag": tag} for story in _there(world)
                       for i, tag in enumerate(_tags(world, story))],
        "ticket_comment": [row for place, save in enumerate(saves) for row in _commented(world, place, save)],
        "ticket_field_history": [row for save in saves for row in _became(save)],
        "satisfaction_rating": ratings(world, "https://desk.example", 0, world.now),
    }  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        stamped = [{"_fivetran_synced": _naive(world.now), **row} for row in rows]
        Random(name).shuffle(stamped)
        write_table(folder, name, stamped)


def _naive(at: int) -> str:
    return iso(at).replace("T", " ").removesuffix("Z")


def _user(world: World, account: Account) -> Row:
    role = account.role_at(world.now)
    shown = {"customer": "end-user", "light_agent": "agent"}.get(role, role)
    return {"id": account.id, "role": shown, "only_private_comments": str(role == "light_agent").upper(),
            "name": account.name, "email": account.email, "verified": "TRUE", "active": "TRUE", "suspended": "FALSE",
            "updated_at": _naive(account.created_at)}  # fmt: skip


def _warehoused(world: World, story: TicketHistory) -> Row:
    row = _ticket(world, story)
    state = story.state(world.now)
    return {
        "id": story.ticket, "created_at": _naive(story.created.at), "updated_at": _naive(story.until(world.now)[-1].at),
        "status": "deleted" if row["deleted_at"] else row["status"], "subject": row["subject"], "type": row["type"],
        "description": story.created.comment.text, "priority": row["priority"], "requester_id": row["requester"],
        "submitter_id": row["submitter"], "assignee_id": row["assignee"], "group_id": row["team"],
        "ticket_form_id": state["form"], "brand_id": state["brand"], "via_channel": row["channel"],
        "merged_ticket_ids": "[]", "via_followup_source_id": row["follow_up_of"], "problem_id": row["problem"],
    }  # fmt: skip


def _commented(world: World, place: int, save: TicketUpdate) -> Iterator[Row]:
    comment, words = save.fact.comment, world.desk.words
    if comment is not None:
        text = body(comment, "https://desk.example", words.help_centre_locale, words.read_more)
        yield {"id": 9000 + place, "ticket_id": save.fact.ticket, "created": _naive(save.at), "body": text,
               "user_id": author(save.fact), "public": str(comment.public).upper(), "tweet": "FALSE"}  # fmt: skip


def _became(save: TicketUpdate) -> Iterator[Row]:
    """A row for each field that a save changed: what it became, and nothing of what it was."""
    for field, value in save.changes.items():
        yield {"ticket_id": save.fact.ticket, "field_name": FIELDS[field], "updated": _naive(save.at),
               "user_id": author(save.fact), "value": value}  # fmt: skip
