"""Measuring everything: tickets a second with one and two processes, bytes of observations, peak memory.

The floor is the same store read once: every row of tickets, events and ratings, and nothing done with it.
"""

import argparse
import time
from pathlib import Path

from desks import copied, desk
from isolated import Run, run_isolated

from helpdesk_kpi.config import load
from helpdesk_kpi.measure.build.build import build_stale
from helpdesk_kpi.store import open_store


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--tickets", type=int, default=20_000)
    folder = desk(arguments.parse_args().tickets)
    floor = run_isolated(read_through, folder)
    tickets, events, seconds = floor.result
    print(f"{tickets:,} tickets, {events / tickets:.1f} events each")
    print(f"read through {tickets / seconds:9,.0f} tickets/s {floor.peak_mb:5.0f} MB")
    for jobs in (1, 2):
        with copied(folder) as copy:
            print_result(jobs, run_isolated(measured, copy, jobs), seconds)


def print_result(jobs: int, run: Run, floor: float) -> None:
    tickets, seconds, size = run.result
    memory = run.peak_mb + (jobs * run.child_mb if jobs > 1 else 0)
    print(
        f"jobs {jobs}       {tickets / seconds:9,.0f} tickets/s {memory:5.0f} MB {seconds / floor:5.1f} x the floor,"
        f" {tickets / run.cpu:,.0f} tickets per second of one core, {size:.0f} bytes/ticket"
    )


def read_through(folder: Path) -> tuple[int, int, float]:
    """(tickets, events, seconds)"""
    with open_store(folder / "helpdesk.db", create=False) as store:
        began = time.perf_counter()
        tables = (store.conn.execute(f"SELECT * FROM {table}") for table in ("tickets", "events", "ratings"))
        tickets, events, _ = (sum(1 for _ in table) for table in tables)
        return tickets, events, time.perf_counter() - began


def measured(folder: Path, jobs: int) -> tuple[int, float, float]:
    """(tickets, seconds, bytes of a body)"""
    config = load(folder / "helpdesk-kpi.toml").config
    with open_store(folder / "helpdesk.db", create=False) as store:
        began = time.perf_counter()
        tickets = build_stale(store, config, everything=True, jobs=jobs)
        seconds = time.perf_counter() - began
        return tickets, seconds, store.one("SELECT avg(length(body)) FROM stored_observations")


if __name__ == "__main__":
    main()
