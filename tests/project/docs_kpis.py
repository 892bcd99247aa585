"""docs/kpis.md, from the definitions of the KPIs."""

from docs_pages import GENERATED, table

from helpdesk_kpi.measure.metrics.contract import Followup, Freshness, Kpi, Ratio, Statistic, Total
from helpdesk_kpi.measure.metrics.discovery import find_kpis, load_kpis
from helpdesk_kpi.report.formatting import Formatter

CHINESE = Formatter("zh", "UTC")
SCORED = {"shown": "none: shown only", "agent": "people and teams", "team": "teams only"}


def kpis_page() -> str:
    """The catalogue: every KPI with its variants, in both languages."""
    found = list(find_kpis().values())
    heads = ("dimension", "id", "title", "中文", "better", "scored for")
    index = [(k.dimension, f"[`{k.id}`](#{k.id})", k.title, CHINESE.title(k), _better(k), k.level) for k in found]
    head = ["# The KPIs", "", GENERATED, *table(heads, index)]
    return "\n".join([*head, *(line for k in found for line in _kpi(k)), *_questions()])


def _questions() -> list[str]:
    questions = [k for k in load_kpis().values() if k.role == "question"]
    return [
        "## Questions",
        "",
        "Questions that `doctor` answers about the data. They are not KPIs and do not change a score.",
        "",
        *(f"- `{k.id}`: **{k.title}** {k.definition}" for k in questions),
        "",
    ]


def _kpi(k: Kpi) -> list[str]:
    pair = f"[`{k.pair}`](#{k.pair})" if k.pair else "-"
    facts = [
        ("unit", {"ms": "a duration", "share": "a share, 0 to 1"}.get(k.unit, k.unit)),
        ("value", _describe_statistic(k.statistic)),
        ("better", _better(k)),
        (
            "counted in the period in which the ticket is",
            {"instant": "open at the end", "happened": "changed"}.get(k.anchor, k.anchor),
        ),
        ("paired with", pair),
        ("scored for", SCORED[k.level]),
        ("minimum n for a person", f"{k.min_n}" if k.level == "agent" else "-"),
        ("final", f"{k.matures} days after the period" if k.matures else "with the period"),
        ("needs", ", ".join(f"`{need}`" for need in sorted(k.needs))),
        ("revision", str(k.revision)),
    ]
    rows = [f"| {name} | {text} |" for name, text in facts]
    chinese = [f"{CHINESE.title(k)}：{CHINESE.definition(k)}", ""]
    variants = [f"- `{name}`{_population(v.population)}: {v.definition}" for name, v in k.variants.items()]
    return [f"## {k.id}", "", f"**{k.title}.** {k.definition}", "", *chinese, "| property | value |", "| --- | --- |",
            *rows, "", *variants, ""]  # fmt: skip


def _describe_statistic(statistic: Statistic) -> str:
    """The statistic in words."""
    if isinstance(statistic, Followup):
        also = f" (also shown for {' and '.join(map(str, statistic.also))} days)" if statistic.also else ""
        kind = (
            "that a later one follows" if statistic.of == "followed" else "that are good and that no later one follows"
        )
        return f"the share {kind} a later one within {statistic.days} days{also}; only those at least that old count"
    if isinstance(statistic, Ratio):
        return " / ".join(
            f"[`{side}`](#{side})" if side in find_kpis() else f"`{side}`" for side in (statistic.a, statistic.b)
        )
    if isinstance(statistic, Freshness):
        return f"the share of those that exist at the end of the period and are at most {statistic.days} days old"
    if isinstance(statistic, Total):
        weighted = ", weighted by the work of each kind of ticket" if statistic.weighted else ""
        return f"a sum{weighted}" + (f" of events within {statistic.within} days" if statistic.within else "")
    how = getattr(statistic, "of", None) or getattr(statistic, "headline", None)
    return STATISTICS.get(f"{type(statistic).__name__}, {how}") or STATISTICS[type(statistic).__name__]


STATISTICS = {
    "Duration": "the median, with the 90th percentile, the mean and the share within target; running spans count as"
    " at least this long (Kaplan-Meier)",
    "Share": "a share, with its 95 % interval (Wilson)",
    "Share, low": "the lower 95 % limit of a share (Wilson), which a few votes cannot raise",
    "Attainment": "met / (met + missed); those still running within their deadline are in neither",
    "Score": "a mean, with its 95 % interval (Student's t)",
    "Stock": "the number at the end of the period",
    "Stock, age": "the median age at the end of the period, with the 90th percentile and the oldest",
    "Mix": "a sum, and the share of each kind",
}


def _better(k: Kpi) -> str:
    return {"neither": "-"}.get(k.better, k.better)


def _population(population: str) -> str:
    return " (over all tickets but deleted ones, as the helpdesk counts)" if population == "native" else ""
