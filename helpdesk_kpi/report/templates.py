"""Where report templates lie, and the environments that fill them.

A report is a folder with `subject.txt.j2`, `body.html.j2`, `body.txt.j2` and, as it likes, `page.html.j2` and
`slack.json.j2`. Ours lie in `report_templates/`, packages offer theirs by entry point (`helpdesk_kpi.reports`, naming
the package that holds the files), and a user's own folder comes first of all. What is not ours runs sandboxed.
"""

import json
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from functools import cache
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import msgspec
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import Markup

from helpdesk_kpi.config import LoadedConfig
from helpdesk_kpi.errors import UsageError
from helpdesk_kpi.paths import extend_path, find_entry_points
from helpdesk_kpi.report import markup, plain_text

ENTRY_POINTS = "helpdesk_kpi.reports"
PARTS = "_parts"  # shared pieces; every name with an underscore in front is no report
Flavour = Literal["text", "html", "json"]
FILES: dict[str, Flavour] = {
    "subject.txt.j2": "text",
    "body.html.j2": "html",
    "body.txt.j2": "text",
    "page.html.j2": "html",
    "slack.json.j2": "json",
}

FILTERS: dict[str, Callable[..., object]] = {
    "clip": plain_text.sanitise,  # one line, at most so many characters
    "link": plain_text.link,  # the address, or "" if no browser may follow it
    "columns": plain_text.table,  # rows of cells as aligned text
    "columns_wide": plain_text.width,
    "cut": plain_text.truncate,
    "wrap": plain_text.wrap,
    "mrkdwn": markup.escape_mrkdwn,  # whatever tickets say, for Slack
    "slack_link": markup.link_mrkdwn,
}


class Template(msgspec.Struct, frozen=True):
    """One report's folder."""

    name: str
    folder: Path
    ours: bool

    def files(self) -> list[str]:
        return [name for name in FILES if (self.folder / name).is_file()]


def is_builtin() -> Path:
    return extend_path() / "report_templates"


def get_user_templates(loaded: LoadedConfig) -> Path:
    """The folder of somebody's own, beside their configuration."""
    return loaded.path.parent / "report_templates"


def list_templates(own: Path | None = None) -> dict[str, Template]:
    """Every report that can be asked for, by name. `own` is the user's folder of report folders."""
    found = {name: Template(name, folder, ours=True) for name, folder in _folders(is_builtin())}
    found |= {point.name: Template(point.name, _place(point), ours=False) for point in find_entry_points(ENTRY_POINTS)}
    found |= {name: Template(name, folder, ours=False) for name, folder in _folders(own)}
    return dict(sorted(found.items()))


def get_template(name: str, own: Path | None = None) -> Template:
    """Raises UsageError naming what there is."""
    known = list_templates(own)
    if name not in known:
        close = get_close_matches(name, known, 1, 0.5)
        hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
        raise UsageError(f"no report template named {name!r}; {hint}")
    return known[name]


def _folders(root: Path | None) -> Iterable[tuple[str, Path]]:
    if root is None or not root.is_dir():
        return []
    return [
        (folder.name, folder)
        for folder in sorted(root.iterdir())
        if folder.is_dir() and folder.name[0] not in "._" and any((folder / file).is_file() for file in FILES)
    ]


def _place(point: EntryPoint) -> Path:
    """The folder of the package that an entry point names; the package itself is not run."""
    spec = find_spec(point.module)
    if spec is None or spec.origin is None:
        raise UsageError(f"report {point.name!r}: the package {point.module} that offers it cannot be found")
    return Path(spec.origin).parent


@cache
def environment(folder: Path, flavour: Flavour, *, ours_too: bool) -> Environment:
    """Files of one report's folder; `_parts/...` are ours, for everybody.

    In JSON every output is written as JSON by itself, so whatever a subject holds, the document stays whole.
    """
    kind = Environment if ours_too else ImmutableSandboxedEnvironment
    made = kind(
        loader=FileSystemLoader([folder, is_builtin()]),
        autoescape=flavour != "text",
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=False,
        finalize=_as_json if flavour == "json" else None,
    )
    made.filters.update(FILTERS)
    return made


def _as_json(value: Any) -> Markup:
    """Markup is what a macro or `tojson` has already written."""
    return value if isinstance(value, Markup) else Markup(json.dumps(value, ensure_ascii=False))  # noqa: S704  # JSON, not HTML
