"""The review of the process in words: stages, bottlenecks, ways between teams, what comes back, what grows."""

import msgspec

from helpdesk_kpi.measure.process.review import Bottleneck, ProcessReview
from helpdesk_kpi.report.context import RenderContext
from helpdesk_kpi.report.plain_text import sanitise
from helpdesk_kpi.report.sections.footnotes import build_footnotes, format_detection_quality
from helpdesk_kpi.report.sections.tables import Cell, ListSection, Table, TableRow, build_section_headline, table

LONGEST = 2  # stages that the first paragraph names


def build_process_section(scene: RenderContext) -> ListSection:
    found = scene.figures.process()
    looks = (_stages, _bottlenecks, _routes, _recurrence_table, _growth_table)
    tables = [one for look in looks if (one := look(found, scene)) is not None]
    repeats = format_detection_quality(scene) if "recurrence_rate" in scene.figures.facts.catalogue else ""
    end = msgspec.structs.replace(
        build_footnotes([], scene), own=[], questions="", not_known=[], settings=[], repeats=repeats
    )
    return ListSection(build_section_headline(_lead(found, scene), scene), tables, end)


def _lead(found: ProcessReview, scene: RenderContext) -> tuple[str, list[str]]:
    """The worst bottleneck, and what else is worth a first look."""
    say, words = scene.words.say, scene.words
    if not any(one.total for one in found.stages):
        return say("no_stays"), []
    grown = words.join_list([sanitise(one.name, 40) for one in found.growing[:2]])
    rest = [_longest(found, scene), say("grown_told", names=grown) if grown else "", say("no_verdict")]
    if not found.bottlenecks:
        return say("no_bottleneck"), rest
    first = found.bottlenecks[0]
    over = say("bottleneck_sum", n=first.tickets, excess=_time(first.excess, scene))
    return words.inside(_sentence(first, scene)), [over, *rest]


def _longest(found: ProcessReview, scene: RenderContext) -> str:
    """Where most of the time goes."""
    most = sorted(found.stages, key=lambda one: -one.share)[:LONGEST]
    items = [
        scene.words.say("stage_item", stage=scene.words.stage(one.stage), share=scene.words.percent(one.share, 0))
        for one in most
        if one.total
    ]
    return scene.words.say("stages_told", items=scene.words.join_list(items))


def _stages(found: ProcessReview, scene: RenderContext) -> Table:
    words = scene.words
    longest = max((one.share for one in found.stages), default=0) or 1
    rows = [
        TableRow((
            Cell(words.first(words.stage(one.stage))),
            Cell(words.percent(one.share), bar=one.share / longest),
            Cell(_time(one.total / one.tickets, scene)),
            Cell(_time(one.total, scene)),
            Cell(words.number(one.tickets)),
        ))
        for one in found.stages
        if one.total
    ]  # fmt: skip
    head = ["stage", "share_column", "mean_ticket_column", "total_column", "tickets_column"]
    return table("stages", head, rows, scene)


def _bottlenecks(found: ProcessReview, scene: RenderContext) -> Table:
    most = max((one.excess for one in found.bottlenecks), default=0) or 1
    rows = [
        TableRow((
            Cell(_sentence(one, scene)),
            Cell(_time(one.excess, scene), bar=one.excess / most, ask=place == 0),
            Cell(scene.words.number(one.tickets)),
        ))
        for place, one in enumerate(found.bottlenecks)
    ]  # fmt: skip
    return table("bottlenecks", ["where", "excess_column", "tickets_column"], rows, scene)


def _sentence(one: Bottleneck, scene: RenderContext) -> str:
    """ "Hand-over to Billing takes 22 h a ticket, elsewhere 4 h"."""
    mean, elsewhere = _time(one.mean, scene), _time(one.elsewhere, scene)
    what = scene.words.bottleneck(one.stage, one.axis, sanitise(one.name, 60))
    return scene.words.say("bottleneck", what=what, mean=mean, elsewhere=elsewhere)


def _routes(found: ProcessReview, scene: RenderContext) -> Table:
    say, words = scene.words.say, scene.words
    rows = [
        TableRow((
            Cell(say("route", sender=sanitise(one.sender, 40), receiver=sanitise(one.receiver, 40))),
            Cell(words.number(one.tickets)),
            Cell(words.number(one.returned), bar=one.returned / one.tickets),
        ))
        for one in found.routes
    ]  # fmt: skip
    return table("routes", ["way", "tickets_column", "returned_column"], rows, scene)


def _recurrence_table(found: ProcessReview, scene: RenderContext) -> Table | None:
    """None where nothing tells what comes back."""
    if "recurrence_rate" not in scene.figures.facts.catalogue:
        return None
    words = scene.words
    rows = [
        TableRow((
            Cell(sanitise(one.name, 60)),
            Cell(words.number(one.repeats)),
            Cell(words.number(one.solved)),
            Cell(words.percent(one.repeats / one.solved), bar=one.repeats / one.solved),
        ))
        for one in found.recurring
    ]  # fmt: skip
    return table("recurring", ["category", "repeats_column", "solved_column", "part_column"], rows, scene)


def _growth_table(found: ProcessReview, scene: RenderContext) -> Table:
    words = scene.words
    rows = [
        TableRow(
            (Cell(sanitise(one.name, 60)), Cell(words.number(one.tickets)), Cell(words.number(round(one.usual, 1))))
        )
        for one in found.growing
    ]
    return table("growing", ["category", "new_column", "usual_column"], rows, scene)


def _time(ms: float, scene: RenderContext) -> str:
    """On the clocks of the tickets: in days only where all of them run around the clock."""
    clocks = {one.clock for one in scene.figures.facts.severities}
    return scene.words.duration(ms, "calendar" if clocks == {"calendar"} else "mixed")
