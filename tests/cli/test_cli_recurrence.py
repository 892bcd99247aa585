"""`recurrence label`: pairs to judge, what is kept of it, and how right the tool is then."""

import io
import sys
from collections.abc import Iterator

import pytest
from oracle.true_recurrence import true_pairs
from synced_fixtures import Cli, SyncedDesk

from helpdesk_kpi.measure.build.build import build_stale
from helpdesk_kpi.measure.recurrence.pair_labelling import load_quality, sample_pairs
from helpdesk_kpi.measure.recurrence.similarity_thresholds import SHIPPED, Thresholds, load_thresholds
from helpdesk_kpi.measure.recurrence.threshold_tuning import (
    DetectionQuality,
    LabelledPair,
    choose_thresholds,
    measure_quality,
)
from helpdesk_kpi.simulator.world.world import generate


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> SyncedDesk:
    desk = SyncedDesk(tmp_path_factory.mktemp("label"), generate(6, tickets=300, weeks=8))
    desk.sync()
    with desk.store() as store:
        build_stale(store, desk.loaded.config)
    return desk


@pytest.fixture
def desk(synced: SyncedDesk) -> Iterator[SyncedDesk]:
    yield synced
    with synced.store() as store, store.transaction() as conn:
        conn.execute("DELETE FROM repeat_labels")
        conn.execute("DELETE FROM repeat_thresholds")


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, desk: SyncedDesk) -> Cli:
    made = Cli(capfd, monkeypatch)
    made.at(desk.world.now)
    return made


def answers(monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join(words) + "\n"))


def labels(desk: SyncedDesk) -> list[tuple[str, float, str | None]]:
    with desk.store() as store:
        return store.rows("SELECT verdict, weight, why FROM repeat_labels ORDER BY id")


def test_a_sample_is_shown_without_messages_and_every_answer_is_kept(
    cli: Cli, desk: SyncedDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers(monkeypatch, "ynsq")
    done = cli("--config", desk.path, "recurrence", "label", "--sample", 10, "--seed", 3)
    assert done.status == 0
    assert [verdict for verdict, *_ in labels(desk)] == ["yes", "no", "skip"]
    assert all(weight >= 1 for _, weight, _ in labels(desk))
    assert "10 pairs, seed 3" in done.out
    assert done.out.count("evidence: ") == 4
    with desk.store() as store:
        [about] = sample_pairs(store, desk.loaded.config, 1, 3)
        [(logged,)] = store.rows("SELECT what FROM access_log ORDER BY id DESC LIMIT 1")
    assert logged == "recurrence label: 10 pairs, seed 3"
    for story in desk.world.stories.values():
        assert story.created.comment.text not in done.out or story.created.comment.text == story.created.subject
    assert about.earlier.at < about.later.at


def test_the_same_seed_draws_the_same_pairs_of_all_layers_of_similarity(desk: SyncedDesk) -> None:
    with desk.store() as store:
        one, two = (sample_pairs(store, desk.loaded.config, 40, 7) for _ in range(2))
        other = sample_pairs(store, desk.loaded.config, 40, 8)
        every = sample_pairs(store, desk.loaded.config, 100_000, 7)
    assert one == two
    assert {(c.earlier, c.later) for c in one} != {(c.earlier, c.later) for c in other}
    layers = {c.layer for c in one}
    assert layers == {c.layer for c in every}
    assert 0.0 in layers
    assert 2.0 in layers  # what needs no similarity
    assert sum(c.weight for c in one) == pytest.approx(len(every))


def test_after_judging_it_says_how_right_it_is_and_what_would_serve_best(
    cli: Cli, desk: SyncedDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody who knows the world judges."""
    true = true_pairs(desk.world)
    with desk.store() as store:
        native = {key: int(name) for key, name in store.rows("SELECT id, native FROM tickets")}
        sample = sample_pairs(store, desk.loaded.config, 200, 1)
        assert load_quality(store, desk.loaded.config) is None
    verdicts = ["y" if (native[c.earlier.ticket], native[c.later.ticket]) in true else "n" for c in sample]
    answers(monkeypatch, "".join(verdicts))
    done = cli("--config", desk.path, "recurrence", "label", "--sample", 200, "--learn")
    assert done.status == 0
    with desk.store() as store:
        reported = load_quality(store, desk.loaded.config)
        used = load_thresholds(store, desk.loaded.config)
    assert reported is not None
    assert reported.precision is not None
    assert reported.pairs == len(sample)
    assert f"of the repeats found {reported.precision:.0%} are some" in done.out or "would serve best" in done.out
    assert used.origin in {"learned", "shipped"}
    if used.origin == "learned":
        assert f"same_category = {used.same_category:.2f}" in done.out


def test_a_contested_pair_is_settled_with_a_reason(cli: Cli, desk: SyncedDesk) -> None:
    with desk.store() as store:
        [about] = sample_pairs(store, desk.loaded.config, 1, 1)
        native = dict(store.rows("SELECT id, native FROM tickets"))
    one, two = native[about.later.ticket], native[about.earlier.ticket]
    done = cli(
        "--config", desk.path, "recurrence", "label", "--pair", one, f"demo:{two}", "--no", "--why", "two devices"
    )
    assert (done.status, done.out) == (0, f"kept: {one} and demo:{two} are two problems\n")
    assert labels(desk) == [("no", 0.0, "two devices")]
    with desk.store() as store:
        [(earlier, later)] = store.rows("SELECT earlier, later FROM repeat_labels")
    assert (earlier, later) == (about.earlier.ticket, about.later.ticket)  # in order of time, as the tool needs it


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--pair", "1001", "1002"], "--pair and one of --yes and --no go together"),
        (["--why", "x"], "--why is said of a --pair"),
        (["--pair", "7", "1002", "--no"], "no ticket '7' in the store; write its number, or source:id"),
        (["--pair", "1001", "1001", "--yes"], "1001 and 1001 are not two tickets of one customer"),
    ],
)
def test_what_cannot_be_rated_is_said(cli: Cli, desk: SyncedDesk, words: list[str], said: str) -> None:
    done = cli("--config", desk.path, "recurrence", "label", *words)
    assert done.status == 2
    assert said in done.err
    assert labels(desk) == []


# --- choosing


def test_the_similarity_with_the_best_f_half_is_chosen_and_the_higher_of_equal_ones() -> None:
    # Ten repeats at 0.50, ten others at 0.30: everything from 0.31 to 0.50 finds all and nothing else.
    pairs = [LabelledPair("same_category", 0.5, True)] * 10 + [LabelledPair("same_category", 0.3, False)] * 10
    assert choose_thresholds(pairs, SHIPPED) == Thresholds(0.5, 0.5, "learned")


def test_too_few_verdicts_change_nothing() -> None:
    pairs = [LabelledPair("same_category", 0.5, True)] * 30 + [LabelledPair("same_category", 0.3, False)] * 9
    assert choose_thresholds(pairs, SHIPPED)[:2] == SHIPPED[:2]


def test_precision_and_recall_count_what_each_pair_was_drawn_from() -> None:
    # Found: one right of weight 30, one wrong of weight 10; a repeat of weight 60 is missed.
    pairs = [
        LabelledPair("code", 0.0, True, 30),
        LabelledPair("same_category", 0.9, False, 10),
        LabelledPair(None, 0.0, True, 60),
    ]
    reported = measure_quality(pairs, SHIPPED)
    assert (reported.precision, reported.recall) == (30 / 40, 30 / 90)
    assert reported.found_pairs == 40**2 / (30**2 + 10**2)  # fewer than two, since they weigh unequally
    assert measure_quality([], SHIPPED) == DetectionQuality(0, 0, 0, 0, 0.0, 0.0)


def test_explain_says_how_right_the_finding_is(cli: Cli, desk: SyncedDesk) -> None:
    reported = cli("--config", desk.path, "explain", "recurrence_rate", "--period", "2026-10")
    assert reported.status == 0
    assert "how often a repeat is one is not known: judge some with `helpdesk-kpi recurrence label`" in reported.out
    with desk.store() as store, store.transaction() as conn:
        [(a, b)] = conn.execute("SELECT min(id), max(id) FROM tickets").fetchall()
        conn.executemany(
            "INSERT INTO repeat_labels (earlier, later, at, who, verdict, weight, reason, similarity)"
            " VALUES (?, ?, 1, 'lead', ?, 1, 'code', 0.5)",
            [(a + n, b, "no" if n < 2 else "yes") for n in range(20)],
        )
    reported = cli("--config", desk.path, "explain", "recurrence_rate", "--period", "2026-10")
    # 18 of 20 found by a code are some; Wilson's interval of 18/20 is 69.9 to 97.2 %.
    assert "of the repeats found 90% are some (70% to 97%, 20 pairs labelled)" in reported.out
    assert "of the repeats found" not in cli("--config", desk.path, "explain", "csat", "--period", "2026-10").out
