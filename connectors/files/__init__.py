"""Files: exports of another program, for history that no API has, and for helpdesks without a connector.

A folder with CSV or JSON lines, in our own layout (docs/files.md) or as Fivetran writes Zendesk's tables. A file is
read again when it has changed; rows that it no longer has stay in the store.
"""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import msgspec

from connectors.files import fivetran, own_layout
from connectors.files.given import COMMENTS, describe_missing_comments
from connectors.files.layout import LayoutPart, Occurrences, reject_line
from connectors.files.readers import BrokenFileError, compute_digest, list_files, read_header, read_lines
from connectors.files.settings import Settings
from helpdesk_kpi.errors import PullError
from helpdesk_kpi.model import REFUSED_RATING, REFUSED_ROW, AnyRecord
from helpdesk_kpi.pull.contract import (
    FURTHER_NEEDS,
    NEEDS,
    YES,
    Connector,
    Finding,
    Page,
    Provides,
    RejectedRow,
    Start,
    Stream,
    no,
)
from helpdesk_kpi.pull.transport import Transport, offline

PAGE_ROWS = 1000  # of a page
READER_VERSION = 2  # increased when the same lines give more records: then all files are read again
SAMPLE_ROWS = 1000  # rows of each file that `check` reads
MAX_EXAMPLES = 3  # bad rows of a file that `check` reports


class FileState(msgspec.Struct, frozen=True):
    """State of a file when it was read."""

    size: int
    changed: int  # ns
    digest: str


class FileCursor(msgspec.Struct):
    """The cursor: the files that were read, and a hash of the settings."""

    how: str  # when the settings change, all is read again
    files: dict[str, FileState] = {}


class Files(Connector):
    """One folder of files."""

    name: ClassVar[str] = "files"
    Settings: ClassVar[type[msgspec.Struct]] = Settings
    provides: ClassVar[Mapping[str, Provides]] = {
        **dict.fromkeys([*NEEDS, "article.edits", "article.votes"], YES),
        "schedules": no("files have no business hours: set [hours] in the configuration"),
        "sla.policies": no("files have no policies"),
        "article.views": no("files have no views"),
    }

    @classmethod
    def transport(cls, settings: Any) -> Transport:  # noqa: ARG003 - as the contract has it
        return offline()

    def streams(self) -> Sequence[Stream]:
        parts = self._parts()
        self.findings += _list_gaps(parts)
        return [
            Stream(name=part.name, kind="cursor", pages=partial(self.pages, part), gives=part.gives) for part in parts
        ]

    async def check(self) -> Sequence[Finding]:
        folder = self.settings.path
        if not folder.is_dir():
            return [Finding(level="error", about="folder", text=f"there is no folder {folder}")]
        parts = self._parts()
        found = [Finding(level="ok", about="folder", text=f"{folder}, layout {self.settings.layout}")]
        for part in parts:
            if not part.files:
                found.append(Finding(level="error", about=part.name, text=_describe_missing_file(part, folder)))
            found += [finding for path in part.files for finding in self._inspect(part, path)]
        return [*found, *_list_gaps(parts)]

    async def pages(self, part: LayoutPart, start: Start) -> AsyncIterator[Page]:
        """Read changed files, one by one. A broken file does not stop the others."""
        if not part.files:
            raise PullError(_describe_missing_file(part, self.settings.path), permanent=True)
        place, broken = self._place(part, start.cursor), []
        if gone := _list_vanished(part, place):
            yield Page(gone={"unread": gone})
        place.files = {path.name: place.files[path.name] for path in part.files if path.name in place.files}
        for path in part.files:
            try:
                mark = _read_state(path, place.files.get(path.name))
                if mark is not None and mark.digest != _get_digest(place.files.get(path.name)):
                    yield Page(gone={"unread": [f"{path.name}:"]})  # its lines may be readable now
                    for records, bad in _split_pages(part.read(path, self.settings)):
                        yield Page(records=records, rejected=bad)
                        await asyncio.sleep(0)  # let other sources run
            except (BrokenFileError, OSError) as error:
                broken.append(str(error))
                continue
            if mark is not None:
                place.files[path.name] = mark
                yield Page(cursor=msgspec.json.encode(place, order="sorted").decode())
        if broken:
            raise PullError("; ".join(broken), permanent=True)
        yield Page(complete_until=start.now, gone={"unread": self._without_files(part)})

    def _parts(self) -> list[LayoutPart]:
        """Parts of the layout. In a missing folder only the tickets: their stream reports it."""
        folder: Path = self.settings.path
        if not folder.is_dir():
            return [LayoutPart("tickets", (), _no_rows, frozenset({"tickets"}))]
        return fivetran.list_parts(folder) if self.settings.layout == "fivetran" else _list_own_parts(folder)

    def _without_files(self, part: LayoutPart) -> list[str]:
        """Prefixes of unread lines of tables that no longer have a file, and so no stream."""
        if part.name not in {"ticket", "tickets"}:  # the part that every layout has
            return []
        tables = fivetran.TABLES if self.settings.layout == "fivetran" else own_layout.TABLES
        return [
            prefix for name in tables if not list_files(self.settings.path, name) for prefix in _list_prefixes(name)
        ]

    def _place(self, part: LayoutPart, cursor: str | None) -> FileCursor:
        settings: Settings = self.settings
        related = [[path.name, compute_digest(path)] for path in part.related_files]
        inputs = [
            READER_VERSION,
            settings.layout,
            settings.timezone,
            settings.keep_fields,
            settings.include_ratings_comment,
            related,
        ]
        settings_digest = hashlib.blake2b(msgspec.json.encode(inputs), digest_size=8).hexdigest()
        place = msgspec.json.decode(cursor, type=FileCursor) if cursor else FileCursor(settings_digest)
        return place if place.how == settings_digest else FileCursor(settings_digest)

    def _inspect(self, part: LayoutPart, path: Path) -> Iterator[Finding]:
        try:
            unused = sorted(set(read_header(path)) - part.known - set(self.settings.keep_fields) - {""})
            sample = [result for _, result in zip(range(SAMPLE_ROWS), part.read(path, self.settings), strict=False)]
        except (BrokenFileError, OSError) as error:
            yield Finding(level="error", about=path.name, text=str(error))
            return
        bad = [result for result in sample if isinstance(result, RejectedRow)]
        yield Finding(level="ok", about=path.name, text="readable")
        for result in bad[:MAX_EXAMPLES]:
            yield Finding(level="warning", about=result.id, text=result.reason)
        if unused:
            text = f"unused columns: {', '.join(unused)}; known columns: {', '.join(sorted(part.known))}"
            yield Finding(level="note", about=path.name, text=text)


def _list_own_parts(folder: Path) -> list[LayoutPart]:
    return [
        _build_own_part(name, tuple(files), table)
        for name, table in own_layout.TABLES.items()
        if (files := list_files(folder, name)) or name == "tickets"
    ]


def _build_own_part(name: str, files: tuple[Path, ...], table: own_layout.LayoutTable) -> LayoutPart:
    lacks = describe_missing_comments(files, table.columns) if table.gives >= COMMENTS and files else ""
    gives = table.gives - COMMENTS if lacks else table.gives
    return LayoutPart(name, files, partial(_read_own_rows, table), gives, (), frozenset(table.columns), lacks)


def _read_own_rows(
    table: own_layout.LayoutTable, path: Path, settings: Settings
) -> Iterator[list[AnyRecord] | RejectedRow]:
    with closing(Occurrences()) as occurrences:
        options = settings.sketch_key, settings.keep_fields, settings.include_ratings_comment
        context = own_layout.RowContext(*options, "public" in read_header(path), occurrences.count)
        keep = settings.keep_fields if "status" in table.columns else ()
        kind = REFUSED_RATING if table is own_layout.TABLES["ratings"] else REFUSED_ROW
        for line in read_lines(path, table.columns, settings.zone, keep):
            wrong = line.wrong
            if not wrong:
                try:
                    yield table.records(line.row, context)
                    continue
                except ValueError as error:
                    wrong = str(error)
            yield from reject_line(path, line, wrong, table.ticket, kind)


def _no_rows(_path: Path, _settings: Settings) -> Iterator[list[AnyRecord] | RejectedRow]:
    return iter(())


def _list_vanished(part: LayoutPart, place: FileCursor) -> list[str]:
    """Prefixes of unread lines of deleted files, or of the whole part if all its files are read again."""
    if not place.files:
        tables = [part.name, *dict.fromkeys(re.split("[.-]", path.name)[0] for path in part.related_files)]
        return [prefix for table in tables for prefix in _list_prefixes(table)]
    return [f"{name}:" for name in sorted(set(place.files) - {path.name for path in part.files})]


def _list_prefixes(table: str) -> tuple[str, str]:
    """Prefixes of line ids of a table, like "events.csv:7" and "events-2026.csv:7"."""
    return f"{table}.", f"{table}-"


def _describe_missing_file(part: LayoutPart, folder: Path) -> str:
    return f"{folder} has no {part.name}.csv or {part.name}.jsonl (further names: {part.name}-2025.csv.gz and the like)"


def _list_gaps(parts: Sequence[LayoutPart]) -> list[Finding]:
    """Report capabilities without a file."""
    provided = {need for part in parts if part.files for need in part.gives}
    missing = {need for need, answer in Files.provides.items() if answer.answer == "yes"} - provided
    reasons = "; ".join(f"{part.name}: {part.lacks}" for part in parts if part.lacks)
    findings = []
    for need, description in {**NEEDS, **FURTHER_NEEDS}.items():
        if need in missing:
            why = reasons if need in COMMENTS and reasons else ""
            gap = no(why or f"the folder has no file with {description}")
            findings.append(
                Finding(level="note", about=need, text=why or f"no file has {description}", need=need, provides=gap)
            )
    return findings


def _read_state(path: Path, old: FileState | None) -> FileState | None:
    """Current state of a file; None: size and time are unchanged."""
    stat = path.stat()
    if old is not None and (old.size, old.changed) == (stat.st_size, stat.st_mtime_ns):
        return None
    return FileState(stat.st_size, stat.st_mtime_ns, compute_digest(path))


def _get_digest(mark: FileState | None) -> str:
    return mark.digest if mark else ""


def _split_pages(
    results: Iterator[list[AnyRecord] | RejectedRow],
) -> Iterator[tuple[list[AnyRecord], list[RejectedRow]]]:
    records: list[AnyRecord] = []
    bad: list[RejectedRow] = []
    for result in results:
        if isinstance(result, RejectedRow):
            bad.append(result)
        else:
            records += result
        if len(records) + len(bad) >= PAGE_ROWS:
            yield records, bad
            records, bad = [], []
    if records or bad:
        yield records, bad
