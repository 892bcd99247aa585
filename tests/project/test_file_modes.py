"""Files with people's figures are never open to others, not even for a moment, whatever the umask."""

import ast
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from project_paths import ROOT
from synced_fixtures import Cli, SyncedDesk

from helpdesk_kpi.cli.app_context import iso
from helpdesk_kpi.cli.demo_run import run_demo
from helpdesk_kpi.errors import UsageError, WriteError
from helpdesk_kpi.private import touch_private, write_private
from helpdesk_kpi.simulator.world.world import generate
from helpdesk_kpi.store import open_store

#: Runs the command line. Every file that is made is looked at when it is opened next to it in time: at each open of
#: anything, and at the end. Prints the names of those that others could open then.
WATCH = """
import os, stat, sys
from pathlib import Path

os.umask(0)
folder = Path(sys.argv[1])
seen = set()

def look(*_):
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                mode = stat.S_IMODE(os.lstat(os.path.join(place, name)).st_mode)
            except FileNotFoundError:
                continue
            if mode & 0o077:
                seen.add(name)

def audit(event, args):
    if event in {"open", "os.chmod", "os.rename", "os.remove", "sqlite3.connect"}:
        look()

look()
known = set(seen)
sys.addaudithook(audit)
try:
    from helpdesk_kpi.cli import main
    main(sys.argv[2:])
except SystemExit as end:
    if end.code:
        print("status", end.code)
look()
print(sorted(seen - known))
"""


@pytest.fixture
def open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.usefixtures("open_umask")
def test_a_file_is_private_from_its_first_moment(tmp_path: Path) -> None:
    """Looked at before any further step with it: before its mode is changed, before it gets its name."""
    path = tmp_path / "a.html"
    path.write_text("old")
    path.chmod(0o644)
    seen = []

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event in {"os.chmod", "os.rename"} and str(tmp_path) in str(arguments[0]):
            seen.append((event, mode(Path(str(arguments[0])))))

    sys.addaudithook(hook)
    write_private(path, "new")
    touch_private(tmp_path / "b.db")
    assert seen == [("os.rename", 0o600)]
    assert (path.read_text(), mode(path), mode(tmp_path / "b.db")) == ("new", 0o600, 0o600)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.html", "b.db"]


def test_a_link_is_followed_and_a_device_is_written_into(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "link.html"
    link.symlink_to(tmp_path / "real" / "a.html")
    write_private(link, "x")
    assert link.is_symlink()
    assert (tmp_path / "real" / "a.html").read_text() == "x"
    write_private(Path("/dev/null"), "x")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


@pytest.mark.parametrize("name", ["none/a.html", ".", "x" * 300])
def test_what_cannot_be_written_is_an_expected_failure_and_leaves_nothing(tmp_path: Path, name: str) -> None:
    with pytest.raises(WriteError, match="cannot be written: "):
        write_private(tmp_path / name, "x")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("open_umask")
def test_the_files_next_to_the_store_are_as_private_as_it_is(tmp_path: Path) -> None:
    with open_store(tmp_path / "a.db") as store, store.transaction() as conn:
        conn.execute("INSERT INTO access_log (at, who, what) VALUES (1, 'ann', 'x')")
        found = {path.name: mode(path) for path in tmp_path.iterdir()}
    assert found == {"a.db": 0o600, "a.db-wal": 0o600, "a.db-shm": 0o600}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> SyncedDesk:
    made = SyncedDesk(tmp_path_factory.mktemp("private"), generate(5, tickets=60, weeks=5))
    made.sync()
    return made


@pytest.mark.parametrize(
    "words",
    [
        ["init"],
        ["measure", "--all"],
        ["report", "weekly_digest", "--out", "out/a.html"],
        ["report", "weekly_digest", "--format", "json", "--out", "out/a.json"],
        ["send", "weekly"],
    ],
    ids=lambda words: "-".join(words[:1] + words[3:4]),
)
def test_no_command_makes_a_file_that_others_can_open(desk: SyncedDesk, words: list[str]) -> None:
    (desk.folder / "out").mkdir(exist_ok=True)
    config = ["--config", "new.toml" if words == ["init"] else str(desk.path)]
    ran = subprocess.run(
        [sys.executable, "-c", WATCH, str(desk.folder), *words, *config],
        cwd=desk.folder, capture_output=True, text=True, check=False,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]),
            "HELPDESK_KPI_NOW": iso(desk.world.now),
        },
    )  # fmt: skip
    assert ran.stdout.splitlines()[-1:] == ["[]"], ran.stdout + ran.stderr
    assert "status" not in ran.stdout, ran.stdout + ran.stderr


#: Where a file may be written other than by `private`: a temporary file has mode 0600 by itself, and so has what
#: `os.open` is given.
OTHERS = {"deliver/channels/files.py", "pull/token_file.py"}
WRITES = {"write_text", "write_bytes", "chmod", "touch", "copyfile", "mkstemp", "NamedTemporaryFile", "backup"}
MODES = {"w", "wb", "a", "ab", "x", "xb", "w+", "r+"}


def writes(call: ast.Call) -> bool:
    called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    texts = {one.value for one in [*call.args, *(k.value for k in call.keywords)] if isinstance(one, ast.Constant)}
    return called in WRITES or (called in {"open", "fdopen"} and not texts.isdisjoint(MODES))


def test_nothing_else_writes_files() -> None:
    """`testing` is for those who write connectors."""
    found = set()
    for path in (ROOT / "helpdesk_kpi").rglob("*.py"):
        name = str(path.relative_to(ROOT / "helpdesk_kpi"))
        calls = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
        if not name.startswith(("testing/", "private.py")) and any(map(writes, calls)):
            found.add(name)
    assert found == OTHERS


def test_a_report_replaces_an_open_one(cli: Cli, desk: SyncedDesk, tmp_path: Path) -> None:
    out = tmp_path / "a.txt"
    out.write_text("old")
    out.chmod(0o666)
    cli.at(desk.world.now)
    assert cli("report", "weekly_digest", "--format", "text", "--out", out, "--config", desk.path).status == 0
    assert mode(out) == 0o600
    assert out.read_text() != "old"


@pytest.mark.usefixtures("open_umask")
def test_a_demo_is_private_too(tmp_path: Path) -> None:
    out = tmp_path / "demo"
    run_demo(out, "en", 1, show=False, tickets=80)
    files = [path for path in out.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} >= {".db", ".html", ".eml", ".txt", ".json", ".toml"}
    assert {path.name: mode(path) for path in files if mode(path) != 0o600} == {}
    (out / "demo.json").write_text("{")
    with pytest.raises(UsageError, match=r"demo\.json does not say which demo it is of"):
        run_demo(out, "en", 1, show=False, tickets=80)
