"""Extracts texts from the code and the templates, and keeps the catalogues up to date."""

import string
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.pofile import read_po, write_po
from project_paths import ROOT

from helpdesk_kpi.measure.metrics.discovery import load_kpis
from helpdesk_kpi.report import labels
from helpdesk_kpi.translations import DOMAIN, FOLDER

SOURCES = ("helpdesk_kpi", "connectors", "kpi", "report_templates")
SOURCE_LANGUAGE = "en"  # its entries are empty: the message ids are the texts
FIELDS = "Fields: "  # in a comment above a text: further fields that a translation may use
_CONTEXT = ((1, "c"), 2)
KEYWORDS = {
    "_": None, "gettext": None, "gettext_noop": None, "ngettext": (1, 2), "ngettext_noop": (1, 2),
    "no": None, "partly": None, "pgettext": _CONTEXT, "pgettext_noop": _CONTEXT, "npgettext": ((1, "c"), 2, 3),
}  # fmt: skip


def extract_messages() -> Catalog:
    """Every text of the code, the templates, the labels and the KPIs."""
    found = Catalog(project="helpdesk-kpi", charset="utf-8")
    for folder in SOURCES:
        for path in sorted((ROOT / folder).rglob("*")):
            method = {".py": "python", ".j2": "jinja2.ext:babel_extract"}.get(path.suffix)
            if method is None or "simulator" in path.parts:
                continue
            for _, text, comments, context in extract_from_file(method, path, KEYWORDS, (FIELDS,)):
                found.add(text, context=context, auto_comments=comments, locations=[(_name(path), 0)])
    for context, text, fields in labels.list_messages():
        comments = [FIELDS + fields] if fields else []
        found.add(text, context=context, auto_comments=comments, locations=[("helpdesk_kpi/report/labels.py", 0)])
    for kpi in load_kpis().values():
        for context, text, fields in labels.list_kpi_messages(kpi):
            found.add(text, context=context, auto_comments=[FIELDS + fields] if fields else [])
        found.add(tuple(f"{{count}} {noun}" for noun in kpi.counts))
    return found


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def catalogue_path(language: str, folder: Path = FOLDER) -> Path:
    return folder / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def read_catalogue(language: str, folder: Path = FOLDER) -> Catalog:
    with catalogue_path(language, folder).open("rb") as file:
        return read_po(file, abort_invalid=True)


def update_catalogue(language: str, extracted: Catalog) -> bytes:
    """The catalogue with the texts of today: new ones empty, translations kept, obsolete ones dropped."""
    current = read_catalogue(language)
    header = catalogue_path(language).read_text("utf-8").split("\n\n", 1)[0]
    renewed = Catalog(locale=current.locale, charset="utf-8")
    for message in extracted:
        if message.id:
            known = current.get(message.id, message.context)
            empty = "" if isinstance(message.id, str) else ("",) * current.num_plurals
            renewed.add(
                message.id, known.string if known else empty, context=message.context,
                flags=known.flags if known else (), auto_comments=message.auto_comments,
                locations=sorted(set(message.locations)),
            )  # fmt: skip
    file = BytesIO()
    write_po(file, renewed, width=120, omit_header=True, sort_output=True, include_lineno=False, ignore_obsolete=True)
    return f"{header.strip()}\n\n".encode() + file.getvalue()


def list_problems(language: str, extracted: Catalog, folder: Path = FOLDER) -> list[str]:
    """What is wrong with a catalogue: missing, fuzzy and unknown messages, and fields that the text does not have."""
    current = read_catalogue(language, folder)
    problems = [f"unknown: {one.id!r}" for one in current if one.id and extracted.get(one.id, one.context) is None]
    for message in extracted:
        known = current.get(message.id, message.context) if message.id else None
        if message.id and known is None:
            problems.append(f"missing: {message.id!r}")
        elif known is not None:
            problems += _problems(message, known, may_be_empty=language == SOURCE_LANGUAGE)
    return problems


def _problems(message: Message, known: Message, *, may_be_empty: bool) -> Iterator[str]:
    if known.fuzzy:
        yield f"fuzzy: {message.id!r}"
    forms = list_forms(known)
    if not any(forms) and may_be_empty:
        return
    if not all(forms):
        yield f"not translated: {message.id!r}"
        return
    ids = [message.id] if isinstance(message.id, str) else message.id
    needed = set.intersection(*(fields(one) for one in ids))
    extra = {name for line in message.auto_comments for name in line.removeprefix(FIELDS).split(", ")}
    allowed = set.union(*(fields(one) for one in ids)) | extra
    for form in forms:
        if not fields(form) <= allowed or (not extra and not needed <= fields(form)):
            yield f"other fields: {message.id!r} -> {form!r}"


def list_forms(message: Message) -> tuple[str, ...]:
    """The translation: one form, or several of a message with a plural."""
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}
