"""What a helpdesk says when it refuses, in whatever envelope it comes."""

from http import HTTPStatus
from typing import Any

import msgspec

_MAX_TEXT = 300  # characters of a vendor's text that an error repeats


def describe_error(status: int, content: bytes) -> str:
    """ "403 Forbidden: Access to this resource is restricted": the status and the body's own words.

    Zendesk has `error` as text or as an object, with `description` beside it; its Help Center and survey API have
    `errors[]`; Jira `errorMessages[]` and `errors{}`, its service desk `errorMessage`; Freshdesk `description` and
    `errors[]`. HTML from the edge is not repeated.
    """
    words = _body_text(content)
    head = f"{status} {_phrase(status)}".strip()
    return f"{head}: {words[:_MAX_TEXT]}" if words else head


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _body_text(content: bytes) -> str:
    if not content.lstrip().startswith((b"{", b"[")):
        return ""
    try:
        body = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    return "; ".join(dict.fromkeys(_find_texts(body)))


_TEXT_KEYS = (
    "error", "title", "message", "description", "error_description", "errorMessages", "errorMessage", "errors",
    "details", "reason",
)  # fmt: skip


def _find_texts(part: Any, depth: int = 0) -> list[str]:
    if isinstance(part, str):
        return [" ".join(part.split())] if part.strip() else []
    if depth > 3:
        return []
    if isinstance(part, list):
        return [text for item in part[:5] for text in _find_texts(item, depth + 1)]
    if isinstance(part, dict):
        parts = [part[key] for key in _TEXT_KEYS if key in part] or (list(part.values()) if depth else [])
        return [text for item in parts for text in _find_texts(item, depth + 1)]
    return []
