"""Text of Atlassian's document format and of wiki markup.

https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/
"""

import re
from collections.abc import Iterator
from typing import Any

import msgspec

_MAX_DEPTH = 50  # levels; nobody writes deeper documents by hand
_BLOCKS = frozenset({
    "paragraph", "heading", "listItem", "taskItem", "decisionItem", "codeBlock", "tableRow", "panel", "rule",
})  # fmt: skip
_CARDS = frozenset({"inlineCard", "blockCard", "embedCard"})


class RichText(msgspec.Struct, frozen=True):
    text: str
    links: str  # text with addresses; "": none


def parse_rich_text(body: Any) -> RichText:
    """Parse a document or wiki markup; anything else is empty."""
    if isinstance(body, str):
        return RichText(_strip_wiki_markup(body), body)
    if not isinstance(body, dict):
        return RichText("", "")
    links: list[str] = []
    text = "".join(_walk_node(body, links, 0))
    return RichText(re.sub(r"\n{3,}", "\n\n", text).strip(), "\n".join(links))


def _walk_node(node: dict[str, Any], links: list[str], depth: int) -> Iterator[str]:
    kind = node.get("type")
    attrs = node.get("attrs") if isinstance(node.get("attrs"), dict) else {}
    assert attrs is not None
    if kind == "text":
        links += _list_link_targets(node)
        yield str(node.get("text") or "")
    elif kind == "hardBreak":
        yield "\n"
    elif kind in _CARDS:
        links.append(str(attrs.get("url") or ""))
        yield str(attrs.get("url") or "")
    elif kind in {"mention", "emoji", "status", "date"}:
        yield str(attrs.get("text") or attrs.get("shortName") or "")
    elif kind != "blockquote" and depth < _MAX_DEPTH:  # a quote is the text of another person
        for child in node.get("content") or ():
            if isinstance(child, dict):
                yield from _walk_node(child, links, depth + 1)
        if kind in _BLOCKS:
            yield "\n"


def _list_link_targets(node: dict[str, Any]) -> list[str]:
    marks = [mark for mark in node.get("marks") or () if isinstance(mark, dict) and mark.get("type") == "link"]
    return [str((mark.get("attrs") or {}).get("href") or "") for mark in marks]


# wiki text: https://jira.atlassian.com/secure/WikiRendererHelpAction.jspa?section=all

_QUOTED = re.compile(r"\{quote\}.*?\{quote\}|^bq\. .*$", re.DOTALL | re.MULTILINE)
_MACRO = re.compile(r"\{(?:code|noformat|color|panel|anchor)(?::[^}]*)?\}")
_LINK = re.compile(r"\[([^\]|\n]+)\|[^\]\n]+\]")
_BARE = re.compile(r"\[((?:https?://|mailto:|~)[^\]\n]+)\]")
_LINE = re.compile(r"^(?:h[1-6]\. |[*#-]+ )", re.MULTILINE)


def _strip_wiki_markup(wiki: str) -> str:
    """Remove quotes and markup. A text that is only a quote stays."""
    text = _QUOTED.sub("", wiki)
    text = text if text.strip() else wiki
    return _LINE.sub("", _BARE.sub(r"\1", _LINK.sub(r"\1", _MACRO.sub("", text)))).strip()
