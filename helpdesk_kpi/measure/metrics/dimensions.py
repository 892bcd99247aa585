"""Dimensions of tickets: category, channel and source, loaded only for the tickets of a query."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from helpdesk_kpi.config import Config
from helpdesk_kpi.identities.source_rules import CATEGORIES
from helpdesk_kpi.measure.metrics.columns import NO_PERSON, Columns, Ints
from helpdesk_kpi.store import Store

LABELS = ("category", "channel", "source")


class TicketDimensions:
    """Codes of tickets on each axis: index of the label in `names`, or NO_PERSON."""

    def __init__(self, store: Store, config: Config) -> None:
        self.store = store
        self.config = config
        self._places: dict[str, dict[str, int]] = {axis: {} for axis in LABELS}
        # Sorted keys of loaded tickets, after a sentinel so that a search always finds an entry.
        self._tickets: Ints = np.array([-1], np.int64)
        self._codes: dict[str, Ints] = {axis: np.array([NO_PERSON], np.int64) for axis in LABELS}

    def codes(self, axis: str, tickets: Ints) -> Ints:
        """Codes of some tickets on an axis; loads those that are not known yet."""
        places = self._search(tickets)
        new = tickets[(self._tickets[places] != tickets) & (tickets != NO_PERSON)]
        if len(new):
            self._learn(np.unique(new))
            places = self._search(tickets)
        return self._codes[axis][places]

    def of(self, axis: str, tickets: Sequence[int]) -> list[str | None]:
        """The label of each of some tickets."""
        if not tickets:
            return []
        codes = self.codes(axis, np.array(tickets, np.int64))
        names = self.names(axis)
        return [None if code == NO_PERSON else names[code] for code in codes]

    def sources(self, rows: Columns) -> Ints:
        """Codes of the rows' sources: that of the ticket, else that of the article."""
        codes = self.codes("source", rows.ticket)
        known = {key: self._code("source", name) for key, name in self.store.rows("SELECT id, name FROM sources")}
        for key in np.unique(rows.source[codes == NO_PERSON]):
            codes = np.where((codes == NO_PERSON) & (rows.source == key), known.get(int(key), NO_PERSON), codes)
        return codes

    def _search(self, tickets: Ints) -> Ints:
        return np.searchsorted(self._tickets, tickets, side="right") - 1

    def names(self, axis: str) -> list[str]:
        """The labels of the tickets loaded so far, by code."""
        return list(self._places[axis])

    def _learn(self, tickets: Ints) -> None:
        rows = self._read(tickets)
        order = np.argsort(np.concatenate([self._tickets, tickets]), kind="stable")
        for place, axis in enumerate(LABELS, 1):
            codes = [self._code(axis, row[place]) for row in rows]
            self._codes[axis] = np.concatenate([self._codes[axis], np.array(codes, np.int64)])[order]
        self._tickets = np.concatenate([self._tickets, tickets])[order]

    def _read(self, tickets: Ints) -> list[tuple[Any, ...]]:
        """(ticket, category, channel, source), in order of tickets."""
        category, fields = self._category()
        sql = (
            f"SELECT j.value, {category}, t.channel, s.name FROM json_each(?1) j"
            " LEFT JOIN tickets t ON t.id = j.value LEFT JOIN sources s ON s.id = t.source ORDER BY j.value"
        )
        return self.store.rows(sql, tickets.tolist(), *fields)

    def _category(self) -> tuple[str, list[str]]:
        """SQL expression of a ticket's category by source, and its parameters from the second on."""
        fields: list[str] = []

        def field_value(field: str) -> str:
            if field in CATEGORIES:
                return f"t.{field}"
            fields.append(field)
            return f"(SELECT value FROM json_each(t.fields) WHERE key = ?{len(fields) + 1})"

        usual = field_value(self.config.tickets.category)
        own = [(name, field_value(str(t["category"]))) for name, t in self.config.sources.items() if "category" in t]
        fields += [name for name, _ in own]
        first = len(fields) - len(own) + 2
        cases = "".join(f" WHEN ?{first + i} THEN {sql}" for i, (_, sql) in enumerate(own))
        return (f"CASE s.name{cases} ELSE {usual} END" if own else usual), fields

    def _code(self, axis: str, label: str | None) -> int:
        places = self._places[axis]
        return NO_PERSON if label is None else places.setdefault(label, len(places))
