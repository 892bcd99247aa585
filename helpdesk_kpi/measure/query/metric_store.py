"""Reading observations: any KPI over any slice of any period, as of any instant."""

from collections.abc import Iterable, Mapping
from functools import cached_property, partial

import msgspec
import numpy as np

from helpdesk_kpi.calendar.calendar_rules import CalendarRules
from helpdesk_kpi.calendar.periods import Period
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
    Freshness,
    Hours,
    Kpi,
    Ratio,
    Score,
    Share,
    Statistic,
    Total,
    hides_answers,
)
from helpdesk_kpi.measure.metrics.dimensions import TicketDimensions
from helpdesk_kpi.measure.metrics.discovery import get_kpi, load_kpis
from helpdesk_kpi.measure.metrics.metric_value import MetricValue, Point
from helpdesk_kpi.measure.query.aggregate import aggregate
from helpdesk_kpi.measure.query.complexity_weights import ComplexityWeights, Table, get_weights, load_weight_versions
from helpdesk_kpi.measure.query.confidential import SPANS, Confidential
from helpdesk_kpi.measure.query.limiting_defaults import Default, defaults
from helpdesk_kpi.measure.query.metric_query import MetricQuery, Policy, select_rows
from helpdesk_kpi.measure.query.span_lengths import SpanLengths
from helpdesk_kpi.measure.recurrence.similarity_thresholds import confidence, load_thresholds
from helpdesk_kpi.measure.statistics.control_chart import Kind, Signal, detect_signal
from helpdesk_kpi.milliseconds import DAY
from helpdesk_kpi.model import MAIN, SubjectKind
from helpdesk_kpi.store import Store

MIN_CONFIDENCE = 0.7  # evidence that is less sure than this makes nothing a follower
EARLIEST = 631_152_000_000  # 1990: nobody's clock runs from before, whatever an import says
HISTORY_PERIODS = 26  # periods behind the usual range
AXES = ("severity", "team", "agent", "category", "channel", "source", "facet")
#: Open tickets are past due by the promise for their resolution.
DUE = {"backlog": "full_resolution_time", "backlog_age": "full_resolution_time"}


class MetricStore:
    """Figures out of one store under one configuration. It reads each fold once and keeps it."""

    def __init__(self, store: Store, config: Config, *, back_to: int = 0) -> None:
        """`back_to`: no figure of an earlier instant will be asked for."""
        self.store = store
        self.config = config
        self.back_to = back_to
        self.clocks = CalendarRules(store, config)
        self._stories = TicketDimensions(store, config)
        self.calendars = SpanLengths(self.clocks)
        self._columns: dict[tuple[str, str], Columns] = {}
        self._slices: dict[tuple[object, ...], Columns] = {}
        self._following: dict[tuple[str, str], Columns] = {}
        self._groups: dict[tuple[str, str], Confidential] = {}
        self._segments: dict[int, Segments] = {}  # by ticket

    @cached_property
    def defaults(self) -> list[Default]:
        """Settings by which a KPI may be void."""
        return defaults(self.store, self.config)

    def columns(self, kpi: str, variant: str = "strict") -> Columns:
        """All kept observations of one variant."""
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

    def _all_rows(self, kpi: str, variant: str) -> Columns:
        """As `columns`, but from the first instant on, whatever `back_to` says."""
        fold = self.store.one("SELECT id FROM metrics WHERE kpi = ? AND variant = ?", kpi, variant)
        return load_columns(self.store, load_kpis()[kpi].subject, [fold], 0)[fold]

    def get(self, kpi: str, period: Period, as_of: int, variant: str = "strict", **where: str | None) -> MetricValue:
        """The figure with the periods before it, each read at the same age, and what it means against them."""
        spec = get_kpi(kpi)
        present = self.compute(spec, period, as_of, variant, **where)
        lag = as_of - period.end
        known = self.history_from
        earlier = [period.shift_back(n) for n in range(HISTORY_PERIODS, 0, -1)] if known is not None else []
        earlier = [p for p in earlier if p.start >= (known or 0)]
        values = [self.compute(spec, p, p.end + lag, variant, **where) for p in earlier]
        history = tuple(Point(p.label, v.value, v.n) for p, v in zip(earlier, values, strict=True))
        return msgspec.structs.replace(
            present,
            previous=values[-1] if values else None,
            history=history,
            signal=_detect_signal(spec, history, present),
            provisional=as_of < period.end + spec.matures_of(variant) * DAY,
        )

    def compute(
        self, kpi: Kpi, period: Period, as_of: int, variant: str = "strict", **where: str | None
    ) -> MetricValue:
        """The figure alone."""
        told = kpi.statistic_of(variant)
        if isinstance(told, Ratio):
            parts = [self.compute(get_kpi(part), period, as_of, "strict", **where) for part in (told.a, told.b)]
            return self._ratio(kpi, variant, parts)
        if kpi.facet == "dimension" and "facet" not in where:
            where = {**where, "facet": MAIN}
        rows = self.slice(kpi.id, variant, **where)
        asked = MetricQuery(kpi, variant, period.start, period.end, as_of)
        if hides_answers(told):
            return self._confidential(asked, rows, tells=period.kind in SPANS)
        found = aggregate(asked, rows, self.policy(kpi, variant))
        if isinstance(told, Total) and told.weighted:
            return msgspec.structs.replace(
                found, basis=self.complexity_weights.bases(period.start, min(period.end, as_of))
            )
        return found

    def _confidential(self, asked: MetricQuery, rows: Columns, *, tells: bool) -> MetricValue:
        """A score of answers that are shown in groups only. `tells`: how many are not shown; of days and weeks that
        would say when somebody answered.
        """
        here, exists = select_rows(asked, rows)
        shown = self.shown(asked, here.take(exists))
        found = aggregate(asked, shown, self.policy(asked.kpi, asked.variant))
        found = msgspec.structs.replace(found, sd=None, p90=None)  # with these and the mean, few answers are known
        hidden = len(here) - len(shown)
        if not hidden or not tells:
            return found
        reason = "too_few_raters" if asked.end <= asked.as_of else "period_open"
        n = found.n or (float(hidden) if reason == "too_few_raters" else 0.0)
        return msgspec.structs.replace(found, n=n, excluded={**found.excluded, reason: hidden})

    def shown(self, asked: MetricQuery, rows: Columns) -> Columns:
        """Those of some rows that may be shown; of scores that hide answers, whole groups of closed periods."""
        told = asked.statistic
        if not hides_answers(told):
            return rows
        if asked.end > asked.as_of:
            return rows.take(slice(0, 0))
        key = (asked.kpi.id, asked.variant)
        if key not in self._groups:
            known = self._all_rows(*key)
            about = (self.labels(known, "agent"), self.labels(known, "team"))
            self._groups[key] = Confidential(
                self.store, known, about, fewest=told.min_raters, zone=self.config.timezone
            )
        return rows.take(self._groups[key].shown(rows, asked.as_of))

    def _ratio(self, kpi: Kpi, variant: str, parts: list[MetricValue]) -> MetricValue:
        above, below = parts
        value = above.value / below.value if above.n and above.value is not None and below.value else None
        return MetricValue(kpi=kpi.id, variant=variant, unit=kpi.unit, n=below.n, value=value)

    def slice(self, kpi: str, variant: str = "strict", **where: str | None) -> Columns:
        """The observations that fit all of `where`; None stands for no severity, no team, nobody."""
        key = (kpi, variant, *sorted(where.items()))
        if key not in self._slices:
            rows = self.columns(kpi, variant)
            for axis, name in where.items():
                rows = rows.take(self.labels(rows, axis) == self._label_code(rows, axis, name))
            self._slices[key] = rows
        return self._slices[key]

    def names(
        self, kpi: str, axis: str, period: Period, as_of: int, variant: str = "strict", **where: str | None
    ) -> list[str | None]:
        """Who or what occurs on an axis in a period, in the order of the names; None last."""
        asked = MetricQuery(get_kpi(kpi), variant, period.start, period.end, as_of)
        rows, exists = select_rows(asked, self.slice(kpi, variant, **where))
        codes = np.unique(self.labels(rows, axis)[exists])
        found = {self.label_name(rows, axis, int(c)) for c in codes}
        return [*sorted(n for n in found if n is not None), *([None] if None in found else [])]

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
        """Who is or was of the team."""
        return load_agents(self.store, self.config)

    @property
    def agent_by_account(self) -> dict[int, str]:
        """The human behind every account that is or was of the team, as readers call them."""
        return self.people.names

    @cached_property
    def agent_names(self) -> list[str]:
        return sorted(set(self.agent_by_account.values()))

    @cached_property
    def agent_codes(self) -> dict[int, int]:
        place = {name: code for code, name in enumerate(self.agent_names)}
        return {key: place[name] for key, name in self.agent_by_account.items()}

    @cached_property
    def history_from(self) -> int | None:
        """The first instant from which on the store knows whole histories; None: it knows no ticket."""
        first = "(SELECT min(created_at) FROM tickets WHERE source = s.id)"
        found = self.store.one(f"SELECT max(max({first}, s.since)) FROM sources s")  # before, one of them is unknown
        return None if found is None else int(found)

    # Clocks and targets

    def policy(self, kpi: Kpi, variant: str) -> Policy:
        """What the figures of a variant are read under."""

        def targets(rows: Columns) -> Ints:
            of_facet = isinstance(kpi.statistic_of(variant), Attainment)
            return self._targets(rows) if of_facet else self.targets(DUE.get(kpi.id, kpi.id), rows)

        scale = self._scale(kpi.statistic_of(variant))
        followers = partial(self._followers, kpi, variant)
        return Policy(self.business_ms, targets, self.calendars.kind, followers, self.weights, scale)

    def _scale(self, told: Statistic) -> tuple[float, float]:
        if not isinstance(told, Score):
            return UNBOUNDED
        form: Form | None = getattr(self.config.registers, told.form) if told.form else None
        return told.scale if form is None else form.scale

    def _followers(self, kpi: Kpi, variant: str) -> Columns:
        """What may follow the rows of a KPI: among its own rows, and those of the KPI that it joins."""
        key = (kpi.id, variant)
        if key not in self._following:
            told = kpi.statistic_of(variant)
            assert isinstance(told, Followup)
            joined = [self.columns(told.joined)] if told.joined else []
            self._following[key] = self._sure(concatenate([self.columns(*key), *joined]))
        return self._following[key]

    def repeats(self, as_of: int) -> Columns:
        """Tickets about the problem of an earlier one of the same customer, as far as that is known then: `ticket` is
        the earlier one, `end` the creation of the later.
        """
        found = self._sure(self.columns("repeat_contacts"))
        return found.take(found.exist(as_of))

    def _sure(self, rows: Columns) -> Columns:
        found = confidence(rows, load_thresholds(self.store, self.config))
        return found.take((found.end != NO_INSTANT) & (found.value >= MIN_CONFIDENCE))

    def weights(self, rows: Columns) -> Floats:
        """How much work each row's kind of ticket is; 1: as much as the mean. Of the version that held when it was."""
        return self.apply_weights(rows, self.complexity_weights.places(rows.at), self.complexity_weights)

    def apply_weights(self, rows: Columns, places: Ints, weighing: ComplexityWeights) -> Floats:
        """As `weights`, by the given versions."""
        return get_weights(rows, places, weighing, self, self._accounts)

    @cached_property
    def complexity_weights(self) -> ComplexityWeights:
        return ComplexityWeights(load_weight_versions(self.store), Table(self.config.weights))

    @cached_property
    def _accounts(self) -> dict[str | None, frozenset[int]]:
        """The accounts of each human, as readers call them."""
        return {human.name: frozenset(a.person for a in human.accounts) for human in self.people.all}

    def business_ms(self, rows: Columns, starts: Ints, ends: Ints) -> Ints:
        """Milliseconds of each span on the clock of its row."""
        return self.calendars.business_ms(rows, starts.clip(min=EARLIEST), ends)

    def _with_calendars(self, rows: Columns, kpi: str, variant: str) -> Columns:
        """The rows with the calendar of each: by severity, team and source, whose hours they are, or the schedule that
        the helpdesk's ticket runs on. A duration on a schedule that is not known is left out by that reason.
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
            told = zip(rows.ticket.tolist(), ends.tolist(), strict=True)
            return np.array([self.calendars.in_force(source, own[t], at) for t, at in told], np.int64)
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
        """The calendars of whom the rows belong to, where `[people.NAME] hours` tells them."""
        told = {person: human.settings.hours for person, human in self.people.of.items() if human.settings}
        codes = {person: self.calendars.get(hours) for person, hours in told.items() if hours}
        own = _map_codes(rows.agent, codes)
        return np.where(own == NO_PERSON, clock, own)

    def targets(self, kpi: str, rows: Columns) -> Ints:
        by_level = {level: s.target_ms(kpi) for level, s in self.config.severity.items()}
        of_code = [by_level.get(w or "") for w in rows.words]
        return np.array([-1 if t is None else t for t in of_code], np.int64)[rows.severity]

    def _targets(self, rows: Columns) -> Ints:
        """Each row's own target for the KPI that its facet names (ms, -1: none)."""
        found = np.full(len(rows), -1, np.int64)
        for code in np.unique(rows.facet):
            mask = rows.facet == code
            found[mask] = self.targets(rows.words[code] or "", rows)[mask]
        return found


def filter_team(team: str | None) -> dict[str, str | None]:
    """The slice of one team, or the whole."""
    return {} if team is None else {"team": team}


def _map_codes(keys: Ints, codes: Mapping[int, int]) -> Ints:
    """Each key's code; NOBODY for keys without one."""
    if not len(keys):
        return keys
    distinct, place = np.unique(keys, return_inverse=True)
    return np.array([codes.get(int(k), NO_PERSON) for k in distinct], np.int64)[place.reshape(-1)]


def _detect_signal(kpi: Kpi, history: tuple[Point, ...], present: MetricValue) -> Signal:
    return detect_signal(history, Point("", present.value, present.n), _kind(kpi), kpi.better)


def _kind(kpi: Kpi) -> Kind:
    if isinstance(kpi.statistic, Share | Attainment | Followup | Freshness):
        return "share"
    if isinstance(kpi.statistic, Score | Ratio):
        return "level"
    if isinstance(kpi.statistic, Total) and kpi.statistic.signed:
        return "difference"
    return "count" if kpi.unit == "tickets" or isinstance(kpi.statistic, Total) else "duration"
