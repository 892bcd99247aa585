"""Jira Service Management with Confluence: issues and their history, conversations, SLA runs, ratings, articles.

Cloud, Cloud's gateway for scoped tokens, and Data Center. Order of the streams: names, issues, parts of issues that a
search cuts. A refused resource ends its own stream only.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

import msgspec

from connectors.jira_service_management.account import SiteState
from connectors.jira_service_management.check import check
from connectors.jira_service_management.errors import USED_UP, classify_response, read_limits
from connectors.jira_service_management.settings import Settings
from connectors.jira_service_management.streams import articles, names, per_issue, visibility, worklogs
from connectors.jira_service_management.streams.issues import fetch_issues
from connectors.jira_service_management.streams.look_back import fetch_look_back
from connectors.jira_service_management.streams.open_issues import fetch_open_issues
from connectors.jira_service_management.streams.ratings import fetch_ratings
from helpdesk_kpi import __version__
from helpdesk_kpi.errors import PullError
from helpdesk_kpi.milliseconds import DAY, HOUR
from helpdesk_kpi.pull.contract import YES, Connector, Finding, Page, Provides, Start, Stream, no, partly
from helpdesk_kpi.pull.transport import Transport

_COMMENTS = frozenset({"comments.public", "comments.private"})
_HISTORY = frozenset({"status.history", "assignee.history", "priority.history"})
_TIME = frozenset({"time.entries"})
#: Names and texts in English, whatever the account's language. https://jira.atlassian.com/browse/JRACLOUD-74568
_HEADERS = {
    "Accept-Language": "en",
    "X-Force-Accept-Language": "true",
    "User-Agent": f"helpdesk-kpi/{__version__}",
}


_EXPERIMENTAL = {"X-ExperimentalApi": "opt-in"}  # needed to read comments of ratings


class JiraServiceManagement(Connector):
    """One Jira site with its Confluence."""

    name: ClassVar[str] = "jira_service_management"
    Settings: ClassVar[type[msgspec.Struct]] = Settings
    reading: ClassVar[int] = 2
    reading_since: ClassVar[str] = "0.5.0"
    reading_adds: ClassVar[str] = (
        "who asked where somebody else made the issue, resolutions over time, names of deleted statuses, and kinds of"
        " issues"
    )
    provides: ClassVar[Mapping[str, Provides]] = {
        "tickets": YES,
        **dict.fromkeys(sorted(_COMMENTS | _HISTORY), YES),
        "calls": no("Jira has no calls"),
        "chats": no("Jira has messages of its chat as comments"),
        "survey.answers": partly("a changed answer counts at the time of the change; the earlier answer is unknown"),
        "survey.offered": no("Jira does not report which surveys were sent"),
        "survey.dimensions": no("Jira surveys have one question"),
        "schedules": no("Jira's API has no calendars; SLA cycles have working time"),
        "sla.policies": no("Jira's API has no SLA policies; each SLA cycle has its goal"),
        "sla.cycles": YES,
        "time.entries": partly("restricted worklogs are missing"),
        "articles": YES,
        "article.edits": YES,
        "article.votes": no("Confluence has likes only"),
        "article.views": partly("on Premium and Enterprise only, if `views` is set"),
        "roles": partly("current roles only; before the first sync, by the work on tickets"),
    }

    @classmethod
    def transport(cls, settings: Any) -> Transport:
        hosts = [settings.gateway_url] if settings.gateway_url else []
        return Transport(
            settings.url,
            auth=settings.auth.auth(),
            hosts=hosts,
            rate_share=settings.rate_share,
            concurrency=2,
            headers=_HEADERS | (_EXPERIMENTAL if settings.include_ratings_comment else {}),
            classifier=classify_response,
            limits=read_limits,
        )

    def __init__(self, http: Transport, settings: Any) -> None:
        super().__init__(http, settings)
        self._used_up = ""  # why no more requests are sent in this run; "": they are
        self.account = SiteState(http, settings, self.findings)
        if not settings.confluence or settings.auth.is_personal:
            gap = no("Confluence is not read") if not settings.confluence else no("Confluence Data Center is not read")
            self.findings.append(
                Finding(level="note", about="articles", text=gap.reason, need="articles", provides=gap)
            )

    def streams(self) -> Sequence[Stream]:
        return [
            *self._names(),
            *self._issues(),
            *self._sight(),
            *self._separate_streams(),
            *self._passes(),
            *self._articles(),
        ]

    async def check(self) -> Sequence[Finding]:
        return await check(self.account, self.http.wall())

    def _bound(
        self, pages: Callable[[SiteState, Start], AsyncIterator[Page]]
    ) -> Callable[[Start], AsyncIterator[Page]]:
        return partial(self._until_used_up, pages)

    async def _until_used_up(
        self, pages: Callable[[SiteState, Start], AsyncIterator[Page]], start: Start
    ) -> AsyncIterator[Page]:
        """Run a stream. After the hour's quota is used up, no stream sends requests; the next run continues."""
        if self._used_up:
            raise PullError(self._used_up, permanent=True)
        try:
            async for page in pages(self.account, start):
                yield await self.account.settle(page)
        except PullError as error:
            self._used_up = str(error) if USED_UP in str(error) else ""
            raise

    def _names(self) -> list[Stream]:
        resources = {
            "statuses": names.fetch_statuses,
            "priorities": names.fetch_priorities,
            "projects": names.fetch_projects,
            "fields": names.fetch_fields,
            "agents": names.fetch_agents,
        }
        return [
            Stream(
                name=name,
                kind="snapshot",
                every=6 * HOUR,
                pages=self._bound(pages),
                gives=frozenset({"roles"} if name == "agents" else ()),
            )
            for name, pages in resources.items()
        ]

    def _issues(self) -> list[Stream]:
        """Streams of issues. A search has complete short conversations, and on Data Center complete histories."""
        gives = (
            {"tickets", "sla.cycles"} | _TIME | _COMMENTS | (_HISTORY if self.account.site.embeds_history else set())
        )
        found = [Stream(name="issues", kind="cursor", pages=self._bound(fetch_issues), gives=frozenset(gives))]
        if self.settings.look_back:
            found.append(Stream(name="look_back", kind="cursor", every=HOUR, pages=self._bound(fetch_look_back)))
        return found

    def _sight(self) -> list[Stream]:
        """Streams of newly visible and hidden issues. They run before histories and conversations, which they queue."""
        return [
            Stream(name="out_of_sight", kind="cursor", pages=self._bound(visibility.fetch_out_of_sight)),
            Stream(name="issue_census", kind="census", every=7 * DAY, pages=self._bound(visibility.fetch_issue_census)),
        ]

    def _separate_streams(self) -> list[Stream]:
        return [
            Stream(name="changes", kind="queue", pages=self._bound(per_issue.fetch_changelogs), gives=_HISTORY),
            Stream(name="comments", kind="queue", pages=self._bound(per_issue.fetch_comments), gives=_COMMENTS),
            Stream(
                name="worklog_feed",
                kind="cursor",
                every=HOUR,
                pages=self._bound(worklogs.fetch_worklog_feed),
                gives=_TIME,
            ),
            Stream(name=worklogs.QUEUE, kind="queue", pages=self._bound(worklogs.fetch_worklogs), gives=_TIME),
        ]

    def _passes(self) -> list[Stream]:
        return [
            Stream(name="open_issues", kind="cursor", every=4 * HOUR,
                   pages=self._bound(fetch_open_issues), gives=frozenset({"sla.cycles"})),
            Stream(name="ratings", kind="cursor", every=HOUR if self.settings.include_ratings_comment else 0,
                   pages=self._bound(fetch_ratings), gives=frozenset({"survey.answers"})),
        ]  # fmt: skip

    def _articles(self) -> list[Stream]:
        if not self.settings.confluence or self.settings.auth.is_personal:
            return []
        gives = frozenset({"articles", "article.edits"})
        found = [
            Stream(name="articles", kind="cursor", every=HOUR, pages=self._bound(articles.fetch_articles), gives=gives),
            Stream(name="article_versions", kind="queue", pages=self._bound(articles.fetch_versions), gives=gives),
            Stream(
                name="article_census", kind="census", every=7 * DAY, pages=self._bound(articles.fetch_article_census)
            ),
        ]
        if self.settings.views:
            pages, viewed = self._bound(articles.fetch_views), frozenset({"article.views"})
            found.append(Stream(name="article_views", kind="snapshot", every=DAY, pages=pages, gives=viewed))
        return found
