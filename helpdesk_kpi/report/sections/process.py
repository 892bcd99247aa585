"""The review of the process in words: stages, bottlenecks, ways between teams, what comes back, what grows."""

import msgspec

from helpdesk_kpi.measure.process.review import Bottleneck, Review
from helpdesk_kpi.report.context import Scene
from helpdesk_kpi.report.plain_text import clean
from helpdesk_kpi.report.sections.footnotes import footer, found_rightly
from helpdesk_kpi.report.sections.tables import Cell, Row, Table, Told, headline, table

LONGEST = 2  # stages that the first paragraph names


def told(scene: Scene) -> Told:
    found = scene.figures.process()
    looks = (_stages, _bottlenecks, _routes, _recurring, _growing)
    tables = [one for look in looks if (one := look(found, scene)) is not None]
    repeats = found_rightly(scene) if "recurrence_rate" in scene.figures.facts.catalogue else ""
    end = msgspec.structs.replace(footer([], scene), own=[], questions="", not_known=[], settings=[], repeats=repeats)
    return Told(headline(_found(found, scene), scene), tables, end)


def _found(found: Review, scene: Scene) -> tuple[str, list[str]]:
    """The worst bottleneck, and what else is worth a first look."""
    say, words = scene.words.say, scene.words
    if not any(one.total for one in found.stages):
        return say("no_stays"), []
    grown = words.listed([clean(one.name, 40) for one in found.growing[:2]])
    rest = [_longest(found, scene), say("grown_told", names=grown) if grown else "", say("no_verdict")]
    if not found.bottlenecks:
        return say("no_bottleneck"), rest
    first = found.bottlenecks[0]
    over = say("bottleneck_sum", n=first.tickets, excess=_time(first.excess, scene))
    return words.inside(_sentence(first, scene)), [over, *rest]


def _longest(found: Review, scene: Scene) -> str:
    """Where most of the time goes."""
    most = sorted(found.stages, key=lambda one: -one.share)[:LONGEST]
    items = [
        scene.words.say("stage_item", stage=scene.words.stage(one.stage), share=scene.words.percent(one.share, 0))
        for one in most
        if one.total
    ]
    return scene.words.say("stages_told", items=scene.words.listed(items))


def _stages(found: Review, scene: Scene) -> Table:
    words = scene.words
    longest = max((one.share for one in found.stages), default=0) or 1
    rows = [
        Row((
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


def _bottlenecks(found: Review, scene: Scene) -> Table:
    most = max((one.excess for one in found.bottlenecks), default=0) or 1
    rows = [
        Row((
            Cell(_sentence(one, scene)),
            Cell(_time(one.excess, scene), bar=one.excess / most, ask=place == 0),
            Cell(scene.words.number(one.tickets)),
        ))
        for place, one in enumerate(found.bottlenecks)
    ]  # fmt: skip
    return table("bottlenecks", ["where", "excess_column", "tickets_column"], rows, scene)


def _sentence(one: Bottleneck, scene: Scene) -> str:
    """ "Hand-over to Billing takes 22 h a ticket, elsewhere 4 h"."""
    mean, elsewhere = _time(one.mean, scene), _time(one.elsewhere, scene)
    what = scene.words.bottleneck(one.stage, one.axis, clean(one.name, 60))
    return scene.words.say("bottleneck", what=what, mean=mean, elsewhere=elsewhere)


def _routes(found: Review, scene: Scene) -> Table:
    say, words = scene.words.say, scene.words
    rows = [
        Row((
            Cell(say("route", sender=clean(one.sender, 40), receiver=clean(one.receiver, 40))),
            Cell(words.number(one.tickets)),
            Cell(words.number(one.returned), bar=one.returned / one.tickets),
        ))
        for one in found.routes
    ]  # fmt: skip
    return table("routes", ["way", "tickets_column", "returned_column"], rows, scene)


def _recurring(found: Review, scene: Scene) -> Table | None:
    """None where nothing tells what comes back."""
    if "recurrence_rate" not in scene.figures.facts.catalogue:
        return None
    words = scene.words
    rows = [
        Row((
            Cell(clean(one.name, 60)),
            Cell(words.number(one.repeats)),
            Cell(words.number(one.solved)),
            Cell(words.percent(one.repeats / one.solved), bar=one.repeats / one.solved),
        ))
        for one in found.recurring
    ]  # fmt: skip
    return table("recurring", ["category", "repeats_column", "solved_column", "part_column"], rows, scene)


def _growing(found: Review, scene: Scene) -> Table:
    words = scene.words
    rows = [
        Row((Cell(clean(one.name, 60)), Cell(words.number(one.tickets)), Cell(words.number(round(one.usual, 1)))))
        for one in found.growing
    ]
    return table("growing", ["category", "new_column", "usual_column"], rows, scene)


def _time(ms: float, scene: Scene) -> str:
    """On the clocks of the tickets: in days only where all of them run around the clock."""
    clocks = {one.clock for one in scene.figures.facts.severities}
    return scene.words.duration(ms, "calendar" if clocks == {"calendar"} else "mixed")
