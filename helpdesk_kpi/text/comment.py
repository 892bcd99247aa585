"""What is kept of a comment instead of the comment: how long it is, whether it only thanks, asks, cites or names codes.

Everything here is a rule that can be read, not a model. English, Chinese, German, French, Spanish and Japanese.
"""

import base64
import functools
import html
import re
import unicodedata
from collections.abc import Collection
from typing import TypedDict
from urllib.parse import unquote_plus

import msgspec

from helpdesk_kpi.model import TITLED
from helpdesk_kpi.text.fingerprint import fingerprint as fingerprint_plain_text
from helpdesk_kpi.text.fingerprint import similarity
from helpdesk_kpi.text.phrases import (
    ANSWER,
    ASKING_HAN,
    CLAUSE,
    CLAUSES,
    COURTESY,
    DONE_HAN,
    GRATITUDE,
    OPENING,
    PRAISE,
    PROBLEM_REFERENCE,
    PROBLEM_WORDS,
    REQUEST,
    SOLVED,
    VERB_HAN,
    WANTED,
    WONDERING,
)

__all__ = [
    "RULES_VERSION",
    "FeatureFields",
    "Features",
    "extract_features",
    "feature_fields",
    "find_article_refs",
    "find_codes",
    "fingerprint",
    "is_gratitude",
    "is_question",
    "length",
    "similarity",
    "strip_markup",
]  # fmt: skip

RULES_VERSION = 2  # version of every rule here and in phrases.py

_LONGEST_THANKS = 300  # characters; nobody only thanks for longer
_MOST_NAMES = 3  # words that are on no list: "Thanks Maria!\nAnn Lee"


class Features(msgspec.Struct, frozen=True):
    length: int
    is_thanks: bool | None  # None: there was no text
    is_question: bool | None
    articles: tuple[str, ...]
    codes: tuple[str, ...]


class FeatureFields(TypedDict):
    """The features of a comment as fields of an `Event`."""

    length: int | None
    is_thanks: bool | None
    is_question: bool | None
    text_rule: int | None
    articles: tuple[str, ...]
    codes: tuple[str, ...]


def feature_fields(features: Features | None) -> FeatureFields:
    """The fields of a comment's `Event` that come from its text. None: the text is not known, so all are."""
    if features is None:
        return FeatureFields(length=None, is_thanks=None, is_question=None, text_rule=None, articles=(), codes=())
    return FeatureFields(
        length=features.length, is_thanks=features.is_thanks, is_question=features.is_question,
        text_rule=RULES_VERSION, articles=features.articles, codes=features.codes,
    )  # fmt: skip


def extract_features(
    body: str | None, html_body: str | None = None, *, hosts: Collection[str] = (), thanks: tuple[str, ...] = ()
) -> Features:
    """All features of one comment. Links are looked for in the HTML, if given; words are taken from the plain text.

    `thanks` are further words of gratitude, in lower case.
    """
    text = strip_markup(body or html_body or "")
    links = find_article_refs(html_body or body or "", hosts)
    if not text:
        return Features(0, None, None, links, ())
    asks = is_question(text)
    return Features(len(text), not asks and _is_only_gratitude(text, thanks), asks, links, find_codes(text))


def fingerprint(subject: str | None, text: str | None, key: bytes) -> bytes:
    """The fingerprint of what the author wrote, without markup; see `text.fingerprint`."""
    return fingerprint_plain_text(subject, strip_markup(text or ""), key)


# what the author wrote

_TAG = re.compile(
    r"<(?:br|/p|/div|/li|/tr)[^>]*>|<(style|script|blockquote)\b.*?</\1>|<[^>]+>", re.IGNORECASE | re.DOTALL
)
_LOOKS_HTML = re.compile(r"<(?:p|div|br|span|html|body|a|blockquote|table|ul|ol|b|i|strong|img)\b[^>]*>", re.IGNORECASE)

# Everything from here on was written by somebody else, earlier.
_QUOTED = re.compile(
    r"^(?:"
    r"-{2,} ?(?:original message|forwarded message|ursprüngliche nachricht|message d'origine|mensaje original|"
    r"原始邮件|原始郵件|转发邮件|元のメッセージ) ?-{2,}"
    r"|_{10,}"
    r"|on .{4,120} wrote:|am .{4,120} schrieb .{0,120}:|le .{4,120} a écrit ?:|el .{4,120} escribió:"
    r"|在 ?.{4,120}写道[:：]|.{4,80}于.{4,80}写道[:：]|\d{4}年\d{1,2}月\d{1,2}日.{0,120}[:：]"
    r"|(?:from|von|de|发件人|寄件者|差出人) ?[:：].{3,200}\n"
    r"(?:sent|gesendet|envoyé|enviado|date|to|发送时间|日期|收件人|送信日時) ?[:：]"
    r"|##-? ?please type your reply above this line.*"
    r")",
    re.IGNORECASE | re.MULTILINE,
)
# A signature: the delimiter of RFC 3676, or what a telephone adds.
_SIGNED = re.compile(
    r"^(?:-- ?|—|sent from my \w.{0,60}|get outlook for .*|von meinem .{2,40} gesendet|envoyé de mon .*|"
    r"enviado desde mi .*|发自我的.{0,30}|从我的.{0,20}发送|iPhoneから送信)$",
    re.IGNORECASE | re.MULTILINE,
)
_REPLY_LINE = re.compile(r"^\s*>.*$\n?", re.MULTILINE)
# A salutation on a line of its own, or before the first comma; only where text follows.
_GREETING = re.compile(
    r"\A(?:(?:hi|hello|hey|dear|good (?:morning|afternoon|evening)|hallo|guten (?:tag|morgen|abend)|moin|liebe[rs]?|"
    r"sehr geehrte[rs]?|bonjour|bonsoir|hola|buenos días|buenas tardes|estimad[oa]s?)\b[^\n,.!?:]{0,40}(?:[,!:.]|\n)|"
    r"(?:您好|你好|大家好|早上好|下午好|尊敬的[^\n，,：:]{1,20})[\s,，:：!！。~～]+|お世話になっております[。、\s]+)\s*",
    re.IGNORECASE,
)
_BLANKS = re.compile(r"[ \t\u00a0\u3000]+")
_DOUBLE = ("  ", "\t", "\u00a0", "\u3000")
_BREAKS = re.compile(r"\s*\n\s*")


def strip_markup(body: str) -> str:
    """The words that the author of a comment wrote: no markup, no quoted mail, no signature, no salutation."""
    text = _plain(body) if "<" in body and _LOOKS_HTML.search(body) else body
    if "\n" in text or "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        text = _strip_quote(_SIGNED, _strip_quote(_QUOTED, text))
        if ">" in text:
            text = _REPLY_LINE.sub("", text)
        text = _BREAKS.sub("\n", text)
    if any(blank in text for blank in _DOUBLE):
        text = _BLANKS.sub(" ", text)
    text = text.strip()
    return _GREETING.sub("", text, count=1) or text


def _plain(body: str) -> str:
    def keep(match: re.Match[str]) -> str:
        return "\n" if match.group().lower().startswith(("<br", "</p", "</div", "</li", "</tr")) else " "

    return html.unescape(_TAG.sub(keep, body.replace("\n", " ")))


def _strip_quote(mark: re.Pattern[str], text: str) -> str:
    """The text up to the first mark; all of it where nothing would be left, as in a forwarded mail without words."""
    found = mark.search(text)
    return text[: found.start()] if found and text[: found.start()].strip() else text


def length(body: str) -> int:
    """Characters that the author wrote."""
    return len(strip_markup(body))


# thanks and questions

_ADDRESS = re.compile(r"https?://\S+|\S+@\S+\.\w+")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*|\d+")
_HAN = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_IS_HAN = re.compile(f"[{_HAN}]")
_NAME_HAN = re.compile(rf"[{_HAN}]{{1,3}}(?:工|老师|经理|先生|女士|小姐|总|哥|姐|さん|様)")
_SENTENCE = re.compile(r"[.!。！\n;；:：]")


def is_gratitude(text: str, own: tuple[str, ...] = ()) -> bool:
    """Whether a message is nothing but gratitude: it thanks or says that it works, and asks and adds nothing.

    Every word has to be on the lists of `phrases`, or be a name beside the thanks. What they don't know counts as
    content, since a missed "thanks" costs a little precision, but a missed complaint costs a customer an answer. `own`
    are further words of gratitude, in lower case.
    """
    return not is_question(text) and _is_only_gratitude(text, own)


def _is_only_gratitude(text: str, own: tuple[str, ...]) -> bool:
    """The same of a text that asks nothing."""
    if not text or len(text) > _LONGEST_THANKS or _names_address(text):
        return False
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text).replace("’", "'")
    words = [word.lower() for word in _WORD.findall(plain)]
    lists = _lists(own)
    solved = lists.solved.within(plain, words)
    if not (solved or lists.gratitude.within(plain, words)) or REQUEST.search(plain.lower()):
        return False
    known = lists.with_problem_words if solved else lists.known
    if len([word for word in words if word not in known.parts and not _IS_HAN.match(word)]) > _MOST_NAMES:
        return False  # the cheap look first: most messages say more than thanks
    unknown = known.beyond(plain) and known.beyond(_NAME_HAN.sub(" ", plain))
    if len(unknown) > _MOST_NAMES or not all(_is_name(word, plain) for word in unknown):
        return False
    return not any(_wants(clause.strip(), lists, solved=solved) for clause in CLAUSES.split(plain.lower()))


def _wants(clause: str, lists: "_PhraseLists", *, solved: bool) -> bool:
    """Whether a clause of known words still has somebody act. `solved`: the message says elsewhere that all is well."""
    said = lists.known.beyond(clause)
    if (
        said
        and lists.problem_words.within(" ".join(said), said)
        and not lists.solved.within(clause, _WORD.findall(clause))
    ):
        return True  # "It worked, now the problem again"
    if (ANSWER.fullmatch(clause) and not solved) or WANTED.fullmatch(clause):
        return True
    if PROBLEM_REFERENCE.search(clause) and not PRAISE.search(clause) and not lists.settles(clause):
        return True
    if not VERB_HAN.search(clause):
        return False
    thanks = lists.gratitude.han.search(clause)
    before = clause[: thanks.start()] if thanks else clause
    return bool(VERB_HAN.search(before)) and not DONE_HAN.search(before)


def _names_address(text: str) -> bool:
    return ("://" in text or "@" in text) and bool(_ADDRESS.search(text))


_NEXT_TO_NAME = re.compile(
    r"(?i:thanks?|thank you|thx|cheers|danke|dank|merci|gracias|regards|wishes|grüße|saludos|cordialement)[,!.]?\s+"
    r"[A-ZÀ-Þ][\w'-]+(?:\s+[A-ZÀ-Þ][\w'-]+)?"
)
_LAST = re.compile(r"(?:\n|[.!,]\s+)[A-ZÀ-Þ][\w.'-]*(?:\s+[A-ZÀ-Þ][\w.'-]*){0,2}[.!]?\s*\Z")


def _is_name(word: str, text: str) -> bool:
    """A capitalised word right behind the thanks ("Thanks Maria!"), or in the last line or clause by itself."""
    if not word[0].isupper() or word.lower() in PROBLEM_WORDS:
        return False
    return any(word in match.group() for pattern in (_NEXT_TO_NAME, _LAST) for match in pattern.finditer(text))


def is_question(text: str) -> bool:
    """Whether a message asks something, with or without a question mark."""
    lower = _ADDRESS.sub(" ", text).lower() if "://" in text or "@" in text else text.lower()
    if any(mark in lower for mark in "?？؟¿"):
        return True
    if (("wondering" in lower or "let me know" in lower) and WONDERING.search(lower)) or (
        _IS_HAN.search(lower) and ASKING_HAN.search(lower)
    ):
        return True
    return any(
        OPENING.match(sentence.lstrip()) or any(CLAUSE.match(clause.lstrip()) for clause in sentence.split(",")[1:])
        for sentence in _SENTENCE.split(lower)
    )


class _PhraseMatcher(msgspec.Struct, frozen=True):
    """One list, divided by how it is looked for: words by a set, phrases of words and Chinese by expressions."""

    words: frozenset[str]
    parts: frozenset[str]  # the words, and every word of the phrases
    several: re.Pattern[str]
    han: re.Pattern[str]

    def within(self, text: str, words: Collection[str]) -> bool:
        if not self.words.isdisjoint(words) or self.several.search(text):
            return True
        return bool(_IS_HAN.search(text) and self.han.search(text))

    def beyond(self, text: str) -> list[str]:
        """The words of the text that the list doesn't hold."""
        rest = self.han.sub(" ", text) if _IS_HAN.search(text) else text
        return [word for word in _WORD.findall(self.several.sub(" ", rest)) if word.lower() not in self.words]


class _PhraseLists(msgspec.Struct, frozen=True):
    """The lists of `phrases`, with somebody's own words of gratitude."""

    gratitude: _PhraseMatcher
    solved: _PhraseMatcher
    problem_words: _PhraseMatcher
    known: _PhraseMatcher
    with_problem_words: _PhraseMatcher  # known where something is solved

    def settles(self, clause: str) -> bool:
        """Whether it thanks, or says that something works."""
        words = _WORD.findall(clause)
        return self.gratitude.within(clause, words) or self.solved.within(clause, words)


@functools.cache
def _lists(own: tuple[str, ...]) -> _PhraseLists:
    gratitude = (*GRATITUDE, *own)
    known = (*gratitude, *COURTESY, *SOLVED)
    return _PhraseLists(*map(_phrases, (gratitude, SOLVED, PROBLEM_WORDS, known, (*known, *PROBLEM_WORDS))))


def _phrases(phrases: tuple[str, ...]) -> _PhraseMatcher:
    han = [phrase for phrase in phrases if _IS_HAN.search(phrase)]
    several = [phrase for phrase in phrases if " " in phrase and phrase not in han]
    words = frozenset(phrases) - frozenset(han) - frozenset(several)
    parts = words.union(*(_WORD.findall(phrase) for phrase in several))
    whole = re.compile(rf"\b(?:{_longest_first(several)})\b", re.IGNORECASE)
    return _PhraseMatcher(words, parts, whole, re.compile(_longest_first(han)))


def _longest_first(phrases: Collection[str]) -> str:
    return "|".join(re.escape(phrase) for phrase in sorted(set(phrases), key=len, reverse=True)) or r"(?!)"


# what a comment points at

_ARTICLE = re.compile(
    r"(?:https?://(?P<host>[^/\s\"'<>]+))?"
    r"(?:/hc/(?:[\w-]+/)?articles/(?P<zendesk>\d+)"  # Zendesk Help Center
    r"|/(?:[a-z]{2}(?:-[A-Za-z]{2,4})?/)?support/solutions/articles/(?P<freshdesk>\d+)"
    r"|/servicedesk/customer/(?:(?:portal/\d+/)?article|kb/view)/(?P<portal>\d+)"  # a page, as Jira's customers see it
    # https://confluence.atlassian.com/confkb/the-differences-between-various-url-formats-for-a-confluence-page-278692715.html
    r"|(?:/wiki)?/(?:spaces/[^/\s\"'<>]+/pages/(?:edit-v2/)?(?P<page>\d+)"
    r"|pages/viewpage\.action\?(?:[^\s\"'<>#]*?&(?:amp;)?)?pageId=(?P<action>\d+)"
    r"|x/(?P<tiny>[\w-]{2,14})"
    r"|display/(?P<space>[^/\s\"'<>?#]+)/(?P<title>[^/\s\"'<>?#]+)))"
)
_HINTS = ("article", "/pages/", "/kb/view/", "/x/", "/display/")


def find_article_refs(html_or_text: str, hosts: Collection[str] = ()) -> tuple[str, ...]:
    """Ids of the knowledge-base articles linked to, in order. A link to another host than `hosts` isn't ours.

    A link without a host is ours; no `hosts`: every link counts, but for short links of Confluence and those by title
    ("title:How to"), which could be any site's.
    """
    if not any(hint in html_or_text for hint in _HINTS):
        return ()
    ours = {host.lower() for host in hosts}
    found = (
        _article(match, certain=match["host"] is not None and bool(ours))
        for match in _ARTICLE.finditer(html_or_text)
        if not ours or not match["host"] or match["host"].lower() in ours
    )
    return tuple(dict.fromkeys(own for own in found if own))


def _article(match: re.Match[str], *, certain: bool) -> str | None:
    """`certain`: it is on a host of ours."""
    if match["title"]:
        return TITLED + unquote_plus(html.unescape(match["title"])) if certain else None
    if match["tiny"]:
        return _page_of(match["tiny"]) if certain else None
    return next((match[kind] for kind in ("zendesk", "freshdesk", "portal", "page", "action") if match[kind]), None)


def _page_of(tiny: str) -> str | None:
    """The page of a short link: its number, the lowest byte first, in base64 without what is zero at its end.

    https://confluence.atlassian.com/confkb/how-to-programmatically-generate-the-tiny-link-of-a-confluence-page-956713432.html
    """
    digits = tiny.replace("-", "/").replace("_", "+")
    number = int.from_bytes(base64.b64decode(digits.ljust(-(-len(digits) // 4) * 4, "A")), "little")
    return str(number) if number else None


_CODE = re.compile(
    r"\b(?P<letters>[A-Z]{2,10}(?:[-_]\d{1,10}){1,3})\b"  # ERR-1042, ORA-00600, INV-2026-0117
    r"|\b(?:HTTP|[Ss]tatus|[Ee]rror)(?:/\d(?:\.\d)?)?[ :]{1,2}(?:code )?(?P<http>[45]\d\d)\b"  # HTTP 503, error 404
    r"|\b(?P<hex>0x[0-9A-Fa-f]{4,16})\b"  # 0x80070005
    r"|\b(?P<raised>[A-Z][A-Za-z]{2,40}(?:Exception|Error))\b"  # NullPointerException
)
_NO_CODE = frozenset({"UTF", "ISO", "SHA", "AES", "RFC", "COVID", "MP", "GMT", "UTC"})  # UTF-8, SHA-256, ...
_MOST_CODES = 10


def find_codes(text: str) -> tuple[str, ...]:
    """Error codes, exceptions and document numbers named in a text, each once, at most ten."""
    found: dict[str, None] = {}
    for match in _CODE.finditer(text):
        if match["letters"] and re.split("[-_]", match["letters"])[0] in _NO_CODE:
            continue
        hexed = match["hex"] and match["hex"].lower()
        found[match["letters"] or (match["http"] and f"HTTP {match['http']}") or hexed or match["raised"]] = None
    return tuple(found)[:_MOST_CODES]
