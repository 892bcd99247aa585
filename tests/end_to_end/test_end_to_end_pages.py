"""The page in a browser: at a telephone's, a tablet's and a desk's width nothing has to be scrolled sideways."""

import re
import subprocess
from pathlib import Path

import pytest
from synced_fixtures import Cli, SyncedDesk

from helpdesk_kpi.simulator.world.world import generate

WIDTHS = (375, 768, 1440)
#: A page that shows the other one at a width (headless windows are never narrower than 500) and measures it.
FRAME = """<!DOCTYPE html><title>not measured</title>
<iframe id="shown" src="page.html" width="{width}" height="900" style="border:0"></iframe>
<script>
addEventListener("load", () => {{
  const root = document.getElementById("shown").contentDocument.documentElement;
  for (const one of root.querySelectorAll("details")) one.open = {opened};
  const foreign = document.getElementById("shown").contentWindow.performance.getEntriesByType("resource").length;
  document.title = `${{root.clientWidth}} ${{root.scrollWidth}} ${{foreign}} ${{root.innerText.length}}`;
}});
</script>"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> SyncedDesk:
    made = SyncedDesk(tmp_path_factory.mktemp("pages"), generate(3, tickets=700, weeks=30))
    made.sync()
    return made


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    return Cli(capfd, monkeypatch)


@pytest.fixture
def page(desk: SyncedDesk, cli: Cli, request: pytest.FixtureRequest) -> Path:
    name, locale = request.param
    path = desk.folder / "page.html"
    cli.at(desk.world.now)
    ran = cli("report", name, "--format", "html", "--locale", locale, "--out", path, "--config", desk.path)
    assert ran.status == 0, ran.err
    return path


def measured(chromium: str, page: Path, width: int, *, opened: bool) -> tuple[int, int, int, int]:
    """Width inside, width that scrolls, number of things it asked for, length of its text."""
    frame = page.with_name("frame.html")
    frame.write_text(FRAME.format(width=width, opened=str(opened).lower()))
    run = subprocess.run(
        [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
         "--disable-background-networking", "--allow-file-access-from-files", "--host-resolver-rules=MAP * ~NOTFOUND",
         f"--user-data-dir={page.parent / 'profile'}", "--window-size=1600,1000", "--virtual-time-budget=5000",
         "--dump-dom", frame.as_uri()],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    found = re.search(r"<title>(\d+) (\d+) (\d+) (\d+)</title>", run.stdout)
    assert found, run.stdout[:300] + run.stderr[-300:]
    inside, scrolls, requested, letters = map(int, found.groups())
    return inside, scrolls, requested, letters


@pytest.mark.parametrize(
    "page",
    [("weekly", "en"), ("monthly", "zh"), ("process_review", "en"), ("data_quality", "zh")],
    indirect=True,
    ids="-".join,
)
def test_no_page_scrolls_sideways_or_asks_anybody(page: Path, chromium: str) -> None:
    for width in WIDTHS:
        for opened in (False, True):
            inside, scrolls, requested, letters = measured(chromium, page, width, opened=opened)
            assert letters > 1000
            assert inside <= width
            assert scrolls <= inside, f"at {width} pixels, {'opened' if opened else 'closed'}"
            assert requested == 0


@pytest.mark.parametrize("page", [("weekly", "en")], indirect=True, ids="-".join)
def test_a_page_that_is_too_wide_or_asks_somebody_is_noticed(page: Path, chromium: str) -> None:
    """The test above measures something."""
    text = page.read_text()
    page.write_text(text.replace("</body>", '<div style="width:900px">x</div></body>'))
    assert measured(chromium, page, 375, opened=False)[1] > 375
    page.write_text(text.replace("</body>", '<img src="http://elsewhere.example/x.png"></body>'))
    assert measured(chromium, page, 375, opened=False)[2] == 1
