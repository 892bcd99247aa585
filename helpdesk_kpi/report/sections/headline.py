"""The first thing a report says: what is unusual, or that nothing is."""

from collections.abc import Sequence

import msgspec

from helpdesk_kpi.measure.metrics.contract import Split
from helpdesk_kpi.report import labels
from helpdesk_kpi.report.context import HISTORY, RenderContext
from helpdesk_kpi.report.metric_view import MetricView

PLACES: tuple[Split, ...] = ("team", "category")
OTHERS = 3  # further signals that are named


class Headline(msgspec.Struct, frozen=True):
    """`about` is the number behind it, None when nothing stands out."""

    title: str  # "Week 47: first replies for P1 got slower"
    text: str  # what, against what, since when, where
    about: MetricView | None = None

    @property
    def ask(self) -> bool:
        return self.about is not None and self.about.ask


class HeadlineInput(msgspec.Struct, frozen=True):
    """A KPI as a whole and in its severities: one thing to be told once."""

    whole: MetricView
    slices: Sequence[MetricView] = ()


def build_headline(watched: Sequence[HeadlineInput], scene: RenderContext) -> Headline:
    """Whole period in a title and a paragraph."""
    title, text, about = _compose(watched, scene)
    sentences = scene.words.sentences([part for part in (*text, _targets(watched, scene)) if part])
    by_name = scene.words.gettext("{period}: {finding}", period=scene.words.period(scene.figures.period), finding=title)
    return Headline(by_name, sentences, about)


def _compose(watched: Sequence[HeadlineInput], scene: RenderContext) -> tuple[str, list[str], MetricView | None]:
    words = scene.words
    if nothing := unknown(scene):
        return *nothing, None
    signals = rank_signals(watched)
    if signals:
        return _unusual(signals, watched, scene)
    if watched and all(one.whole.empty or one.whole.entry.is_instant for one in watched):
        return (
            words.gettext("no new tickets"),
            [words.gettext("No tickets came in, as far as the data go")],
            None,
        )
    return _quiet(watched, scene)


def unknown(scene: RenderContext) -> tuple[str, list[str]] | None:
    """What is said of a time that the store knows nothing of: it was not quiet."""
    words, since = scene.words, scene.figures.facts.history_from
    if since is None:
        return words.gettext("no tickets yet"), [words.gettext("No tickets have been synced so far")]
    if since >= scene.figures.period.end:
        return words.gettext("no data for this time"), [
            words.gettext(
                "History starts at {moment}, after this period, so its numbers are not known",
                moment=scene.words.moment(since),
            )
        ]
    return None


def rank_signals(watched: Sequence[HeadlineInput]) -> list[MetricView]:
    """One number for each KPI with a signal: its only unusual severity, else the whole. Bad news first."""
    found = [number for one in watched if (number := _loudest(one)) is not None]
    order = {"worse": 0, "more": 1, "less": 1, "better": 2}
    return sorted(found, key=lambda number: order[number.direction])


def _loudest(one: HeadlineInput) -> MetricView | None:
    slices = [number for number in one.slices if number.direction]
    worse = [number for number in slices if number.direction == "worse"]
    if len(slices) == 1 or (worse and not one.whole.direction):
        return (worse or slices)[0]
    if one.whole.direction:
        return one.whole
    return slices[0] if slices else None


def _unusual(
    signals: list[MetricView], watched: Sequence[HeadlineInput], scene: RenderContext
) -> tuple[str, list[str], MetricView | None]:
    words, first = scene.words, signals[0]
    who = words.gettext(" for {slice}", slice=first.slice) if first.slice else ""
    others = [_other(one, scene) for one in signals[1 : OTHERS + 1]]
    also = words.gettext("Also outside the usual range: {names}", names=words.join_list(others)) if others else ""
    rest = "" if also else _rest(watched, first, scene)
    text = [_against(first, scene), _since(first, scene), _where(first, scene), also]
    return words.format_signal(first.entry, first.direction, who), [*text, rest], first


def _other(number: MetricView, scene: RenderContext) -> str:
    direction = scene.words.label("direction", number.direction)
    parts = {"title": number.name, "value": number.text, "verdict": number.verdict, "direction": direction}
    # Fields: direction
    return scene.words.gettext("{title} {value} ({verdict})", **parts)


def _against(number: MetricView, scene: RenderContext) -> str:
    """What, against what."""
    words = scene.words
    owner = words.gettext("the {slice} tickets", slice=number.slice) if number.slice else words.gettext("the tickets")
    move = _move(number)
    text = words.pgettext(
        move, labels.format_value_sentence(number.entry, number.value.value, move),
        owner=owner, title=number.name, statistic=number.statistic, value=number.text, before=number.previous,
        step=words.before(scene.kind), verdict=number.verdict,
    )  # fmt: skip
    signal = number.value.signal
    if signal is None or not number.usual:
        return text
    steps = words.step(scene.kind, signal.points)
    return text + words.gettext(
        "; usual: {range} (last {points} {steps})",
        points=signal.points,
        steps=steps,
        range=number.usual,
    )


def _move(number: MetricView) -> str:
    """How the value moved since the period before; "alone" where there is none to compare with."""
    earlier, value = number.value.previous, number.value.value
    if not number.previous or earlier is None or earlier.value is None or value is None:
        return "alone"
    return "rise" if value > earlier.value else "fall"


def _since(number: MetricView, scene: RenderContext) -> str:
    if number.streak < 2:
        return ""
    return scene.words.gettext(
        "That makes {n} {step} in a row", n=number.streak, step=scene.words.step(scene.kind, number.streak)
    )


def _where(number: MetricView, scene: RenderContext) -> str:
    """Teams and categories in which the same thing is a signal of its own."""
    names = [
        str(name)
        for axis in PLACES
        if axis not in number.where and axis in number.entry.splits
        for name, one in number.by(axis).items()
        if name and one.direction == number.direction
    ]
    return (
        scene.words.gettext("It shows most clearly in {names}", names=scene.words.join_list(names[:2])) if names else ""
    )


def _rest(watched: Sequence[HeadlineInput], first: MetricView, scene: RenderContext) -> str:
    rest = [one.whole for one in watched if one.whole.id != first.id and not one.whole.empty]
    if not rest or not all(number.has_baseline for number in rest):
        return ""
    return scene.words.gettext("Everything else stayed within its usual range")


def _quiet(watched: Sequence[HeadlineInput], scene: RenderContext) -> tuple[str, list[str], MetricView | None]:
    words = scene.words
    shown = [one.whole for one in watched if not one.whole.empty and one.whole.value.signal is not None]
    silent = [number for number in shown if not number.has_baseline]
    if shown and len(silent) < len(shown):
        return (
            words.gettext("nothing unusual"),
            [
                words.gettext("All measures are within their usual range"),
                words.ngettext(
                    "One measure cannot be tested yet: too little history, or still changing",
                    "{n} measures cannot be tested yet: too little history, or still changing",
                    n=len(silent),
                )
                if silent
                else "",
            ],
            None,
        )
    points = max((number.value.signal.points for number in shown if number.value.signal), default=0)
    steps = scene.words.step(scene.kind, HISTORY)
    one = scene.words.step(scene.kind, points)
    return (
        words.gettext("too early to say what is unusual"),
        [
            words.ngettext(
                "There is {n} {step} of history; a usual range needs {needed}. Until then, numbers are "
                "shown without a verdict",
                "There are {n} {steps} of history; a usual range needs {needed}. Until then, numbers are "
                "shown without a verdict",
                n=points,
                step=one,
                steps=steps,
                needed=HISTORY,
            )
        ],
        None,
    )


def _targets(watched: Sequence[HeadlineInput], scene: RenderContext) -> str:
    """ "Are we in target, and were we before?" is the first question."""
    words, step = scene.words, scene.words.before(scene.kind)
    items: list[str] = []
    is_first = True  # which names the period before
    for number in (one.whole for one in watched if one.whole.within):
        title, before = words.inside(number.short), number.within_before
        values = {"title": title, "share": number.within, "before": before, "step": step}
        if not before:
            items.append(words.gettext("{title} {share}", title=title, share=number.within))
        elif is_first:
            items.append(words.gettext("{title} {share} ({before} the {step})", **values))
        else:  # Fields: step
            items.append(words.gettext("{title} {share} ({before})", **values))
        is_first = is_first and not before
    return words.gettext("In time: {items}", items=scene.words.join_list(items)) if items else ""
