"""Time-based exports, and what all exports share."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import msgspec

from connectors.zendesk.account import ZendeskAccountState
from connectors.zendesk.mapping.unread import UnreadRows
from connectors.zendesk.pagination import fetch_by_time
from connectors.zendesk.streams.export_or_list import export_cursor
from helpdesk_kpi.milliseconds import SECOND
from helpdesk_kpi.model import AnyRecord
from helpdesk_kpi.pull.contract import Page, RejectedRow, Start
from helpdesk_kpi.pull.lenient_decode import decode_rows, map_rows

WHOLE_AFTER = 75 * SECOND  # delay of exports; a minute is documented, 75 s were measured
OVERLAP = 600  # seconds that are read again, because some events become visible late


ListUnread = Callable[[msgspec.Raw, Sequence[Any], Sequence[RejectedRow]], UnreadRows]


def _no_unread(_raw: msgspec.Raw, _good: Sequence[Any], _aside: Sequence[RejectedRow]) -> UnreadRows:
    return UnreadRows([], {})


async def fetch_export(
    account: ZendeskAccountState,
    start: Start,
    *,
    path: str,
    key: str,
    kind: type[Any],
    map_row: Callable[[Any], Sequence[AnyRecord]],
    from_beginning: bool = False,
    refused: ListUnread = _no_unread,
) -> AsyncIterator[Page]:
    """Fetch a time-based export of rows that repeat when they change.

    Args:
        path: Path of the export.
        key: Key of the rows in a page.
        kind: What a row is decoded as.
        map_row: Maps a row to records.
        from_beginning: Also export rows from before `start.since`.
        refused: Lists what rejected rows leave unread.
    """
    begin, cursor = 0 if from_beginning else start.since // SECOND, export_cursor(start)
    first = max(int(cursor) - OVERLAP, begin) if cursor else begin
    pages = fetch_by_time(account.http, path, {}, start=first, now=start.now // SECOND, endpoint=path[8:], rows=key)
    end = first
    async for page, end in pages:
        good, rejected = decode_rows(getattr(page, key), kind)
        records, unmapped = map_rows(good, map_row)
        rejected += unmapped
        unread = refused(getattr(page, key), good, rejected)
        yield Page(
            records=[*records, *unread.unread], cursor=max_cursor(cursor, end), rejected=rejected, gone=unread.gone
        )
    yield Page(complete_until=start.now - WHOLE_AFTER)


def max_cursor(cursor: str | None, end: int) -> str:
    """The later of the cursor and an end time: an overlap must not move the cursor back."""
    return str(max(int(cursor or 0), end))
