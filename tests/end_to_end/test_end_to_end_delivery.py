"""From the helpdesk's API to an inbox, a Slack room and a folder, with real servers at both ends."""

import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from office_fixtures import Office, Visible, parts, sent
from synced_fixtures import Cli, SharedStores, finished, start

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
WEEK = 7 * DAY
#: A figure as a reader sees it: 1 h 27 min, 34 h, 84%, 1,334.
FIGURE = re.compile(r"\d[\d,.]*(?: h \d\d min|(?: h| min| s|%)(?!\w))?")


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    return Cli(capfd, monkeypatch)


@pytest.fixture
def office(tmp_path: Path, cli: Cli, shared_stores: SharedStores) -> Iterator[Office]:
    with Office(tmp_path, cli).open() as made:
        made.copy_synced(shared_stores)
        yield made


def test_the_digest_arrives_everywhere_and_only_once(office: Office) -> None:
    first = office("send", "weekly")
    assert first.status == 0, first.err
    assert [line.split(": ")[2].split()[0] for line in first.out.splitlines()] == ["sent"] * 4  # folder, mails, room
    assert sorted(to for to, _ in office.mailbox.mails) == ["head@acme.example", "lead@acme.example"]
    assert len(office.chat.posts) == 1
    assert {"weekly-2026-W47.html", "weekly-2026-W47.txt", "weekly-2026-W47.eml"} <= set(office.files())
    again = office("send", "weekly")
    assert again.status == 0
    assert all("(before)" in line for line in again.out.splitlines())
    assert (len(office.mailbox.mails), len(office.chat.posts)) == (2, 1)
    ledger = json.loads(office("deliveries", "list", "--json").out)
    assert {(row["channel"], row["recipient"], row["state"]) for row in ledger} == {
        ("leads", "lead@acme.example", "sent"), ("leads", "head@acme.example", "sent"), ("room", "webhook", "sent"),
        ("outbox", str(office.desk.folder / "reports"), "sent"),
    }  # fmt: skip
    status = json.loads(office("status", "--json").out)
    assert status["reports"]["weekly"]["last_sent"] == "2026-11-23T05:00:00Z"


@pytest.mark.parametrize(("report", "about"), [("weekly", "47"), ("monthly", "Oct")])
def test_the_mail_parses_and_carries_what_it_shows(office: Office, report: str, about: str) -> None:
    assert office("send", report).status == 0
    _, mail = office.mailbox.mails[0]
    assert mail.defects == []
    assert about in mail["Subject"]
    assert mail["From"].addresses[0].addr_spec == "reports@acme.example"
    _, html = parts(mail)
    assert len(html.encode()) < 90_000
    shown = set(re.findall(r'src="cid:([^"]+)"', html))
    carried = {
        str(part["Content-ID"]).strip("<>"): part for part in mail.walk() if part.get_content_type() == "image/png"
    }
    assert shown == set(carried)
    assert len(shown) > 2 or report == "monthly"  # two months have no trend
    for part in carried.values():
        assert part.get_content_disposition() == "inline"
        assert part.get_content().startswith(b"\x89PNG")
    assert not re.search(r'(?:src|background)="(?!cid:)', html)  # nothing is fetched from anywhere


def test_the_text_part_states_the_same_numbers(office: Office) -> None:
    """The head of each of the four figures and each severity's row, in both."""
    office("send", "weekly")
    text, html = parts(office.mailbox.mails[0][1])
    seen = Visible(html).text
    heads = re.findall(
        r"^(First reply time|Full resolution time|Customer satisfaction|Backlog)\b[^:]*: ([^▁-█\n]+)",
        text,
        re.MULTILINE,
    )
    assert [title for title, _ in heads[:4]] == [
        "First reply time", "Full resolution time", "Customer satisfaction", "Backlog",
    ]  # fmt: skip
    for title, reported in heads[:4]:
        (value,) = FIGURE.findall(reported.strip())
        assert re.search(rf"{title}.{{0,200}}?(?<![\d.]){re.escape(value)}(?!\d)", seen, re.DOTALL), (title, value)
    rows = re.findall(r"^(P\d [A-Z][a-z ]+?|No priority)  +(\d.*)$", text, re.MULTILINE)
    assert len(rows) == 5
    seen = seen[seen.index(rows[0][0]) :]
    places = [seen.index(level) for level, _ in rows]
    for (level, reported), first, last in zip(rows, places, [*places[1:], places[-1] + 600], strict=True):
        shown = FIGURE.findall(seen[first:last])
        assert [figure for figure in FIGURE.findall(reported) if figure not in shown] == [], (level, reported, shown)


def test_what_slack_gets_is_within_its_limits(office: Office) -> None:
    assert office("send", "monthly").status == 0
    (post,) = office.chat.posts
    assert post["text"]
    assert 0 < len(post["blocks"]) <= 50
    assert {block["type"] for block in post["blocks"]} <= {"header", "section", "context", "divider", "actions"}
    assert len(json.dumps(post)) < 40_000


def test_a_dry_run_shows_all_and_sends_nothing(office: Office) -> None:
    ran = office("send", "weekly", "--dry-run")
    assert ran.status == 0
    assert "leads -> lead@acme.example" in ran.out
    assert (office.mailbox.mails, office.chat.posts, office.files()) == ([], [], [])
    assert json.loads(office("deliveries", "list", "--json").out) == []


def test_one_channel_that_fails_does_not_stop_the_others(office: Office) -> None:
    office.chat.answers = [(404, "no_service", {})]
    ran = office("send", "weekly")
    assert ran.status == 3
    assert "the webhook was removed: make a new one" in ran.out
    assert office.webhook not in ran.out + ran.err  # the address is the secret
    assert len(office.mailbox.mails) == 2


def test_a_send_that_is_killed_is_never_repeated_by_itself(office: Office) -> None:
    """Killed while the mail server has the mail and has not answered: it may have arrived. A person decides."""
    office.mailbox.holds = threading.Event()
    process = start("send", "weekly", "--config", office.desk.path, now=office.monday)
    assert office.mailbox.has_data.wait(60)
    process.kill()
    assert finished(process).status == -9
    office.mailbox.holds.set()
    office.mailbox.holds = None
    sent = len(office.mailbox.mails)
    office.at(16 * MINUTE)  # the dead process's claim is over
    again = office("send", "weekly")
    assert again.status == 3
    assert "unknown" in again.out
    assert len(office.mailbox.mails) == sent + 1  # the other address; the first one not again
    unclear = [row for row in json.loads(office("deliveries", "list", "--json").out) if row["state"] == "unknown"]
    assert [row["recipient"] for row in unclear] == [office.mailbox.mails[0][0]]
    assert "is unknown" in office("status").out
    number = str(unclear[0]["id"])
    assert office("deliveries", "resolve", number, "--as", "failed").status == 0
    assert "sent" in office("deliveries", "resend", number).out
    assert [to for to, _ in office.mailbox.mails].count(unclear[0]["recipient"]) == 2
    assert office("deliveries", "resend", number).status == 2


# --- on schedule


def test_what_is_due_is_sent_when_it_is_due_and_then_not_again(office: Office) -> None:
    ran = office("run", "--once")
    assert ran.status == 0, ran.out
    assert sent(office) == []  # 06:00
    office.at(2 * HOUR + 5 * MINUTE)
    ran = office("run", "--once")
    assert ran.status == 0, ran.out
    assert "weekly: done" in ran.out
    assert sent(office) == ["Week 47"]
    office.at(2 * HOUR + 40 * MINUTE)
    assert "weekly" not in office("run", "--once").out
    assert sent(office) == ["Week 47"]


@pytest.mark.parametrize(
    ("policy", "weeks"),
    [("latest", ["Week 50"]), ("all", ["Week 48", "Week 49", "Week 50"]), ("none", [])],
)
def test_after_three_weeks_of_downtime_the_policy_decides(
    tmp_path: Path, cli: Cli, policy: str, weeks: list[str]
) -> None:
    with Office(tmp_path, cli, f'catch_up = "{policy}"').open() as office:
        office("sync")
        office.at(2 * HOUR)
        office("run", "--once")
        assert sent(office) == ["Week 47"]
        office.at(3 * WEEK + 5 * HOUR)  # 11:00, three hours late
        assert office("run", "--once").status == 0
        assert sent(office) == ["Week 47", *weeks]


def test_a_report_waits_for_data_and_then_says_how_far_they_reach(tmp_path: Path, cli: Cli) -> None:
    """The credentials end on Sunday noon: at 08:05 the digest waits, at 14:05 it goes out with what there is."""
    with Office(tmp_path, cli).open() as office:
        office.at(-18 * HOUR)
        assert office("run", "--once").status == 0
        office.desk.faults = "refuse"
        with office.desk.served():
            office.at(2 * HOUR + 5 * MINUTE)
            ran = office("run", "--once")
            assert ran.status == 3
            assert "weekly: waits for data" in ran.out
            assert ran.out.count("credentials refused") == 1
            assert sent(office) == []
            office.at(8 * HOUR + 5 * MINUTE)
            assert "weekly: done" in office("run", "--once").out
        assert sent(office) == ["Week 47"]
        text, html = parts(office.mailbox.mails[0][1])
    for said in (text, Visible(html).text):
        assert re.search(r"22 Nov(?:ember)? 2026[^\n]{0,12} 11:5\d|11:5\d[^\n]{0,20}22 Nov", said)
