"""Entries written into their register: new ones, corrections, and what was there already. One transaction for all rows:
either every row is fine and all are kept, or nothing changes.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec

from helpdesk_kpi.errors import UsageError
from helpdesk_kpi.registers.entry import Entry
from helpdesk_kpi.registers.parser import EntryFormatError, EntryParser
from helpdesk_kpi.registers.register_types import ANONYMOUS, REGISTERS, CostEntry, Improvement
from helpdesk_kpi.store import Store
from helpdesk_kpi.store import register_entries as table
from helpdesk_kpi.store.register_entries import ACTIVE_SQL, Fact, RegisterRow, Written

What = Literal["new", "corrects", "unchanged", "withdrawn"]


class InputRow(NamedTuple):
    """A row as somebody wrote it, and where: "line 7"."""

    where: str
    kind: type[Entry]
    row: Mapping[str, str]
    corrects: int | None = None  # the entry in whose place it comes, where its key is another


class WriteResult(NamedTuple):
    where: str
    what: What
    id: int
    before: int | None = None  # the entry that it corrects
    is_anonymous: bool = False  # of a register whose raters are never named


class RejectedEntryError(UsageError):
    """Nothing was kept; `problems` are all that is wrong, each with its place."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class _UndoneError(Exception):
    """Rolls a transaction back."""


def save_entries(
    reading: EntryParser, given: Iterable[InputRow], written: Written, *, dry_run: bool = False
) -> list[WriteResult]:
    """Write rows down; raises RefusedError with everything that is wrong with any of them."""
    store = reading.names.store
    keeping = _EntryWriter(reading, written)
    try:
        with store.transaction():
            for one in given:
                keeping.take(one)
            if keeping.problems or dry_run:
                raise _UndoneError  # noqa: TRY301 - leaving the block is what undoes it
    except _UndoneError:
        if keeping.problems:
            raise RejectedEntryError(keeping.problems) from None
    return keeping.kept


class _EntryWriter:
    """What became of the rows so far; runs inside one transaction."""

    def __init__(self, reading: EntryParser, written: Written) -> None:
        self.reading, self.written, self.store = reading, written, reading.names.store
        self.kept: list[WriteResult] = []
        self.problems: list[str] = []
        self.places: dict[tuple[str, str], tuple[str, str]] = {}  # register and key -> where it stood, and what it said

    def take(self, given: InputRow) -> None:
        try:
            entry = self.reading.entry(given.kind, given.row)
            kept = self._save(given, entry)
            self.kept.append(kept._replace(is_anonymous=given.kind.register in ANONYMOUS))
        except EntryFormatError as error:
            self.problems += [f"{given.where}: {problem}" for problem in error.problems]
        except UsageError as error:
            self.problems.append(f"{given.where}: {error}")

    def _save(self, given: InputRow, entry: Entry) -> WriteResult:
        fact = build_fact(self.reading, entry)
        self._check_duplicate(given, fact)
        corrects = self._find_corrected_row(given, fact)
        if corrects is None and (gone := self._withdrawn(fact)):
            return WriteResult(given.where, "withdrawn", gone.id)
        if corrects is not None and corrects.key == fact.key and _same(corrects, fact):
            return WriteResult(given.where, "unchanged", corrects.id)
        subject = self._subject_key(entry, corrects)
        new = table.insert_row(self.store, fact, self.written, corrects=corrects, subject=subject)
        return WriteResult(given.where, "corrects" if corrects else "new", new, corrects.id if corrects else None)

    def _check_duplicate(self, given: InputRow, fact: Fact) -> None:
        place, said = self.places.setdefault((fact.register, fact.key), (given.where, fact.body))
        if place != given.where and said != fact.body:
            raise UsageError(f"says otherwise than {place} about the same; only one of them can be right")

    def _find_corrected_row(self, given: InputRow, fact: Fact) -> RegisterRow | None:
        same = table.load_active(self.store, fact.register, fact.key)
        if given.corrects is None:
            return same
        corrected = get_entry(self.store, given.corrects)
        if corrected.register != fact.register:
            raise UsageError(f"entry {corrected.id} is of the register {corrected.register}")
        if same is not None and same.id != corrected.id:
            raise UsageError(f"entry {same.id} already says something about the same; correct or withdraw that one")
        return corrected

    def _withdrawn(self, fact: Fact) -> RegisterRow | None:
        """The same entry, where somebody has withdrawn it: it does not come back with the next import of its file."""
        gone = table.load_rows(
            self.store, "register = ? AND key = ? AND withdrawn_at IS NOT NULL", fact.register, fact.key
        )
        return next((row for row in gone if _same(row, fact)), None)

    def _subject_key(self, entry: Entry, corrects: RegisterRow | None) -> int | None:
        """None: its own. Corrections keep that of what they correct; a duplicate shares that of its original."""
        if isinstance(entry, CostEntry):
            self._counted_once(entry, corrects)
        if isinstance(entry, Improvement) and entry.duplicate_of is not None:
            return self._original(entry, corrects).subject
        was_duplicate = corrects is not None and json.loads(corrects.body).get("duplicate_of")
        return corrects.subject if corrects is not None and not was_duplicate else None

    def _original(self, entry: Improvement, corrects: RegisterRow | None) -> RegisterRow:
        assert entry.duplicate_of is not None
        found = table.load_active(self.store, "improvement", _key([entry.duplicate_of]))
        if found is None:
            raise UsageError(f"duplicate_of: there is no improvement {entry.duplicate_of!r}; its row comes first")
        if first := json.loads(found.body).get("duplicate_of"):
            raise UsageError(f"duplicate_of: {entry.duplicate_of} is itself a duplicate, of {first}")
        if corrects is not None and (own := find_duplicates(self.store, corrects)):
            raise UsageError(f"duplicate_of: {', '.join(own)} is already a duplicate of {entry.id}")
        return found

    def _counted_once(self, entry: CostEntry, corrects: RegisterRow | None) -> None:
        """A month's cost is told for all teams together, or for each."""
        sql = f"register = 'cost' AND json_extract(body, '$.period') = ? AND {ACTIVE_SQL}"
        for row in table.load_rows(self.store, sql, entry.period):
            team = json.loads(row.body).get("team")
            if (corrects is None or row.id != corrects.id) and (team is None) != (entry.team is None):
                whole, part = ("this one", f"entry {row.id}") if entry.team is None else (f"entry {row.id}", "this one")
                raise UsageError(
                    f"team: {entry.period} would count twice: {whole} is of all teams together, {part} of one"
                )


def build_fact(reading: EntryParser, entry: Entry) -> Fact:
    """What of an entry goes into the table."""
    names = reading.names
    subject = getattr(entry, "subject", None) or next(iter(getattr(entry, "authors", ())), None)
    return Fact(
        entry.register, _key([getattr(entry, field) for field in entry.key]), entry.at(reading.config.timezone),
        msgspec.json.encode(entry).decode(), names.account(subject) if subject else None,
        names.key_of("tickets", getattr(entry, "ticket", None)),
        names.key_of("articles", getattr(entry, "article", None)),
    )  # fmt: skip


def _key(parts: Sequence[object]) -> str:
    return msgspec.json.encode([part.casefold() if isinstance(part, str) else part for part in parts]).decode()


def _same(row: RegisterRow, fact: Fact) -> bool:
    """They say the same, in whatever form the entry was kept."""
    kind = REGISTERS[row.register]
    return msgspec.json.decode(row.body, type=kind) == msgspec.json.decode(fact.body, type=kind)


def find_duplicates(store: Store, row: RegisterRow) -> list[str]:
    """The ids of those in force that name this one as their original."""
    others = table.load_rows(store, f"subject = ? AND id != ? AND {ACTIVE_SQL}", row.subject, row.id)
    bodies = [json.loads(other.body) for other in others]
    mine = json.loads(row.body).get("id")
    return [body["id"] for body in bodies if body.get("duplicate_of", "").casefold() == str(mine).casefold()]


def get_entry(store: Store, entry: int) -> RegisterRow:
    """An entry in force; UsageError says what became of any other."""
    row = table.row_of(store, entry)
    if row is None:
        raise UsageError(f"there is no entry {entry}")
    if row.superseded_by is not None:
        raise UsageError(f"entry {entry} has been corrected by entry {row.superseded_by}; name that one")
    if row.withdrawn_at is not None:
        raise UsageError(f"entry {entry} is already withdrawn: {row.why}")
    return row


def withdraw_entry(store: Store, entry: int, why: str, written: Written) -> RegisterRow:
    """Take an entry out of force, with a reason."""
    if not why.strip():
        raise UsageError("--why: say in a few words why it is withdrawn")
    with store.transaction():
        row = get_entry(store, entry)
        if others := find_duplicates(store, row):
            raise UsageError(f"{', '.join(others)} names it as the original: withdraw or correct that first")
        table.withdraw_row(store, entry, why.strip(), written)
    return row
