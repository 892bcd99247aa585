"""A report's figures out of a real store: repeated for teams, limited to one, with what is said of the whole."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace
from oracle.truth import truth
from synced_fixtures import SyncedDesk

from helpdesk_kpi.calendar.periods import Period, get_last_complete_period
from helpdesk_kpi.config import ReportConfig
from helpdesk_kpi.measure.build.build import build_stale
from helpdesk_kpi.measure.metrics.discovery import find_kpis
from helpdesk_kpi.measure.process.review import EVIDENCE
from helpdesk_kpi.measure.query.metric_store import MetricStore
from helpdesk_kpi.report.formatting import Formatter
from helpdesk_kpi.report.prepare import as_of_for, folds, prepare_report, reads
from helpdesk_kpi.report.report_data import ReportData
from helpdesk_kpi.simulator.world.facts import Chat
from helpdesk_kpi.simulator.world.world import World, generate
from helpdesk_kpi.store import Store

TEAMS = """
[reports.teams]
template = "weekly_digest"
each = "team"
[reports.technical]
template = "weekly_digest"
where = { team = "Technical" }
"""


class Here:
    """One desk, synced and measured, with reports for teams."""

    def __init__(self, folder: Path) -> None:
        self.world: World = generate(5, tickets=700, weeks=10)
        self.desk = SyncedDesk(folder, self.world)
        self.desk.sync()
        path = folder / "helpdesk-kpi.toml"
        path.write_text(path.read_text() + TEAMS)
        from helpdesk_kpi.config import load

        self.loaded = load(path)
        self.store: Store = self.desk.store()
        build_stale(self.store, self.loaded.config)
        self.week: Period = get_last_complete_period("week", self.world.now, self.loaded.config.timezone)
        self.as_of = as_of_for(self.store, self.loaded.config, self.week, self.world.now)

    def figures(self, team: str | None = None) -> ReportData:
        return ReportData(MetricStore(self.store, self.loaded.config), self.week, self.as_of, {}, team=team)


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    made = Here(tmp_path_factory.mktemp("reading"))
    yield made
    made.store.close()


def test_a_report_for_each_team_is_made_once_for_each(here: Here) -> None:
    made = list(prepare_report(here.store, here.loaded, "teams", period=here.week, as_of=here.as_of))
    assert [m.team for m in made] == sorted(["First Line", "Technical", "Billing", "Night shift"])
    assert all(m.team and m.team in (m.rendered.page or "") and m.team in m.rendered.subject for m in made)


def test_a_report_for_one_team_counts_that_team_only(here: Here) -> None:
    parts = [
        here.figures(team).value("first_reply_time").n for team in ("First Line", "Technical", "Billing", "Night shift")
    ]
    nobody = here.figures().by("first_reply_time", "team").get(None)
    assert sum(parts) + (nobody.n if nobody else 0) == here.figures().value("first_reply_time").n
    (made,) = prepare_report(here.store, here.loaded, "technical", period=here.week, as_of=here.as_of)
    assert made.team == "Technical"


def goes_on(world: World, number: int) -> bool:
    """Whether it is a conversation that somebody has, and that has not ended."""
    story = world.stories[number]
    ended = [fact for fact in story.facts if isinstance(fact, Chat) and fact.at <= world.now]
    return story.created.channel == "native_messaging" and not ended and bool(story.state(world.now)["assignee"])


def test_who_waits_is_who_waits_in_the_world(here: Here) -> None:
    rows = truth(here.world, "first_reply_time", "strict", here.as_of)
    # A conversation that goes on is told when it has ended: until then nobody can say who waits there.
    true = {r.ticket for r in rows if r.end is None and not r.stop and not goes_on(here.world, int(r.ticket))}
    found = {w.number for w in here.figures().waiting(10_000) if w.why == "no first reply"}
    assert found == true
    waits = [w.waited for w in here.figures().waiting(5)]
    assert waits == sorted(waits, reverse=True)


def test_bad_ratings_are_the_weeks_own(here: Here) -> None:
    rows = truth(here.world, "csat", "strict", here.as_of)
    week = range(here.week.start, here.week.end)
    true = {r.ticket for r in rows if r.facet == "overall" and r.at in week and r.value == 0}
    assert {b.number for b in here.figures().bad_ratings(1000)} == true


def test_tickets_behind_a_number_are_as_many_as_it_says(here: Here) -> None:
    figures = here.figures()
    for kpi in ("first_reply_time", "solved_tickets", "backlog", "reopen_rate"):
        counted = [r for r in figures.ticket_rows(kpi, 10_000) if r.value is not None]
        assert len(counted) == figures.value(kpi).n


@pytest.mark.parametrize("kpi", ["sla_attainment", "one_touch", "recurrence_rate", "first_contact_resolution"])
def test_tickets_behind_a_share_are_those_that_count_with_what_became_of_them(here: Here, kpi: str) -> None:
    earlier = here.week.shift_back(5)  # long enough ago for every window to be over
    figures = ReportData(MetricStore(here.store, here.loaded.config), earlier, here.as_of, {})
    counted = [r.value for r in figures.ticket_rows(kpi, 10_000) if r.value is not None]
    value = figures.value(kpi)
    assert value.value is not None
    assert len(counted) == value.n > 5
    assert sum(counted) == pytest.approx(value.value * value.n)


def test_articles_are_no_tickets(here: Here) -> None:
    assert here.figures().value("article_freshness").n > 0
    assert here.figures().ticket_rows("article_freshness", 50) == []


def test_a_page_reads_the_whole_catalogue_and_a_mail_the_chosen_figures() -> None:
    assert set(reads("weekly_digest", frozenset({"page"}))) >= set(find_kpis())
    assert len(reads("weekly_digest", frozenset({"html", "text"}))) == 10


def test_a_review_of_one_team_is_of_its_own_time(here: Here) -> None:
    build_stale(here.store, here.loaded.config, extra=EVIDENCE)
    month = Period("month", here.world.desk.start, here.world.now, "2026-11", "UTC")
    reader = MetricStore(here.store, here.loaded.config)
    whole = ReportData(reader, month, here.as_of, {}).process()
    teams = {team: ReportData(reader, month, here.as_of, {}, team=team).process() for team in reader.team_names}
    unassigned = by_stage_of_nobody(reader, month, here.as_of)
    for place, stage in enumerate(whole.stages):
        parts = sum(review.stages[place].total for review in teams.values())
        assert parts + unassigned.get(stage.stage, 0) == pytest.approx(stage.total)
    billing = teams["Billing"]
    assert all(one.name == "Billing" for one in billing.bottlenecks if one.axis == "team")
    assert all("Billing" in {route.sender, route.receiver} for route in billing.routes)
    assert len(billing.routes) < len(whole.routes)


def by_stage_of_nobody(reader: MetricStore, period: Period, as_of: int) -> dict[str, float]:
    """Working ms of tickets that are in no team, by stage."""
    rows = reader.slice("time_in_stage", "strict", team=None)
    end = min(period.end, as_of)
    rows = rows.take((rows.start < end) & (rows.end > period.start) & (rows.known <= as_of) & (rows.until > as_of))
    rows = rows.take(rows.stop == 0)
    took = reader.business_ms(rows, rows.start.clip(min=period.start), rows.end.clip(max=end))
    return {str(word): float(took[rows.facet == code].sum()) for code, word in enumerate(rows.words)}


@pytest.mark.parametrize("template", ["process_review", "data_quality"])
def test_reports_without_figures_are_made_for_each_team_too(here: Here, template: str) -> None:
    build_stale(here.store, here.loaded.config, extra=folds(here.loaded, ReportConfig(template=template)))
    reports = {**here.loaded.config.reports, "own": ReportConfig(template=template, each="team")}
    loaded = replace(here.loaded, config=replace(here.loaded.config, reports=reports))
    made = list(prepare_report(here.store, loaded, "own", period=here.week, as_of=here.as_of))
    assert [m.team for m in made] == sorted(["First Line", "Technical", "Billing", "Night shift"])
    assert all(m.team and m.rendered.subject.startswith(m.team) for m in made)


def test_chinese_definitions_are_there_for_every_kpi() -> None:
    english, chinese = Formatter("en", "UTC"), Formatter("zh", "UTC")
    for kpi in find_kpis().values():
        assert chinese.title(kpi) != english.title(kpi)
        assert any("\u4e00" <= c <= "\u9fff" for c in chinese.definition(kpi))
