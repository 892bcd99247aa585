"""Making a configured report: which period, as of when, which teams, and the figures behind it."""

import hashlib
from collections.abc import Callable, Iterator
from typing import NamedTuple

from helpdesk_kpi.calendar.periods import Kind, Period, get_last_complete_period, parse_period
from helpdesk_kpi.config import Config, LoadedConfig, ReportConfig, duration, suggest
from helpdesk_kpi.errors import StoreError, UsageError
from helpdesk_kpi.measure.build.stored_metrics import list_default_metrics
from helpdesk_kpi.measure.process.review import EVIDENCE, REPEATS
from helpdesk_kpi.measure.quality.outlier_questions import list_outlier_kpis
from helpdesk_kpi.measure.query.metric_store import HISTORY_PERIODS, MetricStore
from helpdesk_kpi.report.capability import gaps
from helpdesk_kpi.report.privacy import names_nobody
from helpdesk_kpi.report.render import Rendered, render
from helpdesk_kpi.report.report_data import ReportData, complete_until, everybody
from helpdesk_kpi.report.templates import get_template, get_user_templates, list_templates
from helpdesk_kpi.store import Store
from helpdesk_kpi.translations import Translator

#: The period that a template speaks of unless told otherwise.
KINDS: dict[str, Kind] = {"monthly_summary": "month", "process_review": "month", "data_quality": "quarter"}
#: What reports read of figures; one pass over the store brings them all.
READ = (
    "first_reply_time", "next_reply_time", "first_resolution_time", "full_resolution_time", "accepted_resolution_time",
    "solved_tickets", "reopen_rate", "backlog", "csat", "csat_response_rate",
)  # fmt: skip


class PreparedReport(NamedTuple):
    """One rendering of a report: for all, or for one team."""

    team: str | None
    slice: str  # as the ledger names it: "weekly", "weekly:EMEA"
    period: Period
    as_of: int
    rendered: Rendered


class Slice(NamedTuple):
    """A report's part: all together (team None), or one team."""

    team: str | None
    name: str


PageUrl = Callable[[str], str | None]  # gets a slice's name
Failed = Callable[[str, Exception], None]  # gets a slice's name


def reads(name: str, parts: frozenset[str]) -> list[str]:
    """What a report reads of the store, in one pass: pages show the whole catalogue, mails the chosen figures."""
    if name == "process_review":
        return [*(kpi for kpi, _ in EVIDENCE), "first_reply_time", REPEATS]
    if name == "data_quality":
        return [*list_outlier_kpis(), "first_reply_time", "backlog", "solved_tickets"]
    return list_default_metrics() if "page" in parts else list(READ)


def folds(loaded: LoadedConfig, report: ReportConfig) -> list[tuple[str, str]]:
    """What a report needs and the store keeps only once it is asked for, by the lists that its template names."""
    chosen = get_template(report.template, get_user_templates(loaded))
    text = "".join((chosen.folder / file).read_text("utf-8") for file in chosen.files())
    requested = [*EVIDENCE] if "report.process" in text else []
    return requested + [(name, "strict") for name in list_outlier_kpis()] if "report.quality" in text else requested


def get_report_config(loaded: LoadedConfig, name: str) -> ReportConfig:
    """The entry of [reports], else a report of that template's own."""
    if name in loaded.config.reports:
        return loaded.config.reports[name]
    own = get_user_templates(loaded)
    if name in list_templates(own):
        return ReportConfig(template=name)
    known = {*loaded.config.reports, *list_templates(own)}
    raise UsageError(f"no report named {name!r}{suggest(name, known)}")


def period_of(report: ReportConfig, text: str | None, zone: str, now: int) -> Period:
    """The period that was asked for, else the newest one that is over."""
    if text and (requested := parse_period(text, zone, now)).start <= now:
        return requested
    if text:
        raise UsageError(f"{text} has not begun yet")
    return get_last_complete_period(KINDS.get(report.template, "week"), now, zone)


def as_of_for(store: Store, config: Config, period: Period, now: int, wait: str = "6h") -> int:
    """As of when a report reads: as far as all data reach, but not beyond the time it may wait after the period."""
    whole = [until for until in complete_until(store, config).values() if until is not None]
    return min([now, period.end + duration(wait), *whole])


def prepare_report(
    store: Store,
    loaded: LoadedConfig,
    name: str,
    *,
    period: Period,
    as_of: int,
    locale: str | None = None,
    parts: frozenset[str] = frozenset({"html", "text", "page", "json", "slack"}),
    page_url: PageUrl = lambda _: None,
    is_preliminary: bool = False,
    failed: Failed | None = None,
) -> Iterator[PreparedReport]:
    """Render a report, once or for each team. `page_url` says where a slice's browser page will be.

    A team whose report fails in a way that nobody foresaw stops no other: `failed` hears of it; without, it is raised.
    """
    config = loaded.config
    report = get_report_config(loaded, name)
    if not store.one("SELECT count(*) FROM syncs"):
        raise StoreError("nothing has been read from a helpdesk yet: run `helpdesk-kpi sync` first")
    reader = MetricStore(store, config, back_to=period.shift_back(HISTORY_PERIODS + 1).start)
    reader.preload([(kpi, "strict") for kpi in reads(report.template, parts)])
    language = locale or report.locale or config.locale
    lacking = gaps(store, config, as_of, Translator(language))
    has_page = _has_page(loaded, report)
    for one in _slices(reader, name, report):
        figures = ReportData(reader, period, as_of, lacking, team=one.team)
        try:
            rendered = render(
                report.template, figures, locale=language, privacy=config.privacy,
                page_url=page_url(one.name) if has_page else None, own=get_user_templates(loaded), parts=parts,
                is_preliminary=is_preliminary,
            )  # fmt: skip
        except Exception as error:
            if failed is None or isinstance(error, UsageError):
                raise
            failed(one.name, error)
            continue
        yield PreparedReport(one.team, one.name, period, as_of, rendered)


def slices(store: Store, loaded: LoadedConfig, name: str) -> list[str]:
    """What a report consists of, as the ledger names it: "weekly", or "weekly:EMEA" and so on for each team."""
    return [one.name for one in _slices(MetricStore(store, loaded.config), name, get_report_config(loaded, name))]


def _has_page(loaded: LoadedConfig, report: ReportConfig) -> bool:
    """Whether a channel of files writes a page of it that a browser can open."""
    return not {"page.html.j2", "body.html.j2"}.isdisjoint(
        get_template(report.template, get_user_templates(loaded)).files()
    )


def _slices(reader: MetricStore, name: str, report: ReportConfig) -> list[Slice]:
    return [Slice(team, name if team is None else f"{name}:{_said(reader, team)}") for team in _teams(reader, report)]


def _said(reader: MetricStore, team: str) -> str:
    """A team as file names, addresses and headers say it: not by its name where that names a person and none may be
    named.
    """
    config = reader.config
    if config.privacy == "full" or names_nobody(team, everybody(reader.people, config)):
        return team
    return f"team-{hashlib.blake2b(team.encode(), key=reader.store.hash_key[:64], digest_size=3).hexdigest()}"


def _teams(reader: MetricStore, report: ReportConfig) -> list[str | None]:
    """None: all together. `where` names one team; `each = "team"` takes every team of the store in turn."""
    wanted = report.where.get("team")
    for axis in report.where:
        if axis != "team":
            raise UsageError(f"a report's where takes team, not {axis!r}")
    if wanted is not None and wanted not in reader.team_names:
        raise UsageError(f"no team named {wanted!r}{suggest(wanted, reader.team_names)}")
    if report.each == "team":
        return [t for t in reader.team_names if wanted in {None, t}]
    return [wanted]
