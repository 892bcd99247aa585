"""`check` as a doctor: what it says of the configuration, of each helpdesk and of each KPI."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from synced_fixtures import Cli, SyncedDesk

from helpdesk_kpi.cli.app_context import AppContext
from helpdesk_kpi.cli.checks.findings import Capability, CheckResult, SourceAnswer, summarise
from helpdesk_kpi.cli.checks.unmapped import find_unmapped
from helpdesk_kpi.cli.views.check import as_data, format_findings, print_check
from helpdesk_kpi.measure.metrics.discovery import find_kpis
from helpdesk_kpi.pull.checks import SyncEstimate, estimate_first_sync
from helpdesk_kpi.pull.contract import Finding, no
from helpdesk_kpi.simulator.world.world import generate


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SyncedDesk]:
    """Never synced; this account has no surveys."""
    made = SyncedDesk(tmp_path_factory.mktemp("check"), generate(3, tickets=40, weeks=4))
    made.faults = "forbid:satisfaction_ratings forbid:survey_responses"
    with made.served():
        yield made


OK = Finding(level="ok", about="credentials", text="signed in")
LOST = [
    Finding(level="warning", about="calls", text="403", need=need, provides=no("calls: not with this plan"))
    for need in ("calls", "call.times")
]
BAD = Finding(level="error", about="rights", text="the credentials are of role 'agent': take an admin's")


def test_what_the_plan_lacks_is_a_no_with_its_reason_for_every_kpi_that_needs_it(cli: Cli, desk: SyncedDesk) -> None:
    ran = cli("check", "--config", desk.path)
    assert ran.status == 0, ran.out
    reported = [line for line in ran.out.splitlines() if line.startswith(("yes", "partly", "no "))]
    because = {line.split()[2]: line.partition(" because ")[2] for line in reported}
    assert {*because} == {kpi.id for kpi in find_kpis().values() if kpi.subject != "entry"}
    no = {line.split()[2] for line in reported if line.startswith("no ")}
    assert {kpi: because[kpi] for kpi in no} == {
        **dict.fromkeys(("csat", "csat_response_rate"), "no survey can be read"),
        "article_views": "Zendesk's API has no page views",
    }
    assert "demo: ready to sync" in ran.out.splitlines()[-1]


def test_a_stream_that_narrows_several_needs_is_one_line(cli: Cli, desk: SyncedDesk) -> None:
    ran = cli("check", "--config", desk.path)
    assert len([line for line in ran.out.splitlines() if "no survey can be read" in line and "warning" in line]) == 1
    assert list(format_findings(CheckResult([], [SourceAnswer("acme", LOST, False)], {"acme": {}}))) == [
        "warning  acme: calls: 403",
        "acme: ready to sync",
    ]


def test_json_has_findings_kpis_and_the_verdict(cli: Cli, desk: SyncedDesk) -> None:
    ran = cli("check", "--json", "--config", desk.path)
    assert ran.status == 0
    found = json.loads(ran.out)
    assert {f["level"] for f in found["configuration"]} == {"ok"}
    demo = found["sources"]["demo"]
    assert demo["ready"] is True
    assert demo["kpis"]["csat"] == {"answer": "no", "reasons": ["no survey can be read"]}
    assert demo["kpis"]["backlog"] == {"answer": "yes", "reasons": []}
    assert {"about": "credentials", "level": "ok"}.items() <= demo["findings"][0].items()
    assert desk.world.for_config()["client_secret"] not in ran.out


def test_a_source_that_lets_nobody_in_promises_nothing(cli: Cli, desk: SyncedDesk) -> None:
    wrong = desk.folder / "wrong.toml"
    wrong.write_text(desk.path.read_text().replace("zendesk.key", "wrong.key"))
    (desk.folder / "wrong.key").write_text("wr0ng-s3cret")
    ran = cli("check", "--json", "--config", wrong)
    assert ran.status == 1
    demo = json.loads(ran.out)["sources"]["demo"]
    assert (demo["kpis"], demo["ready"]) == ({}, False)
    assert demo["verdict"] == "not ready: 1 error to mend first"
    assert "wr0ng" not in ran.out + ran.err


def test_the_verdict_says_what_a_first_sync_costs() -> None:
    cost = estimate_first_sync([SyncEstimate(about="tickets", rows=120_000, page=100, a_minute=400)], 0.5)
    assert summarise(SourceAnswer("acme", [OK, cost], False)) == "ready to sync: about 1,200 requests, 10 minutes"
    assert summarise(SourceAnswer("acme", [OK], False)) == "ready to sync"
    assert summarise(SourceAnswer("acme", [OK, cost], True)) == "ready: the next sync goes on where the last one ended"
    assert summarise(SourceAnswer("acme", [OK, BAD, cost], True)) == "not ready: 1 error to mend first"
    assert summarise(SourceAnswer("acme", [BAD, BAD], False)) == "not ready: 2 errors to mend first"


def test_an_error_anywhere_is_seen() -> None:
    assert not CheckResult([OK], [SourceAnswer("acme", [OK, *LOST], False)], {}).has_errors
    assert CheckResult([OK], [SourceAnswer("acme", [BAD], False)], {}).has_errors
    assert CheckResult([BAD], [], {}).has_errors


# on a terminal

SHOWN = CheckResult(
    [OK],
    [SourceAnswer("acme", [OK, *LOST, BAD], False)],
    {"acme": {"accepted_resolution_time": Capability("yes", []), "csat": Capability("partly", ["one question only"]),
              "backlog": Capability("no", ["no status history: " + "a long reason " * 8])}},
)  # fmt: skip


@pytest.mark.parametrize("width", [40, 60, 100, 160])
def test_a_terminal_of_any_width_shows_everything(
    width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    print_check(SHOWN)
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= width
    words = printed.split()
    assert {"ok", "warning", "error", "yes", "partly", "no", "accepted_resolution_time", "signed", "403"} <= {*words}
    assert words.count("403") == 1
    assert " ".join(words).endswith("acme: not ready: 1 error to mend first")
    assert "\x1b" not in printed


def test_markup_in_what_a_helpdesk_says_stays_text(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    odd = Finding(level="note", about="[bold]", text="[red]a[/red] [link=http://x.example]b[/link]")
    print_check(CheckResult([odd], [], {}))
    assert "[red]a[/red] [link=http://x.example]b[/link]" in capsys.readouterr().out


# priorities and statuses


@pytest.fixture
def by_name(tmp_path: Path) -> SyncedDesk:
    """A desk whose statuses and priorities have names of their own, as other helpdesks' have."""
    made = SyncedDesk(tmp_path, generate(3, tickets=40, weeks=4))
    made.sync()
    rows = [
        ("status", "7", "Waiting on Customer", "open"), ("status", "8", "Vendor review", None),
        ("status", "9", "Waiting for support", "open"), ("status", "10", "In Arbeit", "open"),
        ("status", "11", "Resolved by robot", "solved"), ("priority", "1", "Highest", None),
        ("priority", "5", "Nice to have", None),
    ]  # fmt: skip
    with made.store() as store, store.transaction() as conn:
        conn.executemany("INSERT INTO names VALUES (1, ?, ?, ?, ?)", rows)
        conn.execute(
            "UPDATE tickets SET status = '8' WHERE id = (SELECT min(id) FROM tickets WHERE deleted_at IS NULL)"
        )
        conn.execute("UPDATE tickets SET priority = '5' WHERE id IN (SELECT id FROM tickets LIMIT 2)")
    return made


def describe(desk: SyncedDesk, edit: str = "") -> list[tuple[str, str, str]]:
    path = desk.folder / "edited.toml"
    path.write_text(desk.path.read_text().replace("[tickets]", f"[tickets]\n{edit}"))
    with desk.store() as store:
        return [(f.level, f.about, f.text) for f in find_unmapped(AppContext(path), store)]


def test_statuses_are_shown_with_what_they_count_as_and_what_could_be_said(by_name: SyncedDesk) -> None:
    found = [(level, text) for level, about, text in describe(by_name) if about == "tickets.statuses"]
    vendor, customer = found
    assert (vendor[0], customer[0]) == ("warning", "note")
    assert vendor[1] == (
        "demo: 1 ticket has status 'Vendor review', which counts as open, since nothing says what it means;"
        ' if that is wrong: "Vendor review" = "hold"'
    )
    assert customer[1] == (
        "demo: no ticket so far has status 'Waiting on Customer', which counts as open;"
        ' if that is wrong: "Waiting on Customer" = "pending"'
    )


def test_priorities_are_shown_with_how_many_tickets_have_them(by_name: SyncedDesk) -> None:
    found = {text.split("'")[1]: (level, text) for level, about, text in describe(by_name) if "severity" in about}
    assert {*found} == {"Highest", "Nice to have"}
    assert found["Highest"][0] == "note"
    assert found["Highest"][1].startswith("no ticket so far has priority 'Highest', which maps to no severity")
    assert found["Highest"][1].endswith('; perhaps Highest = "P0"')
    assert found["Nice to have"][0] == "warning"
    assert found["Nice to have"][1].startswith("2 tickets have priority 'Nice to have'")
    assert "perhaps" not in found["Nice to have"][1]


def test_what_is_configured_is_shown_no_more(by_name: SyncedDesk) -> None:
    assert [
        f for f in describe(by_name, 'statuses = { "vendor review" = "hold", "7" = "pending" }') if "statuses" in f[1]
    ] == []


def test_nothing_is_printed_that_is_no_json(cli: Cli, desk: SyncedDesk) -> None:
    assert json.load(io.StringIO(cli("check", "--json", "--config", desk.path).out))
    assert as_data(SHOWN)["sources"]["acme"]["kpis"]["csat"]["answer"] == "partly"
