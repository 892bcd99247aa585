"""Messaging sessions: their own pages, followed to the documented end."""

from typing import Any

import httpx
import pytest
from zendesk_fixtures import NOW, SINCE, kept, pull, records

from connectors.zendesk.streams.messaging import OVERLAP
from helpdesk_kpi.errors import PullError
from helpdesk_kpi.model import Engagement

START = 1_780_221_600  # 2026-05-31T10:00:00Z


def session(number: int) -> dict[str, Any]:
    """They start a minute after one another."""
    start = f"2026-05-31T10:{number:02}:00"
    return {"engagement_id": f"E{number:02}", "ticket_id": number, "engagement_start_time": start,
            "agent_messages_count": 0}  # fmt: skip


def three_pages(request: httpx.Request) -> dict[str, Any]:
    """25 sessions, ten a page, as recorded."""
    place = request.url.params.get("engagement_id_cursor", "E00")
    first = int(place.removeprefix("E")) + 1
    shown = [session(number) for number in range(first, min(first + 10, 26))]
    last = shown[-1]["engagement_id"]
    started = START + 60 * (first + 9)
    more = first + 10 <= 25
    following = f"https://pod.internal.example/api/v2/engagements?start_time=1&start_time_cursor={started}"
    following += f"&engagement_id_cursor={last}&page_size=10&channel=MESSAGING"
    return {"agent_engagement_data": shown, "has_more": more, "next_page_url": following if more else None,
            "page_size": len(shown)}  # fmt: skip


def test_every_page_is_read_and_only_the_place_is_taken_from_the_next_address() -> None:
    pages, requests = pull("engagements", three_pages)
    assert [row.ticket for row in records(pages, Engagement)] == [str(number) for number in range(1, 26)]
    assert {request.url.host for request in requests} == {"acme.zendesk.com"}
    assert [dict(request.url.params) for request in requests] == [
        {"start_time": str(SINCE // 1000)},
        {"start_time": str(SINCE // 1000), "start_time_cursor": str(START + 600), "engagement_id_cursor": "E10"},
        {"start_time": str(SINCE // 1000), "start_time_cursor": str(START + 1200), "engagement_id_cursor": "E20"},
    ]
    assert kept(pages) == str(START + 1500)  # 10:25
    assert pages[-1].complete_until == (NOW - 75) * 1000


def test_the_next_run_reads_a_day_again_because_sessions_appear_when_they_end() -> None:
    _, requests = pull("engagements", three_pages, cursor=str(START))
    assert requests[0].url.params["start_time"] == str(START - OVERLAP)
    assert OVERLAP == 24 * 3600


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ({}, "no word on whether more follow"),
        ({"has_more": True, "next_page_url": None}, "does not move on"),
        ({"has_more": True, "next_page_url": "https://x.example/?start_time_cursor=5"}, "does not move on"),
        (
            {"has_more": True, "next_page_url": "https://x.example/?start_time_cursor=5&engagement_id_cursor=E"},
            "does not move on",
        ),
    ],
)
def test_a_page_without_a_usable_word_on_what_follows_is_an_error_and_no_end(
    page: dict[str, Any], message: str
) -> None:
    with pytest.raises(PullError, match=message):
        pull("engagements", lambda _: {"agent_engagement_data": [session(1)], **page})
