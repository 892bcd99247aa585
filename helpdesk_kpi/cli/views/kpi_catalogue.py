"""The catalogue of KPIs as `kpis` prints it."""

import textwrap
from contextlib import ExitStack
from typing import Any

from helpdesk_kpi.cli.app_context import AppContext
from helpdesk_kpi.config import Config
from helpdesk_kpi.measure.metrics.discovery import find_kpis
from helpdesk_kpi.report.capability import capabilities

UNITS = {"ms": "time"}
LEVELS = {"agent": "scored for people (from {n} on) and teams", "team": "scored for teams", "shown": "never scored"}


def list_catalogue(desk: AppContext) -> list[dict[str, Any]]:
    """Every KPI with its variants and what the configured sources can give it."""
    config, store = Config(), None
    with ExitStack() as opened:
        if desk.path.exists():
            config = desk.config.config
            if desk.config.store_path.exists():
                store = opened.enter_context(desk.store())
        able = capabilities(store, config)
    return [
        {
            "id": kpi.id,
            "title": kpi.title,
            "unit": kpi.unit,
            "better": kpi.better,
            "anchor": kpi.anchor,
            "pair": kpi.pair,
            "dimension": kpi.dimension,
            "level": kpi.level,
            "min_n": kpi.min_n,
            "matures": kpi.matures,
            "revision": kpi.revision,
            "needs": sorted(kpi.needs),
            "variants": {name: variant.definition for name, variant in kpi.variants.items()},
            "sources": {
                source: [f"{p.answer}: {p.reason or need}" for need, p in unmet] or ["yes"]
                for source, unmet in able[kpi.id].items()
            },
        }
        for kpi in find_kpis().values()
    ]


def format_catalogue(entries: list[dict[str, Any]]) -> str:
    """The catalogue for a terminal."""
    lines = []
    for entry in entries:
        better = "" if entry["better"] == "neither" else f", {entry['better']} is better"
        lines.append(f"{entry['id']}  ({entry['title']}; {UNITS.get(entry['unit'], entry['unit'])}{better})")
        final = f", final {entry['matures']} days after the period" if entry["matures"] else ""
        lines.append(f"    {entry['dimension']}; {LEVELS[entry['level']].format(n=entry['min_n'])}{final}")
        for name, definition in entry["variants"].items():
            lines += textwrap.wrap(definition, 100, initial_indent=f"    {name}: ", subsequent_indent="        ")
        lines += [f"    from {source}: {'; '.join(answers)}" for source, answers in entry["sources"].items()]
        lines.append("")
    return "\n".join(lines).rstrip()
