"""Writing tickets and what happened on them."""

import json
from collections.abc import Collection, Mapping, Sequence

from helpdesk_kpi import model
from helpdesk_kpi.store.page_writer import PageWriter, Row, differs, upsert
from helpdesk_kpi.store.snapshot_diffs import save_snapshots, write_differences
from helpdesk_kpi.store.unread import OF_HISTORY, read_well


def write_tickets(page: PageWriter, rows: list[model.Ticket]) -> None:
    people = page.keys("people", (p for r in rows for p in (r.requester, r.submitter, r.assignee)))
    teams = page.keys("teams", (r.team for r in rows))
    page.conn.executemany(_TICKET, (_ticket(page, r, people, teams) for r in rows if not r.is_scrubbed))
    page.conn.executemany(
        # What was scrubbed still happened: only its words are taken away.
        "UPDATE tickets SET subject = NULL, sketch = NULL, version = ?, deleted_at = coalesce(deleted_at, ?)"
        " WHERE source = ? AND native = ? AND version < ?",
        ((r.version, r.deleted_at, page.source, r.id, r.version) for r in rows if r.is_scrubbed),
    )
    page.conn.executemany(
        "UPDATE tickets SET merged_into = NULL WHERE source = ? AND native = ? AND version = ?"
        " AND merged_into IS NOT NULL",
        ((page.source, r.id, r.version) for r in rows if r.tells_merges and r.merged_into is None),
    )
    _record_assignees(page, [people[r.assignee] for r in rows if r.assignee])
    save_snapshots(page, rows)
    read_well(page, rows)


def _ticket(page: PageWriter, r: model.Ticket, people: dict[str | None, int], teams: dict[str | None, int]) -> Row:
    return (
        page.source, r.id, r.number, r.url, r.created_at, r.updated_at, r.version, r.status, r.subject, r.channel,
        r.form, r.type, r.brand, json.dumps(r.tags), json.dumps(r.fields, sort_keys=True), r.priority,
        people.get(r.requester), people.get(r.submitter), r.organization, teams.get(r.team),
        people.get(r.assignee), r.follow_up_of, r.problem, r.merged_into, r.deleted_at, r.is_spam,
        r.replies_known, r.changes_known_from, r.sketch, json.dumps(r.participants),
        r.changes_known, r.direction, r.issue_type, r.association, r.is_messaging, r.is_imported, r.external_id,
        r.status_at, r.left_at, r.resolution,
    )  # fmt: skip


def _record_assignees(page: PageWriter, people: list[int]) -> None:
    page.conn.executemany(
        "UPDATE people SET was_assigned = 1 WHERE id = ? AND was_assigned = 0", ((p,) for p in sorted(set(people)))
    )


def write_replies(page: PageWriter, rows: list[model.Replies]) -> None:
    """What was read of an earlier version leaves a ticket pending that has moved on since."""
    page.conn.executemany(
        "UPDATE tickets SET replies_known = ?1 WHERE source = ?2 AND native = ?3 AND version <= ?4"
        " AND replies_known != ?1",
        ((r.known, page.source, r.ticket, r.version) for r in rows),
    )
    page.conn.executemany(
        "UPDATE tickets SET merged_into = ? WHERE source = ? AND native = ? AND merged_into IS NULL",
        ((r.merged_into, page.source, r.ticket) for r in rows if r.merged_into is not None),
    )


def write_changes(page: PageWriter, rows: list[model.Changes]) -> None:
    """As `write_replies`, of the history."""
    page.conn.executemany(
        "UPDATE tickets SET changes_known = ?1 WHERE source = ?2 AND native = ?3 AND version <= ?4"
        " AND changes_known != ?1",
        ((r.known, page.source, r.ticket, r.version) for r in rows),
    )
    page.conn.executemany(
        "UPDATE tickets SET came_at = ?1 WHERE source = ?2 AND native = ?3 AND came_at IS NOT ?1",
        ((r.came_at, page.source, r.ticket) for r in rows if r.known == "yes"),
    )


def write_time_entries(page: PageWriter, rows: list[model.TimeEntry]) -> None:
    tickets, people = page.keys("tickets", (r.ticket for r in rows)), page.keys("people", (r.agent for r in rows))
    page.conn.executemany(
        "INSERT OR REPLACE INTO time_entries VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (page.source, r.id, tickets[r.ticket], people.get(r.agent), r.at, r.spent, r.is_billable, r.is_running)
            for r in rows
        ),
    )


def delete_tickets(page: PageWriter, gone: Mapping[str, Sequence[str]]) -> None:
    """What the helpdesk says was deleted, whatever ticket it was of; of unread parts, those whose ids begin so."""
    for kind, ids in gone.items():
        if kind == "unread":
            page.conn.executemany(_READ_NOW, ((page.source, prefix) for prefix in ids))
        elif kind == "time_entry":
            sql = "DELETE FROM time_entries WHERE source = ? AND native IN (SELECT value FROM json_each(?))"
            page.conn.execute(sql, (page.source, json.dumps(list(ids))))
        else:
            raise ValueError(f"a page can say that a time_entry or unread is gone, not {kind!r}")


def write_events(page: PageWriter, rows: list[model.Event]) -> None:
    tickets = page.keys("tickets", (r.ticket for r in rows))
    people = page.keys("people", (r.actor for r in rows))
    page.conn.executemany(_EVENT, (_event(r, tickets, people) for r in rows))
    refused = {*page.conn.execute(_REFUSED, (json.dumps([tickets[r.ticket] for r in rows]),))}
    if refused:  # what could not be kept before, and now can
        found = {(tickets[r.ticket], f"{r.id}:row") for r in rows} & refused
        page.conn.executemany("DELETE FROM unread WHERE ticket = ? AND id = ?", found)
    page.conn.executemany(
        "INSERT OR IGNORE INTO article_links VALUES (?, ?, ?, ?, ?)",
        ((tickets[r.ticket], r.id, a, r.at, people.get(r.actor)) for r in rows if r.public for a in r.articles),
    )
    page.conn.executemany(
        "DELETE FROM events WHERE ticket = ? AND id = ?",
        ((tickets[r.ticket], r.formerly) for r in rows if r.formerly is not None and r.formerly != r.id),
    )
    assignees = {r.after for r in rows if r.field == "assignee" and r.after}
    _record_assignees(page, list(page.keys("people", assignees).values()))
    write_differences(page, {tickets[r.ticket] for r in rows if r.kind == "change"})


def _event(r: model.Event, tickets: dict[str | None, int], people: dict[str | None, int]) -> Row:
    return (
        tickets[r.ticket], r.id, r.at, r.seq, r.kind, people.get(r.actor), r.via, r.rule, r.field, r.before,
        r.after, r.public, r.precision == "exact", r.length, r.is_thanks, r.is_question, r.text_rule,
        json.dumps(r.articles) if r.articles else None, json.dumps(r.codes) if r.codes else None,
    )  # fmt: skip


def replace_children(page: PageWriter, parents: Sequence[tuple[str, str]], records: Sequence[model.AnyRecord]) -> None:
    """The page gives every child of these parents; what it does not name is gone: all events, only the comments, the
    time entries, the rows of its history that could not be read, or those of its ratings.

    The comment that made the ticket stays: it is a part of the ticket. A page that is older than what is known of the
    ticket takes nothing away.
    """
    for kind, native in parents:
        if kind not in _REPLACED:
            raise ValueError(f"a page can replace a ticket's {', '.join(_REPLACED)}, not {kind!r}")
        if _is_old(page, native, records):
            continue
        record, table, key, which = _REPLACED[kind]
        kept = [r.id for r in records if isinstance(r, record) and r.ticket == native]
        page.conn.execute(
            f"DELETE FROM {table} WHERE ticket = ? AND {key} NOT IN (SELECT value FROM json_each(?)) AND {which}",
            (page.keys("tickets", [native])[native], json.dumps(kept)),
        )


#: Kind -> the records that are children of it, where they are kept, and which of those.
_REPLACED: dict[str, tuple[type[model.Event | model.TimeEntry | model.Unread], str, str, str]] = {
    "event": (model.Event, "events", "id", "true"),
    "comment": (model.Event, "events", "id", "kind = 'comment' AND id != 'created'"),
    "time_entry": (model.TimeEntry, "time_entries", "native", "true"),
    "refused_row": (model.Unread, "unread", "id", OF_HISTORY),
    "refused_rating": (model.Unread, "unread", "id", f"kind = '{model.REFUSED_RATING}'"),
}


def _is_old(page: PageWriter, native: str, records: Sequence[model.AnyRecord]) -> bool:
    versions = [r.version for r in records if isinstance(r, model.Ticket) and r.id == native]
    versions += [r.version for r in records if isinstance(r, model.Replies) and r.ticket == native]
    sql = "SELECT version FROM tickets WHERE source = ? AND native = ?"
    known = page.conn.execute(sql, (page.source, native)).fetchone()
    return bool(versions and known and known[0] is not None and max(versions) < known[0])


def write_engagements(page: PageWriter, rows: list[model.Engagement]) -> None:
    """A call or session that was moved to another ticket leaves the first one, with the contact that it was."""
    tickets, people = page.keys("tickets", (r.ticket for r in rows)), page.keys("people", (r.agent for r in rows))
    page.conn.executemany(
        "DELETE FROM events WHERE id = ?3 AND ticket = (SELECT ticket FROM engagements"
        " WHERE source = ?2 AND native = ?3 AND ticket != ?1)",
        ((tickets[r.ticket], page.source, r.id) for r in rows),
    )
    page.conn.executemany(
        "INSERT INTO engagements VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
        " ticket = excluded.ticket, started_at = excluded.started_at,"
        " answered_at = excluded.answered_at, ended_at = excluded.ended_at, agent = excluded.agent",
        (
            (
                page.source, r.id, tickets[r.ticket], r.kind, r.started_at, people.get(r.agent), r.answered_at,
                r.ended_at,
            )
            for r in rows
        ),
    )  # fmt: skip
    read_well(page, rows)


def write_ticket_links(page: PageWriter, rows: list[model.TicketLink]) -> None:
    tickets = page.keys("tickets", (r.ticket for r in rows))
    page.conn.executemany(
        "INSERT OR IGNORE INTO ticket_links VALUES (?, ?, ?)", ((tickets[r.ticket], r.other, r.kind) for r in rows)
    )


def write_unread(page: PageWriter, rows: list[model.Unread]) -> None:
    tickets = page.keys("tickets", (r.ticket for r in rows))
    page.conn.executemany(
        "INSERT OR IGNORE INTO unread VALUES (?, ?, ?, ?, ?)",
        ((tickets[r.ticket], r.id, r.kind, r.word, r.at) for r in rows),
    )


def write_native_metrics(page: PageWriter, rows: list[model.NativeMetric]) -> None:
    tickets = page.keys("tickets", (r.ticket for r in rows))
    page.conn.executemany(
        "INSERT INTO native_metrics VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
        " calendar = excluded.calendar, business = excluded.business, count = excluded.count",
        ((tickets[r.ticket], r.metric, r.calendar, r.business, r.count) for r in rows),
    )


def write_ratings(page: PageWriter, rows: list[model.Rating]) -> None:
    tickets = page.keys("tickets", (r.ticket for r in rows))
    people = page.keys("people", (p for r in rows for p in (r.agent, r.rater)))
    page.conn.executemany(
        _RATING,
        (
            (
                page.source, r.id, r.question, tickets[r.ticket], r.offered_at, r.version, r.value, r.scale,
                r.origin, r.category, r.score, r.answered_at, r.changed_at, r.expires_at, people.get(r.agent),
                people.get(r.rater), r.reason, r.comment,
            )
            for r in rows
        ),
    )  # fmt: skip
    page.conn.executemany(
        _ANSWERED_BEFORE,
        (
            (page.source, r.id, r.question, r.version, r.answered_at, people.get(r.rater))
            for r in rows
            if r.answered_at is not None
        ),
    )
    read_well(page, rows)


_REFUSED = (
    f"SELECT ticket, id FROM unread WHERE ticket IN (SELECT value FROM json_each(?)) AND kind = '{model.REFUSED_ROW}'"
)
_READ_NOW = (
    "DELETE FROM unread WHERE ticket IN (SELECT u.ticket FROM unread u JOIN tickets t ON t.id = u.ticket"
    " WHERE t.source = ?1) AND substr(id, 1, length(?2)) = ?2"
)


def _without(columns: str, left_out: Collection[str]) -> str:
    return ", ".join(name for name in columns.replace(" ", "").split(",") if name not in left_out)


_TICKET_COLUMNS = (
    "source, native, number, url, created_at, updated_at, version, status, subject, channel, form, type, brand, tags,"
    " fields, priority, requester, submitter, organization, team, assignee, follow_up_of, problem, merged_into,"
    " deleted_at, is_spam, replies_known, changes_known_from, sketch, participants,"
    " changes_known, direction, issue_type, association, is_messaging, is_imported, external_id, status_at, left_at,"
    " resolution"
)
_READ_SEPARATELY = ("replies_known", "changes_known")  # of one version they are whatever was found out since
_MERGE = (
    "CASE WHEN length(coalesce(merged_into, '')) > 0 THEN merged_into WHEN excluded.version = version"
    " THEN coalesce(excluded.merged_into, merged_into) ELSE excluded.merged_into END"
)
_TICKET = upsert(
    "tickets",
    _TICKET_COLUMNS,
    f"excluded.version >= version AND ({differs(_without(_TICKET_COLUMNS, _READ_SEPARATELY))})",
    {
        # What is gone stays as well known as it was; what was still to be read of it is as the row says.
        **{
            name: f"iif(excluded.version = version OR (excluded.deleted_at IS NOT NULL AND {name} = 'yes'), {name},"
            f" excluded.{name})"
            for name in _READ_SEPARATELY
        },
        "deleted_at": "iif(excluded.deleted_at IS NULL, NULL, coalesce(deleted_at, excluded.deleted_at))",
        "merged_into": _MERGE,
    },
)
_EVENT_COLUMNS = (
    "ticket, id, at, seq, kind, actor, via, rule, field, before, after, public, exact, length, is_thanks, is_question,"
    " text_rule, articles, codes"
)
_EVENT = upsert("events", _EVENT_COLUMNS, differs(_EVENT_COLUMNS))
_RATING_COLUMNS = (
    "source, native, question, ticket, offered_at, version, value, scale, origin, category, score, answered_at,"
    " changed_at, expires_at, agent, rater, reason, comment"
)
_BOTH_ANSWERED = "answered_at IS NOT NULL AND excluded.answered_at IS NOT NULL"
_RATING = upsert(
    "ratings",
    _RATING_COLUMNS,
    "excluded.version >= version AND ("
    + differs(_without(_RATING_COLUMNS, ("comment", "answered_at")))
    + " OR (excluded.comment IS NOT NULL AND comment IS NOT excluded.comment)"
    + f" OR (excluded.version = version AND NOT ({_BOTH_ANSWERED}) AND answered_at IS NOT excluded.answered_at))",
    {
        # Of one version, words that only one of two streams brings stay.
        "comment": "iif(excluded.version = version, coalesce(excluded.comment, comment), excluded.comment)",
        # Who rated is who was first named for an answer: helpdesks that go by the requester name another one later.
        "rater": "iif(excluded.version = version OR answered_at IS NOT NULL, coalesce(rater, excluded.rater),"
        " excluded.rater)",
        # Where no offer is told, it is as old as the first answer.
        "offered_at": f"iif({_BOTH_ANSWERED}, min(offered_at, excluded.offered_at), excluded.offered_at)",
        # Some helpdesks give the time of the last edit: the first one that was seen is nearest to the answer.
        "answered_at": f"iif({_BOTH_ANSWERED}, min(answered_at, excluded.answered_at), excluded.answered_at)",
    },
)
#: The same, of a version that comes after a later one.
_ANSWERED_BEFORE = (
    "UPDATE ratings SET answered_at = ?5, rater = coalesce(?6, rater) WHERE source = ?1 AND native = ?2"
    " AND question = ?3 AND version > ?4 AND (answered_at > ?5 OR (answered_at = ?5 AND rater != ?6))"
)
