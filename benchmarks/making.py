"""Makes a store to measure with: one invented desk, synced once, and copied until it is as large as is asked for.

A copy has ids and times of its own. Four copies lie side by side in each stretch of 30 weeks and further ones before
them, so that a store of 200,000 tickets is that of a desk with 670 tickets a week after six years.
"""

import sys
from pathlib import Path

from helpdesk_kpi.cli.demo_config import config_text
from helpdesk_kpi.config import LoadedConfig, load
from helpdesk_kpi.measure.build.build import build_stale
from helpdesk_kpi.pull.source_config import load_sources
from helpdesk_kpi.pull.sync import sync
from helpdesk_kpi.simulator.server.serve import serve
from helpdesk_kpi.simulator.world.world import World, generate
from helpdesk_kpi.simulator.zendesk.app import app
from helpdesk_kpi.store import Store, open_store

SEED, BASE, WEEKS = 1, 5_000, 30  # the desk that is copied
ABREAST = 4  # copies in one stretch of time
CHANGING = 500  # tickets that change after the store was synced: a day's turn
WEEK = 7 * 86_400_000
KEY_DISTANCE = 1_000_000  # between the keys of copies
#: Tables of a ticket, and what of theirs is another in a copy.
SHIFTED = {
    "tickets": ("id", "native", "created_at", "updated_at", "version", "deleted_at"),
    "events": ("ticket", "at"),
    "ratings": ("ticket", "native", "offered_at", "answered_at", "changed_at", "expires_at"),
    "native_metrics": ("ticket",),
}


def make(folder: Path, tickets: int) -> None:
    world = world_of(tickets)
    world.now = before_the_day(world)
    with serve(app(world, limits=False)) as server:
        loaded = configured(folder, world, server.url)
        with open_store(loaded.store_path) as store:
            sync(store, load_sources(loaded, (), store.hash_key), now=lambda: world.now)
            for number in range(1, tickets // BASE):
                _copy(store, number, shift=number // ABREAST * WEEKS * WEEK)
            build_stale(store, loaded.config, jobs=2)
            store.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def world_of(tickets: int) -> World:
    return generate(SEED, tickets=min(tickets, BASE), weeks=WEEKS)


def before_the_day(world: World) -> int:
    """The instant after which CHANGING tickets change."""
    changed: set[int] = set()
    for fact in reversed(world.facts):
        if fact.ticket and fact.at < world.desk.end:
            changed.add(fact.ticket)
        if len(changed) >= CHANGING:
            return fact.at
    return world.desk.start


def configured(folder: Path, world: World, url: str) -> LoadedConfig:
    path = folder / "helpdesk-kpi.toml"
    path.write_text(config_text(world, url, "en", own_folder=True), encoding="utf-8")
    (folder / "zendesk.key").write_text(world.for_config()["client_secret"])
    return load(path)


def _copy(store: Store, number: int, *, shift: int) -> None:
    """One more copy of the desk, `shift` ms earlier; of earlier ones nothing is still open."""
    of_these = f"SELECT id FROM tickets WHERE id < {KEY_DISTANCE}"
    of_these += " AND status IN ('solved', 'closed', 'deleted')" if shift else ""
    with store.transaction() as conn:
        for table, changed in SHIFTED.items():
            columns = [name for (name,) in store.rows("SELECT name FROM pragma_table_info(?)", table)]
            picked = ", ".join(_shifted(c, number, shift) if c in changed else c for c in columns)
            own = "id" if table == "tickets" else "ticket"
            conn.execute(f"INSERT INTO {table} SELECT {picked} FROM {table} WHERE {own} IN ({of_these})")
        conn.execute("UPDATE sources SET since = (SELECT min(created_at) FROM tickets)")


def _shifted(column: str, number: int, shift: int) -> str:
    if column in {"id", "ticket"}:
        return f"{column} + {number * KEY_DISTANCE}"
    return f"native || '-{number}'" if column == "native" else f"{column} - {shift}"


if __name__ == "__main__":
    make(Path(sys.argv[1]), int(sys.argv[2]))
