"""Which teams are escalated to: by name, id or source and id; naming others is a new reading of the tickets."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from metric_store_fixtures import MONDAY, Source, agent, period_of, ticket, value

from helpdesk_kpi.cli.app_context import AppContext
from helpdesk_kpi.cli.checks.findings import config_findings
from helpdesk_kpi.config import Config, Tickets, Valid
from helpdesk_kpi.identities.source_rules import load_source_rules
from helpdesk_kpi.measure.build.build import build_stale
from helpdesk_kpi.measure.query.metric_query import build_query
from helpdesk_kpi.measure.query.metric_store import MetricStore
from helpdesk_kpi.model import Event, Team
from helpdesk_kpi.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "t.db") as opened:
        yield opened


def config(**tickets: Any) -> Config:
    return Config(timezone="Europe/Berlin", sources={"acme": {"connector": "zendesk"}}, tickets=Tickets(**tickets))


@pytest.mark.parametrize("by_name", ["Second Level", "second level ", "t2", "acme:t2", "ACME:T2"])
def test_a_team_is_identified_as_people_do(store: Store, by_name: str) -> None:
    first, other = Source(store), Source(store, "beta")
    first.put(Team("t1", "First"), Team("t2", "Second Level"))
    other.put(Team("t9", "Elsewhere"))
    [key] = store.rows("SELECT id FROM teams WHERE native = 't2'")
    desks = load_source_rules(store, config(escalation_teams=[by_name]))
    assert [desk.escalation_teams for desk in desks.values()] == [{*key}, set()]


def escalated(store: Store) -> None:
    """Ann has it, sends it to the second level with a note, and it is solved."""
    source = Source(store)
    moves: tuple[tuple[int, Any, str | None, str | None, str | None], ...] = (
        (10, "change", "assignee", None, "a"),
        (120, "comment", None, None, None),
        (120, "change", "team", "t1", "t2"),
        (120, "change", "assignee", "a", None),
        (180, "change", "status", "open", "solved"),
    )
    source.put(
        Team("t1", "First"), Team("t2", "Second Level"), agent("a", "Ann"),
        ticket("1", MONDAY, status="solved", tags=("script",), type="incident", team="t2"),
        *(
            Event("1", f"e{i}", MONDAY + minute * 60_000, 1, kind, actor="a", field=field, before=before, after=after,
                  public=False if kind == "comment" else None, length=100)
            for i, (minute, kind, field, before, after) in enumerate(moves)
        ),
    )  # fmt: skip


def test_naming_a_team_later_reads_all_tickets_again(store: Store) -> None:
    escalated(store)
    build_stale(store, config())
    assert value(MetricStore(store, config()), "transfers").value == 1
    later = config(escalation_teams=["Second Level"])
    build_stale(store, later)
    assert value(MetricStore(store, later), "transfers").value == 0
    assert dict(value(MetricStore(store, later), "escalations").facets) == {"with_reason": 1}


def test_what_is_no_valid_ticket_may_be_said_later(store: Store) -> None:
    escalated(store)
    for tickets, reasons in (
        ({}, {}),
        ({"valid": Valid(tags=["script"])}, {"not_valid": 1}),
        ({"valid": Valid(categories=["incident"])}, {"not_valid": 1}),
        ({"valid": Valid(categories=["incident"]), "category": "form"}, {}),
    ):
        build_stale(store, config(**tickets), extra=[("solved_tickets", "valid")])
        reader = MetricStore(store, config(**tickets))
        period, as_of = period_of()
        found = reader.compute(build_query("solved_tickets", period, as_of, "valid"))
        assert (dict(found.excluded), found.value) == (reasons, 0 if reasons else 1)


def test_check_names_a_team_that_no_helpdesk_has(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "helpdesk-kpi.toml"
    path.write_text(
        f'store = "{store.path}"\n[tickets]\nescalation_teams = ["Second Level", "Third Level"]\n'
        '[sources.acme]\nconnector = "zendesk"\nurl = "http://127.0.0.1:9"\nsince = 2026-01-01\n'
        'auth = { client_id = "x", client_secret = { env = "NOT_NEEDED" } }\n'
    )

    def doubted() -> list[str]:
        return [f.text for f in config_findings(AppContext(path)) if f.about == "tickets.escalation_teams"]

    assert doubted() == []  # nothing was read yet
    Source(store).put(Team("t2", "Second Level"))
    assert doubted() == ["'Third Level' is the name or id of no team that is known so far"]
