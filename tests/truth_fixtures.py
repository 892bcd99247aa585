"""What was measured through a helpdesk's API, beside what the world recorded: rows of both in one form."""

from collections import Counter
from collections.abc import Collection, Sequence
from itertools import permutations
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from desk_fixtures import SyncedDesk
from oracle.true_recurrence import true_pairs
from oracle.truth import truth

from helpdesk_kpi.measure.build.build import build_stale
from helpdesk_kpi.measure.metrics.columns import NO_INSTANT, Columns
from helpdesk_kpi.measure.metrics.contract import EXCLUDED, Attainment, Duration, Followup, Freshness, Kpi
from helpdesk_kpi.measure.metrics.discovery import find_kpis
from helpdesk_kpi.measure.query.aggregations.followups import followup_contributions
from helpdesk_kpi.measure.query.metric_query import MetricQuery
from helpdesk_kpi.measure.query.metric_store import MetricStore
from helpdesk_kpi.measure.query.span_lengths import elapsed_ms
from helpdesk_kpi.simulator.world.facts import Update
from helpdesk_kpi.simulator.world.world import World

DAY, MINUTE, SECOND = 86_400_000, 60_000, 1000
#: Of everything that a desk's world tells; what people write into registers is in no helpdesk.
TOLD = [kpi.id for kpi in find_kpis().values() if kpi.subject != "entry"]
VARIANTS = [(kpi, variant) for kpi in TOLD for variant in find_kpis()[kpi].variants]
#: What the world has no one value of, and which test holds it against what each helpdesk keeps.
ELSEWHERE = {
    ("sla_attainment", "strict"): "test_sla_across.py",
    ("article_quality", "checklist"): "test_register_drawing.py",  # people write it down, no helpdesk tells it
}
TRUE = [one for one in VARIANTS if one not in ELSEWHERE]
#: Figures that a helpdesk cannot give at all; its capability has to say so.
NOT_TOLD = {
    ("jira", "csat_response_rate"), ("freshdesk", "csat_response_rate"), ("jira", "article_quality"),
    ("jira", "article_views"), ("zendesk", "article_views"),
}  # fmt: skip
#: What is new and what is open have one status there; what comes through the API is not told from the portal's.
FACETS_NOT_TOLD = {("freshdesk", "backlog"), ("freshdesk", "channel_mix")}
Rows = Counter[tuple[Any, ...]]
FACET = 8  # place of the facet in a row
#: What a helpdesk tells of edits between two looks.
TELLS_EDITS = {"zendesk": "last", "jira": "all", "freshdesk": "text"}
#: What stands before the world's numbers in ids that Jira's face gives.
_BEFORE = {"ticket": 100_000, "team": 10_300}


def calm(world: World) -> World:
    """Its clock set back to where nothing happened for two minutes: a list holds back what is touched in the last one.

    Otherwise a ticket that is new to a sync may be missing with all of its past; the next sync finds it.
    """
    for at in sorted((fact.at for fact in world.facts if fact.at <= world.now), reverse=True):
        if world.now - at > 2 * MINUTE:
            break
        world.now = at - SECOND
    return world


class Measured:
    """One world, synced at several instants through one helpdesk's API, and measured once."""

    def __init__(
        self, folder: Path, world: World, syncs: Sequence[int], *, helpdesk: str = "zendesk", **options: Any
    ) -> None:
        self.world, self.helpdesk, self.syncs = world, helpdesk, syncs
        world.looks, world.tells_edits = tuple(syncs), TELLS_EDITS[helpdesk]  # type: ignore[assignment]  # of three words
        world.tells_macros = helpdesk == "zendesk"
        desk = SyncedDesk(folder, world, helpdesk=helpdesk, **options)
        end = world.now
        expected = {"ok", "not_due"} | ({"unavailable"} if "incremental" in world.plan_without else set())
        for world.now in syncs:
            results = desk.sync()
            assert {r.outcome for r in results} <= expected, results
            assert not sum(r.set_aside for r in results)
        assert world.now == end
        self.store = desk.store()
        self.config = desk.loaded.config
        self.confirm()
        build_stale(self.store, self.config, extra=VARIANTS)
        self.reader = MetricStore(self.store, self.config)
        self.native = self._told("tickets")
        self.people = self._told("people")
        self.teams = self._told("teams")
        self.articles = dict(self.store.rows("SELECT id, native FROM articles"))

    def confirm(self) -> None:
        """Somebody has judged every pair of tickets of one customer, and is always right."""
        native = self._told("tickets")
        true = true_pairs(self.world)
        by_requester: dict[int, list[int]] = {}
        for ticket, requester in self.store.rows("SELECT id, requester FROM tickets WHERE created_at IS NOT NULL"):
            by_requester.setdefault(requester, []).append(ticket)
        judged = [
            (a, b, "yes" if (int(native[a]), int(native[b])) in true else "no")
            for theirs in by_requester.values() for a, b in permutations(theirs, 2)
        ]  # fmt: skip
        with self.store.transaction() as conn:
            conn.executemany(
                "INSERT INTO repeat_labels (earlier, later, at, who, verdict, weight, similarity)"
                " VALUES (?, ?, 0, 'the world', ?, 0, 0)",
                judged,
            )

    def _told(self, table: str) -> dict[int, str]:
        """Our key -> the world's own number, as text."""
        kind = {"tickets": "ticket", "people": "person", "teams": "team"}[table]
        return {key: self.worlds(kind, native) for key, native in self.store.rows(f"SELECT id, native FROM {table}")}

    def worlds(self, kind: str, native: str) -> str:
        """The world's number of a thing that the helpdesk calls `native`."""
        if self.helpdesk != "jira":
            return native
        if kind == "person":
            return native.rpartition(":")[2].removeprefix("JIRAUSER")
        if not native.isdecimal():
            return native
        number = int(native) - _BEFORE[kind]
        return str(number if kind == "ticket" else sorted(self._teams())[number])

    def _teams(self) -> set[int]:
        return {account.team for account in self.world.desk.accounts if account.team is not None}

    def names(self, axis: str) -> dict[str | None, str | None]:
        """What readers call what the world has as a number."""
        if axis not in {"team", "agent"}:
            return {}
        keys = self.teams if axis == "team" else self.people
        shown = self.reader.agent_by_account if axis == "agent" else dict(self.store.rows("SELECT id, name FROM teams"))
        return {native: shown.get(key) for key, native in keys.items()} | {None: None}

    def rows(self, kpi: str, variant: str, as_of: int) -> Rows:
        """Observations that count at as_of, as the world would put them."""
        rows = self.reader.columns(kpi, variant)
        rows = rows.take((rows.known <= as_of) & (rows.until > as_of))
        spec = find_kpis()[kpi]
        if spec.is_instant:
            rows = rows.take((rows.at <= as_of) & (rows.end > as_of))
        told = spec.statistic_of(variant)
        if isinstance(told, Followup) and told.joined:
            rows = self._followed(spec, variant, rows, as_of)
        spans = isinstance(spec.statistic, Duration | Attainment)
        ends = rows.end.clip(max=as_of)
        took, lasted = (f(rows, rows.start, ends) for f in (self.reader.business_ms, elapsed_ms))
        found: Rows = Counter()
        for i in range(len(rows)):
            stop = rows.words[rows.stop[i]] or ""
            if stop in EXCLUDED:
                continue
            running = rows.end[i] > as_of
            found[
                (
                    self.native.get(int(rows.ticket[i]), ""),
                    int(rows.at[i]) if not spec.is_instant else None,
                    (None if running else int(rows.end[i])) if spans else None,
                    int(rows.start[i]) if spans or isinstance(spec.statistic, Freshness) else None,
                    "" if running else stop,
                    self.people.get(int(rows.agent[i])),
                    self.teams.get(int(rows.team[i])),
                    rows.words[rows.severity[i]],
                    rows.words[rows.facet[i]] or "",
                    round(float(rows.share[i]), 9),
                    float(rows.value[i]) if not spans else None,
                    (int(lasted[i]), int(took[i])) if spans else None,
                    self.articles[int(rows.story[i])] if spec.subject == "article" else "",
                )
            ] += 1
        return found

    def _followed(self, spec: Kpi, variant: str, rows: Columns, as_of: int) -> Columns:
        """The base rows whose window is over; their value says whether what counts came true."""
        codes = [code for code, word in enumerate(rows.words) if word in EXCLUDED]
        rows = rows.take((rows.end == NO_INSTANT) & ~np.isin(rows.stop, codes))
        asked = MetricQuery(spec, variant, 0, as_of, as_of)
        parts = followup_contributions(asked, rows, self.reader.policy(spec, variant))
        return msgspec.structs.replace(rows, value=parts.adds).take(parts.counts > 0)

    def left_out(self, kpi: str, variant: str) -> Counter[str]:
        """Tickets that a KPI leaves out, by reason."""
        rows = self.reader.columns(kpi, variant)
        pairs = {(int(rows.story[i]), rows.words[rows.stop[i]] or "") for i in range(len(rows))}
        return Counter(stop for _, stop in pairs if stop in EXCLUDED)


def without(tickets: Collection[str], rows: Rows) -> Rows:
    return Counter({row: count for row, count in rows.items() if row[0] not in tickets})


def without_facet(rows: Rows) -> Rows:
    told: Rows = Counter()
    for row, count in rows.items():
        told[(*row[:FACET], *row[FACET + 1 :])] += count
    return told


def merely_opened(world: World) -> set[str]:
    """Tickets that an agent accepted by doing no more than opening them. In Freshdesk a new ticket is open already."""
    return {
        str(number)
        for number, story in world.stories.items()
        for save in story.saves
        if (save.before, save.changes, save.fact.comment) == ({"status": "new"}, {"status": "open"}, None)
    }


def asked_before_working(world: World) -> set[str]:
    """Tickets of colleagues who had done nothing for the team yet: where roles have no dates, these are customers."""
    first: dict[int, int] = {}
    for story in world.stories.values():
        for save in story.saves:
            if isinstance(save.fact, Update) and save.fact.actor != story.created.requester:
                first[save.fact.actor] = min(save.at, first.get(save.fact.actor, save.at))
    return {
        str(number)
        for number, story in world.stories.items()
        if world.accounts[story.created.requester].role_at(story.created.at) != "customer"
        and story.created.at < first.get(story.created.requester, world.now)
    }


def true_rows(world: World, kpi: str, variant: str, as_of: int) -> Rows:
    spec = find_kpis()[kpi]
    spans, stock = isinstance(spec.statistic, Duration | Attainment), spec.is_instant
    starts = spans or isinstance(spec.statistic, Freshness)
    return Counter(
        (
            r.ticket, None if stock else r.at, r.end if spans else None, r.start if starts else None, r.stop,
            r.agent, r.team, r.severity, r.facet, round(r.share, 9), None if spans else float(r.value or 0),
            (r.calendar_ms, r.business_ms) if spans else None, r.article,
        )
        for r in truth(world, kpi, variant, as_of)
    )  # fmt: skip
