"""State of one site that several streams share. Each part is fetched once a run, and only if needed."""

import logging
from collections.abc import Awaitable, Iterable, Sequence
from typing import TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from connectors.jira_service_management import jql, team
from connectors.jira_service_management import payloads as js
from connectors.jira_service_management.deployments import Cloud, DataCenter, Site
from connectors.jira_service_management.jql import TimeFormat
from connectors.jira_service_management.mapping import people, satisfaction, sla
from connectors.jira_service_management.mapping.labels import Labels
from connectors.jira_service_management.mapping.people import TeamMapping
from connectors.jira_service_management.mapping.selection import JiraFields
from connectors.jira_service_management.settings import Settings
from helpdesk_kpi.errors import MissingError, PullError, UnavailableError
from helpdesk_kpi.pull.contract import Finding, Page, RejectedRow
from helpdesk_kpi.pull.lenient_decode import decode_rows
from helpdesk_kpi.pull.transport import Transport

_SERVICE_DESK = "com.atlassian.servicedesk"
REQUEST_TYPE, ORGANIZATIONS = f"{_SERVICE_DESK}:vp-origin", f"{_SERVICE_DESK}:sd-customer-organizations"
PARTICIPANTS = f"{_SERVICE_DESK}:sd-request-participants"
APPROVALS = f"{_SERVICE_DESK}.approvals-plugin:sd-approvals"
WESTERNMOST = ZoneInfo("Etc/GMT+12")  # a local minute here is an earlier instant in every other zone
log = logging.getLogger(__name__)
T = TypeVar("T")


class SiteState:
    """One site during one run. `findings` is the connector's list of reports to people."""

    def __init__(self, http: Transport, settings: Settings, findings: list[Finding]) -> None:
        self.http, self.settings, self.findings = http, settings, findings
        self.url = settings.url.rstrip("/")
        self.site: Site = (DataCenter if settings.auth.is_personal else Cloud)(http, settings)
        self.met: set[str] = set()  # people who were mapped in this run
        self.requested_editors: set[str] = set()  # editors of pages who were requested in this run
        self.spaces: list[js.Space] | None = None  # of the knowledge base; None: not fetched yet
        self._me: js.Me | None = None
        self._fields: list[js.Field] | None = None
        self._projects: list[js.Project] | None = None
        self._team: TeamMapping | None = None
        self._labels: Labels | None = None
        self._statuses: list[js.Status] | None = None
        self._priorities: list[js.NameRecord] | None = None
        self.unread_statuses: list[RejectedRow] = []
        self.called: dict[str, set[str]] = {}  # display name in lower case -> ids of accounts
        self.keys_of: dict[str, str] = {}  # Data Center: user name -> key
        self._keys: set[str] = set()  # Data Center: known keys
        self._requested_accounts: set[tuple[str, str]] = set()  # ("key" or "username", value)
        self._instants: TimeFormat | None = None
        self._keeps_time: bool | None = None

    async def me(self) -> js.Me:
        """The signed-in account. Without this request a bad token looks like an empty public site."""
        if self._me is None:
            path = await self.site.api("myself")
            self._me = await self.http.get(path, type=js.Me, endpoint="myself", missing="resource")
        return self._me

    async def fields(self) -> list[js.Field]:
        if self._fields is None:
            path = await self.site.api("field")
            raw = await self.http.get(path, type=msgspec.Raw, endpoint="fields", missing="resource")
            self._fields = decode_rows(raw, js.Field)[0]
        return self._fields

    async def projects(self) -> list[js.Project]:
        """Active projects that are configured and visible.

        Raises:
            UnavailableError: No project is visible.
        """
        if self._projects is None:
            wanted = {key.upper() for key in self.settings.projects}
            visible = await self.site.projects(service_only=not wanted)
            self._projects = [p for p in visible if not wanted or p.key.upper() in wanted]
            for key in sorted(wanted - {p.key.upper() for p in self._projects}):
                text = f"project {key} is not visible: archived, deleted or hidden from this account; others are read"
                self.findings.append(Finding(level="warning", about="projects", text=text))
        if not self._projects:
            raise UnavailableError("no service project is visible: the account has to be an agent of one")
        return self._projects

    async def keys(self) -> list[str]:
        return [project.key for project in await self.projects()]

    async def keep(self, now: int, *, with_labels: bool = False) -> JiraFields:
        """Select the fields of an issue, by the type of the field and never by its name.

        Args:
            now: Epoch ms.
            with_labels: Also load names for histories.
        """
        await self.projects()
        by_kind = {f.custom: f.id for f in await self.fields() if f.custom}
        settings = self.settings
        custom = await self.fields_to_keep()
        team_field = await self.find_field(settings.team_field) if settings.team_field else None
        wanted = {team_field, *custom}
        return JiraFields(
            url=self.url,
            hosts=frozenset({urlsplit(self.url).netloc.lower()}),
            read_at=now,
            sketch_key=settings.sketch_key,
            thanks=settings.thanks,
            team_of=await self.team(),
            labels=await self.labels() if with_labels or self.site.embeds_history else Labels(),
            fields=custom,
            team=team_field,
            field_ids={f.name: f.id for f in await self.fields() if f.id in wanted},
            request_type=by_kind.get(REQUEST_TYPE),
            organizations=by_kind.get(ORGANIZATIONS),
            participants=by_kind.get(PARTICIPANTS),
            approvals=by_kind.get(APPROVALS),
            rating=by_kind.get(satisfaction.SCORE),
            rated_at=by_kind.get(satisfaction.DATE),
            slas={f.id: f.name for f in await self.fields() if f.custom == sla.KIND},
            roles=dict(settings.sla),
            projects={p.id: p.key for p in await self.projects()},
            duplicate_resolutions=frozenset(r.casefold() for r in settings.duplicate_resolutions),
            duplicates=frozenset(t.casefold() for t in settings.duplicate_links),
            problems=frozenset(t.casefold() for t in settings.problem_links),
            development=frozenset(t.casefold() for t in settings.development_links),
        )

    async def fields_to_keep(self) -> dict[str, str]:
        """Custom fields to keep: id -> the word that the configuration uses for it."""
        found = {}
        for entry in self.settings.keep_fields:
            if field_id := await self.find_field(entry):
                found[field_id] = entry
        return found

    async def find_field(self, entry: str) -> str | None:
        """The field of that id, number or name; None if there is none."""
        fields = await self.fields()
        field_id = {entry, f"customfield_{entry}"}
        by_id = next((f.id for f in fields if f.id in field_id), None)
        found = by_id or next((f.id for f in fields if f.name.casefold() == entry.casefold()), None)
        if found is None:
            log.warning("%s has no field %r", self.url, entry)
        return found

    async def keeps_time(self) -> bool:
        """Whether time tracking is switched on.

        https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-jira-settings/
        """
        if self._keeps_time is None:
            path = await self.site.api("configuration")
            try:
                configuration = await self.http.get(
                    path, type=js.Configuration, endpoint="configuration", missing="resource"
                )
            except UnavailableError as error:
                log.info("whether time is tracked is not told: %s", error)
                configuration = js.Configuration()
            self._keeps_time = configuration.time_tracking_enabled
        return self._keeps_time

    # names

    async def labels(self) -> Labels:
        """Current names from the lists of the site; a list that may not be read is empty."""
        if self._labels is None:
            self._labels = Labels(
                statuses=await self._if_shown(self.statuses()),
                priorities=await self._if_shown(self.priorities()),
                resolutions=await self._if_shown(self._resolutions()),
                projects=await self.projects(),
            )
        return self._labels

    async def _if_shown(self, ask: Awaitable[list[T]]) -> list[T]:
        try:
            return await ask
        except UnavailableError as error:
            log.info("a list of names cannot be read: %s", error)
            return []

    async def statuses(self) -> list[js.Status]:
        """All statuses. Team-managed projects have their own, with the same names and other ids."""
        if self._statuses is None:
            path = await self.site.api("status")
            raw = await self.http.get(path, type=msgspec.Raw, endpoint="statuses", missing="resource")
            self._statuses, self.unread_statuses = decode_rows(raw, js.Status)
        return self._statuses

    async def priorities(self) -> list[js.NameRecord]:
        if self._priorities is None:
            self._priorities = await self.site.priorities()
        return self._priorities

    async def _resolutions(self) -> list[js.NameRecord]:
        path = await self.site.api("resolution")
        raw = await self.http.get(path, type=msgspec.Raw, endpoint="resolutions", missing="resource")
        return decode_rows(raw, js.NameRecord)[0]

    # people

    async def team(self) -> TeamMapping:
        """The team; on Data Center by keys."""
        if self._team is None:
            found = await team.find_team(team.TeamQuery(self.http, self.site, self.settings), await self.projects())
            if self.settings.auth.is_personal:
                found = await self._by_keys(found)
            self._team = found
        return self._team

    async def _by_keys(self, found: TeamMapping) -> TeamMapping:
        """Replace user names of roles and of the configuration by keys."""
        for name in [*(user.name or "" for user in found.members if not user.key), *sorted(found.always)]:
            await self._learn(name, ("username",))
        members = tuple(
            user if user.key else msgspec.structs.replace(user, key=self.keys_of.get(user.name or ""))
            for user in found.members
        )
        by_field = {field: frozenset(self.keys_of.get(one, one) for one in getattr(found, field))
                 for field in ("agents", "always")}  # fmt: skip
        of_project = {
            project: frozenset(self.keys_of.get(one, one) for one in ids) for project, ids in found.of_project.items()
        }
        return msgspec.structs.replace(found, members=members, of_project=of_project, **by_field)

    def meet(self, users: Iterable[js.User]) -> None:
        """Record display names, for histories without ids, and keys of user names."""
        for user in users:
            account_id = people.user_id(user)
            if account_id and user.display_name:
                self.called.setdefault(user.display_name.casefold(), set()).add(account_id)
            if user.key:
                self._keys.add(user.key)
            if user.key and user.name and user.key != user.name:
                self.keys_of[user.name] = user.key

    async def settle(self, page: Page) -> Page:
        """On Data Center replace user names by keys in a page.

        A value can be the key of one account and the name of another after a rename. It counts as the key, because
        histories and rows have keys.
        """
        if not self.settings.auth.is_personal or not page.records:
            return page
        for person_id in sorted(people.list_person_ids(page.records)):
            if person_id not in self._keys and person_id not in self.keys_of:
                await self._learn(person_id, ("key", "username"))
        names = {name: key for name, key in self.keys_of.items() if name not in self._keys}
        return msgspec.structs.replace(page, records=people.replace_names(page.records, names))

    async def _learn(self, account: str, parameters: Sequence[str]) -> None:
        """Find the account with a value as its key or name, with one request.

        https://docs.atlassian.com/software/jira/docs/api/REST/9.17.0/#api/2/user-getUser
        """
        for parameter in parameters:
            if (
                not account
                or (parameter, account) in self._requested_accounts
                or account.casefold() in people.SHARED_IDS
            ):
                continue
            self._requested_accounts.add((parameter, account))
            path = await self.site.api("user")
            try:
                user = await self.http.get(path, {parameter: account}, type=js.User, endpoint="user")
            except (MissingError, UnavailableError):
                continue
            self.meet([user])
            return

    # times

    async def zone(self) -> ZoneInfo:
        """Time zone of the signed-in account: JQL reads minutes without a zone in it."""
        try:
            return ZoneInfo((await self.me()).time_zone or "")
        except (ZoneInfoNotFoundError, ValueError):
            return WESTERNMOST

    async def instants(self, remembered: str | None = None) -> TimeFormat:
        """How to write times in JQL: as stored by an earlier run (`remembered`), else by a test."""
        if self._instants is None and remembered:
            self._instants = TimeFormat(None if remembered == "epoch" else await self.zone())
        if self._instants is None:
            works = await self.reads_epochs()
            self._instants = TimeFormat(None if works else await self.zone())
        return self._instants

    async def reads_epochs(self) -> bool:
        """Whether JQL accepts epoch ms, which is undocumented: nothing may be after 2100, something after 1970."""
        keys, epoch = await self.keys(), TimeFormat()
        try:
            if await self.finds(jql.build_query(keys, epoch.since("updated", jql.FAR_FUTURE), order=jql.BY_ID)):
                return False
            return await self.finds(jql.build_query(keys, epoch.since("updated", 0), order=jql.BY_ID)) or not (
                await self.finds(jql.build_query(keys, order=jql.BY_ID))
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
        """Epoch ms up to which a search that starts now is complete, if the index delay is at most the overlap."""
        return self.http.server_time(now) - overlap
