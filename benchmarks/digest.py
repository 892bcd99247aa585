"""The weekly digest with its charts, for mail, from stores of two sizes.

The floor is one look at every row that it reads.
"""

import argparse
import time
from pathlib import Path

from desks import desk
from isolated import run_isolated

from helpdesk_kpi.calendar.periods import get_last_complete_period
from helpdesk_kpi.config import load
from helpdesk_kpi.store import open_store

PARTS = frozenset({"html", "text"})


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--tickets", type=int, nargs="+", default=[20_000, 200_000])
    for tickets in arguments.parse_args().tickets:
        folder = desk(tickets)
        floor, run = run_isolated(read_through, folder), run_isolated(digest, folder)
        imports, figures, images, size = run.result
        print(
            f"{tickets:8,} tickets: {imports + figures:5.2f} s ({imports:.2f} s of it imports), {run.cpu:.2f} s of one"
            f" core, {figures / floor.result:.1f} x the floor, {images} charts, {size // 1024} KB, {run.peak_mb:.0f} MB"
        )


def digest(folder: Path) -> tuple[float, float, int, int]:
    """(seconds of imports, seconds of the report, pictures, bytes of HTML)"""
    began = time.perf_counter()
    from helpdesk_kpi.report.charts import png  # noqa: F401, PLC0415 - what a first chart imports is timed
    from helpdesk_kpi.report.prepare import prepare_report  # noqa: PLC0415 - timed

    imported = time.perf_counter()
    loaded = load(folder / "helpdesk-kpi.toml")
    with open_store(loaded.store_path, create=False) as store:
        now = int(store.one("SELECT max(complete_until) FROM cursors"))
        period = get_last_complete_period("week", now, loaded.config.timezone)
        [made] = prepare_report(store, loaded, "weekly", period=period, as_of=now, parts=PARTS)
    done = time.perf_counter()
    return imported - began, done - imported, len(made.rendered.images), len(made.rendered.html or "")


def read_through(folder: Path) -> float:
    """Seconds"""
    with open_store(folder / "helpdesk.db", create=False) as store:
        began = time.perf_counter()
        now = int(store.one("SELECT max(complete_until) FROM cursors"))
        since = now - 28 * 7 * 86_400_000
        read = (
            "SELECT subject, base, body FROM stored_observations WHERE kind = 'ticket' AND (last IS NULL OR last >= ?)"
        )
        sum(len(body) for _, _, body in store.conn.execute(read, (since,)))
        return time.perf_counter() - began


if __name__ == "__main__":
    main()
