"""Atlassian's payloads, as far as we read them. Keys and enum values that nobody knows are let through.

https://developer.atlassian.com/cloud/jira/platform/rest/v3/  https://developer.atlassian.com/cloud/jira/service-desk/rest/
"""

from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec import Raw

from helpdesk_kpi.pull.lenient_decode import check_time

NOTHING = Raw(b"[]")
_SECONDS_END = 100_000_000_000  # an epoch below is in seconds, above in milliseconds (1973)


def ms(moment: str | float) -> int:
    """UTC epoch ms of `2026-11-23T07:00:00.000+0100`, or of an epoch in seconds or ms; ValueError if it is none.

    The bulk changelog's schema says text, its example a number of seconds.
    """
    if isinstance(moment, int | float):
        return check_time(round(moment * 1000 if abs(moment) < _SECONDS_END else moment))
    if moment.isdecimal():
        return ms(int(moment))
    read = datetime.fromisoformat(moment)
    return check_time(round((read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp() * 1000))


class Camel(msgspec.Struct, rename="camel"):
    """Their names are in camel case."""


class User(Camel):
    """accountId on Cloud; on Data Center `key`, which stays when somebody is renamed."""

    account_id: str | None = None
    account_type: str | None = None  # atlassian, app, customer
    display_name: str | None = None
    email_address: str | None = None
    time_zone: str | None = None
    active: bool = True
    key: str | None = None
    name: str | None = None


class NameRecord(Camel):
    id: str
    name: str = ""


class IssueType(Camel):
    id: str = ""
    name: str = ""
    subtask: bool | None = None


class Category(Camel):
    key: str = "undefined"


class Scope(Camel):
    """Of which project a status is; those of company-managed projects have none."""

    project: dict[str, Any] | None = None


class Status(Camel):
    id: str
    name: str = ""
    status_category: Category = msgspec.field(default_factory=Category)
    scope: Scope | None = None

    @property
    def only_in(self) -> str | None:
        """The id of the only project that has it."""
        project = ((self.scope.project if self.scope else None) or {}).get("id")
        return None if project is None else str(project)


class Project(Camel):
    id: str
    key: str
    name: str = ""
    project_type_key: str = ""
    archived: bool = False


class Field(Camel):
    id: str
    name: str = ""
    schema: dict[str, Any] = {}

    @property
    def custom(self) -> str:
        return str(self.schema.get("custom") or "")


class Visibility(Camel):
    """Whom a comment is restricted to. A group may come by its identifier alone, without its name.

    https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-comments/#api-rest-api-3-issue-issueidorkey-comment-get
    """

    type: str | None = None
    value: str | None = None
    identifier: str | None = None

    @property
    def is_restricted(self) -> bool:
        return bool(self.value or self.identifier)


class Property(Camel):
    key: str
    value: Any = None


class Comment(Camel):
    id: str
    created: str | int
    author: User | None = None
    body: Any = None  # a document (v3), wiki text (v2), or null
    jsd_public: bool | None = None
    visibility: Visibility | None = None
    properties: list[Property] | None = None


class CommentPage(Camel):
    comments: Raw = NOTHING
    total: int | None = None  # null: not told, so nobody knows whether these are all; as below
    max_results: int | None = None
    start_at: int = 0


class Worklog(Camel):
    """Time that somebody wrote down. What was typed ("3h 20m") is in days and weeks of this site; the seconds count."""

    id: str
    started: str | int
    time_spent_seconds: int
    issue_id: str = ""
    updated: str | int | None = None
    author: User | None = None


class WorklogPage(Camel):
    worklogs: Raw = NOTHING
    total: int | None = None


class ChangedWorklog(Camel):
    worklog_id: int | str
    updated_time: int


class ChangedWorklogs(Camel):
    """Ids of changed or deleted worklogs, the longest unchanged first."""

    values: Raw = NOTHING
    until: int | None = None
    last_page: bool | None = None


class Configuration(Camel):
    """What this site has switched on."""

    time_tracking_enabled: bool = True


class Item(Camel):
    """One changed field of a history. What a value is called stands beside its id."""

    field: str = ""
    field_id: str | None = None
    fieldtype: str | None = msgspec.field(default=None, name="fieldtype")
    before: str | None = msgspec.field(default=None, name="from")
    before_name: str | None = msgspec.field(default=None, name="fromString")
    after: str | None = msgspec.field(default=None, name="to")
    after_name: str | None = msgspec.field(default=None, name="toString")


class History(Camel):
    id: str
    created: str | float
    author: User | None = None
    items: list[Item] = []


class Changelog(Camel):
    histories: Raw = NOTHING
    total: int | None = None


class LinkType(Camel):
    id: str = ""
    name: str = ""


class Other(Camel):
    id: str
    key: str = ""

    @property
    def project(self) -> str:
        """The key of its project; "" if its own key is not given."""
        return self.key.rpartition("-")[0]


class IssueLink(Camel):
    type: LinkType
    inward_issue: Other | None = None
    outward_issue: Other | None = None


class Fields(Camel):
    """Fields that every issue has; the others are found by their ids."""

    created: str | int
    updated: str | int
    status: Status
    project: Project
    summary: str | None = None
    description: Any = None
    status_since: str | int | None = msgspec.field(default=None, name="statuscategorychangedate")
    resolution: NameRecord | None = None
    resolved_at: str | int | None = msgspec.field(default=None, name="resolutiondate")
    priority: NameRecord | None = None
    issuetype: IssueType | None = None
    parent: Other | None = None
    archived_at: str | int | None = msgspec.field(default=None, name="archiveddate")
    reporter: User | None = None
    creator: User | None = None
    assignee: User | None = None
    labels: list[str] | None = None
    issuelinks: list[IssueLink] | None = None
    comment: CommentPage | list[Raw] | None = None  # the official example has a bare list
    worklog: WorklogPage | list[Raw] | None = None  # as with comments


class Issue(Camel):
    id: str
    key: str = ""
    fields: Raw = Raw(b"{}")
    properties: dict[str, Any] | None = None
    changelog: Changelog | None = None


class SearchPage(Camel):
    issues: Raw = NOTHING
    next_page_token: str | None = None
    is_last: bool | None = None  # null: not told, as it happens
    total: int | None = None  # only the older search has it, whose pages are numbered


class OffsetPage(Camel):
    """Data Center's."""

    issues: Raw = NOTHING
    start_at: int = 0
    total: int | None = None


class IssueChanges(Camel):
    issue_id: str
    change_histories: Raw = NOTHING


class ChangesPage(Camel):
    issue_change_logs: Raw = NOTHING
    next_page_token: str | None = None


class Fetched(Camel):
    """Issues by id. Those that are deleted, archived or closed to the account are errors that look alike."""

    issues: Raw = NOTHING


class Actor(Camel):
    """Who has a project role: one person or a group; Data Center gives names only."""

    actor_user: dict[str, Any] | None = None
    actor_group: dict[str, Any] | None = None
    type: str = ""
    name: str | None = None
    display_name: str | None = None


class ProjectRole(Camel):
    actors: Raw = NOTHING


class ListPage(Camel):
    values: Raw = NOTHING
    is_last: bool | None = None
    total: int | None = None


class Count(Camel):
    count: int = 0


class Me(Camel):
    account_id: str | None = None
    account_type: str | None = None
    display_name: str | None = None
    email_address: str | None = None
    time_zone: str | None = None


class ServerInfo(Camel):
    deployment_type: str = ""
    version: str = ""


class Tenant(Camel):
    cloud_id: str


class Moment(Camel):
    """A time as the service desk writes it. Some sites leave out all but `jira`; `friendly` is in any language."""

    epoch_millis: int | None = None
    jira: str | None = None
    iso8601: str | None = None

    @property
    def ms(self) -> int | None:
        if self.epoch_millis is not None:
            return self.epoch_millis
        text = self.jira or self.iso8601
        return None if text is None else ms(text)


class Span(Camel):
    millis: int | None = None


class Cycle(Camel):
    start_time: Moment | None = None
    stop_time: Moment | None = None
    breach_time: Moment | None = None
    breached: bool | None = None
    paused: bool = False
    goal_duration: Span | None = None
    elapsed_time: Span | None = None


class Sla(Camel):
    """The value of an SLA's field. The id is absent in places; then the link's tail is it."""

    id: str | int | None = None
    name: str = ""
    links: dict[str, Any] = msgspec.field(default_factory=dict, name="_links")
    completed_cycles: list[Cycle] = []
    ongoing_cycle: Cycle | None = None


class Feedback(Camel):
    rating: int | None = None
    comment: Any = None


class Space(Camel):
    id: str
    key: str
    name: str = ""
    type: str | None = None


class Version(Camel):
    created_at: str | None = None
    number: int = 0
    minor_edit: bool | None = None
    author_id: str | None = None


class PageRow(Camel):
    id: str
    title: str = ""
    status: str | None = None
    space_id: str | None = None
    author_id: str | None = None
    created_at: str | None = None
    version: Version = msgspec.field(default_factory=Version)
    links: dict[str, Any] = msgspec.field(default_factory=dict, name="_links")


class WikiPage(Camel):
    results: Raw = NOTHING
    links: dict[str, Any] | None = msgspec.field(default=None, name="_links")  # null: not told


class Views(Camel):
    count: int = 0
