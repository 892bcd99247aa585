"""Every command, as somebody types it, against a simulated desk behind its real API."""

import csv
import datetime as dt
import io
import json
import os
import re
import signal
import socket
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from deliver_fixtures import unused_port
from synced_fixtures import Cli, SyncedDesk, finished, rows_of, start

from helpdesk_kpi.measure.metrics.discovery import find_kpis
from helpdesk_kpi.simulator.world.world import generate
from helpdesk_kpi.store.writer_lock import hold

DOCUMENTED = [
    "kpi", "variant", "source", "ticket", "agent", "team", "severity", "category", "channel", "at", "start", "end",
    "calendar_seconds", "business_seconds", "value", "censored", "reason", "url",
]  # fmt: skip
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z")
WEEK = "2026-W47"


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SyncedDesk]:
    """Synced once; its helpdesk goes on answering."""
    made = SyncedDesk(tmp_path_factory.mktemp("cli"), generate(3, tickets=200, weeks=8))
    made.sync()
    with made.served():
        yield made


@pytest.mark.parametrize("kpi", sorted(k.id for k in find_kpis().values() if k.subject != "entry"))
def test_observations_as_csv_have_the_documented_columns_and_nothing_else(cli: Cli, desk: SyncedDesk, kpi: str) -> None:
    ran = cli("observations", kpi, "--config", desk.path)
    assert ran.status == 0, ran.err
    lines = list(csv.reader(io.StringIO(ran.out)))
    assert lines[0][: len(DOCUMENTED)] == DOCUMENTED
    assert {len(line) for line in lines} == {len(lines[0])}
    rows = rows_of(ran.out)
    is_about_tickets = find_kpis()[kpi].subject == "ticket"
    assert len(rows) > 20 or not is_about_tickets
    for row in rows:
        assert (row["kpi"], row["variant"], row["source"]) == (kpi, "strict", "demo")
        assert MOMENT.fullmatch(row["at"])
        assert all(MOMENT.fullmatch(row[column]) for column in ("start", "end") if row[column])
        assert row["censored"] in {"true", "false"}
        assert row["url"].endswith(f"/agent/tickets/{row['ticket']}") or not is_about_tickets
        assert bool(row["reason"]) == (row["censored"] == "true")


def test_durations_are_the_time_between_start_and_end(cli: Cli, desk: SyncedDesk) -> None:
    rows = rows_of(cli("observations", "full_resolution_time", "--config", desk.path).out)
    for row in rows:
        took = dt.datetime.fromisoformat(row["end"]) - dt.datetime.fromisoformat(row["start"])
        assert float(row["calendar_seconds"]) == took.total_seconds()
        assert 0 <= float(row["business_seconds"]) <= took.total_seconds()


def test_observations_as_json_say_the_same(cli: Cli, desk: SyncedDesk) -> None:
    words = ["observations", "csat", "--period", "2026-11", "--source", "demo", "--config", desk.path]
    as_csv, as_json = rows_of(cli(*words).out), json.loads(cli(*words, "--format", "json").out)
    assert [{k: "" if v is None else str(v) for k, v in row.items()} for row in as_json] == as_csv
    assert {row["at"][:7] for row in as_json} <= {"2026-10", "2026-11"}  # November in Berlin begins in October, UTC
    assert cli("observations", "csat", "--source", "acme", "--config", desk.path).status == 2


def test_a_running_span_is_censored_at_as_of(cli: Cli, desk: SyncedDesk) -> None:
    moment = "2026-11-18T12:00:00Z"
    rows = rows_of(cli("observations", "full_resolution_time", "--as-of", moment, "--config", desk.path).out)
    running = [row for row in rows if row["reason"] == "running"]
    assert len(running) > 3
    assert {row["end"] for row in running} == {moment}
    assert all(row["at"] <= moment and row["end"] <= moment for row in rows)


@pytest.mark.parametrize("kpi", ["first_reply_time", "reopen_rate", "csat", "solved_tickets", "backlog"])
def test_what_explain_opens_adds_up_to_the_number(cli: Cli, desk: SyncedDesk, kpi: str) -> None:
    ran = cli("explain", kpi, "--period", WEEK, "--json", "--config", desk.path)
    assert ran.status == 0, ran.err
    found = json.loads(ran.out)
    value, parts = found["value"], [row for row in found["observations"] if row["value"] is not None]
    shares = sum(row["share"] for row in parts)
    assert found["definition"]
    assert value["n"] == pytest.approx(shares)
    if kpi in {"reopen_rate", "csat"}:
        assert value["value"] == pytest.approx(sum(row["value"] * row["share"] for row in parts) / shares)
    elif kpi == "first_reply_time":
        ended = [row["value"] for row in parts if not row["reason"]]
        assert value["ended"] == len(ended)
        assert value["mean"] == pytest.approx(1000 * sum(ended) / len(ended))
    else:
        assert value["value"] == pytest.approx(shares)
    text = cli("explain", kpi, "--period", WEEK, "--config", desk.path)
    assert found["formula"] in text.out
    assert all(str(row["url"]) in text.out for row in parts)


def test_explain_of_a_team_and_an_agent_are_parts_of_the_whole(cli: Cli, desk: SyncedDesk) -> None:
    def n(*words: str) -> float:
        ran = cli("explain", "solved_tickets", "--period", WEEK, "--json", *words, "--config", desk.path)
        assert ran.status == 0, ran.err
        return float(json.loads(ran.out)["value"]["n"])

    whole = json.loads(cli("explain", "solved_tickets", "--period", WEEK, "--json", "--config", desk.path).out)
    for axis in ("team", "agent"):
        names = sorted({row[axis] for row in whole["observations"] if row[axis]})
        assert len(names) > 1
        nobody = sum(row["share"] for row in whole["observations"] if not row[axis])
        assert sum(n(f"--{axis}", name) for name in names) + nobody == pytest.approx(whole["value"]["n"])


def test_explain_names_the_nearest_agent(cli: Cli, desk: SyncedDesk) -> None:
    ran = cli("explain", "csat", "--agent", "Nobody Atall", "--period", WEEK, "--config", desk.path)
    assert ran.status == 2
    assert "no agent named 'Nobody Atall'" in ran.err


def test_kpis_are_shown_with_variants_definitions_and_what_sources_give(cli: Cli, desk: SyncedDesk) -> None:
    entries = json.loads(cli("kpis", "--json", "--config", desk.path).out)
    assert {e["id"] for e in entries} == set(find_kpis())
    first = next(e for e in entries if e["id"] == "first_reply_time")
    assert {"strict", "substantive", "zendesk", "fivetran"} <= set(first["variants"])
    assert all(len(text) > 20 for text in first["variants"].values())
    assert first["sources"] == {"demo": ["yes"]}
    text = cli("kpis", "--config", desk.path).out
    assert "first_reply_time" in text
    assert "from demo: yes" in text


def test_kpis_need_no_configuration(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = cli("kpis")
    assert ran.status == 0
    assert "csat" in ran.out


def test_init_writes_a_configuration_that_check_takes_and_leaves_an_old_one(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli("init").status == 0
    text = Path("helpdesk-kpi.toml").read_text()
    again = cli("init")
    assert again.status == 2
    assert "already there" in again.err
    assert Path("helpdesk-kpi.toml").read_text() == text
    ran = cli("check")
    assert ran.status == 2  # its secret is not set, which is all that is wrong
    assert "ZENDESK_SECRET" in ran.err


def test_check_says_what_these_credentials_reach(cli: Cli, desk: SyncedDesk) -> None:
    ran = cli("check", "--config", desk.path)
    assert ran.status == 0, ran.out
    assert "demo: credentials: signed in" in ran.out
    assert "demo: rights: the credentials belong to an admin" in ran.out
    assert "demo: tickets: readable" in ran.out
    assert "maps to no severity" not in ran.out


def test_check_names_a_priority_that_maps_to_no_severity(cli: Cli, desk: SyncedDesk) -> None:
    other = desk.folder / "unmapped.toml"
    other.write_text(desk.path.read_text().replace('low = "P3"', 'lowest = "P3"'))
    ran = cli("check", "--config", other)
    assert ran.status == 0
    (line,) = [line for line in ran.out.splitlines() if "maps to no severity" in line]
    assert "'low'" in line
    assert "warning" in line
    assert "sources.demo.severity" in line


def test_check_of_wrong_credentials_fails_with_one_clear_line(cli: Cli, desk: SyncedDesk) -> None:
    wrong = desk.folder / "wrong.toml"
    wrong.write_text(desk.path.read_text().replace("zendesk.key", "wrong.key"))
    (desk.folder / "wrong.key").write_text("wr0ng-s3cret")
    ran = cli("check", "--config", wrong)
    assert ran.status == 1
    (line,) = [line for line in ran.out.splitlines() if line.startswith("error")]
    assert "credentials" in line
    assert "wr0ng-s3cret" not in ran.out + ran.err
    assert "Traceback" not in ran.err


def test_status_says_how_fresh_items_are(cli: Cli, desk: SyncedDesk) -> None:
    found = json.loads(cli("status", "--json", "--config", desk.path).out)
    assert found["tickets"] > 150
    source = found["sources"]["demo"]
    assert MOMENT.fullmatch(source["whole_to"])
    assert {s["state"] for s in source["streams"].values()} == {"ok"}
    assert source["streams"]["tickets"]["set_aside"] == 0
    assert found["reports"]["weekly"] == {"last_sent": None, "next": "2026-11-23T07:00:00Z", "problems": []}
    text = cli("status", "--config", desk.path).out
    assert "2026-11-23 08:00" in text  # the same instant on the team's clock


@pytest.mark.parametrize("form", ["html", "text", "json", "slack"])
@pytest.mark.parametrize("name", ["weekly", "monthly", "weekly_digest", "monthly_summary"])
def test_report_prints_each_format_and_writes_the_same_to_a_file(
    cli: Cli, desk: SyncedDesk, tmp_path: Path, name: str, form: str
) -> None:
    words = ["report", name, "--format", form, "--config", desk.path]
    ran = cli(*words)
    assert ran.status == 0, ran.err
    made = json.loads(ran.out) if form in {"json", "slack"} else ran.out
    assert len(made) > (500 if isinstance(made, str) else 1)
    out = tmp_path / "made"
    assert cli(*words, "--out", out).status == 0
    assert out.read_text().rstrip() == ran.out.rstrip()
    assert out.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("name", "period"), [("process_review", "October 2026"), ("data_quality", "Q3 2026")])
def test_reports_that_nobody_configured_speak_of_their_own_period(
    cli: Cli, desk: SyncedDesk, name: str, period: str
) -> None:
    ran = cli("report", name, "--format", "text", "--config", desk.path)
    assert ran.status == 0, ran.err
    assert period in ran.out
    refused = cli("report", name, "--format", "slack", "--config", desk.path)
    assert (refused.status, "no template for this format" in refused.err) == (2, True)


def test_a_report_speaks_of_the_period_and_the_language_that_are_requested_for(cli: Cli, desk: SyncedDesk) -> None:
    words = ["report", "weekly", "--format", "text", "--config", desk.path]
    assert "Week 45" in cli(*words, "--period", "2026-W45").out
    assert "2026年第45周" in cli(*words, "--period", "2026-W45", "--locale", "zh").out


def test_a_report_for_each_team_needs_a_file_and_writes_one_for_each(
    cli: Cli, desk: SyncedDesk, tmp_path: Path
) -> None:
    each = desk.folder / "each.toml"
    each.write_text(desk.path.read_text().replace("[reports.weekly]", '[reports.weekly]\neach = "team"'))
    refused = cli("report", "weekly", "--format", "text", "--config", each)
    assert refused.status == 2
    assert "--out" in refused.err
    assert cli("report", "weekly", "--format", "text", "--out", tmp_path / "w.txt", "--config", each).status == 0
    made = sorted(path.name for path in tmp_path.glob("w-*.txt"))
    assert len(made) > 1
    assert len({(tmp_path / name).read_text() for name in made}) == len(made)


def test_the_page_of_one_team_opens_too(cli: Cli, desk: SyncedDesk) -> None:
    one = desk.folder / "one.toml"
    with desk.store() as store:
        team = store.one("SELECT name FROM teams WHERE NOT deleted ORDER BY name LIMIT 1")
    one.write_text(
        desk.path.read_text().replace("[reports.weekly]", f'[reports.weekly]\nwhere = {{ team = "{team}" }}')
    )
    ran = cli("report", "weekly", "--format", "html", "--config", one)
    assert ran.status == 0
    assert team in ran.out


def test_what_is_looked_at_is_logged(cli: Cli, desk: SyncedDesk) -> None:
    cli("explain", "csat", "--period", WEEK, "--config", desk.path)
    with desk.store() as store:
        who, what = store.rows("SELECT who, what FROM access_log ORDER BY id DESC LIMIT 1")[0]
    assert who
    assert what.startswith("explain csat/strict")


def test_two_syncs_or_builds_at_once_are_refused_by_name(cli: Cli, desk: SyncedDesk) -> None:
    """The first is this very test."""
    me = f"process {os.getpid()} on {socket.gethostname()}"
    with desk.store() as store:
        with hold(store, "sync"):
            ran = cli("sync", "--config", desk.path)
            assert (ran.status, ran.err) == (
                1,
                f"helpdesk-kpi: {store.path} is being synced by {me}: let it finish, or stop it\n",
            )
            assert cli("measure", "--config", desk.path).status == 0
        with hold(store, "build"):
            ran = cli("measure", "--config", desk.path)
            assert ran.status == 1
            assert f"is being measured by {me}" in ran.err


def test_measure_again_changes_no_observation(cli: Cli, desk: SyncedDesk) -> None:
    words = ["observations", "next_reply_time", "--config", desk.path]
    before = cli(*words).out
    ran = cli("measure", "--all", "--config", desk.path)
    assert ran.status == 0
    assert ran.out == ""
    assert cli(*words).out == before


def request(url: str, path: str, **body: str) -> Any:
    reported = json.dumps(body).encode() if body else None
    request = urllib.request.Request(url + path, reported, {"Content-Type": "application/json"})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
        return json.load(answer)


def simulated(process: subprocess.Popen[str], url: str) -> Any:
    """The token that a running simulator gives; its first lines are a configuration with the secret."""
    assert process.stderr
    secret = ""
    while not secret:
        if found := re.search(r"secret: (\S+)\)", process.stderr.readline()):
            secret = found[1]
    while process.poll() is None:
        try:
            return request(url, "/oauth/tokens", grant_type="client_credentials", client_id="helpdesk_kpi",
                         client_secret=secret)  # fmt: skip
        except OSError:  # it does not listen yet
            continue
    raise AssertionError(process.stderr.read())


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_simulate_serves_the_api_until_it_is_stopped(number: signal.Signals) -> None:
    port = unused_port()
    process = start("simulate", "zendesk", "--port", str(port), "--tickets", "20", "--seed", "5")
    try:
        token = simulated(process, f"http://127.0.0.1:{port}")
        assert token["token_type"] == "bearer"
        process.send_signal(number)
        ended = finished(process)
    finally:
        process.kill()
    assert ended.status in {0, -number, 130}
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("words", ["simulate servicenow", "simulate zendesk --faults evry:10", "demo --helpdesk every"])
def test_what_cannot_be_simulated_is_said(cli: Cli, words: str) -> None:
    ran = cli(*words.split())
    assert ran.status == 2
    assert "Traceback" not in ran.err


def test_the_version_and_the_help_are_there(cli: Cli) -> None:
    assert re.search(r"\d+\.\d+", cli("--version").out)
    help_text = cli("--help").out
    assert all(word in help_text for word in ("demo", "sync", "explain", "deliveries", "simulate"))
