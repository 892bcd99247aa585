"""What `check` looks at."""

import datetime as dt
from collections.abc import Iterator
from typing import Literal, NamedTuple

from helpdesk_kpi.calendar.calendar_rules import CalendarRules
from helpdesk_kpi.cli.app_context import AppContext
from helpdesk_kpi.cli.checks.calendars import calendar_findings
from helpdesk_kpi.cli.checks.people import find_people_issues
from helpdesk_kpi.cli.checks.team import intake_findings, setting_findings, team_findings
from helpdesk_kpi.cli.checks.unmapped import find_unmapped
from helpdesk_kpi.cli.send_report import get_channels, load_channels
from helpdesk_kpi.errors import PullError
from helpdesk_kpi.identities.bot_detection import find_suspected_bots
from helpdesk_kpi.identities.source_rules import list_team_refs
from helpdesk_kpi.identities.survey_dimensions import find_unmapped_questions, find_unused_mappings
from helpdesk_kpi.pull.checks import FIRST_SYNC
from helpdesk_kpi.pull.contract import Finding, Provides
from helpdesk_kpi.pull.reading_version import find_sources_read_by_earlier_versions
from helpdesk_kpi.pull.source_config import SourceConfig, load_sources
from helpdesk_kpi.pull.sync import connect
from helpdesk_kpi.report.capability import capabilities
from helpdesk_kpi.report.prepare import get_report_config, period_of
from helpdesk_kpi.store import Store, open_store
from helpdesk_kpi.text.rules_version import custom_gratitude, find_outdated_sources, resync_hint


class Capability(NamedTuple):
    """Whether a source can give a KPI."""

    answer: Literal["yes", "partly", "no"]
    reasons: list[str]


def config_findings(desk: AppContext, *, people: bool = False) -> list[Finding]:
    """What is wrong or doubtful in the file itself; what is plainly wrong is a ConfigError.

    Args:
        people: name everybody who is taken for the team.
    """
    loaded = desk.config
    config = loaded.config
    load_channels(loaded)
    for name in config.reports:
        period_of(get_report_config(loaded, name), None, config.timezone, desk.now())
    found = [Finding(level="ok", about="file", text=f"{loaded.path} is fine")]
    with open_store(loaded.store_path) as store:
        found += _calendars(desk, store)
        found += find_unmapped(desk, store)
        found += find_people_issues(store, config)
        found += _questions(desk, store)
        found += _text_rule_findings(desk, store)
        found += _teams(desk, store)
        found += _bot_findings(desk, store)
        found += team_findings(store, config, people=people)
        found += intake_findings(store, config)
        found += setting_findings(store, config)
    return [*found, *_links(desk)]


def _links(desk: AppContext) -> Iterator[Finding]:
    """Links to pages that no channel of their report writes."""
    for name, report in desk.config.config.reports.items():
        if report.link_base and not any(channel.is_archive for channel in get_channels(desk.config, report.to)):
            text = 'no channel of `to` writes the page that mails will link to: add one with type = "files"'
            yield Finding(level="warning", about=f"reports.{name}.link_base", text=text)


def _calendars(desk: AppContext, store: Store) -> Iterator[Finding]:
    clocks = CalendarRules(store, desk.config.config)
    year = dt.datetime.fromtimestamp(desk.now() / 1000, dt.UTC).year
    for name in desk.config.config.hours:
        for warning in clocks.get(name).warnings([year - 1, year, year + 1]):
            yield Finding(level="warning", about=f"hours.{name}", text=warning)
    yield from calendar_findings(store, desk.config.config)


def _questions(desk: AppContext, store: Store) -> Iterator[Finding]:
    """Survey questions that are in no dimension, and entries that name no question."""
    config = desk.config.config
    for one in find_unmapped_questions(store, config):
        text = f"{one.label}, {one.answers:,} answers, has no dimension and is one of its own: map it, or let it be"
        yield Finding(level="note", about="csat.dimensions", text=text)
    for key in find_unused_mappings(store, config):
        text = f"{key!r} is the id, alias or text of no question that was asked so far"
        yield Finding(level="warning", about="csat.dimensions", text=text)


def _text_rule_findings(desk: AppContext, store: Store) -> Iterator[Finding]:
    """Own words of gratitude hold for what is read after them."""
    for name in find_outdated_sources(store, custom_gratitude(desk.config.config)):
        yield Finding(level="warning", about="text.thanks", text=resync_hint(name))
    for text in find_sources_read_by_earlier_versions(store, desk.config.config).values():
        yield Finding(level="warning", about="sync", text=text)


def _teams(desk: AppContext, store: Store) -> Iterator[Finding]:
    """Teams to escalate to that no helpdesk has."""
    known = {mark for _, _, marks in list_team_refs(store) for mark in marks}
    for team in desk.config.config.tickets.escalation_teams if known else ():
        if team.strip().casefold() not in known:
            text = f"{team!r} is the name or id of no team that is known so far"
            yield Finding(level="warning", about="tickets.escalation_teams", text=text)


def _bot_findings(desk: AppContext, store: Store) -> Iterator[Finding]:
    """Accounts that may be robots, with what the configuration would say of them."""
    for one in find_suspected_bots(store, desk.config.config):
        text = (
            f"{one.source}: {one.name} gave {one.at_once:.0%} of {one.replies:,} answers within a minute;"
            f' if that is a robot, say bots = ["{one.source}:{one.native}"]'
        )
        yield Finding(level="warning", about="tickets.bots", text=text)


class SourceAnswer(NamedTuple):
    """What one helpdesk said."""

    source: str
    findings: list[Finding]
    has_run: bool  # a sync has read from it before

    @property
    def is_shut(self) -> bool:
        """Nobody let us in: nothing is known of what it could give."""
        return any(f.level == "error" and f.about in {"credentials", "address", "reachable"} for f in self.findings)


class CheckResult(NamedTuple):
    """All that `check` found out."""

    own: list[Finding]  # of the configuration
    answers: list[SourceAnswer]
    able: dict[str, dict[str, Capability]]  # by source and KPI

    @property
    def has_errors(self) -> bool:
        return any(f.level == "error" for f in [*self.own, *(f for one in self.answers for f in one.findings)])


async def ask_sources(desk: AppContext) -> list[SourceAnswer]:
    """Ask each helpdesk what these credentials reach."""
    with open_store(desk.config.store_path) as store:
        sources = load_sources(desk.config, (), store.hash_key)
        known = {name for (name,) in store.rows("SELECT s.name FROM syncs y JOIN sources s ON s.id = y.source")}
    return [SourceAnswer(source.name, await _findings(source, desk), source.name in known) for source in sources]


async def _findings(source: SourceConfig, desk: AppContext) -> list[Finding]:
    async with connect(source) as http:
        http.wall = lambda: desk.now() / 1000
        try:
            found = list(await source.connector(http, source.settings).check())
        except PullError as error:
            found = [Finding(level="error", about="reachable", text=f"{error}; nothing else could be asked")]
    return [*found, *_zones(found, desk.config.config.timezone)]


def _zones(found: list[Finding], ours: str) -> Iterator[Finding]:
    """Where the helpdesk's days are not ours, its reports and ours put tickets into different weeks."""
    for theirs in (f.zone for f in found if f.zone is not None and f.zone != ours):
        text = f'its own reports count days in {theirs}, ours in {ours}: to have the same, say timezone = "{theirs}"'
        yield Finding(level="note", about="time zone", text=text)


def summarise(answer: SourceAnswer) -> str:
    """One line on whether a sync makes sense now, and what the first one will cost."""
    errors = sum(f.level == "error" for f in answer.findings)
    if errors:
        return f"not ready: {errors} error{'s' * (errors > 1)} to mend first"
    if answer.has_run:
        return "ready: the next sync goes on where the last one ended"
    costs = [f.text for f in answer.findings if f.about == FIRST_SYNC]
    return f"ready to sync: {costs[-1]}" if costs else "ready to sync"


def limited_capabilities(answers: list[SourceAnswer]) -> dict[str, dict[str, Provides]]:
    """By source: what the helpdesks' answers say of single needs."""
    return {one.source: {f.need: f.provides for f in one.findings if f.need and f.provides} for one in answers}


def list_capabilities(desk: AppContext, answers: list[SourceAnswer]) -> dict[str, dict[str, Capability]]:
    """By source and KPI: what it can give, and why not all; nothing of a source that let nobody in."""
    with open_store(desk.config.store_path) as store:
        unmet = capabilities(store, desk.config.config, limited_capabilities(answers))
    return {
        one.source: {} if one.is_shut else {kpi: _able(of[one.source]) for kpi, of in unmet.items() if one.source in of}
        for one in answers
    }


def _able(unmet: list[tuple[str, Provides]]) -> Capability:
    reasons = list(dict.fromkeys(p.reason or need for need, p in unmet))
    if not unmet:
        return Capability("yes", [])
    return Capability("no" if any(p.answer == "no" for _, p in unmet) else "partly", reasons)
