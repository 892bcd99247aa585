"""Time that agents keep with Zendesk's Time Tracking app: the differences of its total, by whom and when."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from simulator_fixtures import ANN, BEN, amended, at, did, opened, said, spent, world
from synced_fixtures import Cli, SyncedDesk
from zendesk_fixtures import CREDENTIALS, NOW, pull, records

from connectors.zendesk import payloads as zd
from connectors.zendesk.account import TimeFields, ZendeskAccountState
from connectors.zendesk.settings import Settings
from connectors.zendesk.streams.time_entries import has_unknown_total, map_time_entries
from helpdesk_kpi.model import Event, TimeEntry
from helpdesk_kpi.pull.contract import Todo
from helpdesk_kpi.pull.transport import Transport
from helpdesk_kpi.simulator.world.time_entries import entries
from helpdesk_kpi.simulator.world.world import World, generate
from helpdesk_kpi.simulator.zendesk.tickets import ZendeskTickets
from helpdesk_kpi.simulator.zendesk.time_tracking import LAST, TOTAL

T0 = 1_780_308_000_000  # 2026-06-01T10:00:00Z
FIELDS = TimeFields(881, 885)


def export(*children: dict[str, Any], **more: Any) -> zd.TicketEvent:
    whole = {"id": 500, "ticket_id": 42, "timestamp": T0 // 1000, "updater_id": 9, "via": "Web form"}
    return msgspec.convert({**whole, "child_events": list(children), **more}, zd.TicketEvent)


def audit(*events: dict[str, Any], **more: Any) -> zd.TicketEvent:
    whole = {"id": 500, "ticket_id": 42, "created_at": "2026-06-01T10:00:00Z", "author_id": 9,
             "via": {"channel": "web", "source": {"from": {}, "to": {}, "rel": None}}}  # fmt: skip
    return msgspec.convert({**whole, "events": list(events), **more}, zd.Audit).as_event()


def change(field: int, after: Any, before: Any) -> dict[str, Any]:
    """One changed field, as an export tells it."""
    return {"via": "Web form", str(field): after, "event_type": "Change", "previous_value": before}


def list_entries(row: zd.TicketEvent, fields: TimeFields = FIELDS) -> list[tuple[str, int, str | None]]:
    return [(entry.id, entry.spent // 1000, entry.agent) for entry in map_time_entries(row, fields)]


# what one audit says


def test_what_was_spent_is_what_the_total_grew_by() -> None:
    row = export(change(881, "420", "120"), change(885, "300", "120"))
    assert map_time_entries(row, FIELDS) == [TimeEntry("500:0", "42", T0, 300_000, agent="9")]


def test_an_audit_and_an_export_tell_the_same_entry() -> None:
    changed = {"type": "Change", "field_name": "881", "value": "420", "previous_value": "120"}
    assert map_time_entries(audit(changed), FIELDS) == map_time_entries(export(change(881, "420", "120")), FIELDS)


def test_the_same_time_twice_in_a_row_counts_twice_though_the_last_update_shows_no_change() -> None:
    """https://support.zendesk.com/hc/en-us/articles/4408822487450"""
    assert list_entries(export(change(881, "600", "300"))) == [("500:0", 300, "9")]


def test_who_corrects_the_total_takes_back_what_was_too_much() -> None:
    assert list_entries(export(change(881, "300", "900"))) == [("500:0", -600, "9")]


@pytest.mark.parametrize(
    ("after", "before", "seconds"), [("60", None, 60), (60, "", 60), (90.0, "30", 60), (None, "60", -60)]
)
def test_numbers_come_in_several_shapes_and_an_empty_field_is_nothing(after: Any, before: Any, seconds: int) -> None:
    assert list_entries(export(change(881, after, before))) == [("500:0", seconds, "9")]


def test_a_total_that_stays_is_no_entry() -> None:
    assert list_entries(export(change(881, "60", 60))) == []
    assert list_entries(export(change(885, "60", None))) == []
    assert list_entries(export(change(881, "60", None)), TimeFields()) == []


def test_time_that_an_agent_spent_on_making_the_ticket_counts_from_nothing() -> None:
    created = {"via": "Web form", "custom_ticket_fields": {"881": "90", "360001": "x"}, "event_type": "Create"}
    assert list_entries(export(created)) == [("500:0", 90, "9")]


@pytest.mark.parametrize("follow_up", [
    export({"custom_ticket_fields": {"881": "4000"}, "event_type": "Create"}, via="Closed ticket"),
    audit({"type": "Create", "field_name": "881", "value": "4000"},
          via={"channel": "web", "source": {"from": {"ticket_id": 7}, "to": {}, "rel": "follow_up"}}),
], ids=["export", "audit"])  # fmt: skip
def test_a_follow_up_begins_with_the_time_of_the_other_ticket_which_is_not_counted_again(
    follow_up: zd.TicketEvent,
) -> None:
    assert list_entries(follow_up) == []


def test_what_a_rule_sets_is_nobodys_time() -> None:
    rule = {"via": "Rule", "via_reference_id": 77, "881": "0", "event_type": "Change", "previous_value": "60"}
    assert list_entries(export(rule)) == [("500:0", -60, None)]
    assert list_entries(export(change(881, "60", "0"), updater_id=-1)) == [("500:0", 60, None)]


def test_two_changes_of_one_audit_are_two_entries() -> None:
    assert [own for own, _, _ in list_entries(export(change(881, "60", "0"), change(881, "90", "60")))] == [
        "500:0",
        "500:1",
    ]


def plain(field: int, after: str) -> dict[str, Any]:
    """As the exports of older accounts have it."""
    return {"via": "Web form", str(field): after}


def test_where_an_export_leaves_out_the_total_before_the_last_update_says_it() -> None:
    row = export(plain(881, "420"), plain(885, "300"))
    assert (list_entries(row), has_unknown_total(row, FIELDS)) == ([("500:0", 300, "9")], False)


def test_audits_are_requested_if_the_previous_total_is_missing() -> None:
    row = export(plain(881, "600"))
    assert (list_entries(row), has_unknown_total(row, FIELDS)) == ([], True)


# streams


def events_page(*rows: zd.TicketEvent) -> dict[str, Any]:
    return {"ticket_events": msgspec.to_builtins(list(rows)), "end_time": NOW - 1000, "end_of_stream": True}


@pytest.mark.parametrize(
    ("odd", "reason"),
    [
        ({"odd": 1}, "no number of seconds: …"),
        ("long", "could not convert string to float: …"),
        ("1e999", "a number or a time is out of range"),
    ],
)
def test_an_invalid_number_is_rejected_and_its_comment_is_kept(odd: Any, reason: str) -> None:
    comment = {"event_type": "Comment", "id": 1, "author_id": 9, "body": "Done.", "public": True}
    row = export(comment, {"field_name": ["x"]}, change(881, odd, "60"))
    pages, _ = pull("ticket_events", lambda r: events_page(row) if "ticket_events" in r.url.path else {})
    assert [event.kind for event in records(pages, Event)] == ["comment"]
    assert [(aside.id, aside.reason) for page in pages for aside in page.rejected] == [("500", reason)]


def test_an_unsure_ticket_is_queued_and_its_audits_bring_the_entry_under_the_same_id() -> None:
    row = export(plain(881, "600"))
    pages, _ = pull("ticket_events", lambda r: events_page(row) if "ticket_events" in r.url.path else {})
    queued = [todo for page in pages for todo in page.todo.get("time_entries", ())]
    assert queued == [Todo(T0, "42")]
    changed = {"type": "Change", "field_name": "881", "value": "600", "previous_value": "300"}
    old = {"id": 400, "ticket_id": 42, "created_at": "2020-01-01T00:00:00Z", "author_id": 9, "events": [changed]}
    new = {**old, "id": 500, "created_at": "2026-06-01T10:00:00Z"}
    pages, requests = pull("time_entries", lambda _: {"audits": [old, new]}, todo=queued)
    assert records(pages, TimeEntry) == [TimeEntry("500:0", "42", T0, 300_000, agent="9")]
    assert [r.url.path for r in requests] == ["/api/v2/tickets/42/audits"]
    assert pages[0].done == queued


def test_a_ticket_that_was_deleted_meanwhile_is_settled() -> None:
    pages, _ = pull("time_entries", lambda _: httpx.Response(404, json={}), todo=[Todo(T0, "42")])
    assert pages[0].done == [Todo(T0, "42")]


# which field it is


def fields_of(rows: Any, **more: Any) -> tuple[TimeFields, list[str]]:
    """What an account with these ticket fields is found to have; and what is told of it."""
    settings = Settings(url="https://acme.zendesk.com", auth=CREDENTIALS, **more)

    async def run() -> tuple[TimeFields, list[str]]:
        def answer(_request: httpx.Request) -> httpx.Response:
            return (
                rows
                if isinstance(rows, httpx.Response)
                else httpx.Response(200, json={"ticket_fields": rows, "next_page": None})
            )

        async with Transport(
            settings.url, auth=CREDENTIALS.auth(), http=httpx.MockTransport(answer), attempts=1
        ) as http:
            account = ZendeskAccountState(http, settings)
            found = await account.time_fields()
            assert await account.time_fields() == found
            return found, [f.text for f in account.findings if f.need == "time.entries"]

    return asyncio.run(run())


APP = [{"id": 5, "title": "Subject"}, {"id": 7, "title": "Total time spent (sec)"},
       {"id": 8, "title": "Time spent last update (sec)"}]  # fmt: skip
RENAMED = [{"id": 7, "title": "Bearbeitungszeit"}, {"id": 8, "title": "Time spent last update (sec)"}]


def test_the_fields_are_known_by_the_titles_that_the_app_gives_them() -> None:
    assert fields_of(APP) == (TimeFields(7, 8), [])


@pytest.mark.parametrize("word", ["7", "bearbeitungszeit"])
def test_a_renamed_field_is_configured_by_number_or_title(word: str) -> None:
    found, result = fields_of(RENAMED, time_field=word)
    assert (found.total, result) == (7, [])


@pytest.mark.parametrize(
    ("rows", "more", "why"),
    [
        (RENAMED, {}, "the Time Tracking app is not installed: no ticket field is titled 'Total time spent (sec)'"),
        (APP, {"time_field": "Zeit"}, "the Time Tracking app is not installed: no ticket field is titled 'Zeit'"),
        (
            httpx.Response(403, json={}),
            {},
            "these credentials cannot read ticket fields: set time_field to the id of the field with the total",
        ),
    ],
    ids=["not_installed", "mistyped", "refused"],
)
def test_the_reason_for_missing_time_is_reported(rows: Any, more: dict[str, Any], why: str) -> None:
    found, result = fields_of(rows, **more)
    assert (found, result) == (TimeFields(why=why), [why])


# the simulated account


def written(desk: SyncedDesk) -> list[tuple[Any, ...]]:
    """(ticket, at, seconds, agent) of every entry."""
    with desk.store() as store:
        return store.rows(
            "SELECT cast(t.native AS INTEGER), e.at, e.spent / 1000, cast(p.native AS INTEGER) FROM time_entries e"
            " JOIN tickets t ON t.id = e.ticket LEFT JOIN people p ON p.id = e.agent ORDER BY 1, 2"
        )


def day(*facts: Any) -> World:
    return world(opened("mon 09:00"), *facts, now="mon2 12:00")


def test_time_is_the_authors_at_their_save_and_a_correction_is_an_entry_of_its_own(tmp_path: Path) -> None:
    """Ann twice the same, which leaves one trace of the last update; Ben's is corrected from 5 minutes to 2."""
    made = day(
        said("mon 10:00", ANN), spent("mon 10:00", ANN, 20, 1), said("mon 11:00", ANN), spent("mon 11:00", ANN, 20, 2),
        said("tue 09:00", BEN), spent("tue 09:00", BEN, 5, 3), amended("tue 09:30", BEN, 2, 3),
        said("wed 09:00", ANN, "No time for this one."),
    )  # fmt: skip
    desk = SyncedDesk(tmp_path, made)
    desk.sync()
    assert written(desk) == [
        (1, at("mon 10:00"), 1200, ANN), (1, at("mon 11:00"), 1200, ANN), (1, at("tue 09:00"), 300, BEN),
        (1, at("tue 09:30"), -180, BEN),
    ]  # fmt: skip


def test_a_follow_up_has_only_its_own_time(tmp_path: Path) -> None:
    made = day(
        said("mon 10:00", ANN, status="solved"), spent("mon 10:00", ANN, 20, 1), did("tue 10:00", -1, status="closed"),
        opened("wed 09:00", ticket=2, follow_up_of=1), said("wed 10:00", BEN, ticket=2),
        spent("wed 10:00", BEN, 7, 2, ticket=2),
    )  # fmt: skip
    desk = SyncedDesk(tmp_path, made)
    desk.sync()
    assert written(desk) == [(1, at("mon 10:00"), 1200, ANN), (2, at("wed 10:00"), 420, BEN)]


@pytest.mark.parametrize("faults", [None, "forbid:incremental"], ids=["exports", "lists"])
def test_every_tickets_entries_add_up_to_the_total_that_the_app_shows(tmp_path: Path, faults: str | None) -> None:
    """Of a desk with corrections, deletions and follow-ups; exports leave out what was before now and then."""
    made = generate(3, tickets=60, weeks=6, hours=0.9, amended=0.2, follow_up=0.1)
    desk = SyncedDesk(tmp_path, made, faults=faults)
    end = made.now
    for made.now in (end - 14 * 86_400_000, end):
        results = desk.sync()
        assert not sum(r.rejected for r in results)
    found: Counter[int] = Counter()
    for ticket, _, seconds, _ in written(desk):
        found[ticket] += seconds
    gone = {number for number, story in made.stories.items() if story.deleted_at is not None}
    true = {n: sum(e.seconds for e in entries(story, end)) for n, story in made.stories.items()}
    assert {n: s for n, s in found.items() if s and n not in gone} == {
        n: s for n, s in true.items() if s and n not in gone
    }
    assert len(found) > 30
    assert any(seconds < 0 for _, _, seconds, _ in written(desk))
    if faults is None:
        assert 0 < desk.requests["audits"] < 30


def test_a_ticket_shows_both_fields_and_an_account_without_the_app_none() -> None:
    made = day(said("mon 10:00", ANN), spent("mon 10:00", ANN, 20, 1))
    shown = msgspec.json.decode(ZendeskTickets(made, "http://x").row(1, metric_sets=False))
    values = {field["id"]: field["value"] for field in shown["custom_fields"]}
    assert (values[TOTAL], values[LAST]) == ("1200", "1200")
    without = msgspec.json.decode(ZendeskTickets(day(said("mon 10:00", ANN)), "http://x").row(1, metric_sets=False))
    assert TOTAL not in {field["id"] for field in without["custom_fields"]}


def test_an_account_without_the_app_promises_no_time_and_sync_says_nothing_of_it_every_time(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = day(said("mon 10:00", ANN))
    desk, cli = SyncedDesk(tmp_path, made), Cli(capfd, monkeypatch)
    cli.at(made.now)
    with desk.served():
        ran = cli("sync", "--config", desk.path)
    assert (ran.status, "Time Tracking" in ran.err) == (0, False)
    with desk.store() as store:
        [(answer, reason)] = store.rows("SELECT answer, reason FROM limited_capabilities WHERE need = 'time.entries'")
    assert (answer, "is not installed" in reason) == ("no", True)
