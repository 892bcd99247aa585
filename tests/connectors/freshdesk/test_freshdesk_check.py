"""What `check` says of a Freshdesk account: what the key reaches, what the plan lacks, what a first sync costs."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
from freshdesk_fixtures import KEY, NEXT, NOW, Answers, Pulled, connected, refused, with_settings
from synced_fixtures import SyncedDesk, impatient

from helpdesk_kpi.measure.metrics.discovery import find_kpis
from helpdesk_kpi.pull.contract import Finding
from helpdesk_kpi.pull.discovery import find_connector
from helpdesk_kpi.pull.source_config import load_sources
from helpdesk_kpi.simulator.world.world import World, generate


def checked(answers: Answers, **settings: Any) -> Sequence[Finding]:
    result = Pulled()

    async def run() -> Sequence[Finding]:
        connector = connected(answers, result, with_settings(**settings))
        async with connector.http:
            return await connector.check()

    return asyncio.run(run())


def account(me: Any = None, **places: Any) -> Answers:
    """An account with nothing in it; `places` are answers by the last word of a path."""
    result = {"me": me or {"id": 1, "ticket_scope": 1}, "ticket_activities": {"export": None}, "account": {}, **places}

    def answers(request: httpx.Request) -> Any:
        found = result.get(request.url.path.rpartition("/")[2], [])
        return found(request) if callable(found) else found

    return answers


def list_texts(found: Sequence[Finding], about: str) -> list[tuple[str, str]]:
    return [(f.level, f.text) for f in found if f.about == about]


def test_a_whole_account_has_nothing_wrong_with_it(tmp_path: Path) -> None:
    found = of_world(tmp_path, generate(5, tickets=60, weeks=4))
    assert [f for f in found if f.level == "error"] == []
    assert [f.about for f in found if f.level == "warning"] == ["statuses"]  # "Assigned to AI Agent"
    assert list_texts(found, "credentials")[0][0] == "ok"
    assert [f.zone for f in found if f.about == "time zone"] == ["Europe/Berlin"]
    assert {"holidays", "history", "surveys"} <= {f.about for f in found if f.level == "note"}
    [(level, text)] = list_texts(found, "first sync")
    assert level == "ok"
    assert "conversations" in text
    assert KEY not in repr(found)


def of_world(tmp_path: Path, world: World, faults: str | None = None) -> Sequence[Finding]:
    desk = SyncedDesk(tmp_path, world, helpdesk="freshdesk", faults=faults)

    async def run() -> Sequence[Finding]:
        [source] = load_sources(desk.loaded, (), b"key")
        async with impatient(source) as http:
            http.wall = lambda: world.now / 1000
            return await source.connector(http, source.settings).check()

    with desk.served():
        return asyncio.run(run())


@pytest.mark.trap("freshdesk 7", "freshdesk 17")
def test_a_missing_feature_is_reported_with_its_capabilities(tmp_path: Path) -> None:
    world = generate(5, tickets=60, weeks=4)
    world.plan_without = {"surveys", "time_entries", "activities"}
    found = of_world(tmp_path, world, "forbid:business_hours")
    lost = {f.need: f.provides.answer for f in found if f.need and f.provides and f.level == "warning"}
    assert lost == dict.fromkeys(("survey.answers", "survey.dimensions", "time.entries", "schedules"), "no")
    assert [level for level, _ in list_texts(found, "activities")] == ["note"]
    assert "not in this account's plan" in list_texts(found, "satisfaction ratings")[0][1]
    assert "the key of an admin" in list_texts(found, "business hours")[0][1]


@pytest.mark.parametrize(
    ("scope", "level", "says"),
    [(1, "ok", "all tickets"), (None, "ok", "all tickets"), (2, "error", "of their groups"),
     (3, "error", "assigned to them")],
)  # fmt: skip
def test_a_key_that_sees_fewer_tickets_is_an_error(scope: int | None, level: str, says: str) -> None:
    [(found, text)] = list_texts(checked(account({"id": 1, "ticket_scope": scope})), "rights")
    assert found == level
    assert says in text


@pytest.mark.parametrize(
    ("answer", "about"),
    [(refused(401, "invalid_credentials"), "credentials"), (refused(403, "account_suspended"), "credentials"),
     (httpx.Response(404), "address")],
)  # fmt: skip
def test_without_a_way_in_there_is_one_line(answer: httpx.Response, about: str) -> None:
    found = checked(lambda _: answer)
    assert [(f.level, f.about) for f in found] == [("error", about)]


def test_a_wrong_clock_is_said() -> None:
    late = httpx.Response(200, json={"id": 1}, headers={"date": "Mon, 01 Jun 2026 10:10:00 GMT"})
    [(level, text)] = list_texts(checked(account(me=lambda _: late)), "clock")
    assert (level, "600 s behind" in text) == ("warning", True)
    assert NOW == 1_780_308_000_000  # 10:00 by the clock of this test


def test_statuses_fields_and_questions_that_need_configuration_are_reported() -> None:
    status = {"2": ["Open", ""], "8": ["Waiting for parts", ""]}
    fields = [{"id": 1, "name": "status", "type": "default_status", "choices": status}]
    requests = [
        {"id": 5, "questions": [{"id": "default_question", "default": True}, {"id": "question_8", "label": "Fast?"}]}
    ]
    found = checked(account(ticket_fields=fields, surveys=requests), keep_fields=("Category", "cf_no"))
    assert [text.partition(" counts")[0] for _, text in list_texts(found, "statuses")] == ["'Waiting for parts' (8)"]
    assert sorted(text for _, text in list_texts(found, "fields")) == [
        "no ticket field is named 'Category'", "no ticket field is named 'cf_no'",
    ]  # fmt: skip
    assert "question 8: 'Fast?'; [csat] dimensions may name it" in [text for _, text in list_texts(found, "surveys")]


@pytest.mark.parametrize(
    ("pages", "says"),
    [
        # Half of 200 a minute: 5,000 conversations go in 50 minutes' shares, of which the first comes at once. A page
        # of tickets costs 9, so 11 go into a share and 50 into 5.
        (50, "5,050 requests, 53 minutes"),
        (301, "more than 30,000 tickets"),
    ],
)
def test_the_first_sync_is_estimated_from_the_length_of_the_list_and_the_limit(pages: int, says: str) -> None:
    def tickets(request: httpx.Request) -> httpx.Response:
        more = int(request.url.params["page"]) < pages if "page" in request.url.params else False
        headers = {"x-ratelimit-total": "200.0", "x-ratelimit-remaining": "150.0",
                   "x-ratelimit-used-currentrequest": "9" if "include" in request.url.params else "1"}  # fmt: skip
        return httpx.Response(200, json=[], headers=headers | ({"link": NEXT} if more else {}))

    [(_, text)] = list_texts(checked(account(tickets=tickets)), "first sync")
    assert says in text


def test_it_says_of_every_need_of_a_kpi_what_it_gives_and_why_not_more() -> None:
    provides = find_connector("freshdesk").provides
    assert {need for kpi in find_kpis().values() for need in kpi.needs} <= provides.keys()
    assert [need for need, given in provides.items() if given.answer != "yes" and not given.reason] == []
    assert provides["status.history"].answer == "partly"
