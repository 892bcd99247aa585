"""The demo: a simulated support desk, synced over HTTP, measured, and reported on in a folder."""

import datetime as dt
import json
import sys
import time
import webbrowser
import zoneinfo
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
from starlette.applications import Starlette

from helpdesk_kpi.calendar.periods import get_last_complete_period
from helpdesk_kpi.cli.demo_config import DemoSource, build_demo_config
from helpdesk_kpi.cli.progress import measure_progress, sync_progress
from helpdesk_kpi.cli.send_report import Edition, send_report
from helpdesk_kpi.config import load
from helpdesk_kpi.deliver.delivery import Outcome
from helpdesk_kpi.deliver.variants import complete
from helpdesk_kpi.errors import UsageError
from helpdesk_kpi.measure.build.build import build_stale
from helpdesk_kpi.private import write_private
from helpdesk_kpi.pull.source_config import load_sources
from helpdesk_kpi.pull.sync import sync
from helpdesk_kpi.simulator.server.serve import Aging, serve
from helpdesk_kpi.simulator.server.ticket_pages import TicketPages
from helpdesk_kpi.simulator.server.vendors import NAMES, get_vendor
from helpdesk_kpi.simulator.world.plan import Locale, Slowdown, real
from helpdesk_kpi.simulator.world.world import World, generate
from helpdesk_kpi.store import open_store
from helpdesk_kpi.store.writer_lock import hold

TICKETS, WEEKS = 5000, 34  # enough for a usual range, which takes 26 weeks
ZONES = {"en": "Europe/Berlin", "zh": "Asia/Shanghai"}
FILES = {
    "page": "reports/weekly-*.html",
    "text": "reports/weekly-*.txt",
    "mail": "reports/weekly-*.eml",
    "slack": "reports/monthly-*.slack.json",
    "store": "helpdesk.db",
    "config": "helpdesk-kpi.toml",
}
PROGRAM = "helpdesk-kpi"
FURTHER = ("explain csat --period last-week", "report process_review --open", "doctor")
SAID = {
    "en": {
        "desk": "a simulated support desk: {:,} tickets in {} weeks (seed {})", "rendering": "rendering the reports",
        "weekly": "weekly digest", "monthly": "monthly summary", "made": "{}: made",
        "was there": "{}: was already there",
        "page": "digest, for the browser", "text": "digest, as text", "mail": "digest, as mail",
        "slack": "monthly summary, for Slack", "store": "the store", "config": "the configuration",
        "took": "in {:.0f} s", "next": "look further:",
        "explain csat --period last-week": "from a number to its tickets",
        "report process_review --open": "bottlenecks and repeat contacts",
        "doctor": "data gaps and open questions",
        "links": "Links to tickets open only while the simulated helpdesk is served:",
        "serve": "serve it again",
    },
    "zh": {
        "desk": "模拟的服务台：{:,} 张工单，{} 周（种子 {}）", "rendering": "正在生成报告",
        "weekly": "技术支持周报", "monthly": "技术支持月报", "made": "{}：已生成", "was there": "{}：此前已生成",
        "page": "周报，供浏览器查看", "text": "周报，纯文本", "mail": "周报，邮件",
        "slack": "月报，供 Slack 使用", "store": "数据文件", "config": "配置文件", "took": "用时 {:.0f} 秒",
        "next": "接下来可以看：",
        "explain csat --period last-week": "一个数值背后的工单",
        "report process_review --open": "时间花在哪里",
        "doctor": "数据缺什么，哪些值得一看",
        "links": "工单链接只有在模拟的服务台运行时才能打开：",
        "serve": "重新启动模拟的服务台",
    },
}  # fmt: skip


def run_demo(
    out: Path, locale: Locale, seed: int, *, show: bool, helpdesk: str = "zendesk", tickets: int = TICKETS
) -> None:
    """Make the demonstration in the folder `out`; what is already there is kept and said. `helpdesk`: one, or all."""
    began = time.monotonic()
    worlds = _worlds(out, locale, seed, helpdesk, tickets)
    count = sum(len(world.stories) for world in worlds.values())
    click.echo(SAID[locale]["desk"].format(count, WEEKS, seed), err=True)
    with ExitStack() as served:
        desks = [_demo_source(served, name, world, alone=len(worlds) == 1) for name, world in worlds.items()]
        for desk in desks:
            write_private(out / desk.key_file, desk.secret)
        path = out / "helpdesk-kpi.toml"
        write_private(path, build_demo_config(desks, locale, own_folder=True, joined=len(desks) > 1))
        outcomes = _sync_and_measure(path, desks[0].world.now)
    _print_result(out, outcomes, time.monotonic() - began, locale)
    page = next(out.glob("reports/weekly-*.html"), None)
    if show and page:
        webbrowser.open(page.resolve().as_uri())


def _demo_source(served: ExitStack, helpdesk: str, world: World, *, alone: bool) -> DemoSource:
    server = served.enter_context(serve(_build_app(helpdesk, world)))
    return DemoSource(_source_name(helpdesk, alone=alone), helpdesk, world, server.url)


def _build_app(helpdesk: str, world: World) -> Starlette:
    options = {"archives": False} if helpdesk == "freshdesk" else {}  # else its history would be too short for signals
    return get_vendor(helpdesk).app(world, limits=100, **options)


def _source_name(helpdesk: str, *, alone: bool) -> str:
    return "demo" if alone else helpdesk


@contextmanager
def serve_demo(out: Path, clock: Callable[[], float]) -> Iterator[list[str]]:
    """Serve the simulated helpdesks of a demo again, with a web page for each ticket; yields their addresses.

    The addresses are those of the demo's configuration, so that links in its reports open. `clock` gives epoch seconds.
    """
    if not (out / "demo.json").exists():
        raise UsageError(f"{out} has no demo: run `helpdesk-kpi demo --out {out}` first")
    made = _made(out / "demo.json")
    worlds = _worlds(out, made["locale"], made["seed"], made["helpdesk"], made["tickets"])
    sources = load(out / "helpdesk-kpi.toml").config.sources
    urls = {name: str(sources[_source_name(name, alone=len(worlds) == 1)]["url"]) for name in worlds}
    with ExitStack() as served:
        for name, world in worlds.items():
            app = TicketPages(Aging(_build_app(name, world), clock), world)
            try:
                served.enter_context(serve(app, urlsplit(urls[name]).port or 0))
            except OSError as error:
                raise UsageError(f"{urls[name]} cannot be served: {error.strerror}") from None
        yield list(urls.values())


def _worlds(out: Path, locale: Locale, seed: int, helpdesk: str, tickets: int) -> dict[str, World]:
    """The folder's own worlds when it has some, so that a second run finds what the first one made."""
    marker = out / "demo.json"
    wanted = {"seed": seed, "locale": locale, "helpdesk": helpdesk}
    if marker.exists():
        made = _made(marker)
        if {key: made[key] for key in wanted} != wanted:
            held = f"a demo of {made['helpdesk']} with seed {made['seed']} in {made['locale']}"
            raise UsageError(f"{out} holds {held}: name another --out")
        end, tickets = made["end"], made["tickets"]
    else:
        if out.exists() and any(out.iterdir()):
            raise UsageError(f"{out} holds other files: name another --out")
        end = _last_monday(ZONES[locale])
        out.mkdir(parents=True, exist_ok=True)
        write_private(marker, json.dumps(wanted | {"end": end, "tickets": tickets}))
    names = NAMES if helpdesk == "all" else (helpdesk,)
    return {name: _world(name, seed + i, tickets // len(names), end, locale) for i, name in enumerate(names)}


def _world(helpdesk: str, seed: int, tickets: int, end: int, locale: Locale) -> World:
    """The situations of real accounts come on top: they take nothing from what the digest has to find."""
    return generate(
        seed, tickets=tickets, weeks=WEEKS, end=end, locale=locale, **_scenario_settings(end), **real(helpdesk)
    )


def _made(marker: Path) -> dict[str, Any]:
    """What the folder's first run has noted."""
    try:
        made = {"helpdesk": "zendesk", "tickets": TICKETS, **json.loads(marker.read_text("utf-8"))}
        return {key: made[key] for key in ("seed", "locale", "helpdesk", "end", "tickets")}
    except (ValueError, TypeError, KeyError):
        raise UsageError(
            f"{marker} does not say which demo it is of: remove the folder, or name another --out"
        ) from None


def _scenario_settings(end: int) -> dict[str, Any]:
    """What the digest has to find: since Tuesday of its week, serious tickets wait much longer for a first reply."""
    tuesday = end - 6 * 86_400_000
    return {"slowdown": Slowdown(tuesday, 5.0, "high"), "forgotten": 0.0005, "unanswered_chat": 0.001}


def _last_monday(zone: str) -> int:
    """Monday 06:00 of the week that the clock of this machine says."""
    week = get_last_complete_period("week", int(time.time() * 1000), zone)
    local = dt.datetime.fromtimestamp(week.end / 1000, zoneinfo.ZoneInfo(zone)).replace(hour=6)
    return int(local.timestamp() * 1000)


def _sync_and_measure(path: Path, now: int) -> list[Outcome]:
    loaded = load(path)
    with open_store(loaded.store_path) as store:
        sources = load_sources(loaded, (), store.hash_key)
        with hold(store, "sync"), sync_progress() as progress:
            results = sync(store, sources, now=lambda: now, progress=progress)
        for result in results:
            if result.outcome in {"failed", "unavailable"}:
                click.echo(f"{result.stream}: {result.reason}", err=True)
        with measure_progress() as measured:
            build_stale(store, loaded.config, progress=measured)
        click.echo(SAID[loaded.config.locale]["rendering"], err=True)
        outcomes: list[Outcome] = []
        for name, kind in (("weekly", "week"), ("monthly", "month")):
            period = get_last_complete_period(kind, now, loaded.config.timezone)  # type: ignore[arg-type]
            sent = send_report(store, loaded, Edition(name, period, complete(loaded.config.privacy)), lambda: now)
            outcomes += sent.outcomes
            for problem in sent.problems:
                raise problem.error
    return outcomes


def _print_result(out: Path, outcomes: list[Outcome], seconds: float, locale: str) -> None:
    said = SAID[locale]
    for outcome in outcomes:
        click.echo(said["made" if outcome.tried else "was there"].format(said[outcome.delivery.report]))
    for what, pattern in FILES.items():
        for path in sorted(out.glob(pattern)):
            click.echo(f"  {path}  ({said[what]})")
    click.echo(said["took"].format(seconds))
    typed = sys.argv[0] if Path(sys.argv[0]).name.startswith(PROGRAM) else PROGRAM
    click.echo(f"\n{said['next']}")
    for command in FURTHER:
        click.echo(f"  {typed} {command} --config {out / 'helpdesk-kpi.toml'}  ({said[command]})")
    click.echo(f"\n{said['links']}\n  {typed} simulate --demo {out}  ({said['serve']})")
