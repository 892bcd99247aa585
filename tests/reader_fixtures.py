"""A few records in a store, and the figures that are read out of them."""

import datetime as dt
import zoneinfo
from collections.abc import Sequence
from typing import Any

from helpdesk_kpi.calendar.periods import parse_period
from helpdesk_kpi.config import Config
from helpdesk_kpi.measure.build.build import build_stale
from helpdesk_kpi.measure.query.metric_store import MetricStore
from helpdesk_kpi.model import Event, Person, Ticket
from helpdesk_kpi.store import Store
from helpdesk_kpi.store.page import Page
from helpdesk_kpi.store.write_page import source_key, write_page

HOUR = 3_600_000
WEEK = 7 * 24 * HOUR
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
MONDAY = int(dt.datetime(2026, 11, 16, tzinfo=BERLIN).timestamp() * 1000)  # of week 47


class Source:
    """A helpdesk whose streams have been read to the end of week 47."""

    def __init__(self, store: Store, name: str = "acme") -> None:
        self.store, self.name = store, name
        self.key = source_key(store, name, "zendesk", "http://x", 0)
        with store.transaction() as conn:
            conn.execute(
                "INSERT OR IGNORE INTO cursors (source, stream, gives, complete_until) VALUES (?, 'all', ?, ?)",
                (
                    self.key,
                    '["tickets","comments.public","comments.private","status.history","calls","chats","survey.offered"]',
                    MONDAY + 2 * WEEK,
                ),
            )

    def put(self, *records: Any, now: int = MONDAY, words: bool = True, **page: Any) -> None:
        """`words`: each ticket begins with a message of its requester, where the records tell of none."""
        begun = [first_words(one, records) for one in records if words and isinstance(one, Ticket)]
        told = [*records, *(one for one in begun if one)]
        write_page(self.store, self.key, "tickets", Page(records=told, **page), now=now)


def first_words(of: Ticket, records: Sequence[Any]) -> Event | None:
    """None: they are among the records."""
    mine = (one for one in records if isinstance(one, Event) and one.ticket == of.id and one.kind == "comment")
    if any(one.at <= of.created_at for one in mine):
        return None
    return Event(of.id, "created", of.created_at, -1, "comment", actor=of.requester, public=True, length=100)


def ticket(number: str, created: int, **more: Any) -> Ticket:
    return Ticket(
        number, number, f"http://x/{number}", created, created, 1, **{"status": "open", "requester": "c", **more}
    )


def reply(number: str, at: int, who: str) -> Event:
    return Event(number, f"{number}-{at}", at, 1, "comment", actor=who, public=True, length=100)


def agent(key: str, name: str, version: int = 1, **more: Any) -> Person:
    return Person(key, "agent", "agent", version, name=name, **more)


def verified(key: str, name: str, address: str) -> Person:
    return agent(key, name, email=address, email_verified=True)


def customer(key: str, address: str | None) -> Person:
    return Person(key, "customer", "end-user", 1, name="Somebody", email=address)


def reader(store: Store, **config: Any) -> MetricStore:
    settings = Config(timezone="Europe/Berlin", **{"sources": {"acme": {"connector": "zendesk"}}, **config})
    build_stale(store, settings)
    return MetricStore(store, settings)


def value(of: MetricStore, kpi: str, week: str = "2026-W47", **where: str | None) -> Any:
    period = parse_period(week, "Europe/Berlin", MONDAY)
    return of.get(kpi, period, period.end + HOUR, "strict", **where)


def period_of() -> tuple[Any, int]:
    period = parse_period("2026-W47", "Europe/Berlin", MONDAY)
    return period, period.end + HOUR
