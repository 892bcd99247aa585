"""Atlassian's refusals that the general rules would misread, and its rate limit headers.

https://developer.atlassian.com/cloud/jira/platform/rate-limiting/
"""

import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from helpdesk_kpi.pull.error_text import describe_error
from helpdesk_kpi.pull.rate_limits import Allowance
from helpdesk_kpi.pull.transport import Classification

_NUMBER = re.compile(r"\d{1,9}(\.\d+)?")
_WINDOW = 1.0  # seconds of a burst
_MAX_WINDOW = 3600.0
USED_UP = "the hourly quota of this site is used up"


def classify_response(status: int, headers: Mapping[str, str], content: bytes) -> Classification | None:
    """Classify a response. Order matters: refused credentials may look like a success with an empty body.

    https://jira.atlassian.com/browse/JRA-41559
    """
    if headers.get("x-authentication-denied-reason", "").startswith("CAPTCHA"):
        text = (
            f"{describe_error(status, content)}: Jira wants a CAPTCHA after failed logins; log in once with a browser"
        )
        return Classification(kind="access", text=text)
    reason = headers.get("x-seraph-loginreason", "")
    if status < 400 and ("AUTHENTICATED_FAILED" in reason or "AUTHENTICATION_DENIED" in reason):
        return Classification(
            kind="access", text=f"answered {status}, but says in a header that the login failed ({reason})"
        )
    if status == 410:
        text = f"{describe_error(status, content)} (removed by Atlassian, CHANGE-2046; install a newer helpdesk-kpi)"
        return Classification(kind="failed", text=text)
    if status == 429 and headers.get("ratelimit-reason", "").startswith(("jira-quota", "jira-cost")):
        text = f"{USED_UP} ({headers['ratelimit-reason']}); {_describe_reset(headers)}"
        return Classification(kind="failed", text=text)
    return None


def _describe_reset(headers: Mapping[str, str]) -> str:
    """When the quota is available again, if the headers say it."""
    if reset := _parse_time(headers.get("x-ratelimit-reset") or headers.get("ratelimit-reset")):
        return f"it resets at {reset:%Y-%m-%d %H:%M} UTC; the next sync continues here"
    seconds = headers.get("retry-after", "")
    if _NUMBER.fullmatch(seconds):
        return f"it resets in {math.ceil(float(seconds) / 60)} minutes; the next sync continues here"
    return "it resets at the next full hour; the next sync continues here"


def read_limits(headers: Mapping[str, str]) -> Iterable[Allowance]:
    """Read X-RateLimit-*: the burst of one endpoint on Cloud, an admin's limit on Data Center."""
    total, left = headers.get("x-ratelimit-limit", ""), headers.get("x-ratelimit-remaining", "")
    if _NUMBER.fullmatch(total) and _NUMBER.fullmatch(left) and int(float(total)):
        yield Allowance("burst", int(float(total)), int(float(left)), _get_window(headers))


def _get_window(headers: Mapping[str, str]) -> float:
    """Seconds until the limit resets. Resets are rounded to the minute, so a past one means the next second."""
    interval = headers.get("x-ratelimit-interval-seconds", "")
    if _NUMBER.fullmatch(interval):
        return float(interval) or _WINDOW
    reset, date = _parse_time(headers.get("x-ratelimit-reset")), headers.get("date")
    if reset is None or date is None:
        return _WINDOW
    try:
        left = (reset - parsedate_to_datetime(date)).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return _WINDOW
    return min(max(left, _WINDOW), _MAX_WINDOW)


def _parse_time(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment and moment.tzinfo is None else moment
