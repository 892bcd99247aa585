"""The first thing a report says: what is unusual, or that nothing is."""

from collections.abc import Sequence

import msgspec

from helpdesk_kpi.report.context import HISTORY, RenderContext
from helpdesk_kpi.report.metric_view import MetricView
from helpdesk_kpi.report.result_types import Axis

PLACES: tuple[Axis, ...] = ("team", "category")
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
    named = scene.words.say("in_period", period=scene.words.period(scene.figures.period), finding=title)
    return Headline(named, sentences, about)


def _compose(watched: Sequence[HeadlineInput], scene: RenderContext) -> tuple[str, list[str], MetricView | None]:
    say = scene.words.say
    if nothing := unknown(scene):
        return *nothing, None
    signals = rank_signals(watched)
    if signals:
        return _unusual(signals, watched, scene)
    if watched and all(one.whole.empty or one.whole.id == "backlog" for one in watched):
        return say("no_tickets_title"), [say("no_tickets")], None
    return _quiet(watched, scene)


def unknown(scene: RenderContext) -> tuple[str, list[str]] | None:
    """What is said of a time that the store knows nothing of: it was not quiet."""
    say, since = scene.words.say, scene.figures.facts.history_from
    if since is None:
        return say("empty_store_title"), [say("empty_store")]
    if since >= scene.figures.period.end:
        return say("before_history_title"), [say("before_history", moment=scene.words.moment(since))]
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
    who = words.say("for_slice", slice=first.slice) if first.slice else ""
    others = [
        words.say(
            "finding_item",
            title=one.name,
            value=one.text,
            verdict=one.verdict,
            direction=words.language.DIRECTIONS[one.direction],
        )
        for one in signals[1 : OTHERS + 1]
    ]
    also = words.say("also_unusual", names=words.join_list(others)) if others else ""
    rest = "" if also else _rest(watched, first)
    text = [_against(first, scene), _since(first, scene), _where(first, scene), also]
    return words.format_signal(first.entry, first.direction, who), [*text, words.say(rest) if rest else ""], first


def _against(number: MetricView, scene: RenderContext) -> str:
    """What, against what."""
    words = scene.words
    key = {"first_reply_time": "half_waited", "full_resolution_time": "half_solved"}.get(number.id, "value_is")
    whose = words.say("the_slice_tickets", slice=number.slice) if number.slice else words.say("the_tickets")
    told = words.say(
        key, whose=whose, title=number.name, statistic=number.statistic, value=number.text,
        before=_before(number, scene), direction=words.language.DIRECTIONS[number.direction],
    )  # fmt: skip
    signal = number.value.signal
    if signal is None or not number.usual:
        return told
    steps = words.step(scene.kind, signal.points)
    return told + words.say("usual_was", points=signal.points, steps=steps, range=number.usual)


def _before(number: MetricView, scene: RenderContext) -> str:
    """The period before, where there is one: "29 min the week before"."""
    earlier, value = number.value.previous, number.value.value
    if not number.previous or earlier is None or earlier.value is None or value is None:
        return scene.words.say("before_none")
    key = "before_up" if value > earlier.value else "before_down"
    return scene.words.say(key, step=scene.words.before(scene.kind), value=number.previous)


def _since(number: MetricView, scene: RenderContext) -> str:
    if number.streak < 2:
        return ""
    return scene.words.say("in_a_row", n=number.streak, step=scene.words.step(scene.kind, number.streak))


def _where(number: MetricView, scene: RenderContext) -> str:
    """Teams and categories in which the same thing is a signal of its own."""
    names = [
        str(name)
        for axis in PLACES
        if axis not in number.where
        for name, one in number.by(axis).items()
        if name and one.direction == number.direction
    ]
    return scene.words.say("mostly_in", names=scene.words.join_list(names[:2])) if names else ""


def _rest(watched: Sequence[HeadlineInput], told: MetricView) -> str:
    rest = [one.whole for one in watched if one.whole.id != told.id and not one.whole.empty]
    return "rest_usual" if rest and all(number.judged for number in rest) else ""


def _quiet(watched: Sequence[HeadlineInput], scene: RenderContext) -> tuple[str, list[str], MetricView | None]:
    say = scene.words.say
    shown = [one.whole for one in watched if not one.whole.empty and one.whole.value.signal is not None]
    silent = [number for number in shown if not number.judged]
    if shown and len(silent) < len(shown):
        return say("nothing_unusual"), [say("all_usual"), say("some_silent", n=len(silent)) if silent else ""], None
    points = max((number.value.signal.points for number in shown if number.value.signal), default=0)
    steps = scene.words.step(scene.kind, HISTORY)
    one = scene.words.step(scene.kind, points)
    return say("too_early_title"), [say("too_early", n=points, step=one, steps=steps, needed=HISTORY)], None


def _targets(watched: Sequence[HeadlineInput], scene: RenderContext) -> str:
    """ "Are we in target, and were we before?" is the first question."""
    say, step = scene.words.say, scene.words.before(scene.kind)
    items: list[str] = []
    key = "in_target_before"  # the first one names the period before
    for number in (one.whole for one in watched if one.whole.within):
        title, before = scene.words.inside(number.short), number.within_before
        told = key if before else "in_target_item"
        items.append(say(told, title=title, share=number.within, before=before, step=step))
        key = "in_target_again" if before else key
    return say("in_target", items=scene.words.join_list(items)) if items else ""
