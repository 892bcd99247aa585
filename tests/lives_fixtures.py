"""Small made-up desks for properties: a few tickets with a few acts each, and every figure that is read of them."""

import shutil
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, Self

from hypothesis import strategies as st
from reader_fixtures import HOUR, WEEK, Source

from helpdesk_kpi.calendar.periods import Period, parse_period
from helpdesk_kpi.config import Config, Hours, Severity, Tickets
from helpdesk_kpi.measure.build.build import build_stale
from helpdesk_kpi.measure.metrics.discovery import find_kpis
from helpdesk_kpi.measure.metrics.metric_value import MetricValue
from helpdesk_kpi.measure.query.metric_store import MetricStore
from helpdesk_kpi.model import Event, Person, Rating, Team, Ticket
from helpdesk_kpi.store import Store, open_store

MINUTE = 60_000
MONTH = parse_period("2027-02", "UTC", 0)  # begins on a Monday, and is four whole weeks
START, AFTER = MONTH.start, MONTH.end + 6 * WEEK
VARIANTS = [(kpi.id, variant) for kpi in find_kpis().values() for variant in kpi.variants]
STRICT = [(kpi, variant) for kpi, variant in VARIANTS if variant == "strict"]

#: What happens; what is said more often stands more often.
ACTS = ("reply", "reply", "reply", "short", "note", "writes", "asks", "thanks", "pending", "solve", "reopen", "take",
        "pass", "team")  # fmt: skip
TEXT = {"reply": 200, "short": 30, "note": 90, "writes": 120, "asks": 60, "thanks": 12}


class Act(NamedTuple):
    """Something that happens to a ticket."""

    gap: int  # minutes since the last act
    what: str
    who: str  # an agent


class Life(NamedTuple):
    """One ticket."""

    begins: int  # minutes since the month's beginning
    priority: str | None
    acts: tuple[Act, ...]
    rated: str | None = None  # some time after the last act
    number: str = "1"
    customer: str = "c"


def lives(most: int = 4) -> st.SearchStrategy[list[Life]]:
    """Some tickets of the month. Their numbers say their places."""
    act = st.builds(Act, st.integers(1, 2500), st.sampled_from(ACTS), st.sampled_from("ab"))
    acts = st.lists(act, min_size=1, max_size=8).map(tuple)
    life = st.builds(
        Life, st.integers(0, 26 * 1440), st.sampled_from(["urgent", "normal", None]), acts,
        st.sampled_from([None, "good", "good", "bad"]),
    )  # fmt: skip
    return st.lists(life, min_size=1, max_size=most).map(
        lambda found: [one._replace(number=str(i), customer=f"c{i}") for i, one in enumerate(found, 1)]
    )


def records(life: Life, shift: int = 0) -> list[Any]:
    """What a helpdesk would tell of it, `shift` ms later."""
    created = START + life.begins * MINUTE + shift
    events = [_comment(life, 0, created, life.customer, "writes")]
    at, status, assignee, team = created, "open", None, "t"
    for place, act in enumerate(life.acts, 1):
        at += act.gap * MINUTE
        found, status, assignee, team = _done(life, place, at, act, (status, assignee, team))
        events += found
    ticket = Ticket(
        life.number, life.number, f"http://x/{life.number}", created, at, 1, status=status, priority=life.priority,
        requester=life.customer, submitter=life.customer, assignee=assignee, team=team, channel="email",
    )  # fmt: skip
    told: list[Any] = [Person(life.customer, "customer", "end-user", 1, name=life.customer), ticket, *events]
    if life.rated:
        answered = at + 30 * HOUR
        told.append(Rating(f"r{life.number}", life.number, at + 24 * HOUR, 1, category=life.rated,  # type: ignore[arg-type]
                           answered_at=answered))  # fmt: skip
    return told


def _done(
    life: Life, place: int, at: int, act: Act, now: tuple[str, str | None, str]
) -> tuple[list[Event], str, str | None, str]:
    """An act's events, and the ticket's status, assignee and team after it. What changes nothing is no event."""
    status, assignee, team = now
    by_customer = act.what in {"writes", "asks", "thanks"}
    who = life.customer if by_customer else act.who
    after = {"pending": "pending", "solve": "solved", "reopen": "open"}.get(act.what, status)
    if by_customer or (act.what == "reopen" and status != "solved"):
        after = "open"
    given = act.who if act.what == "take" else {"a": "b"}.get(act.who, "a") if act.what == "pass" else assignee
    moved = {"t": "u"}.get(team, "t") if act.what == "team" else team
    found = [_comment(life, place, at, who, act.what)] if act.what in TEXT else []
    for field, before, value in (("status", status, after), ("assignee", assignee, given), ("team", team, moved)):
        if before != value:
            number = f"{life.number}-{place}-{field}"
            found.append(Event(life.number, number, at, place, "change", actor=who, field=field, before=before,
                               after=value))  # fmt: skip
    return found, after, given, moved


def _comment(life: Life, place: int, at: int, who: str, what: str) -> Event:
    return Event(
        life.number, f"{life.number}-{place}", at, place, "comment", actor=who, public=what != "note",
        length=TEXT[what], is_thanks=what == "thanks", is_question=what == "asks",
    )  # fmt: skip


def comment(number: str, at: int, who: str, *, public: bool) -> Event:
    """One more comment, as everybody knows it."""
    return Event(number, f"{number}-more-{who}", at, 500, "comment", actor=who, public=public, length=100,
                 is_thanks=False, is_question=False)  # fmt: skip


CONFIG = Config(
    timezone="UTC",
    sources={"acme": {"connector": "zendesk", "severity": {"urgent": "P0", "normal": "P2"}}},
    hours={"default": Hours(weekly={"mon-fri": ("09:00-17:00",)})},
    severity={
        "P0": Severity(hours="always", targets={"first_reply_time": "1h", "full_resolution_time": "1d"}),
        "P2": Severity(targets={"first_reply_time": "8h", "full_resolution_time": "3d"}),
    },
    tickets=Tickets(bots=["robot"]),
)


class Desk:
    """The figures of some records, through store, fold and reader."""

    def __init__(self, told: Sequence[Any], names: dict[str, str] | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory()
        path = Path(self._folder.name) / "a.db"
        shutil.copy(_empty(), path)
        self.store: Store = open_store(path)
        called = names or {"a": "Ann", "b": "Bob"}
        team = [Person(key, "agent", "agent", 1, name=name) for key, name in (called | {"robot": "robot"}).items()]
        Source(self.store).put(Team("t", "First"), Team("u", "Second"), *team, *told)
        build_stale(self.store, CONFIG, extra=VARIANTS)
        self.reader = MetricStore(self.store, CONFIG)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.store.close()
        self._folder.cleanup()

    def figure(
        self, kpi: str, variant: str = "strict", period: Period = MONTH, as_of: int = AFTER, **where: str | None
    ) -> MetricValue:
        return self.reader.compute(find_kpis()[kpi], period, as_of, variant, **where)

    def figures(
        self, period: Period = MONTH, as_of: int = AFTER, **where: str | None
    ) -> dict[tuple[str, str], MetricValue]:
        """Every variant of every KPI."""
        return {(k, v): self.figure(k, v, period, as_of, **where) for k, v in VARIANTS}


@cache
def _empty() -> Path:
    """A store without anything, to be copied: making one takes longer than all that follows."""
    path = Path(tempfile.mkdtemp()) / "empty.db"
    with open_store(path):
        pass
    return path
