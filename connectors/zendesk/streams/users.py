"""Users: by the incremental export, or by list where the export is denied."""

from collections.abc import AsyncIterator

from connectors.zendesk import payloads as zd
from connectors.zendesk.account import ZendeskAccountState
from connectors.zendesk.mapping.people import map_deleted_person, map_person
from connectors.zendesk.pagination import EXPORT_LAG, fetch_by_cursor, fetch_list
from connectors.zendesk.streams.export import WHOLE_AFTER
from connectors.zendesk.streams.export_or_list import LISTS, export_cursor, list_cursor
from helpdesk_kpi.errors import UnavailableError
from helpdesk_kpi.milliseconds import DAY, SECOND
from helpdesk_kpi.pull.contract import Finding, Page, Start
from helpdesk_kpi.pull.lenient_decode import decode_rows, map_rows


async def fetch_users_incremental(account: ZendeskAccountState, start: Start) -> AsyncIterator[Page]:
    """Fetch all users from the beginning: an agent may be older than the period."""
    params = {"per_page": account.settings.page_size}
    pages = fetch_by_cursor(
        account.http, "/api/v2/incremental/users/cursor", params, zd.UsersPage,
        cursor=export_cursor(start), start=0, endpoint="incremental/users",
    )  # fmt: skip
    async for page, cursor in pages:
        good, rejected = decode_rows(page.users, zd.User)
        records, unmapped = map_rows(good, lambda row: [map_person(row)])
        complete_until = start.now - WHOLE_AFTER if page.end_of_stream else None
        yield Page(records=records, cursor=cursor, complete_until=complete_until, rejected=[*rejected, *unmapped])


async def fetch_users_list(account: ZendeskAccountState, start: Start) -> AsyncIterator[Page]:
    """Fetch all users once a day, and the team on each run, because roles decide what counts as a reply."""
    read_at = list_cursor(start)
    is_whole = read_at is None or start.now - int(read_at) >= DAY
    for role in ("",) if is_whole else ("agent", "admin"):
        params = {"role": role} if role else {}
        async for page in fetch_list(account.http, "/api/v2/users", params, endpoint="users"):
            good, rejected = decode_rows(page.users, zd.User)
            records, unmapped = map_rows(good, lambda row: [map_person(row)])
            yield Page(records=records, rejected=[*rejected, *unmapped])
    if is_whole:
        async for page_of_deleted in _fetch_deleted_users(account):
            yield page_of_deleted
    yield Page(cursor=f"{LISTS}{start.now}" if is_whole else None, complete_until=start.now - EXPORT_LAG * SECOND)


async def _fetch_deleted_users(account: ZendeskAccountState) -> AsyncIterator[Page]:
    """Fetch users who were deleted or merged: the list of users excludes them, but their comments stay."""
    try:
        async for page in fetch_list(account.http, "/api/v2/deleted_users", endpoint="deleted_users"):
            good, rejected = decode_rows(page.deleted_users, zd.User)
            records, unmapped = map_rows(good, lambda row: [map_deleted_person(row)])
            yield Page(records=records, rejected=[*rejected, *unmapped])
    except UnavailableError as error:
        text = f"users deleted before the first sync stay unknown: {error}"
        account.findings.append(Finding(level="warning", about="deleted people", text=text))
