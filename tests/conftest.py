"""What every test may use."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from synced_fixtures import Cli, SharedStores, SyncedDesk

ROOT = Path(__file__).parent.parent

pytest.register_assert_rewrite("variant_fixtures")  # a failure shows which variant differs


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--size", choices=["small", "full"], default="small", help="the same tests with other counts")
    parser.addoption("--update", action="store_true", help="rewrite golden files, to be reviewed as a diff")


#: Files that take longest: where two run at a time, they come first, so that none is left over for the end.
LONGEST = frozenset({
    "test_connector_contract.py", "test_freshdesk_simulator.py", "test_build_processes.py", "test_signals.py",
    "test_sync_crash.py", "test_truth.py", "test_truth_across.py",
})  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name not in LONGEST)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """`seeds(1, 2, 3)`: the test's parameter `seed`; the first one in small size, all in full."""
    if marker := metafunc.definition.get_closest_marker("seeds"):
        seeds = marker.args if metafunc.config.getoption("--size") == "full" else marker.args[:1]
        metafunc.parametrize("seed", seeds)


@pytest.fixture(scope="session")
def full_size(pytestconfig: pytest.Config) -> bool:
    """Whether the large counts were asked for."""
    return bool(pytestconfig.getoption("--size") == "full")


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser; `.ci/run` sets HELPDESK_KPI_ALL, which turns the skip into a failure."""
    return _program("chromium")


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        if os.environ.get("HELPDESK_KPI_ALL"):
            pytest.fail(f"{name} is missing, and HELPDESK_KPI_ALL says that everything has to be here")
        pytest.skip(f"{name} is not installed")
    return found


@pytest.fixture(scope="session")
def shared_stores(tmp_path_factory: pytest.TempPathFactory) -> SharedStores:
    """Synced stores of this session; workers of pytest-xdist share them."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "shared_stores"
    folder.mkdir(exist_ok=True)
    return SharedStores(folder)


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, desk: SyncedDesk) -> Cli:
    """The command line at the time of the module's own `desk`."""
    made = Cli(capfd, monkeypatch)
    made.at(desk.world.now)
    return made


@pytest.fixture
def golden(pytestconfig: pytest.Config) -> Callable[[Path, str], None]:
    """Compare a text with a golden file; `pytest --update` rewrites it."""

    def compare(path: Path, text: str) -> None:
        if pytestconfig.getoption("--update"):
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8"), f"{path} differs; review, then `pytest --update`"

    return compare
