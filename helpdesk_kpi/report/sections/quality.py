"""Data quality in words: what figures lack, and questions to look at. None of them is a verdict."""

import msgspec

from helpdesk_kpi.identities.unmapped_values import UnmappedValue
from helpdesk_kpi.measure.quality.gaps import DataGap
from helpdesk_kpi.measure.quality.priority_inversions import PriorityInversion
from helpdesk_kpi.report.context import RenderContext
from helpdesk_kpi.report.plain_text import link, sanitise
from helpdesk_kpi.report.result_types import DataQuality, PersonShare, Question
from helpdesk_kpi.report.sections.footnotes import build_footnotes
from helpdesk_kpi.report.sections.tables import (
    Below,
    ListSection,
    ReportTable,
    TableCell,
    TableRow,
    build_section_headline,
)

MOST = 20  # urgent tickets that were overtaken; words that are not mapped


def build_quality_section(scene: RenderContext) -> ListSection:
    found = scene.figures.examined()
    looks = (_gaps, _unmapped_table, _questions, _inversions_table)
    end = msgspec.structs.replace(build_footnotes([], scene), own=[])
    return ListSection(build_section_headline(_lead(found, scene), scene), [look(found, scene) for look in looks], end)


def _lead(found: DataQuality, scene: RenderContext) -> tuple[str, list[str]]:
    """How much is wrong, and how many questions deserve a look."""
    words = scene.words
    bad = sum(gap.is_bad for gap in found.gaps) + sum(one.is_bad for one in found.unmapped)
    requested, overtook = sum(bool(one.people) for one in found.questions), len(found.overtaken)
    parts = [
        words.ngettext(
            "One pattern stands out for one person",
            "{n} patterns stand out for single people",
            n=requested,
        )
        if requested
        else "",
        _late(found, scene),
        _reciprocity_text(found, scene),
        words.ngettext(
            "{n} urgent ticket waited while less urgent ones were answered first",
            "{n} urgent tickets waited while less urgent ones were answered first",
            n=overtook,
        )
        if overtook
        else "",
    ]
    closing = [words.gettext("Starting points for questions, not judgements of people")] if any(parts) else []
    return words.ngettext("{n} data problem found", "{n} data problems found", n=bad) if bad else words.gettext(
        "no data problems found"
    ), [*parts, *closing]


def _late(found: DataQuality, scene: RenderContext) -> str:
    if found.late is None:
        return ""
    words, (late, solves, usual) = scene.words, found.late
    return words.gettext(
        "{n} of {all} solves ({share}) fell into the last four hours of the period; up to {usual} is usual",
        n=late,
        all=solves,
        share=words.percent(late / solves),
        usual=words.percent(usual or 0),
    )


def _reciprocity_text(found: DataQuality, scene: RenderContext) -> str:
    if found.returned is None:
        return ""
    pairs, r, usual = found.returned.pairs, f"{found.returned.r:.2f}", f"{found.returned.limit:.2f}"
    return scene.words.ngettext(
        "In {n} pair colleagues give back the rating that they get: correlation {r}, by chance up to {usual}",
        "In {n} pairs colleagues give back the ratings that they get: correlation {r}, by chance up to {usual}",
        n=pairs,
        r=r,
        usual=usual,
    )


def _gaps(found: DataQuality, scene: RenderContext) -> ReportTable:
    words, worst = scene.words, sorted(found.gaps, key=lambda gap: not gap.is_bad)
    return ReportTable(
        title=words.gettext("Missing data"),
        note=words.gettext("As the store is now, after its last sync, and not only in this period."),
        head=[words.gettext("What is missing"), words.gettext("How many")],
        rows=[_gap(gap, scene) for gap in worst],
        none=words.gettext("Nothing is missing."),
    )


def _gap(gap: DataGap, scene: RenderContext) -> TableRow:
    words = scene.words
    means = words.gettext("numbers are wrong or missing") if gap.is_bad else words.gettext("less detail")
    part = words.gettext("{source}, {about}", source=sanitise(gap.source, 40), about=sanitise(gap.about, 40))
    text = words.gap(gap.code, sanitise(gap.detail, 200))
    return TableRow(
        (TableCell(words.first(text), small=f"{part} · {means}", ask=gap.is_bad), TableCell(words.number(gap.how_many)))
    )


def _unmapped_table(found: DataQuality, scene: RenderContext) -> ReportTable:
    worst = sorted(found.unmapped, key=lambda one: (not one.is_bad, -one.tickets))
    rows = [_word(one, scene) for one in worst[:MOST]]
    words = scene.words
    return ReportTable(
        title=words.gettext("Unmapped values"),
        note=words.gettext(
            "Priorities and statuses without a meaning in the configuration or, for statuses, in the "
            "helpdesk. Suggestions come from their names only; you decide."
        ),
        head=[words.gettext("Word"), words.gettext("Tickets")],
        rows=rows,
        none=words.gettext("Every priority and status is mapped."),
    )


def _word(one: UnmappedValue, scene: RenderContext) -> TableRow:
    words, name = scene.words, sanitise(one.name, 60)
    small = [
        sanitise(one.source, 40),
        words.gettext("counts as {state}", state=scene.words.reason(one.counts_as)) * bool(one.counts_as),
    ]
    small.append(words.gettext("suggestion: {line}", line=sanitise(one.line, 100)) if one.line else "")
    if one.kind == "priority":
        text = words.gettext("Priority “{name}”: a severity of its own", name=name)
    else:
        text = words.gettext("Status “{name}”", name=name)
    cell = TableCell(text, small=" · ".join(part for part in small if part), ask=one.is_bad)
    return TableRow((cell, TableCell(words.number(one.tickets))))


def _questions(found: DataQuality, scene: RenderContext) -> ReportTable:
    """Those by which somebody stands out first. What never happened cannot be asked about."""
    requested = sorted((one for one in found.questions if one.n), key=lambda one: -len(one.people))
    words = scene.words
    return ReportTable(
        title=words.gettext("Questions to look at"),
        note=words.gettext(
            "What would improve a number without helping a customer. Each has harmless explanations too, "
            "and none changes a score. People are named only beyond the 99.8% limits around the share of all others."
        ),
        head=[words.gettext("Question"), words.gettext("Share"), words.gettext("Of")],
        rows=[_question(one, scene) for one in requested],
        none=words.gettext("No data for any question in this period."),
    )


def _question(one: Question, scene: RenderContext) -> TableRow:
    words = scene.words
    part = one.share or 0.0
    share = TableCell(words.percent(part), bar=part, ask=bool(one.people))
    cells = (TableCell(words.title(one.kpi), small=words.definition(one.kpi)), share, TableCell(words.number(one.n)))
    return TableRow(cells, [_person(person, scene) for person in one.people])


def _person(person: PersonShare, scene: RenderContext) -> Below:
    words = scene.words
    text = words.gettext(
        "{agent}: {share} of {n}, the others {others}",
        agent=sanitise(person.agent, 60),
        share=words.percent(person.share),
        n=person.n,
        others=words.percent(person.others),
    )
    tickets = [(f"#{sanitise(number, 24)}", link(url)) for number, url in person.tickets]
    return Below(text, tickets + [(sanitise(title, 60), link(url)) for title, url in person.articles])


def _inversions_table(found: DataQuality, scene: RenderContext) -> ReportTable:
    rows = [_urgent(one, scene) for one in found.overtaken[:MOST]]
    words = scene.words
    return ReportTable(
        title=words.gettext("Urgent tickets that were overtaken"),
        note=words.gettext(
            "P0 and P1 that waited for their first reply while people of the same team answered P2 and P3 "
            "that came in later. The person who answered may not have been able to help with the urgent one."
        ),
        head=[words.gettext("Ticket"), words.gettext("Answered before it")],
        rows=rows,
        none=words.gettext("No urgent ticket waited while less urgent ones were answered."),
    )


def _urgent(one: PriorityInversion, scene: RenderContext) -> TableRow:
    words = scene.words
    facts = [sanitise(one.team or "", 40), words.gettext("since {date}", date=words.date(one.created))]
    facts.append(words.gettext("still waiting") if one.ended is None else "")
    ticket = TableCell(
        f"{sanitise(one.severity, 16)} #{sanitise(one.ticket, 24)}", small=" · ".join(part for part in facts if part),
        url=link(one.url),
    )  # fmt: skip
    return TableRow((ticket, TableCell(words.number(len(one.before)))))
