"""What an entry of a register is, and what its fields may be.

A person is kept as "source:id" of an account, or as "people:NAME" where they have none. A rater who is never named is
kept as a keyed hash.
"""

import datetime as dt
from typing import Annotated, ClassVar

import msgspec

from helpdesk_kpi.calendar.periods import get_zone, local_midnight

#: What a text in a file has to be; `fields` reads each.
Person = Annotated[str, "person"]
People = Annotated[tuple[str, ...], "people"]
Rater = Annotated[str, "rater"]
Link = Annotated[str, "link"]
Ticket = Annotated[str, "ticket"]
Article = Annotated[str, "article"]
Span = Annotated[str, "period"]
Month = Annotated[str, "month"]
Positive = Annotated[float, "positive"]
Count = Annotated[int, "count"]
OneToFive = Annotated[float, "one to five"]


class Ref(msgspec.Struct, frozen=True):
    """The answer about one aspect of a form."""

    value: float
    weight: float = 1
    critical: bool = False


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of all."""

    register: ClassVar[str]
    key: ClassVar[tuple[str, ...]]  # the fields that say what it is about
    form: ClassVar[str | None] = None  # of [registers], whose aspects are columns too
    is_personal: ClassVar[bool] = True  # speaks of a person, so that privacy decides who sees it

    def at(self, zone: str) -> int:
        """The instant that it speaks of (UTC epoch ms)."""
        raise NotImplementedError

    def wrong(self) -> str:
        """What is wrong with it as a whole; "" if nothing."""
        return ""


class RatedEntry(Entry, frozen=True, kw_only=True, omit_defaults=True):
    """An entry with the answers of a form."""

    scale: tuple[float, float]  # of the form on that day; so below
    marks: dict[str, Ref]

    def wrong(self) -> str:
        return "" if self.marks else "no aspect is judged: fill in at least one"

    @property
    def mean(self) -> float:
        """Of the aspects by their weights, on the form's scale."""
        weights = sum(m.weight for m in self.marks.values())
        return sum(m.value * m.weight for m in self.marks.values()) / weights

    def fraction(self, value: float) -> float:
        """Where on the scale a value lies, 0 to 1."""
        low, high = self.scale
        return (value - low) / (high - low)

    @property
    def fails(self) -> bool:
        """A critical aspect lies below the middle of the scale."""
        return any(m.critical and self.fraction(m.value) < 0.5 for m in self.marks.values())


class RatedDayEntry(RatedEntry, frozen=True, kw_only=True, omit_defaults=True):
    """Base of those about one day."""

    on: dt.date  # the day

    def at(self, zone: str) -> int:
        return local_midnight(self.on, get_zone(zone))
