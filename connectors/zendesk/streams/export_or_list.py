"""Two ways to read an account: Zendesk's exports and, where they are denied, its lists. Both end in the same records.

Zendesk takes the exports (/api/v2/incremental/*) away from integrations of third parties; its lists stay.
https://developer.zendesk.com/documentation/marketplace/building-a-marketplace-app/incremental-third-party/
"""

from collections.abc import AsyncIterator, Callable

from connectors.zendesk.account import AccountState
from helpdesk_kpi.errors import UnavailableError
from helpdesk_kpi.pull.contract import Page, Start

Pages = Callable[[AccountState, Start], AsyncIterator[Page]]
LISTS = "lists:"  # begins the cursors of lists; those of exports are Zendesk's own


async def export_or_list(account: AccountState, start: Start, *, exports: Pages, lists: Pages) -> AsyncIterator[Page]:
    """One stream by the way that is open. A stream whose way has changed is read anew, from the first day."""
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
    """The cursor, if it is of an export."""
    return None if start.cursor is None or start.cursor.startswith(LISTS) else start.cursor


def list_cursor(start: Start) -> str | None:
    """What a list left as its cursor."""
    cursor = start.cursor or ""
    return cursor.removeprefix(LISTS) if cursor.startswith(LISTS) else None
