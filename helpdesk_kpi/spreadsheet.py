"""CSV as spreadsheets read it: the one writer of every command, and what undoes its guard.

A spreadsheet runs a cell that begins with one of `= + - @` (full-width too), a tab or a line break as a formula; texts
of tickets come from strangers. Such a text gets an apostrophe in front, by which spreadsheets mark a text.
https://owasp.org/www-community/attacks/CSV_Injection
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TextIO

_FORMULA = "[=+\\-@\t\r\n＝＋－＠]"
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_TO_GUARD = re.compile(f"'*{_FORMULA}")  # an apostrophe that is the text's own is guarded too, so that it comes back
_GUARDED = re.compile(f"'+{_FORMULA}")


def guarded(value: Any) -> Any:
    """The cell as it is safe to open. Numbers stay numbers.

    >>> guarded("=1+1"), guarded("-5"), guarded("-5+1"), guarded("'=x"), guarded(-5), guarded(None)
    ("'=1+1", '-5', "'-5+1", "''=x", -5, None)
    """
    if isinstance(value, str) and _TO_GUARD.match(value) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value


def unguarded(cell: str) -> str:
    """The text that `guarded` was given.

    >>> unguarded("'=1+1"), unguarded("''=x"), unguarded("'tis")
    ('=1+1', "'=x", "'tis")
    """
    return cell[1:] if _GUARDED.match(cell) else cell


def write_table(out: TextIO, rows: Iterable[Sequence[Any]]) -> None:
    """Write rows of cells as CSV, in lines that end with a newline."""
    for row in rows:
        line = io.StringIO(newline="")
        csv.writer(line, lineterminator="\r\n").writerow(map(guarded, row))  # quotes what its line end consists of
        out.write(line.getvalue().removesuffix("\r\n") + "\n")


def write_records(out: TextIO, columns: Sequence[str], records: Iterable[Mapping[str, Any]]) -> None:
    """Write a line of column names, and one line a record."""
    write_table(out, [columns])
    write_table(out, ([record[column] for column in columns] for record in records))
