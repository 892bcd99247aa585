"""What is no support work, or not known: left out by name by our own definitions, counted by the helpdesks' own.

Every variant by hand; minutes since creation. `edge_cases.toml` says which case each test is about.
"""

from typing import Any

import msgspec
import pytest
from timeline_fixtures import ANN, BOB, OPEN, WEEK, at, by_variant, desk, measured, said, status, story
from variant_fixtures import alike, lengths, of_solves, variants_give

from helpdesk_kpi.config import Tickets

FRT, ACCEPTED = "first_reply_time", "accepted_resolution_time"
FIRST, FULL = "first_resolution_time", "full_resolution_time"
SOLVED, WEIGHTED, TOUCH, AGAIN = "solved_tickets", "weighted_volume", "one_touch", "recurrence_rate"


def test_a_merged_ticket_is_in_nothing_but_the_backlog_of_before() -> None:
    # Ann replies at 10 and merges it away at 50, which closes it. The native figures take the closing for a solve.
    ticket = story(OPEN, said(10, ANN), status(50, ANN, "new", "closed"), merged_into="9")
    native = alike([10.0], "zendesk", "freshdesk", "jira", "fivetran")
    variants_give(FRT, lengths(ticket), **by_variant(FRT, ["merged 10"], **native))
    variants_give(FRT, lengths(ticket, as_of=49), **by_variant(FRT, [10.0]))
    variants_give(FIRST, lengths(ticket), **by_variant(FIRST, ["merged 50"], zendesk=[50.0], fivetran=[50.0]))
    solve = alike([50.0], "zendesk", "freshdesk", "fivetran")
    variants_give(FULL, lengths(ticket), **by_variant(FULL, ["merged 50"], **solve))
    to_solve, to_confirmation = ["merged 40"], [f"merged {40 + WEEK}"]
    variants_give(ACCEPTED, lengths(ticket), strict=to_solve, confirmed=to_solve, at_confirmation=to_confirmation)
    out, one = [(50, ANN, "merged")], [(50, ANN, 1)]
    variants_give(SOLVED, of_solves(ticket), strict=out, valid=out)
    variants_give(WEIGHTED, of_solves(ticket), strict=out, valid=out)
    variants_give(TOUCH, of_solves(ticket), strict=out, zendesk=one, fivetran=one)
    variants_give(AGAIN, of_solves(ticket), strict=out, incl_reopen=out)
    assert [(o.start, o.end) for o in measured(ticket, "backlog")] == [(at(0), at(50))]


def test_a_deleted_ticket_keeps_a_tombstone_and_counts_up_to_its_deletion() -> None:
    # Answered at 10, solved at 60, deleted at 100: until then it was a solved ticket, afterwards it is a reason, also
    # for the helpdesks' own figures.
    ticket = story(OPEN, said(10, ANN), status(60, ANN, "new", "solved"), deleted_at=at(100))
    before = lengths(ticket, as_of=99)
    variants_give(FRT, before, **by_variant(FRT, [10.0]))
    variants_give(FIRST, before, **by_variant(FIRST, [60.0]))
    variants_give(FULL, before, **by_variant(FULL, [60.0]))
    variants_give(ACCEPTED, before, strict=[50.0], confirmed=["running"], at_confirmation=["running"])
    variants_give(FRT, lengths(ticket), **by_variant(FRT, ["deleted 10"]))
    variants_give(FIRST, lengths(ticket), **by_variant(FIRST, ["deleted 60"]))
    variants_give(FULL, lengths(ticket), **by_variant(FULL, ["deleted 60"]))
    to_solve, to_confirmation = ["deleted 50"], [f"deleted {50 + WEEK}"]
    variants_give(ACCEPTED, lengths(ticket), strict=to_solve, confirmed=to_solve, at_confirmation=to_confirmation)


def test_what_a_deleted_ticket_counted_as_solved_is_a_reason_from_the_deletion_on() -> None:
    # The same life.
    ticket = story(OPEN, said(10, ANN), status(60, ANN, "new", "solved"), deleted_at=at(100))
    one, none, out = [(60, ANN, 1)], [(60, ANN, 0)], [(60, ANN, "deleted")]
    before, after = of_solves(ticket, as_of=99), of_solves(ticket)
    variants_give(SOLVED, before, strict=one, valid=one)
    variants_give(SOLVED, after, strict=out, valid=out)
    variants_give(WEIGHTED, before, strict=one, valid=one)
    variants_give(WEIGHTED, after, strict=out, valid=out)
    variants_give(TOUCH, before, strict=one, zendesk=one, fivetran=one)
    variants_give(TOUCH, after, strict=out, zendesk=out, fivetran=out)
    variants_give(AGAIN, before, strict=none, incl_reopen=none)
    variants_give(AGAIN, after, strict=out, incl_reopen=out)


@pytest.mark.parametrize(
    ("reason", "row", "rules"),
    [
        ("spam", {"is_spam": 1}, {}),
        ("test", {"tags": '["test"]'}, {"exclude": {"tags": ["test"]}}),
        ("test", {"brand": "sandbox"}, {"exclude": {"brands": ["sandbox"]}}),
        ("internal", {"requester": ANN, "submitter": ANN}, {}),
        ("internal", {"requester": ANN, "submitter": ANN, "channel": "side_conversation"}, {}),
    ],
    ids=["spam", "test_tag", "test_brand", "a_colleagues", "a_side_conversation_of_an_agent"],
)
def test_what_is_no_support_work_counts_by_native_definitions_only(
    reason: str, row: dict[str, Any], rules: dict[str, Any]
) -> None:
    # Bob replies at 10 and solves at 40. Strict leaves it out by name; the helpdesks' own figures know no such thing.
    the = msgspec.structs.replace(desk(), rules=msgspec.convert(rules, Tickets))
    ticket = story(OPEN, said(10, BOB), status(40, BOB, "new", "solved"), the=the, **row)
    native = alike([10.0], "zendesk", "freshdesk", "jira", "fivetran")
    variants_give(FRT, lengths(ticket), **by_variant(FRT, [f"{reason} 10"], **native))
    variants_give(FIRST, lengths(ticket), **by_variant(FIRST, [f"{reason} 40"], zendesk=[40.0], fivetran=[40.0]))
    solve = alike([40.0], "zendesk", "freshdesk", "fivetran")
    variants_give(FULL, lengths(ticket), **by_variant(FULL, [f"{reason} 40"], **solve))
    out, one = [(40, BOB, reason)], [(40, BOB, 1)]
    variants_give(SOLVED, of_solves(ticket), strict=out, valid=out)
    variants_give(WEIGHTED, of_solves(ticket), strict=out, valid=out)
    # What a colleague asked is an agent's public comment for the dbt package: two of them.
    dbt = [(40, BOB, 0)] if reason == "internal" else one
    variants_give(TOUCH, of_solves(ticket), strict=out, zendesk=one, fivetran=dbt)
    variants_give(AGAIN, of_solves(ticket), strict=out, incl_reopen=out)
    assert [o.stop for o in measured(ticket, "reopen_rate")] == [reason]


def test_what_the_configuration_calls_no_valid_work_counts_as_solved_all_the_same() -> None:
    # [tickets.valid] names the tag; Ann replies at 50 and solves at 100.
    the = msgspec.structs.replace(desk(), rules=msgspec.convert({"valid": {"tags": ["script"]}}, Tickets))
    ticket = story(OPEN, said(50, ANN), status(100, ANN, "new", "solved"), the=the, tags='["script"]')
    one, out = [(100, ANN, 1)], [(100, ANN, "not_valid")]
    variants_give(SOLVED, of_solves(ticket), strict=one, valid=out)
    variants_give(WEIGHTED, of_solves(ticket), strict=one, valid=out)


def test_before_replies_are_read_only_kpis_without_that_need_have_values() -> None:
    # Replied at 10, solved at 20, as far as is known: there may be more. A solve is a solve; whether a person did
    # something before, who worked on it, and why it would be opened again, is not known.
    ticket = story(OPEN, said(10, ANN), status(20, ANN, "new", "solved"), replies_known="pending")
    reason = "replies_pending"
    variants_give(FRT, lengths(ticket), **by_variant(FRT, [f"{reason} 10"]))
    to_solve, to_confirmation = [f"{reason} 10"], [f"{reason} {10 + WEEK}"]
    variants_give(ACCEPTED, lengths(ticket), strict=to_solve, confirmed=to_solve, at_confirmation=to_confirmation)
    one, none, out = [(20, ANN, 1)], [(20, ANN, 0)], [(20, ANN, reason)]
    variants_give(SOLVED, of_solves(ticket), strict=one, valid=out)
    variants_give(WEIGHTED, of_solves(ticket), strict=out, valid=out)
    variants_give(TOUCH, of_solves(ticket), strict=out, zendesk=out, fivetran=out)
    variants_give(AGAIN, of_solves(ticket), strict=none, incl_reopen=out)


def test_a_history_that_is_not_read_yet_is_unknown_to_every_definition() -> None:
    ticket = story(OPEN, said(10, ANN), status(20, ANN, "new", "solved"), changes_known="pending")
    out = [(20, ANN, "history_unknown")]
    variants_give(SOLVED, of_solves(ticket), strict=out, valid=out)
    variants_give(AGAIN, of_solves(ticket), strict=out, incl_reopen=out)
    variants_give(FULL, lengths(ticket), **by_variant(FULL, ["history_unknown 20"]))
