"""Files of entries: CSV with a line of column names, or TOML with a table for each entry."""

import csv
import io
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from helpdesk_kpi.config import Config, suggest
from helpdesk_kpi.errors import UsageError
from helpdesk_kpi.registers.entry import Entry
from helpdesk_kpi.registers.parser import get_register, list_columns
from helpdesk_kpi.registers.register_types import REGISTERS
from helpdesk_kpi.registers.writer import InputRow, RejectedEntryError
from helpdesk_kpi.spreadsheet import unguarded

SEPARATORS = ",;\t"


def read_rows(path: Path, config: Config, register: str | None) -> list[InputRow]:
    """Every row of a file. The register is given, or a CSV file's column `register` or its name says it; in TOML the
    tables' names do. Raises UsageError, of several problems at once RefusedError.
    """
    text = _text(path)
    if path.suffix.casefold() == ".toml":
        return list(_toml_rows(path, text))
    return _csv_rows(path, text, config, register or _register_in(path.stem))


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise UsageError(
            f"{path} is not UTF-8 (byte {error.start}): save it as UTF-8, in Excel as 'CSV UTF-8'"
        ) from None


def _register_in(stem: str) -> str | None:
    """ "training-2026-Q3" is of the register training; of several that fit, the longest."""
    plain = stem.casefold().replace("-", "_")
    fits = [name for name in REGISTERS if re.match(rf"{name}(?![a-z])", plain)]
    return max(fits, key=len, default=None)


def _csv_rows(path: Path, text: str, config: Config, register: str | None) -> list[InputRow]:
    lines = _lines_of(path, text)
    heads = [re.sub(r"[\s-]+", "_", cell.strip().casefold()) for cell in next(lines, (1, []))[1]]
    if register is None and "register" not in heads:
        said = "name it like training-2026-Q3.csv, give it a column `register`, or say --register"
        raise UsageError(f"{path}: which register is it of? {said}{suggest('', REGISTERS)}")
    if register is not None:
        _check_heads(path, heads, [*list_columns(config, get_register(register)), "register"])
    found, problems = [], []
    for line, cells in lines:
        where = f"{path.name}, line {line}"
        row = dict(zip(heads, map(unguarded, cells), strict=False))
        register_name = row.pop("register", "").strip() or register or ""
        if any(cell.strip() for cell in cells[len(heads) :]):
            problems.append(f"{where}: {len(cells)} cells under {len(heads)} column names")
        elif register_name not in REGISTERS:
            problems.append(f"{where}: register: {register_name!r} is no register{suggest(register_name, REGISTERS)}")
        else:
            found.append(InputRow(where, REGISTERS[register_name], row))
    if problems:
        raise RejectedEntryError(problems)
    return found


def _separator(text: str) -> str:
    """As the first line has it: spreadsheets write semicolons where the comma is a decimal sign."""
    first = text.lstrip().partition("\n")[0]
    return max(SEPARATORS, key=first.count)


def _lines_of(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """(line on which the row begins, its cells), without empty lines."""
    # strict: a quotation mark that is never closed is an error; else it would swallow the rest of the file
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    begins = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield begins, cells
            begins = reader.line_num + 1
    except csv.Error as error:
        raise UsageError(f"{path.name}, line {begins}: quotation marks that do not fit, or no CSV: {error}") from None


def _check_heads(path: Path, heads: list[str], allowed: list[str]) -> None:
    if not any(heads):
        raise UsageError(f"{path}, line 1: no column names; allowed are {', '.join(allowed)}")
    problems = [f"no column {head!r}{suggest(head, allowed)}" for head in heads if head and head not in allowed]
    problems += [
        f"column {head!r} stands there twice" for head in dict.fromkeys(heads) if head and heads.count(head) > 1
    ]
    if problems:
        raise RejectedEntryError([f"{path.name}, line 1: {problem}" for problem in problems])


def _toml_rows(path: Path, text: str) -> Iterator[InputRow]:
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{path}: not valid TOML: {error}") from None
    for register, entries in tables.items():
        kind = _kind(path, register, entries)
        lines = _lines(text, register)
        for place, entry in enumerate(entries):
            where = (
                f"{path.name}, line {lines[place]}" if place < len(lines) else f"{path.name}, {register} {place + 1}"
            )
            yield InputRow(where, kind, {name: _format_cell(value) for name, value in entry.items()})


def _kind(path: Path, register: str, entries: Any) -> type[Entry]:
    if register not in REGISTERS:
        raise UsageError(f"{path}: {register!r} is no register{suggest(register, REGISTERS)}")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise UsageError(f"{path}: {register}: write [[{register}]] above each entry")
    return REGISTERS[register]


def _lines(text: str, register: str) -> list[int]:
    """Where each [[register]] stands; TOML's reader does not say."""
    header = re.compile(rf"\s*\[\[\s*{register}\s*\]\]")
    return [number for number, line in enumerate(text.splitlines(), 1) if header.match(line)]


def _format_cell(value: Any) -> str:
    """As a CSV file would have it."""
    if isinstance(value, list):
        return ";".join(_format_cell(one) for one in value)
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
