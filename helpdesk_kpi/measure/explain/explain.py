"""Opening a number: the figure, its formula with numbers, and every observation behind it."""

from collections.abc import Mapping
from typing import Any

import msgspec

from helpdesk_kpi.config import Config, suggest
from helpdesk_kpi.errors import UsageError
from helpdesk_kpi.measure.benchmarking.share_bounds import share_bounds
from helpdesk_kpi.measure.explain import peers, weights
from helpdesk_kpi.measure.explain.amounts import shown
from helpdesk_kpi.measure.explain.formulas import format_formula
from helpdesk_kpi.measure.explain.observation_export import Asked, list_observations
from helpdesk_kpi.measure.metrics.contract import Kpi, Ratio, Statistic, Stock, Total
from helpdesk_kpi.measure.metrics.discovery import get_kpi, get_variant
from helpdesk_kpi.measure.query.metric_store import MetricStore
from helpdesk_kpi.measure.recurrence.pair_labelling import format_quality, load_quality, uses_recurrence
from helpdesk_kpi.model import MAIN
from helpdesk_kpi.store import Store

BOUNDS = {
    "csat": "of all who were asked {low:.1%} to {high:.1%}, whatever those think who did not answer",
    "repeats": "at most {high:.1%}, were every later ticket of one customer and category the same problem",
}


def explain_metric(store: Store, config: Config, asked: Asked) -> dict[str, Any]:
    """The figure of the asked period and the rows that make it, as plain values."""
    reader = MetricStore(store, config)
    _check_dimensions(reader, asked.where)
    return _explain_rows(reader, asked)


def _explain_rows(reader: MetricStore, asked: Asked) -> dict[str, Any]:
    kpi, variant, as_of, period, where = asked
    assert period is not None
    spec = get_kpi(kpi)
    definition = get_variant(spec, variant).definition
    value = reader.compute(spec, period, as_of, variant, **where)
    told = spec.statistic_of(variant)
    sides = [_explain_rows(reader, asked._replace(kpi=side, variant="strict")) for side in _sides(told)]
    if spec.facet == "dimension":
        asked = asked._replace(where={"facet": MAIN, **where})
    return {
        "kpi": kpi,
        "variant": variant,
        "period": period.label,
        "as_of": as_of,
        **where,
        "definition": definition,
        "formula": format_formula(value, told, [side["value"]["value"] for side in sides]),
        "value": msgspec.to_builtins(value),
        **(weights.explain_weights(reader, period, as_of, variant, where.get("agent")) if value.basis else {}),
        **peers.compare_with_peers(reader, asked),
        **(
            {"found_rightly": format_quality(load_quality(reader.store, reader.config))}
            if uses_recurrence(told)
            else {}
        ),
        **_bounds(reader, asked),
        **_settings(reader, spec),
        "sides": [{k: v for k, v in side.items() if k != "observations"} for side in sides],
        "observations": [row for side in sides for row in side["observations"]]
        if sides
        else [*list_observations(reader, asked)],
    }


def _bounds(reader: MetricStore, asked: Asked) -> dict[str, Any]:
    assert asked.period is not None
    found = share_bounds(reader, get_kpi(asked.kpi), asked.variant, asked.period, asked.as_of, **asked.where)
    return {"bounds": found._asdict()} if found else {}


def _settings(reader: MetricStore, spec: Kpi) -> dict[str, Any]:
    """Settings by which the figure may be void."""
    told = [f"{one.source}: {one.how_many:,} {one.text}" for one in reader.defaults if one.concerns(spec)]
    return {"settings_to_check": told} if told else {}


def _sides(told: Statistic) -> tuple[str, ...]:
    return (told.a, told.b) if isinstance(told, Ratio) else ()


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
        told = get_kpi(found["kpi"]).statistic_of(found["variant"])
        write = "{:g}".format if isinstance(told, Total | Stock) else "{:.1%}".format
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
