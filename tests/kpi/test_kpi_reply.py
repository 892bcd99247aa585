"""First and next reply, on stories short enough to be worked out in the head. Numbers are minutes since creation."""

from typing import Any

import msgspec
import pytest
from timeline_fixtures import (
    ANN,
    BOB,
    CUSTOMER,
    at,
    by_variant,
    desk,
    did,
    each,
    measured,
    minutes,
    said,
    story,
    talked,
)

from helpdesk_kpi.config import Tickets
from helpdesk_kpi.measure.metrics.discovery import get_kpi
from helpdesk_kpi.measure.tickets.timeline import Timeline

FRT = "first_reply_time"
VARIANTS = tuple(get_kpi(FRT).variants)


def every(ticket: Timeline, **how: float) -> dict[str, list[Any]]:
    return each(ticket, FRT, **how)


def replies(usual: list[Any], **others: list[Any]) -> dict[str, list[Any]]:
    return by_variant(FRT, usual, **others)


def test_a_plain_reply_is_the_same_in_every_variant() -> None:
    ticket = story(said(180, ANN))
    assert every(ticket) == replies([180.0])
    assert measured(ticket, FRT)[0].agent == ANN


def test_a_reply_and_a_solve_in_one_update_is_a_reply() -> None:
    assert minutes(story(did(30, ANN, "status", "open", "solved"), said(30, ANN)), FRT) == [30.0]


def test_before_the_reply_the_clock_runs() -> None:
    ticket = story(said(180, ANN))
    assert every(ticket, as_of=179) == replies(["running"], zendesk=[], freshdesk=[], jira=[], fivetran=[])
    assert minutes(ticket, FRT, as_of=180) == [180.0]


def test_a_holding_reply_stops_strict_and_only_holds_substantive() -> None:
    ticket = story(said(5, ANN, length=30), said(60, ANN, length=400))
    assert every(ticket) == replies([5.0], substantive=[60.0])
    assert minutes(ticket, FRT, "substantive", as_of=59) == [5.0]  # as far as was known then


def test_a_short_reply_that_the_customer_answers_was_no_holding_one() -> None:
    assert minutes(story(said(5, ANN, length=30), said(9, CUSTOMER), said(60, ANN)), FRT, "substantive") == [5.0]


def test_eighty_characters_are_not_short() -> None:
    assert minutes(story(said(5, ANN, length=80), said(60, ANN)), FRT, "substantive") == [5.0]
    assert minutes(story(said(5, ANN, length=79), said(60, ANN)), FRT, "substantive") == [60.0]


def test_a_human_chat_message_is_contact() -> None:
    assert minutes(story(talked(2, ANN, "chat"), channel="native_messaging"), FRT) == [2.0]


@pytest.mark.trap("zendesk 24")
def test_voice_without_call_data_has_its_own_stop_reason() -> None:
    ticket = story(said(40, ANN), channel="voice", the=desk(lacks={"calls"}))
    native = {"zendesk": [40.0], "freshdesk": [40.0], "jira": [40.0], "fivetran": [40.0]}
    assert every(ticket) == replies(["no_call_data"], **native)
    assert minutes(story(said(40, ANN), the=desk(lacks={"calls"})), FRT) == [40.0]  # an email needs none


def test_a_merged_ticket_leaves_when_it_is_merged() -> None:
    ticket = story(did(50, ANN, "status", "new", "closed"), merged_into="9")
    assert minutes(ticket, FRT, as_of=49) == ["running"]
    assert [o.stop for o in measured(ticket, FRT, as_of=50)] == ["merged"]
    assert [o.stop for o in measured(ticket, FRT, "zendesk")] == []


def test_a_deleted_ticket_leaves_every_variant_when_it_is_deleted() -> None:
    ticket = story(said(10, ANN), deleted_at=at(100))
    assert every(ticket, as_of=99) == replies([10.0])
    assert {o.stop for v in VARIANTS for o in measured(ticket, FRT, v, as_of=100)} == {"deleted"}


@pytest.mark.parametrize(
    ("row", "rules", "reason"),
    [
        ({"requester": ANN, "submitter": ANN}, {}, "internal"),
        ({"is_spam": 1}, {}, "spam"),
        ({"tags": '["test"]'}, {"exclude": {"tags": ["test"]}}, "test"),
    ],
)
def test_what_is_no_support_work_never_counts(row: dict[str, Any], rules: dict[str, Any], reason: str) -> None:
    the = msgspec.structs.replace(desk(), rules=msgspec.convert(rules, Tickets))
    assert [o.stop for o in measured(story(said(10, BOB), the=the, **row), FRT)] == [reason]


def test_unknown_replies_are_never_called_never_replied() -> None:
    assert [o.stop for o in measured(story(replies_known="pending"), FRT)] == ["replies_pending"]


def test_a_history_that_is_not_read_yet_is_unknown() -> None:
    assert [o.stop for o in measured(story(changes_known="pending"), FRT)] == ["history_unknown"]
    assert [o.stop for o in measured(story(the=desk(since=at(1))), FRT)] == ["history_unknown"]


def test_severity_is_that_of_the_start_not_of_a_later_raise() -> None:
    ticket = story(
        did(0, CUSTOMER, "priority", None, "normal"), did(20, ANN, "priority", "normal", "urgent"), said(30, ANN)
    )
    assert [o.severity for o in measured(ticket, FRT)] == ["P2"]


def test_no_priority_is_a_severity_of_its_own() -> None:
    assert [o.severity for o in measured(story(said(3, ANN), priority=None), FRT)] == [None]


NRT = "next_reply_time"


def test_an_open_wait_runs() -> None:
    assert each(story(said(10, ANN), said(50, CUSTOMER)), NRT) == by_variant(NRT, ["running"])
