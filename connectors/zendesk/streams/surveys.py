"""Surveys of the newer kind: their responses and their questions."""

import logging
from collections.abc import AsyncIterator, Sequence
from typing import Any

from connectors.zendesk import payloads as zd
from connectors.zendesk.account import ZendeskAccountState
from connectors.zendesk.mapping import surveys, unread
from connectors.zendesk.pagination import fetch_list
from helpdesk_kpi.errors import UnavailableError
from helpdesk_kpi.model import AnyRecord
from helpdesk_kpi.pull.contract import Page, RejectedRow, Start
from helpdesk_kpi.pull.lenient_decode import UNREADABLE_ERRORS, decode_rows, get_reason, map_rows, read_each

log = logging.getLogger(__name__)


async def fetch_survey_responses(account: ZendeskAccountState, start: Start) -> AsyncIterator[Page]:
    """Fetch newer surveys. Their filter is in ms, and an answer may change until the survey expires.

    The cursor is the offer of the oldest survey that may still change; all surveys since then are read again.
    """
    begin = max(start.since, int(start.cursor)) if start.cursor else start.since
    comments = account.settings.include_ratings_comment
    params = {"filter[created_at_start]": begin}
    oldest = start.now - surveys.LIFETIME
    path = "/api/v2/guide/survey_responses"
    async for page in fetch_list(account.http, path, params, endpoint="guide/survey_responses"):
        good, rejected = decode_rows(page.survey_responses, zd.SurveyResponse)
        records, unmapped = map_rows(good, lambda row: surveys.map_survey_response(row, comments=comments))
        rejected += unmapped
        unread_rows = unread.list_unread_responses(page.survey_responses, good, rejected)
        rejected += [bad for row in good for bad in surveys.decode_answers(row)[1]]
        oldest = min([oldest, *_list_open_offers(good, start.now)])
        yield Page(records=[*records, *unread_rows.unread], rejected=rejected, gone=unread_rows.gone)
    yield Page(cursor=str(max(oldest, begin)), complete_until=start.now)


async def fetch_survey_questions(account: ZendeskAccountState, start: Start) -> AsyncIterator[Page]:
    """Fetch the questions of newer surveys. If they are not readable, questions have their ids as names."""
    try:
        async for page in fetch_list(account.http, "/api/v2/guide/surveys", endpoint="guide/surveys"):
            good, rejected = decode_rows(page.surveys, dict[str, Any])
            records: list[AnyRecord] = []
            for row in good:
                try:
                    records += surveys.map_questions(row)
                except UNREADABLE_ERRORS as error:
                    rejected.append(RejectedRow(str(row.get("id"))[:80], get_reason(error)))
            yield Page(records=records, rejected=rejected)
    except UnavailableError as error:
        log.info("survey questions are called by their ids: %s", error)
    yield Page(complete_until=start.now)


def _list_open_offers(responses: Sequence[zd.SurveyResponse], now: int) -> list[int]:
    ends = read_each(responses, lambda row: row.expires_at and zd.ms(row.expires_at))[0]
    still = [row for row, end in ends if end and end > now]
    return [at for _, at in read_each(still, surveys.get_offer_time)[0]]
