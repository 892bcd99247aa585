"""The rows of a small Jira site, served as the Cloud or Data Center API does: enough for small accounts.

It finds by project, by category of status and by time, gives issues by id wherever they are, and can refuse a path.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from account_fixtures import Asking, instant
from starlette.responses import JSONResponse

from connectors.jira_service_management.settings import Credentials, Settings

DESK = "com.atlassian.servicedesk"
TYPE, APPROVALS, RATING, RATED = "customfield_10010", "customfield_10060", "customfield_10033", "customfield_10034"
FIELDS = [
    {"id": TYPE, "name": "Request type", "schema": {"custom": f"{DESK}:vp-origin"}},
    {"id": "customfield_10002", "name": "Organizations", "schema": {"custom": f"{DESK}:sd-customer-organizations"}},
    {"id": APPROVALS, "name": "Approvals", "schema": {"custom": f"{DESK}.approvals-plugin:sd-approvals"}},
    {"id": RATING, "name": "Satisfaction", "schema": {"custom": f"{DESK}:sd-request-feedback"}},
    {"id": RATED, "name": "Satisfaction date", "schema": {"custom": f"{DESK}:sd-request-feedback-date"}},
]  # fmt: skip
SUP = {"id": "10100", "key": "SUP", "name": "Support", "projectTypeKey": "service_desk"}
DEV = {"id": "10300", "key": "DEV", "name": "Development", "projectTypeKey": "software"}


def user(own: str, kind: str = "atlassian", name: str | None = None, **more: Any) -> dict[str, Any]:
    return {"accountId": own, "accountType": kind, "displayName": name or own, "active": True, **more}


CUSTOMER = user("qm:site:c1", "customer", "Customer A")
AGENT, SECOND, ADMIN = (user(f"5b-{own}", name=name) for own, name in
                        (("agent", "Agent One"), ("two", "Agent Two"), ("admin", "Admin One")))  # fmt: skip
RULE, FORM = user("557058:rule", "app", "Automation"), user("557058:form", "app", "Form app")


def status(own: str, name: str, category: str, **more: Any) -> dict[str, Any]:
    return {"id": own, "name": name, "statusCategory": {"key": category}, **more}


WAITING, WORKING, PENDING, RESOLVED, CLOSED = STATUSES = [
    status("1", "Waiting for support", "new"),
    status("2", "In progress", "indeterminate"),
    status("3", "Waiting for customer", "indeterminate"),
    status("4", "Resolved", "done"),
    status("6", "Closed", "done"),
]  # fmt: skip
MEDIUM, HIGH = {"id": "3", "name": "Medium"}, {"id": "2", "name": "High"}
DONE = {"id": "10000", "name": "Done"}


def at(text: str) -> str:
    """ "02 08:00" -> an instant of March 2026 as Jira writes it; with a month in front, "06-01 18:00" of that one.

    >>> at("02 08:00"), at("06-01 18:00:05")
    ('2026-03-02T08:00:00.000+0000', '2026-06-01T18:00:05.000+0000')
    """
    day, clock = text.split()
    month = day if "-" in day else f"03-{day}"
    return f"2026-{month}T{clock}{':00' if clock.count(':') == 1 else ''}.000+0000"


def issue(number: int, now: dict[str, Any] = RESOLVED, **fields: Any) -> dict[str, Any]:
    """A request of the customer of 2 March, 08:00, with the agent."""
    whole = {
        "created": at("02 08:00"), "updated": at("02 20:00"), "status": now, "project": SUP,
        "issuetype": {"id": "10001", "name": "Service Request", "subtask": False}, "reporter": CUSTOMER,
        "creator": CUSTOMER, "assignee": AGENT, "priority": MEDIUM, "resolution": None, "resolutiondate": None,
        "summary": f"No {number}", "description": "Please help", TYPE: {"requestType": {"id": "11", "name": "Help"}},
    }  # fmt: skip
    fields = {**whole, **fields}
    key = fields.pop("key", f"{fields['project']['key']}-{number}")
    return {"id": str(number), "key": key, "fields": fields}


def said(number: int, when: str, by: Mapping[str, Any] = AGENT, **more: Any) -> dict[str, Any]:
    return {"issueId": str(number), "created": at(when), "author": by, "jsdPublic": True, "body": "We look", **more}


def item(field: str, before: Any, after: Any, **more: Any) -> dict[str, Any]:
    """A change between two values with id and name; None: no value."""
    (old, old_name), (new, new_name) = _named(before), _named(after)
    told = {"field": field, "fieldtype": "jira", "fieldId": field, "from": old, "fromString": old_name, "to": new,
            "toString": new_name}  # fmt: skip
    return {**told, **more}


def _named(value: Any) -> tuple[str | None, str | None]:
    if value is None:
        return None, None
    return value.get("id") or value.get("accountId"), value.get("name") or value.get("displayName")


def changed(number: int, when: str, *items: dict[str, Any], by: Mapping[str, Any] | None = AGENT) -> dict[str, Any]:
    return {"issueId": str(number), "created": at(when), "items": list(items), **({"author": by} if by else {})}


def moved(before: dict[str, Any], after: dict[str, Any], number: int) -> list[dict[str, Any]]:
    """The two items of a move, as recorded: the key has no fieldId."""
    keys = {"fromString": f"{before['key']}-{number}", "toString": f"{after['key']}-{number}"}
    return [item("project", before, after), {"field": "Key", "fieldtype": "jira", "from": None, "to": None, **keys}]


class JiraRows:
    """One site. What it holds may be changed between two syncs.

    `roles`: key of a project -> people of its role Service Desk Team; none: the roles may not be read. `odd` answers
    before everything else.
    """

    connector = "jira_service_management"

    def __init__(
        self, *, issues: Sequence[dict[str, Any]], histories: Sequence[dict[str, Any]] = (),
        comments: Sequence[dict[str, Any]] = (), statuses: Sequence[dict[str, Any]] = STATUSES,
        projects: Sequence[dict[str, Any]] = (SUP,), roles: Mapping[str, Sequence[dict[str, Any]]] | None = None,
        odd: Callable[[Asking], Any] = lambda _: None, hidden: Sequence[str] = (), **settings: Any,
    ) -> None:  # fmt: skip
        self.issues, self.statuses, self.projects = list(issues), list(statuses), list(projects)
        self.histories = [{"id": str(100 + i), **row} for i, row in enumerate(histories)]
        self.comments = [{"id": str(500 + i), **row} for i, row in enumerate(comments)]
        self.roles, self.odd, self.hidden, self.own = roles, odd, set(hidden), settings
        self.priorities = [MEDIUM, HIGH]

    def settings(self, url: str) -> Settings:
        auth = Credentials(email="ann@example.com", token="t0ken")
        return Settings(url=url, **{"auth": auth, "confluence": False, **self.own})

    @property
    def is_cloud(self) -> bool:
        return "auth" not in self.own

    def answer(self, asking: Asking) -> Any:
        given = self.odd(asking)
        if given is not None:
            return given
        path = asking.path.partition("/rest/")[2].partition("/")[2].partition("/")[2]
        lists = self._lists()
        return lists[path] if path in lists else self._found(path, asking)

    def _lists(self) -> dict[str, Any]:
        return {
            "myself": {**user("5b-me", name="Me"), "timeZone": "UTC"},
            "field": FIELDS, "status": self.statuses, "priority": self.priorities, "resolution": [DONE],
            "configuration": {"timeTrackingEnabled": False}, "project": self.projects,
            "priority/search": _listed(self.priorities), "project/search": _listed(self.projects),
            "serverInfo": {"deploymentType": "Cloud" if self.is_cloud else "Server", "version": "10"},
            "search/approximate-count": {"count": len(self.issues)},
        }  # fmt: skip

    def _found(self, path: str, asking: Asking) -> Any:
        role = re.fullmatch(r"project/(\w+)/role(?:/(\d+))?", path)
        one = re.fullmatch(r"issue/(\d+)(/comment)?", path)
        found = None
        if path in {"search/jql", "search"}:
            found = self._search(asking.body)
        elif path == "issue/bulkfetch":
            found = self._by_id(asking.body)
        elif path == "changelog/bulkfetch":
            found = {"issueChangeLogs": [self._log(own) for own in asking.body["issueIdsOrKeys"]]}
        elif role:
            found = self._role(role[1], role[2], f"http://{asking.host}")
        elif one:
            found = self._comments(one[1]) if one[2] else self._one(one[1])
        return found

    def _role(self, key: str, own: str | None, url: str) -> Any:
        if self.roles is None:
            return JSONResponse({"errorMessages": ["No permission"]}, status_code=403)
        if own is None:
            return {"Administrators": f"{url}/rest/api/3/project/{key}/role/10002",
                    "Service Desk Team": f"{url}/rest/api/3/project/{key}/role/10007"}  # fmt: skip
        people = self.roles[key] if own == "10007" else [ADMIN]
        return {"name": "x", "actors": [
            {"type": "atlassian-user-role-actor", "displayName": one["displayName"], "actorUser": one}
            if "accountId" in one
            else {"type": "atlassian-user-role-actor", "displayName": one["displayName"], "name": one["name"]}
            for one in people
        ]}  # fmt: skip

    def _search(self, body: Mapping[str, Any]) -> Any:
        jql = body["jql"]
        keys = set(re.findall(r'"(\w+)"', jql.partition(")")[0]))
        found = [row for row in self.issues if row["fields"]["project"]["key"] in keys and row["id"] not in self.hidden]
        if "statusCategory != Done" in jql:
            found = [row for row in found if (row["fields"]["status"] or WAITING)["statusCategory"]["key"] != "done"]
        if since := re.search(r"updated >= (\d+)", jql):
            found = [row for row in found if _ms(row["fields"]["updated"]) >= int(since[1])]
        if rated := re.search(r"cf\[10034\] >= (\d+)", jql):
            found = [row for row in found if _ms(row["fields"].get(RATED)) >= int(rated[1])]
        is_ids = body["fields"] == ["id"]
        rows = [{"id": row["id"]} if is_ids else self._row(row) for row in found]
        start = body.get("startAt", 0)
        return {"issues": rows[start:], "total": len(rows), "startAt": start} if not self.is_cloud else {"issues": rows}

    def _row(self, row: dict[str, Any]) -> dict[str, Any]:
        """With its conversation; on Data Center with its history too."""
        talk = self._comments(row["id"])
        log = {"changelog": self._changelog(row["id"])} if not self.is_cloud else {}
        return {**row, "fields": {**row["fields"], "comment": talk}, **log}

    def _changelog(self, own: str) -> dict[str, Any]:
        rows = self._log(own)["changeHistories"]
        return {"startAt": 0, "maxResults": len(rows), "total": len(rows), "histories": rows}

    def _comments(self, own: str) -> dict[str, Any]:
        mine = [row for row in self.comments if row["issueId"] == own]
        return {"comments": mine, "total": len(mine), "startAt": 0, "maxResults": 100}

    def _log(self, own: str) -> dict[str, Any]:
        return {"issueId": own, "changeHistories": [row for row in self.histories if row["issueId"] == own]}

    def _by_id(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issues/#api-rest-api-3-issue-bulkfetch-post"""
        asked = body["issueIdsOrKeys"]
        found = [self._row(row) for row in self.issues if row["id"] in asked and row["id"] not in self.hidden]
        lost = [{"id": own, "errorMessage": "Not found"} for own in asked if own not in {row["id"] for row in found}]
        return {"expand": "schema,names", "issues": found, "issueErrors": lost}

    def _one(self, own: str) -> Any:
        return next((self._row(row) for row in self.issues if row["id"] == own and own not in self.hidden), None)


def _listed(rows: Sequence[Any]) -> dict[str, Any]:
    return {"values": list(rows), "startAt": 0, "maxResults": 100, "total": len(rows), "isLast": True}


def _ms(text: str | None) -> int:
    return instant(text) if text else 0
