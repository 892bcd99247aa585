"""Rows of files: CSV with any usual separator, or JSON lines, plain or gzipped, in flat memory.

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
from helpdesk_kpi.pull.lenient_decode import get_reason
from helpdesk_kpi.pull.response_body import clean

Row = dict[str, Any]
_LARGEST = 16 * 1024 * 1024  # characters of one cell
_SEPARATORS = ",;\t"
_BLOCK = 1 << 20
_NO_TEXT = re.compile("[\0\ud800-\udfff]")
_NOT_UTF_8 = "holds bytes that are not UTF-8: save the file as UTF-8"
_ID = re.compile(r"[\w.#-]{1,40}")
_PIECE = re.compile(r'"(\w+)"\s*:\s*(?:"([^"\\]*)"|(-?\d+)(?![\d.eE]))')
_HINT = re.compile(r"sep=(.)", re.IGNORECASE)  # Excel's line with the separator


class BrokenFileError(Exception):
    """A file that cannot be read further; the text says where and why."""


class FileLine(NamedTuple):
    """One row of a file with converted columns. If `wrong` is set, only the readable ones."""

    number: int  # number of its first line
    row: Row
    wrong: str = ""
    shifted: Mapping[str, Any] = MappingProxyType({})  # its columns if there are too many cells before them

    def ids(self, column: str) -> list[str]:
        """Possible values of an id column. A line with too many cells may have two."""
        found = [self.row.get(column)]
        if self.shifted:
            found = [one for cell in (*found, self.shifted.get(column)) if _ID.fullmatch(one := str(cell).strip())]
        return [*dict.fromkeys(str(one) for one in found if one is not None)]


def list_files(folder: Path, table: str) -> list[Path]:
    """All files of a table by name: "tickets.csv", "tickets-2025.jsonl.gz", ..."""
    pattern = re.compile(rf"{table}([-.].*)?\.(csv|tsv|jsonl|ndjson)(\.gz)?", re.IGNORECASE)
    return sorted(path for path in folder.iterdir() if pattern.fullmatch(path.name) and path.is_file())


def compute_digest(path: Path) -> str:
    """Hash of the bytes of a file."""
    found = hashlib.blake2b(digest_size=16)
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            found.update(block)
    return found.hexdigest()


def read_header(path: Path) -> list[str]:
    """Columns of a CSV file, or keys of the first JSON line."""
    with _open_text(path) as stream:
        return list(next((line.row for line in _read_raw_lines(path, stream) if not line.wrong), {}))


def read_lines(
    path: Path, columns: Mapping[str, Column], zone: ZoneInfo | None, keep: Collection[str] = ()
) -> Iterator[FileLine]:
    """Read the rows of a file, with the columns of the layout and those to `keep`. Empty cells are omitted.

    Raises:
        BrokenFileError: The file is no table of the layout.
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
    """Whether a text has bytes that are not UTF-8, or NUL."""
    if text.isascii():
        return "\0" in text
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return "\0" in text


def is_jsonl(path: Path) -> bool:
    return path.name.lower().removesuffix(".gz").endswith(("jsonl", "ndjson"))


def _convert(line: FileLine, columns: Mapping[str, Column], zone: ZoneInfo | None, keep: Collection[str]) -> FileLine:
    """Convert the cells of a line. A wrong cell rejects the line; the others still give the id of its ticket."""
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
    return FileLine(line.number, row, wrong, line.shifted)


def _is_lost(cell: Any, wrong: str) -> bool:
    """Whether this cell is the reason why its line was rejected."""
    return isinstance(cell, str) and (_is_broken(cell) or (wrong == _NOT_UTF_8 and "\ufffd" in cell))


@contextmanager
def _open_text(path: Path) -> Iterator[IO[str]]:
    """Open a file as text. Bytes that are not UTF-8 become surrogates, so that only their row is rejected.

    Raises:
        BrokenFileError: The disk or gzip cannot read the file.
    """
    try:
        packed = path.name.lower().endswith(".gz")
        plain = cast("IO[bytes]", gzip.open(path) if packed else path.open("rb"))  # noqa: SIM115 - closed below
        with plain, io.TextIOWrapper(plain, "utf-8-sig", "surrogateescape", newline="") as stream:
            yield stream
    except (OSError, EOFError, zlib.error) as error:
        raise BrokenFileError(f"{path.name}: cannot be read: {error}") from None


def _read_raw_lines(path: Path, stream: IO[str]) -> Iterator[FileLine]:
    """Rows without conversion. The first row of CSV is the header, with unique names."""
    return _read_jsonl(stream) if is_jsonl(path) else _read_csv(path, stream)


def _read_jsonl(stream: IO[str]) -> Iterator[FileLine]:
    for number, text in enumerate(stream, 1):
        if not text.strip():
            continue
        is_broken = _is_broken(text)
        whole = _NO_TEXT.sub("\ufffd", text) if is_broken else text
        try:
            row = msgspec.json.decode(clean(whole.encode()))
        except (msgspec.DecodeError, RecursionError) as error:
            yield FileLine(number, _parse_object(whole), _NOT_UTF_8 if is_broken else f"no JSON: {get_reason(error)}")
            continue
        if not isinstance(row, dict):
            yield FileLine(number, {}, "no JSON object")
            continue
        yield FileLine(number, row, _NOT_UTF_8 if is_broken else "")


def _parse_object(text: str) -> Row:
    """Readable parts of invalid JSON: keys with a text or an integer, the first of each name."""
    return {key: text or number for key, text, number in reversed(_PIECE.findall(text))}


def _read_csv(path: Path, stream: IO[str]) -> Iterator[FileLine]:
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
    yield FileLine(1, dict.fromkeys(names, ""))
    rows = csv.reader(stream, delimiter=separator)
    while True:
        number = rows.line_num + (3 if hint else 2)
        try:
            cells = next(rows, None)
        except csv.Error as error:
            yield FileLine(number, {}, f"no CSV: {error}")
            continue
        if cells is None:
            return
        if not any(cell.strip() for cell in cells):
            continue  # an empty row of a spreadsheet has separators only
        if any(cell.strip() for cell in cells[len(names) :]):
            wrong = f"{len(cells)} cells, and the header has {len(names)}"
            while not cells[-1].strip():
                cells.pop()
            shifted = dict(zip(names[1:], cells[1 - len(names) :], strict=False)) if names[1:] else {}
            yield FileLine(number, dict(zip(names, cells, strict=False)), wrong, shifted)
            continue
        # A spreadsheet may omit or add separators at the end of a line.
        yield FileLine(number, dict(zip_longest(names, cells[: len(names)], fillvalue="")))
