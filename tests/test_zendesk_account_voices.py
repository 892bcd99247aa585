"""Small accounts: who wrote, who answered, and what is words and what is not."""

from pathlib import Path
from typing import Any

import pytest
from account_fixtures import SmallAccount
from zendesk_account import (
    AGENT, CUSTOMER, ZendeskRows, change, comment, created, event, ordinary, ticket, user,
)

LATER = "2026-11-20T00:00:00Z"


def account(folder: Path, **rows: Any) -> SmallAccount:
    """Synced once, without a stream that failed."""
    found = SmallAccount(folder, ZendeskRows(**rows))
    results = found.sync(LATER)
    assert {r.outcome for r in results.values()} <= {"ok", "unavailable"}, results
    return found


def test_tickets_and_their_events_are_asked_with_the_same_scope(tmp_path: Path) -> None:
    """Field case 1: the second ticket was taken by an AI agent first."""
    day = "2026-11-10T"
    desk = account(
        tmp_path,
        users=[user(AGENT, "agent"), user(601), user(602)],
        tickets=[
            ticket(9101, day + "09:00:00Z", day + "10:30:00Z"),
            ticket(9102, day + "09:00:00Z", day + "10:00:00Z", requester_id=602, submitter_id=602, support_type="ai_agent"),
        ],
        ticket_events=[
            *ordinary(9101, asked=day + "09:00:00Z", answered=day + "09:45:00Z", solved=day + "10:30:00Z"),
            *ordinary(9102, asked=day + "09:00:00Z", answered=day + "09:20:00Z", solved=day + "10:00:00Z", customer=602),
        ],
    )
    assert desk.told("first_reply_time", LATER) == {"9101": [2700], "9102": [1200]}
    assert desk.told("full_resolution_time", LATER) == {"9101": [5400], "9102": [3600]}
    assert desk.told("solved_tickets", LATER).keys() == {"9101", "9102"}
    assert desk.told("backlog", LATER) == {}
    asked = {a.path: a.query for a in desk.asked if "support_type_scope" in a.query}
    assert set(asked) == {"/api/v2/incremental/tickets/cursor", "/api/v2/incremental/ticket_events"}
    assert {query["support_type_scope"] for query in asked.values()} == {"all"}
