"""`demo` and `simulate` for every helpdesk."""

import html
import re
import shlex
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from helpdesk_kpi.cli import demo_run, main
from helpdesk_kpi.cli.demo_config import DemoSource, build_demo_config
from helpdesk_kpi.config import load
from helpdesk_kpi.errors import UsageError
from helpdesk_kpi.pull.source_config import load_sources
from helpdesk_kpi.simulator.server.vendors import NAMES, get_vendor
from helpdesk_kpi.simulator.world.world import generate


@pytest.mark.parametrize("helpdesk", NAMES)
def test_the_configuration_of_an_invented_desk_is_one_that_its_connector_takes(tmp_path: Path, helpdesk: str) -> None:
    shown = DemoSource("demo", helpdesk, generate(1, tickets=20), "http://127.0.0.1:8800")
    (tmp_path / shown.key_file).write_text(shown.secret)
    path = tmp_path / "helpdesk-kpi.toml"
    path.write_text(build_demo_config([shown], "en", own_folder=True))
    assert shown.secret not in path.read_text()
    (source,) = load_sources(load(path), (), b"key")
    assert source.connector.name == get_vendor(helpdesk).settings(shown.world, shown.url)["connector"]


@pytest.mark.parametrize("locale", ["en", "zh"])
def test_all_three_helpdesks_make_one_digest_in_which_people_are_people(tmp_path: Path, locale: str) -> None:
    out = tmp_path / "all"
    demo_run.run_demo(out, locale, 3, show=False, helpdesk="all", tickets=240)  # type: ignore[arg-type]
    (text,) = out.glob("reports/weekly-*.txt")
    said = text.read_text()
    assert all(name in said for name in ("Zendesk", "Jira", "Freshdesk"))  # each has its line in the footer
    with closing(sqlite3.connect(out / "helpdesk.db")) as db:
        assert {name for (name,) in db.execute("SELECT DISTINCT source FROM v_tickets")} == set(NAMES)
        agents = db.execute(
            "SELECT human, count(DISTINCT p.source) FROM identities i JOIN people p ON p.id = i.person"
            " WHERE how = 'configured' GROUP BY human"
        ).fetchall()
    assert len(agents) >= 10
    assert {count for _, count in agents} == {3}


@pytest.mark.parametrize("locale", ["en", "zh"])
def test_what_demo_names_at_its_end_can_be_done(tmp_path: Path, locale: str, capsys: Any) -> None:
    out = tmp_path / "made"
    demo_run.run_demo(out, locale, 3, show=False, tickets=60)  # type: ignore[arg-type]
    by_name = re.findall(r"^  helpdesk-kpi (.+)  \(", capsys.readouterr().out, re.MULTILINE)
    assert len(by_name) == 4
    assert by_name.pop() == f"simulate --demo {out}"  # serves until it is stopped
    for command in by_name:
        main(shlex.split(command.replace(" --open", "")))  # ends the program where it fails
        assert capsys.readouterr().out


def test_a_folder_with_another_helpdesks_demo_is_left_alone(tmp_path: Path) -> None:
    out = tmp_path / "made"
    demo_run.run_demo(out, "en", 3, show=False, tickets=60)
    with pytest.raises(UsageError, match="a demo of zendesk with seed 3 in en"):
        demo_run.run_demo(out, "en", 3, show=False, helpdesk="jira")


@pytest.mark.parametrize("helpdesk", NAMES)
def test_the_helpdesk_of_a_demo_can_be_served_again_so_that_links_to_tickets_open(
    tmp_path: Path, helpdesk: Any
) -> None:
    out = tmp_path / "made"
    demo_run.run_demo(out, "en", 3, show=False, helpdesk=helpdesk, tickets=60)
    with closing(sqlite3.connect(out / "helpdesk.db")) as db:
        links = db.execute("SELECT url, subject FROM tickets WHERE created_at IS NOT NULL LIMIT 20").fetchall()
    with demo_run.serve_demo(out, time.time) as urls:
        pages = {link: httpx.get(link) for link, _ in links}
    assert all(link.startswith(urls[0]) for link in pages)
    assert {page.status_code for page in pages.values()} == {200}
    assert [subject for link, subject in links if html.escape(subject) not in pages[link].text] == []


def test_a_folder_without_a_demo_cannot_be_served(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has no demo"), demo_run.serve_demo(tmp_path, time.time):
        pass
