"""Tables of Fivetran's Zendesk connector, exported from the warehouse as one file each.

Rows are read as Zendesk's own payloads and mapped by the same rules. Columns:
https://github.com/fivetran/dbt_zendesk (models/staging). Tables have no order, so that histories are sorted on disk.
"""

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec

from connectors.files import cell_values as v
from connectors.files.cell_values import Column
from connectors.files.layout import LayoutPart, reject_line
from connectors.files.readers import Row, list_files, read_lines
from connectors.files.settings import Settings
from connectors.zendesk import payloads as zd
from connectors.zendesk.mapping import surveys
from connectors.zendesk.mapping.events import FIELDS
from connectors.zendesk.mapping.people import map_person, map_team
from connectors.zendesk.mapping.tickets import DELETED, ZendeskFields, map_ticket, text_id
from helpdesk_kpi.model import REFUSED_RATING, REFUSED_ROW, AnyRecord, Event, Name, TicketLink
from helpdesk_kpi.pull.contract import RejectedRow
from helpdesk_kpi.text.comment import extract_features as read_text
from helpdesk_kpi.text.comment import feature_fields

Found = Iterator[list[AnyRecord] | RejectedRow]
_TIME, _ID, _TEXT, _TRUTH = (Column(kind, "") for kind in (v.read_time, v.read_integer, v.read_text, v.read_boolean))
_NEEDED_ID, _NEEDED_TIME, _NEEDED_TEXT = (
    Column(kind, "", required=True) for kind in (v.read_integer, v.read_time, v.read_text)
)

USER: Mapping[str, Column] = {
    "id": _NEEDED_ID, "role": _NEEDED_TEXT, "name": _TEXT, "email": _TEXT, "verified": _TRUTH, "active": _TRUTH,
    "suspended": _TRUTH, "only_private_comments": _TRUTH, "organization_id": _ID, "time_zone": _TEXT,
    "updated_at": _NEEDED_TIME,
}  # fmt: skip
TICKET: Mapping[str, Column] = {
    "id": _NEEDED_ID, "created_at": _NEEDED_TIME, "updated_at": _NEEDED_TIME, "status": _NEEDED_TEXT, "subject": _TEXT,
    "description": _TEXT, "type": _TEXT, "priority": _TEXT, "requester_id": _ID, "submitter_id": _ID,
    "assignee_id": _ID, "organization_id": _ID, "group_id": _ID, "problem_id": _ID, "ticket_form_id": _ID,
    "brand_id": _ID, "via_channel": _TEXT, "via_followup_source_id": _ID, "merged_ticket_ids": Column(v.read_list, ""),
    "_fivetran_deleted": _TRUTH,
}  # fmt: skip
COMMENT: Mapping[str, Column] = {
    "id": _NEEDED_ID, "ticket_id": _NEEDED_ID, "created": _NEEDED_TIME, "user_id": _ID, "public": _TRUTH,
    "body": _TEXT, "_fivetran_deleted": _TRUTH,
}  # fmt: skip
HISTORY: Mapping[str, Column] = {
    "ticket_id": _NEEDED_ID, "field_name": _NEEDED_TEXT, "updated": _NEEDED_TIME, "user_id": _ID, "value": _TEXT,
}  # fmt: skip
RATING: Mapping[str, Column] = {
    "id": _NEEDED_ID, "ticket_id": _NEEDED_ID, "score": _NEEDED_TEXT, "created_at": _TIME, "updated_at": _NEEDED_TIME,
    "assignee_id": _ID, "requester_id": _ID, "comment": _TEXT, "reason": _TEXT,
}  # fmt: skip
GROUP: Mapping[str, Column] = {"id": _NEEDED_ID, "name": _NEEDED_TEXT, "_fivetran_deleted": _TRUTH}
NAME_ROW: Mapping[str, Column] = {"id": _NEEDED_ID, "name": _NEEDED_TEXT}
TAG: Mapping[str, Column] = {"ticket_id": _NEEDED_ID, "tag": _NEEDED_TEXT}
_HISTORY = frozenset({"status.history", "assignee.history", "priority.history"})


def list_parts(folder: Path) -> list[LayoutPart]:
    """Parts of the folder: people before tickets, tickets before their history."""
    tags = list_files(folder, "ticket_tag")
    rows = partial(_read_rows, columns=NAME_ROW)
    tables: list[tuple[str, Any, Mapping[str, Column], frozenset[str]]] = [
        (
            "organization",
            partial(rows, map_row=lambda row: [Name("organization", str(row["id"]), row["name"])]),
            NAME_ROW,
            frozenset(),
        ),
        (
            "brand",
            partial(rows, map_row=lambda row: [Name("brand", str(row["id"]), row["name"])]),
            NAME_ROW,
            frozenset(),
        ),
        (
            "ticket_form_history",
            partial(rows, map_row=lambda row: [Name("form", str(row["id"]), row["name"])]),
            NAME_ROW,
            frozenset(),
        ),
        ("group", partial(_read_rows, columns=GROUP, map_row=_map_group), GROUP, frozenset()),
        ("user", partial(_read_rows, columns=USER, map_row=_map_user), USER, frozenset({"roles"})),
        ("ticket", partial(_read_tickets, tags=tags), TICKET, frozenset({"tickets"})),
        ("ticket_comment", _read_comments, COMMENT, frozenset({"comments.public", "comments.private"})),
        ("ticket_field_history", _read_history, HISTORY, _HISTORY),
        ("satisfaction_rating", _read_ratings, RATING, frozenset({"survey.answers", "survey.offered"})),
    ]
    return [
        LayoutPart(name, tuple(files), read_file, gives, tuple(tags) if name == "ticket" else (), frozenset(columns))
        for name, read_file, columns, gives in tables
        if (files := list_files(folder, name)) or name == "ticket"
    ]


#: All tables that are read, including those without their own stream.
TABLES = (
    "organization", "brand", "ticket_form_history", "group", "user", "ticket", "ticket_tag", "ticket_comment",
    "ticket_field_history", "satisfaction_rating",
)  # fmt: skip


def _read_rows(
    path: Path, settings: Settings, *, columns: Mapping[str, Column], map_row: Callable[[Row], list[AnyRecord]],
    keep: tuple[str, ...] = (), ticket: str = "", kind: str = REFUSED_ROW,
) -> Found:  # fmt: skip
    """Read a table.

    Args:
        columns: Columns of the table.
        map_row: Maps a row to records.
        keep: Further columns to read.
        ticket: Column with the ticket's id, for rejected lines; "": none.
        kind: Kind of the `Unread` that a rejected line gives.
    """
    for line in read_lines(path, columns, settings.zone, keep):
        wrong = line.wrong
        if not wrong:
            try:
                yield map_row(line.row)
                continue
            except (ValueError, TypeError) as error:
                wrong = str(error)
        yield from reject_line(path, line, wrong, ticket, kind)


def _convert(kind: Any, row: Row, **more: Any) -> Any:
    """Convert a row to a payload of Zendesk, whose times are datetimes."""
    times: Row = {key: row[key] / 1000 for key in ("created_at", "updated_at") if key in row}
    return msgspec.convert(row | times | more, kind, strict=False)


def _map_user(row: Row) -> list[AnyRecord]:
    return [map_person(_convert(zd.User, row))]


def _map_group(row: Row) -> list[AnyRecord]:
    return [map_team(_convert(zd.Group, row, deleted=row.pop("_fivetran_deleted", False)))]


def _read_ratings(path: Path, settings: Settings) -> Found:
    def map_row(row: Row) -> list[AnyRecord]:
        return [
            *surveys.map_satisfaction_rating(
                _convert(zd.SatisfactionRating, row), comments=settings.include_ratings_comment
            )
        ]

    return _read_rows(path, settings, columns=RATING, map_row=map_row, ticket="ticket_id", kind=REFUSED_RATING)


def _read_tickets(path: Path, settings: Settings, *, tags: list[Path]) -> Found:
    """Read tickets with their tags, which are in a separate table. Their version is the last change in seconds."""
    tagged, bad = _load_tags(tags, settings)
    yield from bad
    fields = dict(enumerate(settings.keep_fields))
    keep = ZendeskFields("", 0, fields, settings.sketch_key)

    def map_row(row: Row) -> list[AnyRecord]:
        if row.pop("_fivetran_deleted", False):
            row["status"] = DELETED
        losers = row.pop("merged_ticket_ids", ())
        earlier = row.pop("via_followup_source_id", None)
        source = {"rel": "follow_up", "from": {"ticket_id": earlier}} if earlier else None
        custom = [{"id": place, "value": row[name]} for place, name in fields.items() if name in row]
        payload = _convert(
            zd.Ticket, row, generated_timestamp=row["updated_at"] // 1000, custom_fields=custom,
            tags=sorted(tagged.get(row["id"], ())), via={"channel": row.pop("via_channel", None), "source": source},
        )  # fmt: skip
        return [*map_ticket(payload, keep), *(TicketLink(loser, str(row["id"]), "merge") for loser in losers)]

    yield from _read_rows(path, settings, columns=TICKET, map_row=map_row, keep=settings.keep_fields, ticket="id")


def _load_tags(
    files: list[Path], settings: Settings
) -> tuple[dict[int, set[str]], list[list[AnyRecord] | RejectedRow]]:
    """Tags by ticket, and rejected lines with the tickets that they concern."""
    tags: dict[int, set[str]] = defaultdict(set)
    bad: list[list[AnyRecord] | RejectedRow] = []
    for path in files:
        for line in read_lines(path, TAG, settings.zone):
            if line.wrong:
                bad += reject_line(path, line, line.wrong, "ticket_id")
            else:
                tags[line.row["ticket_id"]].add(line.row["tag"])
    return tags, bad


def _read_comments(path: Path, settings: Settings) -> Found:
    map_row = partial(_map_comment, thanks=settings.thanks)
    return _read_rows(path, settings, columns=COMMENT, map_row=map_row, ticket="ticket_id")


def _map_comment(row: Row, thanks: tuple[str, ...]) -> list[AnyRecord]:
    if row.get("_fivetran_deleted"):
        return []
    missing = [name for name in ("user_id", "public") if name not in row]
    if missing:  # otherwise a reply would count as missing
        raise ValueError(f"a comment without {missing[0]}")
    features = read_text(row.get("body", ""), thanks=thanks)
    return [
        Event(
            ticket=str(row["ticket_id"]),
            id=f"{row['id']}:c",
            at=row["created"],
            seq=0,
            kind="comment",
            actor=text_id(row.get("user_id")),
            public=row.get("public"),
            **feature_fields(features),
        )
    ]


def _read_history(path: Path, settings: Settings) -> Found:
    """Read field changes. A row has the new value; the old one is in the row before, of the same ticket and field."""
    with closing(sqlite3.connect("")) as db:  # "": a temporary file of SQLite
        db.execute("CREATE TABLE h (ticket INTEGER, field TEXT, at INTEGER, line INTEGER, actor INTEGER, value TEXT)")
        for line in read_lines(path, HISTORY, settings.zone):
            if line.wrong:
                yield from reject_line(path, line, line.wrong, "ticket_id")
                continue
            row = line.row
            key_values = (row["ticket_id"], row["field_name"], row["updated"], line.number, row.get("user_id"))
            db.execute("INSERT INTO h VALUES (?, ?, ?, ?, ?, ?)", (*key_values, row.get("value")))
        ordered = db.execute("SELECT ticket, field, at, actor, value FROM h ORDER BY ticket, field, at, line")
        for (ticket, key), rows in groupby(ordered, key=lambda row: row[:2]):
            if field := FIELDS.get(key) or (key if key in settings.keep_fields else None):
                yield list(_map_changes(str(ticket), key, field, rows))


def _map_changes(ticket: str, key: str, field: str, rows: Iterator[tuple[Any, ...]]) -> Iterator[AnyRecord]:
    before: str | None = None
    for _, _, at, actor, value in rows:
        if value != before:
            yield Event(
                ticket=ticket, id=f"{key}:{at}", at=at, seq=0, kind="change", actor=text_id(actor),
                field=field, before=before, after=value,
            )  # fmt: skip
        before = value
