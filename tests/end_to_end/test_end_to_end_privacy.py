"""What privacy forbids is in no byte of any output: not in a mail's parts, a page, a file, or a terminal's answer."""

import json
import re
import shutil
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import SMTP
from itertools import cycle
from pathlib import Path

import msgspec
import pytest
from synced_fixtures import Cli, SyncedDesk

from helpdesk_kpi.simulator.world.facts import Account, Answered, Created
from helpdesk_kpi.simulator.world.world import World, generate
from helpdesk_kpi.store import open_store

WEEKS = ("2026-W46", "2026-W47")


def indiscreet() -> World:
    """A desk whose customers write the names, addresses and ids of agents into subjects and comments."""
    world = generate(3, tickets=200, weeks=8)
    marks = cycle([mark for a in team(world) for mark in (a.name, a.email, str(a.id))])
    facts = [
        msgspec.structs.replace(fact, subject=f"For {next(marks)}")
        if isinstance(fact, Created)
        else msgspec.structs.replace(fact, comment=f"{next(marks)} was of no help")
        if isinstance(fact, Answered)
        else fact
        for fact in world.facts
    ]
    return World(world.desk, facts, plan=world.plan)


def team(world: World) -> list[Account]:
    return [a for a in world.desk.accounts if a.roles[0][1] != "customer"]


class Outputs:
    """Everything that one desk gives away under one setting, decoded."""

    def __init__(self, cli: Cli, desk: SyncedDesk, folder: Path, privacy: str) -> None:
        self.cli = cli
        cli.at(desk.world.now)
        own = folder / "own"  # a store of its own, since what was sent before stays as it was sent
        own.mkdir(parents=True)
        with desk.store() as store:
            store.conn.execute("VACUUM INTO ?", (str(own / "helpdesk.db"),))
        shutil.copy(desk.folder / "zendesk.key", own)
        self.store, self.path = own / "helpdesk.db", own / "helpdesk-kpi.toml"
        self.path.write_text(f'privacy = "{privacy}"\n{desk.path.read_text()}')
        self.folder = own / "reports"

    def all(self) -> dict[str, str]:
        commands = [
            *(f"report {name} --format {form}" for name in ("weekly", "monthly") for form in
              ("html", "text", "json", "slack")),
            *(f"report {name} --period {span} --format {form}" for name, span in
              (("process_review", "2026-11"), ("data_quality", "2026-Q4")) for form in ("html", "text", "json")),
            *(f"observations {kpi} --format {form}" for kpi in ("first_reply_time", "csat")
              for form in ("csv", "json")),
            *(f"explain {kpi} --period 2026-W47 {more}" for kpi in ("first_reply_time", "csat") for more in
              ("", "--json")),
            "kpis", "kpis --json", "status", "status --json", "send weekly --dry-run", "send weekly", "send monthly",
            "deliveries list --json",
        ]  # fmt: skip
        found = {}
        for command in commands:
            ran = self.cli(*command.split(), "--config", self.path)
            assert ran.status == 0, (command, ran.err)
            found[command] = ran.out + ran.err
        return found | dict(self._files())

    def _files(self) -> Iterator[tuple[str, str]]:
        for path in self.folder.iterdir():
            yield path.name, path.read_bytes().decode("utf-8", "replace")
            if path.suffix == ".eml":
                mail = message_from_bytes(path.read_bytes(), policy=SMTP)
                for number, part in enumerate(mail.walk()):
                    content = b"" if part.is_multipart() else part.get_payload(decode=True)
                    assert isinstance(content, bytes)
                    yield f"{path.name} part {number}", content.decode("utf-8", "replace") + str(part.items())


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> SyncedDesk:
    """Synced before and after somebody left, so that the leaver's name is known."""
    made = SyncedDesk(tmp_path_factory.mktemp("privacy"), indiscreet())
    end, leaver = made.world.now, made.world.leaver
    assert leaver
    made.world.now = leaver.roles[-1][0] - 86_400_000
    made.sync()
    made.world.now = end
    made.sync()
    return made


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    return Cli(capfd, monkeypatch)


def find(outputs: dict[str, str], world: World) -> set[tuple[str, str]]:
    """(output, mark) wherever an agent's whole name, either part of it, address or id can be read."""
    found = set()
    for name, text in outputs.items():
        for account in team(world):
            for mark in (account.name, *account.name.split(), account.email, str(account.id)):  # `lang=` is no Lang
                if mark in text and re.search(rf"(?<!\w){re.escape(mark)}(?!\w)", text):
                    found.add((name, mark))
    return found


def test_with_full_names_they_are_everywhere(desk: SyncedDesk, cli: Cli, tmp_path: Path) -> None:
    """Else the tests below would pass on a desk where nobody is named at all."""
    found = {name for name, _ in find(Outputs(cli, desk, tmp_path, "full").all(), desk.world)}
    assert {"report weekly --format text", "report weekly --format html", "weekly-2026-W47.eml part 2"} <= found
    assert {"observations csat --format csv", "explain csat --period 2026-W47 "} <= found


@pytest.mark.parametrize("privacy", ["team_only", "pseudonymous"])
def test_no_output_names_an_agent(desk: SyncedDesk, cli: Cli, tmp_path: Path, privacy: str) -> None:
    outputs = Outputs(cli, desk, tmp_path, privacy).all()
    assert len(outputs) > 40
    assert find(outputs, desk.world) == set()


@pytest.mark.parametrize("privacy", ["team_only", "pseudonymous"])
def test_figures_of_one_agent_are_refused_and_nobody_is_suggested(
    desk: SyncedDesk, cli: Cli, tmp_path: Path, privacy: str
) -> None:
    outputs = Outputs(cli, desk, tmp_path, privacy)
    name = team(desk.world)[0].name
    for requested in (name, name[:-1], "Nobody"):
        ran = cli("explain", "csat", "--period", "2026-W47", "--agent", requested, "--config", outputs.path)
        assert (ran.status, ran.out) == (2, "")
        assert privacy in ran.err
        assert find({"err": ran.err.replace(requested, "")}, desk.world) == set()


def test_an_alias_holds_for_the_same_person_in_every_week(desk: SyncedDesk, cli: Cli, tmp_path: Path) -> None:
    """The waiting tickets of two weeks: whoever is on both lists holds the same tickets under the same alias."""
    full, hidden = (Outputs(cli, desk, tmp_path / p, p) for p in ("full", "pseudonymous"))
    alias_of: dict[str, set[str]] = {}
    for week in WEEKS:
        names, aliases = (holders(cli, outputs.path, week) for outputs in (full, hidden))
        assert names.keys() == aliases.keys()
        for ticket, name in names.items():
            alias_of.setdefault(name, set()).add(aliases[ticket])
    people = {name: aliases for name, aliases in alias_of.items() if "unassigned" not in name}
    assert len(people) > 2
    assert {len(aliases) for aliases in people.values()} == {1}
    assert all(re.fullmatch(r"Agent [0-9a-f]{6}", alias) for aliases in people.values() for alias in aliases)
    assert len({alias for aliases in people.values() for alias in aliases}) == len(people)


def holders(cli: Cli, path: Path, week: str) -> dict[str, str]:
    """Ticket number -> who holds it, of the list of those who wait."""
    text = cli("report", "weekly", "--period", week, "--format", "text", "--config", path).out
    return {
        found[2]: found[1].strip()
        for line in text.splitlines()
        if (found := re.search(r"· ([^·]+?)(?: · since [^·]+)? · #(\d+)  http", line)) and " · P" in line
    }


def test_a_ledger_and_its_frozen_mails_hold_no_names_either(desk: SyncedDesk, cli: Cli, tmp_path: Path) -> None:
    outputs = Outputs(cli, desk, tmp_path, "team_only")
    assert cli("send", "weekly", "--period", "2026-W44", "--config", outputs.path).status == 0
    with open_store(outputs.store) as store:
        ((body,),) = store.rows("SELECT body FROM frozen_messages")
    assert find({"frozen": body.decode("utf-8", "replace")}, desk.world) == set()
    assert json.loads(cli("deliveries", "list", "--json", "--config", outputs.path).out)


def test_the_id_of_a_leaver_of_which_name_was_never_known_is_hidden_too(
    desk: SyncedDesk, cli: Cli, tmp_path: Path
) -> None:
    """Synced only after somebody left: the name went away with the role, but customers may write the id."""
    late = SyncedDesk(tmp_path, desk.world)
    late.sync()
    outputs = Outputs(cli, late, tmp_path / "late", "team_only").all()
    leaver = desk.world.leaver
    assert leaver
    assert [name for name, text in outputs.items() if str(leaver.id) in text] == []
