"""Opening a number: the figure, its formula with numbers, and every observation behind it."""

from collections.abc import Mapping
from typing import Any

import msgspec

from helpdesk_kpi.cli import weighed
from helpdesk_kpi.cli.tables import shown
from helpdesk_kpi.config import Config, did_you_mean
from helpdesk_kpi.errors import UsageError
from helpdesk_kpi.measure.contract import Duration, Fresh, Share, Statistic, Stock, Within
from helpdesk_kpi.measure.discovery import kpi_named, variant_named
from helpdesk_kpi.measure.judging import known_quality, told_quality
from helpdesk_kpi.measure.listing import Asked, listing
from helpdesk_kpi.measure.reader import Reader
from helpdesk_kpi.measure.value import Value
from helpdesk_kpi.store import Store

FORMULAS: dict[type, str] = {
    Duration: "median over {n:g} spans; {running} still running count as at least as long as they have (Kaplan-Meier)",
    Share: "sum of value x share / sum of share = {x:g} / {n:g}",
    Fresh: "sum of share of what began lately enough / sum of share = {x:g} / {n:g}",
    Stock: "count of what is open at the end of the period = {n:g}",
}


def explained(store: Store, config: Config, asked: Asked, where: Mapping[str, str]) -> dict[str, Any]:
    """The figure of the asked period and the rows that make it, as plain values."""
    kpi, variant, as_of, period, *_ = asked
    assert period is not None
    spec = kpi_named(kpi)
    definition = variant_named(spec, variant).definition
    reader = Reader(store, config)
    _known(reader, where)
    value = reader.figure(spec, period, as_of, variant, **where)
    rows = [
        row
        for row in listing(store, config, asked)
        if all(row[axis] == name for axis, name in where.items())
        and (spec.facet != "dimension" or row["facet"] == "overall")
    ]
    told = spec.statistic_of(variant)
    is_joined = isinstance(told, Within) and told.joined is not None
    return {
        "kpi": kpi,
        "variant": variant,
        "period": period.label,
        "as_of": as_of,
        **where,
        "definition": definition,
        "formula": _formula(value, spec.statistic_of(variant)),
        "value": msgspec.to_builtins(value),
        **(weighed.beside(reader, period, as_of, variant, where.get("agent")) if value.basis else {}),
        **({"found_rightly": told_quality(known_quality(store, config))} if is_joined else {}),
        "observations": rows,
    }


def _known(reader: Reader, where: Mapping[str, str]) -> None:
    names = {"agent": reader.human_names, "team": reader.team_names}
    for axis, name in where.items():
        if axis in names and name not in names[axis]:
            raise UsageError(f"no {axis} named {name!r}{did_you_mean(name, names[axis])}")


def _formula(value: Value, statistic: Statistic) -> str:
    if isinstance(statistic, Share) and value.mean is not None:
        return f"lower end of the 95 % interval (Wilson) of {value.mean * value.n:g} / {value.n:g}"
    text = FORMULAS.get(type(statistic), "sum of value x share = {x:g}")
    if isinstance(statistic, Stock) and statistic.of == "age":
        text = "median age of the {n:g} that are open at the end of the period"
    amount = (value.value or 0) * (value.n if isinstance(statistic, Share | Fresh) else 1)
    return text.format(n=value.n, x=amount, running=value.running)


def printed(found: Mapping[str, Any]) -> str:
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
    if value["basis"]:
        lines += [f"weights: {value['basis']}", *weighed.lines(found)]
    if value["excluded"]:
        lines.append("left out: " + ", ".join(f"{n} {reason}" for reason, n in value["excluded"].items()))
    if "found_rightly" in found:
        lines.append(found["found_rightly"])
    lines += ["", f"{'value':>12}  {'ticket':<10} {'severity':<9} {'agent':<20} note"]
    for row in found["observations"]:
        amount = shown(
            row["value"] * 1000 if value["unit"] == "ms" and row["value"] is not None else row["value"], value["unit"]
        )
        note = " ".join(filter(None, [row["facet"], row["reason"], row["url"]]))
        about = f"{row['ticket'] or '-':<10} {row['severity'] or '-':<9} {row['agent'] or '-':<20}"
        lines.append(f"{amount:>12}  {about} {note}")
    return "\n".join(lines)
