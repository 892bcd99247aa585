"""What every connector keeps, whatever it reads from."""

import asyncio
import datetime as dt
import itertools
import random
import re
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, ClassVar, get_args

import msgspec
import pytest

from helpdesk_kpi import model
from helpdesk_kpi.errors import ConfigError
from helpdesk_kpi.measure.metrics.discovery import find_kpis
from helpdesk_kpi.pull.contract import FURTHER_NEEDS, NEEDS, Connector, Page
from helpdesk_kpi.pull.discovery import connector_names, find_connector
from helpdesk_kpi.pull.sync import StreamResult
from helpdesk_kpi.testing.account import TestAccount
from helpdesk_kpi.testing.crashes import KILLED, run_killed
from helpdesk_kpi.testing.store_snapshot import differences

RECORDS: frozenset[type] = frozenset(get_args(model.AnyRecord))
EARLY, LATE = 946_684_800_000, 4_102_444_800_000  # 2000 and 2100: what is outside is no time in ms


class ConnectorContract(ABC):
    """Subclass it as `TestNAME`, in a test module."""

    connector: ClassVar[str]
    """As `connector = "..."` in a configuration names it."""
    now: ClassVar[str]
    """When the account is read; ISO 8601 with an offset."""
    since: ClassVar[dt.date] = dt.date(2020, 1, 1)
    secrets: ClassVar[Sequence[str]] = ()
    """The secrets in the table; nothing may tell them."""
    dates_roles: ClassVar[bool] = True
    """Whether the helpdesk says since when a role holds; else it holds since it was seen."""
    golden: ClassVar[Path | None] = None
    """A file that says which records come of the account, one a line: the test of the mapping. Where there is none yet,
    it is written, to be read and kept."""
    kills: ClassVar[int] = 6
    """How many syncs are killed before one may finish."""

    @abstractmethod
    def open_account(self, folder: Path, *, empty: bool = False) -> AbstractContextManager[Mapping[str, Any]]:
        """An account with content, or an empty one, for as long as the context lasts; gives its keys in
        [sources.NAME] (`connector` and `since` aside). It has 10 tickets or more, all that the connector maps, and
        nothing that it would set aside. `folder` is the configuration's.
        """

    def account(self, folder: Path, table: Mapping[str, Any]) -> TestAccount:
        table = {"connector": self.connector, "since": self.since, **table}
        return TestAccount(folder, table, self.now, self.secrets, dates_roles=self.dates_roles)

    # --- what it says of itself

    def test_it_is_found_by_its_name(self) -> None:
        kind = find_connector(self.connector)
        assert issubclass(kind, Connector)
        assert ":" in self.connector or self.connector in connector_names()

    def test_a_key_that_is_not_known_is_an_error_that_names_it(self, tmp_path: Path) -> None:
        with self.open_account(tmp_path) as table:
            account = self.account(tmp_path, {**table, "colour_of_the_moon": 1})
            with pytest.raises(ConfigError, match="colour_of_the_moon"):
                account.streams()

    def test_it_answers_every_need_and_gives_a_reason_for_each_gap(self) -> None:
        provides = find_connector(self.connector).provides
        needed = {need for kpi in find_kpis().values() for need in kpi.needs} - set(FURTHER_NEEDS) | set(NEEDS)
        assert needed - set(provides) == set()
        assert set(provides) - {*NEEDS, *FURTHER_NEEDS} == set()
        assert {need for need, given in provides.items() if (given.answer == "yes") == bool(given.reason)} == set()

    def test_what_it_provides_comes_from_a_stream(self, tmp_path: Path) -> None:
        with self.open_account(tmp_path) as table:
            streams = self.account(tmp_path, table).streams()
        provides = find_connector(self.connector).provides
        given = {need for stream in streams for need in stream.gives}
        assert given <= set(provides)
        assert {need for need in given if provides[need].answer == "no"} == set()
        assert {n for n, p in provides.items() if p.answer != "no" and n not in given} <= self.given_with_related
        assert len({stream.name for stream in streams}) == len(streams)

    given_with_related: ClassVar[frozenset[str]] = frozenset()
    """Needs that are met by streams which do not name them in `gives`, since they fail with nothing in particular."""

    def test_check_finds_nothing_wrong_with_a_good_account(self, tmp_path: Path) -> None:
        with self.open_account(tmp_path) as table:
            found = asyncio.run(self.account(tmp_path, table).check())
        assert found
        assert [f for f in found if f.level == "error"] == []
        assert [f for f in found if not f.text or not f.about] == []

    # --- what it gives

    def test_records_have_exactly_our_fields(self, tmp_path: Path) -> None:
        """Each value is of the type that the record declares, which a Struct itself does not look at."""
        with self.open_account(tmp_path) as table:
            account = self.account(tmp_path, table)
            assert_no_errors(account.sync())
        records = [record for _, page in account.pages for record in page.records]
        assert sum(isinstance(r, model.Ticket) for r in records) >= 10
        for record in records:
            assert type(record) in RECORDS
            assert msgspec.json.decode(msgspec.json.encode(record), type=type(record)) == record
            assert list(_odd(record)) == [], record

    def test_records_are_those_of_the_golden_file(self, tmp_path: Path) -> None:
        if self.golden is None:
            pytest.skip("no golden file is named")
        with self.open_account(tmp_path) as table:
            account = self.account(tmp_path, table)
            assert_no_errors(account.sync())
        found = "".join(f"{line}\n" for line in _lines(account.pages))
        if not self.golden.exists():
            self.golden.write_text(found, encoding="utf-8")
            pytest.fail(f"{self.golden} is written: read it, and keep it if it is right")
        assert found == self.golden.read_text(encoding="utf-8")

    def test_a_ticket_begins_with_the_comment_that_made_it(self, tmp_path: Path) -> None:
        with self.open_account(tmp_path) as table:
            account = self.account(tmp_path, table)
            assert_no_errors(account.sync())
        without = account.rows(
            "SELECT t.native FROM tickets t WHERE t.created_at IS NOT NULL AND t.subject IS NOT NULL AND NOT EXISTS"
            " (SELECT 1 FROM events e WHERE e.ticket = t.id AND e.kind = 'comment' AND e.at <= t.created_at + 1000)"
        )
        assert len(without) <= self.without_beginning

    without_beginning: ClassVar[int] = 0
    """Tickets of the account whose first comment the helpdesk does not tell."""

    def test_pages_advance(self, tmp_path: Path) -> None:
        """Within a run no cursor comes back, nothing is told twice in a row, and completeness grows up to now."""
        with self.open_account(tmp_path) as table:
            account = self.account(tmp_path, table)
            assert_no_errors(account.sync())
        for stream, pages in _by_stream(account.pages).items():
            cursors = _changes(page.cursor for page in pages)
            assert len(cursors) == len(set(cursors)), f"{stream}: a cursor came back"
            whole = [page.complete_until for page in pages if page.complete_until is not None]
            assert whole == sorted(whole), f"{stream}: it was more complete before"
            assert all(until <= account.ms for until in whole), f"{stream}: complete beyond now"
            reported = [page.records for page in pages if page.records]
            assert all(one != other for one, other in itertools.pairwise(reported)), f"{stream}: the same again"

    def test_every_stream_comes_to_its_end(self, tmp_path: Path) -> None:
        with self.open_account(tmp_path) as table:
            account = self.account(tmp_path, table)
            assert_no_errors(account.sync())
        sql = "SELECT stream FROM cursors WHERE complete_until IS NULL AND gives != '[]'"
        assert account.rows(sql) == []

    def test_pulled_twice_changes_nothing(self, tmp_path: Path) -> None:
        with self.open_account(tmp_path) as table:
            account = self.account(tmp_path, table)
            assert_no_errors(account.sync())
            wanted = account.dump_store()
            for full in (False, True):
                account.mark_clean()
                assert_no_errors(account.sync(full=full))
                assert differences(account.dump_store(), wanted) == {}
                assert account.rows("SELECT * FROM stale_subjects WHERE kind = 'ticket'") == [], (
                    "something is to be measured again"
                )

    def test_an_empty_account_gives_nothing_and_keeps_its_cursors(self, tmp_path: Path) -> None:
        with self.open_account(tmp_path, empty=True) as table:
            account = self.account(tmp_path, table)
            assert_no_errors(account.sync())
            wanted = account.dump_store(looks=True)
            assert_no_errors(account.sync())
        assert account.rows("SELECT native FROM tickets") == []
        assert account.rows("SELECT * FROM events") + account.rows("SELECT * FROM ratings") == []
        assert differences(account.dump_store(looks=True), wanted) == {}

    # --- what it survives

    def test_killed_at_any_moment_it_goes_on_and_ends_with_the_same_store(self, tmp_path: Path) -> None:
        rng = random.Random(self.connector)  # noqa: S311 - moments, no secrets
        with self.open_account(tmp_path / "a") as table:
            whole, once = self.account(tmp_path / "a", table), self.account(tmp_path / "first", table)
            assert_no_errors(whole.sync())
            wanted, died = whole.dump_store(), 0
            (undisturbed,) = self._tries(once, {})
            while died < self.kills:
                account = self.account(tmp_path / f"killed{died}", table)
                moments = [rng.randint(1, max(undisturbed.statements // 2, 2)) for _ in range(3)]
                *killed, last = self._tries(account, *({"before": moment} for moment in moments), {})
                died += sum(end.status == KILLED for end in killed)
                assert {end.status for end in killed} <= {KILLED, 0}
                assert last.status == 0
                assert differences(account.dump_store(), wanted) == {}

    def _tries(self, account: TestAccount, *kills: Mapping[str, float]) -> list[Any]:
        account.dump_store()  # makes the store, with the hash key of tests
        return list(run_killed(self.connector, "sync", account.path, self.now, *kills))


def assert_no_errors(results: Sequence[StreamResult]) -> None:
    """Every stream came, and nothing had to be set aside."""
    assert {(r.stream, r.reason) for r in results if r.outcome not in {"ok", "not_due"}} == set()
    assert {(r.stream, r.rejected) for r in results if r.rejected} == set()


def _lines(pages: Sequence[tuple[str, Page]]) -> Iterator[str]:
    """Every record with what it says. What nobody set is left out, and so are sketches, which nobody can read."""
    for stream, page in pages:
        for record in page.records:
            fields = [f for f in msgspec.structs.fields(record) if f.name != "sketch"]
            reported = {f.name: value for f in fields if (value := getattr(record, f.name)) not in (f.default, (), {})}
            said = re.sub(r"http://127\.0\.0\.1:\d+", "http://desk", msgspec.json.encode(reported).decode())
            yield f"{stream}: {type(record).__name__} {said}"


def _odd(record: model.AnyRecord) -> Iterator[str]:
    """What is wrong with a record beyond its types: times that are none, ids that are empty."""
    for name in record.__struct_fields__:
        value = getattr(record, name)
        if (name == "at" or name.endswith("_at")) and value is not None and not EARLY < value < LATE:
            yield f"{name} is no time in ms: {value}"
        if name in {"id", "ticket", "article", "team", "person", "requester", "assignee", "actor"} and value == "":
            yield f"{name} is empty"


def _by_stream(pages: Sequence[tuple[str, Page]]) -> dict[str, list[Page]]:
    found: dict[str, list[Page]] = defaultdict(list)
    for stream, page in pages:
        found[stream].append(page)
    return found


def _changes(values: Iterator[str | None]) -> list[str]:
    """The values without nulls, and without one that is as the one before it."""
    found: list[str] = []
    for value in values:
        if value is not None and (not found or found[-1] != value):
            found.append(value)
    return found
