"""The satisfaction fields as a rating: one to five stars, one rating for each request, the last answer counts.

The documentation shows null only; API clients expect a number, or an object with `rating` and `scale`.
"""

import math
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import msgspec

from connectors.jira_service_management.payloads import ms
from helpdesk_kpi.model import Rating, Unread
from helpdesk_kpi.pull.contract import RejectedRow
from helpdesk_kpi.pull.lenient_decode import UNREADABLE_ERRORS, get_reason
from helpdesk_kpi.store.unread import refused_rating

SCORE = "com.atlassian.servicedesk:sd-request-feedback"
DATE = "com.atlassian.servicedesk:sd-request-feedback-date"
MAX_STARS = 5


class Fields(NamedTuple):
    """Ids of the two fields; None: the site has no such field."""

    stars: str | None
    date: str | None


def map_rating(
    issue_id: str,
    custom: Mapping[str, msgspec.Raw],
    fields: Fields,
    updated: int,
    rater: str | None,
) -> tuple[list[Rating | Unread], list[RejectedRow]]:
    """Map the rating of an issue, or report that it cannot be read.

    The API does not say whether a survey was sent. Without a date the rating has the time of the issue's last update.

    Args:
        custom: Fields of the issue.
        fields: Ids of the satisfaction fields.
        updated: Last update of the issue, epoch ms.
        rater: Id of the reporter.
    """
    try:
        raw = _decode_field(custom, fields.stars)
    except UNREADABLE_ERRORS as error:
        return map_unread_rating(issue_id, get_reason(error))
    if raw is None:
        return [], []
    stars = parse_stars(raw)
    if stars is None:
        return map_unread_rating(issue_id, f"a rating of an unknown shape: {_describe_shape(raw)}")
    at = _parse_time(_decode_field(custom, fields.date)) or updated
    found = Rating(
        id=get_rating_id(issue_id),
        ticket=issue_id,
        offered_at=at,
        version=at,
        value=f"{stars:g}",
        scale="1-5",
        category=get_category(stars),
        score=(stars - 1) / (MAX_STARS - 1),
        answered_at=at,
        rater=rater,
    )
    return [found], []


def get_rating_id(issue_id: str) -> str:
    """Id of the rating: an issue has one."""
    return f"csat-{issue_id}"


def map_unread_rating(issue_id: str, why: str) -> tuple[list[Rating | Unread], list[RejectedRow]]:
    """Report an unreadable rating."""
    return [refused_rating(issue_id, get_rating_id(issue_id), why)], [RejectedRow(f"{issue_id} satisfaction", why)]


def get_category(stars: float) -> Literal["good", "neutral", "bad"]:
    return "good" if stars >= 4 else "bad" if stars <= 2 else "neutral"


def parse_stars(raw: Any) -> float | None:
    """Stars from one to five; None: an unknown format."""
    scale: Any = MAX_STARS
    if isinstance(raw, dict):
        scale, raw = raw.get("scale", MAX_STARS), raw.get("rating")
    stars, most = _parse_number(raw), _parse_number(scale)
    if stars is None or most is None or most <= 1 or not 1 <= stars <= most:
        return None
    return 1 + (stars - 1) * (MAX_STARS - 1) / (most - 1)


def _describe_shape(raw: Any) -> str:
    """Describe the format of a value without the value."""
    if isinstance(raw, dict):
        return f"an object with {', '.join(map(str, [*raw][:5]))}"[:80]
    return "a list" if isinstance(raw, list) else "a text" if isinstance(raw, str) else "a number or a truth value"


def _parse_number(raw: Any) -> float | None:
    if isinstance(raw, bool) or not isinstance(raw, int | float | str):
        return None
    try:
        value = float(raw)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _parse_time(raw: Any) -> int | None:
    try:
        return None if raw is None else ms(raw)
    except UNREADABLE_ERRORS:
        return None


def _decode_field(custom: Mapping[str, msgspec.Raw], field: str | None) -> Any:
    raw = custom.get(field) if field else None
    return None if raw is None else msgspec.json.decode(raw)
