"""The world's own values of knowledge, on an article written by hand; and how much of them a helpdesk tells."""

from typing import Any

import pytest
from oracle.truth import TrueObservation, truth
from simulator_fixtures import ANN, BEN, BOT, CAROL, at, did, opened, said, world

from helpdesk_kpi.simulator.world.facts import ArticleFact, Comment, Fact, Update
from helpdesk_kpi.simulator.world.world import World, generate

DAY = 86_400_000


def article(**more: Any) -> ArticleFact:
    """Ann's, made on Monday."""
    given: dict[str, Any] = {"id": 400, "title": "Reset", "body": "Press it.", "section": 1, **more}
    return ArticleFact(author=ANN, created_at=at("mon 08:00"), **given)


def linked(when: str, who: int, ticket: int = 1, **more: Any) -> Update:
    return Update(ticket=ticket, at=at(when), actor=who, comment=Comment("Look there.", article=400, **more))


def made(*facts: Fact, reported: str = "all", looks: tuple[str, ...] = (), **more: Any) -> World:
    here = world(*facts, articles=(article(**more),))
    here.looks, here.tells_edits = tuple(at(when) for when in looks), reported  # type: ignore[assignment]  # of three words
    return here


def rows(of: World, kpi: str, as_of: str | None = None) -> list[tuple[Any, ...]]:
    found = truth(of, kpi, as_of=at(as_of) if as_of else None)
    return [(r.at, r.agent and int(r.agent), r.facet, r.value, r.share) for r in found]


def test_the_creation_and_each_edit_are_reported_with_their_label() -> None:
    edits = ((at("tue 09:00"), BEN), (at("wed 09:00"), BEN))
    assert rows(made(edits=edits, minor=(at("tue 09:00"),)), "article_activity") == [
        (at("mon 08:00"), ANN, "created", 1, 1), (at("tue 09:00"), BEN, "minor", 0, 1),
        (at("wed 09:00"), BEN, "substantive", 1, 1),
    ]  # fmt: skip


def test_of_edits_between_two_looks_the_last_one_may_be_all_that_is_reported() -> None:
    edits = ((at("tue 09:00"), BEN), (at("wed 09:00"), ANN))
    looks = ("mon 12:00", "thu 12:00")
    last = rows(made(edits=edits, looks=looks, reported="last"), "article_activity")
    text = rows(made(edits=edits, looks=looks, reported="text"), "article_activity")
    assert [row[1] for row in rows(made(edits=edits, looks=looks), "article_activity")] == [ANN, BEN, ANN]
    assert [row[:3] for row in last[1:]] == [(at("wed 09:00"), ANN, "substantive")]
    assert [row[:3] for row in text[1:]] == [(at("wed 09:00"), None, "substantive")]


def test_a_use_is_shared_by_the_authors_without_whoever_linked() -> None:
    # Ann made it, Ben rewrote it on Tuesday. Ben's own link gives Ann her half, and nobody his.
    facts = (opened("mon 09:00"), linked("wed 10:00", BEN))
    [row] = truth(made(*facts, edits=((at("tue 09:00"), BEN),)), "article_reuse")
    assert (row.agent, row.ticket, row.at, row.share) == (str(ANN), "1", at("mon 08:00"), 0.5)


@pytest.mark.parametrize(
    "word", [linked("tue 10:00", CAROL), linked("tue 10:00", BOT), linked("tue 10:00", BEN, public=False)]
)
def test_links_by_customers_and_robots_and_in_notes_are_no_use(word: Update) -> None:
    assert truth(made(opened("mon 09:00"), word), "article_reuse") == []


def test_a_merged_ticket_is_no_use_from_then_on() -> None:
    facts = (opened("mon 09:00"), linked("tue 10:00", BEN), did("wed 10:00", BEN, merged_into=2, status="closed"))
    assert len(truth(made(*facts), "article_reuse", as_of=at("wed 09:00"))) == 1
    assert truth(made(*facts), "article_reuse", as_of=at("wed 11:00")) == []


def test_a_prepared_text_is_a_quarter_of_a_use_until_it_solves_the_ticket() -> None:
    facts = (opened("mon 09:00"), linked("tue 10:00", BEN, macro=True), did("wed 10:00", BEN, status="solved"))

    def worth(*more: Fact, as_of: str) -> list[float | None]:
        return [row.value for row in truth(made(*facts, *more), "article_reuse", as_of=at(as_of))]

    assert (worth(as_of="tue 11:00"), worth(as_of="wed 11:00")) == ([0.25], [1.0])
    assert worth(said("tue 12:00", ANN), as_of="wed 11:00") == [0.25]


def test_votes_have_the_time_of_the_look_that_saw_them() -> None:
    votes = ((at("mon 09:00"), CAROL, 1), (at("tue 09:00"), CAROL, 1), (at("tue 10:00"), CAROL, -1))
    shown = made(votes=votes, looks=("mon 12:00", "wed 12:00"))
    # Monday's vote was there at the first look: nobody knows since when.
    assert rows(shown, "article_quality") == [(at("wed 12:00"), ANN, "", 1, 1), (at("wed 12:00"), ANN, "", 0, 1)]


def test_somebody_who_looks_after_every_edit_is_reported_all_of_them() -> None:
    """But for what lies before the first look, where the extent of an edit is not told."""
    one = generate(5, tickets=120, weeks=8)
    first = one.desk.start + DAY
    edits = {at for article in one.desk.articles for at, _ in article.edits}
    ends = {article.archived_at - 1000 for article in one.desk.articles if article.archived_at}
    births = {article.created_at for article in one.desk.articles}
    whole = _describe(one, ())
    one.tells_edits = "last"
    looked = _describe(one, (first, *sorted(at for at in edits | ends | births if at > first), one.now))
    late = {article_id for article_id, at, *_ in whole if at <= first and at in edits}
    assert len(whole) > 30
    assert sorted(row for row in looked if row[0] not in late) == sorted(row for row in whole if row[0] not in late)


def _describe(one: World, looks: tuple[int, ...]) -> list[tuple[Any, ...]]:
    one.looks = looks

    def plain(row: TrueObservation) -> tuple[Any, ...]:
        return row.article, row.at, row.agent, row.facet, row.ticket, row.share, row.value

    return [plain(row) for kpi in ("article_activity", "article_reuse") for row in truth(one, kpi)]
