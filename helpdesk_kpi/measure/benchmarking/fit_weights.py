"""Fit complexity weights to the cost of tickets: recorded time, or else signs of effort."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from helpdesk_kpi.config import Config
from helpdesk_kpi.errors import UsageError
from helpdesk_kpi.identities.past_roles import keep_standings
from helpdesk_kpi.identities.source_rules import load_source_rules
from helpdesk_kpi.measure.build.subjects import load_timelines
from helpdesk_kpi.measure.metrics.contract import EXCLUDED, Kpi, Observation
from helpdesk_kpi.measure.metrics.discovery import get_kpi
from helpdesk_kpi.measure.query.complexity_weights import (
    FEWEST,
    Basis,
    Kind,
    Sum,
    WeightCell,
    WeightVersion,
    load_weight_versions,
)
from helpdesk_kpi.measure.tickets.exclusions import apply_exclusions
from helpdesk_kpi.measure.tickets.timeline import Timeline
from helpdesk_kpi.store import Store

CHUNK = 2000  # tickets read at a time
ENOUGH = 0.5  # share of tickets with recorded time; below, signs of effort are more reliable
#: Cost of a ticket without recorded time, in points: reading it, log(1 + replies), each note, each assignment and each
#: person after the first, a development issue.
EFFORT = {"ticket": 0.5, "replies": 1.0, "notes": 0.3, "stations": 0.5, "people": 0.5, "development": 1.0}


class ContactCost(NamedTuple):
    """One solved ticket."""

    kind: Kind
    people: frozenset[int]
    effort: float
    spent: int  # recorded ms


def fit_weights(
    store: Store, config: Config, *, first: int, last: int, since: int, now: int, basis: Basis | None = None
) -> WeightVersion:
    """Fit a version of weights to the tickets solved in [first, last). It is not saved yet.

    Args:
        since: start of its validity; not before `last`.
        basis: None: time if at least half of the tickets have recorded time, else effort.

    Raises:
        UsageError: the dates overlap, or too few tickets have a cost.
    """
    before = load_weight_versions(store)
    if since < last:
        raise UsageError("weights hold only from after the tickets that they are learned from")
    if before and since <= before[-1].since:
        raise UsageError(f"version {before[-1].version} already holds from then on, or from later; what held, held")
    costs = list(_load_costs(store, config, first, last))
    timed = [cost for cost in costs if cost.spent > 0]  # of older tickets only corrections may be known
    chosen: Basis = basis or ("time" if len(timed) >= max(FEWEST, ENOUGH * len(costs)) else "effort")
    used = timed if chosen == "time" else costs
    if len(used) < FEWEST:
        raise UsageError(f"only {len(used)} tickets tell what they cost by {chosen}; {FEWEST} are needed")
    return WeightVersion(
        version=before[-1].version + 1 if before else 1, since=since, learned_at=now, basis=chosen, first=first,
        last=last, cells=tuple(cell_means(used, chosen)),
    )  # fmt: skip


def cell_means(costs: Sequence[ContactCost], basis: Basis) -> Iterator[WeightCell]:
    """Sums of costs by kind, most tickets first. Times are summed as logarithms: long tickets weigh little."""
    kinds: dict[Kind, list[tuple[ContactCost, float]]] = {}
    for cost in costs:
        amount = math.log(cost.spent) if basis == "time" else cost.effort
        kinds.setdefault(cost.kind, []).append((cost, amount))
    for kind, of_kind in sorted(kinds.items(), key=lambda item: (-len(item[1]), str(item[0]))):
        people: dict[int, Sum] = {}
        for cost, amount in of_kind:
            for person in sorted(cost.people):
                n, s = people.get(person, (0, 0.0))
                people[person] = (n + 1, s + amount)
        yield WeightCell(*kind, len(of_kind), math.fsum(amount for _, amount in of_kind), people)


def estimate_effort(ticket: Timeline, until: int) -> float:
    """Effort of a ticket up to an instant, in points of EFFORT."""
    said = [t for t in ticket.messages if t.kind == "comment" and t.who == "agent" and not t.creating and t.at <= until]
    counts = {
        "ticket": 1.0,
        "replies": math.log1p(sum(t.public for t in said)),
        "notes": sum(not t.public for t in said),
        "stations": max(sum(s.start <= until for s in ticket.assignment_history.assignments) - 1, 0),
        "people": max(len({t.person for t in said}) - 1, 0),
        "development": any(link.kind == "development" for link in ticket.links),
    }
    return sum(EFFORT[name] * amount for name, amount in counts.items())


def _load_costs(store: Store, config: Config, first: int, last: int) -> Iterator[ContactCost]:
    """Costs of the tickets that count for weighted_volume in the period."""
    keep_standings(store, config)
    desks, spec = load_source_rules(store, config), get_kpi("weighted_volume")
    spent = dict(store.rows("SELECT ticket, sum(spent) FROM time_entries WHERE at < ? GROUP BY ticket", last))
    keys = [key for (key,) in store.rows("SELECT id FROM tickets WHERE created_at < ? ORDER BY id", last)]
    for place in range(0, len(keys), CHUNK):
        for ticket in load_timelines(store, desks, keys[place : place + CHUNK]):
            if rows := list(_find_solved(ticket, spec, first, last)):
                kind = (rows[0].severity, ticket.source_rules.category_of(ticket.row), ticket.channel)
                people = frozenset(row.agent for row in rows if row.agent is not None)
                yield ContactCost(kind, people, estimate_effort(ticket, rows[0].at), spent.get(ticket.row.id, 0))


def _find_solved(ticket: Timeline, spec: Kpi, first: int, last: int) -> Iterator[Observation]:
    for row in apply_exclusions(ticket, spec, spec.variants["strict"]):
        holds = (row.until is None or row.until >= last) and (row.since is None or row.since < last)
        if row.stop not in EXCLUDED and first <= row.at < last and holds:
            yield row
