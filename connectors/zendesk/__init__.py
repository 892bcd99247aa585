"""Zendesk: tickets and their history, people, surveys, calls, messaging, hours and help centres.

Sign-in is an OAuth client of the account. Order of the streams: names, people, tickets, events of tickets. A feature
that the plan lacks ends its own stream only. If Zendesk denies its incremental exports, the lists are read.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

import msgspec

from connectors.zendesk import payloads as zd
from connectors.zendesk.account import ZendeskAccountState
from connectors.zendesk.check import check
from connectors.zendesk.mapping import surveys, unread
from connectors.zendesk.mapping.contacts import map_call
from connectors.zendesk.mapping.names import map_brand, map_custom_status, map_field, map_form, map_organization
from connectors.zendesk.settings import Settings
from connectors.zendesk.streams import (
    articles,
    messaging,
    ratings,
    sla_events,
    ticket_events,
    time_entries,
)
from connectors.zendesk.streams.export import fetch_export
from connectors.zendesk.streams.export_or_list import Pages, export_or_list
from connectors.zendesk.streams.groups import fetch_group_memberships, fetch_groups
from connectors.zendesk.streams.metric_sets import fetch_metric_sets
from connectors.zendesk.streams.names import fetch_names
from connectors.zendesk.streams.organizations import fetch_organizations_list
from connectors.zendesk.streams.ratings import fetch_satisfaction_ratings
from connectors.zendesk.streams.schedules import fetch_schedules, fetch_sla_policies
from connectors.zendesk.streams.surveys import fetch_survey_questions, fetch_survey_responses
from connectors.zendesk.streams.ticket_lists import fetch_tickets_list
from connectors.zendesk.streams.tickets import METRICS, fetch_tickets_incremental
from connectors.zendesk.streams.users import fetch_users_incremental, fetch_users_list
from helpdesk_kpi.milliseconds import HOUR
from helpdesk_kpi.pull.contract import YES, Connector, Finding, Page, Provides, Start, Stream, no, partly
from helpdesk_kpi.pull.transport import Transport

_HISTORY = frozenset({
    "comments.public", "comments.private", "status.history", "assignee.history", "priority.history",
})  # fmt: skip
_TIME = frozenset({"time.entries"})
_SURVEYS = frozenset({"survey.answers", "survey.offered"})


class Zendesk(Connector):
    """One Zendesk account."""

    name: ClassVar[str] = "zendesk"
    Settings: ClassVar[type[msgspec.Struct]] = Settings
    reading: ClassVar[int] = 2
    reading_since: ClassVar[str] = "0.5.0"
    reading_adds: ClassVar[str] = (
        "events of AI agents' tickets, comments of new kinds, which tickets are conversations of messaging or imported,"
        " and what a call was"
    )
    provides: ClassVar[Mapping[str, Provides]] = {
        "tickets": YES,
        **dict.fromkeys(sorted(_HISTORY), YES),
        "calls": YES,
        "chats": partly("only the first reply of a messaging session is known"),
        **dict.fromkeys(sorted(_SURVEYS), YES),
        "survey.dimensions": partly("only newer surveys have several questions"),
        "schedules": partly("current hours only; Zendesk has no history of them"),
        "sla.policies": YES,
        "sla.events": YES,
        "time.entries": partly("from Zendesk's Time Tracking app, if it is installed"),
        "articles": YES,
        "article.edits": partly("from the first sync on; Zendesk has only the last editor of each language"),
        "article.votes": YES,
        "article.views": no("Zendesk's API has no page views"),
        "roles": partly("from the first sync on; Zendesk has only the current role"),
    }

    @classmethod
    def transport(cls, settings: Any) -> Transport:
        auth = settings.auth.auth(settings.url, settings.config_folder)
        return Transport(settings.url, auth=auth, rate_share=settings.rate_share)

    def __init__(self, http: Transport, settings: Any) -> None:
        super().__init__(http, settings)
        self.account = ZendeskAccountState(http, settings, self.findings)

    def streams(self) -> Sequence[Stream]:
        return [*self._names(), *self._people(), *self._hours(), *self._tickets(), *self._surveys(), *self._articles()]

    async def check(self) -> Sequence[Finding]:
        return await check(self.account, self.http.wall())

    def _bound(
        self, pages: Callable[..., AsyncIterator[Page]], **options: Any
    ) -> Callable[[Start], AsyncIterator[Page]]:
        return partial(pages, self.account, **options)

    def _either(self, exports: Pages, lists_of_it: Pages) -> Callable[[Start], AsyncIterator[Page]]:
        return partial(export_or_list, self.account, exports=exports, lists=lists_of_it)

    def _names(self) -> list[Stream]:
        resources: list[tuple[str, str, type[Any], Callable[[Any], Any]]] = [
            ("brands", "/api/v2/brands", zd.Brand, map_brand),
            ("ticket_forms", "/api/v2/ticket_forms", zd.NameRecord, map_form),
            ("ticket_fields", "/api/v2/ticket_fields", zd.TicketField, map_field),
            ("custom_statuses", "/api/v2/custom_statuses", zd.CustomStatus, map_custom_status),
        ]
        streams = [
            Stream(
                name=key, kind="snapshot", every=6 * HOUR,
                pages=self._bound(fetch_names, path=path, key=key, kind=kind, map_row=map_row),
            )
            for key, path, kind, map_row in resources
        ]  # fmt: skip
        organizations = partial(
            fetch_export, path="/api/v2/incremental/organizations", key="organizations",
            kind=zd.NameRecord, map_row=lambda row: [map_organization(row)], from_beginning=True,
        )  # fmt: skip
        either_way = self._either(organizations, fetch_organizations_list)
        return [*streams, Stream(name="organizations", kind="cursor", pages=either_way)]

    def _people(self) -> list[Stream]:
        return [
            Stream(
                name="users",
                kind="cursor",
                pages=self._either(fetch_users_incremental, fetch_users_list),
                gives=frozenset({"roles"}),
            ),
            Stream(name="groups", kind="snapshot", pages=self._bound(fetch_groups)),
            Stream(name="group_memberships", kind="snapshot", pages=self._bound(fetch_group_memberships)),
        ]

    def _hours(self) -> list[Stream]:
        return [
            Stream(
                name="schedules", kind="snapshot", every=6 * HOUR, pages=self._bound(fetch_schedules),
                gives=frozenset({"schedules"}),
            ),
            Stream(
                name="sla_policies", kind="snapshot", every=6 * HOUR,
                pages=self._bound(fetch_sla_policies), gives=frozenset({"sla.policies"}),
            ),
        ]  # fmt: skip

    def _tickets(self) -> list[Stream]:
        streams = [
            Stream(
                name="tickets",
                kind="cursor",
                pages=self._either(fetch_tickets_incremental, fetch_tickets_list),
                gives=frozenset({"tickets"}),
            ),
            # Queues: without the exports, events are fetched ticket by ticket.
            Stream(
                name="ticket_events",
                kind="queue",
                pages=self._either(ticket_events.fetch_ticket_events, ticket_events.fetch_audits_of_changed),
                gives=_HISTORY | _TIME,
            ),
            Stream(name=ticket_events.MISSING, kind="queue", pages=self._bound(ticket_events.fetch_missing_audits)),
            Stream(name=time_entries.QUEUE, kind="queue", pages=self._bound(time_entries.fetch_unsure_entries)),
            Stream(name=METRICS, kind="queue", pages=self._bound(fetch_metric_sets)),
            Stream(
                name="sla_events",
                kind="queue",
                pages=self._either(sla_events.fetch_metric_events, sla_events.fetch_metric_events_by_list),
                gives=frozenset({"sla.events"}),
            ),
        ]
        if self.settings.voice:
            calls = self._bound(
                fetch_export, path="/api/v2/channels/voice/stats/incremental/calls", key="calls",
                kind=zd.Call, map_row=map_call, refused=unread.list_unread_calls,
            )  # fmt: skip
            streams.append(Stream(name="calls", kind="cursor", pages=calls, gives=frozenset({"calls"})))
        if self.settings.messaging:
            chats = self._bound(messaging.fetch_engagements)
            streams.append(Stream(name="engagements", kind="cursor", pages=chats, gives=frozenset({"chats"})))
        return streams

    def _surveys(self) -> list[Stream]:
        newer = _SURVEYS | {"survey.dimensions"}  # an account uses one survey system and may have used the other before
        return [
            Stream(
                name="satisfaction_ratings",
                kind="cursor",
                pages=self._bound(fetch_satisfaction_ratings),
                gives=_SURVEYS,
            ),
            Stream(name=surveys.QUEUE, kind="queue", pages=self._bound(ratings.fetch_missing_ratings)),
            Stream(
                name="survey_responses",
                kind="cursor",
                pages=self._bound(fetch_survey_responses),
                gives=newer,
            ),
            Stream(
                name="survey_questions",
                kind="snapshot",
                every=6 * HOUR,
                pages=self._bound(fetch_survey_questions),
            ),
        ]

    def _articles(self) -> list[Stream]:
        if not self.settings.help_centers:
            return []
        gives = frozenset({"articles", "article.edits", "article.votes"})
        return [
            Stream(name="articles", kind="cursor", every=HOUR, pages=self._bound(articles.fetch_articles), gives=gives),
            Stream(
                name="article_census", kind="census", every=24 * HOUR, pages=self._bound(articles.fetch_article_ids)
            ),
        ]
