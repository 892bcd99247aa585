"""What a search asks for, read as strictly as Jira reads it; and the tokens by which its pages go on."""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.requests import Request

from helpdesk_kpi.simulator.jira.issue_view import FIELDS
from helpdesk_kpi.simulator.jira.issues import Issues
from helpdesk_kpi.simulator.jira.reference_data import fields as field_list
from helpdesk_kpi.simulator.server.paging import BadRequestError

SEARCHED = frozenset({
    "jql", "nextPageToken", "maxResults", "fields", "expand", "properties", "fieldsByKeys", "failFast",
    "reconcileIssues",
})  # fmt: skip
_NAVIGABLE = [name for name in FIELDS if name not in {"comment", "description", "worklog"}]


class Token(msgspec.Struct, frozen=True):
    """`last`: the sort key of the row, or the place, where the page ended; `page`: which one comes; `at`: seconds."""

    query: str
    last: tuple[int, ...]
    page: int
    at: float

    def text(self) -> str:
        return base64.urlsafe_b64encode(msgspec.json.encode(self)).decode()


def digest(query: str) -> str:
    return hashlib.sha256(query.encode()).hexdigest()[:16]


def token(given: Any, query: str, *, now: float, lives: float) -> Token | None:
    """A token goes with its query, to the letter, and ends after a time."""
    if not given:
        return None
    try:
        held = msgspec.json.decode(base64.urlsafe_b64decode(str(given)), type=Token)
    except (ValueError, msgspec.DecodeError):
        held = None
    if held is None or held.query != digest(query) or now - held.at > lives:
        raise BadRequestError("", "The provided next page token is invalid or expired.")
    return held


async def parse_request(request: Request, known: frozenset[str] | None = SEARCHED) -> dict[str, Any]:
    """The body, or the query; a word that the endpoint does not know is refused, as `startAt` is."""
    if request.method == "GET":
        body: dict[str, Any] = dict(request.query_params)
    else:
        try:
            body = msgspec.json.decode(await request.body() or b"{}", type=dict[str, Any])
        except msgspec.DecodeError:
            raise BadRequestError(
                "", "There was an error parsing JSON. Check that your request body is valid."
            ) from None
    if known is not None and (set(body) - known or not isinstance(body.get("expand", ""), str)):
        raise BadRequestError("", "Invalid request payload. Refer to the REST API documentation and try again.")
    return body


def parse_list(given: Any) -> list[str]:
    """A list, or words with commas between them."""
    return given if isinstance(given, list) else [word for word in str(given or "").split(",") if word]


def size(body: Mapping[str, Any], usual: int) -> int:
    most = int(body.get("maxResults", usual))
    if most < 1:
        raise BadRequestError("maxResults", "maxResults must be positive")
    return most


def parse_fields(given: Any) -> list[str] | None:
    """Names of the fields to show; None: nothing but the id, which is also what no list means."""
    words = [word.strip() for word in parse_list(given)] or ["id"]
    if set(words) <= {"id"}:
        return None
    chosen = [name for word in words for name in _FIELD_GROUPS.get(word, [word] if word in FIELDS else [])]
    return [name for name in dict.fromkeys(chosen) if f"-{name}" not in words]


_FIELD_GROUPS: dict[str, list[str]] = {"*all": list(FIELDS), "*navigable": _NAVIGABLE}


def describe_issues(issues: Issues, names: list[str] | None, expand: list[str]) -> dict[str, Any]:
    rows = {row["id"]: row for row in field_list(issues.site) if row["id"] in (names or [])}
    extra: dict[str, Any] = {}
    if "names" in expand:
        extra["names"] = {name: row["name"] for name, row in rows.items()}
    if "schema" in expand:
        extra["schema"] = {name: row["schema"] for name, row in rows.items()}
    return extra
