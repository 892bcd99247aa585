"""Names of ids in histories, and ids of names without ids.

Lists have current values, histories old ones: a deleted status is in histories only, and some changes have names
without ids.
https://github.com/mikebowler/jirametrics/issues/72
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

import msgspec

from connectors.jira_service_management import payloads as js
from helpdesk_kpi.model import Name

LABELLED = frozenset({"status", "priority", "resolution"})  # fields with a list of names


class Labels(msgspec.Struct, frozen=True):
    """Names of the site's statuses, priorities and resolutions. A list that could not be read is empty."""

    statuses: Sequence[js.Status] = ()
    priorities: Sequence[js.NameRecord] = ()
    resolutions: Sequence[js.NameRecord] = ()
    projects: Sequence[js.Project] = ()

    def list_names(self, field: str) -> Sequence[js.Status | js.NameRecord | js.Project]:
        lists: dict[str, Sequence[js.Status | js.NameRecord | js.Project]] = {
            "status": self.statuses,
            "priority": self.priorities,
            "resolution": self.resolutions,
            "brand": self.projects,
        }
        return lists.get(field, ())

    def ids(self, field: str, name: str, project: str | None) -> frozenset[str]:
        """Ids with that name; of several statuses, those of the project of the issue."""
        found = [row for row in self.list_names(field) if row.name.casefold() == name.casefold()]
        if field == "status" and len(found) > 1 and project is not None:
            of_project = [row for row in self.statuses if row in found and row.only_in == project]
            found = of_project or [row for row in self.statuses if row in found and row.only_in is None]  # type: ignore[assignment]
        return frozenset(row.id for row in found)

    def is_gone(self, field: str, value_id: str) -> bool:
        """Whether the list no longer has the id; False without a list."""
        rows = self.list_names(field)
        return field in {"status", "priority"} and bool(rows) and all(row.id != value_id for row in rows)


class NameIndex(msgspec.Struct):
    """Ids of the names in the histories of one issue."""

    labels: Labels = Labels()
    project: str | None = None  # id of the project; None: unknown
    own: Mapping[tuple[str, str], frozenset[str]] = {}  # (field, name) -> ids, from the issue itself
    people: Mapping[str, Collection[str]] = {}  # display names -> ids of accounts

    def id_of(self, field: str, name: str) -> str | None:
        """The id of a name; None: no or several ids have it."""
        key = name.casefold()
        for found in (
            self.own.get((field, key), ()),
            self.labels.ids(field, name, self.project),
            self.people.get(key, ()) if field in {"assignee", "requester"} else (),
        ):
            if found:
                return next(iter(found)) if len(found) == 1 else None
        return None

    def gone(self, field: str, value_id: str | None, name: str | None) -> Iterator[Name]:
        """Name of an id that no list has: only histories still have it."""
        if value_id and name and self.labels.is_gone(field, value_id):
            yield Name(field, value_id, name)


#: A status category -> our state. https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-workflow-status-categories/
STATES = {"new": "new", "done": "solved"}
