"""`record` and `import`, as somebody types them."""

import csv
import json
from pathlib import Path

import pytest
from register_fixtures import NOW, Book
from synced_fixtures import Cli

CONFIG = """
timezone = "Europe/Berlin"
store = "a.db"
privacy = "{privacy}"
[people.wang]
name = "王小明"
accounts = ["acme:a"]
manager = "li"
[people.li]
name = "李娜"
accounts = []
"""
FILE = """subject,on,title,role,rating,hours,evidence,approved_by
王小明,2026-11-17,日志分析,lead,4.5,,https://x.example/1,李娜
Ann,2026-11-18,Reading traces,mentor,,3,https://x.example/2,Bob
"""


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """The configuration's path, beside a store with people and tickets."""
    Book(tmp_path / "a.db").store.close()
    return configured(tmp_path / "helpdesk-kpi.toml")


def configured(path: Path, privacy: str = "full") -> Path:
    path.write_text(CONFIG.format(privacy=privacy), encoding="utf-8")
    return path


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    made = Cli(capfd, monkeypatch)
    made.at(NOW)
    return made


SESSION = [
    "subject=王小明", "on=2026-11-17", "title=日志分析", "role=lead", "rating=4.5",
    "evidence=https://x.example/1", "approved_by=李娜",
]  # fmt: skip


def test_record_list_correct_withdraw(cli: Cli, desk: Path) -> None:
    assert cli("record", "training", *SESSION, "--config", desk).out == "training: new (entry 1)\n"
    assert cli("record", "training", *SESSION, "--config", desk).out == "training: unchanged (entry 1)\n"
    changed = [f if not f.startswith("rating") else "rating=3" for f in SESSION]
    assert cli("record", "training", *changed, "--config", desk).out == "training: corrects entry 1 (entry 2)\n"
    moved = [f if not f.startswith("on") else "on=2026-11-18" for f in changed]
    ran = cli("record", "training", *moved, "--corrects", "2", "--config", desk)
    assert ran.out == "training: corrects entry 2 (entry 3)\n"
    ran = cli("record", "withdraw", "3", "--why", "cancelled", "--config", desk)
    assert ran.out == "training: entry 3 is withdrawn\n"
    assert cli("record", "list", "training", "--config", desk).out == "none\n"
    reported = json.loads(cli("record", "list", "training", "--all", "--json", "--config", desk).out)
    assert [one["state"] for one in reported] == ["corrected by 2", "corrected by 3", "withdrawn"]
    assert (reported[0]["subject"], reported[0]["approved_by"], reported[2]["why"]) == ("王小明", "李娜", "cancelled")
    assert reported[0]["entered_at"] == "2026-11-24T09:00:00Z"


def test_the_list_reads_as_lines(cli: Cli, desk: Path) -> None:
    cli(
        "record", "improvement", "id=IMP-1", "title=表单", "authors=王小明;Ann", "proposed=2026-08-03", "--config", desk
    )
    lines = cli("record", "list", "improvement", "--config", desk).out.splitlines()
    assert lines[:4] == [
        "entry          1",
        "id             IMP-1",
        "title          表单",
        "authors        王小明; Ann",
    ]


def test_a_wrong_entry_is_reported_whole_and_ends_with_status_2(cli: Cli, desk: Path) -> None:
    ran = cli("record", "training", "subject=Nobody", "on=today", "--config", desk)
    assert (ran.status, ran.out) == (2, "")
    assert [line.rpartition("training: ")[2].partition(":")[0] for line in ran.err.splitlines()] == [
        "subject", "on", "title", "role", "evidence", "approved_by"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["record", "traning", "a=b"], "No such command 'traning'"),
        (["record", "training"], "Missing argument 'FIELDS...'"),
        (["record", "training", "subject"], "'subject': write name=value"),
        (["record", "training", "on=2026-11-17", "on=2026-11-18"], "on is given twice"),
        (["record", "list", "traning"], "no register named 'traning'; did you mean training?"),
        (["record", "withdraw", "9", "--why", "x"], "there is no entry 9"),
        (["record", "withdraw", "9"], "Missing option '--why'"),
        (["record", "withdraw", "9", "--why", " "], "--why: say in a few words why it is withdrawn"),
        (["import", "absent.csv", "--register", "cost"], "absent.csv cannot be read: No such file"),
    ],
)
def test_usage_is_explained(cli: Cli, desk: Path, words: list[str], said: str) -> None:
    ran = cli(*words, "--config", desk)
    assert ran.status == 2
    assert said in ran.err


def test_importing_twice_changes_nothing_and_a_changed_row_corrects(cli: Cli, desk: Path, tmp_path: Path) -> None:
    path = tmp_path / "training-2026-Q4.csv"
    path.write_text(FILE, encoding="utf-8")
    first = cli("import", path, "--config", desk)
    assert first.out.splitlines() == [
        "training-2026-Q4.csv, line 2: new (entry 1)", "training-2026-Q4.csv, line 3: new (entry 2)",
        "2 rows: 2 new, 0 corrected, 0 unchanged, 0 withdrawn before",
    ]  # fmt: skip
    again = cli("import", path, "--config", desk)
    assert again.out == "2 rows: 0 new, 0 corrected, 2 unchanged, 0 withdrawn before\n"
    path.write_text(FILE.replace("mentor,,3", "mentor,,4"), encoding="utf-8")
    dry = cli("import", path, "--dry-run", "--config", desk)
    assert dry.out.splitlines() == [
        "training-2026-Q4.csv, line 3: corrects entry 2",
        "2 rows: 0 new, 1 corrected, 1 unchanged, 0 withdrawn before; nothing was kept (--dry-run)",
    ]
    assert cli("import", path, "--config", desk).out.startswith(
        "training-2026-Q4.csv, line 3: corrects entry 2 (entry 3)"
    )
    cli("record", "withdraw", "3", "--why", "not ours", "--config", desk)
    assert cli("import", path, "--config", desk).out.splitlines() == [
        "training-2026-Q4.csv, line 3: stays withdrawn (entry 3)",
        "2 rows: 0 new, 0 corrected, 1 unchanged, 1 withdrawn before",
    ]


def test_every_error_of_a_file_is_reported_with_its_line_and_nothing_is_kept(
    cli: Cli, desk: Path, tmp_path: Path
) -> None:
    path = tmp_path / "training.csv"
    path.write_text(
        FILE + "Anne,2026-11-19,x,lead,6,,no,Bob\nAnn,2026-11-18,x,mentor,,0,https://x/1,Bob\n", encoding="utf-8"
    )
    for flag in ([], ["--dry-run"]):
        ran = cli("import", path, *flag, "--config", desk)
        assert (ran.status, ran.out) == (2, "")
        places = [line.rpartition("training.csv, ")[2].split(": ")[:2] for line in ran.err.splitlines()]
        assert places == [["line 4", "subject"], ["line 4", "rating"], ["line 4", "evidence"], ["line 5", "hours"]]
    assert cli("record", "list", "training", "--config", desk).out == "none\n"


@pytest.mark.parametrize("privacy", ["pseudonymous", "team_only"])
def test_privacy_shows_no_entry_about_people_and_takes_them_all_the_same(
    cli: Cli, desk: Path, tmp_path: Path, privacy: str
) -> None:
    configured(desk, privacy)
    path = tmp_path / "training.csv"
    path.write_text(FILE, encoding="utf-8")
    ran = cli("import", path, "--config", desk)
    assert ran.status == 0
    assert not [name for name in ("王小明", "Ann", "李娜", "Bob") if name in ran.out]
    cli("record", "cost", "period=2026-10", "amount=5", "--config", desk)
    ran = cli("record", "list", "training", "--config", desk)
    assert (ran.status, ran.out) == (2, "")
    assert f'privacy = "{privacy}": entries about people are not shown' in ran.err
    assert "amount         5" in cli("record", "list", "cost", "--config", desk).out
    ran = cli("observations", "training", "--config", desk)
    assert [row["agent"] for row in csv.DictReader(ran.out.splitlines())] == ["", ""]


def test_figures_of_entries_open_from_the_command_line(cli: Cli, desk: Path) -> None:
    cli("record", "training", *SESSION, "--config", desk)
    ran = cli("explain", "training", "--agent", "王小明", "--period", "2026-11", "--config", desk)
    assert ran.status == 0, ran.err
    assert "value 1   n 1" in ran.out
    cli("record", "cost", "period=2026-11", "amount=3000", "--config", desk)
    cli.at(NOW + 8 * 86_400_000)  # the month is over
    ran = cli("explain", "cost_per_contact", "--period", "2026-11", "--json", "--config", desk)
    assert json.loads(ran.out)["value"]["value"] == pytest.approx(1500)  # 3,000 for the fixture's two tickets


@pytest.mark.parametrize("command", ["explain", "observations"])
def test_a_ratio_of_a_period_in_which_nothing_was_written_down_opens(cli: Cli, desk: Path, command: str) -> None:
    ran = cli(command, "cost_per_contact", "--period", "2025-11", "--config", desk)
    assert ran.status == 0, ran.err


def test_what_colleagues_said_is_not_held_against_what_was_said_of_others(cli: Cli, desk: Path) -> None:
    """Six answers about Ann of three people: their mean is shown, and beside no one else's."""
    for number, who in enumerate(["Bob", "Cem", "王小明"] * 2):
        period = f"period=2026-Q{2 + number // 3}"
        cli("record", "peer_rating", "subject=Ann", f"by={who}", period, "initiative=3", "--config", desk)
    ran = cli("explain", "peer_rating", "--agent", "Ann", "--period", "2026", "--json", "--config", desk)
    assert "others" not in json.loads(ran.out)


def test_answers_of_colleagues_are_shown_by_no_command(cli: Cli, desk: Path) -> None:
    for number, who in enumerate(["Bob", "Cem", "王小明"]):
        fields = ["subject=Ann", f"by={who}", "period=2026-Q3", f"initiative={number + 1}.25"]
        assert cli("record", "peer_rating", *fields, "--config", desk).status == 0
    shown = [
        cli("record", "list", "peer_rating", "--config", desk).out,
        cli("record", "list", "peer_rating", "--all", "--json", "--config", desk).out,
        cli("observations", "peer_rating", "--config", desk).out,
        cli("explain", "peer_rating", "--agent", "Ann", "--period", "2026-Q3", "--config", desk).out,
    ]
    assert "value 2.25" in shown[3]  # the mean of three
    assert not [word for text in shown for word in ("Bob", "Cem", "王小明", "1.25", "3.25") if word in text]


def test_looking_at_entries_is_logged(cli: Cli, desk: Path) -> None:
    from helpdesk_kpi.store import open_store

    cli("record", "list", "cost", "--config", desk)
    with open_store(desk.parent / "a.db") as store:
        assert store.rows("SELECT at, what FROM access_log") == [(NOW, "record list cost")]
