"""What the configured sources can give each KPI, and why not."""

from collections.abc import Mapping

from helpdesk_kpi.config import Config
from helpdesk_kpi.measure.contract import Kpi
from helpdesk_kpi.measure.desk import read_desks
from helpdesk_kpi.measure.discovery import find_kpis
from helpdesk_kpi.pull.contract import Provides, no
from helpdesk_kpi.pull.discovery import find_connector
from helpdesk_kpi.store import Store


def capabilities(store: Store | None, config: Config) -> dict[str, dict[str, list[tuple[str, Provides]]]]:
    """By KPI and source: the needs that are not fully met. An empty list: everything is there."""
    lacking = _lacking(store, config) if store else {}
    found: dict[str, dict[str, list[tuple[str, Provides]]]] = {}
    for kpi in find_kpis().values():
        found[kpi.id] = {
            name: _unmet(kpi, find_connector(str(table["connector"])).provides, lacking.get(name, {}))
            for name, table in config.sources.items()
        }
    return found


def gaps(store: Store, config: Config) -> dict[str, str]:
    """By KPI: one line on what its sources cannot give."""
    lines = {}
    for kpi, sources in capabilities(store, config).items():
        parts = [f"{source}: {p.reason or need}" for source, unmet in sources.items() for need, p in unmet]
        if parts:
            lines[kpi] = "; ".join(dict.fromkeys(parts))
    return lines


def _unmet(kpi: Kpi, provides: Mapping[str, Provides], lacking: Mapping[str, str]) -> list[tuple[str, Provides]]:
    found = []
    for need in sorted(kpi.needs):
        if need in lacking:
            found.append((need, no(lacking[need])))
        elif (given := provides.get(need, no(f"{need} is not given"))).answer != "yes":
            found.append((need, given))
    return found


def _lacking(store: Store, config: Config) -> dict[str, dict[str, str]]:
    """By source: needs that its plan or rights do not include, with the helpdesk's reason."""
    names = dict(store.rows("SELECT id, name FROM sources"))
    found: dict[str, dict[str, str]] = {}
    for key, desk in read_desks(store, config).items():
        reasons = dict(
            store.rows(
                "SELECT g.value, c.reason FROM cursors c, json_each(c.gives) g WHERE c.source = ?"
                " AND c.state = 'unavailable'",
                key,
            )
        )
        found[names[key]] = {need: reasons[need] for need in desk.lacks}
    return found
