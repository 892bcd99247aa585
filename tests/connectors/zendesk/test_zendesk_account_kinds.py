"""Small accounts: who is of the team, and what is gone, each with values that are worked out by hand."""

from pathlib import Path
from typing import Any

import pytest
import small_account
from knowledge_fixtures import FIRST, LATER, HelpCenter, article, written
from small_account import ServedAccount
from zendesk_account import (
    AGENT,
    CUSTOMER,
    OTHER_AGENT,
    ZendeskRows,
    change,
    comment,
    created,
    event,
    ordinary,
    ticket,
    user,
)

NOW = "2026-11-20T00:00:00Z"


def day(clock: str) -> str:
    return f"2026-11-10T{clock}:00Z"


@pytest.mark.trap("zendesk 52")
@pytest.mark.parametrize("dated", ["2026-01-01T00:00:00Z", "2026-11-15T00:00:00Z"])
def test_one_note_or_one_assignment_makes_no_agent_of_who_asks(tmp_path: Path, dated: str) -> None:
    """603 is an end user. Ticket 1: asked by 603 at 09:00, given to 603 by mistake at 09:05, with a note of 603's at
    09:10, answered by the agent at 09:30: 1,800 s. Ticket 2: asked by 603 at 11:00, answered at 11:20: 1,200 s. On
    ticket 3, of another customer, 603 writes in public at 12:10, and the agent answers at 12:30: 1,800 s.
    """
    person = 603
    rows = ZendeskRows(
        users=[user(AGENT, "agent"), user(OTHER_AGENT, "agent"), user(CUSTOMER), user(person, updated_at=dated)],
        tickets=[ticket(n, day(requests), day("18:00"), requester_id=who, submitter_id=who)
                 for n, requests, who in ((1, "09:00", person), (2, "11:00", person), (3, "12:00", CUSTOMER))],
        ticket_events=[
            event(1, day("09:00"), person, comment(person), *created(status="new"), via="Mail"),
            event(1, day("09:05"), AGENT, change("assignee_id", None, person)),
            event(1, day("09:10"), person, comment(person, public=False)),
            event(1, day("09:30"), AGENT, comment(AGENT), change("assignee_id", person, AGENT),
                  change("status", "new", "solved")),
            *ordinary(2, opened=day("11:00"), answered=day("11:20"), solved=day("11:30"), customer=person),
            *ordinary(3, opened=day("12:00")),
            event(3, day("12:10"), person, comment(person)),
            event(3, day("12:30"), AGENT, comment(AGENT), change("assignee_id", None, AGENT),
                  change("status", "new", "solved")),
        ],
    )  # fmt: skip
    desk = ServedAccount(tmp_path, rows)
    desk.sync(NOW)
    assert desk.list_values("first_reply_time", NOW) == {"1": [1800], "2": [1200], "3": [1800]}


@pytest.mark.trap("zendesk 49")
def test_a_suspended_person_stays_who_they_were(tmp_path: Path) -> None:
    """Both are suspended since before the first sync: the agent who answered after 1,800 s, without ever being given a
    ticket, and who asked.
    """
    rows = ZendeskRows(
        users=[user(AGENT, "agent"), user(OTHER_AGENT, "agent", suspended=True), user(CUSTOMER, suspended=True)],
        tickets=[ticket(1, day("08:00"), day("10:00"))],
        ticket_events=[
            *ordinary(1, opened=day("08:00")),
            event(1, day("08:30"), OTHER_AGENT, comment(OTHER_AGENT)),
            event(1, day("10:00"), AGENT, comment(AGENT), change("status", "new", "solved")),
        ],
    )
    desk = ServedAccount(tmp_path, rows)
    desk.sync(NOW)
    assert desk.list_values("first_reply_time", NOW) == {"1": [1800]}
    assert dict(desk.rows("SELECT native, active FROM people WHERE native IN ('502', '601')")) == {"502": 0, "601": 0}


@pytest.mark.trap("zendesk 49")
@pytest.mark.parametrize("seen_before", [True, False])
def test_an_anonymised_person_stays_who_they_were(tmp_path: Path, *, seen_before: bool) -> None:
    """On 15 November the agent who had the ticket, and the customer, are deleted for good: both are end users without
    an address or a name of their own from then on. The reply of the 10th, after 1,800 s, stays an agent's.
    """
    gone: dict[str, Any] = {
        "name": "Permanently deleted user",
        "email": None,
        "active": False,
        "updated_at": "2026-11-15T00:00:00Z",
    }
    rows = ZendeskRows(
        users=[user(AGENT, "agent"), user(OTHER_AGENT, "agent"), user(CUSTOMER)],
        tickets=[ticket(1, day("08:00"), day("10:00"), assignee_id=OTHER_AGENT)],
        ticket_events=ordinary(1, opened=day("08:00"), answered=day("08:30"), solved=day("10:00"), agent=OTHER_AGENT),
    )
    desk = ServedAccount(tmp_path, rows)
    if seen_before:
        desk.sync("2026-11-12T00:00:00Z")
    rows.users = [user(AGENT, "agent"), user(OTHER_AGENT, **gone), user(CUSTOMER, **gone)]
    desk.sync(NOW)
    assert desk.list_values("first_reply_time", NOW) == {"1": [1800]}


# the help centre


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_KEY", "a-key-of-the-account")


@pytest.mark.usefixtures("key")
@pytest.mark.trap("zendesk 48")
def test_a_robot_that_is_on_no_ticket_is_a_robot_in_the_help_centre(tmp_path: Path) -> None:
    """Article 1 is Agent One's, 2 the robot's."""
    center = HelpCenter(article(1, 501), article(2, 502))
    account = small_account.SmallAccount(tmp_path, "zendesk", center, more='[tickets]\nbots = ["502"]')
    account.sync(FIRST)
    assert written(account, FIRST) == [("1", "Agent One", "created")]


@pytest.mark.usefixtures("key")
@pytest.mark.trap("zendesk 50")
def test_an_article_that_vanished_keeps_what_was_written_on_it(tmp_path: Path) -> None:
    """Two articles; the second one is deleted between the syncs, more than a day apart, so that the census is due."""
    center = HelpCenter(article(1, 501), article(2, 502))
    account = small_account.SmallAccount(tmp_path, "zendesk", center)
    account.sync(FIRST)
    del center.articles[1]
    account.sync(LATER)
    assert written(account, LATER) == [("1", "Agent One", "created"), ("2", "Agent Two", "created")]
    fresh = account.list_observations("article_freshness", as_of=LATER)
    assert [row["url"].rpartition("/")[2] for row in fresh if row["end"] is None or row["censored"] == "true"] == ["1"]
