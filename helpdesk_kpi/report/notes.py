"""The short lines under a figure: what keeps it honest."""

from helpdesk_kpi.report.footer import clock
from helpdesk_kpi.report.number import FEW, Number
from helpdesk_kpi.report.scene import Scene


def notes(number: Number, scene: Scene) -> list[str]:
    """n and interval, target, what still waits, other statistics, the period before, its pair; "" never."""
    if number.empty and number.gap:
        return [scene.words.say("not_known_because", reason=number.gap)]
    parts = {"ms": _duration, "share": _share}.get(number.value.unit, _count)
    told = [*parts(number, scene), _previous(number, scene), _pair(number, scene)]
    if number.value.provisional:
        told.append(scene.words.say("provisional"))
    if number.gap:
        told.append(scene.words.say("not_known_because", reason=number.gap))
    return [line for line in told if line]


def _duration(number: Number, scene: Scene) -> list[str]:
    say, value = scene.words.say, number.value
    if not value.n:
        return []
    within = say("within", share=number.within) if number.within else ""
    waits = "not_replied" if number.id in ("first_reply_time", "next_reply_time") else "still_open"
    silent = value.censored.get("solved_without_reply", 0)
    return [
        _joined(number.sample, clock(number, scene)),
        number.interval,
        _joined(within, say("past_target", n=value.overdue) if value.target is not None or value.overdue else ""),
        _joined(say(waits, n=value.running), say("no_reply_solved", n=silent) if silent else ""),
        _joined(_tail(number, scene), say("mean", value=number.mean) if number.mean else ""),
    ]


def _tail(number: Number, scene: Scene) -> str:
    if number.value.p90 is None:
        return scene.words.say("p90_open")
    return scene.words.say("p90", value=number.p90)


def _share(number: Number, scene: Scene) -> list[str]:
    say = scene.words.say
    if not number.value.n:
        return [_asked(number, scene)]
    few = say("few") if number.value.n < FEW else ""
    kinds = _facets(number, scene) if number.id != "csat" else ""
    return [number.interval, _asked(number, scene) or number.sample, few, kinds]


def _asked(number: Number, scene: Scene) -> str:
    """74 of 318 asked answered: satisfaction is never told without it."""
    entry = scene.figures.facts.catalogue.get("csat_response_rate")
    if number.id != "csat" or entry is None:
        return ""
    value = scene.figures.value("csat_response_rate", **number.where)
    if not value.n or value.value is None:
        return ""
    answered, asked = scene.words.number(round(value.n * value.value)), scene.words.number(value.n)
    return scene.words.say("of_asked", answered=answered, asked=asked)


def _count(number: Number, scene: Scene) -> list[str]:
    overdue = number.value.overdue
    return [number.interval, _facets(number, scene), scene.words.say("past_target", n=overdue) if overdue else ""]


def _facets(number: Number, scene: Scene) -> str:
    """31 new · 60 open; shares in percent."""
    words = scene.words
    write = words.percent if number.value.unit == "share" else words.number
    return _joined(
        *(words.say("facet_item", name=words.reason(name), value=write(x)) for name, x in number.value.facets.items())
    )


def _previous(number: Number, scene: Scene) -> str:
    if not number.previous:
        return ""
    told = scene.words.say("previous", step=scene.words.before(scene.kind), value=number.previous)
    return _joined(told, number.change)


def _pair(number: Number, scene: Scene) -> str:
    pair = number.pair
    if pair is None or pair.empty:
        return ""
    return scene.words.say("beside", title=pair.short, value=pair.text)


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)
