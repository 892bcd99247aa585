"""A store with a ticket or two, read by every variant: of Ann, who has hours of her own, and of Bob, who has none."""

from typing import Any

from reader_fixtures import WEEK, Source, agent, reply, ticket
from variant_fixtures import Told

from helpdesk_kpi.calendar.periods import get_period_at
from helpdesk_kpi.config import Config, PersonConfig, Severity
from helpdesk_kpi.measure.build.build import build_stale
from helpdesk_kpi.measure.metrics.discovery import find_kpis, get_kpi
from helpdesk_kpi.measure.query.metric_store import MetricStore
from helpdesk_kpi.model import Event, SlaCycle
from helpdesk_kpi.store import Store

MINUTE = 60_000
OFFICE = {"mon-fri": ("09:00-17:00",)}
#: How the helpdesk calls its priorities.
SEVERITY = {"urgent": "P0", "normal": "P2"}


def put(store: Store, *records: Any, **page: Any) -> None:
    Source(store).put(agent("a", "Ann"), agent("b", "Bob"), *records, **page)


def answered(number: str, created: int, end: int, *, taken: int | None = None, **more: Any) -> list[Any]:
    """A ticket that Ann takes over at once (or when she does), and that is answered and solved by her in one save."""
    taken = created if taken is None else taken
    made = ticket(number, created, **{"status": "solved", "priority": "normal", "assignee": "a", **more})
    took = Event(number, f"{number}-took", taken, 1, "change", actor="a", field="assignee", before=None, after="a")
    return [made, took, reply(number, end, "a"), solve(number, end, "a")]


def solve(number: str, at: int, who: str) -> Event:
    return Event(number, f"{number}-{at}-s", at, 2, "change", actor=who, field="status", before="open", after="solved")


def cycle(
    number: str, start: int, stop: int | None, breach: int, *, promise: str = "first_response", run: int = 0
) -> SlaCycle:
    """A promise of the helpdesk's own."""
    is_breached = None if stop is None else stop > breach
    return SlaCycle(number, promise, run, promise, stop or start, start, stop, breach, is_breached=is_breached)


def read(store: Store, *, target: str = "", **config: Any) -> MetricStore:
    """All variants, measured. `target`: within which a P2 is to be answered and solved; `hours` has Ann's as "own"."""
    targets = {kpi: target for kpi in ("first_reply_time", "full_resolution_time") if target}
    hours = config.get("hours", {})
    settings = Config(
        **{
            "timezone": "Europe/Berlin",
            "sources": {"acme": {"connector": "zendesk", "severity": SEVERITY}},
            "severity": {"P2": Severity(targets=targets)},
            "people": {"ann": PersonConfig(accounts=["acme:a"], name="Ann", hours="own" if "own" in hours else None)},
            **config,
        }
    )
    build_stale(store, settings, extra=[(kpi.id, variant) for kpi in find_kpis().values() for variant in kpi.variants])
    return MetricStore(store, settings)


def figures(
    of: MetricStore, created: int, zone: str = "Europe/Berlin", *, as_of: int | None = None, **where: Any
) -> Any:
    """(kpi, variant) -> the figure of the week of an instant, as of five weeks later if nothing is said."""
    period, seen = get_period_at("week", created, zone), created + 5 * WEEK if as_of is None else as_of
    return lambda kpi, variant: of.compute(get_kpi(kpi), period, seen, variant, **where)


def medians(of: MetricStore, created: int, zone: str = "Europe/Berlin", **where: Any) -> Told:
    """Of lengths of time: the median in minutes."""
    figure = figures(of, created, zone, **where)

    def told(kpi: str, variant: str) -> float | None:
        median: float | None = figure(kpi, variant).median
        return None if median is None else median / MINUTE

    return told


def kept(of: MetricStore, created: int, zone: str = "Europe/Berlin", **where: Any) -> Told:
    """Of shares and sums: (n, value)."""
    figure = figures(of, created, zone, **where)

    def told(kpi: str, variant: str) -> tuple[float, float | None]:
        value = figure(kpi, variant)
        return value.n, value.value

    return told
