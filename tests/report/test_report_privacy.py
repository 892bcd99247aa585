"""Nobody is named where the configuration forbids it: not in a column, a subject, a comment, or a picture."""

import msgspec
import pytest
from report_fixtures import RATINGS, ROWS, WAITS, FakeFigures, facts, figure, week, week_values

from helpdesk_kpi.errors import UsageError
from helpdesk_kpi.report.privacy import HIDDEN, redact
from helpdesk_kpi.report.render import render
from helpdesk_kpi.report.result_types import AgentAliases, Figures, Privacy

ANN = AgentAliases("Ann Smith", ("360123456789", "7"), ("ann.smith@acme.example",))
WANG = AgentAliases("王小明", ("360999999999",), ("wang@acme.example",))
MARKS = ("Ann", "Smith", "360123456789", "ann.smith", "王小明", "360999999999", "wang@acme")


def find_week() -> FakeFigures:
    """A week in which customers write the agents' names, addresses and ids."""
    waits = [
        msgspec.structs.replace(WAITS[1], subject="Thanks Ann! (and 王小明您好)", assignee="Ann Smith"),
        msgspec.structs.replace(WAITS[2], subject="Fwd: ann.smith@acme.example wrote", assignee="王小明"),
    ]
    ratings = [msgspec.structs.replace(RATINGS[0], comment="SMITH never answered, see user 360123456789")]
    rows = [msgspec.structs.replace(ROWS[1], subject="For wang@acme.example", agent="Ann Smith")]
    values = week_values() | {("csat", ("agent", "Ann Smith")): figure("csat", 0.5, 10)}
    known = facts(agents=(ANN, WANG), secret=b"kept in the store")
    return week(values=values, waits=waits, ratings=ratings, rows=rows, facts=known)


def everything(privacy: Privacy, locale: str, template: str) -> bytes:
    made = render(template, find_week(), privacy=privacy, locale=locale)
    texts = (made.subject, made.html or "", made.text or "", made.page or "")
    pictures = b"".join(made.images.values())
    return "".join(texts).encode() + (made.json or b"") + (made.slack or b"") + pictures


@pytest.mark.parametrize("template", ["weekly_digest", "monthly_summary"])
@pytest.mark.parametrize("locale", ["en", "zh"])
@pytest.mark.parametrize("privacy", ["team_only", "pseudonymous"])
def test_no_byte_names_an_agent(privacy: Privacy, locale: str, template: str) -> None:
    out = everything(privacy, locale, template)
    assert [mark for mark in MARKS if mark.lower().encode() in out.lower()] == []


def test_full_privacy_setting_names_agents() -> None:
    """The test above would pass on an empty report; this one shows that the names are there to be hidden."""
    out = everything("full", "en", "weekly_digest")
    assert all(mark.encode() in out for mark in ("Ann Smith", "王小明", "360123456789"))


def hidden(privacy: Privacy) -> Figures:
    return redact(find_week(), privacy, "Agent")


def test_that_somebody_is_assigned_is_still_reported() -> None:
    assert [row.assignee for row in hidden("team_only").waiting(9)] == ["", ""]
    unassigned = redact(week(), "team_only", "Agent").waiting(1)
    assert unassigned[0].assignee is None


def test_names_inside_other_words_stay() -> None:
    waits = [msgspec.structs.replace(WAITS[0], subject="Announcement for Annual goldsmiths by Ann")]
    figures = week(waits=waits, facts=facts(agents=(ANN,)))
    assert (
        redact(figures, "team_only", "Agent").waiting(1)[0].subject == f"Announcement for Annual goldsmiths by {HIDDEN}"
    )


def test_short_ids_are_numbers_like_any_other() -> None:
    waits = [msgspec.structs.replace(WAITS[0], subject="7 rows are missing")]
    figures = week(waits=waits, facts=facts(agents=(ANN,)))
    assert redact(figures, "team_only", "Agent").waiting(1)[0].subject == "7 rows are missing"


def test_a_pseudonym_stays_the_same_and_needs_the_stores_secret() -> None:
    first, second = hidden("pseudonymous").waiting(2)
    assert first.assignee
    assert first.assignee.startswith("Agent ")
    assert first.assignee != second.assignee
    assert first.assignee in first.subject  # the same person in the subject and as assignee
    assert first.assignee == hidden("pseudonymous").ticket_rows("csat", 1)[0].agent
    other = find_week()
    other.facts = msgspec.structs.replace(other.facts, secret=b"another store")
    assert redact(other, "pseudonymous", "Agent").waiting(1)[0].assignee != first.assignee


def test_one_agents_numbers_are_refused() -> None:
    with pytest.raises(UsageError, match="privacy is 'team_only'"):
        hidden("team_only").by("csat", "agent")
    for privacy in ("team_only", "pseudonymous"):
        with pytest.raises(UsageError, match="cannot be about one agent"):
            redact(find_week(), privacy, "Agent").value("csat", agent="Ann Smith")


def test_pseudonymous_figures_by_agent_have_no_names() -> None:
    names = list(hidden("pseudonymous").by("csat", "agent"))
    assert len(names) == 1
    assert str(names[0]).startswith("Agent ")


def test_templates_cannot_reach_the_list_of_people() -> None:
    assert hidden("team_only").facts.agents == ()
    assert hidden("team_only").facts.secret == b""
