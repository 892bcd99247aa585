"""From a number to its tickets: the value, its formula with numbers, and every observation behind it."""

from collections.abc import Mapping
from typing import Any

import msgspec

from helpdesk_kpi.config import Config, suggest
from helpdesk_kpi.errors import UsageError
from helpdesk_kpi.measure.benchmarking.share_bounds import share_bounds
from helpdesk_kpi.measure.explain import peers, weights
from helpdesk_kpi.measure.explain.amounts import shown
from helpdesk_kpi.measure.explain.formulas import format_formula
from helpdesk_kpi.measure.explain.observation_export import list_observations
from helpdesk_kpi.measure.metrics.contract import Kpi, Ratio, Statistic, Stock, Total
from helpdesk_kpi.measure.metrics.discovery import get_kpi
from helpdesk_kpi.measure.query.metric_query import MetricQuery
from helpdesk_kpi.measure.query.metric_store import MetricStore
from helpdesk_kpi.measure.recurrence.pair_labelling import format_quality, load_quality, uses_recurrence
from helpdesk_kpi.store import Store

BOUNDS = {
    "csat": "{low:.1%} to {high:.1%} of everyone surveyed, whatever those without an answer think",
    "repeats": "at most {high:.1%}, were every later ticket of one customer and category the same problem",
}


def explain_metric(store: Store, config: Config, query: MetricQuery) -> dict[str, Any]:
    """The value of a period and the rows that make it, as plain values."""
    reader = MetricStore(store, config)
    _check_dimensions(reader, query.where)
    return _explain_rows(reader, query)


def _explain_rows(reader: MetricStore, query: MetricQuery) -> dict[str, Any]:
    kpi, variant, period = query.kpi, query.variant, query.period
    assert period is not None
    value = reader.compute(query)
    statistic = query.statistic
    sides = [
        _explain_rows(reader, query.replace(kpi=get_kpi(side), variant="strict")) for side in _list_sides(statistic)
    ]
    main = query.without_sub_dimensions()
    return {
        "kpi": kpi.id,
        "variant": variant,
        "period": period.label,
        "as_of": query.as_of,
        **query.where,
        "definition": kpi.variants[variant].definition,
        "formula": format_formula(value, statistic, [side["value"]["value"] for side in sides]),
        "value": msgspec.to_builtins(value),
        **(weights.explain_weights(reader, query) if value.basis else {}),
        **peers.compare_with_peers(reader, main),
        **(
            {"found_rightly": format_quality(load_quality(reader.store, reader.config))}
            if uses_recurrence(statistic)
            else {}
        ),
        **_bounds(reader, main),
        **_settings(reader, kpi),
        "sides": [{k: v for k, v in side.items() if k != "observations"} for side in sides],
        "observations": [row for side in sides for row in side["observations"]]
        if sides
        else [*list_observations(reader, main)],
    }


def _bounds(reader: MetricStore, query: MetricQuery) -> dict[str, Any]:
    found = share_bounds(reader, query)
    return {"bounds": found._asdict()} if found else {}


def _settings(reader: MetricStore, kpi: Kpi) -> dict[str, Any]:
    """Settings that can void the value."""
    lines = [f"{one.source}: {one.how_many:,} {one.text}" for one in reader.defaults if one.concerns(kpi)]
    return {"settings_to_check": lines} if lines else {}


def _list_sides(statistic: Statistic) -> tuple[str, ...]:
    return (statistic.a, statistic.b) if isinstance(statistic, Ratio) else ()


def _check_dimensions(reader: MetricStore, where: Mapping[str, str | None]) -> None:
    names = {"agent": reader.agent_names, "team": reader.team_names}
    for axis, name in where.items():
        if axis in names and name is not None and name not in names[axis]:
            raise UsageError(f"no {axis} named {name!r}{suggest(name, names[axis])}")


def format_explanation(found: Mapping[str, Any]) -> str:
    """The same for a terminal."""
    value = found["value"]
    lines = [
        f"{found['kpi']} ({found['variant']}) {found['period']}",
        found["definition"],
        "",
        f"value {shown(value['value'], value['unit'])}   n {value['n']:g}   {found['formula']}",
    ]
    if value["unit"] == "ms":
        lines.append("   ".join(f"{name} {shown(value[name], 'ms')}" for name in ("median", "p90", "mean")))
    if value["facets"]:
        statistic = get_kpi(found["kpi"]).statistic_of(found["variant"])
        write = "{:g}".format if isinstance(statistic, Total | Stock) else "{:.1%}".format
        lines.append("of which: " + ", ".join(f"{write(part)} {facet}" for facet, part in value["facets"].items()))
    if value["also"]:
        others = (f"{window} {shown(part, value['unit'])}" for window, part in value["also"].items())
        lines.append("by other windows: " + ", ".join(others))
    if value["basis"]:
        lines += [f"weights: {value['basis']}", *weights.format_weights(found)]
    if value["excluded"]:
        lines.append("left out: " + ", ".join(f"{n} {reason}" for reason, n in value["excluded"].items()))
    lines += [f"! {line}" for line in found.get("settings_to_check", [])]
    if "others" in found:
        lines += peers.format_peers(found["others"], value["unit"])
    if "found_rightly" in found:
        lines.append(found["found_rightly"])
    if limits := found.get("bounds"):
        why = BOUNDS["csat" if found["kpi"] == "csat" else "repeats"]
        lines.append(why.format(**limits))
        lines.append(f"{limits['each_customer_once']:.1%} with each customer counted once")
    lines += ["", f"{'value':>12}  {'ticket':<10} {'severity':<9} {'agent':<20} note"]
    for row in found["observations"]:
        amount = shown(
            row["value"] * 1000 if value["unit"] == "ms" and row["value"] is not None else row["value"], value["unit"]
        )
        note = " ".join(filter(None, [row["facet"], row["reason"], row["url"], _came_back(row)]))
        about = f"{row['ticket'] or '-':<10} {row['severity'] or '-':<9} {row['agent'] or '-':<20}"
        lines.append(f"{amount:>12}  {about} {note}")
    return "\n".join(lines)


def _came_back(row: Mapping[str, Any]) -> str:
    """When and as what it came back, and why that is the same."""
    if not row["followed_at"]:
        return ""
    return f"-> {row['followed_at'][:10]} {row['followed_by'] or 'on the same ticket'} ({row['followed_why']})"
