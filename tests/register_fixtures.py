"""A desk with a few people, tickets and articles, and registers to write into."""

import datetime as dt
from pathlib import Path
from typing import Any

from reader_fixtures import MONDAY, Source, agent, ticket

from helpdesk_kpi.config import Config, PersonConfig
from helpdesk_kpi.model import Article, Team
from helpdesk_kpi.registers.lookup import RegisterLookup
from helpdesk_kpi.registers.parser import EntryParser
from helpdesk_kpi.registers.register_types import REGISTERS
from helpdesk_kpi.registers.writer import InputRow, WriteResult, save_entries
from helpdesk_kpi.store import Store, open_store
from helpdesk_kpi.store.register_entries import Written

NOW = int(dt.datetime(2026, 11, 24, 9, tzinfo=dt.UTC).timestamp() * 1000)
PEOPLE = {
    "wang": PersonConfig(name="王小明", accounts=["acme:a"], manager="li", team="First line"),
    "li": PersonConfig(name="李娜", accounts=[]),  # a manager without an account
}


class Book:
    """A store with Ann, Bob, Cem and 王小明 (managed by 李娜), two tickets, an article of Bob's; and its registers."""

    def __init__(self, path: Path, **config: Any) -> None:
        self.store: Store = open_store(path)
        self.config = Config(
            timezone="Europe/Berlin", sources={"acme": {"connector": "zendesk"}}, **{"people": PEOPLE, **config}
        )
        Source(self.store).put(
            agent("a", "Wang"), agent("b", "Bob"), agent("e", "Cem"), agent("n", "Ann"), Team("5", "First line"),
            ticket("17", MONDAY, team="5"), ticket("18", MONDAY), article("kb1", author="b"),
        )  # fmt: skip

    def put(self, register: str, *, now: int = NOW, dry_run: bool = False, **row: Any) -> WriteResult:
        (kept,) = self.put_all((register, row), now=now, dry_run=dry_run)
        return kept

    def put_all(
        self, *given: tuple[str, dict[str, Any]], now: int = NOW, dry_run: bool = False, corrects: int | None = None
    ) -> list[WriteResult]:
        reading = EntryParser(RegisterLookup(self.store, self.config), now)
        rows = [
            InputRow(f"row {n}", REGISTERS[register], {k: str(v) for k, v in row.items()}, corrects)
            for n, (register, row) in enumerate(given, 1)
        ]
        return save_entries(reading, rows, Written(now, "tester"), dry_run=dry_run)


def article(key: str, author: str, url: str | None = None) -> Article:
    return Article(key, "How to", url or f"http://x/kb/{key}", MONDAY, MONDAY, 1, author=author)


TRAINING: dict[str, Any] = {
    "subject": "Ann", "on": "2026-11-17", "title": "Reading traces", "role": "lead", "rating": 4.5, "attendees": 8,
    "evidence": "https://x.example/slides", "approved_by": "Bob",
}  # fmt: skip
IMPROVEMENT: dict[str, Any] = {
    "id": "IMP-1", "title": "A form that asks for the order number", "authors": "Ann", "proposed": "2026-08-03",
}  # fmt: skip
REVIEW: dict[str, Any] = {
    "ticket": "17", "subject": "Ann", "by": "Bob", "on": "2026-11-18",
    "solution": 5, "clarity": 4, "tone": 4, "record": 3,
}  # fmt: skip
PEER: dict[str, Any] = {"subject": "Ann", "by": "Bob", "period": "2026-Q3", "initiative": 4, "learning": 5}
COST: dict[str, Any] = {"period": "2026-10", "amount": 31000}
GOOD: dict[str, dict[str, Any]] = {
    "training": TRAINING,
    "improvement": IMPROVEMENT,
    "quality_review": REVIEW,
    "collaboration_satisfaction": {"subject": "Ann", "by": "Zoe of R&D", "on": "2026-11-18", "speed": 4},
    "manager_rating": {"subject": "王小明", "by": "李娜", "period": "2026-Q3", "initiative": 4},
    "peer_rating": PEER,
    "self_rating": {"subject": "Ann", "period": "2026-Q3", "initiative": 5},
    "article_review": {"article": "kb1", "by": "Ann", "on": "2026-11-18", "title": 1, "complete": 0},
    "cost": COST,
    "help_centre_visits": {"period": "2026-10", "visitors": 620},
}
