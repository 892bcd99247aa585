"""The simulated Freshdesk API: authentication, the list of tickets, and what moves them."""

from collections.abc import Iterator

import httpx
import pytest
from simulator_fixtures import ANN, CAROL, at, did, opened, said
from simulator_fixtures import world as by_hand
from simulator_freshdesk_fixtures import ALL, EVER, ask, client, flat, ids, pages, refused

from helpdesk_kpi.simulator.freshdesk.auth import KEY
from helpdesk_kpi.simulator.world.clock import DAY, SECOND
from helpdesk_kpi.simulator.world.facts import SYSTEM, Answered, Deleted, Offered, Redacted, Viewed
from helpdesk_kpi.simulator.world.world import World, generate


@pytest.fixture(scope="module")
def world() -> World:
    return generate(3, tickets=400)


@pytest.fixture(scope="module")
def api(world: World) -> Iterator[httpx.Client]:
    with client(world) as made:
        yield made


# --- the door


def test_the_key_is_the_user_and_any_password_will_do(world: World) -> None:
    with client(world, key="no") as api:
        answer = api.get("/agents/me")
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_credentials")
        assert api.get("/agents/me", auth=(KEY, "whatever")).json()["contact"]["name"] == world.desk.words.agents[0][0]


def test_limits_are_floats_in_text_and_an_include_costs_two_more(world: World) -> None:
    with client(world, limits=True) as api:
        plain = api.get("/tickets").headers
        assert (plain["x-ratelimit-total"], plain["x-ratelimit-remaining"]) == ("400.0", "399.0")
        assert (plain["x-ratelimit-used-currentrequest"], "retry-after" in plain) == ("1", False)
        more = api.get("/tickets", params={"include": "stats,requester,description"}).headers
        assert (more["x-ratelimit-used-currentrequest"], more["x-ratelimit-remaining"]) == ("7", "392.0")
        number = api.get("/tickets").json()[0]["id"]
        one = api.get(f"/tickets/{number}", params={"include": "conversations"}).headers
        assert one["x-ratelimit-used-currentrequest"] == "2"


def test_the_limit_of_the_tickets_list_shows_only_as_a_429(world: World) -> None:
    seconds = [0.0]
    with client(world, limits=0.05, clock=lambda: seconds[0]) as api:  # 20 a minute, 5 of them lists
        answers = [api.get("/tickets") for _ in range(6)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429]
        assert (answers[5].headers["x-ratelimit-remaining"], answers[5].headers["retry-after"]) == ("14.0", "61")
        assert api.get("/groups").status_code == 200
        seconds[0] = 61.0
        assert api.get("/tickets").status_code == 200


def test_there_are_three_reasons_for_a_403() -> None:
    made = by_hand(opened("mon 10:00"))
    with client(made, faults="forbid:groups") as api:
        assert (api.get("/groups").status_code, api.get("/groups").json()["code"]) == (403, "access_denied")
        made.plan_without = {"surveys", "activities"}
        for path in ("/surveys", "/surveys/satisfaction_ratings", "/tickets/1/satisfaction_ratings"):
            lacks = api.get(path)
            assert (lacks.status_code, lacks.json()["code"]) == (403, "require_feature")
        assert "Surveys feature" in api.get("/surveys").json()["message"]
        assert api.get("/export/ticket_activities").json()["code"] == "require_feature"
        assert api.get("/tickets").status_code == 200
        made.plan_without = {"suspended"}
        assert api.get("/tickets").json()["code"] == "account_suspended"


def test_what_is_not_there_has_no_body_and_other_verbs_are_refused(api: httpx.Client) -> None:
    lost = api.get("/skills")
    assert (lost.status_code, lost.content) == (404, b"")
    assert api.get("/tickets/999999").status_code == 404
    assert api.post("/tickets").status_code == 405
    assert api.get("/tickets", headers={"accept": "text/html"}).status_code == 406


# --- the list of tickets


def test_every_ticket_comes_once_and_some_pages_in_the_middle_are_short(api: httpx.Client, world: World) -> None:
    found = pages(api, "/tickets", **(ALL | {"per_page": 10}))
    assert {len(page) for page in found[:-1]} == {9, 10}
    rows = flat(found)
    archived = {n for n in world.stories if api.get(f"/tickets/archived/{n}").status_code == 200}
    hidden = {s.ticket for s in world.stories.values() if s.deleted_at is not None}
    assert archived
    trackers = {row["id"] for row in rows if row["association_type"] == 3}  # made by agents, and no story of the world
    assert sorted(ids(rows)) == sorted((set(world.stories) - archived - hidden) | trackers)
    assert len(trackers) == len({s.created.problem for s in world.stories.values()} - {None})
    stamps = [row["updated_at"] for row in rows]
    assert stamps == sorted(stamps)


def test_a_page_is_refused_beyond_the_300th_and_above_100_rows(api: httpx.Client) -> None:
    assert refused(api, "/tickets", page=301) == (400, "page", "invalid_value")
    assert refused(api, "/tickets", per_page=101) == (400, "per_page", "invalid_value")
    assert refused(api, "/tickets", page=0) == (400, "page", "datatype_mismatch")
    assert len(ask(api, "/tickets", updated_since=EVER)) == 30


@pytest.mark.parametrize("text", ["2026-01-01", "2026-01-01T00:00:00", "01/01/2026", "2026-13-01T00:00:00Z", "0"])
def test_a_time_that_is_not_written_out_is_refused(api: httpx.Client, text: str) -> None:
    assert refused(api, "/tickets", updated_since=text) == (400, "updated_since", "invalid_value")


def test_unknown_words_in_a_query_are_refused(api: httpx.Client) -> None:
    assert refused(api, "/tickets", updated_sinse=EVER) == (400, "updated_sinse", "invalid_field")
    assert refused(api, "/tickets", include="conversations")[1] == "include"
    assert refused(api, "/tickets", order_by="id")[1] == "order_by"
    assert refused(api, "/tickets", order_type="up")[1] == "order_type"
    assert refused(api, "/tickets", filter="closed")[1] == "filter"


def test_without_a_start_the_list_has_tickets_of_the_last_thirty_days_newest_first() -> None:
    made = by_hand(opened("mon 10:00"), opened("tue 10:00", ticket=2), opened("wed 10:00", ticket=3))
    made.now = at("tue 10:00") + 30 * DAY - SECOND
    with client(made) as api:
        assert ids(ask(api, "/tickets")) == [3, 2]
        assert ids(ask(api, "/tickets", **ALL)) == [1, 2, 3]


def test_the_start_counts_itself() -> None:
    made = by_hand(opened("mon 10:00"))
    made.now = at("mon 10:01")
    with client(made) as api:
        assert ids(ask(api, "/tickets", updated_since="2026-03-02T10:00:00Z")) == [1]
        assert ids(ask(api, "/tickets", updated_since="2026-03-02T10:00:01Z")) == []
        assert ids(ask(api, "/tickets", updated_since="2026-03-02T12:00:00+02:00")) == [1]


def test_texts_people_and_times_come_only_on_request(api: httpx.Client) -> None:
    plain = ask(api, "/tickets")[0]
    assert {"description", "requester", "stats", "company"}.isdisjoint(plain)
    more = ask(api, "/tickets", include="stats,requester,description,company")[0]
    assert {"description", "description_text", "requester", "stats", "company"} <= more.keys()
    assert more["requester"]["id"] == more["requester_id"]
    one = ask(api, f"/tickets/{plain['id']}")
    assert ("description" in one, "stats" in one) == (True, False)


def test_rows_that_change_while_they_are_paged_come_twice_or_not_at_all() -> None:
    tickets = [opened(f"mon 10:0{i}", ticket=i) for i in range(1, 7)]
    made = by_hand(*tickets, said("mon 11:05", ANN, ticket=1), now="mon 11:00")
    with client(made, faults="move:10m") as api:
        found = pages(api, "/tickets", **(ALL | {"per_page": 2}))
    # after the first page ticket 1 goes to the end and all others move up; the third page is short
    assert [ids(page) for page in found] == [[1, 2], [4, 5], [6], [1]]


def test_next_pages_may_be_said_to_be_elsewhere(world: World) -> None:
    with client(world, faults="wrong-host") as api:
        assert api.get("/tickets", params=ALL).headers["link"].startswith("< https://other.example/api/v2/tickets?")


def test_thirty_thousand_tickets_of_one_second_cannot_all_be_reached() -> None:
    made = by_hand(opened("mon 10:00"))
    with client(made, bulk=30_001) as api:
        last = api.get("/tickets", params=ALL | {"page": "300"})
        assert (len(last.json()), "link" in last.headers) == (100, True)
        stamps = {row["updated_at"] for row in [*ask(api, "/tickets", **ALL)[1:], *last.json()]}
        assert len(stamps) == 1
        assert refused(api, "/tickets", **(ALL | {"page": 301}))[0] == 400
        again = ask(api, "/tickets", **(ALL | {"updated_since": stamps.pop()}))
        assert again[0]["id"] in ids(ask(api, "/tickets", **ALL))
        number = again[0]["id"]
        assert ask(api, f"/tickets/{number}/conversations") == []
        assert ask(api, f"/tickets/{number}", include="stats")["stats"]["closed_at"] == again[0]["created_at"]


def test_the_list_may_be_narrowed_and_ordered() -> None:
    made = by_hand(
        opened("mon 10:00"),
        opened("tue 10:00", ticket=2, priority="urgent"),
        opened("wed 10:00", ticket=3, requester=ANN, status="pending"),
        now="thu 10:00",
    )
    with client(made) as api:
        assert ids(ask(api, "/tickets", filter="new_and_my_open")) == [2, 1]
        assert ids(ask(api, "/tickets", filter="watching")) == []
        assert ids(ask(api, "/tickets", requester_id=ANN)) == [3]
        assert ids(ask(api, "/tickets", email="p9@x.example")) == [2, 1]
        # due: the urgent one four hours after Tuesday 10:00, the others 24 working hours after they came
        assert ids(ask(api, "/tickets", order_by="due_by", order_type="asc")) == [2, 1, 3]
        assert ids(ask(api, "/tickets", order_by="status")) == [3, 2, 1]


# --- what moves a ticket, and where it goes


def test_replies_notes_changes_and_answers_move_the_update_but_touches_do_not() -> None:
    made = by_hand(
        opened("mon 10:00"),
        said("mon 11:00", ANN),
        said("tue 10:00", ANN, public=False),
        did("tue 11:00", ANN, status="solved"),
        Offered(survey=7, ticket=1, at=at("wed 11:00")),
        Viewed(ticket=1, at=at("wed 11:30")),
        Answered(survey=7, ticket=1, at=at("wed 12:00"), ratings={"overall": 5}, comment="Thanks!"),
        Viewed(ticket=1, at=at("thu 10:00")),
    )
    shown = []
    with client(made) as api:
        for when in ("mon 10:30", "mon 11:00", "tue 10:30", "tue 11:30", "wed 11:45", "thu 12:00"):
            made.now = at(when)
            shown.append(ask(api, "/tickets/1")["updated_at"][8:16])
    assert shown == ["02T10:00", "02T11:00", "03T10:00", "03T11:00", "03T11:00", "04T12:00"]


def test_a_job_marks_late_tickets_some_minutes_after_they_are_due_and_that_moves_the_update() -> None:
    made = by_hand(opened("mon 10:00"), said("mon 16:00", ANN))
    with client(made) as api:
        made.now = at("mon 14:01")
        row = ask(api, "/tickets/1")
        # normal: four working hours to respond; 24 to resolve: Monday 7, Tuesday and Wednesday 8, Thursday 1
        assert (row["fr_due_by"], row["due_by"]) == ("2026-03-02T14:00:00Z", "2026-03-05T10:00:00Z")
        assert (row["fr_escalated"], row["updated_at"]) == (False, "2026-03-02T10:00:00Z")
        made.now = at("mon 14:10")
        row = ask(api, "/tickets/1")
        assert (row["fr_escalated"], row["is_escalated"]) == (True, True)
        assert "2026-03-02T14:01:00Z" < row["updated_at"] < "2026-03-02T14:05:00Z"
        made.now = at("fri 10:00")
        assert ask(api, "/tickets/1")["updated_at"] > "2026-03-05T10:01:00Z"


def test_waiting_for_others_moves_the_due_time() -> None:
    made = by_hand(
        opened("mon 10:00"), said("mon 11:00", ANN, status="pending"), said("tue 11:00", CAROL, status="open"),
        now="tue 12:00",
    )  # fmt: skip
    with client(made) as api:
        row = ask(api, "/tickets/1")
    # pending from Monday 11:00 to Tuesday 11:00 are 8 working hours: Thursday 10:00 becomes Friday 10:00
    assert (row["due_by"], row["fr_due_by"]) == ("2026-03-06T10:00:00Z", "2026-03-02T14:00:00Z")
    assert row["nr_due_by"] == "2026-03-03T15:00:00Z"


def test_a_later_priority_moves_the_resolution_only() -> None:
    made = by_hand(opened("mon 10:00"), said("mon 11:00", ANN), did("mon 12:00", ANN, priority="low"), now="mon 13:00")
    with client(made) as api:
        row = ask(api, "/tickets/1")
    # low: 40 working hours, 39 of them until Friday evening
    assert (row["fr_due_by"], row["due_by"]) == ("2026-03-02T14:00:00Z", "2026-03-09T10:00:00Z")


def test_the_next_response_is_late_until_somebody_gives_it() -> None:
    made = by_hand(
        opened("mon 10:00"), said("mon 11:00", ANN), said("tue 11:00", CAROL), said("tue 16:00", ANN), now="tue 15:10"
    )
    with client(made) as api:
        row = ask(api, "/tickets/1")
        assert (row["nr_due_by"], row["nr_escalated"], row["fr_escalated"]) == ("2026-03-03T15:00:00Z", True, False)
        made.now = at("tue 16:10")
        row = ask(api, "/tickets/1")
        assert (row["nr_due_by"], row["nr_escalated"], row["is_escalated"]) == (None, False, True)


def test_deleted_and_spam_tickets_have_lists_of_their_own_until_they_are_gone_for_good() -> None:
    made = by_hand(
        opened("mon 10:00"), said("mon 11:00", ANN), Deleted(ticket=1, at=at("tue 10:00"), actor=ANN),
        Redacted(ticket=1, at=at("fri 10:00")),
        opened("mon 10:00", ticket=2, spam=True), Deleted(ticket=2, at=at("tue 10:00"), actor=ANN),
    )  # fmt: skip
    with client(made) as api:
        made.now = at("mon 12:00")
        assert ids(ask(api, "/tickets", **ALL)) == [2, 1]
        made.now = at("wed 10:00")
        assert ask(api, "/tickets", **ALL) == []
        (gone,) = ask(api, "/tickets", **ALL, filter="deleted")
        assert (gone["id"], gone["deleted"], gone["updated_at"]) == (1, True, "2026-03-03T10:00:00Z")
        (spam,) = ask(api, "/tickets", **ALL, filter="spam")
        assert (spam["id"], spam["spam"], "deleted" in spam) == (2, True, False)
        assert ask(api, "/tickets/1")["deleted"]
        assert [api.get(f"/tickets/{n}/conversations").status_code for n in (1, 2)] == [404, 404]
        made.now = at("fri 12:00")
        assert ask(api, "/tickets", **ALL, filter="deleted") == []
        assert api.get("/tickets/1").status_code == 404


def test_a_closed_ticket_is_archived_when_nothing_happened_for_120_days() -> None:
    made = by_hand(opened("mon 10:00"), said("mon 11:00", ANN, status="solved"), did("fri 11:00", SYSTEM,
                   status="closed"))  # fmt: skip
    made.now = at("fri 11:00") + 120 * DAY - SECOND
    with client(made) as api:
        assert ids(ask(api, "/tickets", **ALL)) == [1]
        assert api.get("/tickets/archived/1").status_code == 404
        made.now += SECOND
        assert ask(api, "/tickets", **ALL) == []
        assert api.get("/tickets/1").status_code == 404
        assert api.get("/tickets/1/conversations").status_code == 404
        assert ask(api, "/tickets/archived/1")["archived"]
        assert len(ask(api, "/tickets/archived/1/conversations")) == 1
    with client(made, archives=False) as api:
        assert ids(ask(api, "/tickets", **ALL)) == [1]
