"""A small Zendesk account: rows written by hand, served with the vendor's own parameters, defaults and ends of lists.

Keys that a row leaves out have the values that they have on most rows. Nothing here is a recording.
"""

import datetime as dt
import itertools
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from account_fixtures import Asking, instant
from starlette.responses import Response

from connectors.zendesk.settings import Credentials, Settings

AGENT, OTHER_AGENT, CUSTOMER = 501, 502, 601
SECOND = 1000
FORBIDDEN = {"error": {"title": "Forbidden", "message": "Access to this resource is restricted."}}
_LISTS = (
    "brands", "ticket_forms", "ticket_fields", "custom_statuses", "groups", "group_memberships", "satisfaction_ratings",
    "organizations", "deleted_users", "deleted_tickets",
)  # fmt: skip
_numbers = itertools.count(70_000_000_001)


def user(number: int, role: str | None = "end-user", **given: Any) -> dict[str, Any]:
    times = {"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-01T00:00:00Z"}
    return {"id": number, "name": f"Person {number}", "email": f"u{number}@desk.example", "role": role,
            "active": True, "suspended": False, **times, **given}  # fmt: skip


def ticket(number: int, created: str, updated: str | None = None, **given: Any) -> dict[str, Any]:
    updated = updated or created
    channel, rel = given.pop("channel", "email"), given.pop("rel", None)
    via = {"channel": channel, "source": {"from": {}, "to": {}, "rel": rel}}
    return {
        "id": number, "via": via, "created_at": created, "updated_at": updated, "tags": [], "priority": "normal",
        "generated_timestamp": instant(updated) // SECOND, "subject": f"Request {number}", "status": "solved",
        "description": "Please help.", "requester_id": CUSTOMER, "submitter_id": CUSTOMER, "assignee_id": AGENT,
        "group_id": None, "is_public": True, "satisfaction_rating": None, "from_messaging_channel": False,
        "support_type": "agent", **given,
    }  # fmt: skip


def comment(author: int | None, body: str = "Some words.", *, public: bool = True, **given: Any) -> dict[str, Any]:
    kind = given.pop("type", "Comment")
    return {"id": next(_numbers), "event_type": kind, "type": kind, "author_id": author, "body": body,
            "html_body": f"<p>{body}</p>", "public": public, "attachments": [], **given}  # fmt: skip


def created(**fields: Any) -> list[dict[str, Any]]:
    return [{"id": next(_numbers), "event_type": "Create", key: value} for key, value in fields.items()]


def change(field: str, before: Any, after: Any) -> dict[str, Any]:
    return {"id": next(_numbers), "event_type": "Change", field: after, "previous_value": before}


def event(number: int, at: str, updater: int, *children: Any, via: Any = "Web form", **given: Any) -> dict[str, Any]:
    """One update of a ticket, as the export of ticket events gives it."""
    return {"id": next(_numbers), "ticket_id": number, "timestamp": instant(at) // SECOND, "created_at": at,
            "updater_id": updater, "via": via, "event_type": "Audit",
            "child_events": list(children), **given}  # fmt: skip


def ordinary(
    number: int, *, asked: str, answered: str | None = None, solved: str | None = None, customer: int = CUSTOMER,
    agent: int = AGENT, via: str = "Mail",
) -> list[dict[str, Any]]:  # fmt: skip
    """The events of a request that a customer makes, and an agent answers and solves."""
    found = [event(number, asked, customer, comment(customer), *created(status="new"), via=via)]
    before = "new"
    if answered:
        taken = [change("status", "new", "open"), change("assignee_id", None, agent)]
        found.append(event(number, answered, agent, comment(agent), *taken))
        before = "open"
    if solved:
        found.append(event(number, solved, agent, change("status", before, "solved")))
    return found


def as_audit(row: dict[str, Any]) -> dict[str, Any]:
    """An event of the export as the audits of its ticket tell it."""
    return {"id": row["id"], "ticket_id": row["ticket_id"], "created_at": row["created_at"],
            "author_id": row["updater_id"], "via": {"channel": "web"},
            "events": [_as_audits_have_it(child) for child in row["child_events"]]}  # fmt: skip


def _as_audits_have_it(child: dict[str, Any]) -> dict[str, Any]:
    if "body" in child:
        return child
    [field] = [key for key in child if key not in {"id", "event_type", "previous_value"}]
    named = {"id": child["id"], "type": child["event_type"], "field_name": field, "value": child[field]}
    return named | ({"previous_value": child["previous_value"]} if "previous_value" in child else {})


class ZendeskRows:
    """Serves rows. What a test leaves out is an empty list; `refused` and `missing` are parts of paths.

    `ratings_by`: which time of a rating `start_time` means; Zendesk's page does not settle it.
    """

    connector = "zendesk"

    def __init__(self, **rows: Any) -> None:
        self.users: list[dict[str, Any]] = rows.pop("users", [user(AGENT, "agent"), user(CUSTOMER)])
        self.tickets: list[dict[str, Any]] = rows.pop("tickets", [])
        self.ticket_events: list[dict[str, Any]] = rows.pop("ticket_events", [])
        self.audits: dict[int, list[dict[str, Any]]] = rows.pop("audits", {})
        self.engagements: list[dict[str, Any]] = rows.pop("engagements", [])
        self.calls: list[dict[str, Any]] = rows.pop("calls", [])
        self.refused: tuple[str, ...] = rows.pop("refused", ("/guide/", "/slas/", "/business_hours/", "/help_center/"))
        self.ratings_by: str = rows.pop("ratings_by", "created_at")
        self.options: dict[str, Any] = rows.pop("options", {})
        self.lists: dict[str, list[dict[str, Any]]] = {name: rows.pop(name, []) for name in _LISTS}
        assert not rows, f"no such rows: {sorted(rows)}"

    def settings(self, url: str) -> Settings:
        auth = Credentials(email="reader@desk.example", token="key-of-the-account")
        return Settings(url=url, auth=auth, help_centers=False, **self.options)

    def answer(self, asking: Asking) -> Any:
        path = asking.path.removesuffix(".json").removeprefix("/api/v2/")
        if any(part in f"/{path}/" for part in self.refused):
            return Response(json.dumps(FORBIDDEN), 403, media_type="application/json")
        first, *rest = path.split("/")
        if len(rest) > 0 and rest[0].isdecimal():
            return self._one(first, int(rest[0]), rest[1:])
        exports: dict[str, Callable[[Mapping[str, str]], Any]] = {
            "incremental/tickets/cursor": self._tickets, "incremental/users/cursor": self._users,
            "incremental/ticket_events": self._events, "channels/voice/stats/incremental/calls": self._calls,
            "engagements": self._engagements, "satisfaction_ratings": self._ratings,
            "search/export": lambda _: self._list("results", []),
            "incremental/ticket_metric_events": lambda query: self._timed("ticket_metric_events", [], query),
            "incremental/organizations": lambda query: self._timed("organizations", [], query),
        }  # fmt: skip
        if path in exports:
            return exports[path](asking.query)
        if path in {"users", "tickets"}:
            role = asking.query.get("role")
            return self._list(path, [row for row in getattr(self, path) if role in {None, row.get("role")}])
        return self._list(path, self.lists[path]) if path in self.lists else None

    def _one(self, kind: str, number: int, more: list[str]) -> Any:
        if kind == "tickets" and more == ["audits"]:
            found = self.audits.get(number)
            return None if found is None else self._list("audits", found)
        if kind == "satisfaction_ratings" and not more:
            return next(({"satisfaction_rating": row} for row in self.lists[kind] if row["id"] == number), None)
        return None

    def _tickets(self, query: Mapping[str, str]) -> Any:
        return self._cursor("tickets", [row for row in self.tickets if self._in_scope(row, query)], query)

    def _users(self, query: Mapping[str, str]) -> Any:
        rows = [{**row, "generated_timestamp": instant(row["updated_at"]) // SECOND} for row in self.users]
        return self._cursor("users", rows, query)

    def _events(self, query: Mapping[str, str]) -> Any:
        by_id = {row["id"]: row for row in self.tickets}
        rows = [row for row in self.ticket_events if self._in_scope(by_id.get(row["ticket_id"], {}), query)]
        return self._timed("ticket_events", rows, query)

    def _calls(self, query: Mapping[str, str]) -> Any:
        """No end of the stream is told, and a next page always."""
        start = int(query["start_time"])
        rows = [row for row in self.calls if instant(row["updated_at"]) // SECOND >= start]
        end = max((instant(row["updated_at"]) // SECOND for row in rows), default=start)
        return {"calls": rows, "count": len(rows), "end_time": end, "next_page": "https://elsewhere.example/next"}

    def _ratings(self, query: Mapping[str, str]) -> Any:
        start = int(query.get("start_time", "0")) * SECOND
        rows = self.lists["satisfaction_ratings"]
        return self._list("satisfaction_ratings", [row for row in rows if instant(row[self.ratings_by]) >= start])

    def _in_scope(self, row: Mapping[str, Any], query: Mapping[str, str]) -> bool:
        """The parameter of both exports, with its default."""
        return query.get("support_type_scope", "agent") in {"all", row.get("support_type", "agent")}

    def _cursor(self, key: str, rows: list[dict[str, Any]], query: Mapping[str, str]) -> dict[str, Any]:
        """An export by cursor: of nothing new the cursor is null."""
        start = int(query.get("cursor", query.get("start_time", 0)))
        later = [row for row in rows if row["generated_timestamp"] > start or "cursor" not in query]
        later = [row for row in later if row["generated_timestamp"] >= start]
        after = str(max(row["generated_timestamp"] for row in later)) if later else None
        return {key: sorted(later, key=lambda r: (r["generated_timestamp"], r["id"])), "after_cursor": after,
                "end_of_stream": True}  # fmt: skip

    def _timed(self, key: str, rows: list[dict[str, Any]], query: Mapping[str, str]) -> dict[str, Any]:
        start = int(query["start_time"])
        later = sorted((row for row in rows if row["timestamp"] >= start), key=lambda row: int(row["timestamp"]))
        end = max((int(row["timestamp"]) for row in later), default=start)
        return {key: later, "count": len(later), "end_time": end, "next_page": None, "end_of_stream": True}

    def _list(self, key: str, rows: list[Any]) -> dict[str, Any]:
        return {key: rows, "meta": {"has_more": False, "after_cursor": None}, "links": {"next": None, "prev": None}}

    def _engagements(self, query: Mapping[str, str]) -> dict[str, Any]:
        """Ten rows a page by start and id; the next address names a host that nobody may ask."""
        rows = sorted(((_started(row), row["engagement_id"], row) for row in self.engagements), key=lambda r: r[:2])
        rows = [row for row in rows if row[0] >= int(query.get("start_time", 0))]
        after = (int(query.get("start_time_cursor", -1)), query.get("engagement_id_cursor", ""))
        later = [row for row in rows if row[:2] > after]
        page, more = later[:10], len(later) > 10
        place = {"start_time": query.get("start_time", "0"), "page_size": 10, "channel": "MESSAGING"}
        if more:
            place |= {"start_time_cursor": page[-1][0], "engagement_id_cursor": page[-1][1]}
        return {
            "agent_engagement_data": [row for *_, row in page], "has_more": more, "page_size": len(page),
            "next_page_url": f"https://pod.internal.example/api/v2/engagements?{urlencode(place)}" if more else None,
        }  # fmt: skip


def session(name: str, number: int, start: str, **given: Any) -> dict[str, Any]:
    """A messaging session in which the agent replied 45 s after it was assigned; times without a zone, as recorded."""
    return {
        "engagement_id": name, "ticket_id": number, "agent_id": AGENT, "group_id": 1, "requester_id": CUSTOMER,
        "offer_time_seconds": 2, "assignment_to_first_reply_time_seconds": 45, "agent_messages_count": 3,
        "agent_replies_count": 2, "total_requester_wait_time_seconds": 80, "longest_requester_wait_time_seconds": 50,
        "average_requester_wait_time_seconds": 40, "end_user_messages_count": 3, "channel": "MESSAGING",
        "engagement_start_reason": "Assigned", "engagement_start_time": start.removesuffix("Z"),
        "engagement_end_time": _later(start, 1800), "engagement_end_reason": "Ended", "ticket_status_start": "NEW",
        "ticket_status_end": "SOLVED", **given,
    }  # fmt: skip


def _started(row: dict[str, Any]) -> int:
    return instant(f"{row['engagement_start_time']}Z") // SECOND


def _later(start: str, seconds: int) -> str:
    return (dt.datetime.fromisoformat(start) + dt.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S")
