"""A preliminary report says so in every part, whatever its template; a complete one never does."""

import json
from pathlib import Path
from typing import Any

import pytest
from report_fixtures import week

from helpdesk_kpi.report.render import Rendered, render

NOTE = "Preliminary report: Week 47 is not complete."
FOREIGN = {
    "subject.txt.j2": "{{ report.team }}\n",
    "body.txt.j2": "figures\n",
    "body.html.j2": '<html><body class="own"><h1>{{ report.team }}</h1></body></html>',
    "page.html.j2": "<h1>{{ report.team }}</h1>",
    "slack.json.j2": '{"text": {{ report.team }}, "blocks": [{"type": "divider"}]}',
}


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A template that knows nothing of notices."""
    folder = tmp_path / "own"
    folder.mkdir()
    for name, text in FOREIGN.items():
        (folder / name).write_text(text)
    return tmp_path


def made(name: str, own: Path | None = None, **options: Any) -> Rendered:
    return render(name, week(), own=own, **options)


def said(rendered: Rendered) -> dict[str, str]:
    parts = {
        "subject": rendered.subject, "html": rendered.html, "text": rendered.text, "page": rendered.page,
        "slack": (rendered.slack or b"").decode(), "json": (rendered.json or b"").decode(),
    }  # fmt: skip
    return {name: " ".join((text or "").replace("\u00a0", " ").split()) for name, text in parts.items() if text}


@pytest.mark.parametrize("name", ["weekly_digest", "monthly_summary", "process_review", "data_quality", "own"])
def test_every_part_of_every_template_says_it(name: str, own: Path) -> None:
    parts = said(made(name, own, is_preliminary=True))
    assert parts.pop("subject").startswith("Preliminary: ")
    assert json.loads(parts.pop("json"))["preliminary"] is True
    assert len(parts) >= 3
    for part, text in parts.items():
        assert text.count(NOTE) == 1, part


@pytest.mark.parametrize("name", ["weekly_digest", "monthly_summary", "process_review", "data_quality", "own"])
def test_a_complete_report_does_not(name: str, own: Path) -> None:
    parts = said(made(name, own))
    assert json.loads(parts.pop("json"))["preliminary"] is False
    assert not [part for part, text in parts.items() if "Preliminary" in text]


def test_the_mark_comes_first_where_a_template_has_no_place_for_it(own: Path) -> None:
    rendered = made("own", own, is_preliminary=True)
    assert str(rendered.html).startswith('<html><body class="own"><p style=')
    assert str(rendered.page).startswith("<p style=")
    assert str(rendered.text).startswith("! Preliminary report")
    posted = json.loads(rendered.slack or b"")
    assert posted["text"].startswith("Preliminary: ")
    assert [block["type"] for block in posted["blocks"]] == ["section", "divider"]


def test_it_is_said_in_chinese_too(own: Path) -> None:
    rendered = made("weekly_digest", own, is_preliminary=True, locale="zh")
    assert rendered.subject.startswith("【初步报告】")
    assert "初步报告：2026年第47周数据尚不完整" in str(rendered.text)


def test_one_notice_says_how_far_the_data_reach() -> None:
    """In a period that is not over the data never reach its end: that is said once."""
    assert "Data whole only to" not in str(made("weekly_digest", is_preliminary=True).text)
