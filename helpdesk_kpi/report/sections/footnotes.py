"""The end of a report: what was counted, what was left out, what is not known, how far the data reach."""

import msgspec

from helpdesk_kpi.measure.query.limiting_defaults import Default
from helpdesk_kpi.measure.recurrence.pair_labelling import uses_recurrence
from helpdesk_kpi.report.context import RenderContext
from helpdesk_kpi.report.metric_view import MetricView
from helpdesk_kpi.report.plain_text import sanitise
from helpdesk_kpi.report.sections.vendor_agreement import format_vendor_agreement
from helpdesk_kpi.translations import gettext_noop

CLOCKS = {
    "business": gettext_noop("business hours"),
    "calendar": gettext_noop("around the clock"),
    "mixed": gettext_noop("business hours or around the clock, as the severity asks"),
}


class Definition(msgspec.Struct, frozen=True):
    title: str
    text: str
    clock: str  # "business hours", "" for what is no time


class Footnotes(msgspec.Struct, frozen=True, kw_only=True):
    definitions: list[Definition]
    left_out: str  # "21 spam, 8 merged", or that nothing was; and follow-ups, which are counted
    own: list[str]  # how far ours are the helpdesk's own figures
    repeats: str  # how right the finding of repeats is; "" where nothing counts them
    questions: str  # survey questions without a dimension: "acme: 36001 (23 answers)"; "" where there are none
    not_known: list[tuple[str, str]]  # titles of KPIs, what the source lacks
    settings: list[str]  # settings by which a KPI may be void, with how much hangs on each and the line to write
    whole_to: list[tuple[str, str]]  # source, moment
    history_from: str
    read_at: str


def build_footnotes(numbers: list[MetricView], scene: RenderContext) -> Footnotes:
    facts, words = scene.figures.facts, scene.words
    missing = words.gettext("none")
    return Footnotes(
        definitions=[Definition(n.title, n.definition, clock(n, scene)) for n in numbers],
        left_out=_excluded_text(scene),
        own=format_vendor_agreement(scene),
        repeats=format_detection_quality(scene)
        if any(uses_recurrence(n.entry.statistic_of(n.variant)) for n in numbers)
        else "",
        questions=_questions(scene),
        not_known=_missing_data(scene),
        settings=[setting(one, scene) for one in facts.defaults],
        whole_to=[
            (sanitise(name), missing if at is None else words.moment(at)) for name, at in sorted(facts.sources.items())
        ],
        history_from=missing if facts.history_from is None else words.moment(facts.history_from),
        read_at=words.gettext("As of {moment}", moment=words.moment(scene.figures.as_of)),
    )


def setting(one: Default, scene: RenderContext) -> str:
    """ "acme: 412 replies came through the API ...; write api_comments = ..." """
    text = scene.words.gap(one.code, one.detail)
    return scene.words.gettext(
        "{source}: {n} {text}", source=sanitise(one.source, 40), n=one.how_many, text=sanitise(text, 300)
    )


def _missing_data(scene: RenderContext) -> list[tuple[str, str]]:
    """What several KPIs lack for one reason is said once."""
    facts, words = scene.figures.facts, scene.words
    titles: dict[str, list[str]] = {}
    for kpi, reason in facts.gaps.items():
        title = words.title(facts.catalogue[kpi]) if kpi in facts.catalogue else kpi
        titles.setdefault(sanitise(reason, 300), []).append(title)
    return [(words.join_list(by_name), reason) for reason, by_name in titles.items()]


def clock(number: MetricView, scene: RenderContext) -> str:
    """On which clock a duration is told."""
    return format_calendar(number.value.clock, scene) if number.value.unit == "ms" else ""


def format_calendar(name: str, scene: RenderContext) -> str:
    """ "business hours (P0: around the clock)"; "" without a clock."""
    if not name:
        return ""
    always = [sanitise(one.level, 16) for one in scene.figures.facts.severities if one.clock == "calendar"]
    if name == "mixed" and always:
        return scene.words.gettext("business hours ({levels}: around the clock)", levels=scene.words.join_list(always))
    return scene.words.gettext(CLOCKS[name])


def _excluded_text(scene: RenderContext) -> str:
    words = scene.words
    counts = sorted(scene.figures.facts.excluded.items(), key=lambda item: (-item[1], item[0]))
    items = [
        words.pgettext("tickets", "{n} {reason}", n=count, reason=words.reason(code)) for code, count in counts if count
    ]
    reported = words.join_list(items) if items else words.gettext("Nothing was left out")
    n = scene.figures.facts.follow_ups
    if not n:
        return reported
    return reported + words.ngettext(
        "; {n} that follows a closed ticket is counted as one of its own",
        "; {n} that follow closed tickets are counted as tickets of their own",
        n=n,
    )


def format_detection_quality(scene: RenderContext) -> str:
    """By what people said of pairs of tickets."""
    words, reported = scene.words, scene.figures.facts.repeats
    if reported is None or reported.precision is None:
        return words.gettext("repeats are detected automatically and have not been checked yet (recurrence label)")
    interval = words.range(*reported.precision_interval, "share")
    return words.ngettext(
        "{share} of the repeats found are real ({range}), by {n} checked pair of tickets",
        "{share} of the repeats found are real ({range}), by {n} checked pairs of tickets",
        n=reported.pairs,
        share=words.percent(reported.precision),
        range=interval,
    )


def _questions(scene: RenderContext, limit: int = 8) -> str:
    """Those with most answers first."""
    words, found = scene.words, scene.figures.facts.questions
    questions = []
    for text, n in found[:limit]:
        answers = words.ngettext("{count} answer", "{count} answers", n=n, count=n)
        questions.append(words.gettext("{question}, {answers}", question=sanitise(text, 120), answers=answers))
    if len(found) > limit:
        questions.append(words.pgettext("questions", "and {n} more", n=len(found) - limit))
    return words.join_list(questions)


def list_notices(scene: RenderContext, *, is_preliminary: bool = False) -> list[str]:
    """What a reader must know before the figures: a period that is not over, data that do not reach its end."""
    words, sources = scene.words, scene.figures.facts.sources
    period, as_of = scene.figures.period, scene.figures.as_of
    never = sorted(name for name, at in sources.items() if at is None)
    known = [at for at in sources.values() if at is not None]
    reported = []
    if never:
        sources_text = words.join_list([sanitise(name) for name in never])
        reported.append(words.gettext("No data pulled yet from {sources}", sources=sources_text))
    if is_preliminary:
        reported.insert(
            0,
            words.gettext(
                "Preliminary report: {period} is not complete. What happened after {moment} is not in it; "
                "the complete report follows separately",
                period=words.period(period),
                moment=words.moment(as_of),
            ),
        )
    elif known and min(known) < period.end:
        reported.append(
            words.gettext(
                "Data is complete only to {moment}. What happened later is not in this report",
                moment=words.moment(min(known)),
            )
        )
    return reported
