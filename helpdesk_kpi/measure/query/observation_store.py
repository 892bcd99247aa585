"""Stored observations as columns, with the names, calendars, targets and weights that their values depend on."""

from collections.abc import Iterable, Mapping
from functools import cached_property

import msgspec
import numpy as np

from helpdesk_kpi.calendar.calendar_rules import CalendarRules
from helpdesk_kpi.calendar.ticket_schedules import DEFAULT, Segments, segments_of
from helpdesk_kpi.config import Config, Form
from helpdesk_kpi.errors import UsageError
from helpdesk_kpi.identities.agents import AgentDirectory, load_agents
from helpdesk_kpi.measure.metrics.columns import NO_INSTANT, NO_PERSON, Columns, Floats, Ints, concatenate, load_columns
from helpdesk_kpi.measure.metrics.contract import (
    EXCLUDED,
    UNBOUNDED,
    Attainment,
    Followup,
    Hours,
    Score,
)
from helpdesk_kpi.measure.metrics.dimensions import TicketDimensions
from helpdesk_kpi.measure.metrics.discovery import load_kpis
from helpdesk_kpi.measure.query.complexity_weights import (
    ComplexityWeights,
    ConfiguredWeights,
    load_weight_versions,
    match_weights,
)
from helpdesk_kpi.measure.query.metric_query import MetricQuery
from helpdesk_kpi.measure.query.span_lengths import SpanLengths
from helpdesk_kpi.measure.recurrence.similarity_thresholds import confidence, load_thresholds
from helpdesk_kpi.model import SubjectKind
from helpdesk_kpi.store import Store

MIN_CONFIDENCE = 0.7  # evidence that is less sure than this makes nothing a follower
EARLIEST = 631_152_000_000  # 1990: spans of imported tickets that claim to be older start here
AXES = ("severity", "team", "agent", "category", "channel", "source", "facet")


class ObservationStore:
    """The observations of one store under one configuration. Each variant is read once."""

    def __init__(self, store: Store, config: Config, *, back_to: int = 0) -> None:
        """`back_to`: no query reaches further back (UTC epoch ms)."""
        self.store = store
        self.config = config
        self.back_to = back_to
        self.clocks = CalendarRules(store, config)
        self._stories = TicketDimensions(store, config)
        self.calendars = SpanLengths(self.clocks)
        self._columns: dict[tuple[str, str], Columns] = {}
        self._slices: dict[tuple[object, ...], Columns] = {}
        self._following: dict[tuple[str, str], Columns] = {}
        self._segments: dict[int, Segments] = {}  # by ticket

    def columns(self, kpi: str, variant: str = "strict") -> Columns:
        """All stored observations of one variant."""
        if (kpi, variant) not in self._columns:
            self.preload([(kpi, variant)])
        return self._columns[kpi, variant]

    def preload(self, wanted: Iterable[tuple[str, str]]) -> None:
        """Read several variants in one pass."""
        keys = {(k, v): i for i, k, v in self.store.rows("SELECT id, kpi, variant FROM metrics")}
        for kpi, variant in (missing := [w for w in wanted if w not in self._columns]):
            if (kpi, variant) not in keys:
                raise UsageError(f"{kpi} ({variant}) is not measured yet: run `helpdesk-kpi measure`")
        kinds: dict[SubjectKind, list[tuple[str, str]]] = {}
        for kpi, variant in missing:
            kinds.setdefault(load_kpis()[kpi].subject, []).append((kpi, variant))
        for kind, of_kind in kinds.items():
            loaded = load_columns(self.store, kind, [keys[w] for w in of_kind], self.back_to)
            self._columns |= {w: self._with_calendars(loaded[keys[w]], *w) for w in of_kind}

    def slice(self, kpi: str, variant: str = "strict", **where: str | None) -> Columns:
        """The observations of a slice; a name of None selects rows without a severity, a team, an agent."""
        key = (kpi, variant, *sorted(where.items()))
        if key not in self._slices:
            rows = self.columns(kpi, variant)
            for axis, name in where.items():
                rows = rows.take(self.labels(rows, axis) == self._label_code(rows, axis, name))
            self._slices[key] = rows
        return self._slices[key]

    def query_slice(self, query: MetricQuery) -> Columns:
        """The observations of a query's slice, of all periods."""
        return self.slice(query.kpi.id, query.variant, **query.where)

    # Axes: every row has a code on every axis, and every code a name.

    def labels(self, rows: Columns, axis: str) -> Ints:
        """The rows' codes on an axis."""
        if axis in {"severity", "facet"}:
            return getattr(rows, axis)  # type: ignore[no-any-return]
        if axis == "team":
            return _map_codes(rows.team, self.team_codes)
        if axis == "agent":
            return _map_codes(rows.agent, self.agent_codes)
        if axis == "source":
            return self._stories.sources(rows)
        if axis in {"category", "channel"}:
            return self._stories.codes(axis, rows.ticket)
        raise UsageError(f"no axis {axis!r}; allowed are {', '.join(AXES)}")

    def _label_code(self, rows: Columns, axis: str, name: str | None) -> int:
        if axis in {"severity", "facet"}:
            return rows.code(name)
        names = self._names_of(axis)
        return NO_PERSON if name is None else names.index(name) if name in names else -2

    def label_name(self, rows: Columns, axis: str, code: int) -> str | None:
        if axis in {"severity", "facet"}:
            return rows.words[code]
        return None if code == NO_PERSON else self._names_of(axis)[code]

    def _names_of(self, axis: str) -> list[str]:
        if axis == "team":
            return self.team_names
        return self.agent_names if axis == "agent" else self._stories.names(axis)

    def dimension_label(self, axis: str, story: int) -> str | None:
        """A ticket's category, channel or source."""
        [code] = self._stories.codes(axis, np.array([story], np.int64))
        return None if code == NO_PERSON else self._stories.names(axis)[code]

    @cached_property
    def teams(self) -> dict[int, str]:
        return {key: name or native for key, name, native in self.store.rows("SELECT id, name, native FROM teams")}

    @cached_property
    def team_names(self) -> list[str]:
        return sorted(set(self.teams.values()))

    @cached_property
    def team_codes(self) -> dict[int, int]:
        return {key: self.team_names.index(name) for key, name in self.teams.items()}

    @cached_property
    def people(self) -> AgentDirectory:
        """Present and former people of the team."""
        return load_agents(self.store, self.config)

    @property
    def agent_by_account(self) -> dict[int, str]:
        """The displayed name of the agent behind each account."""
        return self.people.names

    @cached_property
    def agent_names(self) -> list[str]:
        return sorted(set(self.agent_by_account.values()))

    @cached_property
    def agent_codes(self) -> dict[int, int]:
        place = {name: code for code, name in enumerate(self.agent_names)}
        return {key: place[name] for key, name in self.agent_by_account.items()}

    # What a value depends on besides the observations

    def clock_kind(self, rows: Columns) -> str:
        """The clock of the rows' spans: calendar, business or mixed."""
        return self.calendars.kind(rows)

    def score_scale(self, query: MetricQuery) -> tuple[float, float]:
        """The lowest and the highest score; unbounded for other statistics."""
        statistic = query.statistic
        if not isinstance(statistic, Score):
            return UNBOUNDED
        form: Form | None = getattr(self.config.registers, statistic.form) if statistic.form else None
        return statistic.scale if form is None else form.scale

    def followers(self, query: MetricQuery) -> Columns:
        """Rows that may follow those of a KPI: its own, and those of the KPI that it joins."""
        key = (query.kpi.id, query.variant)
        if key not in self._following:
            statistic = query.statistic
            assert isinstance(statistic, Followup)
            joined = [self.columns(statistic.joined)] if statistic.joined else []
            self._following[key] = self._sure(concatenate([self.columns(*key), *joined]))
        return self._following[key]

    def repeats(self, as_of: int) -> Columns:
        """Repeat contacts known at `as_of`: `ticket` is the earlier ticket of the same customer and problem, `end` the
        creation of the later one.
        """
        found = self._sure(self.columns("repeat_contacts"))
        return found.take(found.exist(as_of))

    def _sure(self, rows: Columns) -> Columns:
        found = confidence(rows, load_thresholds(self.store, self.config))
        return found.take((found.end != NO_INSTANT) & (found.value >= MIN_CONFIDENCE))

    def weights(self, rows: Columns) -> Floats:
        """The complexity weight of each row's kind of ticket (1: average), by the version in force at its time."""
        return self.apply_weights(rows, self.complexity_weights.places(rows.at), self.complexity_weights)

    def apply_weights(self, rows: Columns, places: Ints, weighing: ComplexityWeights) -> Floats:
        """As `weights`, by the given versions. `places`: each row's version, -1 for the configured table."""
        axes = ("severity", "category", "channel", "agent")
        labels = {axis: self.labels(rows, axis) for axis in axes}
        names = {axis: {c: self.label_name(rows, axis, c) for c in np.unique(labels[axis]).tolist()} for axis in axes}
        return match_weights(weighing, places, labels, names, self._accounts)

    @cached_property
    def complexity_weights(self) -> ComplexityWeights:
        return ComplexityWeights(load_weight_versions(self.store), ConfiguredWeights(self.config.weights))

    @cached_property
    def _accounts(self) -> dict[str | None, frozenset[int]]:
        """The accounts of each agent, by displayed name."""
        return {agent.name: frozenset(a.person for a in agent.accounts) for agent in self.people.all}

    def business_ms(self, rows: Columns, starts: Ints, ends: Ints) -> Ints:
        """Milliseconds of each span on the clock of its row."""
        return self.calendars.business_ms(rows, starts.clip(min=EARLIEST), ends)

    def _with_calendars(self, rows: Columns, kpi: str, variant: str) -> Columns:
        """The rows with the calendar of each: by severity, team, source and owner, or the schedule of the ticket.

        A duration on an unknown schedule is excluded with that reason.
        """
        if not len(rows):
            return rows
        hours = load_kpis()[kpi].variants[variant].hours
        sources, teams = self._stories.sources(rows), _map_codes(rows.team, self.team_codes)
        source_names, width = self._stories.names("source"), len(self.team_names) + 1
        combined = (rows.severity * width + teams + 1) * (len(source_names) + 1) + sources + 1
        _, first, place = np.unique(combined, return_index=True, return_inverse=True)
        codes = [
            self.calendars.configured(
                rows.words[rows.severity[i]],
                None if teams[i] == NO_PERSON else self.team_names[teams[i]],
                "" if sources[i] == NO_PERSON else source_names[sources[i]],
            )
            for i in first
        ]
        clock = np.array(codes, np.int64)[place]
        for code in np.unique(sources[clock == NO_PERSON]):
            mask = (clock == NO_PERSON) & (sources == code)
            clock[mask] = self._of_the_helpdesk(rows.take(mask), "" if code == NO_PERSON else source_names[code], hours)
        if hours == "owner":
            clock = self._of_the_owner(rows, clock)
        return self._without_unknown(rows, clock, kpi)

    def _of_the_helpdesk(self, rows: Columns, source: str, hours: Hours) -> Ints:
        """The calendars of rows of one source that the configuration leaves to the helpdesk."""
        known = self.clocks.known.get(source, {})
        if len(known) < 2 and (hours != "at_end" or not known):
            return np.full(len(rows), self.calendars.default(source))
        own = self._segments_of(np.unique(rows.ticket).tolist())
        if hours == "at_end":
            ends = np.where(rows.end == NO_INSTANT, np.maximum(rows.at, rows.start), rows.end)
            spans = zip(rows.ticket.tolist(), ends.tolist(), strict=True)
            return np.array([self.calendars.in_force(source, own[t], at) for t, at in spans], np.int64)
        tickets, place = np.unique(rows.ticket, return_inverse=True)
        codes = [self.calendars.of_segments(source, own[t]) for t in tickets.tolist()]
        return np.array(codes, np.int64)[place]

    def _segments_of(self, tickets: list[int]) -> dict[int, Segments]:
        """The schedules of some tickets; they are read once for all KPIs."""
        missing = [ticket for ticket in tickets if ticket not in self._segments]
        if missing:
            found = segments_of(self.store, missing)
            self._segments |= {ticket: found.get(ticket, DEFAULT) for ticket in missing}
        return self._segments

    def _without_unknown(self, rows: Columns, clock: Ints, kpi: str) -> Columns:
        unknown = clock == NO_PERSON
        if not unknown.any():
            return msgspec.structs.replace(rows, clock=clock)
        clock = np.where(unknown, self.calendars.default(""), clock)
        spec = load_kpis()[kpi]
        if spec.unit != "ms" and not isinstance(spec.statistic, Attainment):
            return msgspec.structs.replace(rows, clock=clock)
        words = (*rows.words, "schedule_unknown")
        stop = np.where(unknown & ~rows.has_stop_reason(EXCLUDED), len(rows.words), rows.stop)
        return msgspec.structs.replace(rows, clock=clock, stop=stop, words=words)

    def _of_the_owner(self, rows: Columns, clock: Ints) -> Ints:
        """The calendars of the rows' agents, where `[people.NAME] hours` sets them."""
        configured = {person: agent.settings.hours for person, agent in self.people.of.items() if agent.settings}
        codes = {person: self.calendars.get(hours) for person, hours in configured.items() if hours}
        own = _map_codes(rows.agent, codes)
        return np.where(own == NO_PERSON, clock, own)

    def targets(self, query: MetricQuery, rows: Columns) -> Ints:
        """Each row's own target (ms; -1: none). Attainment takes that of the KPI that the row's facet names."""
        if not isinstance(query.statistic, Attainment):
            return self.kpi_targets(query.kpi.target_of or query.kpi.id, rows)
        found = np.full(len(rows), -1, np.int64)
        for code in np.unique(rows.facet):
            mask = rows.facet == code
            found[mask] = self.kpi_targets(rows.words[code] or "", rows)[mask]
        return found

    def kpi_targets(self, kpi: str, rows: Columns) -> Ints:
        """The configured target of a KPI for each row's severity (ms; -1: none)."""
        by_level = {level: s.target_ms(kpi) for level, s in self.config.severity.items()}
        of_code = [by_level.get(w or "") for w in rows.words]
        return np.array([-1 if t is None else t for t in of_code], np.int64)[rows.severity]


def _map_codes(keys: Ints, codes: Mapping[int, int]) -> Ints:
    """Each key's code; NO_PERSON for keys without one."""
    if not len(keys):
        return keys
    distinct, place = np.unique(keys, return_inverse=True)
    return np.array([codes.get(int(k), NO_PERSON) for k in distinct], np.int64)[place.reshape(-1)]
