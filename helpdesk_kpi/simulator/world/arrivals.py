"""Arrival times and kinds of tickets."""

from datetime import datetime
from itertools import accumulate
from random import Random
from zoneinfo import ZoneInfo

from helpdesk_kpi.simulator.world.clock import HOUR, MINUTE, SECOND, WEEK
from helpdesk_kpi.simulator.world.plan import Plan
from helpdesk_kpi.simulator.world.support_desk import SupportDesk

Arrival = tuple[int, str]
"""Time and kind of a ticket."""

KINDS = (
    "internal", "outbound", "test", "spam", "deleted", "merged", "forgotten", "call", "missed_call", "voicemail",
    "messaging", "unanswered_chat", "ai_agent", "unanswered_solve", "follow_up", "recurrence", "outage",
)  # fmt: skip
INCIDENTS = 5
LEAD = 4 * WEEK  # a stable desk starts earlier, so that its backlog has settled when the first week begins
_HOURS = (1, 1, 1, 1, 1, 2, 4, 9, 16, 20, 20, 18, 14, 17, 19, 18, 16, 12, 8, 6, 4, 3, 2, 1)
_WEEKDAYS = (1.25, 1.1, 1.0, 1.0, 0.85, 0.2, 0.15)
_HOLIDAY = 0.25


def arrivals(rng: Random, plan: Plan, desk: SupportDesk) -> list[Arrival]:
    """In order of time; an outage brings its incidents in the half hour after it."""
    lead = LEAD if plan.stable else 0
    count = plan.tickets + plan.tickets * lead // max(1, desk.end - desk.start)
    slots = list(range(desk.start - lead, desk.end, HOUR))
    weights = list(accumulate(_weight(plan, desk, at) for at in slots))
    kinds = deck(rng, count, {kind: getattr(plan, kind) for kind in KINDS}, "ordinary")
    outages = kinds.count("outage")
    chosen = rng.choices(slots, cum_weights=weights, k=count - INCIDENTS * outages)
    times = sorted(hour + rng.randrange(3600) * SECOND for hour in chosen)
    while len(kinds) > len(times):
        kinds.remove("ordinary")
    found = [(at, _early(kind, i)) for i, (at, kind) in enumerate(zip(times, kinds, strict=True))]
    return sorted(found + [one for at, kind in found if kind == "outage" for one in _incidents(rng, at)])


def deck(rng: Random, count: int, shares: dict[str, float], rest: str) -> list[str]:
    """`count` kinds in random order, each as often as its share asks, and three times at least in a world of 300."""
    cards: list[str] = []
    for kind, share in shares.items():
        if share:
            cards += [kind] * max(round(share * count), 3 if count >= 300 else 0)
    cards += [rest] * (count - len(cards))
    cards = cards[:count]
    rng.shuffle(cards)
    return cards


def _early(kind: str, i: int) -> str:
    """The first tickets have none before them that they could follow or double."""
    return "ordinary" if i < 30 and kind in {"follow_up", "recurrence", "merged"} else kind


def _weight(plan: Plan, desk: SupportDesk, at: int) -> float:
    local = datetime.fromtimestamp(at / SECOND, ZoneInfo(desk.zone))
    grown = 1 + plan.growth * (at - desk.start) / max(1, desk.end - desk.start)
    off = any(first <= local.date() <= last for first, last, _ in desk.holidays)
    weekday = 0 if local.date() in desk.workdays else local.weekday()
    quiet = _HOLIDAY if off else 1
    return _HOURS[local.hour] * _WEEKDAYS[weekday] * grown * quiet


def _incidents(rng: Random, at: int) -> list[Arrival]:
    return [(at + rng.randrange(1, 30 * MINUTE // SECOND) * SECOND, "incident") for _ in range(INCIDENTS)]
