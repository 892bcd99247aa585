"""What is wrong in a configuration or a command line is said in one line, by every command that meets it.

The line names the file, the key, the value and what is allowed; the exit status is 2; there is no traceback.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from synced_fixtures import Cli, finished, start

from helpdesk_kpi.simulator.server.serve import serve
from helpdesk_kpi.simulator.world.world import generate
from helpdesk_kpi.simulator.zendesk.app import app

GOOD = """\
timezone = "Europe/Berlin"
store = "helpdesk.db"

[sources.acme]
connector = "zendesk"
url = "URL"
since = 2026-01-01
auth = { client_id = "x", client_secret = { file = "secret.txt" } }
severity = { urgent = "P0", high = "P1" }

[severity.P0]
title = "Service down"
hours = "always"
targets = { first_reply_time = "15m" }

[hours.default]
weekly = { mon-fri = ["09:00-17:00"] }
holidays = "DE-BE"

[channels.archive]
type = "files"
folder = "reports"

[reports.weekly]
template = "weekly_digest"
every = "monday 08:00"
to = ["archive"]
"""


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    return Cli(capfd, monkeypatch)


ADDRESS: list[str] = []  # of a helpdesk on loopback


@pytest.fixture(scope="module", autouse=True)
def nobody() -> Iterator[None]:
    """Whoever gets as far as asking the helpdesk meets one that refuses at once."""
    with serve(app(generate(1, tickets=0, empty=True), faults="refuse")) as server:
        ADDRESS[:] = [server.url]
        yield


def written(folder: Path, old: str = "", new: str = "") -> Path:
    """The good configuration with one change, beside its secret."""
    assert old in GOOD
    path = folder / "team.toml"
    text = GOOD.replace(old, new, 1) if old else GOOD + new
    path.write_text(text.replace('"URL"', f'"{ADDRESS[0]}"'), encoding="utf-8")
    (folder / "secret.txt").write_text("very-s3cret\n")
    return path


def one_line(err: str) -> str:
    lines = err.splitlines()
    assert len(lines) == 1, err
    assert "Traceback" not in err
    assert "very-s3cret" not in err
    assert len(lines[0]) < 1000
    return lines[0]


#: Two people: what the second's accounts are, and what else is said of them.
TWO = '[people.ann]\naccounts = ["ann@x.org"]\n[people.bob]\naccounts = ["{}"]\n{}\n'
#: What is changed -> what is said beside the file's name. Every command that reads the file has to say it.
WRONG = {
    "unknown key": ('store = "helpdesk.db"', 'stoer = "x.db"', ["stoer", "did you mean store"]),
    "unknown table": ("[channels.archive]", "[chanels.archive]", ["chanels", "did you mean channels"]),
    "unknown key of a table": ("hours = ", "clock = ", ["severity.P0.clock", "allowed", "hours"]),
    "wrong type": ('"Europe/Berlin"', "1", ["timezone", "expected str", "1"]),
    "wrong type inside": ("to = [", "to = [4, ", ["reports.weekly.to", "expected str", "4"]),
    "no such zone": ('"Europe/Berlin"', '"Europe/Berlln"', ["timezone", "'Europe/Berlln'", "mean Europe/Berlin"]),
    "not TOML": ("[hours.default]", "[hours.default", ["not valid TOML", "line 16"]),
    "no such channel": ('to = ["archive"]', 'to = ["archiv"]', ["reports.weekly.to", "'archiv'", "mean archive"]),
    "no such hours": ('hours = "always"', 'hours = "allways"', ["severity.P0.hours", "'allways'", "mean always"]),
    "no duration": ('"15m"', '"15 minuts"', ["severity.P0.targets.first_reply_time", "'15 minuts'", "4h"]),
    "unknown KPI": ("first_reply_time", "frist_reply_time",
                    ["severity.P0.targets", "'frist_reply_time'", "did you mean first_reply_time"]),
    "target of what takes no time": ("first_reply_time", "reopen_rate",
                                     ["severity.P0.targets", "'reopen_rate'", "allowed are", "first_reply_time"]),
    "level in other capitals": ("[severity.P0]", "[severity.p0]", ["severity.p0", "'p0'", "did you mean P0?"]),
    "shift that is none": ("", '[shifts]\nnight = "22-6"\n', ["shifts", "night", "'22-6'", "22:00-06:00"]),
    "weight that is no number": ("", "[weights]\nseverity = { P0 = nan }\n", ["weights.severity.P0", "nan", "0 or"]),
    "weight without end": ("", "[weights]\ncategory = { vpn = inf }\n", ["weights.category.vpn", "inf", "0 or more"]),
    "weight of an aspect": ("", "[registers.behaviour]\naspects = { learning = { weight = nan } }\n",
                            ["registers.behaviour.aspects.learning.weight", "nan", "more than 0"]),
    "scale without end": ("", "[registers.behaviour]\nscale = [1, inf]\naspects = { learning = {} }\n",
                          ["registers.behaviour.scale", "inf", "like [1, 5]"]),
    "unknown template": ("weekly_digest", "weekly_diggest",
                         ["reports.weekly.template", "'weekly_diggest'", "did you mean weekly_digest"]),
    "unknown connector": ('"zendesk"', '"zendesc"', ["sources.acme.connector", "'zendesc'", "did you mean zendesk"]),
    "unknown schedule": ('"monday 08:00"', '"mondays at eight"',
                         ["reports.weekly.every", "'mondays at eight'", "monday 08:00"]),
    "unknown sync schedule": ('store = "helpdesk.db"', 'sync_every = "sometimes"',
                              ["sync_every", "'sometimes'", "every 15 minutes"]),
    "unknown channel type": ('type = "files"', 'type = "file"', ["channels.archive.type", "'file'", "mean files"]),
    "hours that are none": ('"09:00-17:00"', '"9 to 5"', ["hours.default", "9 to 5"]),
    "days that are none": ("mon-fri", "mo-fr", ["hours.default", "mo-fr"]),
    "unknown holidays": ('"DE-BE"', '"XX-YY"', ["hours.default", "XX"]),
    "day of an annotation": ("", '[annotations]\n"17 Nov" = "release"\n', ["annotations", "'17 Nov'", "2026-11-17"]),
    "account of two people": ("", TWO.format("Ann@x.org", ""),
                              ["people.bob.accounts", "'Ann@x.org'", "people.ann too"]),
    "account named twice": ("", TWO.format('b@x.org", "B@x.org', ""), ["people.bob.accounts", "'B@x.org'", "twice"]),
    "account that is none": ("", TWO.format("1234", ""), ["people.bob.accounts", "'1234'", '"source:id"']),
    "no such manager": ("", TWO.format("b@x.org", 'manager = "anne"'), ["people.bob.manager", "'anne'", "mean ann?"]),
    "own manager": ("", TWO.format("b@x.org", 'manager = "bob"'), ["people.bob.manager", "'bob'", "allowed are ann"]),
    "a later manager that is none": (
        "", TWO.format("b@x.org", 'manager = [{ value = "ann" }, { value = "zoe", since = 2026-07-01 }]'),
        ["people.bob.manager", "'zoe'", "allowed are ann"],
    ),
    "hours of a person that are none": ("", TWO.format("b@x.org", 'hours = "defualt"'),
                                        ["people.bob.hours", "'defualt'", "mean default?"]),
    "dates out of order": (
        "", TWO.format("b@x.org", "tier = [{ value = 1, since = 2026-07-01 }, { value = 2, since = 2025-01-01 }]"),
        ["people.bob.tier.2.since", "2025-01-01 is before", "2026-07-01", "the oldest comes first"],
    ),
    "two values of one day": (
        "", TWO.format("b@x.org", "tier = [{ value = 1, since = 2026-07-01 }, { value = 2, since = 2026-07-01 }]"),
        ["people.bob.tier.2.since", "2026-07-01 is the same day"],
    ),
    "a later value without a day": ("", TWO.format("b@x.org", 'role = [{ value = "a" }, { value = "b" }]'),
                                    ["people.bob.role.2.since", "missing", "only the first"]),
    "a list without a value": ("", TWO.format("b@x.org", "team = []"), ["people.bob.team", "is empty", "since ="]),
    "left before joined": ("", TWO.format("b@x.org", "joined = 2026-02-01\nleft = 2026-01-31"),
                           ["people.bob.left", "2026-01-31", "joined = 2026-02-01"]),
    "no dimension": ("", '[csat.dimensions]\nspeed = " "\n', ["csat.dimensions", "'speed'", "expertise"]),
    "slice that reports lack": ("[reports.weekly]", '[reports.weekly]\nwhere = { agent = "Ann" }',
                                ["reports.weekly.where", "'agent'", "team"]),
}  # fmt: skip


@pytest.mark.parametrize("command", ["check", "status", "measure", "report weekly", "send weekly", "run --once"])
@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_wrong_in_the_file_is_said_by_every_command(tmp_path: Path, cli: Cli, wrong: str, command: str) -> None:
    old, new, said = WRONG[wrong]
    path = written(tmp_path, old, new)
    ran = cli(*command.split(), "--config", path)
    line = one_line(ran.err)
    assert ran.status == 2, line
    assert ran.out == ""
    for part in ["team.toml", *said]:
        assert part.casefold() in line.casefold()


#: What is looked at by those who ask the helpdesk or send something.
WRONG_SOURCES = {
    "http to a public host": ("URL", "http://acme.zendesk.com", ["sources.acme", "http://acme.zendesk.com", "https://"]),
    "an address that is none": ("URL", "ftp://acme", ["sources.acme", "ftp://acme", "https://"]),
    "unknown key of a source": ("url = ", "uri = ", ["sources.acme.uri", "did you mean url"]),
    "no address": ('url = "URL"\n', "", ["sources.acme", "url"]),
    "no first day": ("since = 2026-01-01\n", "", ["sources.acme.since", "2025-01-01"]),
    "a first day in quotes": ("since = 2026-01-01", 'since = "2026-01-01"', ["sources.acme.since", "without quotes"]),
    "a secret that is not set": ('{ file = "secret.txt" }', '{ env = "NO_SUCH_VARIABLE" }',
                                 ["sources.acme.auth.client_secret", "NO_SUCH_VARIABLE"]),
    "a secret's file that is missing": ("secret.txt", "none.txt", ["sources.acme.auth.client_secret", "none.txt"]),
    "half of the credentials": ('client_id = "x", ', "", ["sources.acme.auth", "client_id", "email"]),
    "a number out of range": ("since = 2026-01-01", "since = 2026-01-01\npage_size = 5000",
                              ["sources.acme", "page_size", "1000"]),
}  # fmt: skip


@pytest.mark.parametrize("command", ["check", "sync", "run --once"])
@pytest.mark.parametrize("wrong", WRONG_SOURCES)
def test_what_is_wrong_with_a_source_is_said_before_anything_is_requested(
    tmp_path: Path, cli: Cli, wrong: str, command: str
) -> None:
    old, new, said = WRONG_SOURCES[wrong]
    path = written(tmp_path, old, new)
    ran = cli(*command.split(), "--config", path)
    line = one_line(ran.err)
    assert ran.status == 2, line
    for part in ["team.toml", *said]:
        assert part.casefold() in line.casefold()


def test_a_secret_in_clear_is_not_repeated(tmp_path: Path, cli: Cli) -> None:
    path = written(tmp_path, '{ file = "secret.txt" }', '"very-s3cret", tokn = "very-s3cret"')
    ran = cli("sync", "--config", path)
    assert ran.status == 2
    assert "sources.acme.auth.client_secret" in one_line(ran.err)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("observations frt", ["'frt'", "first_reply_time"]),
        ("observations csat --variant zendsk", ["csat", "'zendsk'", "strict"]),
        ("observations csat --period 2026-W99", ["'2026-W99'", "2026-W47"]),
        ("observations csat --as-of yesterday", ["'yesterday'", "2026-11-23T06:00:00Z"]),
        ("observations csat --as-of 2026-11-23T06:00:00", ["no zone", "Z"]),
        ("explain frt --period last-week", ["'frt'", "first_reply_time"]),
        ("explain csat --period lastweek", ["'lastweek'", "last-week"]),
        ("report wekly", ["'wekly'", "weekly"]),
        ("report weekly --period 2026-13", ["'2026-13'", "2026-11"]),
        ("send wekly", ["'wekly'", "weekly"]),
        ("sync acmee", ["'acmee'", "team.toml", "acme"]),
    ],
)
def test_what_is_not_there_is_identified_with_what_is(tmp_path: Path, cli: Cli, words: str, said: list[str]) -> None:
    ran = cli(*words.split(), "--config", written(tmp_path))
    line = one_line(ran.err)
    assert ran.status == 2, line
    for part in said:
        assert part in line


@pytest.mark.parametrize("words", ["report weekly --format pdff", "nosuch", "sync --fulll", "explain csat"])
def test_usage_that_the_parser_refuses_has_status_2(tmp_path: Path, cli: Cli, words: str) -> None:
    ran = cli(*words.split())
    assert ran.status == 2
    assert ran.out == ""
    assert "Error:" in ran.err
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    "words", ["measure", "status", "observations csat", "explain csat --period last-week", "report weekly",
              "send weekly", "deliveries list"],
)  # fmt: skip
def test_before_the_first_sync_it_is_said_that_there_is_no_store(tmp_path: Path, cli: Cli, words: str) -> None:
    ran = cli(*words.split(), "--config", written(tmp_path))
    assert ran.status == 1
    assert re.search(r"no store at .*helpdesk\.db yet: run `helpdesk-kpi sync`", one_line(ran.err))
    assert not (tmp_path / "helpdesk.db").exists()


def test_without_a_configuration_it_is_said_how_to_get_one(
    tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = cli("sync")
    assert ran.status == 2
    assert "helpdesk-kpi.toml" in one_line(ran.err)
    assert "helpdesk-kpi init" in ran.err


def test_a_broken_store_is_identified(tmp_path: Path, cli: Cli) -> None:
    path = written(tmp_path)
    (tmp_path / "helpdesk.db").write_text("no database at all, though it has the name of one" * 40)
    ran = cli("status", "--config", path)
    assert ran.status == 1
    assert "helpdesk.db" in one_line(ran.err)


@pytest.mark.parametrize("words", [["sync"], ["check"], ["run", "--once"]])
def test_a_real_process_ends_the_same_way(tmp_path: Path, words: list[str]) -> None:
    path = written(tmp_path, "URL", "http://acme.zendesk.com")
    ran = finished(start(*words, "--config", path))
    assert (ran.status, ran.out) == (2, "")
    assert "http://acme.zendesk.com" in one_line(ran.err)
