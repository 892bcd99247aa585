"""Names of brands, forms, fields and statuses, from lists."""

from collections.abc import AsyncIterator, Callable
from typing import Any

from connectors.zendesk.account import ZendeskAccountState
from connectors.zendesk.pagination import fetch_list
from helpdesk_kpi.model import AnyRecord
from helpdesk_kpi.pull.contract import Page, Start
from helpdesk_kpi.pull.lenient_decode import decode_rows


async def fetch_names(
    account: ZendeskAccountState,
    start: Start,
    *,
    path: str,
    key: str,
    kind: type[Any],
    map_row: Callable[[Any], AnyRecord],
) -> AsyncIterator[Page]:
    """Fetch a list of named rows.

    Args:
        path: Path of the list.
        key: Key of the rows in a page.
        kind: What a row is decoded as.
        map_row: Maps a row to a record.
    """
    async for page in fetch_list(account.http, path, endpoint=path.removeprefix("/api/v2/").partition("?")[0]):
        good, rejected = decode_rows(getattr(page, key), kind)
        yield Page(records=[map_row(row) for row in good], rejected=rejected)
    yield Page(complete_until=start.now)
