"""What is written, used and judged of articles, on stories written by hand; days count from when it was made."""

from typing import Any

import pytest
from article_fixtures import EVE, article, cited, counts, days, observe, on, seen, text
from timeline_fixtures import ANN, BOB, CUSTOMER, LEAVER, ROBOT, at, desk, did, measured, said, story

from helpdesk_kpi.measure.tickets.article import ArticleHistory
from helpdesk_kpi.measure.tickets.timeline import Timeline
from helpdesk_kpi.registers.checklists import Checklist
from helpdesk_kpi.store.ticket_records import ArticleLinkRecord, EventRecord, TicketRecords

ANNS_OTHER = 20  # a second account of Ann's


# --- article_activity


def written(of: ArticleHistory, **more: Any) -> list[tuple[float | None, int | None, str, float | None]]:
    return [(days(o.at), o.agent, o.facet, o.value) for o in observe(of, "article_activity", **more)]


def test_making_an_article_counts_for_its_author() -> None:
    assert written(article()) == [(0, ANN, "created", 1)]


def test_an_edit_that_moves_the_length_by_more_than_fifty_characters_is_substantive() -> None:
    # 100 characters at first; 150 are 50 more: minor; 201 are 51 more; 150 are 51 less.
    lengths = [seen(0, ANN, 100), seen(1, BOB, 150), seen(2, BOB, 201), seen(3, EVE, 150)]
    assert written(article(*lengths))[1:] == [
        (1, BOB, "minor", 0),
        (2, BOB, "substantive", 1),
        (3, EVE, "substantive", 1),
    ]


def test_without_lengths_the_helpdesks_own_mark_of_minor_edits_decides() -> None:
    of = article(text(0, ANN), text(1, is_minor=1), text(2, is_minor=0), text(3))
    assert [row[2] for row in written(of)] == ["created", "minor", "substantive", "substantive"]


def test_each_language_has_its_own_edits() -> None:
    # The German text comes on day 1 (a translation: it is new), and is corrected on day 3 by 10 characters; held
    # beside the English one, which is 900 long, it would seem rewritten.
    of = article(
        seen(0, ANN, 900, locale="en"), seen(1, BOB, 400, locale="de"), seen(2, ANN, 910, locale="en"),
        seen(3, BOB, 410, locale="de"), locale="en",
    )  # fmt: skip
    assert [row[1:3] for row in written(of)] == [
        (ANN, "created"), (BOB, "substantive"), (ANN, "minor"), (BOB, "minor"),
    ]  # fmt: skip


def test_the_first_text_that_a_sync_saw_is_an_edit_only_if_the_helpdesk_says_when_it_was_edited() -> None:
    # Freshdesk's only time moves with votes and tags too.
    assert len(written(article(seen(5, None, 100)))) == 1
    assert written(article(seen(5, BOB, 100), edited_at=on(5)))[1:] == [(5, BOB, "substantive", 1)]


def test_what_one_account_saves_on_many_articles_within_a_minute_is_no_contribution() -> None:
    """A bulk republish, a move, an import. Eleven are many, ten are not."""
    of = article(text(1, at_once=11), text(2, at_once=10))
    assert [row[2] for row in written(of)] == ["created", "minor", "substantive"]
    assert written(article(at_once=11)) == [(0, ANN, "minor", 0)]


def test_an_unknown_editor_is_nobody_and_a_robot_writes_nothing() -> None:
    assert [row[1] for row in written(article(text(1, None), text(2, ROBOT), text(3, LEAVER)))] == [ANN, None, LEAVER]


def test_a_draft_gives_nothing() -> None:
    of = article(text(1), citations=[cited(2, EVE, 5)], votes=counts((3, 1, 0)), views=counts((3, 9)), draft=1)
    for kpi in ("article_activity", "article_reuse", "article_quality", "article_freshness", "article_views"):
        assert observe(of, kpi) == []


# --- article_reuse


def reused(of: ArticleHistory, **more: Any) -> list[tuple[Any, ...]]:
    """(agent, ticket, day of their latest contribution, day of the link, share)"""
    return [(o.agent, o.ticket, days(o.at), days(o.end), o.share) for o in observe(of, "article_reuse", **more)]


def test_a_ticket_that_somebody_else_answers_with_an_article_is_shared_by_those_who_wrote_it() -> None:
    # Ann made it (1), Bob rewrote it on day 10 and 30 (2): of Eve's link on day 40, Ann has a third, Bob two thirds.
    of = article(text(10, BOB), text(20, EVE, is_minor=1), text(30, BOB), citations=[cited(40, EVE, 5)])
    assert reused(of) == [(ANN, 5, 0, 40, pytest.approx(1 / 3)), (BOB, 5, 30, 40, pytest.approx(2 / 3))]


def test_only_what_was_written_before_the_link_counts() -> None:
    of = article(text(10, BOB), text(50, BOB), citations=[cited(40, EVE, 5)])
    assert reused(of) == [(ANN, 5, 0, 40, 0.5), (BOB, 5, 10, 40, 0.5)]


def test_nobody_gains_by_pointing_to_their_own_article() -> None:
    of = article(text(10, BOB), citations=[cited(20, ANN, 5), cited(21, BOB, 6)])
    assert [(agent, ticket) for agent, ticket, *_ in reused(of)] == [(BOB, 5), (ANN, 6)]


def test_two_accounts_of_one_human_are_one_contributor() -> None:
    # Ann made it, edits with her other account, and points to it with that: of four parts three are hers.
    agents = {ANN: ANN, ANNS_OTHER: ANN}
    of = article(
        text(1, ANNS_OTHER), text(2, BOB), text(3, ANNS_OTHER), agents=agents,
        citations=[cited(10, ANNS_OTHER, 5), cited(11, EVE, 6)],
    )  # fmt: skip
    assert reused(of) == [(BOB, 5, 2, 10, 0.25), (ANNS_OTHER, 6, 3, 11, 0.75), (BOB, 6, 2, 11, 0.25)]


def test_a_ticket_counts_once_however_often_the_article_is_linked() -> None:
    of = article(citations=[cited(9, EVE, 5), cited(4, BOB, 5), cited(20, EVE, 6)])
    assert [(ticket, day) for _, ticket, _, day, _ in reused(of)] == [(5, 4), (6, 20)]


def test_a_link_from_before_the_article_was_there_or_after_it_was_gone_counts_nothing() -> None:
    of = article(citations=[cited(-1, EVE, 5), cited(20, EVE, 6), cited(30, EVE, 7)], gone_at=on(30))
    assert [ticket for _, ticket, *_ in reused(of)] == [6]


def test_a_link_is_known_from_when_it_was_set() -> None:
    of = article(citations=[cited(20, EVE, 5)])
    assert (reused(of, as_of=19.9), len(reused(of, as_of=20))) == ([], 1)


def test_what_a_macro_brought_along_is_a_quarter_until_the_ticket_is_solved_with_it() -> None:
    link = cited(20, EVE, 5)._replace(by_macro=True)
    assert [o.value for o in observe(article(citations=[link]), "article_reuse")] == [0.25]
    of = article(citations=[link._replace(solved_at=on(22))])
    assert [[o.value for o in observe(of, "article_reuse", as_of=day)] for day in (19, 20, 22)] == [[], [0.25], [1]]
    at_once = article(citations=[link._replace(solved_at=on(20))])
    assert [o.value for o in observe(at_once, "article_reuse")] == [1]


def test_a_ticket_is_solved_with_a_link_if_no_other_reply_lies_between() -> None:
    link = ((10, ANN, "900"),)
    macro = said(10, ANN, field="macro", after="7")
    solve = did(20, ANN, "status", "new", "solved")
    [direct] = answered(macro, solve, links=link).citations
    assert (direct.by_macro, direct.solved_at) == (True, at(20))
    [other] = answered(macro, said(15, BOB), solve, links=link).citations
    assert (other.by_macro, other.solved_at) == (True, None)
    [typed] = answered(said(10, ANN), solve, links=link).citations
    assert typed.by_macro is False


def test_spam_never_counts_and_a_merged_ticket_until_it_is_merged() -> None:
    of = article(citations=[cited(1, EVE, 5, "spam"), cited(2, EVE, 6, "merged", since=10)])
    assert [(o.ticket, o.stop) for o in observe(of, "article_reuse", as_of=9)] == [(5, "spam"), (6, "")]
    assert [(o.ticket, o.stop) for o in observe(of, "article_reuse", as_of=10)] == [(5, "spam"), (6, "merged")]


def test_what_nobody_contributed_to_is_nobodys() -> None:
    of = article(citations=[cited(1, EVE, 5)], at_once=11)
    assert reused(of) == [(None, 5, 0, 1, 1)]


# --- article_link_rate


def answered(*events: EventRecord, links: tuple[tuple[float, int, str], ...] = ()) -> Timeline:
    ticket = story(*events)
    rows = [ArticleLinkRecord(1, article, at(minute), who) for minute, who, article in links]
    return Timeline(ticket.source_rules, ticket.row, [said(0, CUSTOMER), *events], TicketRecords(cited=rows))


def rate(ticket: Timeline, as_of: float = 9999) -> list[tuple[float, int | None, float | None]]:
    found = measured(ticket, "article_link_rate", as_of=as_of)
    return [((o.at - at(0)) / 60_000, o.agent, o.value) for o in found]


SOLVED = (did(0, CUSTOMER, "status", None, "new"), said(10, ANN), did(20, ANN, "status", "new", "solved"))


def test_a_solved_ticket_with_a_link_by_the_team_was_answered_with_an_article() -> None:
    assert rate(answered(*SOLVED)) == [(20, ANN, 0)]
    assert rate(answered(*SOLVED, links=((10, ANN, "900"),))) == [(20, ANN, 1)]


@pytest.mark.parametrize(
    ("word", "who"),
    [
        (said(5, CUSTOMER), CUSTOMER),  # the customer names the article that did not help
        (said(5, ROBOT), ROBOT),
        (said(5, ANN, rule="trigger"), ANN),  # a rule wrote in Ann's name
        (said(5, ANN, public=False), ANN),  # a note
    ],
    ids=["customer", "robot", "rule", "note"],
)
def test_links_by_others_than_people_of_the_team_in_public_are_none(word: EventRecord, who: int) -> None:
    assert rate(answered(*SOLVED, word, links=((5, who, "900"),))) == [(20, ANN, 0)]


def test_a_link_in_a_removed_comment_is_none() -> None:
    assert rate(answered(*SOLVED, links=((7, ANN, "900"),))) == [(20, ANN, 0)]


def chat(*events: EventRecord, links: tuple[tuple[float, int, str], ...] = ()) -> Timeline:
    """A conversation of which no session is known."""
    cited = [ArticleLinkRecord(1, article, at(minute), who) for minute, who, article in links]
    return story(*events, the=desk(lacks=["chats"]), channel="chat", is_messaging=1, related=TicketRecords(cited=cited))


def test_a_chat_that_cannot_be_read_is_not_known_to_have_no_link() -> None:
    solved = (did(0, CUSTOMER, "status", None, "new"), did(20, ANN, "status", "new", "solved"))
    [row] = measured(chat(*solved), "article_link_rate")
    assert (row.value, row.stop) == (None, "no_chat_data")
    linked = chat(*solved, said(10, ANN), links=((10, ANN, "900"),))
    assert [(o.value, o.stop) for o in measured(linked, "article_link_rate")] == [(1, "")]
    later = chat(*solved, said(30, ANN), links=((30, ANN, "900"),))
    assert [(o.value, o.stop) for o in measured(later, "article_link_rate", as_of=25)] == [(None, "no_chat_data")]
    assert [(o.value, o.stop) for o in measured(later, "article_link_rate", as_of=35)] == [(1, "")]


def test_a_link_after_the_solve_counts_from_then_on() -> None:
    ticket = answered(*SOLVED, said(30, BOB), links=((30, BOB, "900"),))
    assert (rate(ticket, as_of=29), rate(ticket, as_of=30)) == ([(20, ANN, 0)], [(20, ANN, 1)])


def test_only_the_last_solve_counts() -> None:
    events = (*SOLVED, said(40, CUSTOMER), did(40, CUSTOMER, "status", "solved", "open"), said(50, BOB),
              did(50, BOB, "status", "open", "solved"))  # fmt: skip
    ticket = answered(*events, links=((50, BOB, "900"),))
    assert [rate(ticket, as_of=m) for m in (20, 40, 50)] == [[(20, ANN, 0)], [], [(50, BOB, 1)]]


# --- article_quality, article_views


def quality_of(of: ArticleHistory) -> list[tuple[float | None, int | None, float | None, float]]:
    return [(days(o.at), o.agent, o.value, o.share) for o in observe(of, "article_quality")]


def test_votes_are_new_when_a_sync_sees_more_of_them_and_shared_by_those_who_wrote() -> None:
    # Day 3: 2 for, 1 against; day 9: 5 for. Bob wrote on day 5: half of the three later votes is his.
    of = article(text(5, BOB), votes=counts((3, 2, 1), (9, 5, 1)))
    assert quality_of(of) == [(3, ANN, 1, 2), (3, ANN, 0, 1), (9, ANN, 1, 1.5), (9, BOB, 1, 1.5)]


def test_votes_that_were_there_at_the_first_sync_of_all_have_no_time_and_do_not_count() -> None:
    of = article(votes=counts((3, 20, 4), (9, 21, 4)), views=counts((3, 700), (9, 720)), first_look=3)
    assert quality_of(of) == [(9, ANN, 1, 1)]
    assert [(days(o.at), o.value) for o in observe(of, "article_views")] == [(9, 20)]


def test_a_vote_taken_back_and_a_counter_set_to_zero_are_counted_from_anew() -> None:
    # 5, then 4, then 6: two more than before. Views 100, then 10 after a reset, then 25: fifteen more.
    of = article(votes=counts((1, 5, 0), (2, 4, 0), (3, 6, 0)), views=counts((1, 100), (2, 10), (3, 25)))
    assert [(day, share) for day, _, _, share in quality_of(of)] == [(1, 5), (3, 2)]
    assert [(days(o.at), o.value) for o in observe(of, "article_views")] == [(1, 100), (3, 15)]


def test_a_checklist_speaks_of_those_who_had_written_by_then() -> None:
    # Made at noon of the day of the first checklist, which has the time of its midnight; Bob writes a half by day 5.
    of = article(text(5, BOB), checklists=[Checklist(on(-0.5), 0.8), Checklist(on(6), 1.0)])
    rows = observe(of, "article_quality", "checklist")
    assert [(days(o.at), o.agent, o.value, o.share) for o in rows] == [
        (-0.5, ANN, 0.8, 1), (6, ANN, 1, 0.5), (6, BOB, 1, 0.5),
    ]  # fmt: skip


# --- article_freshness


def fresh(of: ArticleHistory) -> list[tuple[float | None, float | None, int | None]]:
    return [(days(o.start), days(o.end), o.agent) for o in observe(of, "article_freshness")]


def test_an_article_is_as_fresh_as_its_latest_edit_and_its_owners() -> None:
    # Ann and Bob have one part each from day 10 on: hers was first. From day 20 on Bob has most. A minor edit will do.
    of = article(text(10, BOB), text(20, BOB), text(30, EVE, is_minor=1))
    assert fresh(of) == [(0, 10, ANN), (10, 20, ANN), (20, 30, BOB), (30, None, BOB)]


def test_a_bulk_republish_makes_nothing_fresh() -> None:
    assert fresh(article(text(10, BOB, at_once=500))) == [(0, None, ANN)]


def test_an_article_that_is_gone_is_no_longer_old() -> None:
    assert fresh(article(text(10, BOB), text(40, BOB), gone_at=on(20))) == [(0, 10, ANN), (10, 20, ANN)]


def test_unknown_editors_own_nothing() -> None:
    assert fresh(article(text(1, None), text(2, None)))[-1] == (2, None, ANN)
