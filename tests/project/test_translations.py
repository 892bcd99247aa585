"""The catalogues hold every text of the code; `pytest --update` brings them up to date. A language needs no Python."""

import functools
import re
from pathlib import Path

import message_catalogues as catalogues
import pytest
from babel.messages.catalog import Catalog

from helpdesk_kpi.config import load
from helpdesk_kpi.errors import UsageError
from helpdesk_kpi.pull.discovery import connector_names, find_connector
from helpdesk_kpi.report.formatting import Formatter
from helpdesk_kpi.translations import Translator, list_languages, match_language

HEADER = """msgid ""
msgstr ""
"Language: {language}\\n"
"Plural-Forms: {plural}\\n"
"Content-Type: text/plain; charset=utf-8\\n"

"""
POLISH = "nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2);"


@functools.cache
def extracted() -> Catalog:
    return catalogues.extract_messages()


def write(folder: Path, text: str, language: str = "xx", header: str = HEADER) -> Path:
    path = catalogues.catalogue_path(language, folder)
    path.parent.mkdir(parents=True)
    path.write_text(header.format(language="pl", plural=POLISH) + text, "utf-8")
    return folder


@pytest.mark.parametrize("language", list_languages())
def test_a_catalogue_is_complete(language: str, pytestconfig: pytest.Config) -> None:
    if pytestconfig.getoption("--update"):
        path = catalogues.catalogue_path(language)
        path.write_bytes(catalogues.update_catalogue(language, extracted()))
    assert catalogues.list_problems(language, extracted()) == []
    assert catalogues.catalogue_path(language).read_bytes() == catalogues.update_catalogue(language, extracted())


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ('msgid "Severity"\nmsgstr ""', "not translated: 'Severity'"),
        ('#, fuzzy\nmsgid "Severity"\nmsgstr "Waga"', "fuzzy: 'Severity'"),
        ('msgid "Sverity"\nmsgstr "Waga"', "unknown: 'Sverity'"),
        ('msgid "Severity"\nmsgstr "Waga {n}"', "other fields: 'Severity' -> 'Waga {n}'"),
        ('msgid "since {date}"\nmsgstr "od dawna"', "other fields: 'since {date}' -> 'od dawna'"),
    ],
)
def test_a_catalogues_mistake_is_found(tmp_path: Path, entry: str, problem: str) -> None:
    found = catalogues.list_problems("xx", extracted(), write(tmp_path, entry))
    assert problem in found
    assert "missing: 'Stage'" in found


def test_a_folder_is_a_language(tmp_path: Path) -> None:
    texts = """msgid "usual range"
msgstr "zwykle"

msgid "week"
msgid_plural "weeks"
msgstr[0] "tydzień"
msgstr[1] "tygodnie"
msgstr[2] "tygodni"

msgctxt "date"
msgid "{day:d MMM y}"
msgstr "{day:d.MM.y}"
"""
    words = Formatter("xx-PL", "UTC", write(tmp_path, texts))
    assert words.gettext("usual range") == "zwykle"
    assert [words.step("week", n) for n in (1, 3, 5)] == ["tydzień", "tygodnie", "tygodni"]
    assert words.date(0) == "1.01.1970"
    assert words.number(1234) == "1\u00a0234"
    assert words.gettext("{n} more on the page", n=2) == "2 more on the page"  # not translated yet


def test_a_configuration_may_name_every_language_with_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "config.toml"
    path.write_text('locale = "xx"')
    with pytest.raises(UsageError, match="'xx' is not allowed"):
        load(path)
    for module in ("config", "translations"):
        known = functools.partial(match_language, folder=write(tmp_path / module, ""))
        monkeypatch.setattr(f"helpdesk_kpi.{module}.match_language", known)
    assert load(path).config.locale == "xx"


def test_fuzzy_and_empty_translations_are_shown_in_english(tmp_path: Path) -> None:
    texts = '#, fuzzy\nmsgid "Severity"\nmsgstr "Waga"\n\nmsgid "since {date}"\nmsgstr ""\n'
    words = Translator("xx", write(tmp_path, texts))
    assert words.gettext("Severity") == "Severity"
    assert words.gettext("since {date}", date="May") == "since May"


@pytest.mark.parametrize(("n", "text"), [(0, "0 tickets"), (1, "1 ticket"), (1.5, "1.5 tickets"), (2, "2 tickets")])
def test_a_plural_fits_its_number(n: float, text: str) -> None:
    assert Translator("en").ngettext("{n} ticket", "{n} tickets", n=n) == text


def test_a_text_of_others_is_shown_as_it_is() -> None:
    assert Translator("zh").gettext("not {known} here") == "not {known} here"


@pytest.mark.parametrize("connector", connector_names())
def test_what_a_connector_cannot_give_is_said_in_chinese(connector: str) -> None:
    reasons = [provides.reason for provides in find_connector(connector).provides.values() if provides.reason]
    assert [reason for reason in reasons if not re.search("[一-鿿]", Translator("zh").gettext(reason))] == []
