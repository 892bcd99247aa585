"""Business hours as minutes of the week. Holidays are not in the API, so `[hours]` of the configuration needs them.

https://developers.freshdesk.com/api/#business-hours
"""

import re
from collections.abc import Iterator

from connectors.freshdesk import payloads as fd
from helpdesk_kpi import model
from helpdesk_kpi.pull import time_zones

DAY, WEEK = 1440, 7 * 1440
_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_CLOCK = re.compile(r"(\d{1,2}):(\d\d)(?::(\d\d))?\s*([ap]m)?", re.IGNORECASE)
_ALWAYS = "24x7"


def map_schedule(row: fd.BusinessHours) -> model.Schedule:
    """Map business hours.

    Raises:
        PullError: The time zone is unknown.
        ValueError: A time of day is invalid.
    """
    zone = time_zones.to_iana(row.time_zone or "UTC")
    return model.Schedule(str(row.id), row.name, zone, tuple(_list_spans(row)), is_default=row.is_default)


def _list_spans(row: fd.BusinessHours) -> list[tuple[int, int]]:
    """Spans in minutes of the week. The newer format has several spans a day; a missing day is closed."""
    calendars = row.source_business_hours or []
    calendar = next(
        (calendar_row for calendar_row in calendars if calendar_row.is_default), calendars[0] if calendars else None
    )
    if calendar is not None and _ALWAYS in (calendar.business_hours_type or ""):
        return [(0, WEEK)]
    if calendar is not None and calendar.business_hours:
        days = [(day.day, slot) for day in calendar.business_hours for slot in day.time_slots or ()]
    elif row.business_hours:
        days = list(row.business_hours.items())
    else:
        return [(0, WEEK)]  # a calendar without hours is always open
    return sorted(span for day, slot in days for span in _split_slot(day, slot))


def _split_slot(day: str, slot: fd.Slot) -> Iterator[tuple[int, int]]:
    start, end = parse_minute(slot.start_time), parse_minute(slot.end_time)
    first = _DAYS.index(day.casefold()) * DAY
    if end <= start:  # "12:00 am" ends the day; other times are on the next day
        yield first + start, first + DAY
        if end:
            tomorrow = (first + DAY) % WEEK
            yield tomorrow, tomorrow + end
    else:
        yield first + start, first + end


def parse_minute(text: str) -> int:
    """Minute of the day of "8:00 am", "05:00:00 pm" or "17:00". A time with 59 seconds is the next minute.

    >>> [parse_minute(text) for text in ("8:00 am", "12:00 am", "12:30 pm", "11:59:59 pm", "17:00")]
    [480, 0, 750, 1440, 1020]
    """
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is no time of day")
    hour, rest, seconds, half = int(match[1]), int(match[2]), int(match[3] or 0), (match[4] or "").lower()
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    return hour * 60 + rest + (1 if seconds == 59 else 0)


def map_sla_policy(row: fd.SlaPolicy, body: bytes) -> model.SlaPolicy:
    return model.SlaPolicy(str(row.id), row.name, row.position or 0, body.decode())
