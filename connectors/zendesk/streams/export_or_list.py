"""The choice between Zendesk's exports and its lists. Both give the same records.

Zendesk denies the exports (/api/v2/incremental/*) to integrations of third parties; the lists stay available.
https://developer.zendesk.com/documentation/marketplace/building-a-marketplace-app/incremental-third-party/
"""

from collections.abc import AsyncIterator, Callable

from connectors.zendesk.account import ZendeskAccountState
from helpdesk_kpi.errors import UnavailableError
from helpdesk_kpi.pull.contract import Page, Start

Pages = Callable[[ZendeskAccountState, Start], AsyncIterator[Page]]
LISTS = "lists:"  # prefix of list cursors; export cursors are Zendesk's own


async def export_or_list(
    account: ZendeskAccountState, start: Start, *, exports: Pages, lists: Pages
) -> AsyncIterator[Page]:
    """Read a stream by its export, or by its list if exports are denied. A switch restarts at the first day."""
    if not account.reads_lists:
        is_begun = False
        try:
            async for page in exports(account, start):
                is_begun = True
                yield page
        except UnavailableError as denied:
            if is_begun or not await account.are_exports_denied(start.now, denied):
                raise
        else:
            return
    async for page in lists(account, start):
        yield page


def export_cursor(start: Start) -> str | None:
    """The stored cursor if it is of an export, else None."""
    return None if start.cursor is None or start.cursor.startswith(LISTS) else start.cursor


def list_cursor(start: Start) -> str | None:
    """The stored cursor if it is of a list, without its prefix, else None."""
    cursor = start.cursor or ""
    return cursor.removeprefix(LISTS) if cursor.startswith(LISTS) else None
