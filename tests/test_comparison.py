"""Comparisons read out of a store, with expected values worked out by hand."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from comparison_fixtures import BEFORE, DURING, SmallDesk, person

from helpdesk_kpi.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "a.db") as opened:
        yield opened


@pytest.fixture
def desk(store: Store) -> SmallDesk:
    """The others, Cid and Dan, have 20 % of 100 P1 and 5 % of 100 P3 come back, before the quarter."""
    found = SmallDesk(store, ["Ann", "Bob", "Cid", "Dan"])
    for name in ("Cid", "Dan"):
        found.many(name, 50, 10, BEFORE, priority="high")
    found.many("Cid", 50, 3, BEFORE, priority="low")
    found.many("Dan", 50, 2, BEFORE, priority="low")
    return found


def test_the_worked_example_of_observed_by_expected(desk: SmallDesk) -> None:
    # Ann: 40 P1 and 10 P3, 8 of them come back; 40 x 0.20 + 10 x 0.05 = 8.5, so 0.94.
    # Bob: 5 P1 and 45 P3, 5 of them come back; 5 x 0.20 + 45 x 0.05 = 3.25, so 1.54.
    desk.many("Ann", 40, 7, DURING, priority="high")
    desk.many("Ann", 10, 1, DURING, priority="low")
    desk.many("Bob", 5, 1, DURING, priority="high")
    desk.many("Bob", 45, 4, DURING, priority="low")
    found = desk.compare("reopen_rate")
    ann, bob = person(found, "Ann"), person(found, "Bob")
    print(ann)
    print(bob)
    print(found)
    assert (ann.n, ann.value, ann.observed) == (50, 0.16, 8)
    assert ann.expected == pytest.approx(8.5)
    assert ann.ratio == pytest.approx(8 / 8.5)
