"""Freshdesk: tickets and their conversations, people, ratings, business hours, SLA policies, articles.

Sign-in is the API key of an agent, preferably an admin. The API has no history of tickets, except for an export that
few accounts still have. History is derived from the times in a ticket's row and from differences between syncs, so
frequent syncs give a better history.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

import msgspec

from connectors.freshdesk import activity_export, solutions
from connectors.freshdesk import streams as lists
from connectors.freshdesk.account import FreshdeskAccountState
from connectors.freshdesk.check import check
from connectors.freshdesk.conversations import fetch_conversations
from connectors.freshdesk.errors import classify_response
from connectors.freshdesk.settings import Settings
from helpdesk_kpi.milliseconds import HOUR
from helpdesk_kpi.pull.contract import YES, Connector, Finding, Page, Provides, Start, Stream, no, partly
from helpdesk_kpi.pull.transport import Transport

_HISTORY = partly(
    "the last solve, close and reopening are exact, other changes are differences between syncs (exact if the"
    " account still exports activities)"
)
_FIELDS = partly("differences between syncs; before the first sync a ticket counts as it was then")


class Freshdesk(Connector):
    """One Freshdesk account."""

    name: ClassVar[str] = "freshdesk"
    Settings: ClassVar[type[msgspec.Struct]] = Settings
    reading: ClassVar[int] = 2
    reading_since: ClassVar[str] = "0.5.0"
    reading_adds: ClassVar[str] = (
        "which public notes are the customer's, answers to surveys of which one part was odd, which tickets have rows"
        " that cannot be read, and which are children or trackers"
    )
    provides: ClassVar[Mapping[str, Provides]] = {
        "tickets": partly("tickets archived (closed and unchanged for 120 days) before the first sync are"
                          " missing"),
        "comments.public": YES,
        "comments.private": YES,
        "status.history": _HISTORY,
        "assignee.history": _FIELDS,
        "priority.history": _FIELDS,
        "team.history": _FIELDS,
        "calls": no("Freshdesk's API has no calls"),
        "chats": no("Freshdesk's API has only chats that became conversations of a ticket"),
        "survey.answers": YES,
        "survey.offered": no("Freshdesk's API does not report which surveys were sent"),
        "survey.dimensions": YES,
        "schedules": partly("current hours only, without holidays, which Freshdesk's API does not have"),
        "sla.policies": YES,
        "sla.cycles": partly("current due times; pauses of a clock are unknown"),
        "time.entries": partly("changes of entries older than 35 days and deletions are not seen"),
        "articles": YES,
        "article.edits": partly("the author instead of the editor; edits are differences between syncs"),
        "article.views": YES,
        "article.votes": YES,
        "roles": partly("from the first sync on; Freshdesk has current agents only"),
    }  # fmt: skip

    @classmethod
    def transport(cls, settings: Any) -> Transport:
        return Transport(
            settings.address, auth=settings.auth.auth(), rate_share=settings.rate_share, classifier=classify_response
        )

    def __init__(self, http: Transport, settings: Any) -> None:
        super().__init__(http, settings)
        self.account = FreshdeskAccountState(http, settings, self.findings)

    def streams(self) -> Sequence[Stream]:
        return [*self._names(), *self._tickets(), *self._surveys(), *self._articles()]

    async def check(self) -> Sequence[Finding]:
        return await check(self.account, self.http.wall())

    def _bound(
        self, pages: Callable[..., AsyncIterator[Page]], **options: Any
    ) -> Callable[[Start], AsyncIterator[Page]]:
        return partial(pages, self.account, **options)

    def _names(self) -> list[Stream]:
        rarely: list[tuple[str, Callable[..., AsyncIterator[Page]], frozenset[str]]] = [
            ("ticket_fields", lists.fetch_ticket_fields, frozenset()),
            ("business_hours", lists.fetch_business_hours, frozenset({"schedules"})),
            ("sla_policies", lists.fetch_sla_policies, frozenset({"sla.policies"})),
        ]
        return [
            Stream(name="agents", kind="snapshot", pages=self._bound(lists.fetch_agents), gives=frozenset({"roles"})),
            Stream(name="groups", kind="snapshot", pages=self._bound(lists.fetch_groups)),
            *(
                Stream(name=name, kind="snapshot", every=6 * HOUR, pages=self._bound(pages), gives=gives)
                for name, pages, gives in rarely
            ),
        ]

    def _tickets(self) -> list[Stream]:
        history = frozenset({
            "tickets", "status.history", "assignee.history", "priority.history", "team.history", "sla.cycles",
        })  # fmt: skip
        comments = frozenset({"comments.public", "comments.private"})
        streams = [
            Stream(name="tickets", kind="cursor", pages=self._bound(lists.fetch_tickets), gives=history),
            Stream(name="deleted", kind="cursor", pages=self._bound(lists.fetch_deleted, list_name="deleted")),
            Stream(name="spam", kind="cursor", pages=self._bound(lists.fetch_deleted, list_name="spam")),
            Stream(name="conversations", kind="queue", pages=self._bound(fetch_conversations), gives=comments),
            Stream(
                name="time_entries", kind="cursor", every=HOUR, pages=self._bound(lists.fetch_time_entries),
                gives=frozenset({"time.entries"}),
            ),
        ]  # fmt: skip
        if self.settings.activities:
            pages = self._bound(activity_export.fetch_activities_if_available)
            streams.append(Stream(name="activities", kind="cursor", every=6 * HOUR, pages=pages))
        return streams

    def _surveys(self) -> list[Stream]:
        return [
            Stream(name="surveys", kind="snapshot", every=6 * HOUR, pages=self._bound(lists.fetch_survey_questions)),
            Stream(
                name="satisfaction_ratings", kind="cursor", pages=self._bound(lists.fetch_satisfaction_ratings),
                gives=frozenset({"survey.answers", "survey.dimensions"}),
            ),
        ]  # fmt: skip

    def _articles(self) -> list[Stream]:
        if not self.settings.solutions:
            return []
        gives = frozenset({"articles", "article.edits", "article.views", "article.votes"})
        pages = self._bound(solutions.fetch_articles)
        streams = [Stream(name="articles", kind="census", every=6 * HOUR, pages=pages, gives=gives)]
        if self.settings.languages:
            pages = self._bound(solutions.fetch_translations)
            streams.append(Stream(name="translations", kind="snapshot", every=24 * HOUR, pages=pages))
        return streams
