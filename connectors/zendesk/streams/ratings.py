"""Answers to the older survey: from the list of ratings, and by id if the list lacks one.

Zendesk does not document which time of a rating `start_time` filters. If it is the time of the offer, a late answer to
an old survey is in no window. The ticket has the score and the id of its rating, so a missing score is fetched by id.
https://developer.zendesk.com/api-reference/ticketing/ticket-management/satisfaction_ratings/
"""

from collections.abc import AsyncIterator

from connectors.zendesk import payloads as zd
from connectors.zendesk.account import ZendeskAccountState
from connectors.zendesk.mapping import surveys, unread
from connectors.zendesk.pagination import fetch_list
from connectors.zendesk.streams.per_ticket import TICKETS_PER_PAGE, TicketDetails, build_page
from helpdesk_kpi.errors import MissingError
from helpdesk_kpi.milliseconds import DAY, SECOND
from helpdesk_kpi.pull.contract import Page, Start, Todo
from helpdesk_kpi.pull.lenient_decode import decode_rows, join_rows, map_rows


async def fetch_missing_ratings(account: ZendeskAccountState, start: Start) -> AsyncIterator[Page]:
    """Fetch the queued answers that the list did not give in this run."""
    comments = account.settings.include_ratings_comment
    done_todos = [todo for todo in start.todo if todo.key in account.rated]
    missing = [todo for todo in start.todo if todo.key not in account.rated]

    async def fetch(todo: Todo) -> TicketDetails:
        number = todo.key.partition("/")[0]
        path = f"/api/v2/satisfaction_ratings/{number}"
        try:
            response = await account.http.get(path, type=zd.OneRating, endpoint="satisfaction_ratings/id")
        except MissingError:  # the events of the ticket may have it
            return TicketDetails([])
        raw = join_rows([response.satisfaction_rating])
        good, rejected = decode_rows(raw, zd.SatisfactionRating)
        records, unmapped = map_rows(good, lambda row: surveys.map_satisfaction_rating(row, comments=comments))
        rejected += unmapped
        return TicketDetails([*records, *unread.list_unread_ratings(raw, good, rejected).unread], rejected)

    yield Page(done=done_todos)
    for first in range(0, len(missing), TICKETS_PER_PAGE):
        yield await build_page(missing[first : first + TICKETS_PER_PAGE], fetch)
    yield Page(complete_until=start.now)


TRAILING = 35 * DAY  # an older survey is answered within weeks; the meaning of `start_time` is not documented


async def fetch_satisfaction_ratings(account: ZendeskAccountState, start: Start) -> AsyncIterator[Page]:
    """Fetch older surveys. A row changes from offered to good or bad, so the last 35 days are always read again."""
    begin = max(start.since, int(start.cursor) - TRAILING) if start.cursor else start.since
    comments = account.settings.include_ratings_comment
    params = {"start_time": begin // SECOND}
    path = "/api/v2/satisfaction_ratings"
    async for page in fetch_list(account.http, path, params, endpoint="satisfaction_ratings"):
        good, rejected = decode_rows(page.satisfaction_ratings, zd.SatisfactionRating)
        records, unmapped = map_rows(good, lambda row: surveys.map_satisfaction_rating(row, comments=comments))
        account.rated |= {
            f"{row.id}/{surveys.parse_category(row.score)}" for row in good if surveys.parse_category(row.score)
        }
        rejected += unmapped
        unread_rows = unread.list_unread_ratings(page.satisfaction_ratings, good, rejected)
        yield Page(records=[*records, *unread_rows.unread], rejected=rejected, gone=unread_rows.gone)
    yield Page(cursor=str(start.now), complete_until=start.now)
