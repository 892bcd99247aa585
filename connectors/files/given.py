"""Whether files of events have comments. Without comments, replies are unknown."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from connectors.files.cell_values import Column
from connectors.files.readers import BrokenFileError, read_lines

COMMENTS = frozenset({"comments.public", "comments.private"})
_LACKS = {
    "comment": "the files have no comments",
    "actor": "no comment has an author in the column actor",
    "public": "no comment has a visibility in the column public",
}


def describe_missing_comments(files: Sequence[Path], columns: Mapping[str, Column]) -> str:
    """Why the files cannot show replies; "": they can. The first complete comment ends the search."""
    wanted_columns = {name: columns[name]._replace(required=False) for name in ("kind", "actor", "public")}
    seen_columns: set[str] = set()
    for path in files:
        try:
            for line in read_lines(path, wanted_columns, None):
                if line.wrong or line.row.get("kind") != "comment":
                    continue
                seen_columns |= {"comment", *line.row.keys()}
                if seen_columns >= _LACKS.keys():
                    return ""
        except (BrokenFileError, OSError):
            return ""  # the stream reports it
    return next(reason for name, reason in _LACKS.items() if name not in seen_columns)
