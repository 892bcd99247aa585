"""A weighted volume per available hour, and how much it depends on the weights, for `explain`."""

from collections.abc import Iterator, Mapping
from typing import Any

from helpdesk_kpi.measure.benchmarking.capacity import HIGH, LOW, workload_per_hour
from helpdesk_kpi.measure.benchmarking.weight_sensitivity import find_rank_changes, rank_by_basis
from helpdesk_kpi.measure.query.metric_query import MetricQuery
from helpdesk_kpi.measure.query.metric_store import MetricStore


def explain_weights(reader: MetricStore, query: MetricQuery) -> dict[str, Any]:
    """As plain values; with the workload per hour if the query is about one agent."""
    assert query.period is not None
    scope = (query.period, query.as_of, query.variant)
    changes = [changed._asdict() for changed in find_rank_changes(rank_by_basis(reader, *scope))]
    found: dict[str, Any] = {"other_weights": changes}
    agent = query.where.get("agent")
    if agent is not None:
        people, middle = workload_per_hour(reader, *scope)
        mine = next((one._asdict() for one in people if one.name == agent), None)
        band = None if middle is None else [LOW * middle, HIGH * middle]
        found["per_hour"] = mine and {**mine, "team_median": middle, "usual": band}
    return found


def format_weights(found: Mapping[str, Any]) -> Iterator[str]:
    """The same for a terminal."""
    if mine := found.get("per_hour"):
        yield (
            "per available hour: "
            + (
                f"{mine['value']:.3g} ({mine['hours']:g} h on {mine['days']} days), {mine['band']}"
                if mine["value"] is not None
                else mine["band"]
            )
            + (f" {mine['usual'][0]:.3g} to {mine['usual'][1]:.3g}" if mine["usual"] else "")
        )
    for changed in found.get("other_weights", ()):
        yield (
            f"places by {changed['one']} and by {changed['other']}: {changed['moved']} of {changed['people']} people"
            f" change, by {changed['most']} at most"
        )
