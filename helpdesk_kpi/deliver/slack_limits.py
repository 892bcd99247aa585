"""Slack's limits of a message in blocks: what is too long is cut at a line, what is too much is left out and counted.

Templates are written to fit; this keeps an unusual week from being refused.
Limits: https://docs.slack.dev/reference/block-kit/blocks. The total over all blocks is not documented; about 13,200
characters were refused as msg_blocks_too_long (https://github.com/slackapi/bolt-js/issues/2509).
"""

import re
from collections.abc import Mapping
from typing import Any

Block = Mapping[str, Any]

BLOCKS = 50
TOTAL = 12_000
SECTION = 3_000
HEADER = 150
FIELD = 2_000
FIELDS = 10
ELEMENTS = 10
TEXT = 4_000  # recommended; 40,000 is cut by Slack itself
RESERVE = 100  # of TOTAL, for the line that counts what was left out


def fit(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The payload within Slack's limits. Blocks left out at the end are counted in a last line: "… +7"."""
    fitted = dict(payload)
    if isinstance(text := payload.get("text"), str):
        fitted["text"] = cut(text, TEXT)
    if isinstance(blocks := payload.get("blocks"), list):
        fitted["blocks"] = _whole_blocks([_fit_block(block) for block in blocks])
    return fitted


def cut(text: str, limit: int) -> str:
    """At most `limit` characters, after a whole line where one ends; code fences are closed, entities kept whole."""
    if len(text) <= limit:
        return text
    kept = _at_line(text[: limit - 5])  # room for the mark and a closing fence
    if kept.count("```") % 2 == 0:
        return kept + "…"
    return kept[:-3] + "…" if kept.endswith("```") else kept + "…\n```"


def _at_line(text: str) -> str:
    head, newline, _ = text.rpartition("\n")
    if newline and len(head) > len(text) // 2:
        return head
    return re.sub(r"(&\w{0,4}|<[^<>]*|(?<!`)`{1,2})$", "", text)  # half an entity, half a link or half a fence


def _fit_block(block: Block) -> Block:
    fitted = dict(block)
    limit = HEADER if block.get("type") == "header" else SECTION
    if isinstance(block.get("text"), dict):
        fitted["text"] = _fit_text(block["text"], limit)
    if isinstance(block.get("fields"), list):
        fitted["fields"] = [_fit_text(text, FIELD) for text in block["fields"][:FIELDS]]
    if block.get("type") == "context" and isinstance(block.get("elements"), list):
        fitted["elements"] = [_fit_text(text, FIELD) for text in block["elements"][:ELEMENTS]]
    return fitted


def _fit_text(text: Any, limit: int) -> Any:
    if isinstance(text, dict) and isinstance(text.get("text"), str):
        return {**text, "text": cut(text["text"], limit)}
    return text


def _whole_blocks(blocks: list[Block]) -> list[Block]:
    if len(blocks) <= BLOCKS and sum(map(_length, blocks)) <= TOTAL:
        return blocks
    kept: list[Block] = []
    room = TOTAL - RESERVE
    for block in blocks[: BLOCKS - 1]:
        room -= _length(block)
        if room < 0:
            break
        kept.append(block)
    left_out = {"type": "mrkdwn", "text": f"… +{len(blocks) - len(kept)}"}
    return [*kept, {"type": "context", "elements": [left_out]}]


def _length(value: Any) -> int:
    """Characters of all strings inside, names of types included: a little more than what Slack counts."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, Mapping):
        return sum(map(_length, value.values()))
    return sum(map(_length, value)) if isinstance(value, list) else 0
