"""The page of the KPIs, written out of their definitions."""

from docs_pages import GENERATED, table

from helpdesk_kpi.measure.metrics.contract import Followup, Freshness, Kpi, Ratio, Statistic, Total
from helpdesk_kpi.measure.metrics.discovery import find_kpis, load_kpis
from helpdesk_kpi.report.languages import zh

SCORED = {"shown": "nobody: it is shown only", "agent": "people and teams", "team": "teams only"}


def kpis_page() -> str:
    """The catalogue: every KPI with its variants, in both languages."""
    found = list(find_kpis().values())
    heads = ("dimension", "id", "title", "中文", "better", "scored for")
    index = [
        (k.dimension, f"[`{k.id}`](#{k.id})", k.title, zh.TITLES.get(k.id, "-"), _better(k), k.level) for k in found
    ]
    head = ["# The KPIs", "", GENERATED, *table(heads, index)]
    return "\n".join([*head, *(line for k in found for line in _kpi(k)), *_questions()])


def _questions() -> list[str]:
    asked = [k for k in load_kpis().values() if k.role == "question"]
    return [
        "## Questions",
        "",
        "What `doctor` asks of the data. None of them is a KPI, and none moves a score.",
        "",
        *(f"- `{k.id}`: **{k.title}** {k.definition}" for k in asked),
        "",
    ]


def _kpi(k: Kpi) -> list[str]:
    pair = f"[`{k.pair}`](#{k.pair})" if k.pair else "-"
    facts = [
        ("unit", {"ms": "a duration", "share": "a share, 0 to 1"}.get(k.unit, k.unit)),
        ("figure", _figure(k.statistic)),
        ("better", _better(k)),
        (
            "counted in the period in which it is",
            {"instant": "alive at the end", "happened": "brought about"}.get(k.anchor, k.anchor),
        ),
        ("read beside", pair),
        (
            "scored for",
            {"shown": "nobody: it is shown only", "agent": "people and teams", "team": "teams only"}[k.level],
        ),
        ("least for a person", f"{k.min_n}" if k.level == "agent" else "-"),
        ("final", f"{k.matures} days after the period" if k.matures else "with the period"),
        ("needs", ", ".join(f"`{need}`" for need in sorted(k.needs))),
        ("revision", str(k.revision)),
    ]
    rows = [f"| {name} | {text} |" for name, text in facts]
    chinese = [f"{zh.TITLES[k.id]}：{zh.DEFINITIONS[k.id]}", ""] if k.id in zh.DEFINITIONS else []
    variants = [f"- `{name}`{_population(v.population)}: {v.definition}" for name, v in k.variants.items()]
    return [f"## {k.id}", "", f"**{k.title}.** {k.definition}", "", *chinese, "| | |", "| --- | --- |", *rows, "",
            *variants, ""]  # fmt: skip


def _figure(told: Statistic) -> str:
    """What is worked out, in a reader's words."""
    if isinstance(told, Followup):
        beside = f"; {' and '.join(map(str, told.also))} days beside" if told.also else ""
        kind = "was followed" if told.of == "followed" else "is good and was not followed"
        return f"the share of what {kind} within {told.days} days{beside}; only what is that old counts"
    if isinstance(told, Ratio):
        return " / ".join(f"[`{side}`](#{side})" if side in find_kpis() else f"`{side}`" for side in (told.a, told.b))
    if isinstance(told, Freshness):
        return f"the share of what is there at the end of the period and at most {told.days} days old"
    if isinstance(told, Total):
        weighted = ", each ticket by how much work its kind is" if told.weighted else ""
        return f"a sum{weighted}" + (f" of what came within {told.within} days" if told.within else "")
    how = getattr(told, "of", None) or getattr(told, "headline", None)
    return FIGURES.get(f"{type(told).__name__}, {how}") or FIGURES[type(told).__name__]


FIGURES = {
    "Duration": "the median, with the 90th percentile, the mean and the share within target; what still runs counts as"
    " at least so long (Kaplan-Meier)",
    "Share": "a share, with its 95 % interval (Wilson)",
    "Share, low": "a share by its lower 95 % limit (Wilson), which a few votes cannot raise",
    "Attainment": "kept / (kept + missed); what still runs within its deadline is in neither",
    "Score": "a mean, with its 95 % interval (Student's t)",
    "Stock": "how many at the end of the period",
    "Stock, age": "the median age at the end of the period, with the 90th percentile and the oldest",
    "Mix": "a sum, and the part that each kind has in it",
}


def _better(k: Kpi) -> str:
    return {"neither": "-"}.get(k.better, k.better)


def _population(population: str) -> str:
    return " (over the helpdesk's own population: all tickets but deleted ones)" if population == "native" else ""
