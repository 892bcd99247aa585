"""A report as data: stable keys, raw numbers (ms, shares 0..1), times in ISO 8601 with Z."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from helpdesk_kpi.report.figures import BadRating, Figures, Waiting
from helpdesk_kpi.report.number import Number
from helpdesk_kpi.report.rows import SeverityRow
from helpdesk_kpi.report.view import Report

VERSION = 1  # of these keys; new keys may come without a new version
ROWS = 50


def snapshot(report: Report, figures: Figures) -> dict[str, Any]:
    """What `report NAME --format json` prints. `figures` are those that the report may read."""
    return {
        "version": VERSION,
        **_frame(report, figures),
        "headline": _headline(report),
        "notices": report.notices,
        "measures": {number.id: _number(number) for number in report.measures},
        "severities": [_severity(row) for row in report.severities],
        "waiting": [_waiting(row) for row in figures.waiting(ROWS)],
        "bad_ratings": [_rating(row) for row in figures.bad_ratings(ROWS)],
        **_facts(figures),
        "definitions": {number.id: number.definition for number in report.measures},
    }


def _frame(report: Report, figures: Figures) -> dict[str, Any]:
    period = figures.period
    return {
        "report": report.name,
        "title": report.title,
        "locale": report.locale,
        "privacy": report.privacy,
        "team": figures.team,
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
        "questions_without_dimension": dict(facts.questions),
        "data_whole_to": {name: _iso(at) for name, at in facts.sources.items()},
        "history_from": _iso(facts.history_from),
    }


def _number(number: Number) -> dict[str, Any]:
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


def _waiting(row: Waiting) -> dict[str, Any]:
    return {**msgspec.structs.asdict(row), "since": _iso(row.since)}


def _rating(row: BadRating) -> dict[str, Any]:
    return {**msgspec.structs.asdict(row), "at": _iso(row.at)}


def _iso(at: int | None) -> str | None:
    if at is None:
        return None
    moment = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=at)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
