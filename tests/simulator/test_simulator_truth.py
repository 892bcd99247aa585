"""The truth on worlds small enough to work out by hand. The desk is open Monday to Friday 9:00 to 17:00 UTC."""

from oracle.truth import truth, truth_excluded, truth_summary
from simulator_fixtures import (
    ANN,
    BEN,
    BOT,
    CAROL,
    END,
    LEO,
    LIGHT,
    LONG,
    OTHER,
    START,
    TEAM,
    at,
    did,
    hours,
    only,
    opened,
    said,
    world,
)

from helpdesk_kpi.simulator.world.facts import SYSTEM, Answered, Call, Chat, Comment, Created, Deleted, Offered


def test_a_first_reply_counts_from_the_creation_over_a_night_in_both_clocks() -> None:
    made = world(
        opened("mon 16:00"),
        said("mon 16:00", BOT),  # an automatic answer is no reply
        said("mon 16:30", LIGHT, public=False),  # nor is a note
        said("tue 10:00", ANN, assignee=ANN, status="open"),
    )
    row = only(made, "first_reply_time")
    # Monday 16:00 to Tuesday 10:00: 18 hours; open 16:00-17:00 and 9:00-10:00: 2 hours
    assert (hours(row.calendar_ms), hours(row.business_ms)) == (18, 2)
    assert (row.agent, row.team, row.severity, row.stop) == ("1", "100", "P2", "")
    assert (row.at, row.start, row.end) == (at("mon 16:00"), at("mon 16:00"), at("tue 10:00"))


def test_p0_is_counted_round_the_clock_by_the_priority_when_the_clock_started() -> None:
    made = world(
        opened("mon 16:00", priority="urgent"),
        did("mon 18:00", ANN, priority="low"),  # later, so without effect
        said("tue 10:00", ANN),
    )
    row = only(made, "first_reply_time")
    assert row.severity == "P0"
    assert (hours(row.calendar_ms), hours(row.business_ms)) == (18, 18)


def test_without_a_priority_there_is_no_severity_and_the_clock_follows_business_hours() -> None:
    row = only(world(opened("fri 16:00", priority=None), said("mon2 09:30", ANN)), "first_reply_time")
    # Friday 16:00 to Monday 9:30: 65.5 hours; open: one hour on Friday, half an hour on Monday
    assert (row.severity, hours(row.calendar_ms), hours(row.business_ms)) == (None, 65.5, 1.5)


def test_what_has_not_happened_yet_does_not_exist() -> None:
    made = world(opened("mon 10:00"), said("tue 10:00", ANN, status="solved"))
    row = only(made, "first_reply_time", as_of="mon 12:00")
    assert (row.end, row.agent, hours(row.calendar_ms)) == (None, None, 2)
    assert truth(made, "first_reply_time", as_of=at("mon 09:59")) == []
    assert truth(made, "solved_tickets", as_of=at("mon 12:00")) == []
    assert only(made, "first_reply_time", as_of="tue 10:00").end == at("tue 10:00")


def test_solved_before_any_reply_ends_the_wait_without_one() -> None:
    made = world(opened("mon 10:00"), did("mon 12:00", ANN, status="solved"), said("mon 13:00", ANN))
    row = only(made, "first_reply_time")
    assert (row.stop, row.end, row.agent) == ("solved_without_reply", at("mon 12:00"), None)


def test_a_reply_in_the_save_that_solves_is_a_reply() -> None:
    made = world(opened("mon 10:00"), said("mon 12:00", ANN, status="solved"))
    assert (only(made, "first_reply_time").stop, only(made, "first_reply_time").agent) == ("", "1")


def test_replies_through_rules_and_interfaces_are_not_those_of_a_person() -> None:
    made = world(
        opened("mon 10:00"),
        said("mon 10:10", ANN, rule="Autoreply", via="rule"),
        said("mon 10:20", BEN, via="api"),
        said("mon 11:00", ANN),
    )
    assert only(made, "first_reply_time").end == at("mon 11:00")
    # the helpdesk itself leaves out rules only
    assert only(made, "first_reply_time", "zendesk").end == at("mon 10:20")


def test_an_answered_call_is_a_first_reply_where_calls_are_known() -> None:
    call = Call(id=7, ticket=1, at=at("mon 10:00"), agent=BEN, answered_at=at("mon 10:01"), ended_at=at("mon 10:09"))
    made = world(opened("mon 10:00", channel="voice"), call, said("mon 15:00", ANN))
    row = only(made, "first_reply_time")
    assert (row.end, row.agent) == (at("mon 10:01"), "2")
    assert only(made, "first_reply_time", "zendesk").end == at("mon 15:00")
    made.plan_without = {"calls"}
    assert truth(made, "first_reply_time") == []
    assert truth_excluded(made, kpi="first_reply_time") == {"no_call_data": 1}
    assert truth_excluded(made) == {}


def test_a_missed_call_is_no_contact_and_a_chat_is_one_at_its_first_human_message() -> None:
    missed = Call(id=7, ticket=1, at=at("mon 10:00"), ended_at=at("mon 10:01"))
    made = world(opened("mon 10:00", channel="voice"), missed, said("mon 15:00", ANN))
    assert only(made, "first_reply_time").end == at("mon 15:00")
    chat = Chat(id=8, ticket=1, at=at("mon 10:02"), agent=BEN, replied_at=at("mon 10:05"), ended_at=at("mon 10:30"))
    made = world(opened("mon 10:00", channel="native_messaging"), chat)
    assert (only(made, "first_reply_time").end, only(made, "first_reply_time").agent) == (at("mon 10:05"), "2")


def test_a_holding_reply_does_not_stop_the_substantive_clock_once_the_second_is_there() -> None:
    made = world(opened("mon 10:00"), said("mon 10:10", ANN, "One moment."), said("mon 14:00", BEN))
    assert only(made, "first_reply_time").end == at("mon 10:10")
    row = only(made, "first_reply_time", "substantive")
    assert (row.end, row.agent) == (at("mon 14:00"), "2")
    assert only(made, "first_reply_time", "substantive", as_of="mon 12:00").end == at("mon 10:10")


def test_a_short_reply_that_the_customer_answered_was_no_holding_one() -> None:
    made = world(
        opened("mon 10:00"),
        said("mon 10:10", ANN, "Which one?"),
        said("mon 11:00", CAROL, "This."),
        said("mon 14:00", ANN),
    )
    assert only(made, "first_reply_time", "substantive").end == at("mon 10:10")
    long = world(opened("mon 10:00"), said("mon 10:10", ANN, "x" * 80), said("mon 14:00", ANN))
    assert only(long, "first_reply_time", "substantive").end == at("mon 10:10")


def test_a_leavers_reply_stays_a_reply_but_not_for_who_looks_at_todays_role() -> None:
    made = world(opened("mon 10:00"), said("mon 11:00", LEO), said("tue 11:00", ANN))
    assert only(made, "first_reply_time").agent == "3"
    assert only(made, "first_reply_time", "fivetran", as_of="wed 10:00").agent == "3"  # Leo is still there
    assert only(made, "first_reply_time", "fivetran").agent == "1"
    assert only(made, "first_reply_time", "zendesk").agent == "3"


def test_bots_count_for_fivetran_unless_they_answer_in_the_second_of_the_creation() -> None:
    made = world(opened("mon 10:00"), said("mon 10:00", BOT), said("mon 11:00", ANN))
    assert only(made, "first_reply_time", "fivetran").end == at("mon 11:00")
    made = world(opened("mon 10:00"), said("mon 10:01", BOT), said("mon 11:00", ANN))
    assert (only(made, "first_reply_time", "fivetran").agent, only(made, "first_reply_time").agent) == ("4", "1")


def test_each_wait_after_the_first_is_a_row_and_thanks_open_none() -> None:
    made = world(
        opened("mon 10:00"),
        said("mon 10:30", CAROL),  # the first wait is open: belongs to the first reply
        said("mon 11:00", ANN),
        said("mon 12:00", CAROL),  # opens the second
        said("mon 12:30", CAROL),  # is in it
        said("mon 14:00", BEN),
        said("mon 15:00", CAROL, "Thanks!", is_thanks=True),  # opens none
        said("tue 09:00", CAROL, team=OTHER),  # opens the third
        did("tue 10:00", BEN, status="solved"),
        said("tue 11:00", CAROL, status="open"),  # opens the fourth
    )
    rows = truth(made, "next_reply_time", as_of=at("tue 12:00"))
    assert [(row.start, row.end, row.agent, row.stop) for row in rows] == [
        (at("mon 12:00"), at("mon 14:00"), "2", ""),
        (at("tue 09:00"), at("tue 10:00"), None, "solved_without_reply"),
        (at("tue 11:00"), None, None, ""),
    ]
    assert [row.team for row in rows] == ["100", "200", "200"]
    assert truth_summary(rows)[None].running == 1


def test_a_comment_and_a_solve_in_one_save_are_a_reply() -> None:
    made = world(
        opened("mon 10:00"), said("mon 11:00", ANN), said("mon 12:00", CAROL), said("mon 13:00", ANN, status="solved")
    )
    assert (only(made, "next_reply_time").agent, only(made, "next_reply_time").stop) == ("1", "")


def test_first_and_full_resolution_part_when_a_ticket_is_reopened() -> None:
    made = world(
        opened("mon 10:00"),
        said("mon 12:00", ANN, status="solved", assignee=ANN),
        said("mon 13:00", CAROL, "Still broken.", status="open"),
        did("tue 10:00", SYSTEM, status="solved", rule="Solve after days", via="rule"),
        did("fri 10:00", SYSTEM, status="closed", rule="Close after days", via="rule"),  # no solve
    )
    assert only(made, "first_resolution_time").end == at("mon 12:00")
    full = only(made, "full_resolution_time")
    # a rule solved it, so its assignee is credited; Monday 10-17 and Tuesday 9-10
    assert (full.end, full.agent, hours(full.business_ms)) == (at("tue 10:00"), "1", 8)
    # while it is open again, it runs; the helpdesk's own figure is not there at all
    assert only(made, "full_resolution_time", as_of="mon 14:00").end is None
    assert truth(made, "full_resolution_time", "zendesk", at("mon 14:00")) == []
    assert only(made, "first_resolution_time", "zendesk", as_of="mon 14:00").end == at("mon 12:00")


def test_acceptance_is_the_first_human_act() -> None:
    made = world(
        opened("mon 10:00"),
        did("mon 10:05", SYSTEM, assignee=BEN, rule="Route", via="rule"),  # a rule accepts nothing
        did("mon 10:30", BEN, assignee=ANN),  # giving it to somebody else is no acceptance
        did("mon 11:00", ANN, priority="high"),  # nor is a priority
        said("mon 12:00", ANN, public=False),  # a note is
        said("mon 14:00", ANN, status="solved"),
    )
    row = only(made, "accepted_resolution_time")
    assert (row.at, row.start, row.end) == (at("mon 10:00"), at("mon 12:00"), at("mon 14:00"))
    assert row.severity == "P1"  # in force when its clock started
    assert truth(made, "accepted_resolution_time", as_of=at("mon 11:30")) == []
    late = world(opened("mon 10:00"), did("mon 12:00", SYSTEM, status="solved"), said("mon 14:00", ANN, public=False))
    assert only(late, "accepted_resolution_time").end is None  # solved before anyone had accepted it
    taken = world(opened("mon 10:00"), did("mon 10:30", ANN, assignee=ANN))
    assert only(taken, "accepted_resolution_time").start == at("mon 10:30")
    by_phone = world(opened("mon 10:00", submitter=BEN, channel="voice"))
    assert only(by_phone, "accepted_resolution_time").start == at("mon 10:00")


def test_a_solve_counts_once_for_the_ticket_and_once_each_for_reopening() -> None:
    made = world(
        opened("mon 10:00"),
        said("mon 12:00", ANN, status="solved"),
        said("mon 13:00", CAROL, "Thanks!", is_thanks=True, status="open"),
        did("mon 14:00", BEN, status="solved", team=OTHER),
    )
    row = only(made, "solved_tickets")
    assert (row.at, row.agent, row.team, row.value) == (at("mon 14:00"), "2", "200", 1)
    first, second = truth(made, "reopen_rate")
    assert (first.agent, first.value, first.facet, first.team) == ("1", 1, "thanks", "100")
    assert (second.agent, second.value, second.facet) == ("2", 0, "")
    # before the reopening the ticket counts as solved by Ann, and as not reopened
    assert only(made, "reopen_rate", as_of="mon 12:30").value == 0
    assert only(made, "solved_tickets", as_of="mon 12:30").agent == "1"
    assert truth(made, "solved_tickets", as_of=at("mon 13:00")) == []


def _reopened(*facts: object) -> str:
    made = world(opened("mon 10:00"), said("mon 12:00", ANN, status="solved", assignee=ANN), *facts)  # type: ignore[arg-type]
    return truth(made, "reopen_rate")[0].facet


def test_kinds_of_reopenings_are_distinguished() -> None:
    assert _reopened(said("mon 13:00", CAROL, "And how?", is_question=True, status="open")) == "followup_question"
    assert _reopened(said("mon 13:00", CAROL, "Still broken.", status="open")) == "not_fixed"
    assert _reopened(did("mon 13:00", ANN, status="open")) == "agent"
    assert _reopened(did("mon 13:00", BOT, status="open", via="api")) == "automation"
    assert _reopened(did("mon 13:00", SYSTEM, status="open", via="rule", rule="r")) == "automation"
    thanks = said("mon 13:00", CAROL, "Thanks!", is_thanks=True, status="open")
    # who answers thanks before solving again took them for more
    assert _reopened(thanks, said("mon 14:00", ANN, status="solved")) == "followup_question"
    assert _reopened(thanks, did("mon 14:00", ANN, status="solved"), said("mon 15:00", ANN)) == "thanks"


def test_the_backlog_is_what_is_open_at_the_instant() -> None:
    made = world(
        opened("mon 10:00"),
        did("mon 11:00", ANN, status="pending", assignee=ANN, priority="high", team=OTHER),
        did("tue 10:00", ANN, status="solved"),
    )
    row = only(made, "backlog", as_of="mon 12:00")
    assert (row.facet, row.severity, row.team, row.agent) == ("pending", "P1", "200", "1")
    assert only(made, "backlog", as_of="mon 10:00").facet == "new"
    assert truth(made, "backlog", as_of=at("tue 10:00")) == []
    assert truth(made, "backlog", as_of=at("mon 09:00")) == []


def test_who_is_left_out_and_from_when_on() -> None:
    made = world(
        opened("mon 10:00", ticket=1, requester=ANN),
        opened("mon 10:00", ticket=2, submitter=ANN),
        opened("mon 10:00", ticket=3, tags=("test",)),
        opened("mon 10:00", ticket=4),
        Deleted(ticket=4, at=at("tue 10:00"), actor=ANN),
        opened("mon 10:00", ticket=5),
        did("tue 10:00", ANN, ticket=5, status="closed", merged_into=6, add_tags=("closed_by_merge",)),
        opened("mon 10:00", ticket=6),
    )
    always = {"internal": 1, "outbound": 1, "test": 1}
    assert truth_excluded(made, at("mon 12:00")) == always
    assert truth_excluded(made) == always | {"deleted": 1, "merged": 1}
    assert [row.ticket for row in truth(made, "backlog", as_of=at("mon 12:00"))] == ["4", "5", "6"]
    assert [row.ticket for row in truth(made, "backlog")] == ["6"]
    # the helpdesk's own population leaves out deleted ones only; the merged one is "solved" there
    assert [row.ticket for row in truth(made, "first_resolution_time", "zendesk")] == ["5"]


def test_spam_is_spam_from_the_start_only_where_the_helpdesk_says_so() -> None:
    made = world(opened("mon 10:00", spam=True), Deleted(ticket=1, at=at("tue 10:00"), actor=ANN))
    assert (truth_excluded(made, at("mon 12:00")), truth_excluded(made)) == ({}, {"deleted": 1})
    made.tells_spam = True
    assert truth_excluded(made, at("mon 12:00")) == {"spam": 1}
    made.now = at("mon 18:00")  # nobody has marked it yet
    assert truth_excluded(made, at("mon 12:00")) == {}


def test_a_rating_is_shared_by_who_replied_and_keeps_its_first_date_and_last_score() -> None:
    made = world(
        opened("mon 10:00"),
        said("mon 11:00", ANN),
        said("mon 12:00", ANN),
        said("mon 13:00", BEN, status="solved"),
        Offered(survey=5, ticket=1, at=at("tue 13:00")),
        Answered(survey=5, ticket=1, at=at("tue 15:00"), ratings={"overall": 5}),
        said("tue 16:00", BEN),  # after the answer
        Answered(survey=5, ticket=1, at=at("wed 15:00"), ratings={"overall": 1}),
    )
    rows = {row.agent: row for row in truth(made, "csat", as_of=at("wed 10:00"))}
    assert {agent: round(row.share, 4) for agent, row in rows.items()} == {"1": 0.6667, "2": 0.3333}
    assert {(row.at, row.value, row.facet) for row in rows.values()} == {(at("tue 15:00"), 1, "overall")}
    assert {(row.at, row.value) for row in truth(made, "csat")} == {(at("tue 15:00"), 0)}
    assert only(made, "csat_response_rate", as_of="tue 14:00").value == 0
    response = only(made, "csat_response_rate")
    assert (response.at, response.value, response.agent) == (at("tue 13:00"), 1, "2")


def test_the_newer_survey_has_a_row_for_each_question_and_neutral_is_not_good() -> None:
    made = world(
        opened("mon 10:00"),
        did("mon 11:00", ANN, status="solved", assignee=ANN),
        Offered(survey=5, ticket=1, at=at("tue 13:00"), new=True),
        Answered(survey=5, ticket=1, at=at("tue 15:00"), ratings={"overall": 4, "expertise": 3, "attitude": 2}),
    )
    rows = truth(made, "csat")
    assert {(row.facet, row.value, row.agent, row.share) for row in rows} == {
        ("overall", 1, "1", 1), ("expertise", 0, "1", 1), ("attitude", 0, "1", 1),
    }  # fmt: skip
    made.plan_without = {"surveys"}
    assert truth(made, "csat") == []


def test_triggers_at_the_creation_belong_to_its_instant() -> None:
    facts = (
        Created(ticket=1, at=at("mon 10:00"), requester=CAROL, comment=Comment("Hi"), by_trigger={"team": TEAM}),
        did("mon 10:00", SYSTEM, via="rule", rule="Route", priority="high"),
        said("mon 11:00", ANN, LONG, team=OTHER, priority="low"),
    )
    row = only(world(*facts), "first_reply_time")
    assert (row.team, row.severity) == ("100", "P1")


def test_figures_by_team_and_agent_add_up_to_the_whole() -> None:
    made = world(
        opened("mon 10:00", ticket=1), said("mon 11:00", ANN, ticket=1),
        opened("mon 10:00", ticket=2, team=OTHER), said("mon 13:00", BEN, ticket=2),
        opened("mon 10:00", ticket=3),
    )  # fmt: skip
    rows = truth(made, "first_reply_time", as_of=at("mon 14:00"))
    total = truth_summary(rows)[None]
    assert (total.rows, total.ended, total.running, hours(int(total.mean_calendar_ms or 0))) == (3, 2, 1, 2)
    by_team = truth_summary(rows, "team")
    assert {team: part.rows for team, part in by_team.items()} == {"100": 2, "200": 1}
    assert by_team["200"].mean_calendar_ms == 3 * 3_600_000
    assert START < rows[0].at < END
