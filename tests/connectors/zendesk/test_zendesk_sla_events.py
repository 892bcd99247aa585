"""Metric events: breaches told before they happen, events told late, events taken back, over either way."""

import datetime as dt
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from synced_fixtures import SyncedDesk
from zendesk_fixtures import NOW, SINCE, kept, pull, records, ticket

from connectors.zendesk.streams.sla_events import MetricEvent, map_sla_event
from helpdesk_kpi.milliseconds import DAY, HOUR, MINUTE
from helpdesk_kpi.model import NativeMetric, SlaEvent
from helpdesk_kpi.pull.contract import Todo
from helpdesk_kpi.pull.sync import exit_status
from helpdesk_kpi.simulator.world.world import World, generate
from helpdesk_kpi.simulator.zendesk.metric_events import LATE, MetricEvents, WrittenEvent

T0 = 1_780_308_000_000  # 2026-06-01T10:00:00Z


def map_row(**given: Any) -> SlaEvent:
    whole = {"id": 5, "ticket_id": 42, "metric": "reply_time", "instance_id": 1, "type": "activate",
             "time": "2026-06-01T10:00:00Z", "deleted": False}  # fmt: skip
    return map_sla_event(msgspec.convert({**whole, **given}, MetricEvent, strict=False))


def test_a_metric_event_names_its_clock_and_its_run() -> None:
    assert map_row() == SlaEvent("42", "5", "reply_time", 1, "activate", T0)
    assert map_row(type="breach", deleted=True).is_deleted


def test_an_sla_target_is_in_seconds_or_else_in_minutes() -> None:
    sla = {"target": 160, "business_hours": True, "policy": {"id": 29, "title": "Gold", "description": None}}
    found = map_row(type="apply_sla", sla=sla)
    assert (found.target, found.in_business_hours, found.policy) == (160 * MINUTE, True, "29")
    assert map_row(type="apply_sla", sla={**sla, "target_in_seconds": 90}).target == 90_000
    assert map_row(type="apply_group_sla", group_sla={**sla, "target_in_seconds": 90}).target == 90_000


def test_elapsed_time_is_in_minutes_of_both_clocks() -> None:
    found = map_row(type="update_status", status={"calendar": 8584, "business": 1864})
    assert (found.calendar, found.business) == (8584 * MINUTE, 1864 * MINUTE)


# the stream


def event(number: int, at: int, **given: Any) -> dict[str, Any]:
    """`at`: UNIX seconds."""
    time = dt.datetime.fromtimestamp(at, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    whole = {"id": number, "ticket_id": 1, "metric": "reply_time", "instance_id": 1, "type": "activate", "time": time}
    return {**whole, **given}


@pytest.mark.trap("zendesk 27")
def test_a_breach_announced_for_later_does_not_move_the_place_into_the_future() -> None:
    """The end time is that of the last row; a place there would skip all that happens until then."""
    rows = [event(1, NOW - 500), event(2, NOW + 90_000, type="breach")]
    page = {"ticket_metric_events": rows, "end_time": NOW + 90_000, "end_of_stream": True}
    pages, _ = pull("sla_events", lambda _: page)
    assert [e.at for e in records(pages, SlaEvent)] == [(NOW - 500) * 1000, (NOW + 90_000) * 1000]
    assert kept(pages) == str(NOW - 61)


def test_a_page_that_ends_in_the_future_is_the_last_one_whatever_it_says() -> None:
    page = {"ticket_metric_events": [event(2, NOW + 90_000)], "end_time": NOW + 90_000, "end_of_stream": False}
    _, requests = pull("sla_events", lambda _: page)
    assert len(requests) == 1


def test_the_last_hour_is_read_again() -> None:
    page = {"ticket_metric_events": [], "end_time": NOW - 100, "end_of_stream": True}
    pages, requests = pull("sla_events", lambda _: page, cursor=str(NOW - 600))
    assert requests[-1].url.params["start_time"] == str(NOW - 600 - 3600)
    assert int(kept(pages) or 0) >= NOW - 600


@pytest.mark.trap("zendesk 27")
def test_every_page_is_read_to_the_end_of_the_stream() -> None:
    """A reader that stops early loses most events for good."""
    rows = [event(n, NOW - 9000 + n * 10) for n in range(7)]

    def answers(request: httpx.Request) -> dict[str, Any]:
        start = int(request.url.params["start_time"])
        later = [row for row, at in zip(rows, range(NOW - 9000, NOW, 10), strict=False) if at >= start]
        end = NOW - 9000 + 10 * (7 - len(later) + min(3, len(later)) - 1)
        return {"ticket_metric_events": later[:3], "end_time": end, "end_of_stream": len(later) <= 3}

    pages, requests = pull("sla_events", answers)
    assert sorted({e.id for e in records(pages, SlaEvent)}) == [str(n) for n in range(7)]
    assert len(requests) > 2


@pytest.mark.trap("zendesk 10")
def test_without_the_export_events_of_changed_tickets_are_requested() -> None:
    events = {"reply_time": [event(1, NOW - 500)], "resolution_time": [event(2, NOW - 500, metric="resolution_time")]}

    def answers(request: httpx.Request) -> Any:
        if "incremental" in request.url.path:
            return httpx.Response(403, json={"error": {"title": "Forbidden"}})
        if request.url.path == "/api/v2/tickets":
            return {"tickets": [], "meta": {"has_more": False}}
        if request.url.path == "/api/v2/tickets/8/metric_events":
            return httpx.Response(404, json={"error": "RecordNotFound"})
        assert request.url.path in {"/api/v2/tickets/7/metric_events", "/api/v2/tickets/9/metric_events"}
        return events

    fresh = Todo(NOW * 1000 - HOUR // 2, "9")
    todo = [Todo(NOW * 1000 - 2 * HOUR, "7"), Todo(NOW * 1000 - 2 * HOUR + 1, "8"), fresh]
    pages, _ = pull("sla_events", answers, todo=todo)
    found = [(e.id, e.metric) for e in records(pages, SlaEvent)]
    assert found == [("1", "reply_time"), ("2", "resolution_time")] * 2
    # The deleted one too: there is nothing to wait for. Of the fresh one more may become visible.
    assert [one for page in pages for one in page.done] == todo[:2]
    assert pages[0].complete_until == todo[0].version - 1
    assert pages[-1].complete_until == (NOW - 61) * 1000


# what happened


class Watched:
    """A desk that is synced every ten minutes for some hours."""

    def __init__(self, folder: Path, faults: str | None = None) -> None:
        self.world = generate(4, tickets=60, weeks=4, lossless=True)
        busy = sorted(event.at for event in MetricEvents(self.world).events if _is_late(event))
        end = busy[len(busy) // 2] + 2 * MINUTE
        self.desk = SyncedDesk(folder, self.world, faults=faults)
        for self.world.now in range(end - 2 * HOUR, end + 40 * MINUTE, 10 * MINUTE):
            assert exit_status(self.desk.sync()) == 0

    def stored(self) -> set[tuple[str, str, str, int]]:
        sql = "SELECT t.native, e.id, e.kind, e.at FROM sla_events e JOIN tickets t ON t.id = e.ticket"
        with self.desk.store() as store:
            return set(store.rows(sql))


def _is_late(event: WrittenEvent) -> bool:
    return event.visible_at - event.at == LATE


def happened(world: World) -> set[tuple[str, str, str, int]]:
    """All that the helpdesk tells by now and has not taken back."""
    return {
        (str(e.ticket), str(e.id), e.kind, e.at)
        for e in MetricEvents(world).events
        if e.visible_at <= world.now - MINUTE and not (e.taken_back_at and e.taken_back_at <= world.now)
    }


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Watched:
    return Watched(tmp_path_factory.mktemp("watched"))


@pytest.mark.trap("zendesk 1", "zendesk 27")
def test_every_metric_event_is_there_the_late_and_the_announced_ones_too(watched: Watched) -> None:
    wanted, found = happened(watched.world), watched.stored()
    assert len(wanted) > 300
    assert any(at > watched.world.now for *_, at in wanted)  # announced
    assert wanted <= found


def test_a_breach_that_was_averted_while_we_looked_is_taken_back(watched: Watched) -> None:
    """What was told and is taken back later than the hour that is read again: its time was still to come then."""
    gone = {
        str(e.id)
        for e in MetricEvents(watched.world).events
        if e.taken_back_at and e.taken_back_at <= watched.world.now
    }
    assert gone
    assert not gone & {number for _, number, _, _ in watched.stored()}


# metric sets that were not worked out yet


def test_a_null_metric_set_is_requested_later() -> None:
    rows = [ticket(1, metric_set=None), ticket(2, metric_set={"reopens": 0}), ticket(3, status="deleted")]
    pages, _ = pull("tickets", lambda _: {"tickets": rows, "after_cursor": "a", "end_of_stream": True})
    assert [dict(page.todo) for page in pages] == [{"ticket_metrics": [Todo((NOW - 1000) * 1000, "1")]}]


@pytest.mark.trap("zendesk 10", "zendesk 28")
def test_late_metric_sets_come_by_the_hundred_and_what_is_missing_is_not_waited_for() -> None:
    old = [Todo(SINCE + n, str(n)) for n in range(150)]
    fresh = Todo((NOW - 60) * 1000, "999")  # a minute old: not worked out yet

    def answers(request: httpx.Request) -> dict[str, Any]:
        requests = [int(number) for number in request.url.params["ids"].split(",")]
        assert len(requests) <= 100
        here = [number for number in requests if number != 7]  # deleted meanwhile
        sets = [{"ticket_id": n, "reopens": 1} for n in here]
        return {"tickets": [ticket(n) for n in here], "metric_sets": sets}

    pages, requests = pull("ticket_metrics", answers, todo=[*old, fresh])
    assert len(requests) == 2
    assert requests[0].url.params["include"] == "metric_sets"
    assert len(records(pages, NativeMetric)) == 149
    assert [one for page in pages for one in page.done] == old


@pytest.mark.parametrize(("age", "is_given_up"), [(HOUR, False), (8 * DAY, True)])
def test_a_null_metric_set_is_requested_for_a_week(age: int, is_given_up: bool) -> None:
    one = Todo(NOW * 1000 - age, "1")
    pages, _ = pull("ticket_metrics", lambda _: {"tickets": [ticket(1, metric_set=None)]}, todo=[one])
    assert [done for page in pages for done in page.done] == ([one] if is_given_up else [])
