"""What the configured sources can give each KPI, and why not."""

import datetime as dt
import json
import zoneinfo
from collections.abc import Mapping

from helpdesk_kpi.config import Config
from helpdesk_kpi.identities.source_rules import load_source_rules
from helpdesk_kpi.measure.metrics.contract import Kpi
from helpdesk_kpi.measure.metrics.discovery import find_kpis
from helpdesk_kpi.pull.contract import Provides, no
from helpdesk_kpi.pull.discovery import find_connector
from helpdesk_kpi.store import Store
from helpdesk_kpi.translations import Translator


def capabilities(
    store: Store | None, config: Config, requested: Mapping[str, Mapping[str, Provides]] | None = None
) -> dict[str, dict[str, list[tuple[str, Provides]]]]:
    """By KPI and source: the needs that are not fully met. An empty list: everything is there.

    Of what people write into registers no source is asked.

    `asked`: what the helpdesks have just said of single needs; then what earlier syncs could not read is not counted.
    """
    lacking = _missing_capabilities(store, config) if store and requested is None else {}
    narrowed = _limited_capabilities(store) if store else {}
    narrowed |= {source: {**narrowed.get(source, {}), **needs} for source, needs in (requested or {}).items()}
    found: dict[str, dict[str, list[tuple[str, Provides]]]] = {}
    for kpi in find_kpis().values():
        found[kpi.id] = {
            name: _unmet(
                kpi,
                {**find_connector(str(table["connector"])).provides, **narrowed.get(name, {})},
                lacking.get(name, {}),
            )
            for name, table in (config.sources.items() if kpi.subject != "entry" else ())
        }
    return found


def gaps(store: Store, config: Config, as_of: int, words: Translator) -> dict[str, str]:
    """By KPI: one line on what its sources cannot give, or have not given up to `as_of`, in the reader's language.

    Reasons without a translation, such as those of a plug-in or a helpdesk's own error, stay as they are.
    """
    late = _late(store, config, as_of, words)
    lines = {}
    for kpi, sources in capabilities(store, config).items():
        parts = [
            source + words.gettext(": ") + words.gettext(p.reason or need)
            for source, unmet in sources.items()
            for need, p in unmet
        ]
        parts += [text for need, text in late if need in find_kpis()[kpi].needs]
        if parts:
            lines[kpi] = words.gettext("; ").join(dict.fromkeys(parts))
    return lines


def _late(store: Store, config: Config, as_of: int, words: Translator) -> list[tuple[str, str]]:
    """(need, what to say) of streams that failed before they reached `as_of`."""
    found = []
    for source, stream, until, gives in store.rows(
        "SELECT s.name, c.stream, c.complete_until, c.gives FROM cursors c JOIN sources s ON s.id = c.source"
        " WHERE c.state = 'failed' AND coalesce(c.complete_until, 0) < ?",
        as_of,
    ):
        zone = zoneinfo.ZoneInfo(config.timezone)
        if until:
            reach = dt.datetime.fromtimestamp(until / 1000, zone).strftime("%Y-%m-%d %H:%M")
            text = words.gettext("{stream} was read to {moment} only", stream=stream, moment=reach)
        else:
            text = words.gettext("{stream} has not been read yet", stream=stream)
        found += [(need, source + words.gettext(": ") + text) for need in json.loads(gives)]
    return found


def _unmet(kpi: Kpi, provides: Mapping[str, Provides], lacking: Mapping[str, str]) -> list[tuple[str, Provides]]:
    found = []
    for need in sorted(kpi.needs):
        given = provides.get(need, no(f"{need} is not given"))
        if need in lacking and given.answer != "no":
            found.append((need, no(lacking[need])))
        elif given.answer != "yes":
            found.append((need, given))
    return found


def _limited_capabilities(store: Store) -> dict[str, dict[str, Provides]]:
    """By source: what its latest sync found that this account gives less of than the helpdesk could."""
    found: dict[str, dict[str, Provides]] = {}
    for source, need, answer, reason in store.rows(
        "SELECT s.name, n.need, n.answer, n.reason FROM limited_capabilities n JOIN sources s ON s.id = n.source"
    ):
        found.setdefault(source, {})[need] = Provides(answer, reason)
    return found


def _missing_capabilities(store: Store, config: Config) -> dict[str, dict[str, str]]:
    """By source: needs that its plan or rights do not include, with the helpdesk's reason."""
    names = dict(store.rows("SELECT id, name FROM sources"))
    found: dict[str, dict[str, str]] = {}
    for key, desk in load_source_rules(store, config).items():
        reasons = dict(
            store.rows(
                "SELECT g.value, coalesce(c.reason, c.stream || ' has not been read to its end yet') FROM cursors c,"
                " json_each(c.gives) g WHERE c.source = ? AND (c.state = 'unavailable' OR c.complete_until IS NULL)",
                key,
            )
        )
        found[names[key]] = {need: reasons.get(need, f"{need} are not read here") for need in desk.missing_capabilities}
    return found
