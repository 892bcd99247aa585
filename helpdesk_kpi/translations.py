"""Translations of texts: gettext catalogues in `locale/LANGUAGE/LC_MESSAGES/helpdesk_kpi.po`.

The English text in the source is the message id. A text that a catalogue lacks is shown in English. Values fill fields
in braces, since texts are full of percent signs: `gettext("{n} more on the page", n=9)`. A language is a folder: it
needs no Python. Babel reads a catalogue in 30 ms, so there is no compiled form.
"""

import gettext
import math
import re
from collections.abc import Callable
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from babel import Locale

from helpdesk_kpi.errors import UsageError

FOLDER = Path(__file__).parent / "locale"
DOMAIN = "helpdesk_kpi"

Key = tuple[str, str]  # context ("" without one), message id


class Catalogue(NamedTuple):
    """The texts of one language."""

    messages: dict[Key, tuple[str, ...]]  # the forms of the translation; one unless the message has a plural
    locale: "Locale | None"  # of the header; None: Babel has no such language
    plural: Callable[[int], int]


def list_languages(folder: Path = FOLDER) -> list[str]:
    """The languages that have a catalogue."""
    return sorted(path.parent.parent.name for path in folder.glob(f"*/LC_MESSAGES/{DOMAIN}.po"))


def match_language(name: str, folder: Path = FOLDER) -> str | None:
    """The language with a catalogue for a locale's name: "zh" for "zh-CN" and "zh_CN.UTF-8"; None without one."""
    whole = re.split(r"[.@]", name.replace("-", "_"))[0]
    known = {one.lower(): one for one in list_languages(folder)}
    return known.get(whole.lower()) or known.get(whole.split("_")[0].lower())


@cache
def load_catalogue(language: str, folder: Path = FOLDER) -> Catalogue:
    """Read the catalogue of a language. Fuzzy and empty translations are left out, so that English is shown."""
    from babel.messages.pofile import read_po  # noqa: PLC0415  # 40 ms that commands without texts do not need

    with (folder / language / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        catalogue = read_po(file, abort_invalid=True)
    messages = {}
    for message in catalogue:
        forms = (message.string,) if isinstance(message.string, str) else tuple(message.string or ())
        if message.id and all(forms) and not message.fuzzy:
            messages[message.context or "", message.id if isinstance(message.id, str) else message.id[0]] = forms
    return Catalogue(messages, catalogue.locale, gettext.c2py(catalogue.plural_expr))


class Translator:
    """Texts and numbers in one language."""

    def __init__(self, locale: str, folder: Path = FOLDER) -> None:
        """`folder` holds the catalogues. Raises UsageError without a catalogue; "zh-CN" counts as "zh"."""
        name = match_language(locale, folder)
        if name is None:
            raise UsageError(f"no language {locale!r}; there are {', '.join(list_languages(folder))}")
        self.locale = name
        self._catalogue = load_catalogue(name, folder)

    @cached_property
    def babel(self) -> "Locale":
        """Babel's locale of the language, from the header of the catalogue."""
        from babel import Locale  # noqa: PLC0415  # 30 ms that texts without numbers do not need

        return self._catalogue.locale or Locale.parse(self.locale)

    def gettext(self, text: str, /, **values: object) -> str:
        """The translation, filled with `values`. Numbers are written as the language writes them."""
        return self._fill(self._catalogue.messages.get(("", text), (text,))[0], values)

    def pgettext(self, context: str, text: str, /, **values: object) -> str:
        """The same for a text that means different things in different places."""
        return self._fill(self._catalogue.messages.get((context, text), (text,))[0], values)

    def ngettext(self, one: str, many: str, /, *, n: float, **values: object) -> str:
        """The form for `n`, which the text may name."""
        return self.npgettext("", one, many, n=n, **values)

    def npgettext(self, context: str, one: str, many: str, /, *, n: float, **values: object) -> str:
        """The form for `n` in a context."""
        forms = self._catalogue.messages.get((context, one))
        whole = int(n) if n == int(n) else math.ceil(n) + 1  # 1.5 is written as many, not as one
        text = forms[min(self._catalogue.plural(whole), len(forms) - 1)] if forms else (one if n == 1 else many)
        return self._fill(text, {"n": n, **values})

    def _fill(self, text: str, values: dict[str, object]) -> str:
        if not values:
            return text
        return text.format(**{
            name: self.number(value) if isinstance(value, (int, float)) else value for name, value in values.items()
        })  # fmt: skip

    def number(self, value: float) -> str:
        """At most one decimal; none from 100 on."""
        from babel.numbers import format_decimal  # noqa: PLC0415  # the same

        return str(format_decimal(value, "#,##0" if abs(value) >= 100 else "#,##0.#", locale=self.babel))


def pgettext_noop(context: str, text: str) -> tuple[str, str]:
    """Mark a text for translation that is translated elsewhere."""
    return context, text


def gettext_noop(text: str) -> str:
    """Mark a text for translation that is translated elsewhere."""
    return text


def ngettext_noop(one: str, many: str) -> tuple[str, str]:
    """Mark a text with a plural for translation that is translated elsewhere."""
    return one, many
