"""Values of custom fields. Null, absent and of an unknown shape are alike."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from connectors.jira_service_management import payloads as js
from connectors.jira_service_management.mapping.selection import JiraFields
from helpdesk_kpi.pull.contract import RejectedRow
from helpdesk_kpi.pull.lenient_decode import UNREADABLE_ERRORS, decode_rows, join_rows

T = TypeVar("T")


def decode_embedded(
    raw_rows: msgspec.Raw | list[msgspec.Raw], total: int | None, kind: type[T]
) -> tuple[list[T], list[RejectedRow], bool]:
    """Decode embedded rows of an issue, at most 20. Returns rows, rejected rows, and whether these are all."""
    found, rejected = decode_rows(join_rows(raw_rows) if isinstance(raw_rows, list) else raw_rows, kind)
    return found, rejected, total is not None and total <= len(found) + len(rejected)


def label_rejected(issue_id: str, what: str, rejected: Sequence[RejectedRow]) -> list[RejectedRow]:
    """Rejected rows with the issue in their ids."""
    return [RejectedRow(f"{issue_id} {what} {one.id}", one.reason) for one in rejected]


def decode_field(custom: Mapping[str, msgspec.Raw], field: str | None) -> Any:
    raw = custom.get(field) if field else None
    return None if raw is None else msgspec.json.decode(raw)


def _get_object(custom: Mapping[str, msgspec.Raw], field: str | None) -> dict[str, Any]:
    found = decode_field(custom, field)
    return found if isinstance(found, dict) else {}


def get_objects(custom: Mapping[str, msgspec.Raw], field: str | None) -> list[dict[str, Any]]:
    found = decode_field(custom, field)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def get_request_type(custom: Mapping[str, msgspec.Raw], keep: JiraFields) -> dict[str, Any]:
    request_type = _get_object(custom, keep.request_type).get("requestType")
    return request_type if isinstance(request_type, dict) else {}


def get_users(custom: Mapping[str, msgspec.Raw], field: str | None) -> list[js.User]:
    """Readable accounts of a field."""
    return [user for one in get_objects(custom, field) if (user := convert_user(one)) is not None]


def convert_user(raw: object) -> js.User | None:
    try:
        return msgspec.convert(raw, js.User)
    except UNREADABLE_ERRORS:
        return None


def get_option(custom: Mapping[str, msgspec.Raw], field: str | None) -> tuple[str | None, str | None]:
    """(id, label) of an option, a group or an Atlassian team. A text is both."""
    found = decode_field(custom, field)
    if isinstance(found, list):
        found = next(iter(found), None)
    if isinstance(found, dict):
        label = to_text(found)
        return to_id(found.get("id") or found.get("groupId") or found.get("name")), label
    plain = to_text(found)
    return plain, plain


def to_text(raw: Any) -> str | None:
    """A value as text: options and people by label, lists as "a, b"; None for null, "" and []."""
    match raw:
        case None | "" | []:
            return None
        case bool():
            return str(raw).lower()
        case str() | int() | float():
            return str(raw)
        case list():
            return ", ".join(text for one in raw if (text := to_text(one))) or None
        case dict():
            label = raw.get("value") or raw.get("name") or raw.get("title") or raw.get("displayName")
            child = raw.get("child")
            text = to_text(label) or msgspec.json.encode(raw).decode()
            return f"{text} / {to_text(child)}" if isinstance(child, dict) else text
    return str(raw)


def to_id(raw: Any) -> str | None:
    return None if raw in (None, "") else str(raw)
