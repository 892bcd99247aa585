"""Several sources at once: what ends one of them never ends another, and a dead one takes one line."""

import socket
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

import httpx
import msgspec
import pytest
from synced_fixtures import Cli

from helpdesk_kpi.config import load
from helpdesk_kpi.errors import BrokenError, UnreachedError
from helpdesk_kpi.model import AnyRecord, Ticket
from helpdesk_kpi.pull.auth import NoAuth
from helpdesk_kpi.pull.contract import Connector, Finding, Page, Start, Stream
from helpdesk_kpi.pull.source_config import SourceConfig
from helpdesk_kpi.pull.sync import Progress, StreamResult, exit_status, find_ended_sources, sync
from helpdesk_kpi.pull.transport import Transport, offline
from helpdesk_kpi.testing.store_snapshot import open_test_store

NOW = 1_790_000_000_000


class Given(Connector):
    """Gives tickets page by page, or raises what stands among them."""

    name: ClassVar[str] = "given"
    Settings: ClassVar[type[msgspec.Struct]] = msgspec.Struct
    provides: ClassVar[dict[str, Any]] = {}

    @classmethod
    def transport(cls, settings: Any) -> Transport:  # noqa: ARG003 - as the contract has it
        return offline()

    def streams(self) -> Sequence[Stream]:
        return [Stream(name=name, kind="cursor", pages=self._pages(given)) for name, given in self.settings.items()]

    def _pages(self, given: Sequence[str | Exception]) -> Any:
        async def pages(_: Start) -> AsyncIterator[Page]:
            for one in given:
                if isinstance(one, Exception):
                    raise one
                yield Page(records=[ticket(one)])

        return pages

    async def check(self) -> Sequence[Finding]:
        return []


def ticket(number: str) -> AnyRecord:
    return Ticket(number, number, "http://x", NOW, NOW, NOW, "open")


def source(name: str, **streams: Sequence[str | Exception]) -> SourceConfig:
    return SourceConfig(name, Given, streams, "", 0)


def synced(folder: Path, *sources: SourceConfig) -> list[StreamResult]:
    with open_test_store(folder / "a.db") as store:
        return sync(store, sources, now=lambda: NOW)


def kept(folder: Path) -> list[str]:
    with open_test_store(folder / "a.db") as store:
        return [native for (native,) in store.rows("SELECT native FROM tickets ORDER BY native")]


def test_a_mistake_of_ours_in_one_source_is_raised_after_the_others_are_through(tmp_path: Path) -> None:
    many = [f"b{n}" for n in range(20)]
    with pytest.raises(ZeroDivisionError) as caught:
        synced(
            tmp_path, source("a", one=["a1", ZeroDivisionError("ours")], two=["a2"]), source("b", one=many, two=["c"])
        )
    assert caught.value.__notes__ == ["in the sync of the source 'a'; the other sources went on"]
    assert kept(tmp_path) == sorted(["a1", *many, "c"])
    with open_test_store(tmp_path / "a.db") as store:
        ended = store.rows("SELECT s.name, y.stream, y.outcome FROM syncs y JOIN sources s ON s.id = y.source")
    assert ended == [("b", "one", "ok"), ("b", "two", "ok")]


def test_mistakes_in_several_sources_are_all_reported(tmp_path: Path) -> None:
    with pytest.raises(ExceptionGroup) as caught:
        synced(tmp_path, source("a", one=[ZeroDivisionError("x")]), source("b", one=[KeyError("y")]))
    assert [type(one) for one in caught.value.exceptions] == [ZeroDivisionError, KeyError]


def test_an_answer_that_cannot_be_read_ends_its_stream_and_silence_ends_the_source(tmp_path: Path) -> None:
    results = synced(
        tmp_path,
        source("a", one=["a1", BrokenError("broken")], two=["a2"]),
        source("b", one=["b1", UnreachedError("GET host/x: no answer")], two=["b2"], three=["b3"]),
    )
    assert [(r.source, r.stream, r.outcome) for r in results] == [
        ("a", "one", "failed"), ("a", "two", "ok"), ("b", "one", "failed"), ("b", "two", "failed"),
        ("b", "three", "failed"),
    ]  # fmt: skip
    assert kept(tmp_path) == ["a1", "a2", "b1"]
    (ended,) = find_ended_sources(results)
    assert (ended.source, ended.reason) == ("b", "the helpdesk does not answer: GET host/x: no answer")


def test_a_source_that_does_not_answer_leaves_the_exit_status_of_the_others(tmp_path: Path) -> None:
    """3: some came. A queue that asks nothing brings nothing, so `requests` decides; here nothing is asked at all."""
    results = synced(tmp_path, source("a", one=[UnreachedError("x")]), source("b", one=["b1"]))
    came = [r._replace(requests=1) if r.outcome == "ok" else r for r in results]
    assert exit_status(came) == 3
    assert exit_status(results[:1]) == 1
    assert exit_status(results) == 3  # files bring a record without a request
    assert exit_status([results[0], results[1]._replace(records=0)]) == 1


# --- the command


def configured(folder: Path, port: int) -> Path:
    path = folder / "helpdesk-kpi.toml"
    (folder / "key").write_text("abc")
    path.write_text(
        f'[sources.desk]\nconnector = "freshdesk"\nurl = "http://127.0.0.1:{port}"\nsince = 2026-01-01\n'
        'auth = { key = { file = "key" } }\n'
    )
    return path


def test_sync_against_a_closed_port_says_what_it_tries_and_ends_with_one_line(tmp_path: Path, cli: Cli) -> None:
    """Two lines for the tries that follow the first, after pauses of 1 and 2 s, and one line for the source."""
    with socket.create_server(("127.0.0.1", 0)) as place:
        port = place.getsockname()[1]
    ran = cli("sync", "--config", configured(tmp_path, port))
    requested = f"GET 127.0.0.1:{port}/api/v2/agents: it cannot be reached: Connection refused"
    assert ran.status == 1
    assert ran.err.splitlines() == [
        f"desk: still trying {requested}",
        f"desk: still trying {requested}",
        f"desk: the helpdesk does not answer: {requested} (given up after 3 tries)",
    ]
    reported = cli("status", "--config", tmp_path / "helpdesk-kpi.toml")
    assert "the helpdesk does not answer" in reported.out


#: Sources whose secret is in the file "key".
SIGNED_IN = {
    "zendesk": 'connector = "zendesk"\nauth = { client_id = "us", client_secret = { file = "key" } }',
    "zendesk token": 'connector = "zendesk"\nauth = { email = "us@desk.example", token = { file = "key" } }',
    "jira": 'connector = "jira_service_management"\nauth = { email = "us@desk.example", token = { file = "key" } }',
    "data center": 'connector = "jira_service_management"\nauth = { personal_token = { file = "key" } }',
    "freshdesk": 'connector = "freshdesk"\nauth = { key = { file = "key" } }',
}


@pytest.mark.parametrize("table", SIGNED_IN)
def test_a_secret_of_any_characters_ends_its_own_source_in_one_line_and_no_other(
    tmp_path: Path, cli: Cli, table: str
) -> None:
    """The other source reads its one row of files. The server at the port is not there."""
    with socket.create_server(("127.0.0.1", 0)) as place:
        port = place.getsockname()[1]
    secret = "tökèn-密钥\u200b"
    (tmp_path / "key").write_text(secret, encoding="utf-8")
    (tmp_path / "export").mkdir()
    row = '{"id": "1", "created_at": "2026-01-05T09:00:00Z", "updated_at": "2026-01-05T09:00:00Z", "status": "open"}\n'
    (tmp_path / "export" / "tickets.jsonl").write_text(row)
    path = tmp_path / "helpdesk-kpi.toml"
    shared = f'url = "http://127.0.0.1:{port}"\nsince = 2026-01-01'
    path.write_text(
        f'[sources.a]\n{SIGNED_IN[table]}\n{shared}\n[sources.b]\nconnector = "files"\npath = "export"\n'
        "since = 2026-01-01\n"
    )
    ran = cli("sync", "--config", path)
    assert ran.status == 3  # some came
    last = [line for line in ran.err.splitlines() if line.startswith("a: ") and "still trying" not in line]
    assert len(last) == 1
    assert secret not in ran.out + ran.err
    with open_test_store(load(path).store_path) as store:
        assert store.rows("SELECT native FROM tickets") == [("1",)]


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    return Cli(capfd, monkeypatch)


def test_notes_reach_whoever_looks_on(tmp_path: Path) -> None:
    """A host that answers nothing is told of while it is tried, with the source's name."""
    heard: list[Progress] = []

    def connect(_: SourceConfig) -> Transport:
        def refuse(_: httpx.Request) -> httpx.Response:
            raise httpx.ConnectError("refused")

        async def skip(_: float) -> None:
            pass

        return Transport("https://acme.example.com", auth=NoAuth(), http=httpx.MockTransport(refuse), sleep=skip)

    class Asking(Given):
        def _pages(self, given: Sequence[str | Exception]) -> Any:
            async def pages(_: Start) -> AsyncIterator[Page]:
                await self.http.get(str(given[0]), type=dict)
                yield Page()

            return pages

    with open_test_store(tmp_path / "a.db") as store:
        sources = [SourceConfig("desk", Asking, {"one": ["/x"], "two": ["/y"]}, "", 0)]
        results = sync(store, sources, now=lambda: NOW, connect=connect, progress=heard.append)
    assert [(p.source, p.stream, p.note) for p in heard] == [
        ("desk", "one", "still trying GET acme.example.com/x: it cannot be reached: refused")
    ] * 2
    assert [r.requests for r in results] == [3, 0]
