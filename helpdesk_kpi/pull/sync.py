"""Sync: bring the store up to date with every source.

Sources run in parallel, the streams of a source in order, and each page is one transaction. An expected error is the
result of its stream, and the other streams continue; refused credentials, or a host that does not answer, end the
source. An unexpected error ends its source too, and is raised after the other sources have finished.
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
from helpdesk_kpi.pull.reading_version import save_reading_version
from helpdesk_kpi.pull.source_config import SourceConfig
from helpdesk_kpi.pull.transport import Transport
from helpdesk_kpi.store import Store
from helpdesk_kpi.store.row_validation import reject_invalid_rows
from helpdesk_kpi.store.write_page import (
    extend_backfill,
    find_tickets_without_comments,
    get_source_key,
    load_known_accounts,
    load_present_tickets,
    load_requesters,
    load_todo,
    load_versions,
    record_limited_capability,
    requeue,
    write_page,
)
from helpdesk_kpi.text.rules_version import save_rules_version

Outcome = Literal["ok", "not_due", "unavailable", "failed"]

MAX_CLOCK_AHEAD = 5 * 60_000  # ms that a stored instant may lie in the future, for small corrections of the clock
TURN_KEY = "synced:"  # key in `meta`, followed by a source's name: start of its newest complete sync, epoch ms
SIGN_IN_REFUSED = "credentials refused: "
NOT_REACHED = "the helpdesk does not answer: "


class StreamResult(NamedTuple):
    """How one stream of one source ended."""

    source: str
    stream: str
    outcome: Outcome
    reason: str = ""  # why it is not "ok"
    requests: int = 0
    records: int = 0
    rejected: int = 0  # rows that could not be read
    seconds: float = 0.0
    findings: tuple[Finding, ...] = ()  # what the connector noticed during the stream


class Progress(NamedTuple):
    """Passed to `progress` after every page, and when a request has to wait."""

    source: str
    stream: str
    requests: int  # sent by the stream so far
    records: int
    complete_until: int | None  # UTC epoch ms; None: unknown
    note: str = ""  # the reason for waiting: "still trying HOST: reason"


Connect = Callable[[SourceConfig], Transport]


class _SyncOptions(NamedTuple):
    now: Callable[[], int]
    full: bool
    progress: Callable[[Progress], None]
    connect: Connect


class _Counter:
    def __init__(self) -> None:
        self.records = 0
        self.rejected = 0


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
    """Sync all sources in parallel.

    Args:
        store: Where pages are written; the caller holds the writer lock.
        sources: The sources to sync.
        now: The current time in UTC epoch ms.
        full: Read everything again from the first configured day.
        progress: Called after every page.
        connect: Builds the transport of a source.

    Returns:
        One result per stream, grouped by source, in the order in which the streams ran.

    Raises:
        BaseException: The unexpected error of a source, after the other sources have finished and stored their pages.
        BaseExceptionGroup: The unexpected errors of several sources.
    """

    async def sync_all() -> list[list[StreamResult] | BaseException]:
        options = _SyncOptions(now, full, progress, connect)
        runs = [_SourceSync(store, source, options) for source in sources]
        # Not a TaskGroup: an unexpected error of one source must not cancel the others.
        return await asyncio.gather(*(run.run() for run in runs), return_exceptions=True)

    results: list[StreamResult] = []
    errors: list[BaseException] = []
    for source, result in zip(sources, asyncio.run(sync_all()), strict=True):
        if isinstance(result, BaseException):
            result.add_note(f"in the sync of the source {source.name!r}; the other sources went on")
            errors.append(result)
        else:
            results += result
    if errors:
        raise errors[0] if len(errors) == 1 else BaseExceptionGroup("several sources", errors)
    return results


class _SourceSync:
    """The sync of one source. Per stream: `_load_start`, `_fetch_pages`, `_store_page`, `_record_result`."""

    def __init__(self, store: Store, source: SourceConfig, options: _SyncOptions) -> None:
        self.store, self.source = store, source
        self.now, self.full, self.progress, self.connect = options
        self.stream = ""  # name of the running stream
        self.key = get_source_key(store, source.name, source.connector.name, source.url, source.since)
        self.begun = self.now()  # the time of all its streams: when they are due, and when they ran

    async def run(self) -> list[StreamResult]:
        results: list[StreamResult] = []
        self._forget_future()
        if self.full:
            requeue(self.store, self.key)
        if not self.store.one("SELECT count(*) FROM cursors WHERE source = ?", self.key):
            self._save_versions()
        async with self.connect(self.source) as http:
            http.on_delay = self._report_delay
            http.wall = lambda: self.now() / 1000
            connector = self.source.connector(http, self.source.settings)
            streams = connector.streams()
            for stream in streams:
                self.stream = stream.name
                if _has_ended(results):
                    results.append(self._record_result(stream, "failed", results[-1].reason))
                elif self._is_due(stream):
                    results.append(await self._sync_stream(stream, http, connector))
                else:
                    results.append(StreamResult(self.source.name, stream.name, "not_due"))
        limited = {f.need: f.provides for f in connector.findings if f.need and f.provides}
        record_limited_capability(self.store, self.key, limited, keeping=_find_unchanged_needs(streams, results))
        self._record_turn()
        if self.full and all(result.outcome != "failed" for result in results):
            extend_backfill(self.store, self.key, self.source.since)
            self._save_versions()
        return results

    async def _sync_stream(self, stream: Stream, http: Transport, connector: Connector) -> StreamResult:
        started, requests_before, findings_before = time.monotonic(), http.requests.total(), len(connector.findings)
        count = _Counter()
        outcome: Outcome = "failed"
        try:
            await self._fetch_pages(stream, self._load_start(stream), http, count)
            outcome, reason = "ok", ""
        except UnavailableError as error:
            outcome, reason = "unavailable", str(error)
        except AccessError as error:
            reason = f"{SIGN_IN_REFUSED}{error}"
        except UnreachedError as error:
            reason = f"{NOT_REACHED}{error}"
        except PullError as error:
            reason = str(error)
        return self._record_result(
            stream, outcome, reason,
            http.requests.total() - requests_before, count.records, count.rejected, time.monotonic() - started,
            tuple(connector.findings[findings_before:]),
        )  # fmt: skip

    def _load_start(self, stream: Stream) -> Start:
        """What the stream needs to know from the store."""
        cursor = None
        if not self.full:
            sql = "SELECT cursor FROM cursors WHERE source = ? AND stream = ?"
            cursor = self.store.one(sql, self.key, stream.name)
        todo = load_todo(self.store, self.key, stream.name) if stream.kind == "queue" else ()
        return Start(
            cursor=cursor, since=self.source.since, now=self.now(), todo=todo, full=self.full,
            versions=functools.partial(load_versions, self.store, self.key), accounts=self._load_accounts,
            requesters=functools.partial(load_requesters, self.store, self.key),
            present=functools.partial(load_present_tickets, self.store, self.key),
            without_comments=functools.partial(find_tickets_without_comments, self.store, self.key),
        )  # fmt: skip

    async def _fetch_pages(self, stream: Stream, start: Start, http: Transport, count: _Counter) -> None:
        requests_before = http.requests.total()
        async for page in stream.pages(start):
            self._store_page(stream, page, http, count)
            sent = http.requests.total() - requests_before
            self.progress(Progress(self.source.name, stream.name, sent, count.records, page.complete_until))

    def _store_page(self, stream: Stream, page: Page, http: Transport, count: _Counter) -> None:
        if page.complete_until is not None:  # if our clock is ahead, the page is complete until the server's time only
            page = replace(page, complete_until=min(page.complete_until, http.server_time(self.now())))
        page = write_page(self.store, self.key, stream.name, reject_invalid_rows(page), now=self.now())
        count.records += len(page.records)
        count.rejected += len(page.rejected)

    def _record_result(self, stream: Stream, outcome: Outcome, reason: str, *numbers: Any) -> StreamResult:
        """Write the stream's state and one row of `syncs`. `numbers`: the fields of StreamResult from `requests` on."""
        result = StreamResult(self.source.name, stream.name, outcome, reason, *numbers)
        with self.store.transaction() as conn:
            conn.execute(
                "INSERT INTO cursors (source, stream, state, reason, gives, ran_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
                " ON CONFLICT DO UPDATE SET state = ?3, reason = ?4, gives = ?5, ran_at = coalesce(?6, ran_at)",
                (
                    self.key, stream.name, outcome, reason or None, json.dumps(sorted(stream.gives)),
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

    def _report_delay(self, text: str) -> None:
        self.progress(Progress(self.source.name, self.stream, 0, 0, None, text))

    def _forget_future(self) -> None:
        """Clear instants that a wrong clock wrote, so that no stream waits for a future run or counts as complete."""
        limit = self.begun + MAX_CLOCK_AHEAD
        with self.store.transaction() as conn:
            for column in ("ran_at", "complete_until"):
                conn.execute(
                    f"UPDATE cursors SET {column} = NULL WHERE source = ? AND {column} > ?", (self.key, limit)
                )  # fmt: skip

    def _record_turn(self) -> None:
        """Record that the sync reached its end, whatever the streams' outcomes are."""
        with self.store.transaction() as conn:
            conn.execute(
                "INSERT OR REPLACE INTO meta VALUES (?, CAST(? AS BLOB))",
                (f"{TURN_KEY}{self.source.name}", str(self.begun)),
            )

    def _save_versions(self) -> None:
        """Record that all of the source's rows are read by today's text rules and today's connector."""
        save_rules_version(self.store, self.source.name, getattr(self.source.settings, "thanks", ()))
        save_reading_version(self.store, self.source.name, self.source.connector)

    def _load_accounts(self, ids: Collection[str]) -> dict[str, KnownAccount]:
        rows = load_known_accounts(self.store, self.key, ids)
        return {native: KnownAccount(*columns) for native, *columns in rows}  # type: ignore[arg-type]  # columns fit

    def _is_due(self, stream: Stream) -> bool:
        sql = "SELECT ran_at FROM cursors WHERE source = ? AND stream = ? AND state != 'failed'"
        ran_at = self.store.one(sql, self.key, stream.name)
        return self.full or ran_at is None or is_due(int(ran_at), self.begun, stream.every)


def is_due(ran_at: int, now: int, every: int) -> bool:
    """Whether a stream that last began at `ran_at` is due; all are ms.

    A tenth early is in time, since no sync begins to the second. If the schedule of syncs does not fit the stream's
    interval (every 40 minutes, hourly), the stream runs once in each clock interval, but never twice within half of it.
    """
    passed = now - ran_at
    return passed >= every - every // 10 or (passed >= every // 2 and now // every > ran_at // every)


def synced_until(store: Store, sources: Sequence[str], now: int) -> int | None:
    """Start of the newest sync that all of these sources have completed, in UTC epoch ms.

    None: one of them has never completed a sync.
    """
    begun = [store.one("SELECT CAST(value AS TEXT) FROM meta WHERE key = ?", f"{TURN_KEY}{name}") for name in sources]
    known = [int(at) for at in begun if at is not None and int(at) <= now]
    return min(known) if known and len(known) == len(begun) else None


def _find_unchanged_needs(streams: Sequence[Stream], results: Sequence[StreamResult]) -> set[str]:
    """Needs that this sync learned nothing about, since a stream that gives them was not due or failed."""
    ended = zip(streams, results, strict=True)
    return {need for stream, result in ended if result.outcome in {"not_due", "failed"} for need in stream.gives}


def _has_ended(results: Iterable[StreamResult]) -> bool:
    """Whether a result ended its source, so that no more requests are sent."""
    return any(r.reason.startswith((SIGN_IN_REFUSED, NOT_REACHED)) for r in results)


def needs_full_sync(store: Store, sources: Iterable[SourceConfig]) -> list[str]:
    """Names of the sources whose configured first day is earlier than the one that was read."""
    read = dict(store.rows("SELECT name, since FROM sources"))
    return [source.name for source in sources if source.since < read.get(source.name, 0)]


def find_ended_sources(results: Iterable[StreamResult]) -> list[StreamResult]:
    """The first result with the reason, for each source that ended early (credentials refused, or no answer)."""
    first: dict[str, StreamResult] = {}
    for result in results:
        if _has_ended([result]):
            first.setdefault(result.source, result)
    return list(first.values())


def exit_status(results: Sequence[StreamResult]) -> int:
    """0: all streams succeeded. 1: nothing arrived. 3: some streams succeeded."""
    bad = [r for r in results if r.outcome in {"failed", "unavailable"}]
    if not bad:
        return 0
    # A queue with nothing in it sends no request and does not count. Files bring records without a request.
    return 3 if any(r.outcome == "ok" and (r.requests or r.records) for r in results) else 1
