"""`doctor`: what keeps figures from being right, and what deserves a look."""

import json
from typing import Any

import click

from helpdesk_kpi.cli.app_context import AppContext, config_option, log_access
from helpdesk_kpi.cli.views.stale_data import build_before_reading
from helpdesk_kpi.store import Store


@click.command()
@click.option("--period", help="2026-W47, 2026-11, last-month, ... (default: the last complete quarter)")
@click.option("--json", "as_json", is_flag=True)
@config_option
@click.pass_obj
def doctor(desk: AppContext, *, period: str | None, as_json: bool) -> None:
    """Examine the store: data gaps, unmapped values, and questions worth a look. None of them is a verdict."""
    from helpdesk_kpi.calendar.periods import get_last_complete_period  # noqa: PLC0415
    from helpdesk_kpi.measure.quality.outlier_questions import list_outlier_kpis  # noqa: PLC0415

    zone, now = desk.config.config.timezone, desk.now()
    span = desk.period(period) if period else get_last_complete_period("quarter", now, zone)
    with desk.store() as store:
        build_before_reading(store, desk.config.config, extra=[(name, "strict") for name in list_outlier_kpis()])
        log_access(store, now, f"doctor {span.label}")
        found = collect_issues(desk, store, span, now)
    click.echo(json.dumps(found, ensure_ascii=False, indent=1) if as_json else format_issues(found))


def collect_issues(desk: AppContext, store: Store, span: Any, now: int) -> dict[str, Any]:
    """Everything that is found, as plain values."""
    from helpdesk_kpi.cli.checks.unmapped import to_finding  # noqa: PLC0415
    from helpdesk_kpi.measure.query.metric_store import MetricStore  # noqa: PLC0415
    from helpdesk_kpi.pull.contract import Finding  # noqa: PLC0415
    from helpdesk_kpi.pull.reading_version import find_sources_read_by_earlier_versions  # noqa: PLC0415
    from helpdesk_kpi.report.sections import quality_data  # noqa: PLC0415

    config = desk.config.config
    found = quality_data.load_data_quality(MetricStore(store, config), span, min(now, span.end), looked_at=now)
    unmapped = [
        *(
            Finding(level="warning", about="sync", text=text)
            for text in find_sources_read_by_earlier_versions(store, config).values()
        ),
        *map(to_finding, found.unmapped),
    ]
    return {
        "period": span.label,
        "gaps": [gap.to_dict() for gap in found.gaps],
        "unmapped": [{"about": f.about, "text": f.text, "level": f.level} for f in unmapped],
        "questions": [
            {
                "id": one.kpi.id, "question": one.kpi.title, "means": one.kpi.definition,
                "n": one.n, "share": one.share,
                "people": [_person(person) for person in one.people] if config.privacy == "full" else [],
            }
            for one in found.questions
        ],
        "overtaken": [one._asdict() for one in found.overtaken],
        **quality_data.filter_team(found),
    }  # fmt: skip


def _person(one: Any) -> dict[str, Any]:
    fields = {"agent": one.agent, "share": one.share, "n": one.n, "others": one.others}
    tickets, articles = ([url or name for name, url in found] for found in (one.tickets, one.articles))
    return {**fields, "tickets": tickets, "articles": articles}


def format_issues(found: dict[str, Any]) -> str:
    """The same for a terminal."""
    lines = ["Data", *map(_gap, found["gaps"])]
    lines += [f"  {'!' if f['level'] == 'warning' else '-'} {f['about']}: {f['text']}" for f in found["unmapped"]]
    if len(lines) == 1:
        lines.append("  no data problems found")
    lines += ["", f"Questions to look at, {found['period']} (starting points, not judgements)"]
    for question in found["questions"]:
        share = "-" if question["share"] is None else f"{question['share']:.1%}"
        lines.append(f"  {question['question']:<48} {share:>7} of {question['n']:g}")
        for one in question["people"]:
            lines.append(f"      {one['agent']}: {one['share']:.1%} of {one['n']:g}, the others {one['others']:.1%}")
            lines += [f"        {example}" for example in [*one["tickets"], *one["articles"]][:3]]
    if first := found["overtaken"]:
        lines.append(f"  {len(first)} P0 or P1 waited for a first reply while later P2 and P3 of their team got one")
        lines += [f"      {one['severity']} {one['url'] or one['ticket']}: {len(one['before'])}" for one in first[:10]]
    if late := found["solved_at_the_end"]:
        usual = f"usual are up to {late['usual_share_up_to']:.1%}"
        lines.append(f"  {late['solves']:g} of {late['of']:g} solves fell into the last four hours; {usual}")
    if back := found["rated_in_return"]:
        usual = f"correlation {back['r']:.2f}, by chance up to {back['usual_r_up_to']:.2f}"
        lines.append(f"  in {back['pairs']} pairs colleagues give back the ratings that they get: {usual}")
    return "\n".join(lines)


def _gap(gap: dict[str, Any]) -> str:
    return f"  {'!' if gap['is_bad'] else '-'} {gap['source']}, {gap['about']} ({gap['how_many']:,}): {gap['text']}"
