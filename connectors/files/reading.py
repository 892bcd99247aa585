"""From files to rows: CSV with any of the usual separators or JSON lines, plain or gzipped, one line after the other.

Nothing is held but the row at hand. What is wrong with a row is told with its line; what is wrong with a file ends that
file only.
"""

import csv
import gzip
import hashlib
import io
import re
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple, cast
from zoneinfo import ZoneInfo

import msgspec

from connectors.files.values import Column
from helpdesk_kpi.config import did_you_mean
from helpdesk_kpi.pull.bodies import clean
from helpdesk_kpi.pull.rows import reason_of

Row = dict[str, Any]
_LARGEST = 16 * 1024 * 1024  # characters of one cell
_SEPARATORS = ",;\t"
_BLOCK = 1 << 20


class BrokenFileError(Exception):
    """A file that cannot be read on; the text says where and why."""


class Line(NamedTuple):
    """One row of a file: its columns as they should be, or what is wrong with it."""

    number: int  # of the line on which it begins
    row: Row
    wrong: str = ""


def files_of(folder: Path, table: str) -> list[Path]:
    """ "tickets.csv", "tickets-2025.jsonl.gz", ...: every file of one table, by name."""
    pattern = re.compile(rf"{table}([-.].*)?\.(csv|tsv|jsonl|ndjson)(\.gz)?", re.IGNORECASE)
    return sorted(path for path in folder.iterdir() if pattern.fullmatch(path.name) and path.is_file())


def digest_of(path: Path) -> str:
    """A hash of the file's bytes."""
    found = hashlib.blake2b(digest_size=16)
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            found.update(block)
    return found.hexdigest()


def header_of(path: Path) -> list[str]:
    """The columns that a CSV file names; of JSON lines, the keys of the first row."""
    with _opened(path) as stream:
        return list(next((line.row for line in _raw(path, stream) if not line.wrong), {}))


def read(
    path: Path, columns: Mapping[str, Column], zone: ZoneInfo | None, keep: Collection[str] = ()
) -> Iterator[Line]:
    """Rows with the layout's columns and those to `keep`; empty cells are left out. Other columns are passed over.

    Raises BrokenFileError for a file that is no such table.
    """
    with _opened(path) as stream:
        lines = _raw(path, stream)
        if not is_jsonl(path):
            there = list(next(lines).row)
            if _is_broken("".join(there)):
                raise BrokenFileError(f"{path.name}: is not UTF-8: save it as UTF-8")
            missing = [name for name, column in columns.items() if column.required and name not in there]
            if missing:
                raise BrokenFileError(f"{path.name}:1: no column {missing[0]!r}{did_you_mean(missing[0], there)}")
        for line in lines:
            yield line if line.wrong else _typed(line, columns, zone, keep)


def _is_broken(text: str) -> bool:
    """Whether bytes of it were no UTF-8, or it holds NUL, which no text does."""
    if text.isascii():
        return "\0" in text
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return "\0" in text


def is_jsonl(path: Path) -> bool:
    return path.name.lower().removesuffix(".gz").endswith(("jsonl", "ndjson"))


def _typed(line: Line, columns: Mapping[str, Column], zone: ZoneInfo | None, keep: Collection[str]) -> Line:
    if any(isinstance(cell, str) and _is_broken(cell) for cell in line.row.values()):
        return Line(line.number, line.row, "holds bytes that are not UTF-8: save the file as UTF-8")
    row: Row = {
        name: str(cell) for name in keep if name not in columns and (cell := line.row.get(name)) not in (None, "")
    }
    for name, column in columns.items():
        cell = line.row.get(name)
        if cell is None or (isinstance(cell, str) and not cell.strip()):
            if column.required:
                return Line(line.number, row, f"{name} is empty")
            continue
        try:
            row[name] = column.read(cell, zone)
        except ValueError as error:
            return Line(line.number, row, f"{name}: {error}")
    return Line(line.number, row)


@contextmanager
def _opened(path: Path) -> Iterator[IO[str]]:
    """The text of a file. What the disk or gzip have against it is a BrokenFileError; bytes that are no UTF-8 come as
    halves of characters, so that they cost their row.
    """
    try:
        packed = path.name.lower().endswith(".gz")
        plain = cast("IO[bytes]", gzip.open(path) if packed else path.open("rb"))  # noqa: SIM115 - closed below
        with plain, io.TextIOWrapper(plain, "utf-8-sig", "surrogateescape", newline="") as stream:
            yield stream
    except (OSError, EOFError, zlib.error) as error:
        raise BrokenFileError(f"{path.name}: cannot be read: {error}") from None


def _raw(path: Path, stream: IO[str]) -> Iterator[Line]:
    """Rows as they stand there. Of CSV, the first one is the header: each column with its own name."""
    return _jsonl(stream) if is_jsonl(path) else _csv(path, stream)


def _jsonl(stream: IO[str]) -> Iterator[Line]:
    for number, text in enumerate(stream, 1):
        if not text.strip():
            continue
        if _is_broken(text):
            yield Line(number, {}, "holds bytes that are not UTF-8: save the file as UTF-8")
            continue
        try:
            row = msgspec.json.decode(clean(text.encode()))
        except (msgspec.DecodeError, RecursionError) as error:
            yield Line(number, {}, f"no JSON: {reason_of(error)}")
            continue
        yield Line(number, row) if isinstance(row, dict) else Line(number, {}, "no JSON object")


def _csv(path: Path, stream: IO[str]) -> Iterator[Line]:
    csv.field_size_limit(_LARGEST)
    first = stream.readline()
    if not first.strip():
        raise BrokenFileError(f"{path.name}:1: is empty: the first line has to name the columns")
    separator = max(_SEPARATORS, key=first.count)
    names = [name.strip() for name in next(csv.reader([first], delimiter=separator))]
    twice = [name for place, name in enumerate(names) if name and name in names[:place]]
    if twice:
        raise BrokenFileError(f"{path.name}:1: two columns are called {twice[0]!r}")
    yield Line(1, dict.fromkeys(names, ""))
    rows = csv.reader(stream, delimiter=separator)
    while True:
        number = rows.line_num + 2
        try:
            cells = next(rows, None)
        except csv.Error as error:
            yield Line(number, {}, f"no CSV: {error}")
            continue
        if cells is None:
            return
        if len(cells) == len(names):
            yield Line(number, dict(zip(names, cells, strict=True)))
        elif cells:
            yield Line(number, {}, f"{len(cells)} cells, and the header has {len(names)}")
