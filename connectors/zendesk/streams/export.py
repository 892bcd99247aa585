"""Streams of users and tickets: the exports."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import msgspec

from connectors.zendesk.account import AccountState
from connectors.zendesk.mapping.unread import UnreadRows
from connectors.zendesk.pagination import fetch_by_time
from connectors.zendesk.streams.export_or_list import export_cursor
from helpdesk_kpi.milliseconds import SECOND
from helpdesk_kpi.model import AnyRecord
from helpdesk_kpi.pull.contract import Page, RejectedRow, Start
from helpdesk_kpi.pull.lenient_decode import decode_rows, map_rows

WHOLE_AFTER = 75 * SECOND  # ms that exports lag behind; a minute is documented, 75 s were measured
OVERLAP = 600  # seconds of events that are read again, since some become visible late


ListUnread = Callable[[msgspec.Raw, Sequence[Any], Sequence[RejectedRow]], UnreadRows]


def _no_unread(_raw: msgspec.Raw, _good: Sequence[Any], _aside: Sequence[RejectedRow]) -> UnreadRows:
    return UnreadRows([], {})


async def fetch_export(
    account: AccountState,
    start: Start,
    *,
    path: str,
    key: str,
    kind: type[Any],
    map_row: Callable[[Any], Sequence[AnyRecord]],
    from_beginning: bool = False,
    refused: ListUnread = _no_unread,
) -> AsyncIterator[Page]:
    """A time-based export of rows that are told again when they change; `from_beginning`: also from before `since`.
    `refused`: what to say of rows that cannot be read.
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
    """The later of two ends; an overlap must not move the cursor back."""
    return str(max(int(cursor or 0), end))
