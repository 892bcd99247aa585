"""Satisfaction ratings of issues."""

from collections.abc import AsyncIterator

import msgspec

from connectors.jira_service_management import jql
from connectors.jira_service_management import payloads as js
from connectors.jira_service_management.account import SiteState
from connectors.jira_service_management.deployments import SearchPage
from connectors.jira_service_management.mapping import people, satisfaction
from connectors.jira_service_management.mapping.selection import JiraFields
from connectors.jira_service_management.payloads import ms
from connectors.jira_service_management.streams.issues import OVERLAP
from helpdesk_kpi.errors import BrokenError, MissingError, UnavailableError
from helpdesk_kpi.milliseconds import HOUR
from helpdesk_kpi.model import Rating, Unread
from helpdesk_kpi.pull.contract import Finding, Page, RejectedRow, Start, no
from helpdesk_kpi.pull.lenient_decode import UNREADABLE_ERRORS, get_reason


class _RatingPage(js.Camel):
    updated: str | int
    reporter: js.User | None = None


async def fetch_ratings(account: SiteState, start: Start) -> AsyncIterator[Page]:
    """Fetch issues by the date of their rating, because a rating may not change `updated` (undocumented).

    There are few, so the hours of `look_back` are always read again.
    """
    await account.me()
    keep, instants = await account.keep(start.now), await account.instants()
    if keep.rating is None or keep.rated_at is None:
        gap = no("this site has no satisfaction field")
        account.findings.append(
            Finding(level="note", about="surveys", text=gap.reason, need="survey.answers", provides=gap)
        )
        yield Page(complete_until=start.now)
        return
    reached = int(start.cursor) if start.cursor else start.since
    since = max(start.since, reached - account.settings.look_back * HOUR)
    text = jql.build_query(
        await account.keys(), instants.since(jql.build_field_clause(keep.rated_at), since), order=jql.BY_ID
    )
    fields = ["updated", "reporter", keep.rating, keep.rated_at]
    async for found in account.site.search(text, fields, account.settings.page_size, endpoint="ratings"):
        records, rejected = _map_ratings(found, keep)
        if account.settings.include_ratings_comment:
            records = [await _add_comment(account, one) if isinstance(one, Rating) else one for one in records]
        cleared = [("refused_rating", issue.id) for issue in found.issues]
        yield Page(records=records, rejected=rejected, replaces=cleared)
    complete_until = account.until(start.now, OVERLAP)
    yield Page(cursor=str(max(reached, complete_until)), complete_until=complete_until)


def _map_ratings(found: SearchPage, keep: JiraFields) -> tuple[list[Rating | Unread], list[RejectedRow]]:
    records: list[Rating | Unread] = []
    rejected: list[RejectedRow] = list(found.rejected)
    fields = satisfaction.Fields(keep.rating, keep.rated_at)
    for bad_row in found.rejected:
        records += satisfaction.map_unread_rating(bad_row.id, bad_row.reason)[0] if bad_row.id.isdecimal() else []
    for issue in found.issues:
        try:
            row = msgspec.json.decode(issue.fields, type=_RatingPage)
            custom = msgspec.json.decode(issue.fields, type=dict[str, msgspec.Raw])
            rater = people.user_id(row.reporter)
            good, bad = satisfaction.map_rating(issue.id, custom, fields, ms(row.updated), rater)
        except UNREADABLE_ERRORS as error:
            good, bad = satisfaction.map_unread_rating(issue.id, get_reason(error))
        records += good
        rejected += bad
    return records, rejected


async def _add_comment(account: SiteState, rating: Rating) -> Rating:
    """Add the comment of a rating. The resource is experimental, and missing on Data Center."""
    path = await account.site.service_desk_url(f"request/{rating.ticket}/feedback")
    try:
        feedback = await account.http.get(path, type=js.Feedback, endpoint="feedback")
    except (UnavailableError, MissingError, BrokenError):
        return rating
    comment = feedback.comment.get("body") if isinstance(feedback.comment, dict) else feedback.comment
    return msgspec.structs.replace(rating, comment=str(comment)) if comment else rating
