"""The shapes in which Zendesk hands out long lists. https://developer.zendesk.com/api-reference/introduction/pagination/"""

import base64
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

Rows = Sequence[Any]
Address = Callable[[str], str]
"""Makes an absolute address of a path with its query."""


class BadRequestError(ValueError):
    """The request asks for what cannot be; `error` is Zendesk's word for it."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error, self.description = error, description


def by_cursor(
    key: str, rows: Rows, query: Mapping[str, str], path: str, address: Address, *, most: int = 100
) -> dict[str, Any]:
    """Cursor paging: `page[size]` up to 100, of some up to 1,000; `links.next` is there even on the last page."""
    size = int(query.get("page[size]", "100"))
    if not 1 <= size <= most:
        raise BadRequestError("InvalidPaginationParameter", f"page[size] must be between 1 and {most}")
    first = _decode_cursor(query["page[after]"]) if query.get("page[after]") else 0
    page = list(rows[first : first + size])
    more = first + size < len(rows)
    cursors = (_encode_cursor(first + len(page)), _encode_cursor(first)) if page else (None, None)
    return {key: page, **ends(query, path, address, more=more, cursors=cursors)}


def ends(
    query: Mapping[str, str], path: str, address: Address, *, more: bool, cursors: tuple[str | None, str | None]
) -> dict[str, Any]:
    """What a cursor page says of the pages around it; `cursors`: after and before, null where the page is empty.

    As recorded, both links are there on the only page.
    """
    after, before = cursors
    others = {name: text for name, text in query.items() if name not in {"page[after]", "page[before]"}}
    links = {
        name: cursor and address(f"{path}?{urlencode(others | {f'page[{side}]': cursor})}")
        for name, side, cursor in (("prev", "before", before), ("next", "after", after))
    }
    return {"meta": {"has_more": more, "after_cursor": after, "before_cursor": before}, "links": links}


def by_offset(key: str, rows: Rows, query: Mapping[str, str], path: str, address: Address) -> dict[str, Any]:
    """Offset paging: `page` and `per_page` up to 100."""
    size, page = min(int(query.get("per_page", "100")), 100), int(query.get("page", "1"))
    if page > 100:
        raise BadRequestError("RequestLimit", "Requests beyond 100 pages are not possible")
    last = page * size >= len(rows)
    follow = None if last else address(f"{path}?{urlencode({**query, 'page': str(page + 1)})}")
    return {key: list(rows[(page - 1) * size : page * size]), "count": len(rows), "next_page": follow,
            "previous_page": None}  # fmt: skip


def whole_seconds(rows: Rows, stamps: Sequence[int], start: int, size: int) -> tuple[Rows, int | None, bool]:
    """Rows from second `start` on, the last second always whole; the end time; and whether that is all.

    The end time is that of the last row, so that the next page repeats its second, unless it would not move.
    """
    first = bisect_left(stamps, start)
    if first == len(stamps):
        return [], None, True
    last = min(first + size, len(stamps)) - 1
    while last + 1 < len(stamps) and stamps[last + 1] == stamps[last]:
        last += 1
    end, over = stamps[last], last == len(stamps) - 1
    if not over and end == start:
        end += 1
    return rows[first : last + 1], end, over


def _encode_cursor(place: int) -> str:
    return base64.b64encode(f"place:{place}".encode()).decode()


def _decode_cursor(cursor: str) -> int:
    try:
        word, place = base64.b64decode(cursor, validate=True).decode().split(":")
        assert word == "place"
        return int(place)
    except (ValueError, AssertionError):
        raise BadRequestError("InvalidPaginationParameter", "page[after] is not valid") from None
