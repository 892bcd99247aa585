"""First and next reply, on stories short enough to be worked out in the head. Numbers are minutes since creation."""

from typing import Any

import msgspec
import pytest
from story_fixtures import (
    ANN,
    BOB,
    CUSTOMER,
    LEAVER,
    LIGHT,
    ROBOT,
    apart,
    at,
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
from helpdesk_kpi.measure.discovery import kpi_named
from helpdesk_kpi.measure.timeline import Timeline

FRT = "first_reply_time"
VARIANTS = tuple(kpi_named(FRT).variants)


def every(ticket: Timeline, **how: float) -> dict[str, list[Any]]:
    return each(ticket, FRT, **how)


def told(usual: list[Any], **others: list[Any]) -> dict[str, list[Any]]:
    return apart(FRT, usual, **others)


def test_a_plain_reply_is_the_same_in_every_variant() -> None:
    ticket = story(said(180, ANN))
    assert every(ticket) == told([180.0])
    assert measured(ticket, FRT)[0].agent == ANN


def test_a_robots_answer_does_not_stop_the_clock_but_fivetrans() -> None:
    # An integration with an agent's role answers after 20 seconds, Ann after 3 hours.
    ticket = story(said(1 / 3, ROBOT), said(180, ANN))
    assert every(ticket) == told([180.0], fivetran=[pytest.approx(1 / 3)])


def test_an_agents_account_over_the_api_is_a_robot_unless_configured() -> None:
    events = (said(5, ANN, via="api"), said(60, ANN))
    # Zendesk and the dbt package go by the account's role, whatever way it wrote.
    assert every(story(*events)) == told([60.0], zendesk=[5.0], fivetran=[5.0])
    assert minutes(story(*events, the=desk(api_comments="agent")), FRT) == [5.0]


def test_a_triggers_message_is_nobodys() -> None:
    ticket = story(said(1, None, via="rule", rule="received"), said(2, ANN, rule="macro by trigger"), said(90, ANN))
    assert every(ticket) == told([90.0])


@pytest.mark.trap("zendesk 23")
def test_a_private_note_is_no_reply() -> None:
    assert every(story(said(10, ANN, public=False), said(45, BOB))) == told([45.0])


def test_a_light_agent_does_not_reply() -> None:
    assert every(story(said(10, LIGHT), said(45, BOB))) == told([45.0])


def test_a_leavers_reply_stays_a_reply_except_for_fivetran() -> None:
    # The leaver replied at 20, became an end-user at 60; Ann replied at 300.
    ticket = story(said(20, LEAVER), said(300, ANN))
    assert every(ticket) == told([20.0], fivetran=[300.0])


def test_a_reply_in_the_second_of_creation_counts_and_is_no_negative_time() -> None:
    ticket = story(said(0, CUSTOMER), said(0, ANN, seq=1), said(30, ANN))
    # fivetran asks for a strictly later time, so it finds the second one
    assert every(ticket) == told([0.0], fivetran=[30.0])


def test_solved_without_a_reply_is_censored_at_the_solve() -> None:
    ticket = story(
        did(97, ANN, "status", "open", "solved"), did(5000, CUSTOMER, "status", "solved", "open"), said(5984, ANN)
    )
    unanswered, later = ["solved_without_reply 97"], [5984.0]
    assert every(ticket) == told(unanswered, zendesk=later, freshdesk=later, jira=[97.0], fivetran=later)
    assert measured(ticket, FRT)[0].agent is None


def test_a_reply_and_a_solve_in_one_update_is_a_reply() -> None:
    assert minutes(story(did(30, ANN, "status", "open", "solved"), said(30, ANN)), FRT) == [30.0]


def test_never_replied_runs_in_strict_and_has_no_value_elsewhere() -> None:
    assert every(story(said(10, CUSTOMER))) == told(["running"], zendesk=[], freshdesk=[], jira=[], fivetran=[])


def test_before_the_reply_the_clock_runs() -> None:
    ticket = story(said(180, ANN))
    assert every(ticket, as_of=179) == told(["running"], zendesk=[], freshdesk=[], jira=[], fivetran=[])
    assert minutes(ticket, FRT, as_of=180) == [180.0]


def test_a_holding_reply_stops_strict_and_only_holds_substantive() -> None:
    ticket = story(said(5, ANN, length=30), said(60, ANN, length=400))
    assert every(ticket) == told([5.0], substantive=[60.0])
    assert minutes(ticket, FRT, "substantive", as_of=59) == [5.0]  # as far as was known then


def test_a_short_reply_that_the_customer_answers_was_no_holding_one() -> None:
    assert minutes(story(said(5, ANN, length=30), said(9, CUSTOMER), said(60, ANN)), FRT, "substantive") == [5.0]


def test_eighty_characters_are_not_short() -> None:
    assert minutes(story(said(5, ANN, length=80), said(60, ANN)), FRT, "substantive") == [5.0]
    assert minutes(story(said(5, ANN, length=79), said(60, ANN)), FRT, "substantive") == [60.0]


def test_an_answered_call_is_contact_but_not_for_zendesk() -> None:
    ticket = story(talked(3, ANN, "call"), said(40, BOB), channel="voice")
    assert every(ticket) == told([3.0], zendesk=[40.0], freshdesk=[40.0], jira=[40.0], fivetran=[40.0])


def test_a_human_chat_message_is_contact() -> None:
    assert minutes(story(talked(2, ANN, "chat"), channel="native_messaging"), FRT) == [2.0]


@pytest.mark.trap("zendesk 24")
def test_voice_without_call_data_is_counted_apart() -> None:
    ticket = story(said(40, ANN), channel="voice", the=desk(lacks={"calls"}))
    native = {"zendesk": [40.0], "freshdesk": [40.0], "jira": [40.0], "fivetran": [40.0]}
    assert every(ticket) == told(["no_call_data"], **native)
    assert minutes(story(said(40, ANN), the=desk(lacks={"calls"})), FRT) == [40.0]  # an email needs none


def test_a_phone_log_by_an_agent_counts_from_creation() -> None:
    # Ann writes down a call: she submits the ticket, its first comment is hers and public.
    ticket = story(said(0, ANN), said(25, ANN), submitter=ANN, channel="voice")
    assert every(ticket) == told([25.0])


@pytest.mark.trap("zendesk 23")
def test_outbound_is_left_out_of_strict_and_zendesk_waits_for_the_second_reply() -> None:
    ticket = story(said(0, ANN), said(25, CUSTOMER), said(70, ANN), submitter=ANN)
    # Freshdesk's and Jira's count the first public reply behind the comment that made the ticket.
    native = {"zendesk": [70.0], "fivetran": [70.0], "freshdesk": [70.0], "jira": [70.0]}
    assert every(ticket) == told(["outbound 70"], **native)


def test_a_merged_ticket_leaves_when_it_is_merged() -> None:
    ticket = story(did(50, ANN, "status", "new", "closed"), merged_into="9")
    assert minutes(ticket, FRT, as_of=49) == ["running"]
    assert [o.stop for o in measured(ticket, FRT, as_of=50)] == ["merged"]
    assert [o.stop for o in measured(ticket, FRT, "zendesk")] == []


def test_a_deleted_ticket_leaves_every_variant_when_it_is_deleted() -> None:
    ticket = story(said(10, ANN), deleted_at=at(100))
    assert every(ticket, as_of=99) == told([10.0])
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


def test_a_run_of_messages_is_one_wait_from_its_first() -> None:
    ticket = story(
        said(10, ANN), said(100, CUSTOMER), said(110, CUSTOMER), said(160, BOB), said(200, CUSTOMER), said(230, ANN)
    )
    assert each(ticket, NRT) == apart(NRT, [60.0, 30.0])
    assert [o.agent for o in measured(ticket, NRT)] == [BOB, ANN]


def test_mere_thanks_opens_no_wait() -> None:
    assert each(story(said(10, ANN), said(50, CUSTOMER, is_thanks=1), said(90, ANN)), NRT) == apart(NRT, [])


def test_a_solve_ends_a_wait_without_a_reply() -> None:
    ticket = story(said(10, ANN), said(50, CUSTOMER), did(75, BOB, "status", "open", "solved"))
    assert each(ticket, NRT) == apart(NRT, ["solved_without_reply 25"])


def test_an_open_wait_runs() -> None:
    assert each(story(said(10, ANN), said(50, CUSTOMER)), NRT) == apart(NRT, ["running"])
