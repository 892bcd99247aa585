"""From figures to bytes: fill a report's templates, draw its pictures."""

from collections.abc import Mapping
from pathlib import Path

import msgspec
from jinja2 import TemplateError

from helpdesk_kpi.errors import UsageError
from helpdesk_kpi.report.charts.geometry import Chart
from helpdesk_kpi.report.charts.svg import render_svg
from helpdesk_kpi.report.cjk_nowrap import keep_units_together
from helpdesk_kpi.report.context import RenderContext
from helpdesk_kpi.report.formatting import Formatter
from helpdesk_kpi.report.json_report import build_json_report
from helpdesk_kpi.report.plain_text import sanitise, spaces
from helpdesk_kpi.report.preliminary_mark import PreliminaryMark
from helpdesk_kpi.report.privacy import redact
from helpdesk_kpi.report.remembered import Remembered
from helpdesk_kpi.report.report import Report
from helpdesk_kpi.report.result_types import Figures, Privacy
from helpdesk_kpi.report.templates import FILES, Template, environment, get_template

SUBJECT = 150  # characters; longer ones are cut by mail readers anyway
PARTS = {
    "subject.txt.j2": "subject", "body.html.j2": "html", "body.txt.j2": "text", "page.html.j2": "page",
    "slack.json.j2": "slack",
}  # fmt: skip


class Rendered(msgspec.Struct, frozen=True, kw_only=True):
    """A finished report. A part is None when the template has no file for it, or it was not asked for."""

    template: str
    title: str
    period: str  # label: 2026-W47
    subject: str
    html: str | None = None  # for mail; its pictures are `cid:` references into `images`
    text: str | None = None
    page: str | None = None  # for a browser, whole in itself
    json: bytes | None = None
    slack: bytes | None = None  # Block Kit
    images: Mapping[str, bytes] = {}  # Content-ID -> PNG


def render(
    name: str,
    figures: Figures,
    *,
    locale: str = "en",
    privacy: Privacy = "full",
    page_url: str | None = None,
    own: Path | None = None,
    parts: frozenset[str] = frozenset({"html", "text", "page", "json", "slack"}),
    is_preliminary: bool = False,
) -> Rendered:
    """Render the report called `name`.

    `page_url` is where the browser page will be, `own` the user's folder of templates; only `parts` are made.
    `is_preliminary` marks every part as not complete. Raises UsageError for an unknown template or language, and for a
    mistake in a template that is not ours.
    """
    chosen = get_template(name, own)
    words = Formatter(locale, figures.zone)
    shown = Remembered(redact(figures, privacy, words.gettext("Agent")))
    report = Report(
        name,
        RenderContext(shown, words),
        privacy=privacy,
        page_url=page_url,
        is_preliminary=is_preliminary,
    )
    images: dict[str, bytes] = {}
    made = {
        PARTS[file]: _fill(chosen, file, report, words, images)
        for file in chosen.files()
        if PARTS[file] in parts or PARTS[file] == "subject"
    }
    mark = PreliminaryMark(report, words)
    return Rendered(
        template=name,
        title=report.title,
        period=report.period_label,
        subject=sanitise(mark.subject(made.get("subject") or report.headline.title), SUBJECT),
        html=mark.html(made.get("html")),
        text=mark.text(made.get("text")),
        page=mark.html(made.get("page")),
        json=msgspec.json.encode(build_json_report(report, shown)) if "json" in parts else None,
        slack=_compact_json(made["slack"], chosen, mark) if "slack" in made else None,
        images=images,
    )


def _fill(chosen: Template, file: str, report: Report, words: Formatter, images: dict[str, bytes]) -> str:
    def image(chart: Chart) -> str:
        """Draw for mail; gives the Content-ID."""
        from helpdesk_kpi.report.charts.png import render_png  # noqa: PLC0415  # matplotlib takes a second: only who draws pays

        if chart.name not in images:
            images[chart.name] = render_png(chart)
        return chart.name

    flavour = FILES[file]
    filler = environment(chosen.folder, flavour, ours_too=chosen.ours)
    try:
        text = filler.get_template(file).render(
            report=report, words=words, _=words.gettext, image=image, svg=render_svg
        )
    except TemplateError as mistake:
        if chosen.ours:
            raise
        raise UsageError(_describe_template_error(chosen, file, mistake)) from mistake
    if flavour == "html":
        return keep_units_together(text)
    return spaces(text).strip() + "\n"


def _describe_template_error(chosen: Template, file: str, mistake: TemplateError) -> str:
    line = getattr(mistake, "lineno", None)
    where = f"{chosen.folder / file}{f', line {line}' if line else ''}"
    return f"{where}: {mistake.message or type(mistake).__name__}"


def _compact_json(text: str, chosen: Template, mark: PreliminaryMark) -> bytes:
    """The same JSON, checked and without the template's white space."""
    try:
        return msgspec.json.encode(mark.slack(msgspec.json.decode(text)))
    except msgspec.DecodeError as mistake:
        raise UsageError(f"{chosen.folder / 'slack.json.j2'}: not JSON: {mistake}") from mistake
