"""What ids in histories are called, and what names without ids stand for.

Lists hold what exists today, histories what existed then: a status that was deleted is in histories only, under an id
that no list has, and some changes come with names and no ids.
https://github.com/mikebowler/jirametrics/issues/72
"""

from collections.abc import Collection, Iterator, Mapping, Sequence

import msgspec

from connectors.jira_service_management import payloads as js
from helpdesk_kpi.model import Name

LABELLED = frozenset({"status", "priority", "resolution"})  # values that a list of the site names


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
        """Everything of that name; of several statuses, those of the issue's own project."""
        found = [row for row in self.list_names(field) if row.name.casefold() == name.casefold()]
        if field == "status" and len(found) > 1 and project is not None:
            of_project = [row for row in self.statuses if row in found and row.only_in == project]
            found = of_project or [row for row in self.statuses if row in found and row.only_in is None]  # type: ignore[assignment]
        return frozenset(row.id for row in found)

    def is_gone(self, field: str, value_id: str) -> bool:
        """Whether no list has it any more; False where there is no list."""
        rows = self.list_names(field)
        return field in {"status", "priority"} and bool(rows) and all(row.id != value_id for row in rows)


class NameIndex(msgspec.Struct):
    """What the names in one issue's histories stand for."""

    labels: Labels = Labels()
    project: str | None = None  # id of the project; None: not known
    own: Mapping[tuple[str, str], frozenset[str]] = {}  # (word, name) -> ids that the issue itself gives with it
    people: Mapping[str, Collection[str]] = {}  # names of accounts -> ids of those who have it

    def id_of(self, field: str, name: str) -> str | None:
        """None: nothing has that name, or several have."""
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
        """The name of what no list has: histories are the only ones that still know it."""
        if value_id and name and self.labels.is_gone(field, value_id):
            yield Name(field, value_id, name)


#: A status category -> our state. https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-workflow-status-categories/
STATES = {"new": "new", "done": "solved"}
