"""The short lines under a figure: what keeps it honest."""

from collections.abc import Mapping

from helpdesk_kpi.measure.metrics.contract import NO_ANSWER, Attainment, Awaited, Followup, Mix, Stock
from helpdesk_kpi.measure.recurrence.pair_labelling import uses_recurrence
from helpdesk_kpi.model import MAIN
from helpdesk_kpi.report.context import RenderContext
from helpdesk_kpi.report.metric_view import FEW, MetricView
from helpdesk_kpi.report.sections.footnotes import clock, format_calendar, format_detection_quality, setting
from helpdesk_kpi.translations import ngettext_noop, pgettext_noop

_LATE = ngettext_noop("{n} late and still waiting", "{n} late and still waiting")
#: Texts for spans that still run, by what they wait for: all of them, those past target.
WAITS: Mapping[Awaited, tuple[tuple[str, str], tuple[str, str]]] = {
    "reply": (pgettext_noop("tickets", "{n} not answered yet"), _LATE),
    "next_reply": (pgettext_noop("replies", "{n} not answered yet"), _LATE),
    "acceptance": (
        pgettext_noop("acceptance", "including {n} not confirmed yet"),
        ngettext_noop("{n} late and not confirmed yet", "{n} late and not confirmed yet"),
    ),
    "solve": (
        pgettext_noop("resolution", "including {n} still open"),
        ngettext_noop("{n} late and still open", "{n} late and still open"),
    ),
}


def list_caveats(number: MetricView, scene: RenderContext) -> list[str]:
    """n and interval, target, what still waits, other statistics, the period before, its pair; "" never."""
    settings = [setting(one, scene) for one in scene.figures.facts.defaults if one.concerns(number.entry)]
    if number.empty and number.gap:
        return [scene.words.gettext("not known: {reason}", reason=number.gap), *settings]
    parts = {"ms": _duration, "share": _share}.get(number.value.unit, _count)
    if isinstance(statistic := number.entry.statistic_of(number.variant), Stock) and statistic.of == "age":
        parts = _age
    reported = [*parts(number, scene), _previous(number, scene), _pair(number, scene), number.final]
    if number.gap:
        reported.append(scene.words.gettext("not known: {reason}", reason=number.gap))
    return [line for line in [*reported, *settings] if line]


def _duration(number: MetricView, scene: RenderContext) -> list[str]:
    words, value = scene.words, number.value
    if not value.n:
        return []
    within = words.gettext("{share} in time", share=number.within) if number.within else ""
    waits, late = WAITS[number.awaits]
    silent = value.censored.get("solved_without_reply", 0)
    return [
        _join(number.sample, words.gettext("too few to compare") if value.n < FEW else "", clock(number, scene)),
        number.interval,
        _join(within, words.ngettext(*late, n=value.overdue) if value.overdue else ""),
        _join(
            words.pgettext(*waits, n=value.running),
            words.gettext("{n} solved without a reply", n=silent) if silent else "",
        ),
        _join(_tail(number, scene), number.mean_text),
        _facets(number, scene),
    ]


def _tail(number: MetricView, scene: RenderContext) -> str:
    if number.value.p90 is None:
        if number.awaits in {"reply", "next_reply"}:
            return scene.words.gettext("90th percentile not reached: more than a tenth still unanswered")
        return scene.words.gettext("90th percentile not reached: more than a tenth still open")
    return scene.words.gettext("90% within {value}", value=number.p90)


def _share(number: MetricView, scene: RenderContext) -> list[str]:
    words, statistic = scene.words, number.entry.statistic_of(number.variant)
    if not number.value.n:
        return [_response_rate(number, scene), _not_over(number, scene), _no_answers(number, scene)]
    few = words.gettext("too few to compare") if number.value.n < FEW else ""
    requested = _response_rate(number, scene)
    sample = number.sample
    if requested:  # Fields: count
        sample = words.gettext("{answers}; {offered}", answers=sample, count=number.n, offered=requested)
    return [
        number.interval, _join(sample, few), number.windows, _not_over(number, scene), _no_answers(number, scene),
        _facets(number, scene), format_detection_quality(scene) if uses_recurrence(statistic) else "",
    ]  # fmt: skip


def _not_over(number: MetricView, scene: RenderContext) -> str:
    """What is in no share yet, since its days are not over."""
    statistic, n = number.entry.statistic_of(number.variant), number.value.running
    if n and isinstance(statistic, Followup):
        return scene.words.ngettext(
            "{n} not counted yet: its {days} days are not over",
            "{n} not counted yet: their {days} days are not over",
            n=n,
            days=statistic.days,
        )
    return (
        scene.words.gettext("{n} not counted yet: still in time", n=n)
        if n and isinstance(statistic, Attainment)
        else ""
    )


def _age(number: MetricView, scene: RenderContext) -> list[str]:
    """Of what is open at the end of a period."""
    if not number.value.n:
        return []
    oldest = scene.words.gettext("the oldest {value}", value=number.oldest) if number.oldest else ""
    ages = [
        scene.words.gettext("one in ten is older than {value}", value=number.p90)
        if number.value.p90 is not None
        else "",
        oldest,
    ]
    return [_join(number.sample, clock(number, scene)), _join(*ages)]


def _no_answers(number: MetricView, scene: RenderContext) -> str:
    """Ratings that no customer gave: not in n, and never in silence."""
    counts = {reason: n for reason in NO_ANSWER if (n := number.value.excluded.get(reason, 0))}
    items = [
        scene.words.pgettext("ratings", "{n} {reason}", n=n, reason=scene.words.reason(r)) for r, n in counts.items()
    ]
    return scene.words.gettext("Not counted as answers: {items}", items=scene.words.join_list(items)) if items else ""


def _response_rate(number: MetricView, scene: RenderContext) -> str:
    """Of the 318 surveys offered 75 answered: satisfaction is never told without it. Its own answers may be to earlier
    offers, so the two counts differ.
    """
    rate_kpi = number.entry.response_kpi
    if rate_kpi is None or rate_kpi not in scene.figures.facts.catalogue:
        return ""
    value = scene.figures.value(rate_kpi, "strict", **number.where)
    if not value.n or value.value is None:
        return ""
    answered, requested = scene.words.number(round(value.n * value.value)), scene.words.number(value.n)
    rate, this = scene.words.percent(value.value), scene.words.this(scene.kind)
    # Fields: rate
    return scene.words.gettext(
        "of the {offered} surveys offered {this} {answered} answered so far",
        answered=answered,
        offered=requested,
        rate=rate,
        this=this,
    )


def _count(number: MetricView, scene: RenderContext) -> list[str]:
    words, late = scene.words, number.value.overdue
    aged = number.value.median is not None and number.value.p90 is not None
    ages = (
        words.gettext("half have been open over {median}; one in ten over {p90}", median=number.median, p90=number.p90)
        if aged
        else ""
    )
    reported = _join(ages, format_calendar(number.value.clock, scene) if aged else "")
    late_reported = words.gettext("{n} of them past target", n=late) if late else ""
    return [number.interval, _facets(number, scene), reported, late_reported, _weight_basis(number, scene)]


def _weight_basis(number: MetricView, scene: RenderContext) -> str:
    """What the weights of a weighted sum are made of."""
    bases = [basis.split(" ") for basis in number.value.basis.split(", ") if basis]
    reported = [" ".join([scene.words.reason(f"by_{basis}"), *version]) for basis, *version in bases]
    return scene.words.gettext("weights: {items}", items=scene.words.join_list(reported)) if reported else ""


def _facets(number: MetricView, scene: RenderContext) -> str:
    """new 31 · open 60; shares, and parts of what ended, in percent; the dimensions of a survey beside the main one."""
    words = scene.words
    parts = number.value.unit in {"share", "ms"} or isinstance(number.entry.statistic, Mix)
    write = words.percent if parts else words.number
    split = {name: write(x) for name, x in number.value.facets.items() if name and x}
    if number.entry.facet == "dimension":
        split = {name: one.text for name, one in number.by("facet").items() if name and name != MAIN}
    return _join(
        *(words.gettext("{name} {value}", name=_facet(name, scene), value=text) for name, text in split.items())
    )


def _facet(name: str, scene: RenderContext) -> str:
    """Promises are called as the KPI that they are about."""
    entry = scene.figures.facts.catalogue.get(name)
    return scene.words.short(entry) if entry else scene.words.reason(name)


def _previous(number: MetricView, scene: RenderContext) -> str:
    if not number.previous:
        return ""
    reported = scene.words.gettext("{step} {value}", step=scene.words.before(scene.kind), value=number.previous)
    return _join(reported, number.change)


def _pair(number: MetricView, scene: RenderContext) -> str:
    pair = number.pair
    if pair is None or pair.empty or pair.id == number.entry.response_kpi:  # the response rate is there already
        return ""
    return scene.words.gettext("{title}: {value}", title=scene.words.inside(pair.short), value=pair.text)


def _join(*parts: str) -> str:
    return " · ".join(part for part in parts if part)
