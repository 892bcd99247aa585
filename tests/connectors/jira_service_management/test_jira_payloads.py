"""Every public recording and official example of Atlassian's payloads that is at hand goes through the mappers.

They are other people's and not part of this repository; HELPDESK_KPI_PAYLOADS names the folder that holds
`jira_service_management/`.
"""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from connectors.jira_service_management import payloads as js
from connectors.jira_service_management.mapping import changelog, people, satisfaction, sla
from connectors.jira_service_management.mapping.comments import map_comment
from connectors.jira_service_management.mapping.issues import map_issue, map_status
from connectors.jira_service_management.mapping.labels import NameIndex
from connectors.jira_service_management.mapping.selection import JiraFields
from connectors.jira_service_management.mapping.worklogs import map_worklogs
from helpdesk_kpi.model import Name, SlaCycle

ROOT = os.environ.get("HELPDESK_KPI_PAYLOADS")
pytestmark = pytest.mark.skipif(not ROOT, reason="HELPDESK_KPI_PAYLOADS names no folder of recorded payloads")
FOLDER = Path(ROOT or "") / "jira_service_management"
KEEP = JiraFields(
    url="https://acme.atlassian.net", sketch_key=b"key", slas={"customfield_1": "x"}, rating="customfield_2"
)


def comment(row: js.Comment) -> Any:
    return map_comment("1", row, KEEP, service=True)


def worklog(row: js.Worklog) -> Any:
    made, aside, _ = map_worklogs(row.issue_id, [row])
    assert not aside
    return made


def person(row: js.User) -> Any:
    return people.map_person(row, people.TeamMapping())


#: Kind -> the payload's type, and what makes records of it.
KINDS: dict[str, tuple[type[Any], Callable[[Any], Any]]] = {
    "issue": (js.Issue, lambda row: map_issue(row, KEEP)),
    "changes": (js.IssueChanges, lambda row: msgspec.json.decode(row.change_histories, type=list[js.History])),
    "history": (js.History, lambda row: changelog.read_history("1", [row], KEEP.words, {}, NameIndex()).events),
    "comment": (js.Comment, comment),
    "worklog": (js.Worklog, worklog),
    "user": (js.User, person),
    "status": (js.Status, map_status),
    "field": (js.Field, lambda row: Name("field", row.id, row.name)),
    "project": (js.Project, lambda row: Name("brand", row.id, row.name)),
    "sla": (js.Sla, lambda row: sla.map_cycles("1", "customfield_10030", row, "x", 5)),
    "feedback": (js.Feedback, lambda row: satisfaction.parse_stars(row.rating)),
    "server": (js.ServerInfo, lambda row: row),
    "count": (js.Count, lambda row: row),
}


def kind_of(row: dict[str, Any]) -> str | None:
    """What an object is, by what only such have."""
    marks = {
        "changeHistories": "changes", "completedCycles": "sla", "serverTitle": "server", "clauseNames": "field",
        "projectTypeKey": "project", "accountId": "user",
    }  # fmt: skip
    found = next((kind for mark, kind in marks.items() if mark in row), None)
    shapes: list[tuple[str, set[str]]] = [
        ("issue", {"id", "fields"}), ("history", {"items", "created", "id"}),
        ("worklog", {"started", "timeSpentSeconds", "id"}), ("comment", {"body", "author", "created", "id"}),
        ("status", {"id", "statusCategory"}),
        ("feedback", {"rating", "type"}), ("count", {"count"}),
    ]  # fmt: skip
    return found or next((kind for kind, keys in shapes if keys <= row.keys() and is_ours(kind, row)), None)


def is_ours(kind: str, row: dict[str, Any]) -> bool:
    """Other things look alike."""
    match kind:
        case "issue":  # the end of a link, or a parent, is shown by these
            known = {"summary", "status", "priority", "issuetype"}
            return isinstance(row["fields"], dict) and not set(row["fields"]) <= known
        case "comment":
            return isinstance(row["created"], str)
        case "status":
            return isinstance(row["statusCategory"], dict)
        case "count":
            return len(row) == 1
    return True


def whole(kind: str, row: dict[str, Any]) -> dict[str, Any]:
    """Some examples show a few fields of an issue; ours always ask for all."""
    status = {"id": "1", "statusCategory": {"key": "new"}}
    requests = {"created": "2026-01-01T00:00:00.000+0000", "updated": "2026-01-01T00:00:00.000+0000", "status": status,
             "project": {"id": "1", "key": "A"}}  # fmt: skip
    if kind != "issue":
        return row
    fields = {**requests, **row["fields"]}
    if fields["updated"] == 1:  # what stands in the official example is no time
        fields["updated"] = requests["updated"]
    return {**row, "fields": fields}


def inside(body: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Objects that we know, however deep a recording holds them."""
    if isinstance(body, list):
        for part in body:
            yield from inside(part)
    elif isinstance(body, dict):
        kind = kind_of(body)
        if kind:
            yield kind, body
        for part in body.values():
            yield from inside(part)


def bodies() -> Iterator[tuple[str, Any]]:
    for path in sorted(FOLDER.rglob("*.json")):
        if path.parent.name != "openapi":
            body = json.loads(path.read_text())
            yield path.name, body.get("_example", body) if isinstance(body, dict) else body


def test_every_recorded_payload_is_mapped_without_a_complaint() -> None:
    met: dict[str, int] = {}
    complaints: list[str] = []
    files = 0
    for name, body in bodies():
        files += 1
        for kind, row in inside(body):
            payload, make = KINDS[kind]
            try:
                make(msgspec.json.decode(json.dumps(whole(kind, row)), type=payload))
            except (msgspec.ValidationError, ValueError, TypeError, KeyError) as error:
                complaints.append(f"{name} {kind} {row.get('id')}: {error}")
            met[kind] = met.get(kind, 0) + 1
    assert complaints == []
    # The collections hold at least these; fewer would say that this test no longer finds them.
    assert set(met) == set(KINDS)
    assert files >= 70
    assert sum(met.values()) > 140


@pytest.mark.trap("jira 31")
def test_the_official_bulk_changelog_tells_seconds() -> None:
    body = dict(bodies())["jira_post_getBulkChangelogs.json"]
    page = msgspec.json.decode(json.dumps(body), type=js.ChangesPage)
    log, *_ = msgspec.json.decode(page.issue_change_logs, type=list[js.IssueChanges])
    rows = msgspec.json.decode(log.change_histories, type=list[js.History])
    assert [js.ms(row.created) for row in rows] == [1_492_070_429_000, 1_492_071_429_000]
    assert page.next_page_token == "UxAQBFRF"


def test_the_official_slas_have_ids_in_their_links_and_their_runs_in_order() -> None:
    """Three SLAs; the first has two completed runs and one that goes on."""
    values = [row for kind, row in inside(dict(bodies())["jsm_get_getSlaInformation.json"]) if kind == "sla"]
    first = msgspec.json.decode(json.dumps(values[0]), type=js.Sla)
    cycles = sla.map_cycles("101102", "customfield_1", first, "", 5)
    assert {c.sla for c in cycles} == {"10030"}
    assert [c.elapsed for c in cycles] == [420_000, 19_380_000, 5_640_000]
    assert [c.is_breached for c in cycles] == [False, True, False]
    assert isinstance(cycles[0], SlaCycle)
    assert cycles[2].stopped_at is None


@pytest.mark.trap("jira 3")
def test_recorded_histories_and_comments_that_are_cut_are_found_out() -> None:
    rows = [row for name, body in bodies() if name == "issues.json" for kind, row in inside(body) if kind == "issue"]
    reads = {r["key"]: map_issue(msgspec.json.decode(json.dumps(r), type=js.Issue), KEEP) for r in rows}
    assert reads["TEST-2"].lacks_changes
    assert reads["TEST-4"].lacks_changes
    assert not reads["TEST-1"].lacks_changes
