"""Worlds written by hand: a desk of three agents, and tickets told fact by fact."""

from typing import Any

from oracle.truth import TrueObservation, truth

from helpdesk_kpi.simulator.world.clock import instant
from helpdesk_kpi.simulator.world.facts import Account, Amended, Comment, Created, Fact, Role, Spent, Update
from helpdesk_kpi.simulator.world.world import World, build_desk_from_accounts

ANN, BEN, LEO, BOT, LIGHT, CAROL = 1, 2, 3, 4, 5, 9
TEAM, OTHER = 100, 200
LONG = "x" * 100
START, END = instant("2026-03-02 00:00"), instant("2026-03-16 00:00")  # Mondays


def at(text: str) -> int:
    """`mon 09:00` in the first week, `mon2 09:00` in the second; UTC."""
    day, clock = text.split(" ")
    number = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].index(day.rstrip("2")) + (7 if day.endswith("2") else 0)
    return instant(f"2026-03-{2 + number:02} {clock}")


def account(number: int, role: Role, **more: Any) -> Account:
    more.setdefault("roles", ((0, role),))
    return Account(id=number, name=f"P{number}", email=f"p{number}@x.example", created_at=0, **more)


def world(*facts: Fact, now: str | None = None, **settings: Any) -> World:
    """Open Monday to Friday 9 to 17, UTC. Leo leaves on Thursday noon of the first week."""
    people = [
        account(ANN, "agent"),
        account(BEN, "agent"),
        account(LEO, "agent", roles=((0, "agent"), (at("thu 12:00"), "customer"))),
        account(BOT, "agent", bot=True),
        account(LIGHT, "light_agent"),
        account(CAROL, "customer"),
    ]
    made = World(build_desk_from_accounts(people, start=START, end=END, **settings), facts)
    if now:
        made.now = at(now)
    return made


def opened(when: str, **more: Any) -> Created:
    """Ticket 1 of Carol, normal priority, with the first team."""
    given: dict[str, Any] = {"ticket": 1, "requester": CAROL, "priority": "normal", "team": TEAM, "subject": "Help"}
    return Created(at=at(when), comment=Comment("It is broken."), **(given | more))


def said(when: str, who: int, text: str = LONG, **more: Any) -> Update:
    """A public comment, and what else changed in the same save."""
    own: dict[str, Any] = {"ticket": 1}
    own |= {name: more.pop(name) for name in ("via", "rule", "ticket") if name in more}
    labels = {name: more.pop(name) for name in ("is_thanks", "is_question", "public") if name in more}
    return Update(**own, at=at(when), actor=who, comment=Comment(text, **labels), changes=more)


def did(when: str, who: int, **more: Any) -> Update:
    """Changes without a comment."""
    own: dict[str, Any] = {"ticket": 1}
    own |= {name: more.pop(name) for name in ("via", "rule", "ticket", "merged_into", "add_tags") if name in more}
    return Update(**own, at=at(when), actor=who, changes=more)


def spent(when: str, who: int, minutes: int, entry: int = 1, **more: Any) -> Spent:
    """Time written down; with a save of that person in the same second it is a part of that."""
    return Spent(**({"ticket": 1} | more), at=at(when), agent=who, entry=entry, seconds=minutes * 60)


def amended(when: str, who: int, minutes: int, entry: int = 1, **more: Any) -> Amended:
    """So many minutes instead of what was written down before; 0: it was deleted."""
    return Amended(**({"ticket": 1} | more), at=at(when), agent=who, entry=entry, seconds=minutes * 60)


def only(made: World, kpi: str, variant: str = "strict", as_of: str | None = None) -> TrueObservation:
    """The single row of a KPI."""
    (row,) = truth(made, kpi, variant, at(as_of) if as_of else None)
    return row


def hours(ms: int | None) -> float | None:
    return None if ms is None else ms / 3_600_000
