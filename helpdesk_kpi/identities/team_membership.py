"""Who is taken for the team, and why."""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from helpdesk_kpi.config import Config
from helpdesk_kpi.identities.source_rules import TEAM_KINDS, SourceRules, load_source_rules
from helpdesk_kpi.store import Store

Why = Literal["robot", "configured", "role", "earlier role", "given tickets"]
TEXTS: dict[Why, str] = {
    "robot": "as robots",
    "configured": "named by the configuration",
    "role": "by their role",
    "earlier role": "by a role that they had before",
    "given tickets": "by the tickets that were given to them",
}


class Member(NamedTuple):
    """An account that is or was of the team."""

    source: str
    native: str
    name: str | None
    why: Why

    @property
    def mark(self) -> str:
        return f"{self.source}:{self.native}"


def team(store: Store, config: Config) -> Iterator[Member]:
    """Everybody whose replies count, or counted once, as the team's or as a robot's."""
    names = dict(store.rows("SELECT id, name FROM sources"))
    for source, desk in load_source_rules(store, config).items():
        own = {str(one) for one in config.sources.get(names[source], {}).get("agents", ())}
        sql = "SELECT id, native, name FROM people WHERE source = ? ORDER BY id"
        for person, native, name in store.rows(sql, source):
            if why := _why(desk, person, is_configured=native in own):
                yield Member(names[source], native, name, why)


def _why(desk: SourceRules, person: int, *, is_configured: bool) -> Why | None:
    facts = desk.person(person)
    if person in desk.intake or facts.kind == "nobody":
        return None
    if person in desk.bots:
        return "robot"
    if facts.kind in TEAM_KINDS:
        return "configured" if is_configured else "role"
    if not TEAM_KINDS.isdisjoint(facts.kinds):
        return "earlier role"
    return "given tickets" if facts.has_worked else None
