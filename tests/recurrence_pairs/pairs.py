"""The labelled pairs: two tickets of one customer, and whether the later one is about the same problem.

Every telling gets what mail programs, phones and people put around it, drawn from a seed.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import NamedTuple

from recurrence_pairs import chinese, english

Telling = tuple[str, str]


class Pair(NamedTuple):
    language: str
    category: str
    earlier: Telling
    later: Telling
    is_same: bool
    kind: str  # how it was made: retold, other, neighbour, far


AROUND = {
    "en": (
        ("{}", "{}", "{}", "Hello,\n\n{}\n\nBest regards\nKim", "Hi team,\n{}\nThanks a lot!",
         "Dear support team,\n\n{}\n\nKind regards,\nKim Doe\n-- \nKim Doe | Purchasing | Example Ltd. | +49 30 123456",
         "{}\n\nOn Mon, 2 Nov 2026 at 10:12, Support <help@example.com> wrote:\n> Write above this.\n> Ticket #1234",
         "{}\n\nSent from my iPhone",
         "{}\n2026-11-02 10:11:12,345 INFO session 8f3a2c1b started\n2026-11-02 10:11:14,002 WARN retry 2 of 5"),
        ("{}", "{}", "{}", "Re: {}", "[#48213] {}", "FW: {} (urgent)"),
    ),
    "zh": (
        ("{}", "{}", "{}", "您好：\n{}\n谢谢！", "你好，{}麻烦尽快处理，谢谢。",
         "尊敬的客服：\n\n{}\n\n此致\n敬礼\n--\n某某公司 采购部",
         "{}\n\n在 2026年11月2日 10:12，客服 <help@example.com> 写道：\n> 请在此行以上回复\n> 工单 #1234",
         "{}\n\n发自我的 iPhone",
         "{}\n2026-11-02 10:11:12,345 INFO session 8f3a2c1b started\n2026-11-02 10:11:14,002 WARN retry 2 of 5"),
        ("{}", "{}", "{}", "回复：{}", "[#48213] {}", "【急】{}"),
    ),
}  # fmt: skip


def labelled(seed: int = 2026) -> list[Pair]:
    """All pairs of tellings of one problem, and hard pairs of two: one and a half times as many."""
    found: list[Pair] = []
    for language, module in (("en", english), ("zh", chinese)):
        rng = Random(f"{seed} {language}")
        same = list(_same(language, module.PROBLEMS))
        near = list(_near(language, module.PROBLEMS, module.NEIGHBOURS))
        other = rng.sample(list(_other(language, module.PROBLEMS)), len(same))
        far = rng.sample(list(_far(language, module.PROBLEMS)), len(same))
        found += [_dressed(rng, pair) for pair in [*same, *near, *other, *far]]
    return found


def _same(language: str, problems: Mapping[str, Sequence[Sequence[Telling]]]) -> Iterator[Pair]:
    for category, variants in problems.items():
        for tellings in variants:
            for one, two in itertools.combinations(tellings, 2):
                yield Pair(language, category, one, two, True, "retold")


def _near(
    language: str, problems: Mapping[str, Sequence[Sequence[Telling]]], neighbours: Mapping[str, Sequence[Telling]]
) -> Iterator[Pair]:
    for category, variants in problems.items():
        for tellings, neighbour in zip(variants, neighbours[category], strict=True):
            for one in tellings[:1]:
                yield Pair(language, category, one, neighbour, False, "neighbour")


def _other(language: str, problems: Mapping[str, Sequence[Sequence[Telling]]]) -> Iterator[Pair]:
    for category, variants in problems.items():
        for one, two in itertools.combinations(variants, 2):
            for earlier, later in itertools.product(one, two):
                yield Pair(language, category, earlier, later, False, "other")


def _far(language: str, problems: Mapping[str, Sequence[Sequence[Telling]]]) -> Iterator[Pair]:
    for here, there in itertools.combinations(problems.values(), 2):
        for one, two in itertools.product(itertools.chain(*here), itertools.chain(*there)):
            yield Pair(language, "", one, two, False, "far")


def _dressed(rng: Random, pair: Pair) -> Pair:
    return pair._replace(
        earlier=_around(rng, pair.language, pair.earlier), later=_around(rng, pair.language, pair.later)
    )


def _around(rng: Random, language: str, telling: Telling) -> Telling:
    bodies, subjects = AROUND[language]
    return rng.choice(subjects).format(telling[0]), rng.choice(bodies).format(telling[1])
