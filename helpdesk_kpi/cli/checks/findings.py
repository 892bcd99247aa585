"""What `check` looks at."""

import datetime as dt
from collections.abc import Iterator
from typing import Literal, NamedTuple

from helpdesk_kpi.calendar.calendar_rules import Clocks
from helpdesk_kpi.cli.app_context import Desk
from helpdesk_kpi.cli.checks.calendars import calendar_findings
from helpdesk_kpi.cli.checks.people import people_findings
from helpdesk_kpi.cli.checks.team import intake_findings, setting_findings, team_findings
from helpdesk_kpi.cli.checks.unmapped import unmapped
from helpdesk_kpi.cli.send_report import all_channels, channels
from helpdesk_kpi.errors import PullError
from helpdesk_kpi.identities.bot_detection import suspects
from helpdesk_kpi.identities.source_rules import team_marks
from helpdesk_kpi.identities.survey_dimensions import unmet, without_dimension
from helpdesk_kpi.pull.checks import FIRST_SYNC
from helpdesk_kpi.pull.contract import Finding, Provides
from helpdesk_kpi.pull.reading_version import read_by_earlier_versions
from helpdesk_kpi.pull.source_config import Source, sources_of
from helpdesk_kpi.pull.sync import connect
from helpdesk_kpi.report.capability import capabilities
from helpdesk_kpi.report.prepare import named, period_of
from helpdesk_kpi.store import Store, open_store
from helpdesk_kpi.text.rules_version import again, own_thanks, read_otherwise


class Able(NamedTuple):
    """Whether a source can give a KPI."""

    answer: Literal["yes", "partly", "no"]
    reasons: list[str]


def config_findings(desk: Desk, *, people: bool = False) -> list[Finding]:
    """What is wrong or doubtful in the file itself; what is plainly wrong is a ConfigError.

    Args:
        people: name everybody who is taken for the team.
    """
    loaded = desk.loaded
    config = loaded.config
    all_channels(loaded)
    for name in config.reports:
        period_of(named(loaded, name), None, config.timezone, desk.now())
    found = [Finding(level="ok", about="file", text=f"{loaded.path} is fine")]
    with open_store(loaded.store_path) as store:
        found += _calendars(desk, store)
        found += unmapped(desk, store)
        found += people_findings(store, config)
        found += _questions(desk, store)
        found += _words(desk, store)
        found += _teams(desk, store)
        found += _robots(desk, store)
        found += team_findings(store, config, people=people)
        found += intake_findings(store, config)
        found += setting_findings(store, config)
    return [*found, *_links(desk)]


def _links(desk: Desk) -> Iterator[Finding]:
    """Links to pages that no channel of their report writes."""
    for name, report in desk.loaded.config.reports.items():
        if report.link_base and not any(channel.is_archive for channel in channels(desk.loaded, report.to)):
            text = 'no channel of `to` writes the page that mails will link to: add one with type = "files"'
            yield Finding(level="warning", about=f"reports.{name}.link_base", text=text)


def _calendars(desk: Desk, store: Store) -> Iterator[Finding]:
    clocks = Clocks(store, desk.loaded.config)
    year = dt.datetime.fromtimestamp(desk.now() / 1000, dt.UTC).year
    for name in desk.loaded.config.hours:
        for warning in clocks.named(name).warnings([year - 1, year, year + 1]):
            yield Finding(level="warning", about=f"hours.{name}", text=warning)
    yield from calendar_findings(store, desk.loaded.config)


def _questions(desk: Desk, store: Store) -> Iterator[Finding]:
    """Survey questions that are in no dimension, and entries that name no question."""
    config = desk.loaded.config
    for one in without_dimension(store, config):
        text = f"{one.label}, {one.answers:,} answers, has no dimension and is one of its own: map it, or let it be"
        yield Finding(level="note", about="csat.dimensions", text=text)
    for key in unmet(store, config):
        text = f"{key!r} is the id, alias or text of no question that was asked so far"
        yield Finding(level="warning", about="csat.dimensions", text=text)


def _words(desk: Desk, store: Store) -> Iterator[Finding]:
    """Own words of gratitude hold for what is read after them."""
    for name in read_otherwise(store, own_thanks(desk.loaded.config)):
        yield Finding(level="warning", about="text.thanks", text=again(name))
    for text in read_by_earlier_versions(store, desk.loaded.config).values():
        yield Finding(level="warning", about="sync", text=text)


def _teams(desk: Desk, store: Store) -> Iterator[Finding]:
    """Teams to escalate to that no helpdesk has."""
    known = {mark for _, _, marks in team_marks(store) for mark in marks}
    for team in desk.loaded.config.tickets.escalation_teams if known else ():
        if team.strip().casefold() not in known:
            text = f"{team!r} is the name or id of no team that is known so far"
            yield Finding(level="warning", about="tickets.escalation_teams", text=text)


def _robots(desk: Desk, store: Store) -> Iterator[Finding]:
    """Accounts that may be robots, with what the configuration would say of them."""
    for one in suspects(store, desk.loaded.config):
        text = (
            f"{one.source}: {one.name} gave {one.at_once:.0%} of {one.replies:,} answers within a minute;"
            f' if that is a robot, say bots = ["{one.source}:{one.native}"]'
        )
        yield Finding(level="warning", about="tickets.bots", text=text)


class Asked(NamedTuple):
    """What one helpdesk said."""

    source: str
    findings: list[Finding]
    has_run: bool  # a sync has read from it before

    @property
    def is_shut(self) -> bool:
        """Nobody let us in: nothing is known of what it could give."""
        return any(f.level == "error" and f.about in {"credentials", "address", "reachable"} for f in self.findings)


class Examined(NamedTuple):
    """All that `check` found out."""

    own: list[Finding]  # of the configuration
    asked: list[Asked]
    able: dict[str, dict[str, Able]]  # by source and KPI

    @property
    def has_errors(self) -> bool:
        return any(f.level == "error" for f in [*self.own, *(f for one in self.asked for f in one.findings)])


async def asked(desk: Desk) -> list[Asked]:
    """Ask each helpdesk what these credentials reach."""
    with open_store(desk.loaded.store_path) as store:
        sources = sources_of(desk.loaded, (), store.hash_key)
        known = {name for (name,) in store.rows("SELECT s.name FROM syncs y JOIN sources s ON s.id = y.source")}
    return [Asked(source.name, await _findings(source, desk), source.name in known) for source in sources]


async def _findings(source: Source, desk: Desk) -> list[Finding]:
    async with connect(source) as http:
        http.wall = lambda: desk.now() / 1000
        try:
            found = list(await source.connector(http, source.settings).check())
        except PullError as error:
            found = [Finding(level="error", about="reachable", text=f"{error}; nothing else could be asked")]
    return [*found, *_zones(found, desk.loaded.config.timezone)]


def _zones(found: list[Finding], ours: str) -> Iterator[Finding]:
    """Where the helpdesk's days are not ours, its reports and ours put tickets into different weeks."""
    for theirs in (f.zone for f in found if f.zone is not None and f.zone != ours):
        text = f'its own reports count days in {theirs}, ours in {ours}: to have the same, say timezone = "{theirs}"'
        yield Finding(level="note", about="time zone", text=text)


def verdict(told: Asked) -> str:
    """One line on whether a sync makes sense now, and what the first one will cost."""
    errors = sum(f.level == "error" for f in told.findings)
    if errors:
        return f"not ready: {errors} error{'s' * (errors > 1)} to mend first"
    if told.has_run:
        return "ready: the next sync goes on where the last one ended"
    costs = [f.text for f in told.findings if f.about == FIRST_SYNC]
    return f"ready to sync: {costs[-1]}" if costs else "ready to sync"


def narrowing(told: list[Asked]) -> dict[str, dict[str, Provides]]:
    """By source: what the helpdesks' answers say of single needs."""
    return {one.source: {f.need: f.provides for f in one.findings if f.need and f.provides} for one in told}


def able(desk: Desk, told: list[Asked]) -> dict[str, dict[str, Able]]:
    """By source and KPI: what it can give, and why not all; nothing of a source that let nobody in."""
    with open_store(desk.loaded.store_path) as store:
        unmet = capabilities(store, desk.loaded.config, narrowing(told))
    return {
        one.source: {} if one.is_shut else {kpi: _able(of[one.source]) for kpi, of in unmet.items() if one.source in of}
        for one in told
    }


def _able(unmet: list[tuple[str, Provides]]) -> Able:
    reasons = list(dict.fromkeys(p.reason or need for need, p in unmet))
    if not unmet:
        return Able("yes", [])
    return Able("no" if any(p.answer == "no" for _, p in unmet) else "partly", reasons)
