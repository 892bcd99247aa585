"""Writing what a helpdesk promises, and how its clocks ran."""

from helpdesk_kpi import model
from helpdesk_kpi.store.page_writer import PageWriter

COLUMNS = "metric, instance, kind, at, calendar, business, target, in_business_hours, policy"


def write_sla_policies(page: PageWriter, rows: list[model.SlaPolicy]) -> None:
    page.conn.executemany(
        "INSERT INTO sla_policies VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE"
        " SET title = excluded.title, position = excluded.position, body = excluded.body",
        ((page.source, r.id, r.title, r.position, r.body) for r in rows),
    )


def write_sla_cycles(page: PageWriter, rows: list[model.SlaCycle]) -> None:
    """A run that is over and comes back with other figures was rewritten by somebody: that is kept in mind."""
    tickets = page.keys("tickets", (r.ticket for r in rows))
    page.conn.executemany(
        "INSERT INTO sla_cycles VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, ?) ON CONFLICT DO UPDATE SET"
        " name = excluded.name, field = excluded.field, read_at = excluded.read_at, started_at = excluded.started_at,"
        " stopped_at = excluded.stopped_at, breach_at = excluded.breach_at, goal = excluded.goal,"
        " elapsed = excluded.elapsed, is_breached = excluded.is_breached, is_paused = excluded.is_paused,"
        " changed_at = iif(stopped_at IS NOT NULL AND (stopped_at IS NOT excluded.stopped_at"
        " OR started_at IS NOT excluded.started_at OR goal IS NOT excluded.goal"
        " OR elapsed IS NOT excluded.elapsed OR is_breached IS NOT excluded.is_breached),"
        " excluded.read_at, changed_at) WHERE excluded.read_at >= read_at",
        (
            (
                tickets[r.ticket], r.sla, r.number, r.name, r.read_at, r.started_at, r.stopped_at, r.breach_at,
                r.goal, r.elapsed, r.is_breached, r.is_paused, r.field,
            )
            for r in rows
        ),
    )  # fmt: skip


def write_sla_events(page: PageWriter, rows: list[model.SlaEvent]) -> None:
    """Events are told again, later ones as they then are; those that the helpdesk takes back are gone."""
    tickets = page.keys("tickets", (r.ticket for r in rows))
    page.conn.executemany(
        "INSERT INTO sla_events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
        f" ({COLUMNS}) = ({_insert_new(COLUMNS)}) WHERE ({COLUMNS}) IS NOT ({_insert_new(COLUMNS)})",
        (
            (
                tickets[r.ticket], r.id, r.metric, r.instance, r.kind, r.at, r.calendar, r.business, r.target,
                r.in_business_hours, r.policy,
            )
            for r in rows
            if not r.is_deleted
        ),
    )  # fmt: skip
    page.conn.executemany(
        "DELETE FROM sla_events WHERE ticket = ? AND id = ?",
        ((tickets[r.ticket], r.id) for r in rows if r.is_deleted),
    )


def _insert_new(columns: str) -> str:
    return ", ".join(f"excluded.{column}" for column in columns.split(", "))
