"""How Freshdesk pages: `page` and `per_page`, and a Link header while there is more.

https://developers.freshdesk.com/api/#pagination
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from helpdesk_kpi.simulator.freshdesk.auth import wrong
from helpdesk_kpi.simulator.server.gate import Json
from helpdesk_kpi.simulator.world.clock import SECOND

USUAL, MOST = 30, 100
DEEPEST = 300  # page of the tickets list
_STRICT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)")


def sizes(query: Mapping[str, str]) -> tuple[int, int]:
    """Page and its size. What is out of range is refused, not cut down."""
    page, size = query.get("page", "1"), query.get("per_page", str(USUAL))
    if not page.isdigit() or int(page) < 1:
        raise wrong("page", "It should be a Positive Integer", "datatype_mismatch")
    if not size.isdigit() or not 1 <= int(size) <= MOST:
        raise wrong("per_page", f"It should be a Positive Integer less than or equal to {MOST}")
    return int(page), int(size)


def span(page: int, size: int, *, gaps: bool) -> tuple[int, int]:
    """Where a page begins and ends. With `gaps`, every fifth page from the third on is one row short, as pages are
    where a row was taken out that the asker may not see; no row is lost by it."""
    if not gaps or size == 1:
        return (page - 1) * size, page * size
    short = (page + 1) // 5  # of the pages before
    start = (page - 1) * size - short
    return start, start + size - (page % 5 == 3)


def paginate(
    request: Request, rows: Sequence[Any], *, base: str, gaps: bool = False, shown: Any = None
) -> tuple[list[Any], dict[str, str]]:
    """The rows of the requested page, and its headers. Recordings have a space after the `<`."""
    page, size = sizes(request.query_params)
    start, end = span(page, size, gaps=gaps)
    headers = {}
    if end < len(rows):
        query = urlencode({**request.query_params, "page": str(page + 1)})
        headers["link"] = f'< {base}{request.url.path}?{query}>; rel="next"'
    return [shown(row) if shown else row for row in rows[start:end]], headers


def answer(request: Request, rows: Sequence[Any], base: str) -> Response:
    """A list, paged."""
    page, headers = paginate(request, rows, base=base)
    return Json(page, headers=headers)


def moment(query: Mapping[str, str], name: str) -> int | None:
    """A time of the query in ms, written out in full; None: there is none."""
    text = query.get(name)
    if text is None:
        return None
    if not _STRICT.fullmatch(text):
        raise wrong(name, "It should be in the combined date and time ISO8601 format")
    try:
        return round(datetime.fromisoformat(text).timestamp() * SECOND)
    except ValueError:
        raise wrong(name, "It should be in the combined date and time ISO8601 format") from None
