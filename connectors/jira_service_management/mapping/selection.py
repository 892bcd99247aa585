"""Which fields and projects of a site are read."""

from collections.abc import Mapping

import msgspec

from connectors.jira_service_management.mapping import changelog
from connectors.jira_service_management.mapping.labels import Labels
from connectors.jira_service_management.mapping.people import TeamMapping


class JiraFields(msgspec.Struct, frozen=True):
    """What is read of an issue, by the configuration and the fields of the site."""

    url: str  # of the site, "https://acme.atlassian.net"
    hosts: frozenset[str] = frozenset()  # of our articles
    read_at: int = 0
    sketch_key: bytes = b""
    thanks: tuple[str, ...] = ()  # further words of gratitude
    team_of: TeamMapping = TeamMapping()
    projects: Mapping[str, str] = {}  # ids of selected projects -> keys
    labels: Labels = Labels()
    fields: Mapping[str, str] = {}  # id of a custom field -> entry of `keep_fields`
    team: str | None = None
    field_ids: Mapping[str, str] = {}  # names of kept fields -> ids; histories of Data Center have names only
    request_type: str | None = None
    organizations: str | None = None
    participants: str | None = None
    approvals: str | None = None
    rating: str | None = None
    rated_at: str | None = None
    slas: Mapping[str, str] = {}  # field's id -> its name
    roles: Mapping[str, str] = {}  # id of an SLA or its field -> role
    duplicates: frozenset[str] = frozenset()  # link types, by id or name in lower case
    duplicate_resolutions: frozenset[str] = frozenset()
    problems: frozenset[str] = frozenset()
    development: frozenset[str] = frozenset()

    @property
    def words(self) -> dict[str, str]:
        """Fields with stored changes: id in histories -> field of an event."""
        team = {self.team: "team"} if self.team else {}
        return {**changelog.FIELDS, **team, **self.fields}
