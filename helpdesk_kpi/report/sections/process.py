"""The review of the process in words: stages, bottlenecks, ways between teams, what comes back, what grows."""

import msgspec

from helpdesk_kpi.measure.process.review import Bottleneck, ProcessReview, Route
from helpdesk_kpi.report.context import RenderContext
from helpdesk_kpi.report.formatting import Formatter
from helpdesk_kpi.report.plain_text import sanitise
from helpdesk_kpi.report.sections.footnotes import build_footnotes, format_detection_quality
from helpdesk_kpi.report.sections.tables import ListSection, ReportTable, TableCell, TableRow, build_section_headline

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
    words = scene.words
    if not any(one.total for one in found.stages):
        return words.gettext("no ticket was under way"), []
    grown = words.join_list([sanitise(one.name, 40) for one in found.growing[:2]])
    rest = [
        _longest(found, scene),
        words.gettext("More new tickets than usual: {names}", names=grown) if grown else "",
        words.gettext("Starting points for questions, not judgements of people"),
    ]
    if not found.bottlenecks:
        return words.gettext("no stage takes longer in one team or category than elsewhere"), rest
    first = found.bottlenecks[0]
    over = words.ngettext(
        "Over {n} ticket that makes {excess} more",
        "Over {n} tickets that makes {excess} more",
        n=first.tickets,
        excess=_time(first.excess, scene),
    )
    return words.inside(_sentence(first, scene)), [over, *rest]


def _longest(found: ProcessReview, scene: RenderContext) -> str:
    """Where most of the time goes."""
    most = sorted(found.stages, key=lambda one: -one.share)[:LONGEST]
    items = [
        scene.words.gettext(
            "{stage} ({share})", stage=scene.words.stage(one.stage), share=scene.words.percent(one.share, 0)
        )
        for one in most
        if one.total
    ]
    return scene.words.gettext("Tickets spent most of their time {items}", items=scene.words.join_list(items))


def _stages(found: ProcessReview, scene: RenderContext) -> ReportTable:
    words = scene.words
    longest = max((one.share for one in found.stages), default=0) or 1
    rows = [
        TableRow((
            TableCell(words.first(words.stage(one.stage))),
            TableCell(words.percent(one.share), bar=one.share / longest),
            TableCell(_time(one.total / one.tickets, scene)),
            TableCell(_time(one.total, scene)),
            TableCell(words.number(one.tickets)),
        ))
        for one in found.stages
        if one.total
    ]  # fmt: skip
    return ReportTable(
        title=words.gettext("Time by stage"),
        note=words.gettext(
            "Where open tickets spent their time, in working time. First reply and resolution show how "
            "long; this shows where. Time with the customer is not ours to shorten."
        ),
        head=[
            words.gettext("Stage"), words.gettext("Share"), words.gettext("Per ticket"), words.gettext("Total"),
            words.gettext("Tickets"),
        ],
        rows=rows,
        none=words.gettext("No ticket was under way in this time."),
    )  # fmt: skip


def _bottlenecks(found: ProcessReview, scene: RenderContext) -> ReportTable:
    words, most = scene.words, max((one.excess for one in found.bottlenecks), default=0) or 1
    rows = [
        TableRow((
            TableCell(_sentence(one, scene)),
            TableCell(_time(one.excess, scene), bar=one.excess / most, ask=place == 0),
            TableCell(words.number(one.tickets)),
        ))
        for place, one in enumerate(found.bottlenecks)
    ]  # fmt: skip
    return ReportTable(
        title=words.gettext("Bottlenecks"),
        note=words.gettext(
            "Where a stage takes longer than the same stage elsewhere, ordered by the time lost over all "
            "tickets. Harder work takes longer too: this shows where to look first, not who is slow. The "
            "longest twentieth is cut to the 95th percentile, and cells of fewer than ten tickets are left out."
        ),
        head=[words.gettext("Where"), words.gettext("Extra time"), words.gettext("Tickets")],
        rows=rows,
        none=words.gettext("No stage takes longer in one team or category than elsewhere."),
    )


def _sentence(one: Bottleneck, scene: RenderContext) -> str:
    """ "Hand-over to Billing takes 22 h a ticket, elsewhere 4 h"."""
    mean, elsewhere = _time(one.mean, scene), _time(one.elsewhere, scene)
    what = scene.words.bottleneck(one.stage, one.axis, sanitise(one.name, 60))
    return scene.words.gettext(
        "{what} takes {mean} a ticket, elsewhere {elsewhere}", what=what, mean=mean, elsewhere=elsewhere
    )


def _routes(found: ProcessReview, scene: RenderContext) -> ReportTable:
    words = scene.words
    rows = [
        TableRow((
            TableCell(_route(one, words)),
            TableCell(words.number(one.tickets)),
            TableCell(words.number(one.returned), bar=one.returned / one.tickets),
        ))
        for one in found.routes
    ]  # fmt: skip
    return ReportTable(
        title=words.gettext("Handovers between teams"),
        note=words.gettext(
            "How tickets moved between teams, and how many came back to a team that had them before. Going "
            "back may be right; if it happens often, responsibilities may be unclear."
        ),
        head=[words.gettext("From, to"), words.gettext("Tickets"), words.gettext("Came back")],
        rows=rows,
        none=words.gettext("No ticket went from one team to another."),
    )


def _route(one: Route, words: Formatter) -> str:
    return words.gettext("{sender} → {receiver}", sender=sanitise(one.sender, 40), receiver=sanitise(one.receiver, 40))


def _recurrence_table(found: ProcessReview, scene: RenderContext) -> ReportTable | None:
    """None where nothing tells what comes back."""
    if "recurrence_rate" not in scene.figures.facts.catalogue:
        return None
    words = scene.words
    rows = [
        TableRow((
            TableCell(sanitise(one.name, 60)),
            TableCell(words.number(one.repeats)),
            TableCell(words.number(one.solved)),
            TableCell(words.percent(one.repeats / one.solved), bar=one.repeats / one.solved),
        ))
        for one in found.recurring
    ]  # fmt: skip
    return ReportTable(
        title=words.gettext("Problems that come back"),
        note=words.gettext(
            "Solved tickets after which the same customer wrote about the same problem again within 14 "
            "days, by category. Many of them point to a product or an article to improve, not to a person."
        ),
        head=[
            words.gettext("Category"), words.gettext("Came back"), words.gettext("Of solved"), words.gettext("Share"),
        ],
        rows=rows,
        none=words.gettext("No solved ticket came back, as far as its 14 days are over."),
    )  # fmt: skip


def _growth_table(found: ProcessReview, scene: RenderContext) -> ReportTable:
    words = scene.words
    rows = [
        TableRow(
            (
                TableCell(sanitise(one.name, 60)),
                TableCell(words.number(one.tickets)),
                TableCell(words.number(round(one.usual, 1))),
            )
        )
        for one in found.growing
    ]
    return ReportTable(
        title=words.gettext("Growing topics"),
        note=words.gettext(
            "Categories with more new tickets than the periods before explain (over three standard deviations of a "
            "count). A release, a season or a new customer may be the reason."
        ),
        head=[words.gettext("Category"), words.gettext("New"), words.gettext("Usual")],
        rows=rows,
        none=words.gettext("No category has more new tickets than usual."),
    )


def _time(ms: float, scene: RenderContext) -> str:
    """On the clocks of the tickets: in days only where all of them run around the clock."""
    clocks = {one.clock for one in scene.figures.facts.severities}
    return scene.words.duration(ms, "calendar" if clocks == {"calendar"} else "mixed")
