"""Tickets without exports: the list, a search for archived tickets, and the list of deleted tickets."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import msgspec
from msgspec.structs import replace

from connectors.zendesk import payloads as zd
from connectors.zendesk.account import ZendeskAccountState
from connectors.zendesk.mapping import surveys
from connectors.zendesk.mapping.tickets import ZendeskFields, get_version, map_deletion, map_ticket
from connectors.zendesk.pagination import EXPORT_LAG, fetch_list
from connectors.zendesk.streams.export_or_list import LISTS, list_cursor
from connectors.zendesk.streams.tickets import attach_metric_sets, queue_missing_metrics
from helpdesk_kpi.errors import AccessError, PullError, UnavailableError
from helpdesk_kpi.milliseconds import DAY, SECOND
from helpdesk_kpi.model import Ticket
from helpdesk_kpi.pull.contract import Finding, Page, Start, Todo
from helpdesk_kpi.pull.lenient_decode import decode_rows, map_rows, read_each
from helpdesk_kpi.pull.paging import PageWalk, has_rows
from helpdesk_kpi.store.unread import refused_tickets

ARCHIVED_AFTER = 119 * DAY  # tickets closed for 120 days leave the list; one day of overlap
SLICE = 30 * DAY  # of a search, because a search cursor expires after an hour
BY_TICKET = ("ticket_events", "sla_events")  # queues of requests for single tickets


class ListPosition(msgspec.Struct, frozen=True):
    """Cursor of the ticket lists."""

    searched: int  # epoch ms; older changes are stored, archived or not
    after: str | None = None  # Zendesk's cursor of the list

    def cursor(self) -> str:
        return LISTS + msgspec.json.encode(self).decode()


async def fetch_tickets_list(account: ZendeskAccountState, start: Start) -> AsyncIterator[Page]:
    """Fetch newly archived, changed and deleted tickets. Each changed ticket is queued for its events."""
    keep = msgspec.structs.replace(await account.keep(start.since), is_from_list=True)
    walk = _TicketLists(account, start, keep)
    for part in (walk.fetch_archived, walk.fetch_changed, walk.fetch_deleted):
        async for page in part():
            yield page
    yield Page(cursor=ListPosition(walk.settled, walk.place.after).cursor(), complete_until=walk.settled)


class _TicketLists:
    """One run over the lists, and its position."""

    def __init__(self, account: ZendeskAccountState, start: Start, keep: ZendeskFields) -> None:
        self.account, self.start, self.keep = account, start, keep
        cursor = list_cursor(start)
        self.place = msgspec.json.decode(cursor, type=ListPosition) if cursor else ListPosition(start.since)
        self.settled = (
            account.http.server_time(start.now) - EXPORT_LAG * SECOND
        )  # changes of the last minute may still be missing

    async def fetch_archived(self) -> AsyncIterator[Page]:
        """Fetch archived tickets by their last change, which no longer moves, so the slices are stable."""
        end = self.start.now - ARCHIVED_AFTER
        while self.place.searched < end:
            until = min(self.place.searched + SLICE, end)
            query = f"status:closed updated>={_format_time(self.place.searched)} updated<{_format_time(until)}"
            params = {"query": query, "filter[type]": "ticket"}
            async for page in fetch_list(
                self.account.http, "/api/v2/search/export", params, endpoint="search/export", size=1000
            ):
                yield self._page(page, page.results)
            self.place = ListPosition(until, self.place.after)
            yield Page(cursor=self.place.cursor())

    async def fetch_changed(self) -> AsyncIterator[Page]:
        """Fetch the list by last change. The next run continues at its cursor, the last row.

        Rows of the last minute are read again, because a row of the same second may appear late.
        """
        after, is_stored = self.place.after, True
        walk = PageWalk("tickets", after)
        while True:
            page = await self._fetch_list_page(after, is_stored=is_stored)
            mapped = self._page(page, page.tickets)
            last = max((record.updated_at for record in mapped.records if isinstance(record, Ticket)), default=0)
            following = page.meta.after_cursor if page.meta else None
            if following and last < self.settled:
                self.place = ListPosition(self.place.searched, following)
            yield replace(mapped, cursor=self.place.cursor(), complete_until=max(0, last - SECOND) or None)
            more = page.meta.has_more if page.meta else None
            if not walk.advance(more=more, to=following, has_rows=has_rows(page.tickets)):
                return
            after, is_stored = following, False

    async def _fetch_list_page(self, after: str | None, *, is_stored: bool) -> zd.ListPage:
        """Fetch one page. If Zendesk no longer accepts the stored cursor, start the list again."""
        params: dict[str, str | int | bool] = {"sort": "updated_at", "page[size]": 100, "include": "metric_sets"}
        http, path = self.account.http, "/api/v2/tickets"
        try:
            query = {**params, "page[after]": after} if after else params
            return await http.get(path, query, type=zd.ListPage, endpoint="tickets", missing="resource")
        except (AccessError, UnavailableError):
            raise
        except PullError as error:
            if not (after and is_stored and error.permanent):
                raise
        return await http.get(path, params, type=zd.ListPage, endpoint="tickets", missing="resource")

    def _page(self, page: zd.ListPage, found: msgspec.Raw) -> Page:
        """Map a page of tickets that changed since the first day, and queue their further requests."""
        good, rejected = decode_rows(found, zd.Ticket)
        dated, undated = read_each(good, lambda row: zd.ms(row.updated_at))
        good = [row for row, at in dated if at >= self.start.since]
        rejected += undated
        attach_metric_sets(good, page.metric_sets)
        records, unmapped = map_rows(good, lambda row: map_ticket(row, self.keep))
        todos = [Todo(get_version(row, is_from_list=True), str(row.id)) for row in good]
        todo = {
            **dict.fromkeys(BY_TICKET, todos),
            **queue_missing_metrics(good, is_from_list=True),
            **surveys.queue_answers(good),
        }
        rejected += unmapped
        return Page(records=[*records, *refused_tickets(rejected)], rejected=rejected, todo=todo)

    async def fetch_deleted(self) -> AsyncIterator[Page]:
        """Fetch tickets deleted within the last 30 days; older deletions are not in the list."""
        try:
            async for page in fetch_list(self.account.http, "/api/v2/deleted_tickets", endpoint="deleted_tickets"):
                good, rejected = decode_rows(page.deleted_tickets, zd.DeletedTicket)
                records, unmapped = map_rows(good, lambda row: [map_deletion(row, self.account.url)])
                rejected += unmapped
                yield Page(records=[*records, *refused_tickets(rejected)], rejected=rejected)
        except UnavailableError as error:
            text = f"deleted tickets stay unknown: {error}"
            self.account.findings.append(Finding(level="warning", about="deleted tickets", text=text))


def _format_time(at: int) -> str:
    return datetime.fromtimestamp(at // SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
