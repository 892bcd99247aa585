"""Desks that are odd, empty or hostile: every report in every format is made, and does not mislead."""

import json
import re
from collections.abc import Callable
from email import message_from_bytes
from email.policy import SMTP
from html.parser import HTMLParser
from itertools import cycle
from pathlib import Path

import msgspec
import pytest
from synced_fixtures import Cli, SyncedDesk

from helpdesk_kpi.pull.sync import exit_status
from helpdesk_kpi.simulator.world.facts import Answered, Created
from helpdesk_kpi.simulator.world.world import World, generate

DAY = 86_400_000
SCRIPT = "<script>alert(1)</script>"
FORMULA = '=HYPERLINK("http://evil.example","click")'
SHOUT = "<!channel> *bold* <https://evil.example|click> @here"
LONG = "Bartholomäus " * 15 + "Maier"  # 200 characters
FORMATS = ("html", "text", "json", "slack")


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    return Cli(capfd, monkeypatch)


class Reports:
    """Every output of one desk."""

    def __init__(
        self, folder: Path, cli: Cli, world: World, *, edit: Callable[[str], str] = str, status: int = 0
    ) -> None:
        self.desk = SyncedDesk(folder, world, edit=edit)
        assert exit_status(self.desk.sync()) == status
        cli.at(world.now)
        self.cli = cli

    def made(self, name: str = "weekly", form: str = "text", *more: str) -> str:
        ran = self.cli("report", name, "--format", form, *more, "--config", self.desk.path)
        assert ran.status == 0, ran.err
        said = [line for line in ran.err.splitlines() if "not up to date: measuring" not in line]
        assert said == []
        return ran.out

    def all(self) -> dict[str, str]:
        """Name and format -> what was made; the mail comes with `send`, into a folder."""
        found = {f"{name}.{form}": self.made(name, form) for name in ("weekly", "monthly") for form in FORMATS}
        for name in ("weekly", "monthly"):
            assert self.cli("send", name, "--config", self.desk.path).status == 0
        mails = (self.desk.folder / "reports").glob("*.eml")
        return found | {path.name: path.read_text() for path in mails}

    def sound(self) -> None:
        """Everything is made, and nothing in it is the trace of an accident."""
        for name, text in self.all().items():
            for accident in ("nan", "NaN", "None", "Undefined", "{{", "Traceback", "inf%"):
                assert not re.search(rf"(?<![\w-]){re.escape(accident)}(?![\w-])", text), (name, accident)
        for kpi in ("first_reply_time", "csat"):
            assert self.cli("observations", kpi, "--config", self.desk.path).status == 0
            assert self.cli("explain", kpi, "--period", "last-week", "--config", self.desk.path).status == 0
        assert self.cli("status", "--config", self.desk.path).status == 0


def hostile() -> World:
    """A desk whose customers write what hurts, and where everybody has a very long name."""
    world = generate(3, tickets=120, weeks=5)
    texts = cycle([SCRIPT, FORMULA, SHOUT])
    facts = [
        msgspec.structs.replace(fact, subject=next(texts))
        if isinstance(fact, Created)
        else msgspec.structs.replace(fact, comment=next(texts))
        if isinstance(fact, Answered)
        else fact
        for fact in world.facts
    ]
    accounts = tuple(
        msgspec.structs.replace(a, name=f"{LONG[: 198 - len(str(a.id))]} {a.id}") for a in world.desk.accounts
    )
    return World(msgspec.structs.replace(world.desk, accounts=accounts), facts, plan=world.plan)


class Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]


def test_what_customers_write_is_only_ever_text(tmp_path: Path, cli: Cli) -> None:
    reports = Reports(tmp_path, cli, hostile())
    page, text, slack = (reports.made(form=form) for form in ("html", "text", "slack"))
    assert SCRIPT in text  # it is there, to be read
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    found = Tags(page)
    assert "script" not in found.names
    assert not any("evil.example" in link for link in found.links)
    for field in re.findall(r'"text": ?"((?:[^"\\]|\\.)*)"', slack):
        assert "<!channel>" not in field
        assert "<https://evil.example" not in field
    assert "&lt;!channel&gt;" in slack
    reports.all()
    (mail,) = (tmp_path / "reports").glob("weekly-*.eml")
    html = message_from_bytes(mail.read_bytes(), policy=SMTP).get_body(("html",))
    assert html
    assert "script" not in Tags(html.get_content()).names
    assert SCRIPT not in html.get_content()
    json.loads(reports.made(form="json"))


def test_long_names_break_nothing(tmp_path: Path, cli: Cli) -> None:
    reports = Reports(tmp_path, cli, hostile())
    reports.sound()
    assert LONG[:40] in reports.cli("observations", "csat", "--config", reports.desk.path).out


@pytest.mark.parametrize("kpi", ["first_reply_time", "csat"])
def test_a_cell_that_begins_like_a_formula_is_not_made_of_a_name(tmp_path: Path, cli: Cli, kpi: str) -> None:
    """Observations carry no subjects; names of people are the only free text, and they are quoted as CSV says."""
    reports = Reports(tmp_path, cli, hostile())
    out = reports.cli("observations", kpi, "--config", reports.desk.path).out
    assert "HYPERLINK" not in out
    assert SCRIPT not in out


def test_an_empty_account_gives_reports_that_say_so(tmp_path: Path, cli: Cli) -> None:
    reports = Reports(tmp_path, cli, generate(1, tickets=0, weeks=4, empty=True))
    reports.sound()
    text = reports.made()
    assert "no tickets yet" in text
    assert "No tickets have been synced so far" in " ".join(text.split())
    assert "nothing unusual" not in text
    assert not re.search(r"\b0 min", text)  # nothing was measured, so nothing took no time
    assert not re.search(r"\b0%", text)


def test_an_empty_account_has_no_usual_range(tmp_path: Path, cli: Cli) -> None:
    reports = Reports(tmp_path, cli, generate(1, tickets=0, weeks=4, empty=True))
    assert "usual: " not in reports.made()


def test_a_week_without_tickets_is_shown_as_one(tmp_path: Path, cli: Cli) -> None:
    world = generate(3, tickets=120, weeks=5)
    world.now += 14 * DAY
    reports = Reports(tmp_path, cli, world)
    reports.sound()
    text = reports.made()
    assert "First reply time · median: none" in text
    assert "within its usual range" not in text
    assert re.search(r"^P2 Normal +0 +- ", text, re.MULTILINE)
    assert re.search(r"Backlog · at the end of the period: [1-9]", text)  # what was open is still open


def test_one_ticket_only(tmp_path: Path, cli: Cli) -> None:
    world = generate(3, tickets=120, weeks=5)
    week = [s for s in world.stories.values() if world.now - 7 * DAY + 6 * 3_600_000 < s.created.at < world.now - DAY]
    alone = next(s for s in week if "test" not in s.created.tags and s.deleted is None)
    reports = Reports(tmp_path, cli, World(world.desk, alone.facts, plan=world.plan))
    reports.sound()
    text = reports.made()
    assert re.search(r"\b1 ticket\b", text)
    assert "1 tickets" not in text
    assert "too early to say" in text


def test_in_chinese(tmp_path: Path, cli: Cli) -> None:
    world = generate(3, tickets=120, weeks=5, locale="zh")
    reports = Reports(tmp_path, cli, world, edit=lambda text: text.replace('locale = "en"', 'locale = "zh"'))
    reports.sound()
    text = reports.made()
    assert "首次" in text
    assert re.search(r"\d+ ?小时 ?\d+ ?分", text)
    text = re.sub(r"https?://\S+", "", text)
    for english in ("First reply", "tickets", "within", "median", "Backlog"):
        assert english not in text


def test_without_severities(tmp_path: Path, cli: Cli) -> None:
    def plain(text: str) -> str:
        kept = re.sub(r"\[severity\.P\d\]\n(?:.+\n)+", "", text)
        return re.sub(r"severity = .*\n", "", kept)

    reports = Reports(tmp_path, cli, generate(3, tickets=120, weeks=5), edit=plain)
    assert reports.desk.loaded.config.severity == {}
    reports.sound()
    assert re.search(r"^normal +\d", reports.made(), re.MULTILINE)  # the helpdesk's own priorities are the rows


def test_without_surveys(tmp_path: Path, cli: Cli) -> None:
    world = generate(3, tickets=120, weeks=5)
    world.plan_without = {"csat"}
    reports = Reports(tmp_path, cli, world, status=3)
    reports.sound()
    text = reports.made()
    satisfaction = text[text.index("Customer satisfaction") :].split("\n\n")[0]
    assert "%" not in satisfaction
    assert "not known" in satisfaction


def test_without_hours_help_centre_or_slas(tmp_path: Path, cli: Cli) -> None:
    world = generate(3, tickets=120, weeks=5)
    world.plan_without = {"schedules", "slas", "guide", "calls", "engagements"}
    reports = Reports(tmp_path, cli, world, status=3)
    reports.sound()
