"""Texts of a file or a command line read as what a field has to be. Each error says what stands there and what may."""

import datetime as dt
import math
import re
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, Literal

from helpdesk_kpi.calendar.periods import parse_period
from helpdesk_kpi.config import suggest
from helpdesk_kpi.errors import UsageError
from helpdesk_kpi.registers.lookup import RegisterLookup

BOOLEANS = {"yes": True, "true": True, "1": True, "是": True, "no": False, "false": False, "0": False, "否": False}


def parse_number(text: str) -> float:
    """A plain number with a point."""
    if not re.fullmatch(r"[+-]?\d+(\.\d+)?", text) or not math.isfinite(float(text)):
        raise UsageError(f"{text!r} is no number; write it like 4 or 4.5, with a point and without separators")
    return float(text)


def parse_score(text: str, low: float, high: float) -> float:
    value = parse_number(text)
    if not low <= value <= high:
        raise UsageError(f"{text} is not on the scale: {low:g} to {high:g}")
    return value


def parse_day(text: str) -> dt.date:
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        try:
            return dt.date.fromisoformat(text)
        except ValueError:
            pass  # as below
    raise UsageError(f"{text!r} is no day; write it like 2026-11-17")


def parse_span(text: str) -> str:
    """The label of a calendar period; words such as last-quarter mean another one tomorrow, so they are refused."""
    try:
        found = parse_period(text, "UTC", 0)
    except UsageError:
        found = None
    if found is None or not text[:1].isdigit() or found.kind in {"day", "week"}:
        raise UsageError(f"{text!r} is no period; write it like 2026-11, 2026-Q4, 2026-H2 or 2026")
    return found.label


def parse_month(text: str) -> str:
    if re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text) is None:
        raise UsageError(f"{text!r} is no month; write it like 2026-11")
    return text


def parse_positive(text: str) -> float:
    if (value := parse_number(text)) <= 0:
        raise UsageError(f"{text} is not allowed: more than 0")
    return value


def parse_count(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise UsageError(f"{text!r} is no whole number from 0 on")
    return int(text)


def parse_link(text: str) -> str:
    if re.fullmatch(r"https?://[^\s/]+\S*", text) is None:
        raise UsageError(f"{text!r} is no link; write it like https://intranet.acme.com/slides")
    return text


def parse_bool(text: str) -> bool:
    if text.casefold() not in BOOLEANS:
        raise UsageError(f"{text!r} is neither yes nor no")
    return BOOLEANS[text.casefold()]


def parse_people(text: str, names: RegisterLookup) -> tuple[str, ...]:
    found = [names.person(one) for one in re.split(r"[;；]", text) if one.strip()]
    if not found:
        raise UsageError("missing: name at least one person")
    if len(set(found)) < len(found):
        raise UsageError(f"{text!r} names one person twice")
    return tuple(found)


PLAIN: Mapping[Any, Callable[[str], Any]] = {
    str: str,
    bool: parse_bool,
    dt.date: parse_day,
    "link": parse_link,
    "period": parse_span,
    "month": parse_month,
    "positive": parse_positive,
    "count": parse_count,
    "one to five": lambda text: parse_score(text, 1, 5),
}
PARSERS_WITH_LOOKUP: Mapping[Any, Callable[[str, RegisterLookup], Any]] = {
    "person": lambda text, names: names.person(text),
    "people": parse_people,
    "rater": lambda text, names: names.rater(text),
    "ticket": lambda text, names: names.ticket(text),
    "article": lambda text, names: names.article(text),
}


def parse_value(text: str, hint: Any, names: RegisterLookup) -> Any:
    """The text as a field's type asks; raises UsageError."""
    kind = _kind(hint)
    if typing.get_origin(kind) is Literal:
        if text not in typing.get_args(kind):
            raise UsageError(f"{text!r} is not allowed{suggest(text, typing.get_args(kind))}")
        return text
    return PARSERS_WITH_LOOKUP[kind](text, names) if kind in PARSERS_WITH_LOOKUP else PLAIN[kind](text)


def _kind(hint: Any) -> Any:
    """What a hint asks for: the word beside an annotated type, else the type; of an optional one, that without None."""
    if typing.get_origin(hint) in {typing.Union, types.UnionType}:
        hint = next(arg for arg in typing.get_args(hint) if arg is not type(None))
    return hint.__metadata__[0] if typing.get_origin(hint) is typing.Annotated else hint
