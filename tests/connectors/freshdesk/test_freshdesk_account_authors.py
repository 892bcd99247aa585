"""Small Freshdesk accounts: who asked and who answered, whatever made the ticket, and which codes nobody knows.

Times are of Monday 2 March 2026, UTC. Values are worked out by hand.
"""

from pathlib import Path
from typing import Any

import httpx
import pytest
from freshdesk_account import NOW, ONE, TWO, Desk, Row, first_replies, list_values, synced, team, ticket, words
from freshdesk_fixtures import pull

from helpdesk_kpi.errors import PullError
from helpdesk_kpi.measure.quality.gaps import find_data_gaps

HALF = 1800


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_KEY", "a-key-of-the-account")


# who asked


@pytest.mark.trap("freshdesk 47")
def test_what_a_form_or_a_forwarded_mail_brings_is_the_customers_request(tmp_path: Path) -> None:
    """1: a form that uses the API. 2: a feedback widget. 3: a web form. 4: mail that Agent Two forwarded: Freshdesk has
    the sender from its text, and a note of what was forwarded. 5: a letter of Agent One to a customer. 1 to 4 were
    asked at 08:00 and answered at 08:30.
    """
    sources = {1: 2, 2: 9, 3: 16, 4: 1, 5: 10}
    said = {number: [words("08:30", ONE)] for number in (1, 2, 3, 4)}
    said[4].insert(0, words("08:01", TWO, source=8))
    account = synced(tmp_path, Desk([ticket(n, source=s) for n, s in sources.items()], said))
    found = first_replies(account)
    assert found.pop("5")[2] == "outbound"
    assert found == dict.fromkeys(("1", "2", "3", "4"), (HALF, "Agent One", ""))


def test_a_mail_forwarded_by_an_agent_is_internal_until_its_customer_is_set(
    tmp_path: Path,
) -> None:
    """Where Freshdesk finds no sender in the text, the agent is the requester: as far as is told, no customer asked."""
    desk = Desk([ticket(1, requester=TWO)], {1: [words("08:30", ONE)]})
    account = synced(tmp_path, desk)
    assert list_values(account, "first_reply_time") == {"1": ["internal"]}
    desk.tickets = [ticket(1, requester=5001, updated_at="2026-03-02T12:00:00Z")]
    account.sync(NOW)
    assert list_values(account, "first_reply_time") == {"1": [HALF]}


# who is of the team


@pytest.mark.trap("freshdesk 48")
def test_who_reads_along_notes_once_or_was_given_a_ticket_once_still_asks_as_a_customer(tmp_path: Path) -> None:
    """5001 asks on 1, and is copied on 2, where they write. 5003 asks on 3, and a note on 2 has their name. 5004 asks
    on 4, and was given 5 by mistake. Agent One answers each at 10:00; nobody else is of the team.
    """
    said: dict[int, list[Row]] = {number: [words("10:00", ONE)] for number in range(1, 6)}
    said[2] = [words("08:20", 5001, incoming=True), words("08:40", 5003, source=2, private=True), *said[2]]
    said[3].insert(0, words("09:00", 5003, incoming=True))
    said[4].insert(0, words("09:00", 5004, incoming=False, source=2))
    tickets = [ticket(1), ticket(2), ticket(3), ticket(4), ticket(5, agent=5004)]
    account = synced(tmp_path, Desk(tickets, said))
    assert first_replies(account) == {str(n): (7200, "Agent One", "") for n in range(1, 6)}
    assert list_values(account, "replies_per_ticket") == {str(n): [1] for n in range(1, 6)}
    assert team(account) == {"Agent One", "Agent Two"}


# codes that nobody knows


@pytest.mark.trap("freshdesk 50")
def test_codes_that_nobody_knows_count_on_the_careful_side_and_are_shown(tmp_path: Path) -> None:
    """1 has a status of the account's own, 2 one that no list has (it is not done), 3 a source of next year, 4 a
    conversation of a source of next year, which an agent wrote. 2 is read again with a known status and an
    association of next year.
    """
    fields = [{"id": 1, "name": "status", "type": "default_status", "choices": {"2": ["Open"], "88": ["At the lab"]}}]
    said = {number: [words("08:30", ONE, source=61 if number == 4 else 0)] for number in range(1, 5)}
    open_ = {"resolved_at": None, "status_updated_at": None}
    tickets = [ticket(1, status=88, stats=open_), ticket(2, status=89, stats=open_), ticket(3, source=77), ticket(4)]
    desk = Desk(tickets, said, ticket_fields=fields)
    account = synced(tmp_path, desk)
    assert list_values(account, "first_reply_time") == {str(n): [HALF] for n in range(1, 5)}
    assert list_values(account, "backlog") == {"1": ["running"], "2": ["running"], "3": [10_800], "4": [10_800]}
    assert strange(account) == {"unread": "status 89 (1)", "strange_channels": "source 77 (1)"}
    desk.tickets = [ticket(2, updated_at="2026-03-02T12:00:00Z", association_type=9)]
    account.sync(NOW)
    assert strange(account) == {"unread": "association 9 (1)", "strange_channels": "source 77 (1)"}


def strange(account: Any) -> dict[str, str]:
    with account.store() as store:
        found = find_data_gaps(store, account.config, NOW)
        return {gap.code: gap.detail for gap in found if gap.code in {"unread", "strange_channels"}}


@pytest.mark.trap("freshdesk 50")
def test_agents_of_an_unknown_type_are_counted_and_reported() -> None:
    rows = [
        {"id": n, "type": kind} for n, kind in enumerate(("support_agent", "copilot", "copilot", "collaborator", None))
    ]
    result = pull("agents", lambda r: rows if r.url.path.endswith("/agents") else [])
    assert [f.text for f in result.found] == [
        "unknown type 'copilot': 2 accounts with it count as agents; set `bots` if they are bots"
    ]


# where a list ends

ONE_ROW = [{"id": 1, "name": "East"}]


@pytest.mark.trap("freshdesk 92")
@pytest.mark.parametrize(
    "link",
    ['<x>; rel="next"', "<x>; rel=next", "<x>;REL='Next'", '<y>; rel="prev", <x>; rel="next"', '<x>; rel="last next"'],
)  # fmt: skip
def test_a_next_page_is_seen_however_the_link_is_written(link: str) -> None:
    def answers(request: httpx.Request) -> Any:
        if not request.url.path.endswith("/groups"):
            return []
        is_first = request.url.params["page"] == "1"
        return httpx.Response(200, json=ONE_ROW if is_first else [], headers={"link": link} if is_first else {})

    assert [q["page"] for q in pull("groups", answers).queries("/groups")] == ["1", "2"]


@pytest.mark.trap("freshdesk 92")
@pytest.mark.parametrize(
    ("stream", "path", "rows"),
    [("groups", "/groups", ONE_ROW), ("tickets", "/tickets", []), ("satisfaction_ratings", "/satisfaction_ratings", []),
     ("articles", "/solutions/categories", [])],
)  # fmt: skip
@pytest.mark.parametrize("shape", ["a link of another kind", "rows in an object"])
def test_an_answer_that_does_not_say_what_follows_is_an_error_with_its_endpoint(
    stream: str, path: str, rows: list[Row], shape: str
) -> None:
    """Neither is the end that Freshdesk's page describes: a list, and no Link."""
    answer = (
        httpx.Response(200, json=rows, headers={"link": "https://acme.example/2"})
        if shape == "a link of another kind"
        else httpx.Response(200, json={"results": rows, "next": 2})
    )
    with pytest.raises(PullError, match=path.rpartition("/")[2]):
        pull(stream, lambda r: answer if r.url.path.endswith(path) else [])


# children and trackers


def own_work(folder: Path, more: str = "") -> dict[str, list[Any]]:
    """A request, its child, a tracker and a request that hangs on it; each asked at 08:00 and answered at 08:30."""
    kinds = {1: 1, 2: 2, 3: 3, 4: 4, 5: None}
    tickets = [ticket(number, association_type=kind) for number, kind in kinds.items()]
    account = synced(folder, Desk(tickets, {number: [words("08:30", ONE)] for number in kinds}), more=more)
    return list_values(account, "first_reply_time")


@pytest.mark.trap("freshdesk 53")
@pytest.mark.parametrize(
    ("chosen", "out"),
    [(None, {"2": "child", "3": "tracker"}), ("[]", {}), ('["child"]', {"2": "child"}),
     ('["tracker", "related", "parent"]', {"1": "parent", "3": "tracker", "4": "related"})],
)  # fmt: skip
def test_which_tickets_are_parts_of_others_work_can_be_chosen(
    tmp_path: Path, chosen: str | None, out: dict[str, str]
) -> None:
    more = "" if chosen is None else f"[tickets.exclude]\nassociations = {chosen}"
    right = {number: [out.get(number, HALF)] for number in ("1", "2", "3", "4", "5")}
    assert own_work(tmp_path, more) == right
