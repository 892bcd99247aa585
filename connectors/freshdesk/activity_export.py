"""The daily export of activities: an exact history of changes, if the account still has it.

Freshdesk removed it with the old reports in 2023, except for accounts that had enabled it. A file has one day, stays
available for about a month, and has labels of statuses and groups. Its address is an object or a list with one object.
https://developers.freshdesk.com/api/#export_ticket_activities
"""

import hashlib
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from connectors.freshdesk import payloads as fd
from connectors.freshdesk.account import FreshdeskAccountState
from connectors.freshdesk.codes import STATUSES
from connectors.freshdesk.pagination import format_time
from connectors.freshdesk.payloads import text_id
from helpdesk_kpi.errors import BrokenError, MissingError, UnavailableError
from helpdesk_kpi.milliseconds import DAY
from helpdesk_kpi.model import REFUSED_ROW, AnyRecord, Event, Unread
from helpdesk_kpi.pull.contract import Finding, Page, RejectedRow, Start
from helpdesk_kpi.pull.lenient_decode import UNREADABLE_ERRORS, find_id, get_reason, split_rows
from helpdesk_kpi.pull.lenient_decode import decode_row as decode

DAYS_KEPT = 30  # days
_WHEN = "%d-%m-%Y %H:%M:%S %z"
_FIELDS = {"status": "status", "priority": "priority", "group": "team", "agent_id": "assignee", "ticket_type": "type"}


class ActivityLabels(msgspec.Struct, frozen=True):
    """Labels in the export: label in lower case -> id."""

    status: Mapping[str, str] = {}
    team: Mapping[str, str] = {}


class _ExportFile(msgspec.Struct):
    url: str | None = None


class Export(msgspec.Struct):
    export: _ExportFile | list[_ExportFile] | None = None


class _ActivityFile(msgspec.Struct):
    activities_data: msgspec.Raw = msgspec.Raw(b"[]")


async def fetch_activities(account: FreshdeskAccountState, start: Start) -> AsyncIterator[Page]:
    """Fetch day by day up to yesterday. The cursor is the last day that was read; it is read again.

    The cursor stops before an unreadable day, so that the next run tries it again while Freshdesk has it.
    """
    today = start.now // DAY
    first = max(int(start.cursor), today - DAYS_KEPT) if start.cursor else max(start.since // DAY, today - DAYS_KEPT)
    names: ActivityLabels | None = None
    broken: list[int] = []
    for day in range(first, today):
        try:
            rows = await _fetch_day(account, day)
        except (BrokenError, MissingError) as error:  # this day's file
            broken.append(day)
            yield Page(rejected=[RejectedRow(_format_day(day), get_reason(error))])
            continue
        if rows is None:
            continue
        names = names or await load_labels(account)
        yield Page(gone={"unread": [f"{_format_day(day)}:"]})  # its rows may be readable now
        yield msgspec.structs.replace(_map_day(day, rows, names), cursor=str(min([day, *broken])))
    yield Page(cursor=str(max(first, min([today - 1, *broken]))), complete_until=min([today, *broken]) * DAY)


async def _fetch_day(account: FreshdeskAccountState, day: int) -> list[msgspec.Raw] | None:
    """The rows of one day; None: Freshdesk has no file of it."""
    url = await _fetch_file_address(account, day)
    if url is None:
        return None
    return split_rows(
        (await account.http.download(url, type=_ActivityFile, endpoint="activities file")).activities_data
    )


def _map_day(day: int, rows: Sequence[msgspec.Raw], names: ActivityLabels) -> Page:
    """The changes of one day. A row has no id, so one that is refused goes by its day and place; it may have been a
    change of its ticket.
    """
    records: list[AnyRecord] = []
    rejected: list[RejectedRow] = []
    for place, raw in enumerate(rows, 1):
        try:
            records += [*map_changes(decode(raw, fd.Activity), names)]
        except UNREADABLE_ERRORS as error:
            bad = RejectedRow(f"{_format_day(day)}: row {place}", get_reason(error))
            rejected.append(bad)
            if ticket := find_id(raw, "ticket_id"):
                records.append(Unread(ticket, bad.id, REFUSED_ROW, bad.reason))
    return Page(records=records, rejected=rejected)


def _format_day(day: int) -> str:
    return f"activities of {format_time(day * DAY)[:10]}"


async def _fetch_file_address(account: FreshdeskAccountState, day: int) -> str | None:
    """Where the file of a day is; None: there is none. UnavailableError where the account has no such export."""
    params = datetime.fromtimestamp(day * DAY / 1000, UTC).strftime("%Y-%m-%d")
    export = await account.http.get(
        "/api/v2/export/ticket_activities", {"created_at": params}, type=Export, endpoint="activities",
        missing="resource",
    )  # fmt: skip
    return get_file_address(export)


def get_file_address(export: Export) -> str | None:
    places = export.export if isinstance(export.export, list) else [export.export]
    return next((one.url for one in places if one is not None and one.url), None)


async def fetch_activities_if_available(account: FreshdeskAccountState, start: Start) -> AsyncIterator[Page]:
    """Fetch activities; a missing export is usual and no failure."""
    try:
        async for page in fetch_activities(account, start):
            yield page
    except UnavailableError as error:
        account.findings.append(Finding(level="note", about="activities", text=f"no export of activities: {error}"))
        yield Page(complete_until=start.now)


async def load_labels(account: FreshdeskAccountState) -> ActivityLabels:
    groups = await account.choices("default_group")
    teams = {str(label).casefold(): str(code) for label, code in groups.items()} if isinstance(groups, dict) else {}
    status_labels = STATUSES | await account.statuses()  # Freshdesk's own labels where the fields cannot be read
    statuses = {label.casefold(): code for code, label in status_labels.items()}
    return ActivityLabels(statuses, teams)


def map_changes(row: fd.Activity, names: ActivityLabels) -> Iterator[Event]:
    """Map the changes of one activity. Comments are from the conversations, which have the text."""
    at = round(datetime.strptime(row.performed_at, _WHEN).timestamp() * 1000)  # noqa: DTZ007 - it has a zone
    actor = text_id(row.performer_id) if row.performer_type == "user" else None
    rule = _get_rule(row.activity.get("automation"))
    number = hashlib.blake2b(msgspec.json.encode(row, order="sorted"), digest_size=10).hexdigest()
    for seq, (key, field) in enumerate(_FIELDS.items()):
        if key not in row.activity:
            continue
        yield Event(
            ticket=str(row.ticket_id), id=f"activity:{number}:{field}", at=at, seq=seq, kind="change", actor=actor,
            via="rule" if rule else None, rule=rule, field=field, after=_to_id(field, row.activity[key], names),
        )  # fmt: skip


def _to_id(field: str, value: Any, names: ActivityLabels) -> str | None:
    if value in (None, ""):
        return None
    by_label = names.status if field == "status" else names.team if field == "team" else {}
    return by_label.get(str(value).casefold(), str(value))


def _get_rule(automation: Any) -> str | None:
    if not automation:
        return None
    return (
        str(automation.get("rule") or automation.get("id") or "automation")
        if isinstance(automation, dict)
        else str(automation)
    )
