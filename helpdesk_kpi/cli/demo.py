"""The demonstration: an invented desk, synced over HTTP, measured, and reported on into a folder."""

import datetime as dt
import json
import time
import webbrowser
import zoneinfo
from pathlib import Path
from typing import Any

import click

from helpdesk_kpi.cli.progress import measure_progress, sync_progress
from helpdesk_kpi.cli.sending import send_report
from helpdesk_kpi.config import load
from helpdesk_kpi.deliver.sending import Outcome
from helpdesk_kpi.errors import UsageError
from helpdesk_kpi.measure.fold import measure
from helpdesk_kpi.measure.periods import last_ended
from helpdesk_kpi.pull.source import sources_of
from helpdesk_kpi.pull.sync import sync
from helpdesk_kpi.simulator.plan import Slowdown
from helpdesk_kpi.simulator.serve import serve
from helpdesk_kpi.simulator.world import World, generate
from helpdesk_kpi.simulator.zendesk import app
from helpdesk_kpi.store import open_store

TICKETS, WEEKS = 5000, 34  # enough for a usual range, which takes 26 weeks
KEY_FILE = "zendesk.key"
ZONES = {"en": "Europe/Berlin", "zh": "Asia/Shanghai"}
TITLES = {
    "en": {"P0": "Service down", "P1": "Serious", "P2": "Normal", "P3": "Question"},
    "zh": {"P0": "特别紧急", "P1": "紧急", "P2": "一般", "P3": "低"},
}
FILES = {
    "page": "reports/weekly-*.html",
    "text": "reports/weekly-*.txt",
    "mail": "reports/weekly-*.eml",
    "slack": "reports/monthly-*.slack.json",
    "store": "helpdesk.db",
    "config": "helpdesk-kpi.toml",
}
SAID = {
    "en": {
        "desk": "an invented desk: {:,} tickets in {} weeks (seed {})", "rendering": "rendering the reports",
        "weekly": "weekly digest", "monthly": "monthly summary", "made": "{}: made",
        "was there": "{}: was already there",
        "page": "digest, for the browser", "text": "digest, as text", "mail": "digest, as mail",
        "slack": "monthly summary, for Slack", "store": "the store", "config": "the configuration",
        "took": "in {:.0f} s",
    },
    "zh": {
        "desk": "模拟的服务台：{:,} 张工单，{} 周（种子 {}）", "rendering": "正在生成报告",
        "weekly": "技术支持周报", "monthly": "技术支持月报", "made": "{}：已生成", "was there": "{}：此前已生成",
        "page": "周报，供浏览器查看", "text": "周报，纯文本", "mail": "周报，邮件",
        "slack": "月报，供 Slack 使用", "store": "数据文件", "config": "配置文件", "took": "用时 {:.0f} 秒",
    },
}  # fmt: skip
RELEASES = {"en": "release 4.2", "zh": "4.2 版上线"}
TARGETS = {
    "P0": 'first_reply_time = "15m", full_resolution_time = "4h"',
    "P1": 'first_reply_time = "1h", full_resolution_time = "8h"',
    "P2": 'first_reply_time = "4h", full_resolution_time = "24h"',
    "P3": 'first_reply_time = "8h"',
}


def run(out: Path, locale: str, seed: int, *, show: bool) -> None:
    """Make the demonstration in the folder `out`; what is already there is kept and said."""
    began = time.monotonic()
    world = _world(out, locale, seed)
    click.echo(SAID[locale]["desk"].format(len(world.stories), WEEKS, seed), err=True)
    with serve(app(world, limits=100)) as server:
        path = out / "helpdesk-kpi.toml"
        path.write_text(config_text(world, server.url, locale, own_folder=True), encoding="utf-8")
        outcomes = _worked(path, world.now)
    _told(out, outcomes, time.monotonic() - began, locale)
    page = next(out.glob("reports/weekly-*.html"), None)
    if show and page:
        webbrowser.open(page.resolve().as_uri())


def _world(out: Path, locale: str, seed: int) -> World:
    """The folder's own world when it has one, so that a second run finds what the first one made."""
    told = out / "demo.json"
    if told.exists():
        made = json.loads(told.read_text())
        if (made["seed"], made["locale"]) != (seed, locale):
            raise UsageError(f"{out} holds a demo with seed {made['seed']} in {made['locale']}: name another --out")
        end = made["end"]
    else:
        if out.exists() and any(out.iterdir()):
            raise UsageError(f"{out} holds other files: name another --out")
        end = _last_monday(ZONES[locale])
        out.mkdir(parents=True, exist_ok=True)
        told.write_text(json.dumps({"seed": seed, "locale": locale, "end": end}))
    world = generate(seed, tickets=TICKETS, weeks=WEEKS, end=end, locale=locale, **_story(end))  # type: ignore[arg-type]
    secret = out / KEY_FILE
    secret.touch(mode=0o600)
    secret.write_text(world.for_config()["client_secret"])
    return world


def _story(end: int) -> dict[str, Any]:
    """What the digest has to find: since Tuesday of its week, serious tickets wait much longer for a first reply."""
    tuesday = end - 6 * 86_400_000
    return {"slowdown": Slowdown(tuesday, 5.0, "high"), "forgotten": 0.0005, "unanswered_chat": 0.001}


def _last_monday(zone: str) -> int:
    """Monday 06:00 of the week that the clock of this machine says."""
    week = last_ended("week", int(time.time() * 1000), zone)
    local = dt.datetime.fromtimestamp(week.end / 1000, zoneinfo.ZoneInfo(zone)).replace(hour=6)
    return int(local.timestamp() * 1000)


def _worked(path: Path, now: int) -> list[Outcome]:
    loaded = load(path)
    with open_store(loaded.store_path) as store:
        sources = sources_of(loaded, (), store.hash_key)
        with sync_progress() as progress:
            results = sync(store, sources, now=lambda: now, progress=progress)
        for result in results:
            if result.outcome in {"failed", "unavailable"}:
                click.echo(f"{result.stream}: {result.reason}", err=True)
        with measure_progress() as measured:
            measure(store, loaded.config, progress=measured)
        click.echo(SAID[loaded.config.locale]["rendering"], err=True)
        outcomes = []
        for name, kind in (("weekly", "week"), ("monthly", "month")):
            period = last_ended(kind, now, loaded.config.timezone)  # type: ignore[arg-type]
            outcomes += send_report(store, loaded, name, period, lambda: now)
    return outcomes


def _told(out: Path, outcomes: list[Outcome], seconds: float, locale: str) -> None:
    said = SAID[locale]
    for outcome in outcomes:
        click.echo(said["made" if outcome.tried else "was there"].format(said[outcome.delivery.report]))
    for what, pattern in FILES.items():
        for path in sorted(out.glob(pattern)):
            click.echo(f"  {path}  ({said[what]})")
    click.echo(said["took"].format(seconds))


def config_text(world: World, url: str, locale: str, *, own_folder: bool = False) -> str:
    """A configuration for a simulated desk; in a demo's own folder its secret is a file."""
    said = world.for_config()
    secret = f'{{ file = "{KEY_FILE}" }}' if own_folder else '{ env = "HELPDESK_KPI_SIMULATED_SECRET" }'
    lines = [
        f'timezone = "{said["timezone"]}"',
        f'locale = "{locale}"',
        'store = "helpdesk.db"',
        "",
        "[sources.demo]",
        'connector = "zendesk"',
        f'url = "{url}"',
        f"since = {said['since']}",
        f'auth = {{ client_id = "{said["client_id"]}", client_secret = {secret} }}',
        f"severity = {_inline(said['severity'])}",
        "rate_share = 1.0",
        "",
        "[tickets]",
        f"bots = {json.dumps([b['id'] for b in said['bots']])}",
        'category = "360001"',
        "exclude = { " + ", ".join(f"{k} = {json.dumps(v)}" for k, v in said["exclude"].items()) + " }",
        "",
        "[csat]",
        "keep_comments = true",
        "",
        "[hours.default]",
        f"weekly = {_inline(said['weekly'])}",
        f"closed = [{', '.join(_days(said['holidays']))}]",
        f"workdays = [{', '.join(said['workdays'])}]",
        'sources = ["demo"]',
    ]
    if own_folder:
        lines += ["", "[annotations]", f'{_day(world.now - 6 * 86_400_000, said["timezone"])} = "{RELEASES[locale]}"']
    for level, title in TITLES[locale].items():
        always = 'hours = "always"\n' if level in said["always"] else ""
        lines += ["", f"[severity.{level}]", f'title = "{title}"', f"{always}targets = {{ {TARGETS[level]} }}"]
    lines += ["", "[channels.outbox]", 'type = "files"', 'folder = "reports"']
    for name, template, every in (
        ("weekly", "weekly_digest", "monday 08:00"),
        ("monthly", "monthly_summary", "1st workday 09:00"),
    ):
        lines += ["", f"[reports.{name}]", f'template = "{template}"', f'every = "{every}"', 'to = ["outbox"]']
    return "\n".join(lines) + "\n"


def _day(ms: int, zone: str) -> str:
    return dt.datetime.fromtimestamp(ms / 1000, zoneinfo.ZoneInfo(zone)).date().isoformat()


def _inline(table: dict[str, Any]) -> str:
    return "{ " + ", ".join(f"{k} = {json.dumps(v, ensure_ascii=False)}" for k, v in table.items()) + " }"


def _days(spans: list[dict[str, str]]) -> list[str]:
    found = []
    for span in spans:
        day, last = dt.date.fromisoformat(span["first"]), dt.date.fromisoformat(span["last"])
        while day <= last:
            found.append(day.isoformat())
            day += dt.timedelta(days=1)
    return found
