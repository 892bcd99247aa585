"""Values that stop a decoder or a store, on the wire of each helpdesk: the row costs itself, and nothing after it."""

import json
from collections.abc import Iterable, Mapping
from functools import reduce
from pathlib import Path
from typing import Any

import freshdesk_account as freshdesk
import httpx
import knowledge_fixtures as knowledge
import msgspec
import pytest
import small_account
import test_broken_values
from jira_account import JiraRows, issue, said
from small_account import Asking, ServedAccount
from starlette.responses import Response

from helpdesk_kpi.pull.sync import StreamResult

MARK = "THE POISON"
#: As it stands in the body; none of them is a value that any key of a helpdesk has.
POISONS = {
    "2^63": b"9223372036854775808", "2^64 in a text": b'"18446744073709551616"', "1e999": b"1e999",
    "NUL": b'"9902\\u0000"', "1,500 deep": b"[" * 1500 + b"]" * 1500,
    "1,500 objects": b'{"a":' * 1500 + b"0" + b"}" * 1500,
}  # fmt: skip
JSON = {"content-type": "application/json"}
FIRST_REPLY = 3600  # of all tickets: asked at 08:00 or 09:00, answered an hour later


def poisoned(body: Any, rows: tuple[str, ...], key: str, poison: bytes) -> bytes:
    """The body with the poison under a key of the row with the id 2 (or 9902); a key with dots lies deeper."""
    place = body = json.loads(json.dumps(body))
    for step in rows:
        place = place[step]
    for row in place:
        if str(row["id"]) in {"2", "9902"}:
            *steps, last = key.split(".")
            inner = reduce(lambda reported, step: reported.get(step, {}), steps, row)
            if last in inner:
                inner[last] = MARK
    return json.dumps(body).encode().replace(f'"{MARK}"'.encode(), poison)


class InMemory:
    """Answers of Zendesk or Freshdesk in which one row is poisoned."""

    def __init__(
        self, answers: small_account.Answers, path: str, rows: tuple[str, ...], key: str, poison: bytes
    ) -> None:
        self.answers, self.path, self.rows, self.key, self.poison = answers, path, rows, key, poison

    def __call__(self, request: httpx.Request) -> Any:
        given = self.answers(request)
        if request.url.path.removesuffix(".json") != self.path or not given:
            return given
        body = msgspec.json.decode(given.content) if isinstance(given, httpx.Response) else given
        return httpx.Response(200, content=poisoned(body, self.rows, self.key, self.poison), headers=JSON)


class PoisonedJira(JiraRows):
    key, poison = "", b""

    def answer(self, asking: Asking) -> Any:
        given = super().answer(asking)
        if not asking.path.endswith("/search/jql"):
            return given
        return Response(poisoned(given, ("issues",), self.key, self.poison), media_type="application/json")


@pytest.fixture(autouse=True)
def acme_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_KEY", "k3y")


def check(found: Mapping[str, Any], results: Iterable[StreamResult], neighbours: tuple[str, str]) -> None:
    reported = list(results)
    assert [r for r in reported if r.outcome not in {"ok", "unavailable"}] == []
    assert sum(r.rejected for r in reported) <= 1
    assert [found.get(number) for number in neighbours] == [FIRST_REPLY, FIRST_REPLY]
    assert len(found) <= 3


@pytest.mark.parametrize("poison", POISONS)
@pytest.mark.parametrize("key", ["id", "created_at", "priority", "via"])
def test_zendesk(tmp_path: Path, key: str, poison: str) -> None:
    desk = test_broken_values.Zendesk("nowhere", b"")
    answers = InMemory(desk, "/api/v2/incremental/tickets/cursor", ("tickets",), key, POISONS[poison])
    account = small_account.SmallAccount(tmp_path, "zendesk", answers)
    results = account.sync(test_broken_values.NOW)
    found = account.by_ticket("first_reply_time", "value", as_of=test_broken_values.NOW)
    check(found, results, ("9901", "9903"))


@pytest.mark.parametrize("poison", POISONS)
@pytest.mark.parametrize("key", ["id", "created_at", "priority", "stats.resolved_at"])
def test_freshdesk(tmp_path: Path, key: str, poison: str) -> None:
    tickets = [freshdesk.ticket(number) for number in (1, 2, 3)]
    desk = freshdesk.Desk(tickets, {number: [freshdesk.words("09:00", freshdesk.ONE)] for number in (1, 2, 3)})

    def known(request: httpx.Request) -> Any:
        is_odd = request.url.path.endswith("/conversations") and not request.url.path.split("/")[-2].isdecimal()
        return None if is_odd else desk(request)

    answers = InMemory(known, "/api/v2/tickets", (), key, POISONS[poison])
    account = small_account.SmallAccount(tmp_path, "freshdesk", answers)
    results = account.sync(freshdesk.NOW)
    found = account.by_ticket("first_reply_time", "value", as_of=freshdesk.NOW)
    check(found, results, ("1", "3"))


@pytest.mark.parametrize("poison", POISONS)
@pytest.mark.parametrize("key", ["id", "fields.created", "fields.priority", "fields"])
def test_jira(tmp_path: Path, key: str, poison: str) -> None:
    rows = PoisonedJira(
        issues=[issue(number) for number in (1, 2, 3)], comments=[said(number, "02 09:00") for number in (1, 2, 3)]
    )
    rows.key, rows.poison = key, POISONS[poison]
    account = ServedAccount(tmp_path, rows)
    results = account.sync("2026-03-20T00:00:00Z")
    found = {
        number: values[0] for number, values in account.list_values("first_reply_time", "2026-03-20T00:00:00Z").items()
    }
    check(found, results.values(), ("1", "3"))


# --- times in articles

TIMES = {
    "year 1": b'"0001-01-01T00:00:00Z"', "year 9999": b'"9999-12-31T23:59:59Z"', "no time": b'"soon"', "null": b"null",
    "2^63": b"9223372036854775808", "no zone": b'"2026-03-02T10:00:00+99:99"', "list": b"[[]]",
}  # fmt: skip


def three_articles(request: httpx.Request) -> Any:
    """Freshdesk's knowledge base with an article three times, under ids of their own."""
    given = knowledge.Solutions(101)(request)
    return [{**given[0], "id": number} for number in (1, 2, 3)] if request.url.path.endswith("/articles") else given


KNOWLEDGE: dict[str, tuple[small_account.Answers, str, tuple[str, ...], str]] = {
    "zendesk": (
        knowledge.HelpCenter(*(knowledge.article(number, 501) for number in (1, 2, 3))),
        "/api/v2/help_center/incremental/articles", ("articles",), "",
    ),
    "freshdesk": (three_articles, "/api/v2/solutions/folders/2/articles", (), ""),
    "jira_service_management": (
        knowledge.Site([knowledge.page(number, ("2026-03-02", "ann")) for number in (1, 2, 3)]),
        "/wiki/api/v2/pages", ("results",), 'agents = ["ann"]',
    ),
}  # fmt: skip
KEYS = [
    ("zendesk", "created_at"), ("zendesk", "updated_at"), ("zendesk", "edited_at"), ("freshdesk", "created_at"),
    ("freshdesk", "updated_at"), ("jira_service_management", "createdAt"),
    ("jira_service_management", "version.createdAt"),
]  # fmt: skip


@pytest.mark.parametrize("time", TIMES)
@pytest.mark.parametrize(("helpdesk", "key"), KEYS)
def test_a_time_in_an_article_costs_at_most_the_article(tmp_path: Path, helpdesk: str, key: str, time: str) -> None:
    answers, path, rows, own = KNOWLEDGE[helpdesk]
    account = small_account.SmallAccount(tmp_path, helpdesk, InMemory(answers, path, rows, key, TIMES[time]), own=own)
    results = account.sync(knowledge.FIRST)
    assert [r for r in results if r.stream.startswith("article") and r.outcome not in {"ok", "not_due"}] == []
    written = {native for native, by, _ in knowledge.written(account, knowledge.FIRST) if by == "Agent One"}
    assert written - {"2"} == {"1", "3"}
    assert all(r.rejected <= 1 for r in results)
