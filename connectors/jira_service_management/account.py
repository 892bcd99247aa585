"""What several streams need to know about a site; asked once a run, and only if needed."""

import logging
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from connectors.jira_service_management import jql, satisfaction, sla
from connectors.jira_service_management import payloads as js
from connectors.jira_service_management.jql import Instants
from connectors.jira_service_management.mapping import Keep
from connectors.jira_service_management.settings import Settings
from connectors.jira_service_management.transports import Cloud, DataCenter, Site, more
from helpdesk_kpi.errors import PullError, UnavailableError
from helpdesk_kpi.pull.contract import Finding
from helpdesk_kpi.pull.paging import Walk
from helpdesk_kpi.pull.rows import rows
from helpdesk_kpi.pull.transport import Transport

_DESK = "com.atlassian.servicedesk"
REQUEST_TYPE, ORGANIZATIONS = f"{_DESK}:vp-origin", f"{_DESK}:sd-customer-organizations"
PARTICIPANTS = f"{_DESK}:sd-request-participants"
WESTERNMOST = ZoneInfo("Etc/GMT+12")  # a minute written here is read as an earlier instant everywhere else
LEAST_SKEW, MOST_SKEW = 5, 3_600  # seconds that a clock of ours may plausibly be ahead; an answer takes a few, too
log = logging.getLogger(__name__)


class Account:
    """One site during one run. `found` is the connector's: what people should know."""

    def __init__(self, http: Transport, settings: Settings, found: list[Finding]) -> None:
        self.http, self.settings, self.found = http, settings, found
        self.url = settings.url.rstrip("/")
        self.site: Site = (DataCenter if settings.auth.is_personal else Cloud)(http, settings)
        self.met: set[str] = set()  # people who were told of in this run
        self.spaces: list[js.Space] | None = None  # of the knowledge base, once they were asked for
        self._me: js.Me | None = None
        self._fields: list[js.Field] | None = None
        self._projects: list[js.Project] | None = None
        self._agents: frozenset[str] | None = None
        self._instants: Instants | None = None
        self._keeps_time: bool | None = None

    async def me(self) -> js.Me:
        """Who asks. Without it a bad token would look like an empty site where anybody may search."""
        if self._me is None:
            path = await self.site.api("myself")
            self._me = await self.http.get(path, type=js.Me, endpoint="myself", missing="resource")
        return self._me

    async def fields(self) -> list[js.Field]:
        if self._fields is None:
            path = await self.site.api("field")
            raw = await self.http.get(path, type=msgspec.Raw, endpoint="fields", missing="resource")
            self._fields = rows(raw, js.Field)[0]
        return self._fields

    async def projects(self) -> list[js.Project]:
        """Live ones that are asked for and that the account sees; UnavailableError if there are none."""
        if self._projects is None:
            wanted = {key.upper() for key in self.settings.projects}
            seen = await self.site.projects(service_only=not wanted)
            self._projects = [p for p in seen if not wanted or p.key.upper() in wanted]
            for key in sorted(wanted - {p.key.upper() for p in self._projects}):
                text = f"project {key} cannot be seen: archived, deleted or closed to this account; the others go on"
                self.found.append(Finding(level="warning", about="projects", text=text))
        if not self._projects:
            raise UnavailableError("no service project can be seen: the account has to be an agent in one")
        return self._projects

    async def keys(self) -> list[str]:
        return [project.key for project in await self.projects()]

    async def keep(self, now: int) -> Keep:
        """What is read of an issue: its fields found by their kind, never by their name."""
        await self.projects()
        by_kind = {f.custom: f.id for f in await self.fields() if f.custom}
        settings = self.settings
        kept = await self.kept()
        team = await self.named(settings.team_field) if settings.team_field else None
        ours = {team, *kept}
        return Keep(
            url=self.url,
            hosts=frozenset({urlsplit(self.url).netloc.lower()}),
            read_at=now,
            sketch_key=settings.sketch_key,
            thanks=settings.thanks,
            agents=await self.agents(),
            fields=kept,
            team=team,
            field_ids={f.name: f.id for f in await self.fields() if f.id in ours},
            request_type=by_kind.get(REQUEST_TYPE),
            organizations=by_kind.get(ORGANIZATIONS),
            participants=by_kind.get(PARTICIPANTS),
            rating=by_kind.get(satisfaction.SCORE),
            rated_at=by_kind.get(satisfaction.DATE),
            slas={f.id: f.name for f in await self.fields() if f.custom == sla.KIND},
            roles=dict(settings.sla),
            duplicates=frozenset(t.casefold() for t in settings.duplicate_links),
            problems=frozenset(t.casefold() for t in settings.problem_links),
            development=frozenset(t.casefold() for t in settings.development_links),
        )

    async def kept(self) -> dict[str, str]:
        """Custom fields to keep: id -> the word that the configuration uses for it."""
        found = {}
        for word in self.settings.keep_fields:
            if own := await self.named(word):
                found[own] = word
        return found

    async def named(self, word: str) -> str | None:
        """The field of that id, number or name; None if there is none."""
        fields = await self.fields()
        wanted = {word, f"customfield_{word}"}
        by_id = next((f.id for f in fields if f.id in wanted), None)
        found = by_id or next((f.id for f in fields if f.name.casefold() == word.casefold()), None)
        if found is None:
            log.warning("%s has no field %r", self.url, word)
        return found

    async def keeps_time(self) -> bool:
        """Whether time can be written down here at all.

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-jira-settings/
        """
        if self._keeps_time is None:
            path = await self.site.api("configuration")
            try:
                told = await self.http.get(path, type=js.Configuration, endpoint="configuration", missing="resource")
            except UnavailableError as error:
                log.info("whether time is tracked is not told: %s", error)
                told = js.Configuration()
            self._keeps_time = told.time_tracking_enabled
        return self._keeps_time

    # people

    async def agents(self) -> frozenset[str]:
        """Who is certainly of the team: accounts that are named, and members of groups."""
        if self._agents is None:
            named = [one for one in self.settings.agents if not one.startswith("group:")]
            self._agents = frozenset([*named, *(user.account_id or user.key or "" for user in await self.members())])
        return self._agents

    async def members(self) -> list[js.User]:
        groups = [one.removeprefix("group:") for one in self.settings.agents if one.startswith("group:")]
        return [user for group in groups for user in await self._members(group)]

    async def _members(self, group: str) -> list[js.User]:
        """Inactive ones too: their replies stay an agent's."""
        key = "groupname" if self.settings.auth.is_personal else "groupId"
        path, found, start = await self.site.api("group/member"), list[js.User](), 0
        walk = Walk("group/member", 0)
        while True:
            asked: dict[str, str | int | bool] = {key: group, "includeInactiveUsers": "true", "startAt": start}
            page = await self.http.get(path, asked, type=js.ListPage, endpoint="group/member", missing="resource")
            good, aside = rows(page.values, js.User, "accountId")
            found += good
            start += len(good) + len(aside)
            if not walk.goes_on(more=more(page, start), to=start, has_rows=bool(good or aside)):
                return found

    # times

    async def zone(self) -> ZoneInfo:
        """The calling account's: JQL reads bare minutes in it."""
        try:
            return ZoneInfo((await self.me()).time_zone or "")
        except (ZoneInfoNotFoundError, ValueError):
            return WESTERNMOST

    async def instants(self, remembered: str | None = None) -> Instants:
        """How to write times: as an earlier run found out, else by trying."""
        if self._instants is None and remembered:
            self._instants = Instants(None if remembered == "epoch" else await self.zone())
        if self._instants is None:
            works = await self.reads_epochs()
            self._instants = Instants(None if works else await self.zone())
        return self._instants

    async def reads_epochs(self) -> bool:
        """Epoch milliseconds are no documented literal: nothing must be later than 2100, and something than 1970."""
        keys, epoch = await self.keys(), Instants()
        try:
            if await self.finds(jql.query(keys, epoch.since("updated", jql.FAR), order=jql.BY_ID)):
                return False
            return await self.finds(jql.query(keys, epoch.since("updated", 0), order=jql.BY_ID)) or not (
                await self.finds(jql.query(keys, order=jql.BY_ID))
            )
        except PullError as error:
            if not error.permanent:
                raise
            log.info("%s does not take epoch milliseconds in JQL: %s", self.url, error)
            return False

    async def finds(self, text: str) -> bool:
        async for page in self.site.search(text, ["id"], 1, endpoint="probe"):
            return bool(page.issues)
        return False

    def until(self, now: int, overlap: int) -> int:
        """Up to when a search that began now has seen everything, if the index is no later than the overlap.

        Our clock may be ahead of theirs; if it is so by hours, it is set to another time on purpose, as in a trial.
        """
        skew = self.http.skew or 0.0
        return now - overlap + (round(skew * 1000) if -MOST_SKEW < skew < -LEAST_SKEW else 0)
