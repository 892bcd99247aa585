"""Syncing: sources side by side, a source's streams in order, each page in one transaction.

An expected error becomes that stream's result and the rest go on; refused credentials, or an address at which nothing
answers, end the source. An unexpected error ends its source too; the other sources finish before it is raised.
"""

import asyncio
import functools
import json
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, Literal, NamedTuple

from msgspec.structs import replace

from helpdesk_kpi.errors import AccessError, PullError, UnavailableError, UnreachedError
from helpdesk_kpi.pull.contract import Connector, Finding, KnownAccount, Page, Start, Stream
from helpdesk_kpi.pull.reading_version import remember_reading
from helpdesk_kpi.pull.source_config import SourceConfig
from helpdesk_kpi.pull.transport import Transport
from helpdesk_kpi.store import Store
from helpdesk_kpi.store.row_validation import sift
from helpdesk_kpi.store.write_page import (
    accounts,
    extend_backfill,
    load_todo,
    present,
    record_limited_capability,
    requesters,
    requeue,
    source_key,
    versions,
    wordless,
    write_page,
)
from helpdesk_kpi.text.rules_version import save_rules_version

Outcome = Literal["ok", "not_due", "unavailable", "failed"]


class StreamResult(NamedTuple):
    """How one stream of one source ended."""

    source: str
    stream: str
    outcome: Outcome
    reason: str = ""
    requests: int = 0
    records: int = 0
    set_aside: int = 0
    seconds: float = 0.0
    found: tuple[Finding, ...] = ()  # what people should know beside


class Progress(NamedTuple):
    """Told after every page, and when something takes long."""

    source: str
    stream: str
    requests: int
    records: int
    complete_until: int | None
    note: str = ""  # why it takes long: "still trying HOST: reason"


Connect = Callable[[SourceConfig], Transport]


class _SyncOptions(NamedTuple):
    now: Callable[[], int]
    full: bool
    progress: Callable[[Progress], None]
    connect: Connect


def connect(source: SourceConfig) -> Transport:
    return source.connector.transport(source.settings)


def sync(
    store: Store,
    sources: Sequence[SourceConfig],
    *,
    now: Callable[[], int],
    full: bool = False,
    progress: Callable[[Progress], None] = lambda _: None,
    connect: Connect = connect,
) -> list[StreamResult]:
    """Bring the store up to date. `full` reads everything again from the first day.

    An unexpected error of one source is raised once the others are through; what they brought is stored.
    """

    async def everything() -> list[list[StreamResult] | BaseException]:
        runs = [_SourceSync(store, source, _SyncOptions(now, full, progress, connect)) for source in sources]
        return await asyncio.gather(*(run.all() for run in runs), return_exceptions=True)

    results: list[StreamResult] = []
    errors: list[BaseException] = []
    for source, found in zip(sources, asyncio.run(everything()), strict=True):
        if isinstance(found, BaseException):
            found.add_note(f"in the sync of the source {source.name!r}; the other sources went on")
            errors.append(found)
        else:
            results += found
    if errors:
        raise errors[0] if len(errors) == 1 else BaseExceptionGroup("several sources", errors)
    return results


class _SourceSync:
    """One source's turn."""

    def __init__(self, store: Store, source: SourceConfig, how: "_SyncOptions") -> None:
        self.store, self.source = store, source
        self.now, self.full, self.progress, self.connect = how
        self.stream = ""  # the one whose turn it is
        self.key = source_key(store, source.name, source.connector.name, source.url, source.since)
        self.begun = self.now()  # all of its streams count their time from here

    async def all(self) -> list[StreamResult]:
        results: list[StreamResult] = []
        self._forget_future()
        if self.full:
            requeue(self.store, self.key)
        if not self.store.one("SELECT count(*) FROM cursors WHERE source = ?", self.key):
            self._read_alike()
        async with self.connect(self.source) as http:
            http.tell = self._note
            http.wall = lambda: self.now() / 1000
            connector = self.source.connector(http, self.source.settings)
            streams = connector.streams()
            for stream in streams:
                stopped = results[-1].reason if _has_ended(results) else ""
                self.stream = stream.name
                results.append(await self._stream(stream, http, connector, stopped=stopped))
        found = {f.need: f.provides for f in connector.findings if f.need and f.provides}
        record_limited_capability(self.store, self.key, found, keeping=_without_news(streams, results))
        self._note_turn()
        if self.full and all(result.outcome != "failed" for result in results):
            extend_backfill(self.store, self.key, self.source.since)
            self._read_alike()
        return results

    def _note(self, text: str) -> None:
        self.progress(Progress(self.source.name, self.stream, 0, 0, None, text))

    def _forget_future(self) -> None:
        """What a wrong clock wrote: a run that has not been is no reason to wait, and nothing is whole until then."""
        late = self.begun + AHEAD
        with self.store.transaction() as conn:
            for column in ("ran_at", "complete_until"):
                conn.execute(
                    f"UPDATE cursors SET {column} = NULL WHERE source = ? AND {column} > ?", (self.key, late)
                )  # fmt: skip

    def _note_turn(self) -> None:
        """Its turn has come to its end, whatever became of the streams."""
        with self.store.transaction() as conn:
            conn.execute(
                "INSERT OR REPLACE INTO meta VALUES (?, CAST(? AS BLOB))",
                (f"{TURN}{self.source.name}", str(self.begun)),
            )

    def _read_alike(self) -> None:
        """From now on everything of it is read as today, comments with the words of today."""
        save_rules_version(self.store, self.source.name, getattr(self.source.settings, "thanks", ()))
        remember_reading(self.store, self.source.name, self.source.connector)

    async def _stream(self, stream: Stream, http: Transport, connector: Connector, *, stopped: str) -> StreamResult:
        if stopped:
            return self._result(stream, "failed", stopped)
        if not self._is_due(stream):
            return self._result(stream, "not_due")
        started, before, told = time.monotonic(), http.requests.total(), len(connector.findings)
        count = _Counter()
        try:
            async for page in stream.pages(self._start(stream)):
                self._store(stream, page, count, http)
                sent = http.requests.total() - before
                self.progress(Progress(self.source.name, stream.name, sent, count.records, page.complete_until))
            outcome, reason = "ok", ""
        except UnavailableError as error:
            outcome, reason = "unavailable", str(error)
        except AccessError as error:
            outcome, reason = "failed", f"{REFUSED}{error}"
        except UnreachedError as error:
            outcome, reason = "failed", f"{UNREACHED}{error}"
        except PullError as error:
            outcome, reason = "failed", str(error)
        return self._result(
            stream, outcome, reason,  # type: ignore[arg-type]
            http.requests.total() - before, count.records, count.set_aside, time.monotonic() - started,
            tuple(connector.findings[told:]),
        )  # fmt: skip

    def _store(self, stream: Stream, page: Page, count: "_Counter", http: Transport) -> None:
        if page.complete_until is not None:  # a clock of ours that is ahead does not make anything known earlier
            page = replace(page, complete_until=min(page.complete_until, http.server_time(self.now())))
        page = write_page(self.store, self.key, stream.name, sift(page), now=self.now())
        count.records += len(page.records)
        count.set_aside += len(page.rejected)

    def _start(self, stream: Stream) -> Start:
        cursor = None
        if not self.full:
            sql = "SELECT cursor FROM cursors WHERE source = ? AND stream = ?"
            cursor = self.store.one(sql, self.key, stream.name)
        todo = load_todo(self.store, self.key, stream.name) if stream.kind == "queue" else ()
        return Start(
            cursor=cursor, since=self.source.since, now=self.now(), todo=todo, full=self.full,
            versions=functools.partial(versions, self.store, self.key), accounts=self._accounts,
            requesters=functools.partial(requesters, self.store, self.key),
            present=functools.partial(present, self.store, self.key),
            wordless=functools.partial(wordless, self.store, self.key),
        )  # fmt: skip

    def _accounts(self, ids: Collection[str]) -> dict[str, KnownAccount]:
        found = accounts(self.store, self.key, ids)
        return {native: KnownAccount(*known) for native, *known in found}  # type: ignore[arg-type]  # as `accounts` has it

    def _is_due(self, stream: Stream) -> bool:
        sql = "SELECT ran_at FROM cursors WHERE source = ? AND stream = ? AND state != 'failed'"
        ran_at = self.store.one(sql, self.key, stream.name)
        return self.full or ran_at is None or is_due(int(ran_at), self.begun, stream.every)

    def _result(self, stream: Stream, outcome: Outcome, reason: str = "", *numbers: Any) -> StreamResult:
        result = StreamResult(self.source.name, stream.name, outcome, reason, *numbers)
        if outcome == "not_due":
            return result
        state = "ok" if outcome == "ok" else outcome
        with self.store.transaction() as conn:
            conn.execute(
                "INSERT INTO cursors (source, stream, state, reason, gives, ran_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
                " ON CONFLICT DO UPDATE SET state = ?3, reason = ?4, gives = ?5, ran_at = coalesce(?6, ran_at)",
                (
                    self.key, stream.name, state, reason or None, json.dumps(sorted(stream.gives)),
                    self.begun if outcome == "ok" else None,
                ),
            )  # fmt: skip
            ended = self.now()
            conn.execute(
                "INSERT INTO syncs (source, stream, started, ended, outcome, reason, requests, records)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    self.key, stream.name, ended - int(result.seconds * 1000), ended, outcome, reason or None,
                    result.requests, result.records,
                ),
            )  # fmt: skip
        return result


AHEAD = 5 * 60_000  # ms that a stored instant may lie ahead: clocks are set a little now and then
TURN = "synced:"  # in meta, with a source's name: when its newest turn began that came to its end


def is_due(ran_at: int, now: int, every: int) -> bool:
    """Whether a stream that last began at `ran_at` is due: a tenth early is in time, for no sync begins to the second.

    Where syncs and the stream's hours do not fit (every 40 minutes, hourly), it runs once in each hour of the clock,
    but not twice within half an hour. All are ms.
    """
    passed = now - ran_at
    return passed >= every - every // 10 or (passed >= every // 2 and now // every > ran_at // every)


def synced_until(store: Store, sources: Sequence[str], now: int) -> int | None:
    """When the newest turn began that all of these sources have ended; None: one of them never had one."""
    begun = [store.one("SELECT CAST(value AS TEXT) FROM meta WHERE key = ?", f"{TURN}{name}") for name in sources]
    known = [int(at) for at in begun if at is not None and int(at) <= now]
    return min(known) if known and len(known) == len(begun) else None


def _without_news(streams: Sequence[Stream], results: Sequence[StreamResult]) -> set[str]:
    """Needs of which nothing new is known, since a stream that gives them was not due, or failed."""
    ended = zip(streams, results, strict=True)
    return {need for stream, result in ended if result.outcome in {"not_due", "failed"} for need in stream.gives}


REFUSED = "credentials refused: "
UNREACHED = "the helpdesk does not answer: "


def _has_ended(results: Iterable[StreamResult]) -> bool:
    """Whether a source was given up, so that nothing more is asked of it."""
    return any(r.reason.startswith((REFUSED, UNREACHED)) for r in results)


def needs_full_sync(store: Store, sources: Iterable[SourceConfig]) -> list[str]:
    """Names of the sources whose configured first day is earlier than what was read of them."""
    read = dict(store.rows("SELECT name, since FROM sources"))
    return [source.name for source in sources if source.since < read.get(source.name, 0)]


def is_sign_in_failure(results: Iterable[StreamResult]) -> list[StreamResult]:
    """Of each source that was given up (its credentials were refused, or nothing answered) the first result that says
    so.
    """
    first: dict[str, StreamResult] = {}
    for result in results:
        if _has_ended([result]):
            first.setdefault(result.source, result)
    return list(first.values())


class _Counter:
    def __init__(self) -> None:
        self.records = 0
        self.set_aside = 0


def exit_status(results: Sequence[StreamResult]) -> int:
    """0: all well. 1: nothing came. 3: some came."""
    bad = [r for r in results if r.outcome in {"failed", "unavailable"}]
    if not bad:
        return 0
    # A queue with nothing in it asks nothing: that brings nothing. Files bring records without a request.
    return 3 if any(r.outcome == "ok" and (r.requests or r.records) for r in results) else 1
