"""`reconcile` as somebody types it."""

import json

import msgspec
import pytest
from synced_fixtures import Cli, SyncedDesk, rows_of

from helpdesk_kpi.cli.views.reconcile import print_differences, print_summaries
from helpdesk_kpi.measure.reconcile.causes import SENTENCES
from helpdesk_kpi.measure.reconcile.reconciler import Reconciler, summarise
from helpdesk_kpi.measure.reconcile.ticket_diff import TicketDifference
from helpdesk_kpi.simulator.world.world import generate


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> SyncedDesk:
    made = SyncedDesk(tmp_path_factory.mktemp("reconcile"), generate(4, tickets=150, weeks=6))
    made.sync()
    return made


def test_in_a_pipe_it_is_a_line_of_csv_for_each_figure_and_clock(cli: Cli, desk: SyncedDesk) -> None:
    ran = cli("reconcile", "--config", desk.path)
    assert (ran.status, ran.err) == (0, "")
    rows = rows_of(ran.out)
    assert ("reply_time", "calendar") in {(row["metric"], row["clock"]) for row in rows}
    for row in rows:
        assert row["source"] == "demo"
        by_name = dict(part.rsplit(" ", 1) for part in row["reasons"].split("; ") if part)
        assert int(row["agree"]) <= int(row["compared"])
        assert row["unexplained"] == "0"
        assert all(count.isdecimal() for count in by_name.values())


def test_differences_are_shown_with_reason_and_link_the_largest_first(cli: Cli, desk: SyncedDesk) -> None:
    whole = rows_of(cli("reconcile", "demo", "--differences", "--config", desk.path).out)
    assert len(whole) > 20
    assert all(row["reason"] not in {"agrees", "rounding"} and row["says"] for row in whole)
    assert all(row["url"].endswith(f"/agent/tickets/{row['ticket']}") for row in whole)
    sizes = [abs(float(row["difference"] or 0)) for row in whole]
    assert sizes == sorted(sizes, reverse=True)
    assert rows_of(cli("reconcile", "--differences", "--limit", 3, "--config", desk.path).out) == whole[:3]


def test_json_says_the_same_as_csv(cli: Cli, desk: SyncedDesk) -> None:
    words = ["reconcile", "--metric", "reply_time", "--differences", "--config", desk.path]
    as_csv, as_json = rows_of(cli(*words).out), json.loads(cli(*words, "--format", "json").out)
    assert [{k: "" if v is None else str(v) for k, v in row.items()} for row in as_json] == as_csv
    assert {row["metric"] for row in as_json} == {"reply_time"}
    summary = json.loads(cli("reconcile", "--metric", "reply_time", "--format", "json", "--config", desk.path).out)
    calendar = next(row for row in summary if row["clock"] == "calendar")
    assert sum(calendar["reasons"].values()) == len([row for row in as_json if row["clock"] == "calendar"])


def test_a_kpi_names_the_figure_too(cli: Cli, desk: SyncedDesk) -> None:
    words = ("--format", "json", "--config", desk.path)
    by_kpi = cli("reconcile", "--metric", "first_reply_time", *words).out
    assert by_kpi == cli("reconcile", "--metric", "reply_time", *words).out
    assert json.loads(by_kpi)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["dmo"], "no source named 'dmo' with figures of its own; did you mean demo?"),
        (["--metric", "reply_tme"], "no figure named 'reply_tme'; did you mean reply_time?"),
        (["--limit", "3"], "--limit goes with --differences"),
    ],
)
def test_what_is_mistyped_is_said(cli: Cli, desk: SyncedDesk, words: list[str], said: str) -> None:
    ran = cli("reconcile", *words, "--config", desk.path)
    assert ran.status == 2
    assert said in ran.err
    assert ran.out == ""


def test_looking_is_logged(cli: Cli, desk: SyncedDesk) -> None:
    cli("reconcile", "demo", "--metric", "replies", "--config", desk.path)
    with desk.store() as store:
        assert store.one("SELECT what FROM access_log ORDER BY id DESC LIMIT 1") == "reconcile demo replies"


# on a terminal


@pytest.fixture(scope="module")
def rows(desk: SyncedDesk) -> list[TicketDifference]:
    with desk.store() as store:
        return list(Reconciler(store, desk.loaded.config).rows(metric="reply_time"))


@pytest.mark.parametrize("width", [50, 80, 130])
def test_a_terminal_of_any_width_shows_the_summary_with_every_reason(
    rows: list[TicketDifference], width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    found = summarise(rows)
    print_summaries(found)
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= width
    words = " ".join(printed.split())
    assert f"{found[0].agree} of {found[0].compared}" in words
    assert all(SENTENCES[reason] in words for one in found for reason in one.reasons)
    assert "every difference has its reason" in words


def test_what_is_unexplained_is_said_last_and_marked(
    rows: list[TicketDifference], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "130")
    odd = msgspec.structs.replace(rows[0], native=1, ours=60_001, reason="unexplained", url="", ticket="77")
    print_summaries(summarise([odd, *rows[1:]]))
    printed = capsys.readouterr().out
    assert "1 difference is unexplained" in printed
    assert "1 min 00 s #77" in printed  # the largest is the one that nothing accounts for
    print_differences([odd])
    assert SENTENCES["unexplained"] in " ".join(capsys.readouterr().out.split())
    print_differences([])
    assert capsys.readouterr().out == "no differences\n"
