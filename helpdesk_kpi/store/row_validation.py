"""Which records the store can keep, and what it makes of those that it cannot: they are set aside, one by one.

A connector may decode a value that no helpdesk means: a time in the year 9999 or in seconds, business hours that end
before they begin. Kept, they would spoil every figure that they meet, and move cursors to where nothing follows.
"""

import datetime as dt
import functools
import re
import zoneinfo
from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec.structs import replace

from helpdesk_kpi import model
from helpdesk_kpi.model import AnyRecord
from helpdesk_kpi.store.page import Page, RejectedRow, Todo
from helpdesk_kpi.store.unread import refused

EARLIEST, LATEST = 631_152_000_000, 4_102_444_800_000  # 1990 and 2100: a time outside is none in ms
MOST = 2**63 - 1  # the largest number that SQLite keeps
_WEEK = 7 * 1440  # minutes
#: Times that a helpdesk sets to "never": one that is outside says nothing, and costs no record.
_OPTIONAL = frozenset({"expires_at", "breach_at"})


#: Records that come by the thousand, and have nothing to check but the time `at`.
_FREQUENT = (model.Event, model.SlaEvent, model.TimeEntry)


class UnsoundError(ValueError):
    """A record that cannot be kept; the text says why, and repeats nothing of it."""


def reject_invalid_rows(page: Page) -> Page:
    """The page without the records that must not be kept; these are set aside by name."""
    kept: list[AnyRecord] = []
    aside: list[RejectedRow] = []
    for record in page.records:
        try:
            if isinstance(record, _FREQUENT) and EARLIEST <= record.at < LATEST:
                kept.append(record)
            else:
                kept.append(sound(record))
        except UnsoundError as error:
            aside.append(RejectedRow(name_of(record), str(error)))
        except TypeError:
            aside.append(RejectedRow(name_of(record), "a time or a version is no number"))
    if not aside:
        return replace(page, records=kept)
    return without(page, kept, aside)


def without(page: Page, kept: Sequence[AnyRecord], aside: Sequence[RejectedRow]) -> Page:
    """The page with the records that are left. Of a ticket of which something is lost, nothing says any more that all
    is there: what was read before stays, and its history is not known.
    """
    there = set(map(_identity, kept))
    lost = [r for r in page.records if _identity(r) not in there]
    short = {getattr(r, "ticket", None) for r in lost}
    replaces = [(kind, parent) for kind, parent in page.replaces if parent not in short]
    events = [r for r in lost if isinstance(r, model.Event) and r.kind in _KNOWN_BY]
    gaps = {(r.ticket, r.kind) for r in events}
    records = [_unreadable(r, gaps) for r in kept]
    said = {(r.ticket, type(r)) for r in kept if isinstance(r, model.Replies | model.Changes)}
    records += [
        model.Unread(r.ticket, f"{r.id}:row", model.REFUSED_ROW, r.kind)
        for r in events
        if (r.ticket, _KNOWN_BY[r.kind]) not in said and _is_sound_id(r.ticket, r.id)
    ]
    records += _refused(page.records, {one.id: one.reason for one in aside})
    return replace(page, records=records, rejected=[*page.rejected, *aside], replaces=replaces)


def _refused(records: Iterable[AnyRecord], why: Mapping[str, str]) -> list[model.Unread]:
    """Tickets, contacts and ratings that are set aside, by name: what was kept of them before may be out of date."""
    lost = [(record, why[name]) for record in records if (name := name_of(record)) in why]
    found = [refused(record, reason) for record, reason in lost]
    return [one for one in found if one is not None and _is_sound_id(one.ticket, one.id)]


def _identity(record: AnyRecord) -> tuple[object, ...]:
    return (type(record), *(getattr(record, name, None) for name in ("ticket", "id", "article", "metric", "at")))


#: The record that says whether all events of a kind are known.
_KNOWN_BY: Mapping[str, type[model.Replies | model.Changes]] = {"comment": model.Replies, "change": model.Changes}


def _unreadable(record: AnyRecord, gaps: Collection[tuple[str, str]]) -> AnyRecord:
    """Whether the comments, or the changes, of a ticket are known: not where one of them was set aside."""
    if isinstance(record, model.Replies) and (record.ticket, "comment") in gaps:
        return replace(record, known="unreadable")
    if isinstance(record, model.Changes) and (record.ticket, "change") in gaps:
        return replace(record, known="unreadable")
    return record


def _is_sound_id(*ids: str) -> bool:
    """Whether the store can keep them: what it refuses may be the id itself."""
    return all(_is_text(one) for one in ids)


def sound(record: AnyRecord) -> AnyRecord:
    """The record, or one without an optional value that says nothing. UnsoundError where it cannot be kept."""
    for name in _times(type(record)):
        at = getattr(record, name)
        if at is None or EARLIEST <= at < LATEST:
            continue
        if name not in _OPTIONAL:
            raise UnsoundError(f"{name} is no time between the years 1990 and 2100")
        record = replace(record, **{name: None})
    version = getattr(record, "version", 0)
    if not -LATEST < version < LATEST:
        raise UnsoundError("version is out of range, so nothing newer could ever replace it")
    if isinstance(record, model.Schedule):
        _check_week(record)
    elif isinstance(record, model.Holiday):
        _check_days(record)
    elif isinstance(record, model.Person) and record.zone is not None and not _is_zone(record.zone):
        return replace(record, zone=None)
    return record


def name_of(record: AnyRecord) -> str:
    """ "event 1234 of ticket 7": how a record that is set aside is called."""
    own = getattr(record, "id", None) or getattr(record, "article", None) or getattr(record, "metric", None) or ""
    ticket = getattr(record, "ticket", None)
    kind = re.sub(r"(?<!^)(?=[A-Z])", " ", type(record).__name__).lower()
    name = f"{kind} {own}".strip() + (f" of ticket {ticket}" if ticket else "")
    return name.encode(errors="replace").decode().replace("\0", "\ufffd")[:200]


def fitting(todo: Iterable[Todo]) -> list[Todo]:
    """What a queue can keep."""
    return [one for one in todo if -LATEST < one.version < LATEST and _is_text(one.key)]


def _is_text(given: str) -> bool:
    return "\0" not in given and given.isprintable()


@functools.cache
def _times(kind: type[AnyRecord]) -> tuple[str, ...]:
    return tuple(name for name in kind.__struct_fields__ if name == "at" or name.endswith("_at"))


def _check_week(schedule: model.Schedule) -> None:
    if not _is_zone(schedule.zone):
        raise UnsoundError("its time zone is not known")
    if any(not 0 <= start <= end <= _WEEK for start, end in schedule.weekly):
        raise UnsoundError("its hours do not lie within a week, or end before they begin")


def _check_days(holiday: model.Holiday) -> None:
    try:
        first, last = dt.date.fromisoformat(holiday.first), dt.date.fromisoformat(holiday.last)
    except ValueError:
        raise UnsoundError("first or last is no ISO date") from None
    if not (first.year >= 1990 and first <= last and last.year < 2100):
        raise UnsoundError("it ends before it begins, or lies outside of the years 1990 to 2100")


@functools.cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def _is_zone(name: str) -> bool:
    return name in _zones()
