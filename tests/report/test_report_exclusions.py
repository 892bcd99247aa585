"""What a report leaves out is counted by its reason at the end of it; and what follows a closed ticket is counted."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from metric_store_fixtures import HOUR, MONDAY, Source, agent, reader, reply, ticket
from report_fixtures import FakeFigures, facts, week

from helpdesk_kpi.calendar.periods import parse_period
from helpdesk_kpi.config import Config, Exclude, LoadedConfig, Tickets
from helpdesk_kpi.config import ReportConfig as Wanted
from helpdesk_kpi.measure.build.build import build_stale
from helpdesk_kpi.measure.query.metric_query import build_query
from helpdesk_kpi.model import Event, Person, Ticket
from helpdesk_kpi.report.context import RenderContext
from helpdesk_kpi.report.formatting import Formatter
from helpdesk_kpi.report.prepare import prepare_report
from helpdesk_kpi.report.report import Report
from helpdesk_kpi.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "a.db") as opened:
        yield opened


def at_the_end(figures: FakeFigures) -> str:
    return Report("weekly_digest", RenderContext(figures, Formatter("en", figures.zone))).footer.left_out


def closing(number: str) -> Event:
    return Event(number, f"{number}-close", MONDAY + 3 * HOUR, 2, "change", actor="a", field="status",
                 before="open", after="closed")  # fmt: skip


def opening(number: str, who: str) -> Event:
    return Event(number, f"{number}-0", MONDAY + HOUR, 0, "comment", actor=who, via="web", public=True,
                 length=100)  # fmt: skip


def put_one_of_each(store: Store) -> None:
    """Of all that is left out one more than of the last: 1 test, 2 internal, ... 6 deleted; and 3 that count."""
    kinds: dict[str, dict[str, object]] = {
        "test": {"tags": ("test",)}, "internal": {"requester": "a"}, "outbound": {"submitter": "a"},
        "spam": {"is_spam": True}, "merged": {"merged_into": "plain-1", "status": "closed"},
        "deleted": {"deleted_at": MONDAY + 5 * HOUR},
    }  # fmt: skip
    records: list[object] = [agent("a", "Ann"), Person("c", "customer", "end-user", 1, name="Carl")]
    for many, (kind, row) in enumerate(kinds.items(), 1):
        for n in range(many):
            records += _ticket(f"{kind}-{n}", row)
    records += [*_ticket("plain-1", {}), *_ticket("again-1", {"follow_up_of": "plain-1"})]
    records += _ticket("again-2", {"follow_up_of": "plain-1"})
    source = Source(store)
    source.put(*records)
    with store.transaction() as conn:  # a report wants a source that a sync has read
        conn.execute("INSERT INTO syncs (source, stream, started, ended, outcome, requests, records)"
                     " VALUES (?, 'all', 0, 0, 'ok', 1, 1)", (source.key,))  # fmt: skip


def _ticket(number: str, row: dict[str, object]) -> list[object]:
    made: Ticket = ticket(number, MONDAY + HOUR, **{"submitter": "c", **row})
    return [made, opening(number, str(made.submitter)), reply(number, MONDAY + 2 * HOUR, "a"),
            *([closing(number)] if made.merged_into else [])]  # fmt: skip


def configured(locale: str) -> Config:
    return Config(
        timezone="Europe/Berlin", sources={"acme": {"connector": "zendesk"}},
        tickets=Tickets(exclude=Exclude(tags=["test"])),
        reports={"weekly": Wanted(template="weekly_digest", locale=locale)},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("locale", "says"),
    [
        (
            "en",
            "2 internal, 1 test; 2 that follow closed tickets are counted as tickets of their own",
        ),
        ("zh", "另有 2 单是已关闭工单的后续"),
    ],
)
def test_every_reason_is_counted_at_the_end_of_a_report(store: Store, tmp_path: Path, locale: str, says: str) -> None:
    put_one_of_each(store)
    config = configured(locale)
    build_stale(store, config)
    loaded = LoadedConfig(config, tmp_path / "helpdesk-kpi.toml", "")
    period = parse_period("2026-W47", "Europe/Berlin", MONDAY)
    (made,) = prepare_report(store, loaded, "weekly", period=period, as_of=period.end + HOUR)
    for text in (made.rendered.text, made.rendered.html, made.rendered.page):
        assert says in " ".join(str(text).replace("<strong>", "").replace("</strong>", "").split())


def test_what_is_left_out_is_in_no_figure(store: Store) -> None:
    put_one_of_each(store)
    of = reader(store, tickets=Tickets(exclude=Exclude(tags=["test"])))
    period = parse_period("2026-W47", "Europe/Berlin", MONDAY)
    value = of.get(build_query("first_reply_time", period, period.end + HOUR))
    assert value.n == 3  # the plain one and its two follow-ups
    assert dict(value.excluded) == {"deleted": 6, "merged": 5, "spam": 4, "outbound": 3, "internal": 2, "test": 1}
    assert of.get(build_query("solved_tickets", period, period.end + HOUR)).n == 0


def test_without_follow_ups_nothing_is_said_of_them() -> None:
    assert at_the_end(week()) == "21 spam, 8 merged, 4 test"
    one = at_the_end(week(facts=facts(excluded={"spam": 21}, follow_ups=1)))
    assert one == "21 spam; 1 that follows a closed ticket is counted as one of its own"
