"""One person's value next to those of the others on like work, for `explain`."""

from typing import Any

import msgspec

from helpdesk_kpi.errors import UsageError
from helpdesk_kpi.measure.benchmarking.comparison import compare_people
from helpdesk_kpi.measure.explain.amounts import shown
from helpdesk_kpi.measure.metrics.contract import hides_answers
from helpdesk_kpi.measure.query.metric_query import MetricQuery
from helpdesk_kpi.measure.query.metric_store import MetricStore

REASONS = {
    "too_few_to_show": "too few to be shown in a comparison", "below_min_n": "fewer than a score needs",
    "no_comparison": "there is nobody to compare with", "mostly_chance": "differences between people are mostly chance",
    "partly_chance": "differences between people are partly chance", "only_shown": "this KPI is never scored",
    "only_for_teams": "this KPI is scored for teams only",
}  # fmt: skip
VERDICTS = {
    "within": "within expected variation", "look": "outside of what 95 of 100 equals come to: look",
    "signal": "outside of what 998 of 1,000 equals come to: review the tickets",
}  # fmt: skip


def compare_with_peers(reader: MetricStore, query: MetricQuery) -> dict[str, Any]:
    """{"others": ...} for one person's value that can be compared; else nothing."""
    agent = query.where.get("agent")
    if agent is None or query.period is None or hides_answers(query.statistic):
        return {}
    everybody = query.replace(where={axis: name for axis, name in query.where.items() if axis != "agent"})
    try:
        found = compare_people(reader, everybody)
    except UsageError:  # an age, a ratio, a sum with signs: there is nothing that could be expected of a person
        return {}
    one = next((subject for subject in found.subjects if subject.name == agent), None)
    return {} if one is None else {"others": msgspec.to_builtins(one)}


def format_peers(others: dict[str, Any], unit: str) -> list[str]:
    """The same for a terminal."""
    verdict, reason = others["standing"]
    why = REASONS.get(reason, "")
    if verdict == "hidden" or others["ratio"] is None:
        return [f"beside the others: {why}"] if why else []
    limits = f"{_limit(others['ratio_low'])} to {_limit(others['ratio_high'])}"
    reliable = "" if others["reliability"] is None else f" (reliability {others['reliability']:.2f})"
    amount = others["adjusted"] if unit in {"ms", "share"} else round(others["adjusted"], 1)
    lines = [
        f"beside the others on like work: {others['ratio']:.2f} times what they come to ({limits}); "
        + VERDICTS.get(others["verdict"], ""),
        f"  with the team's mix of work {shown(amount, unit)}; "
        + ": ".join(filter(None, [verdict.replace("_", " "), why]))
        + reliable,
    ]
    if others["no_like_work"]:
        lines.append(f"  {others['overlap']:.0%} of it is work that hardly anybody else does: this says little")
    for cell in others["driving"]:
        kind = " ".join(str(cell[axis] or "-") for axis in ("severity", "category", "channel", "shift"))
        lines.append(f"  {kind}: {round(cell['n'], 1):g} things, {_sums(cell, unit)}")
    return lines


def _sums(cell: dict[str, Any], unit: str) -> str:
    if unit == "ms":
        return f"{shown(cell['observed'], unit)}, the others {shown(cell['expected'], unit)}"
    return f"{round(cell['observed'], 1):g}, expected {cell['expected']:.1f}"


def _limit(ratio: float | None) -> str:
    return "?" if ratio is None else f"{ratio:.2f}"
