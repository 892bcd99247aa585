"""`weights learn` and `weights show`, as somebody types them, on an invented desk."""

import json

import pytest
from synced_fixtures import Cli, SyncedDesk

from helpdesk_kpi.simulator.world.world import generate


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> SyncedDesk:
    made = SyncedDesk(tmp_path_factory.mktemp("weights"), generate(4, tickets=200, weeks=12))
    made.sync()
    return made


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, desk: SyncedDesk) -> Cli:
    made = Cli(capfd, monkeypatch)
    made.at(desk.world.now)  # Monday, 2026-11-23
    return made


def test_weights_are_learned_and_shown_and_hold_from_a_day_on(cli: Cli, desk: SyncedDesk) -> None:
    nothing = cli("weights", "show", "--config", desk.path)
    assert nothing.out == "Nothing is learned yet: every ticket counts 1. `weights learn` learns them.\n"

    ran = cli(
        "weights", "learn", "--from", "2026-09-01", "--to", "2026-10-31", "--since", "2026-11-16", "--config", desk.path
    )
    assert ran.status == 0, ran.err
    assert ran.out.startswith("version 1, in force from 2026-11-16; learned from 2026-09-01 to 2026-10-31 by effort\n")
    assert cli("weights", "show", "--config", desk.path).out == ran.out

    reported = json.loads(cli("weights", "show", "--json", "--config", desk.path).out)
    counted = sum(kind["tickets"] for kind in reported["kinds"])
    assert sum(kind["tickets"] * kind["weight"] for kind in reported["kinds"]) / counted == pytest.approx(1, abs=0.001)
    assert "people" not in json.dumps(reported["kinds"])

    assert cli("measure", "--config", desk.path).status == 0
    of_week = {week: _basis(cli, desk, week) for week in ("2026-W46", "2026-W47")}
    assert of_week == {"2026-W46": "equal", "2026-W47": "effort v1"}


def _basis(cli: Cli, desk: SyncedDesk, week: str) -> str:
    ran = cli("explain", "weighted_volume", "--period", week, "--json", "--config", desk.path)
    assert ran.status == 0, ran.err
    return str(json.loads(ran.out)["value"]["basis"])


def test_explain_says_what_it_is_per_hour_and_how_much_hangs_on_the_weights(cli: Cli, desk: SyncedDesk) -> None:
    assert cli("measure", "--config", desk.path).status == 0
    words = ("explain", "weighted_volume", "--period", "2026-10", "--config", desk.path)
    reported = json.loads(cli(*words, "--json").out)
    assert {(c["one"], c["other"]) for c in reported["other_weights"]} <= {("effort", "equal")}
    assert "per_hour" not in reported
    agent = min(row["agent"] for row in reported["observations"] if row["agent"])
    mine = json.loads(cli(*words, "--agent", agent, "--json").out)
    assert mine["per_hour"]["name"] == agent
    # October 2026 in Berlin has 22 working days of 8.5 hours; the desk is closed on none of them.
    assert (mine["per_hour"]["hours"], mine["per_hour"]["days"]) == (22 * 8.5, 22)
    assert mine["per_hour"]["value"] == pytest.approx(mine["value"]["value"] / (22 * 8.5))
    low, high = mine["per_hour"]["usual"]
    assert (low / 0.7, high / 1.3) == (pytest.approx(mine["per_hour"]["team_median"]),) * 2
    assert "per available hour: " in cli(*words, "--agent", agent).out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("learn", "--from", "2026-11-02", "--to", "2026-11-01"), "--from 2026-11-02 is after --to 2026-11-01"),
        (("learn", "--from", "2026-11-21", "--to", "2026-11-22"), "30 are needed"),
        (("learn", "--basis", "time"), "only 0 tickets tell what they cost by time"),
        (("learn", "--to", "2026-11-22", "--since", "2026-11-20"), "only from after the tickets"),
        (("show", "--version", "7"), "no version 7 of the weights"),
    ],
)
def test_what_cannot_be_is_said(cli: Cli, desk: SyncedDesk, words: tuple[str, ...], said: str) -> None:
    ran = cli("weights", *words, "--config", desk.path)
    assert ran.status == 2
    assert said in ran.err


def test_the_configured_table_is_shown_while_nothing_is_learned(cli: Cli, desk: SyncedDesk) -> None:
    path = desk.folder / "table.toml"
    text = desk.path.read_text(encoding="utf-8").replace('store = "helpdesk.db"', 'store = "other.db"')
    path.write_text(f"{text}\n[weights]\nseverity = {{ P0 = 3, P3 = 0.7 }}\n", encoding="utf-8")
    from helpdesk_kpi.store import open_store

    open_store(desk.folder / "other.db").close()
    shown = cli("weights", "show", "--config", path).out
    assert shown == "Nothing is learned yet: [weights] holds: P0 3, P3 0.7\n"
