"""One agent on two helpdesks has one figure: what the two worlds know of them, put together.

Two simulated helpdesks behind their real API, under one configuration. Ben's address is the same and verified on both;
Elif goes by another name and address on the second, and the configuration says that it is she; there are two people
called Hugo Martin. Everybody else of the second helpdesk is somebody else.
"""

import csv
import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from oracle.truth import TrueObservation, truth, truth_summary
from synced_fixtures import Cli, impatient, open_test_store
from truth_fixtures import WORLD_KPIS

from helpdesk_kpi.calendar.periods import Period
from helpdesk_kpi.cli.demo_config import DemoSource, build_demo_config
from helpdesk_kpi.config import LoadedConfig, load
from helpdesk_kpi.measure.build.build import build_stale
from helpdesk_kpi.measure.metrics.contract import Duration, Score, Share, Total
from helpdesk_kpi.measure.metrics.discovery import find_kpis
from helpdesk_kpi.measure.query.metric_query import build_query
from helpdesk_kpi.measure.query.metric_store import MetricStore
from helpdesk_kpi.pull.source_config import load_sources
from helpdesk_kpi.pull.sync import sync
from helpdesk_kpi.simulator.server.serve import serve
from helpdesk_kpi.simulator.world.facts import Account
from helpdesk_kpi.simulator.world.world import World, generate
from helpdesk_kpi.simulator.zendesk.app import app
from helpdesk_kpi.store import open_store

DAY = 86_400_000
BEN, ELIF, HUGO = "Ben Okafor", "Elif Yilmaz", "Hugo Martin"
TEMPLATE = "{{% for name, n in report.kpi('{}').by('agent').items() %}}{{{{ name }}}}={{{{ n.n }}}}\n{{% endfor %}}"


def second_world(first: World) -> World:
    """Another desk with the same ids, on which most people are others."""
    world = generate(6, tickets=220, weeks=8)
    accounts = tuple(_other(a) if a.roles[0][1] != "customer" else a for a in world.desk.accounts)
    assert {a.id for a in world.desk.accounts} & {a.id for a in first.desk.accounts}
    return World(msgspec.structs.replace(world.desk, accounts=accounts), world.facts, plan=world.plan)


def _other(account: Account) -> Account:
    if account.bot:
        return account  # the same robot, with the same address, on both
    if account.name == BEN:
        return msgspec.structs.replace(account, name="B. O.")
    name = {ELIF: "Second Line", HUGO: HUGO}.get(account.name, f"{account.name[::-1].title()}")
    return msgspec.structs.replace(account, name=name, email=f"{account.id}@other.example")


class Desks:
    """Both, synced and measured once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        first = generate(5, tickets=220, weeks=8)
        self.worlds = {"first": first, "second": second_world(first)}
        self.now = first.now
        for self_now in (self.now - 35 * DAY, self.now - 15 * DAY, self.now):  # leavers are met while they are here
            for world in self.worlds.values():
                world.now = self_now
            self._sync()
        self.as_of = self.now - 120_000

    def _sync(self) -> None:
        with self.served(), open_test_store(self.loaded.store_path) as store:
            sources = load_sources(self.loaded, (), store.hash_key)
            results = sync(store, sources, now=lambda: self.worlds["first"].now, connect=impatient)
            assert {r.outcome for r in results} <= {"ok", "not_due"}, results
            build_stale(store, self.loaded.config)

    @contextmanager
    def served(self) -> Iterator[None]:
        first, second = self.worlds.values()
        with serve(app(first, limits=False)) as one, serve(app(second, limits=False)) as other:
            self.loaded = self._configured(one.url, other.url)
            yield

    def _configured(self, one: str, other: str) -> LoadedConfig:
        urls = {"first": one, "second": other}
        shown = [DemoSource(name, "zendesk", world, urls[name]) for name, world in self.worlds.items()]
        text = build_demo_config(shown, "en", own_folder=True)
        elif_id = self.ids(ELIF)["first"]
        text += f'\n[people.elif]\nname = "{ELIF}"\naccounts = ["elif@northwind.example", "second:{elif_id}"]\n'
        path = self.folder / "helpdesk-kpi.toml"
        path.write_text(text)
        (self.folder / shown[0].key_file).write_text(shown[0].secret)
        return load(path)

    def ids(self, name: str) -> dict[str, str]:
        """Of an agent of the first world, by source; they have the same id on the second."""
        account = next(str(a.id) for a in self.worlds["first"].desk.accounts if a.name == name)
        return {"first": account, "second": account}

    def truth(self, kpi: str, accounts: dict[str, str]) -> list[TrueObservation]:
        rows: list[TrueObservation] = []
        for source, account in accounts.items():
            of_world = truth(self.worlds[source], kpi, "strict", self.as_of)
            rows += [r for r in of_world if r.agent == account and (kpi != "csat" or r.facet == "overall")]
        return rows


@pytest.fixture(scope="module")
def desks(tmp_path_factory: pytest.TempPathFactory) -> Desks:
    return Desks(tmp_path_factory.mktemp("across"))


@pytest.fixture
def cli(desks: Desks, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    made = Cli(capfd, monkeypatch)
    made.at(desks.now)
    return made


def people(desks: Desks) -> dict[str, dict[str, str]]:
    """Name in reports -> account by source, of everybody that the tests are about."""
    ben, elif_, hugo = desks.ids(BEN), desks.ids(ELIF), desks.ids(HUGO)
    return {
        BEN: ben,
        ELIF: elif_,
        f"{HUGO} (1)": {"first": hugo["first"]},
        f"{HUGO} (2)": {"second": hugo["second"]},
    }


#: What a person's tickets add up to; promises, windows, mixtures and stocks are put together otherwise.
ADDED = Duration | Share | Total | Score
KPIS = [
    name
    for name in sorted(WORLD_KPIS)
    if find_kpis()[name].subject == "ticket" and isinstance(find_kpis()[name].statistic, ADDED)
]


@pytest.mark.parametrize("kpi", KPIS)
def test_every_figure_of_an_agent_is_both_worlds_truth(desks: Desks, kpi: str) -> None:
    start = min(world.desk.start for world in desks.worlds.values())
    whole = Period("year", start - DAY, desks.now + DAY, "2026", "UTC")
    spec = find_kpis()[kpi]
    with open_store(desks.loaded.store_path) as store:
        reader = MetricStore(store, desks.loaded.config)
        checked = 0
        for name, accounts in people(desks).items():
            true = truth_summary(desks.truth(kpi, accounts)).get(None)
            found = reader.compute(build_query(spec.id, whole, desks.as_of, agent=name))
            if true is None:
                assert found.n == 0
                continue
            checked += 1
            if spec.unit == "ms":
                assert found.ended == true.ended
                assert found.mean == (None if true.mean_business_ms is None else pytest.approx(true.mean_business_ms))
            else:
                assert found.n == pytest.approx(true.credit)
                total = (found.value or 0) * (found.n if isinstance(spec.statistic, Share | Score) else 1)
                assert total == pytest.approx(true.total)
        assert checked >= 3


def test_the_backlog_of_an_agent_is_on_both_helpdesks(desks: Desks) -> None:
    whole = Period("year", 0, desks.now + DAY, "2026", "UTC")
    with open_store(desks.loaded.store_path) as store:
        reader = MetricStore(store, desks.loaded.config)
        found = {
            name: reader.compute(build_query("backlog", whole, desks.as_of, agent=name)).n for name in people(desks)
        }
    true = {name: len(desks.truth("backlog", accounts)) for name, accounts in people(desks).items()}
    assert found == true
    assert sum(true.values()) > 3


def test_the_people_of_two_helpdesks_are_those_that_there_are(desks: Desks) -> None:
    """Ten agents and one light agent on each, two of them the same; the robot of each is its own."""
    with open_store(desks.loaded.store_path) as store:
        kept = store.rows("SELECT human, how, count(*) FROM identities JOIN people ON id = person"
                          " WHERE native IN (SELECT value FROM json_each(?)) GROUP BY 1, 2 ORDER BY 1",
                          json.dumps([desks.ids(name)["first"] for name in (BEN, ELIF, HUGO)]))  # fmt: skip
        robots = store.rows("SELECT DISTINCT human FROM identities WHERE human LIKE 'Northwind Bot%'")
    assert kept == [
        (BEN, "verified address", 2), (ELIF, "configured", 2),
        (f"{HUGO} (1)", "single account", 1), (f"{HUGO} (2)", "single account", 1),
    ]  # fmt: skip
    assert len(robots) == 2


def test_explain_opens_one_persons_number_down_to_the_tickets_of_both(desks: Desks, cli: Cli) -> None:
    for name, accounts in people(desks).items():
        ran = cli("explain", "solved_tickets", "--agent", name, "--period", "2026", "--json", "--config",
                  desks.loaded.path)  # fmt: skip
        assert ran.status == 0, ran.err
        found = json.loads(ran.out)
        rows = [row for row in found["observations"] if row["value"] is not None]
        assert found["value"]["n"] == len(rows)
        per_source = {source: len(desks.truth("solved_tickets", {source: one})) for source, one in accounts.items()}
        assert {source: sum(row["source"] == source for row in rows) for source in accounts} == per_source
        assert min(per_source.values()) > 0
        assert {row["agent"] for row in rows} == {name}


def test_observations_name_the_human_on_either_helpdesk(desks: Desks, cli: Cli) -> None:
    rows = list(csv.DictReader(io.StringIO(cli("observations", "csat", "--config", desks.loaded.path).out)))
    for name, accounts in people(desks).items():
        credit: dict[str, float] = dict.fromkeys(accounts, 0.0)
        for row in rows:
            if row["agent"] == name and row["facet"] == "overall" and not row["reason"]:
                credit[row["source"]] += float(row["share"])
        true = {source: sum(r.share for r in desks.truth("csat", {source: one})) for source, one in accounts.items()}
        assert credit == pytest.approx(true)
    assert "Second Line" not in {row["agent"] for row in rows}


def test_a_report_by_agent_lists_each_human_once_and_adds_up(desks: Desks, cli: Cli) -> None:
    own = desks.folder / "report_templates" / "people"
    own.mkdir(parents=True)
    (own / "subject.txt.j2").write_text("people")
    (own / "body.txt.j2").write_text(TEMPLATE.format("solved_tickets"))
    (own / "body.html.j2").write_text("{{ report.kpi('solved_tickets').n }}")
    ran = cli("report", "people", "--period", "2026", "--format", "text", "--config", desks.loaded.path)
    assert ran.status == 0, ran.err
    found = dict(line.rsplit("=", 1) for line in ran.out.splitlines() if "=" in line)
    for name, accounts in people(desks).items():
        assert int(found.pop(name)) == len(desks.truth("solved_tickets", accounts))
    assert not {"B. O.", "Second Line", HUGO} & set(found)


def test_check_suggests_the_two_of_one_name_and_no_one_else(desks: Desks, cli: Cli) -> None:
    with desks.served():
        ran = cli("check", "--config", desks.loaded.path)
    assert ran.status == 0, ran.out
    hugo = desks.ids(HUGO)
    suggestions = [line for line in ran.out.splitlines() if "may be one person" in line]
    (line,) = suggestions
    assert f"same name: first:{hugo['first']} {HUGO}, second:{hugo['second']} {HUGO}" in line
    assert f'[people.hugo_martin]\n    accounts = ["first:{hugo["first"]}", "second:{hugo["second"]}"]' in ran.out


def test_what_check_suggests_can_be_pasted_and_makes_them_one(desks: Desks, cli: Cli, tmp_path: Path) -> None:
    with desks.served():
        out = cli("check", "--config", desks.loaded.path).out.splitlines()
        start = out.index("    [people.hugo_martin]")
        pasted = "\n".join(line for line in out[start : start + 3])
        path = desks.folder / "pasted.toml"
        path.write_text(f"{desks.loaded.text}\n{pasted}\n")
        assert "may be one person" not in cli("check", "--config", path).out
        separate = desks.folder / "apart.toml"
        hugo = desks.ids(HUGO)
        entries = [f'[people.{key}]\naccounts = ["{key}:{hugo[key]}"]\n' for key in ("first", "second")]
        separate.write_text("\n".join([desks.loaded.text, *entries]))
        assert "may be one person" not in cli("check", "--config", separate).out
    with open_store(desks.loaded.store_path) as store:
        shown: Any = MetricStore(store, load(path).config).agent_names
        assert HUGO in shown
        assert {"first", "second"} <= set(MetricStore(store, load(separate).config).agent_names)


def test_person_show_tells_the_accounts_and_how_they_were_joined(desks: Desks, cli: Cli) -> None:
    ran = cli("person", "show", BEN, "--json", "--config", desks.loaded.path)
    (found,) = json.loads(ran.out)
    assert [(a["source"], a["id"], a["joined_by"]) for a in found["accounts"]] == [
        (source, account, "verified address") for source, account in desks.ids(BEN).items()
    ]
    assert [a["name"] for a in found["accounts"]] == [BEN, "B. O."]
    assert all(a["roles"][0]["kind"] == "agent" for a in found["accounts"])
    by_entry = cli("person", "show", "elif", "--config", desks.loaded.path).out
    assert f"{ELIF}  [people.elif]" in by_entry
    assert by_entry.count("configured; agent") == 2
    both = cli("person", "show", "hugo martin", "--config", desks.loaded.path).out
    assert f"{HUGO} (1)\n" in both
    assert f"{HUGO} (2)\n" in both


def test_person_show_of_nobody_names_who_was_meant(desks: Desks, cli: Cli) -> None:
    ran = cli("person", "show", "Ben Okafur", "--config", desks.loaded.path)
    assert (ran.status, ran.out) == (2, "")
    assert "no agent has the name 'Ben Okafur'; did you mean Ben Okafor?" in ran.err


@pytest.mark.parametrize("privacy", ["pseudonymous", "team_only"])
def test_where_people_are_not_identified_check_counts_and_person_refuses(desks: Desks, cli: Cli, privacy: str) -> None:
    path = desks.folder / f"{privacy}.toml"
    team = [a for world in desks.worlds.values() for a in world.desk.accounts if a.roles[0][1] != "customer"]
    with desks.served():
        unknown = '[people.x]\naccounts = ["gone@x.example"]\n'
        path.write_text(f'privacy = "{privacy}"\n{desks.loaded.text}\n{unknown}')
        checked, shown = cli("check", "--config", path), cli("person", "show", "elif", "--config", path)
    assert "people who may have accounts on several helpdesks: 1; who it is is not said" in checked.out
    assert "accounts to look at: 1; who it is is not said" in checked.out
    assert (shown.status, shown.out) == (2, "")
    assert privacy in shown.err
    said = checked.out + checked.err + shown.err
    assert [mark for a in team for mark in (a.name, a.email, str(a.id)) if mark in said] == []
