"""Data quality in words: what figures lack, and questions to look at. None of them is a verdict."""

import msgspec

from helpdesk_kpi.identities.unmapped_values import UnmappedValue
from helpdesk_kpi.measure.quality.gaps import DataGap
from helpdesk_kpi.measure.quality.priority_inversions import PriorityInversion
from helpdesk_kpi.report.context import RenderContext
from helpdesk_kpi.report.plain_text import link, sanitise
from helpdesk_kpi.report.result_types import DataQuality, PersonShare, Question
from helpdesk_kpi.report.sections.footnotes import build_footnotes
from helpdesk_kpi.report.sections.tables import Below, Cell, ListSection, Table, TableRow, build_section_headline, table

MOST = 20  # urgent tickets that were overtaken; words that are not mapped


def build_quality_section(scene: RenderContext) -> ListSection:
    found = scene.figures.examined()
    looks = (_gaps, _unmapped_table, _questions, _inversions_table)
    end = msgspec.structs.replace(build_footnotes([], scene), own=[])
    return ListSection(build_section_headline(_lead(found, scene), scene), [look(found, scene) for look in looks], end)


def _lead(found: DataQuality, scene: RenderContext) -> tuple[str, list[str]]:
    """How much is wrong, and how many questions deserve a look."""
    say = scene.words.say
    bad = sum(gap.is_bad for gap in found.gaps) + sum(one.is_bad for one in found.unmapped)
    asked, overtook = sum(bool(one.people) for one in found.questions), len(found.overtaken)
    parts = [
        say("asked_told", n=asked) if asked else "",
        _late(found, scene),
        _reciprocity_text(found, scene),
        say("overtaken_told", n=overtook) if overtook else "",
    ]
    closing = [say("no_verdict")] if any(parts) else []
    return say("figures_lack", n=bad) if bad else say("figures_whole"), [*parts, *closing]


def _late(found: DataQuality, scene: RenderContext) -> str:
    if found.late is None:
        return ""
    words, (late, solves, usual) = scene.words, found.late
    return words.say(
        "late_told", n=late, all=words.number(solves), share=words.percent(late / solves),
        usual=words.percent(usual or 0),
    )  # fmt: skip


def _reciprocity_text(found: DataQuality, scene: RenderContext) -> str:
    if found.returned is None:
        return ""
    told = found.returned
    return scene.words.say("returned_told", n=told.pairs, r=f"{told.r:.2f}", usual=f"{told.limit:.2f}")


def _gaps(found: DataQuality, scene: RenderContext) -> Table:
    worst = sorted(found.gaps, key=lambda gap: not gap.is_bad)
    return table("gaps", ["lacking", "how_many"], [_gap(gap, scene) for gap in worst], scene)


def _gap(gap: DataGap, scene: RenderContext) -> TableRow:
    words = scene.words
    means = words.say("gap_bad" if gap.is_bad else "gap_note")
    part = words.say("gap_source", source=sanitise(gap.source, 40), about=sanitise(gap.about, 40))
    text = words.gap(gap.code, gap.text, sanitise(gap.detail, 200))
    return TableRow(
        (Cell(words.first(text), small=f"{part} · {means}", ask=gap.is_bad), Cell(words.number(gap.how_many)))
    )


def _unmapped_table(found: DataQuality, scene: RenderContext) -> Table:
    worst = sorted(found.unmapped, key=lambda one: (not one.is_bad, -one.tickets))
    rows = [_word(one, scene) for one in worst[:MOST]]
    return table("unmapped", ["word", "tickets_column"], rows, scene)


def _word(one: UnmappedValue, scene: RenderContext) -> TableRow:
    say, name = scene.words.say, sanitise(one.name, 60)
    key = "unmapped_priority" if one.kind == "priority" else "unmapped_status"
    small = [
        sanitise(one.source, 40),
        say("unmapped_counts", state=scene.words.reason(one.counts_as)) * bool(one.counts_as),
    ]
    small.append(say("unmapped_hint", line=sanitise(one.line, 100)) if one.line else "")
    text = Cell(say(key, name=name), small=" · ".join(part for part in small if part), ask=one.is_bad)
    return TableRow((text, Cell(scene.words.number(one.tickets))))


def _questions(found: DataQuality, scene: RenderContext) -> Table:
    """Those by which somebody stands out first. What never happened cannot be asked about."""
    asked = sorted((one for one in found.questions if one.n), key=lambda one: -len(one.people))
    return table("asked", ["question", "share_column", "asked_column"], [_question(one, scene) for one in asked], scene)


def _question(one: Question, scene: RenderContext) -> TableRow:
    words = scene.words
    part = one.share or 0.0
    share = Cell(words.percent(part), bar=part, ask=bool(one.people))
    cells = (Cell(words.title(one.kpi), small=words.definition(one.kpi)), share, Cell(words.number(one.n)))
    return TableRow(cells, [_person(person, scene) for person in one.people])


def _person(person: PersonShare, scene: RenderContext) -> Below:
    words = scene.words
    text = words.say(
        "stands_out", agent=sanitise(person.agent, 60), share=words.percent(person.share), n=person.n,
        others=words.percent(person.others),
    )  # fmt: skip
    tickets = [(f"#{sanitise(number, 24)}", link(url)) for number, url in person.tickets]
    return Below(text, tickets + [(sanitise(title, 60), link(url)) for title, url in person.articles])


def _inversions_table(found: DataQuality, scene: RenderContext) -> Table:
    rows = [_urgent(one, scene) for one in found.overtaken[:MOST]]
    return table("overtaken", ["ticket", "before_column"], rows, scene)


def _urgent(one: PriorityInversion, scene: RenderContext) -> TableRow:
    words = scene.words
    facts = [sanitise(one.team or "", 40), words.say("since", date=words.date(one.created))]
    facts.append(words.say("still_waits") if one.ended is None else "")
    ticket = Cell(
        f"{sanitise(one.severity, 16)} #{sanitise(one.ticket, 24)}", small=" · ".join(part for part in facts if part),
        url=link(one.url),
    )  # fmt: skip
    return TableRow((ticket, Cell(words.number(len(one.before)))))
