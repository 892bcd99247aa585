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
from itertools import zip_longest
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, NamedTuple, cast
from zoneinfo import ZoneInfo

import msgspec

from connectors.files.cell_values import Column
from helpdesk_kpi.config import suggest
from helpdesk_kpi.pull.lenient_decode import reason_of
from helpdesk_kpi.pull.response_body import clean

Row = dict[str, Any]
_LARGEST = 16 * 1024 * 1024  # characters of one cell
_SEPARATORS = ",;\t"
_BLOCK = 1 << 20
_NO_TEXT = re.compile("[\0\ud800-\udfff]")
_NOT_UTF_8 = "holds bytes that are not UTF-8: save the file as UTF-8"
_ID = re.compile(r"[\w.#-]{1,40}")
_PIECE = re.compile(r'"(\w+)"\s*:\s*(?:"([^"\\]*)"|(-?\d+)(?![\d.eE]))')
_HINT = re.compile(r"sep=(.)", re.IGNORECASE)  # Excel's own line that names the separator


class BrokenFileError(Exception):
    """A file that cannot be read on; the text says where and why."""


class Line(NamedTuple):
    """One row of a file: its columns as they should be. Where something is `wrong` with it, those that can be read."""

    number: int  # of the line on which it begins
    row: Row
    wrong: str = ""
    shifted: Mapping[str, Any] = MappingProxyType({})  # its columns where cells too many stand before them

    def ids(self, column: str) -> list[str]:
        """What a column that holds an id may say: of a line with cells too many, it may be one of two."""
        found = [self.row.get(column)]
        if self.shifted:
            found = [one for cell in (*found, self.shifted.get(column)) if _ID.fullmatch(one := str(cell).strip())]
        return [*dict.fromkeys(str(one) for one in found if one is not None)]


def list_files(folder: Path, table: str) -> list[Path]:
    """ "tickets.csv", "tickets-2025.jsonl.gz", ...: every file of one table, by name."""
    pattern = re.compile(rf"{table}([-.].*)?\.(csv|tsv|jsonl|ndjson)(\.gz)?", re.IGNORECASE)
    return sorted(path for path in folder.iterdir() if pattern.fullmatch(path.name) and path.is_file())


def compute_digest(path: Path) -> str:
    """A hash of the file's bytes."""
    found = hashlib.blake2b(digest_size=16)
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            found.update(block)
    return found.hexdigest()


def read_header(path: Path) -> list[str]:
    """The columns that a CSV file names; of JSON lines, the keys of the first row."""
    with _open_text(path) as stream:
        return list(next((line.row for line in _read_raw_lines(path, stream) if not line.wrong), {}))


def read_lines(
    path: Path, columns: Mapping[str, Column], zone: ZoneInfo | None, keep: Collection[str] = ()
) -> Iterator[Line]:
    """Rows with the layout's columns and those to `keep`; empty cells are left out. Other columns are passed over.

    Raises BrokenFileError for a file that is no such table.
    """
    with _open_text(path) as stream:
        lines = _read_raw_lines(path, stream)
        if not is_jsonl(path):
            there = list(next(lines).row)
            if _is_broken("".join(there)):
                raise BrokenFileError(f"{path.name}: is not UTF-8: save it as UTF-8")
            missing = [name for name, column in columns.items() if column.required and name not in there]
            if missing:
                raise BrokenFileError(f"{path.name}:1: no column {missing[0]!r}{suggest(missing[0], there)}")
        for line in lines:
            yield _convert(line, columns, zone, keep)


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


def _convert(line: Line, columns: Mapping[str, Column], zone: ZoneInfo | None, keep: Collection[str]) -> Line:
    """The line with each cell as its column has it. One that is wrong costs the line; the others are still read, since
    they name its ticket.
    """
    cells, wrong = line.row, line.wrong
    if wrong or any(isinstance(cell, str) and _is_broken(cell) for cell in cells.values()):
        wrong = wrong or _NOT_UTF_8
        cells = {name: cell for name, cell in cells.items() if not _is_lost(cell, wrong)}
    row: Row = {name: str(cell) for name in keep if name not in columns and (cell := cells.get(name)) not in (None, "")}
    for name, column in columns.items():
        cell = cells.get(name)
        if cell is None or (isinstance(cell, str) and not cell.strip()):
            if column.required:
                wrong = wrong or f"{name} is empty"
            continue
        try:
            row[name] = column.read(cell, zone)
        except ValueError as error:
            wrong = wrong or f"{name}: {error}"
    return Line(line.number, row, wrong, line.shifted)


def _is_lost(cell: Any, wrong: str) -> bool:
    """Whether a cell of a line that is refused holds what made it so."""
    return isinstance(cell, str) and (_is_broken(cell) or (wrong == _NOT_UTF_8 and "\ufffd" in cell))


@contextmanager
def _open_text(path: Path) -> Iterator[IO[str]]:
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


def _read_raw_lines(path: Path, stream: IO[str]) -> Iterator[Line]:
    """Rows as they stand there. Of CSV, the first one is the header: each column with its own name."""
    return _read_jsonl(stream) if is_jsonl(path) else _read_csv(path, stream)


def _read_jsonl(stream: IO[str]) -> Iterator[Line]:
    for number, text in enumerate(stream, 1):
        if not text.strip():
            continue
        is_broken = _is_broken(text)
        whole = _NO_TEXT.sub("\ufffd", text) if is_broken else text
        try:
            row = msgspec.json.decode(clean(whole.encode()))
        except (msgspec.DecodeError, RecursionError) as error:
            yield Line(number, _parse_object(whole), _NOT_UTF_8 if is_broken else f"no JSON: {reason_of(error)}")
            continue
        if not isinstance(row, dict):
            yield Line(number, {}, "no JSON object")
            continue
        yield Line(number, row, _NOT_UTF_8 if is_broken else "")


def _parse_object(text: str) -> Row:
    """What can be told of an object that is no JSON: keys with a text or a whole number, the first of each name."""
    return {key: text or number for key, text, number in reversed(_PIECE.findall(text))}


def _read_csv(path: Path, stream: IO[str]) -> Iterator[Line]:
    csv.field_size_limit(_LARGEST)
    first = stream.readline()
    if hint := _HINT.fullmatch(first.strip()):
        first = stream.readline()
    if not first.strip():
        raise BrokenFileError(f"{path.name}:1: is empty: the first line has to name the columns")
    separator = hint[1] if hint else max(_SEPARATORS, key=first.count)
    names = [name.strip() for name in next(csv.reader([first], delimiter=separator))]
    twice = [name for place, name in enumerate(names) if name and name in names[:place]]
    if twice:
        raise BrokenFileError(f"{path.name}:1: two columns are called {twice[0]!r}")
    yield Line(1, dict.fromkeys(names, ""))
    rows = csv.reader(stream, delimiter=separator)
    while True:
        number = rows.line_num + (3 if hint else 2)
        try:
            cells = next(rows, None)
        except csv.Error as error:
            yield Line(number, {}, f"no CSV: {error}")
            continue
        if cells is None:
            return
        if not any(cell.strip() for cell in cells):
            continue  # a spreadsheet writes an empty row as separators only
        if any(cell.strip() for cell in cells[len(names) :]):
            wrong = f"{len(cells)} cells, and the header has {len(names)}"
            while not cells[-1].strip():
                cells.pop()
            shifted = dict(zip(names[1:], cells[1 - len(names) :], strict=False)) if names[1:] else {}
            yield Line(number, dict(zip(names, cells, strict=False)), wrong, shifted)
            continue
        # A spreadsheet cuts separators off the end of a line, or has some more there.
        yield Line(number, dict(zip_longest(names, cells[: len(names)], fillvalue="")))
