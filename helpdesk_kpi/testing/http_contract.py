"""What a connector keeps whose helpdesk is asked over HTTP: in any weather nothing is lost, and nothing given away."""

import datetime as dt
import logging
import random
import re
import socket
from abc import abstractmethod
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from email.utils import format_datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest

from helpdesk_kpi.pull.sync import NOT_REACHED, SIGN_IN_REFUSED
from helpdesk_kpi.simulator.server.serve import serve
from helpdesk_kpi.testing.account import TestAccount
from helpdesk_kpi.testing.contract import ConnectorContract, assert_no_errors
from helpdesk_kpi.testing.http_faults import (
    App,
    FakeResponse,
    FaultProxy,
    RecordedRequest,
    always,
    cut,
    in_objects,
    once,
)
from helpdesk_kpi.testing.mutation import broken_texts, mutated
from helpdesk_kpi.testing.store_snapshot import differences

HOUR = 3_600_000
WHILE = 8 * 24 * HOUR  # after which everything is read that is read now and then
HTML = FakeResponse(
    200, {"content-type": "text/html"}, b"<!DOCTYPE html><html><body><h1>Maintenance</h1></body></html>"
)


class HttpContract(ConnectorContract):
    """Subclass it as `TestNAME`; `app` and `empty` are imitations of the helpdesk, as ASGI applications."""

    @abstractmethod
    def app(self) -> App:
        """The account with content. Made anew for each test."""

    @abstractmethod
    def empty(self) -> App:
        """An account of the same helpdesk without any content."""

    @abstractmethod
    def table(self, url: str) -> Mapping[str, Any]:
        """What [sources.NAME] says for the account at this address, secrets in clear."""

    enums: ClassVar[frozenset[str]] = frozenset()
    """Keys of JSON objects whose values are words that the helpdesk may one day add to."""
    maps: ClassVar[frozenset[str]] = frozenset()
    """Keys of JSON objects whose objects have content for keys: days of the week, questions."""
    children: ClassVar[str] = ""
    """A pattern of paths that are of one ticket, person, ... and may be missing. Paths that differ in an id only are
    found without it."""
    entrance: ClassVar[str] = "$^"
    """A pattern of paths without which nothing at all can be read."""
    spare: ClassVar[int] = 1
    """Requests of a turn with nothing new beyond one for each stream: a token, the second page of a list."""
    no_column: ClassVar[frozenset[tuple[str, str]]] = frozenset({("sla_policies", "body")})
    """(table, column) that keep what the helpdesk says word for word."""

    @contextmanager
    def open_account(self, folder: Path, *, empty: bool = False) -> Iterator[Mapping[str, Any]]:  # noqa: ARG002 - see there
        with serve(self.empty() if empty else self.app()) as server:
            yield self.table(server.url)

    @contextmanager
    def under(self, folder: Path, **weather: Any) -> Iterator[tuple[TestAccount, FaultProxy]]:
        """The account in some weather, not synced yet."""
        sky = FaultProxy(self.app(), **weather)
        with serve(sky) as server:
            yield self.account(folder, self.table(server.url)), sky

    def fair(self, folder: Path) -> tuple[TestAccount, FaultProxy]:
        """What an undisturbed sync asks and stores; done once for all tests of the class."""
        kind = type(self)
        if "undisturbed" not in vars(kind):
            with self.under(folder) as (account, sky):
                assert_no_errors(account.sync())
            kind.undisturbed = account, sky
        return kind.undisturbed

    undisturbed: ClassVar[tuple[TestAccount, FaultProxy]]

    # --- refusals

    def test_refused_credentials_stop_everything_at_once(self, tmp_path: Path) -> None:
        with self.under(tmp_path) as (account, sky):
            assert_no_errors(account.sync())
            before, sky.requests = account.dump_store(), []
            sky.instead = always(lambda _: FakeResponse.json(401, {"message": "who are you?"}))
            results = account.sync(later=WHILE)  # everything is due
        assert {r.outcome for r in results} == {"failed"}
        assert all(r.reason.startswith(SIGN_IN_REFUSED) for r in results), results
        assert len(sky.requests) <= 6, "it went on asking"
        assert differences(_without(account.dump_store(), "cursors"), _without(before, "cursors")) == {}

    def test_what_is_forbidden_is_skipped_and_the_rest_arrives(self, tmp_path: Path) -> None:
        """Each endpoint in turn: some stream is not available, or reads in another way; none fails, most are well."""
        _, fair = self.fair(tmp_path / "fair")
        with self.under(tmp_path) as (account, sky):
            for place, shape in enumerate(self._shapes(fair)):
                sky.instead = refuse(lambda requested, shape=shape: requested.shape == shape, 403)
                results = account.afresh(str(place)).sync()
                outcomes = Counter(r.outcome for r in results)
                assert not outcomes["failed"], (shape, results)
                assert outcomes["ok"] > outcomes["unavailable"] or len(results) < 3, (shape, results)

    def test_one_item_that_is_missing_is_skipped_and_its_stream_goes_on(self, tmp_path: Path) -> None:
        _, sky = self.fair(tmp_path / "fair")
        lost = {paths[0] for paths in self._children(sky).values()}
        if not lost:
            pytest.skip("nothing is asked for one by one")
        weather = refuse(lambda query: query.path in lost, 404)
        with self.under(tmp_path / "lost", instead=weather) as (account, missed):
            results = account.sync()
        assert lost & {requested.path for requested in missed.requests}
        assert_no_errors(results)
        assert len(account.rows("SELECT 1 FROM tickets WHERE created_at IS NOT NULL")) >= 10

    def _shapes(self, sky: FaultProxy) -> list[str]:
        requested = [a for a in sky.requests if a.credentials and not re.search(self.entrance, a.path)]
        return sorted({a.shape for a in requested})

    def _children(self, sky: FaultProxy) -> dict[str, list[str]]:
        """Shape -> paths, of what is asked one by one."""
        found: dict[str, set[str]] = defaultdict(set)
        for requested in sky.requests:
            found[requested.shape].add(requested.path)
        by_name = {s for s, paths in found.items() if self.children and re.search(self.children, min(paths))}
        return {s: sorted(paths) for s, paths in found.items() if len(paths) > 1 or s in by_name}

    # --- limits and errors

    @pytest.mark.parametrize("says", ["seconds", "a date", "nothing"])
    def test_too_many_requests_are_repeated_no_sooner_than_the_server_says(self, tmp_path: Path, says: str) -> None:
        wanted, _ = self.fair(tmp_path / "fair")
        clock: list[Callable[[], float]] = []
        at: dict[str, list[float]] = defaultdict(list)

        def limited(query: RecordedRequest) -> FakeResponse | None:
            at[query.path].append(clock[-1]())
            if query.before or not query.credentials:
                return None
            later = dt.datetime.fromtimestamp(clock[-1]() + 9, dt.UTC)
            reported = {"seconds": {"retry_after": "7"}, "a date": {"retry_after": format_datetime(later, usegmt=True)}}
            return FakeResponse.json(429, {"message": "slow down"}, **reported.get(says, {}))

        with self.under(tmp_path / "limited", instead=limited) as (account, sky):
            clock.append(account.now_there)
            assert_no_errors(account.sync())
        refused = [requested.path for requested in sky.requests if requested.credentials and not requested.before]
        waits = [at[path][1] - at[path][0] for path in refused]
        assert min(waits) >= 7
        assert differences(account.dump_store(), wanted.dump_store()) == {}

    @pytest.mark.parametrize("how", ["500", "503", "html", "cut"])
    def test_a_passing_failure_of_every_path_changes_nothing(self, tmp_path: Path, how: str) -> None:
        wanted, _ = self.fair(tmp_path / "fair")
        answers = {"500": FakeResponse.json(500, {"message": "oops"}), "503": FakeResponse(503), "html": HTML}
        weather = {"change": cut} if how == "cut" else {"instead": once(lambda _: answers[how])}
        with self.under(tmp_path / "shaken", **weather) as (account, _):
            assert_no_errors(account.sync())
        assert differences(account.dump_store(), wanted.dump_store()) == {}

    def test_a_failure_that_lasts_ends_each_stream_within_bounds_and_leaves_the_store_alone(
        self, tmp_path: Path
    ) -> None:
        with self.under(tmp_path) as (account, sky):
            assert_no_errors(account.sync())
            ordinary = len(sky.requests)
            assert_no_errors(account.sync(later=HOUR))
            before, sky.requests = account.dump_store(), []
            sky.instead = always(lambda _: FakeResponse.json(503, {"message": "down"}))
            results = account.sync(later=WHILE)
            assert {r.outcome for r in results if r.requests} == {"failed"}
            assert len(sky.requests) <= 10 * (len(results) + ordinary), "it went on asking"
            assert max(account.wall.slept) <= 900
            assert differences(_without(account.dump_store(), "cursors"), _without(before, "cursors")) == {}
            sky.instead = None
            assert_no_errors(account.sync(later=WHILE + HOUR))
            assert differences(account.dump_store(), before) == {}

    def test_a_helpdesk_that_repeats_itself_is_not_requested_for_ever(self, tmp_path: Path) -> None:
        """Whatever is asked of a path, its first answer comes again."""
        said: dict[str, FakeResponse] = {}
        with self.under(tmp_path) as (account, sky):
            sky.change = lambda requested, answer: (
                said.setdefault(requested.path, answer) if requested.credentials else answer
            )
            _, ordinary = self.fair(tmp_path / "fair")
            most = 400 + 10 * len(ordinary.requests)
            sky.instead = lambda _: FakeResponse.json(401, {}) if len(sky.requests) > most else None
            results = account.sync()
        assert len(sky.requests) <= most
        assert all(r.outcome in {"ok", "failed", "unavailable"} for r in results)

    # --- where credentials go, and what is told of them

    @pytest.mark.parametrize("how", ["redirects", "addresses in answers"])
    def test_only_declared_hosts_are_requested(self, tmp_path: Path, how: str) -> None:
        foreign = FaultProxy(_nobody)
        with serve(foreign) as other, self.under(tmp_path) as (account, sky):
            here = self.table("http://here")["url"].encode()  # how the table's address looks
            assert here.startswith(b"http://here")
            if how == "redirects":
                sky.instead = always(lambda requested: FakeResponse(302, {"location": f"{other.url}{requested.path}"}))
            else:
                sky.change = lambda _, answer: _redirect(answer, other.url)
            results = account.sync()
        assert foreign.requests == []
        assert sky.requests
        assert how != "redirects" or {r.outcome for r in results if r.requests} <= {"failed", "unavailable"}

    @pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 429, 500])
    def test_no_secret_is_reported_even_by_a_helpdesk_that_repeats_it(
        self, tmp_path: Path, status: int, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Not in a log line, a result, a finding, the store or what an object says of itself."""
        seen: set[str] = set()

        def repeating(requested: RecordedRequest) -> FakeResponse:
            seen.update(requested.credentials.split()[1:])
            spoken = {"message": requested.credentials, "error": requested.credentials.partition(" ")[2]}
            return FakeResponse.json(status, spoken, location=f"/x?key={requested.credentials.partition(' ')[2]}")

        caplog.set_level(logging.DEBUG)
        with self.under(tmp_path, instead=always(repeating)) as (account, _):
            results = account.sync()
            reported = [repr(results), account.dump(), repr(account.source(b"")), *map(repr, account.streams())]
        lines = [f"{line.getMessage()} {line.exc_text or ''}" for line in caplog.records]
        assert seen
        for secret in {*self.secrets, *seen}:
            assert [line for line in lines if secret in line] == []
            assert [text for text in reported if secret in text] == []

    # --- what a helpdesk may add

    def test_fields_that_nobody_knows_yet_change_nothing(self, tmp_path: Path) -> None:
        wanted, _ = self.fair(tmp_path / "fair")
        new = in_objects(lambda row: {**row, "brand_new_field": {"deep": [1, None, {"er": "x"}]}}, self.maps)
        with self.under(tmp_path / "new", change=new) as (account, _):
            assert_no_errors(account.sync())
        found, expected = account.dump_store(), wanted.dump_store()
        raw = {table for table, _ in self.no_column}
        assert differences(_without(found, *raw), _without(expected, *raw)) == {}

    def test_words_that_nobody_knows_yet_lose_no_row(self, tmp_path: Path) -> None:
        wanted, _ = self.fair(tmp_path / "fair")
        tickets = "SELECT native FROM tickets WHERE created_at IS NOT NULL ORDER BY 1"
        with self.under(tmp_path / "new") as (account, sky):
            for key in sorted(self.enums):
                met: list[str] = []
                sky.change = in_objects(_rename_fields(key, met))
                fresh = account.afresh(key)
                assert_no_errors(fresh.sync())
                assert met, f"no answer has {key!r}"
                assert fresh.rows(tickets) == wanted.rows(tickets), key

    # --- what may be wrong with an answer

    def test_half_a_character_in_every_text_costs_nothing_else(self, tmp_path: Path) -> None:
        """JSON allows half an emoji; no row, no page and no later stream is lost for it."""
        wanted, _ = self.fair(tmp_path / "fair")
        tickets = "SELECT native FROM tickets WHERE created_at IS NOT NULL ORDER BY 1"
        with self.under(tmp_path / "broken", change=broken_texts(self.maps)) as (account, _):
            assert_no_errors(account.sync())
        assert account.rows(tickets) == wanted.rows(tickets)

    mutations: ClassVar[int] = 5
    """How many syncs meet answers with something wrong in them."""

    def test_answers_with_anything_wrong_in_them_never_end_a_sync(self, tmp_path: Path) -> None:
        """Other types, missing keys, huge numbers, impossible times, cut bodies: each stream has its turn and a result,
        and the store stays sound.
        """
        with self.under(tmp_path) as (account, sky):
            streams = [stream.name for stream in account.streams()]
            for turn in range(self.mutations):
                rng = random.Random(f"{self.connector} {turn}")  # noqa: S311 - no secret
                sky.change = mutated(rng, 0.4)
                fresh = account.afresh(str(turn))
                results = fresh.sync()
                assert [r.stream for r in results] == streams
                assert {r.outcome for r in results} <= {"ok", "failed", "unavailable"}
                assert fresh.rows("PRAGMA integrity_check") == [("ok",)]
                assert fresh.rows("PRAGMA foreign_key_check") == []

    def test_where_nothing_answers_the_source_is_given_up_after_a_few_tries(self, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as place:
            port = place.getsockname()[1]  # on which nothing listens any more
        account = self.account(tmp_path, self.table(f"http://127.0.0.1:{port}"))
        results = account.sync()
        assert {r.outcome for r in results} == {"failed"}
        assert len({r.reason for r in results}) == 1
        assert results[0].reason.startswith(NOT_REACHED)
        assert sum(r.requests for r in results) <= 3
        assert sum(account.wall.slept) < 10

    # --- what a day costs

    def test_a_turn_with_nothing_new_makes_only_the_polls_that_it_needs(self, tmp_path: Path) -> None:
        """One request for each stream that is due, and `spare` ones."""
        with self.under(tmp_path) as (account, sky):
            assert_no_errors(account.sync())
            assert_no_errors(account.sync(later=HOUR))  # what is read again once, of what the first sync met last
            sky.requests, streams = [], len(account.streams())
            results = account.sync(later=2 * HOUR)
        assert_no_errors(results)
        due = sum(r.outcome == "ok" for r in results)
        query = Counter(requested.shape for requested in sky.requests)
        assert due <= streams
        assert len(sky.requests) <= due + self.spare, query


def refuse(is_meant: Callable[..., bool], status: int) -> Callable[[RecordedRequest], FakeResponse | None]:
    """What is meant is refused, however often it is asked."""
    answer = FakeResponse.json(status, {"message": f"refused with {status}"})
    return lambda requested: answer if requested.credentials and is_meant(requested) else None


def _without(reported: Mapping[str, list[str]], *tables: str) -> dict[str, list[str]]:
    return {table: rows for table, rows in reported.items() if table not in tables}


def _rename_fields(key: str, met: list[str]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def renamed(row: dict[str, Any]) -> dict[str, Any]:
        if not isinstance(row.get(key), str):
            return row
        met.append(row[key])
        return {**row, key: "brand_new_word"}

    return renamed


def _redirect(answer: FakeResponse, elsewhere: str) -> FakeResponse:
    """Every address of this machine leads to another port of it."""
    body = re.sub(rb"http://127\.0\.0\.1:\d+", elsewhere.encode(), answer.body)
    headers = {n: re.sub(r"http://127\.0\.0\.1:\d+", elsewhere, text) for n, text in answer.headers.items()}
    return answer._replace(body=body, headers=headers)


async def _nobody(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": b"{}"})
