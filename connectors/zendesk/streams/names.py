"""Streams of what is short: names, groups, schedules, policies, ratings. Read whole, or from a trailing window."""

from collections.abc import AsyncIterator, Callable
from typing import Any

from connectors.zendesk.account import AccountState
from connectors.zendesk.pagination import fetch_list
from helpdesk_kpi.model import AnyRecord
from helpdesk_kpi.pull.contract import Page, Start
from helpdesk_kpi.pull.lenient_decode import decode_rows


async def fetch_names(
    account: AccountState, start: Start, *, path: str, key: str, kind: type[Any], map_row: Callable[[Any], AnyRecord]
) -> AsyncIterator[Page]:
    """A list of things with names."""
    async for page in fetch_list(account.http, path, endpoint=path.removeprefix("/api/v2/").partition("?")[0]):
        good, rejected = decode_rows(getattr(page, key), kind)
        yield Page(records=[map_row(row) for row in good], rejected=rejected)
    yield Page(complete_until=start.now)
