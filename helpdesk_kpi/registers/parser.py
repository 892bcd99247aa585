"""Rows that a person wrote, read as entries: all that is wrong with one is told at once."""

import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from helpdesk_kpi.calendar.periods import parse_period
from helpdesk_kpi.config import Config, Form, suggest
from helpdesk_kpi.errors import UsageError
from helpdesk_kpi.registers import field_values
from helpdesk_kpi.registers.entry import Entry, Ref
from helpdesk_kpi.registers.lookup import OF_PEOPLE, RegisterLookup
from helpdesk_kpi.registers.register_types import ANONYMOUS, REGISTERS, ArticleReview, ManagerRating

DERIVED = frozenset({"scale", "marks"})  # of a form's answers; nobody writes these


class EntryFormatError(UsageError):
    """Everything that is wrong with one row."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


def get_register(name: str) -> type[Entry]:
    if name not in REGISTERS:
        raise UsageError(f"no register named {name!r}{suggest(name, REGISTERS)}")
    return REGISTERS[name]


def get_form(config: Config, kind: type[Entry]) -> Form | None:
    form = getattr(config.registers, kind.form) if kind.form else None
    assert form is None or isinstance(form, Form)
    return form


def list_columns(config: Config, kind: type[Entry]) -> list[str]:
    """What a row of a register may have, in order."""
    form = get_form(config, kind)
    own = [name for name in list_hints(kind) if name not in DERIVED]
    return own + [aspect for aspect in (form.aspects if form else ()) if aspect not in own]


def list_hints(kind: type[Entry]) -> dict[str, Any]:
    hints = typing.get_type_hints(kind, include_extras=True)
    return {name: hints[name] for name in kind.__struct_fields__}


class EntryParser:
    """Reads rows under one configuration, with what one store knows."""

    def __init__(self, names: RegisterLookup, now: int) -> None:
        self.names, self.config, self.now = names, names.config, now

    def entry(self, kind: type[Entry], row: Mapping[str, str]) -> Entry:
        """Raises NotAnEntryError. Empty texts are as good as absent."""
        given = {column: text.strip() for column, text in row.items() if text.strip()}
        allowed = list_columns(self.config, kind)
        problems = [f"no column {name!r}{suggest(name, allowed)}" for name in given if name not in allowed]
        values: dict[str, Any] = {}
        for name, text, read in self._readers(kind, given):
            try:
                values[name] = read(text)
            except UsageError as error:
                problems.append(f"{name}: {error}")
        problems += [f"{name}: missing" for name in _required_fields(kind) if name not in given]
        if problems:
            raise EntryFormatError(problems)
        found = self._build_entry(kind, values)
        if wrong := found.wrong() or self._doubtful(found):
            raise EntryFormatError([wrong])
        return found

    def _readers(self, kind: type[Entry], given: Mapping[str, str]) -> Iterator[tuple[str, str, Callable[[str], Any]]]:
        form, hints = get_form(self.config, kind), list_hints(kind)
        for name, text in given.items():
            if name in hints and name not in DERIVED:
                yield name, text, lambda text, hint=hints[name]: field_values.parse_value(text, hint, self.names)  # type: ignore[misc]
            elif form is not None and name in form.aspects:
                yield name, text, lambda text, scale=form.scale: field_values.parse_score(text, *scale)  # type: ignore[misc]

    def _build_entry(self, kind: type[Entry], values: dict[str, Any]) -> Entry:
        form = get_form(self.config, kind)
        if form is None:
            return kind(**values)
        own = set(kind.__struct_fields__)
        marks = {
            name: Ref(values[name], aspect.weight, aspect.critical)
            for name, aspect in form.aspects.items()
            if name in values and name not in own
        }
        rest = {name: value for name, value in values.items() if name in own}
        return kind(**rest, scale=form.scale, marks=marks)

    def _doubtful(self, entry: Entry) -> str:
        """What contradicts the rest of what is known; "" if nothing does."""
        if late := self._not_yet(entry):
            return late
        subject = getattr(entry, "subject", None)
        if subject is not None and subject.startswith(OF_PEOPLE):
            return f"subject: {subject.removeprefix(OF_PEOPLE)} has no account on a helpdesk that the store knows"
        by = getattr(entry, "by", None)
        if entry.register in ANONYMOUS and subject is not None and self.names.hash_ref(subject) == by:
            return "by: nobody judges themselves here; self_rating is for that"
        if isinstance(entry, ArticleReview) and self.names.author_of(entry.article) == by:
            return "by: its author does not review an article"
        return self._other_manager(entry) if isinstance(entry, ManagerRating) else ""

    def _not_yet(self, entry: Entry) -> str:
        zone = self.config.timezone
        if (label := getattr(entry, "period", None)) is not None:
            return f"period: {label} has not begun yet" if parse_period(label, zone, 0).start > self.now else ""
        for name in ("on", "proposed", "accepted", "shipped", "measured"):
            day = getattr(entry, name, None)
            if day is not None and parse_period(day.isoformat(), zone, 0).start > self.now:
                return f"{name}: {day} is still to come"
        return ""

    def _other_manager(self, entry: ManagerRating) -> str:
        """Whoever [people] names as the manager at the period's end is the one who rates."""
        human = self.names.agent_by_ref.get(entry.subject)
        boss = human.manager_at(entry.at(self.config.timezone)) if human else None
        if boss is None or self.names.person(boss) == entry.by:
            return ""
        return f"by: [people] has {boss!r} as the manager at the end of {entry.period}"


def _required_fields(kind: type[Entry]) -> list[str]:
    return [f.name for f in msgspec.structs.fields(kind) if f.required and f.name not in DERIVED]
