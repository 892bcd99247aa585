"""Solved tickets in a store, so many of a kind, and what is learned from them."""

from typing import Any

from reader_fixtures import HOUR, Source, ticket

from helpdesk_kpi.config import Config
from helpdesk_kpi.measure.benchmarking.fit_weights import fit_weights
from helpdesk_kpi.measure.query.complexity_weights import WeightVersion, save_weight_version
from helpdesk_kpi.model import Event, TimeEntry
from helpdesk_kpi.store import Store

DAY = 24 * HOUR
LEVELS = {"urgent": "P0", "high": "P1", "normal": "P2", "low": "P3"}
CONFIG = Config(timezone="Europe/Berlin", sources={"acme": {"connector": "zendesk", "severity": LEVELS}, "old": {}})


def solved(source: Source, number: int, at: int, who: str, *, replies: int = 1, notes: int = 0, spent: int = 0,
           others: tuple[str, ...] = (), **more: Any) -> None:  # fmt: skip
    """A ticket that `who` solves at `at`, after so many replies and notes of theirs and a reply of each of `others`."""
    name = str(number)
    row = {"status": "solved", "priority": "normal", "type": "question", "channel": "email", **more}
    said = [(who, True)] * replies + [(who, False)] * notes + [(other, True) for other in others]
    source.put(
        ticket(name, at - HOUR, assignee=who, **row),
        *(
            Event(name, f"{name}-{i}", at - HOUR + (i + 1) * 1000, i, "comment", actor=by, public=public, length=100)
            for i, (by, public) in enumerate(said)
        ),
        Event(name, f"{name}-s", at, 99, "change", actor=who, field="status", before="open", after="solved"),
        *([TimeEntry(f"t{name}", name, at, spent, agent=who)] if spent else []),
    )


def learn(store: Store, first: int, last: int, config: Config = CONFIG, **more: Any) -> WeightVersion:
    """Learned, and kept."""
    told = {"since": last, "now": last, **more}
    made = fit_weights(store, config, first=first, last=last, **told)
    save_weight_version(store, made)
    return made
