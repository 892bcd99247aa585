"""A day's turn: 500 changed tickets pulled, measured and reported, in stores of two sizes; the report is the digest.

Its cost should be that of the day and not that of the store.
"""

import argparse
import time
from itertools import pairwise
from pathlib import Path

from desks import copied, desk
from isolated import run_isolated
from making import BASE, SEED, WEEKS, configured, world_of
from served import served

from helpdesk_kpi.calendar.periods import get_last_complete_period
from helpdesk_kpi.config import load
from helpdesk_kpi.measure.build.build import build_stale
from helpdesk_kpi.pull.source_config import load_sources
from helpdesk_kpi.pull.sync import sync
from helpdesk_kpi.report.charts import png  # noqa: F401 - the first chart imports it
from helpdesk_kpi.report.prepare import prepare_report
from helpdesk_kpi.store import open_store


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--tickets", type=int, nargs="+", default=[20_000, 200_000])
    world, first = world_of(BASE), 0.0
    with served(SEED, BASE, WEEKS) as server:
        for tickets in arguments.parse_args().tickets:
            for _ in range(2):  # the first turn makes the server make up its answers
                with copied(desk(tickets)) as folder:
                    configured(folder, world, server.url)
                    run = run_isolated(turn, folder, world.now)
            changed, *parts = run.result
            first = first or sum(parts)
            print(
                f"{tickets:8,} tickets, {changed} changed: {sum(parts):5.2f} s = sync {parts[0]:.2f} + measure"
                f" {parts[1]:.2f} + report {parts[2]:.2f}; {sum(parts) / first:.2f} x the first, {run.cpu:.2f} s of a"
                f" core, {run.peak_mb:.0f} MB"
            )


def turn(folder: Path, now: int) -> tuple[int, float, float, float]:
    """(tickets measured, seconds of sync, of measure, of the report)"""
    loaded = load(folder / "helpdesk-kpi.toml")
    with open_store(loaded.store_path, create=False) as store:
        moments = [time.perf_counter()]
        sync(store, load_sources(loaded, (), store.hash_key), now=lambda: now)
        moments.append(time.perf_counter())
        changed = build_stale(store, loaded.config)
        moments.append(time.perf_counter())
        period = get_last_complete_period("week", now, loaded.config.timezone)
        list(prepare_report(store, loaded, "weekly", period=period, as_of=now, parts=frozenset({"html", "text"})))
        moments.append(time.perf_counter())
    pulled, measured, reported = (after - before for before, after in pairwise(moments))
    return changed, pulled, measured, reported


if __name__ == "__main__":
    main()
