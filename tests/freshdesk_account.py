"""A small Freshdesk account: rows written by hand, served as Freshdesk's lists give them, synced and measured whole.

Times are of Monday 2 March 2026, UTC, unless a test says otherwise. Nothing here is a recording.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
from small_account import SmallAccount, at

NOW = at("2026-03-09 12:00")
ONE, TWO, LEFT = 101, 102, 109  # LEFT: was an agent and is not listed any more
Row = dict[str, Any]


def ticket(number: int, *, requester: int | None = None, agent: int | None = ONE, **more: Any) -> Row:
    """Asked at 08:00, solved at 11:00."""
    stats = {"first_responded_at": None, "resolved_at": "2026-03-02T11:00:00Z"}
    stats |= {"status_updated_at": "2026-03-02T11:00:00Z"} | more.pop("stats", {})
    return {
        "id": number, "requester_id": requester or 5000 + number, "responder_id": agent, "group_id": None, "status": 4,
        "priority": 1, "source": 1, "created_at": "2026-03-02T08:00:00Z", "updated_at": "2026-03-02T11:00:00Z",
        "association_type": None, "spam": False, "subject": "Invoice", "stats": stats, "description_text": "A question",
        **more,
    }  # fmt: skip


def words(moment: str, author: int, *, incoming: bool = False, source: int = 0, **more: Any) -> Row:
    return {
        "id": int(moment.replace(":", "")), "created_at": f"2026-03-02T{moment}:00Z", "user_id": author,
        "incoming": incoming, "private": False, "source": source, "body_text": "words", "automation_id": None,
        "auto_response": False, **more,
    }  # fmt: skip


class Desk:
    """Two agents, some tickets, and what was said on each; `lists` are further ones by the end of their path."""

    def __init__(self, tickets: Sequence[Row], said: Mapping[int, Sequence[Row]], **lists: Sequence[Row]) -> None:
        self.tickets, self.said, self.lists = tickets, said, lists
        self.gone: Sequence[Row] = ()  # the list of deleted tickets
        self.agents = [
            {"id": number, "type": "support_agent", "contact": {"name": name, "email": f"{number}@desk.example"}}
            for number, name in ((ONE, "Agent One"), (TWO, "Agent Two"))
        ]

    def __call__(self, request: httpx.Request) -> Any:
        path = request.url.path.removeprefix("/api/v2/")
        if path == "tickets":
            rows = {None: self.tickets, "deleted": self.gone}.get(request.url.params.get("filter"), ())
            since = request.url.params["updated_since"]
            return sorted((row for row in rows if row["updated_at"] >= since), key=lambda row: row["updated_at"])
        if path.endswith("/conversations"):
            found = list(self.said.get(int(path.split("/")[1]), ()))
            return [{**row, "id": int(path.split("/")[1]) * 10_000 + row["id"]} for row in found]
        if path == "agents":
            return self.agents
        return None if path.startswith("export") else self.lists.get(path.rpartition("/")[2], [])


class Exporting(Desk):
    """A desk with the export: day -> what its file holds, a response, or None (no such file)."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.days: dict[str, Any] = {}

    def __call__(self, request: httpx.Request) -> Any:
        if request.url.host == "files.example":
            given = self.days[request.url.path[1:]]
            return given if isinstance(given, httpx.Response) else {"activities_data": given}
        if request.url.path.endswith("ticket_activities"):
            day = request.url.params["created_at"]
            return {"export": {"url": f"https://files.example/{day}"} if day in self.days else None}
        return super().__call__(request)


def activity(number: int, **more: Any) -> Row:
    return {"ticket_id": number, "performed_at": "02-03-2026 10:00:00 +0000", "performer_type": "user",
            "performer_id": ONE, "activity": {"priority": 4}, **more}  # fmt: skip


Told = dict[str, list[Any]]


def synced(folder: Path, desk: Desk, now: int = NOW, *, more: str = "") -> SmallAccount:
    """`more` is added to the configuration."""
    account = SmallAccount(folder, "freshdesk", desk, more=more)
    account.sync(now)
    return account


def told(account: SmallAccount, kpi: str, as_of: int = NOW, variant: str = "strict") -> Told:
    """Ticket -> why it is left out, else its seconds or its value, for each observation."""
    found: Told = {}
    for row in account.observations(kpi, as_of=as_of, variant=variant):
        seconds = row["calendar_seconds"]
        found.setdefault(row["ticket"], []).append(row["reason"] or (row["value"] if seconds is None else seconds))
    return found


def first_replies(account: SmallAccount) -> dict[str, tuple[Any, Any, Any]]:
    """Ticket -> (seconds, by whom, why it is left out)."""
    rows = account.observations("first_reply_time", as_of=NOW)
    return {row["ticket"]: (row["calendar_seconds"], row["agent"], row["reason"]) for row in rows}


def team(account: SmallAccount) -> set[str | None]:
    with account.store() as store:
        return {name for (name,) in store.rows("SELECT name FROM people WHERE kind = 'agent'")}


def on(moment: str, day: int) -> str:
    return f"2026-03-{day:02}T{moment}:00Z"


def later(moment: str, author: int, *, day: int, **more: Any) -> Row:
    return words(moment, author, **more) | {"created_at": on(moment, day)}


def answer(number: int, point: Any, created: str, updated: str | None = None, **more: Any) -> Row:
    """An answer to the survey about ticket 1."""
    return {"id": number, "survey_id": 1, "user_id": 5001, "agent_id": ONE, "group_id": None, "ticket_id": 1,
            "feedback": None, "created_at": created, "updated_at": updated or created,
            "ratings": {"default_question": point}, **more}  # fmt: skip
