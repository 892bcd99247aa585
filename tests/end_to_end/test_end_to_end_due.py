"""What is due goes out whole, once, and to everybody: sent too early, killed, with a failing team, by a wrong clock."""

import html
import json
import re
import shutil
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from office_fixtures import DAY, HOUR, MINUTE, Office, Visible, parts
from synced_fixtures import Cli, Ran, SharedStores, finished, start

LEAD, HEAD, NEW = "lead@acme.example", "head@acme.example", "new@acme.example"
BASE = "https://intranet.acme.example/support"
LINK = re.compile(re.escape(BASE) + r"/[^\s\"<>|)]+")


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    return Cli(capfd, monkeypatch)


@pytest.fixture
def office(tmp_path: Path, cli: Cli) -> Iterator[Office]:
    with Office(tmp_path, cli).open() as made:
        yield made


def rows(office: Office) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(office("deliveries", "list", "--json").out)
    return found


def mails_to(office: Office, address: str) -> list[EmailMessage]:
    return [mail for to, mail in office.mailbox.mails if to == address]


def edit(office: Office, old: str, new: str) -> None:
    text = office.desk.path.read_text()
    assert old in text
    office.desk.path.write_text(text.replace(old, new))


# A period that is not over


@pytest.mark.parametrize(
    ("locale", "subject", "note"),
    [
        (
            "en",
            "Preliminary: ",
            "Preliminary report: Week 47 is not complete. What happened after Fri 20 Nov",
        ),
        ("zh", "【初步报告】", "初步报告：2026年第47周数据尚不完整，2026年11月20日"),
    ],
)
def test_a_report_sent_within_its_period_is_preliminary_and_the_complete_one_follows(
    tmp_path: Path, cli: Cli, locale: str, subject: str, note: str
) -> None:
    with Office(tmp_path, cli, f'locale = "{locale}"').open() as office:
        office.at(-3 * DAY)
        assert office("sync").status == 0
        first = office("send", "weekly", "--period", "this-week")
        assert first.status == 0, first.out
        [mail] = mails_to(office, LEAD)
        assert str(mail["Subject"]).startswith(subject)
        text, body = parts(mail)
        [post] = office.chat.posts
        for shown in (text, Visible(body).text, json.dumps(post["blocks"], ensure_ascii=False)):
            assert squeezed(note) in squeezed(shown)
        assert post["text"].startswith(subject)
        assert {row["variant"] for row in rows(office)} == {"preliminary"}
        assert {"weekly-2026-W47-preliminary.html", "weekly-2026-W47-preliminary.txt"} <= set(office.files())
        assert json.loads(office("status", "--json").out)["reports"]["weekly"]["last_sent"] is None

        office.at(-2 * DAY)
        again = office("send", "weekly", "--period", "this-week")
        assert "`--again` sends a newer one" in again.err
        assert len(mails_to(office, LEAD)) == 1
        assert office("send", "weekly", "--period", "this-week", "--again").status == 0
        assert len(mails_to(office, LEAD)) == 2

        office.at(2 * HOUR + 5 * MINUTE)
        ran = office("run", "--once")
        assert ran.status == 0, ran.out
        complete = mails_to(office, LEAD)[-1]
        assert subject not in str(complete["Subject"])
        assert subject.rstrip(": ") not in "".join(parts(complete))
        assert [len(mails_to(office, to)) for to in (LEAD, HEAD)] == [3, 3]
        assert len({str(mail["Message-ID"]) for mail in mails_to(office, LEAD)}) == 3
        found = rows(office)
        for variant in ("preliminary", "preliminary 2", "original"):
            assert [row["state"] for row in found if row["variant"] == variant] == ["sent"] * 4
        refused = office("send", "weekly", "--period", "2026-W47", "--again")
        assert (refused.status, "2026-W47 is complete and is sent once" in refused.err) == (2, True)


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def test_a_report_of_which_data_may_still_come_is_preliminary_too(office: Office) -> None:
    """The data reach Sunday noon. By hand on Monday at 06:00 that is not all; at 14:00 no more is waited for."""
    office.at(-18 * HOUR)
    office("sync")
    office.at(0)
    assert office("send", "weekly").status == 0
    assert {row["variant"] for row in rows(office)} == {"preliminary"}
    office.at(8 * HOUR + MINUTE)
    assert office("send", "weekly").status == 0
    assert {row["variant"] for row in rows(office)} == {"preliminary", "original"}


# Everything that was due


def test_a_run_that_is_killed_goes_on_with_the_others_and_with_who_came_meanwhile(
    office: Office, shared_stores: SharedStores
) -> None:
    """Killed while the first of three recipients gets the mail. Before the next run a fourth one is added."""
    office.copy_synced(shared_stores)
    edit(office, f'"{HEAD}"]', f'"{HEAD}", "third@acme.example"]')
    office.at(2 * HOUR + MINUTE)
    office.mailbox.holds = threading.Event()
    process = start("run", "--once", "--config", office.desk.path, now=office.monday + 2 * HOUR + MINUTE)
    assert office.mailbox.has_data.wait(120)
    process.kill()
    assert finished(process).status == -9
    office.mailbox.holds.set()
    office.mailbox.holds = None
    edit(office, '"third@acme.example"]', f'"third@acme.example", "{NEW}"]')
    office.at(2 * HOUR + 20 * MINUTE)  # the dead process's lease is over
    office("run", "--once")
    assert sorted(to for to, _ in office.mailbox.mails) == sorted([LEAD, HEAD, "third@acme.example", NEW])
    assert len(office.chat.posts) == 1
    unknown = [row["recipient"] for row in rows(office) if row["state"] == "unknown"]
    assert unknown == [LEAD]
    office.at(3 * HOUR)
    assert "weekly" not in office("run", "--once").out  # everybody has an outcome
    assert len(office.mailbox.mails) == 4


def own_template(office: Office, name: str, body: str) -> None:
    folder = office.desk.folder / "report_templates" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "subject.txt.j2").write_text("{{ report.team }}\n")
    (folder / "body.txt.j2").write_text(body)


def add_report(office: Office, name: str, lines: str) -> None:
    office.desk.path.write_text(office.desk.path.read_text() + f"\n[reports.{name}]\n{lines}\n")


def teams(office: Office) -> list[str]:
    with office.desk.store() as store:
        return sorted({name for (name,) in store.rows("SELECT coalesce(name, native) FROM teams")})


@pytest.mark.parametrize("words", [(), ("--verbose",)])
def test_one_team_that_fails_stops_neither_the_others_nor_other_reports(
    office: Office, words: tuple[str, ...], shared_stores: SharedStores
) -> None:
    office.copy_synced(shared_stores)
    [first, *others] = teams(office)
    assert len(others) > 1
    own_template(
        office, "own", '{{ 1 // (0 if report.team == "TEAM" else 1) }} of {{ report.team }}\n'.replace("TEAM", first)
    )
    edit(office, "[reports.weekly]", '[reports.own]\ntemplate = "own"\neach = "team"\nevery = "monday 08:00"\n'
         'to = ["leads"]\n\n[reports.weekly]')  # fmt: skip
    office.at(2 * HOUR + MINUTE)
    process = start("run", "--once", *words, "--config", office.desk.path, now=office.monday + 2 * HOUR + MINUTE)
    ran = finished(process)
    assert ran.status == 3
    [line] = [line for line in ran.out.splitlines() if line.startswith("own: ")]
    assert f"own:{first}: unexpected ZeroDivisionError" in line
    assert "weekly: done" in ran.out
    assert ("Traceback" in ran.err) == bool(words)
    subjects = [str(mail["Subject"]) for mail in mails_to(office, HEAD)]
    assert [subjects.count(team) for team in (first, *others)] == [0] + [1] * len(others)
    assert f"2026-W47 is not done: own:{first}: unexpected ZeroDivisionError" in office("status").out

    own_template(office, "own", "of {{ report.team }}\n")
    office.at(2 * HOUR + 10 * MINUTE)
    assert "own" not in office("run", "--once").out  # its pause is not over
    office.at(2 * HOUR + 17 * MINUTE)
    assert "own: done" in office("run", "--once").out
    subjects = [str(mail["Subject"]) for mail in mails_to(office, HEAD)]
    assert [subjects.count(team) for team in (first, *others)] == [1] * (len(others) + 1)


def test_a_team_that_appears_before_all_is_done_gets_its_report(office: Office, shared_stores: SharedStores) -> None:
    """The first run fails for all; then a team comes; then the template is right again."""
    office.copy_synced(shared_stores)
    own_template(office, "own", "{{ 1 // 0 }}\n")
    add_report(office, "own", 'template = "own"\neach = "team"\nevery = "monday 08:00"\nto = ["leads"]')
    office.at(2 * HOUR + MINUTE)
    assert office("run", "--once").status == 3
    with office.desk.store() as store, store.transaction() as conn:
        conn.execute("INSERT INTO teams (source, native, name) SELECT id, '99999', 'Night' FROM sources")
    own_template(office, "own", "of {{ report.team }}\n")
    office.at(2 * HOUR + 17 * MINUTE)
    assert "own: done" in office("run", "--once").out
    assert "Night" in [str(mail["Subject"]) for mail in mails_to(office, HEAD)]


def test_what_could_never_be_sent_is_reported_as_missed_and_the_next_one_goes_out(
    office: Office, shared_stores: SharedStores
) -> None:
    office.copy_synced(shared_stores)
    own_template(office, "own", "{{ 1 // 0 }}\n")
    add_report(office, "own", 'template = "own"\nevery = "monday 08:00"\nto = ["leads"]')
    office.at(2 * HOUR + MINUTE)
    assert office("run", "--once").status == 3
    own_template(office, "own", "{{ report.period }}\n")
    office.at(7 * DAY + 2 * HOUR + MINUTE)
    ran = office("run", "--once")
    assert "own: 2026-W47 is given up: own: unexpected ZeroDivisionError" in ran.out
    assert "own: done" in ran.out
    own = [mail for mail in mails_to(office, HEAD) if "Week 48" in parts_text(mail)]
    assert own
    assert "2026-W47 was given up" in office("status").out


def parts_text(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body
    return str(body.get_content())


def test_a_clock_that_was_a_year_ahead_and_is_right_again_blocks_nothing(
    office: Office, shared_stores: SharedStores
) -> None:
    office.copy_synced(shared_stores)
    # The helpdesk's clock is right, so that nothing counts as whole up to then: the report waits for data until 14:00.
    for hours in (2, 8):
        office.cli.at(office.monday + 364 * DAY + hours * HOUR + MINUTE)
        office("run", "--once")
    wrong = len(office.mailbox.mails)
    assert wrong > 0
    office.at(2 * HOUR + 5 * MINUTE)
    ran = office("run", "--once")
    assert "sync: done" in ran.out
    assert "weekly: done" in ran.out
    assert any(
        "Week 47" in str(mail["Subject"]) or "47" in parts_text(mail) for _, mail in office.mailbox.mails[wrong:]
    )
    status = json.loads(office("status", "--json").out)
    assert status["reports"]["weekly"]["last_sent"] == "2026-11-23T07:05:00Z"
    assert all(
        stream["ran_at"] is None or stream["ran_at"] < "2026-11-24"
        for stream in status["sources"]["demo"]["streams"].values()
    )
    office.at(2 * HOUR + 40 * MINUTE)
    assert "sync: done" in office("run", "--once").out  # each half hour, as ever


# Links


@pytest.mark.parametrize("privacy", ["full", "pseudonymous", "team_only"])
def test_every_link_leads_to_the_page_of_its_own_team(
    tmp_path: Path, cli: Cli, privacy: str, shared_stores: SharedStores
) -> None:
    """A team whose name needs quoting, one that differs from another by a sign only, and one called after an agent."""
    with Office(tmp_path, cli, f'each = "team"\nlink_base = "{BASE}/"').open() as office:
        office.copy_synced(shared_stores)
        edit(office, "timezone =", f'privacy = "{privacy}"\ntimezone =')
        with office.desk.store() as store, store.transaction() as conn:
            agent = next(a.name for a in office.desk.world.desk.accounts if a.roles[0][1] == "agent" and not a.bot)
            by_name = ["客服 A/B", "客服 A-B", f"{agent}'s desk"]
            keys = [key for (key,) in conn.execute("SELECT id FROM teams ORDER BY id").fetchall()]
            for key, name in zip(keys, by_name, strict=False):
                conn.execute("UPDATE teams SET name = ? WHERE id = ?", (name, key))
        for words in (("--period", "2026-W47"), ("--period", "this-week")):
            assert office("send", "weekly", *words).status == 0
        folder = office.desk.folder / "reports"
        links = list(linked(office))
        # In each of two periods a team has two mails, each with a text and an HTML part, and a post.
        assert len(links) == 2 * (2 * 2 + 1) * len(teams(office))
        for team, link in links:
            page = folder / unquote(urlsplit(link).path).rpartition("/")[2]
            assert page.is_file(), link
            assert f"<title>{team} · " in html.unescape(page.read_text()), link
            if privacy != "full":
                assert agent.split()[0] not in unquote(link)
        if privacy != "full":
            assert not [name for name in office.files() if agent.split()[0] in name]


def linked(office: Office) -> Iterator[tuple[str, str]]:
    """Team and link of each part of each message."""
    for _, mail in office.mailbox.mails:
        text, body = parts(mail)
        team = text.partition(" · ")[0]
        for part in (text, body):
            [link] = set(LINK.findall(part))
            yield team, link
    for post in office.chat.posts:
        [link] = set(LINK.findall(json.dumps(post, ensure_ascii=False)))
        yield post["text"].removeprefix("Preliminary: ").partition(" · ")[0], link


def test_a_report_without_a_page_links_to_none(office: Office, shared_stores: SharedStores) -> None:
    office.copy_synced(shared_stores)
    own_template(office, "own", "{{ report.page_url }}\n")
    add_report(office, "own", f'template = "own"\nlink_base = "{BASE}"\nto = ["leads"]')
    assert office("send", "own").status == 0
    assert parts_text(office.mailbox.mails[0][1]).strip() == "None"


def test_who_links_to_pages_that_no_channel_writes_is_warned(office: Office) -> None:
    add_report(office, "own", f'template = "weekly_digest"\nlink_base = "{BASE}"\nto = ["leads"]')
    ran: Ran = office("check")
    assert "reports.own.link_base" in ran.out + ran.err
    shutil.rmtree(office.desk.folder / "reports", ignore_errors=True)
