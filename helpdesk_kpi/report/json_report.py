"""A report as data: stable keys, raw numbers (ms, shares 0..1), times in ISO 8601 with Z."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from helpdesk_kpi.measure.recurrence.threshold_tuning import DetectionQuality
from helpdesk_kpi.report.metric_view import MetricView
from helpdesk_kpi.report.report import Report
from helpdesk_kpi.report.result_types import BadRating, Figures, WaitingTicket
from helpdesk_kpi.report.sections.lists import SeverityRow
from helpdesk_kpi.report.sections.quality_data import filter_team

VERSION = 1  # of these keys; new keys may come without a new version
ROWS = 50


def build_json_report(report: Report, figures: Figures) -> dict[str, Any]:
    """What `report NAME --format json` prints. `figures` are those that the report may read."""
    frame = {"version": VERSION, **_frame(report, figures)}
    if report.name in LISTS:
        return {**frame, **LISTS[report.name](report, figures), "notices": report.notices, **_facts(figures)}
    return {
        **frame,
        "headline": _headline(report),
        "notices": report.notices,
        "measures": {number.id: _number(number) for number in report.measures},
        "severities": [_severity(row) for row in report.severities],
        "waiting": [_waiting(row) for row in figures.waiting(ROWS)],
        "bad_ratings": [_rating(row) for row in figures.bad_ratings(ROWS)],
        **_facts(figures),
        "definitions": {number.id: number.definition for number in report.measures},
    }


def _process(report: Report, figures: Figures) -> dict[str, Any]:
    first = report.process.headline
    lists = {name: [one._asdict() for one in found] for name, found in figures.process()._asdict().items()}
    return {"headline": {"title": first.title, "text": first.text}, "process": lists}


def _quality(report: Report, figures: Figures) -> dict[str, Any]:
    first, found = report.quality.headline, figures.examined()
    return {
        "headline": {"title": first.title, "text": first.text},
        "gaps": [gap.to_dict() for gap in found.gaps],
        "unmapped": [one._asdict() for one in found.unmapped],
        "questions": [
            {"id": one.kpi.id, "title": one.kpi.title, "means": one.kpi.definition, "n": one.n, "share": one.share,
             "people": [msgspec.to_builtins(person) for person in one.people]}
            for one in found.questions
        ],
        "overtaken": [one._asdict() for one in found.overtaken],
        **filter_team(found),
    }  # fmt: skip


#: Built-in reports that are not about figures.
LISTS: Mapping[str, Callable[[Report, Figures], dict[str, Any]]] = {
    "process_review": _process, "data_quality": _quality,
}  # fmt: skip


def _frame(report: Report, figures: Figures) -> dict[str, Any]:
    period = figures.period
    return {
        "report": report.name,
        "title": report.title,
        "locale": report.locale,
        "privacy": report.privacy,
        "team": figures.team,
        "preliminary": report.is_preliminary,
        "period": {
            "kind": period.kind,
            "label": period.label,
            "start": _iso(period.start),
            "end": _iso(period.end),
        },
        "as_of": _iso(figures.as_of),
        "zone": figures.zone,
    }


def _headline(report: Report) -> dict[str, Any]:
    about = report.headline.about
    return {
        "title": report.headline.title,
        "text": report.headline.text,
        "kpi": about.id if about else None,
        "where": about.where if about else {},
        "ask": report.headline.ask,
    }


def _facts(figures: Figures) -> dict[str, Any]:
    facts = figures.facts
    return {
        "left_out": dict(facts.excluded),
        "follow_ups": facts.follow_ups,
        "own_figures": [msgspec.to_builtins(one) for one in facts.agreements],
        "not_known": dict(facts.gaps),
        "settings_to_check": [{**one._asdict(), "text": one.text} for one in facts.defaults],
        "repeats_found": _detection_quality(facts.repeats),
        "questions_without_dimension": dict(facts.questions),
        "data_whole_to": {name: _iso(at) for name, at in facts.sources.items()},
        "history_from": _iso(facts.history_from),
    }


def _detection_quality(reported: DetectionQuality | None) -> dict[str, Any] | None:
    """How right the finding of repeats is; None: too few pairs are labelled."""
    if reported is None:
        return None
    low, high = reported.precision_interval
    return {"precision": reported.precision, "low": low, "high": high, "pairs": reported.pairs}


def _number(number: MetricView) -> dict[str, Any]:
    """The Value as it is, with the words that readers of the other formats see."""
    value: dict[str, Any] = msgspec.to_builtins(number.value)
    if value["previous"]:
        value["previous"].pop("previous")
        value["previous"].pop("history")
    return {"title": number.title, "text": number.text, "verdict": number.verdict, **value}


def _severity(row: SeverityRow) -> dict[str, Any]:
    numbers = {"first_reply_time": row.first_reply, "full_resolution_time": row.resolution, "backlog": row.backlog}
    return {
        "level": row.level or None,
        "title": row.title,
        **{kpi: _number(number) if number else None for kpi, number in numbers.items()},
    }


def _waiting(row: WaitingTicket) -> dict[str, Any]:
    return {**msgspec.structs.asdict(row), "since": _iso(row.since)}


def _rating(row: BadRating) -> dict[str, Any]:
    return {**msgspec.structs.asdict(row), "at": _iso(row.at)}


def _iso(at: int | None) -> str | None:
    if at is None:
        return None
    moment = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=at)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
