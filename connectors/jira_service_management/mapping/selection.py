"""Which fields and projects of a site are read."""

from collections.abc import Mapping

import msgspec

from connectors.jira_service_management.mapping import changelog
from connectors.jira_service_management.mapping.labels import Labels
from connectors.jira_service_management.mapping.people import Team


class FieldSelection(msgspec.Struct, frozen=True):
    """What of an issue is read, by the configuration and by the fields that were found."""

    url: str  # of the site, "https://acme.atlassian.net"
    hosts: frozenset[str] = frozenset()  # whose articles are ours
    read_at: int = 0
    sketch_key: bytes = b""
    thanks: tuple[str, ...] = ()  # own words of gratitude
    team_of: Team = Team()
    projects: Mapping[str, str] = {}  # ids of the projects that are read -> their keys
    labels: Labels = Labels()
    fields: Mapping[str, str] = {}  # custom field's id -> the word the configuration uses for it
    team: str | None = None
    field_ids: Mapping[str, str] = {}  # names of kept fields -> their ids; Data Center's histories have names only
    request_type: str | None = None
    organizations: str | None = None
    participants: str | None = None
    approvals: str | None = None
    rating: str | None = None
    rated_at: str | None = None
    slas: Mapping[str, str] = {}  # field's id -> its name
    roles: Mapping[str, str] = {}  # SLA's or its field's id -> what it promises
    duplicates: frozenset[str] = frozenset()  # link types, by id or name in lower case
    duplicate_resolutions: frozenset[str] = frozenset()
    problems: frozenset[str] = frozenset()
    development: frozenset[str] = frozenset()

    @property
    def words(self) -> dict[str, str]:
        """Fields whose changes are kept: id in histories -> our word."""
        team = {self.team: "team"} if self.team else {}
        return {**changelog.FIELDS, **team, **self.fields}
