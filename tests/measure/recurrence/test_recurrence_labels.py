"""How many repeats are found, and how many of those found are some, on labelled pairs in English and Chinese."""

import sys
from random import Random

import pytest
from oracle.true_recurrence import is_of_incident, true_pairs
from recurrence_pairs.pairs import Pair, labelled

from helpdesk_kpi.measure.recurrence.evidence import LONGEST, Contact, evidence, similarity_evidence
from helpdesk_kpi.measure.recurrence.similarity_thresholds import SHIPPED
from helpdesk_kpi.measure.recurrence.threshold_tuning import (
    DetectionQuality,
    LabelledPair,
    choose_thresholds,
    measure_quality,
)
from helpdesk_kpi.simulator.world.ticket_history import TicketHistory
from helpdesk_kpi.simulator.world.world import World, generate
from helpdesk_kpi.text.comment import find_codes, fingerprint

KEY = b"a key of the tests"
#: Every second category is for choosing the thresholds, the others for testing them.
TO_CHOOSE = {"billing", "export", "app", "账单", "导出", "应用"}
#: Part of the pairs whose helpdesk has no categories.
WITHOUT = 0.3


def label(pairs: list[Pair]) -> list[LabelledPair]:
    rng = Random("categories")
    return [_label(pair, has_category=rng.random() >= WITHOUT) for pair in pairs]


def _label(pair: Pair, *, has_category: bool) -> LabelledPair:
    category = pair.category if has_category and pair.category else None
    earlier, later = (
        Contact(ticket=n, at=n, last=n, name=str(n), category=category, sketch=fingerprint(subject, text, KEY),
                codes=frozenset(find_codes(f"{subject}\n{text}")))
        for n, (subject, text) in enumerate((pair.earlier, pair.later))
    )  # fmt: skip
    found = evidence(earlier, later)
    return LabelledPair(found.reason if found else None, similarity_evidence(earlier, later), pair.is_same)


PAIRS = labelled()
CHOOSING = [pair for pair in PAIRS if pair.category in TO_CHOOSE]
TESTING = [pair for pair in PAIRS if pair.category not in TO_CHOOSE]


def show(what: str, quality: DetectionQuality) -> None:
    p, r = quality.precision_interval, quality.recall_interval
    sys.stdout.write(
        f"\n{what}: {quality.pairs} pairs,"
        f" precision {quality.precision:.3f} ({p[0]:.3f}-{p[1]:.3f}, n {quality.found:g}),"
        f" recall {quality.recall:.3f} ({r[0]:.3f}-{r[1]:.3f}, n {quality.true:g})\n"
    )


def test_there_are_more_than_four_hundred_pairs_and_half_of_them_are_two_problems() -> None:
    assert len(PAIRS) >= 400
    assert {pair.language for pair in PAIRS} == {"en", "zh"}
    assert 0.3 < sum(pair.is_same for pair in PAIRS) / len(PAIRS) < 0.5


def test_what_is_shipped_is_what_the_pairs_for_choosing_give() -> None:
    least = choose_thresholds(label(CHOOSING), SHIPPED)
    assert (least.same_category, least.any_category) == SHIPPED[:2]


@pytest.mark.parametrize("language", ["en", "zh", "both"])
def test_nine_of_ten_found_are_repeats_and_most_repeats_are_found(
    language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """On pairs that had no part in choosing."""
    pairs = label([pair for pair in TESTING if language in {pair.language, "both"}])
    quality = measure_quality(pairs, SHIPPED)
    with capsys.disabled():
        show(f"written by hand, {language}", quality)
    assert quality.precision is not None
    assert quality.recall is not None
    assert quality.precision >= 0.90
    assert quality.recall >= 0.60


@pytest.mark.parametrize("locale", ["en", "zh"])
def test_in_an_invented_world_most_repeats_are_found_too(locale: str, capsys: pytest.CaptureFixture[str]) -> None:
    """All pairs of tickets that any customer wrote within thirty days, told by who made them up. Those
    that were merged away or are of an incident are no contacts.
    """
    world = generate(5, tickets=1500, weeks=20, locale=locale)  # type: ignore[arg-type]  # of two words
    pairs = _of_world(world)
    quality = measure_quality(pairs, SHIPPED)
    with capsys.disabled():
        show(f"an invented world, {locale}", quality)
    assert len(pairs) >= 400
    assert quality.precision is not None
    assert quality.recall is not None
    assert quality.precision >= 0.90
    assert quality.recall >= 0.60


def _of_world(world: World) -> list[LabelledPair]:
    true = true_pairs(world)
    theirs: dict[int, list[TicketHistory]] = {}
    for story in sorted(world.stories.values(), key=lambda s: s.created.at):
        if story.created.about and story.merged_at is None and not is_of_incident(world, story, world.now):
            theirs.setdefault(story.created.requester, []).append(story)
    found = []
    for stories in theirs.values():
        for place, later in enumerate(stories):
            for earlier in stories[:place]:
                if later.created.at - earlier.created.at <= LONGEST:
                    a, b = _contact(earlier), _contact(later)
                    found_evidence = evidence(a, b)
                    is_same = (earlier.ticket, later.ticket) in true
                    found.append(
                        LabelledPair(
                            found_evidence.reason if found_evidence else None, similarity_evidence(a, b), is_same
                        )
                    )
    return found


def _contact(story: TicketHistory) -> Contact:
    made = story.created
    return Contact(
        ticket=story.ticket, at=made.at, last=made.at, name=str(story.ticket), category=made.category,
        follows=str(made.follow_up_of) if made.follow_up_of else None,
        problems=frozenset({str(made.problem)} if made.problem else ()),
        codes=frozenset(find_codes(f"{made.subject}\n{made.comment.text}")),
        sketch=fingerprint(made.subject, made.comment.text, KEY),
    )  # fmt: skip
