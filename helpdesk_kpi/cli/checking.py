"""What `check` looks at."""

import datetime as dt
from collections.abc import Iterator

from helpdesk_kpi.cli.checking_people import people_findings
from helpdesk_kpi.cli.desk import Desk
from helpdesk_kpi.cli.sending import all_channels
from helpdesk_kpi.errors import PullError
from helpdesk_kpi.measure.hours import Clocks
from helpdesk_kpi.measure.questions import unmet, without_dimension
from helpdesk_kpi.pull.contract import Finding
from helpdesk_kpi.pull.source import Source, sources_of
from helpdesk_kpi.pull.sync import connect
from helpdesk_kpi.report.make import named, period_of
from helpdesk_kpi.store import Store, open_store


def config_findings(desk: Desk) -> list[Finding]:
    """What is wrong or doubtful in the file itself; what is plainly wrong is a ConfigError."""
    loaded = desk.loaded
    config = loaded.config
    all_channels(loaded)
    for name in config.reports:
        period_of(named(loaded, name), None, config.timezone, desk.now())
    found = [Finding(level="ok", about="file", text=f"{loaded.path} is fine")]
    with open_store(loaded.store_path) as store:
        found += _calendars(desk, store)
        found += _unmapped(desk, store)
        found += people_findings(store, config)
        found += _questions(desk, store)
    return found


def _calendars(desk: Desk, store: Store) -> Iterator[Finding]:
    clocks = Clocks(store, desk.loaded.config)
    year = dt.datetime.fromtimestamp(desk.now() / 1000, dt.UTC).year
    for name in desk.loaded.config.hours:
        for warning in clocks.named(name).warnings([year - 1, year, year + 1]):
            yield Finding(level="warning", about=f"hours.{name}", text=warning)


def _unmapped(desk: Desk, store: Store) -> Iterator[Finding]:
    """Priorities that tickets have and no severity is given for."""
    for source, native, label, count in store.rows(
        "SELECT s.name, t.priority, n.name, count(*) FROM tickets t JOIN sources s ON s.id = t.source"
        " LEFT JOIN names n ON n.source = s.id AND n.kind = 'priority' AND n.native = t.priority"
        " WHERE t.priority IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 1, 4 DESC"
    ):
        mapped = {str(k).casefold() for k in desk.loaded.config.sources.get(source, {}).get("severity", {})}
        priority = label or native
        if mapped.isdisjoint({native.casefold(), priority.casefold()}):
            text = f"{count:,} tickets have priority {priority!r}, which maps to no severity: it is a row of its own"
            yield Finding(level="warning", about=f"sources.{source}.severity", text=text)


def _questions(desk: Desk, store: Store) -> Iterator[Finding]:
    """Survey questions that are in no dimension, and entries that name no question."""
    config = desk.loaded.config
    for one in without_dimension(store, config):
        text = f"{one.label}, {one.answers:,} answers, has no dimension and is one of its own: map it, or let it be"
        yield Finding(level="note", about="csat.dimensions", text=text)
    for key in unmet(store, config):
        text = f"{key!r} is the id, alias or text of no question that was asked so far"
        yield Finding(level="warning", about="csat.dimensions", text=text)


async def source_findings(desk: Desk) -> list[tuple[str, Finding]]:
    """What each helpdesk says."""
    with open_store(desk.loaded.store_path) as store:
        sources = sources_of(desk.loaded, (), store.hash_key)
    return [(source.name, finding) for source in sources for finding in await _asked(source)]


async def _asked(source: Source) -> list[Finding]:
    async with connect(source) as http:
        try:
            return list(await source.connector(http, source.settings).check())
        except PullError as error:
            return [Finding(level="error", about="reachable", text=str(error))]
