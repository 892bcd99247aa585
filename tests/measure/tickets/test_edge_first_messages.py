"""Who wrote the first words, whoever submitted the ticket.

Every variant by hand; minutes since creation. `edge_cases.toml` says which case each test is about.
"""

from typing import Any

import msgspec
import pytest
from timeline_fixtures import (
    ANN,
    BOB,
    CUSTOMER,
    PEOPLE,
    WEEK,
    by_variant,
    desk,
    did,
    measured,
    minutes,
    said,
    status,
    story,
    talked,
)
from variant_fixtures import lengths, of_solves, variants_give

from helpdesk_kpi.identities.source_rules import AccountFacts

FRT, ACCEPTED, SOLVED, TOUCH = "first_reply_time", "accepted_resolution_time", "solved_tickets", "one_touch"
FORM = 7  # a form's account, with an agent's seat
ANSWERED = (said(30, BOB), status(60, BOB, "open", "solved"))


def with_form(*, intake: bool = False, **rules: Any) -> Any:
    people = PEOPLE | {FORM: AccountFacts("agent", False, (0,), ("agent",))}
    forms = frozenset({FORM}) if intake else frozenset()
    return msgspec.structs.replace(desk(**rules), people=people, intake=forms)


#: Ways in which somebody else than the customer brings in what the customer says.
BROUGHT_IN: dict[str, dict[str, Any]] = {
    "form over the API": {"first": said(0, FORM, via="api"), "submitter": FORM, "channel": "api"},
    "form as an agent": {"first": said(0, FORM, via="web_form"), "submitter": FORM, "channel": "web_form"},
    "chat app": {"first": said(0, FORM, via="any_channel"), "submitter": FORM, "channel": "any_channel"},
    "a way that is new": {"first": said(0, FORM, via="hologram"), "submitter": FORM, "channel": "hologram"},
    "forwarded mail": {"first": said(0, CUSTOMER, via="email"), "submitter": ANN, "channel": "email"},
    "raised on behalf": {"first": said(0, CUSTOMER), "submitter": ANN, "channel": None},
    "a way that is not told": {"first": said(0, FORM), "submitter": FORM, "channel": None},
}


@pytest.mark.parametrize("way", BROUGHT_IN)
@pytest.mark.parametrize("api", ["bot", "agent"])
def test_what_a_form_an_app_or_a_forwarded_mail_brings_in_is_the_customers_request(way: str, api: str) -> None:
    # Bob replies at 30 and solves at 60. Nobody is configured; whose login made the ticket says nothing. Who types a
    # person's words in an agent's account accepts them; a form does not.
    how = dict(BROUGHT_IN[way])
    ticket = story(how.pop("first"), *ANSWERED, the=with_form(intake=True, api_comments=api), **how)
    variants_give(FRT, lengths(ticket), **by_variant(FRT, [30.0], fivetran=[30.0]))
    variants_give(ACCEPTED, lengths(ticket), strict=[30.0], confirmed=[30.0], at_confirmation=[30.0 + WEEK])
    one = [(60, BOB, 1)]
    variants_give(SOLVED, of_solves(ticket), strict=one, valid=one)


@pytest.mark.parametrize("way", [way for way in BROUGHT_IN if way not in {"forwarded mail", "raised on behalf"}])
def test_a_form_that_is_not_configured_makes_no_ticket_outbound(way: str) -> None:
    how = dict(BROUGHT_IN[way])
    ticket = story(how.pop("first"), *ANSWERED, the=with_form(), **how)
    variants_give(FRT, lengths(ticket), **by_variant(FRT, [30.0], fivetran=[30.0]))


def test_a_form_that_writes_as_people_do_has_to_be_configured() -> None:
    # It writes in the agent interface, as a person would: only the setting tells the two apart.
    first = said(0, FORM, via="web")
    assert story(first, *ANSWERED, the=with_form(), submitter=FORM).exclusion_reason == "outbound"
    ticket = story(first, *ANSWERED, the=with_form(intake=True), submitter=FORM)
    variants_give(FRT, lengths(ticket), **by_variant(FRT, [30.0], fivetran=[30.0]))
    variants_give(ACCEPTED, lengths(ticket), strict=[30.0], confirmed=[30.0], at_confirmation=[30.0 + WEEK])


def test_what_a_configured_form_sets_is_nobodys_act_and_what_it_adds_the_customers_words() -> None:
    # It routes the ticket at 0, adds what the customer writes at 40, after Bob's reply at 30; Bob answers at 50.
    routed, solved = did(0, FORM, "status", "new", "open"), status(60, BOB, "open", "solved")
    ticket = story(
        said(0, FORM, via="api"), routed, said(30, BOB), said(40, FORM, via="api"), said(50, BOB), solved,
        the=with_form(intake=True), submitter=FORM,
    )  # fmt: skip
    assert [c.who for c in ticket.changes] == ["system", "agent"]
    variants_give("next_reply_time", lengths(ticket), strict=[10.0], owner=[10.0])
    variants_give(ACCEPTED, lengths(ticket), strict=[30.0], confirmed=[30.0], at_confirmation=[30.0 + WEEK])


#: What the team begins, and says so, and what it does not.
BEGUN: dict[str, tuple[dict[str, Any], str]] = {
    "a letter in the helpdesk": ({"first": said(0, ANN, via="web")}, "outbound"),
    "told by the channel": ({"first": said(0, ANN), "channel": "outbound_email"}, "outbound"),
    "told by the helpdesk": ({"first": said(0, CUSTOMER), "direction": "outbound"}, "outbound"),
    "an outbound call": ({"first": talked(0, ANN, "call"), "channel": "voice", "direction": "outbound"}, "outbound"),
    "a call that came in": ({"first": said(0, ANN, via="web"), "channel": "voice", "direction": "inbound"}, ""),
    "a phone request": ({"first": said(0, ANN, via="web"), "channel": "phone"}, ""),
    "an internal note": ({"first": said(0, ANN, via="web", public=False)}, ""),
    "the requester's own": ({"first": said(0, CUSTOMER, via="web")}, ""),
}


@pytest.mark.parametrize("way", BEGUN)
def test_only_who_writes_or_calls_first_for_the_team_makes_a_ticket_outbound(way: str) -> None:
    row, reason = BEGUN[way]
    how = dict(row)
    ticket = story(how.pop("first"), *ANSWERED, submitter=ANN, words="call" not in way or "came" in way, **how)
    assert ticket.exclusion_reason == reason
    assert [o.stop for o in measured(ticket, "net_flow")] == [reason] * len(measured(ticket, "net_flow"))


def test_the_note_that_a_merge_leaves_is_no_reply() -> None:
    # Another ticket was merged into this one at 10, in Ann's name; she replies at 30 and solves at 60. Helpdesks' own
    # figures take whatever is public and in an agent's name for an answer, as far as anything tells.
    for note in (said(10, ANN, field="merge"), said(10, ANN, via="merge")):
        ticket = story(note, said(30, ANN), status(60, ANN, "open", "solved"))
        variants_give(
            FRT, lengths(ticket), **by_variant(FRT, [30.0], zendesk=[10.0], freshdesk=[10.0], fivetran=[10.0])
        )
        one, two = [(60, ANN, 1)], [(60, ANN, 0)]
        variants_give(TOUCH, of_solves(ticket), strict=one, zendesk=two, fivetran=two)
        assert minutes(ticket, "next_reply_time") == []
