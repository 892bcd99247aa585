"""The only module that knows HTTP: one client per source, which asks politely and believes nothing unchecked.

A request goes to a declared host only, waits for its share of the rate limit, is tried again when trying again can
help, and its answer is decoded only if it is JSON of a bearable size.
"""

import asyncio
import functools
import logging
import math
import os
import random
import re
import ssl
import time
import zlib
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Generic, Literal, Self, TypeVar, assert_never, cast

import httpx
import msgspec
import tenacity
from msgspec.structs import replace

from helpdesk_kpi.errors import (
    AccessError,
    BrokenError,
    MissingError,
    PullError,
    UnavailableError,
    UnreachedError,
)
from helpdesk_kpi.pull import response_body
from helpdesk_kpi.pull.auth import Auth, NoAuth
from helpdesk_kpi.pull.error_text import describe_error
from helpdesk_kpi.pull.hosts import is_same_host, parse_host
from helpdesk_kpi.pull.rate_limits import RateLimits, Reader, read_common

T = TypeVar("T")
Params = Mapping[str, str | int | bool]
Missing = Literal["child", "resource"]

#: Answers that a later try may better: conflict, overload, and the edge's own (520, 524). Facts: the vendors' pages.
TRANSIENT = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 525, 529})
LONG = 10.0  # seconds of waiting that somebody who looks on wants to know of
UNREACHED = 4  # tries where nothing answers at all: the next sync is soon enough
AT_FIRST = 3  # the same, before the source has answered for the first time: probably the address is wrong
PAGES = 4  # tries where something else than JSON comes
SAME = 2  # times that the same broken bytes are read
SILENT_WAIT = 60.0  # seconds after a 429 that doesn't say how long
TRUNCATED = 1.0  # seconds that the Date header may lag behind without any difference of clocks: it has no fractions
TIMEOUT = httpx.Timeout(30.0, connect=10.0, read=120.0)  # a page of 1,000 tickets can take a vendor a minute
FIRST_TIMEOUT = httpx.Timeout(10.0, read=30.0)  # until the first answer

_SECONDS = re.compile(r"\d{1,9}(\.\d+)?")

log = logging.getLogger(__name__)


class _TryAgainError(PullError):
    """Trying again may help. `wait`: seconds that the helpdesk asked for; None: our own back-off. `tries`: how many it
    gets; None: as many as anything. `ends`: what it becomes when it is given up, if not a PullError.
    """

    def __init__(
        self,
        message: str,
        wait: float | None = None,
        tries: int | None = None,
        ends: type[BrokenError | UnreachedError] | None = None,
    ) -> None:
        super().__init__(message, permanent=False)
        self.wait, self.tries, self.ends = wait, tries, ends


class _SilentError(_TryAgainError):
    """No answer came, or only a part of one."""


class Answer(msgspec.Struct, Generic[T], frozen=True):
    """A decoded answer with its headers, names in lower case."""

    body: T
    headers: Mapping[str, str]


class Classification(msgspec.Struct, frozen=True, kw_only=True):
    """What a helpdesk means by an answer that the general rules would take for something else.

    access: the credentials are refused. unavailable: plan or rights. missing: one thing. failed: for good, or for this
    run. again: later, after `wait` seconds if that is known.
    """

    kind: Literal["access", "unavailable", "missing", "failed", "again"]
    text: str
    wait: float | None = None


#: Looks at an answer's status, headers (names in lower case) and body before the general rules do; None: they hold.
Judge = Callable[[int, Mapping[str, str], bytes], Classification | None]


def _unclassified(status: int, headers: Mapping[str, str], content: bytes) -> Classification | None:  # noqa: ARG001 - a Judge
    return None


class Transport:
    """The HTTP side of one source. Use it as an async context manager, or call `aclose`.

    `hosts` are further hosts or addresses that may be asked with the same credentials. `rate_share` is the part of
    each rate limit that we take. `patience` is the longest single wait, in seconds, that a helpdesk may ask of us.
    `headers` go with every request and hold no secrets. `judge` knows this helpdesk's own ways to refuse. `sleep` and
    `clock` (epoch seconds) belong together: sleeping has to move the clock. `http` replaces the network. `timeout` and
    `first_timeout` (until the source has answered once) bound each try. `tell` hears why something takes long.
    """

    def __init__(
        self,
        url: str,
        *,
        auth: Auth,
        hosts: Iterable[str] = (),
        rate_share: float = 0.5,
        concurrency: int = 4,
        attempts: int = 8,
        patience: float = 900.0,
        max_bytes: int = 256 * 1024 * 1024,
        limits: Reader = read_common,
        headers: Mapping[str, str] | None = None,
        judge: Judge = _unclassified,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.time,
        http: httpx.AsyncBaseTransport | None = None,
        timeout: httpx.Timeout = TIMEOUT,
        first_timeout: httpx.Timeout = FIRST_TIMEOUT,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.site = parse_host(url)
        self._sites = {self.site, *(parse_host(h) for h in hosts)}
        self._auth, self._read = auth, limits
        self._headers, self._own_verdict = dict(headers or {}), judge
        self.limits = RateLimits(rate_share)
        self._attempts, self._patience, self._max_bytes = attempts, patience, max_bytes
        self.sleep, self.clock = sleep, clock
        #: The program's own time, which `skew` is measured by; `sync` and `check` set it. See `server_time`.
        self.wall: Callable[[], float] = lambda: self.clock()  # noqa: PLW0108 - the clock may be replaced
        self.requests: Counter[str] = Counter()  # sent, by endpoint
        self.waited = 0.0  # seconds, for limits and for retries
        self.skew: float | None = None  # seconds that the helpdesk's clock is ahead of ours, by its latest answer
        self.tell = tell
        self._timeout, self._first_timeout = timeout, first_timeout
        self._has_answered = False  # the source's own site, in this run
        self._silent = 0  # requests in a row that were given up without an answer
        self._closed: PullError | None = None  # why nothing is asked any more
        self._places = asyncio.Semaphore(concurrency)
        for noisy in ("hpack", "h2", "httpcore", "httpx"):  # they log headers and whole addresses, secrets among them
            logging.getLogger(noisy).setLevel(logging.WARNING)
        http2 = self.site.scheme == "https"
        self._client = httpx.AsyncClient(http2=http2, timeout=timeout, transport=http, follow_redirects=False)
        self._client.headers["accept-encoding"] = "gzip, deflate"  # what `bodies` unpacks

    def __repr__(self) -> str:
        return f"Transport({str(self.site)!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._client.aclose()

    def server_time(self, now: int) -> int:
        """The helpdesk's time when ours is `now`, both epoch ms, and never later than `now`.

        A helpdesk refuses what lies after its own time, and knows nothing of it yet. If our clock is behind, `now`
        stays: what is newer is read by the next sync.
        """
        behind = 0.0 if self.skew is None or self.skew >= -TRUNCATED else self.skew
        return now + math.floor(behind * 1000)

    def allow(self, host: str) -> None:
        """Let credentials go to one more host: a brand's help centre, as the account's own brand list names it."""
        self._sites.add(parse_host(host))

    async def get(
        self,
        path: str,
        params: Params | None = None,
        *,
        type: type[T],  # noqa: A002 - the word that callers expect
        endpoint: str | None = None,
        missing: Missing = "child",
    ) -> T:
        """Ask for JSON and decode it. `endpoint` is the path without ids, under which requests are counted.

        Raises AccessError (401), UnavailableError (403, or 404 where `missing` is "resource"), MissingError (404 on a
        child), else PullError; a shape that doesn't fit names the field's path.
        """
        return (await self.answer(path, params, type=type, endpoint=endpoint, missing=missing)).body

    async def answer(
        self,
        path: str,
        params: Params | None = None,
        *,
        type: type[T],  # noqa: A002 - as in get
        endpoint: str | None = None,
        missing: Missing = "child",
    ) -> Answer[T]:
        """As `get`, with the headers: some helpdesks say there how to go on."""
        return await self._ask(_Request("GET", self._check_host(path), endpoint or path, missing, params=params), type)

    async def download(self, url: str, *, type: type[T], endpoint: str) -> T:  # noqa: A002 - as in get
        """Fetch a file that the helpdesk keeps elsewhere: over https (or from its own site), without credentials."""
        place = _url(url, endpoint)
        if place.userinfo or not (place.scheme == "https" or any(is_same_host(place, site) for site in self._sites)):
            raise PullError(f"refused to download from {place.host!r} over {place.scheme!r}", permanent=True)
        return (await self._retry(_Request("GET", place, endpoint, "child", is_elsewhere=True), type)).body

    async def post(
        self,
        path: str,
        body: Mapping[str, Any],
        *,
        type: type[T],  # noqa: A002 - as in get
        endpoint: str | None = None,
        missing: Missing = "child",
    ) -> T:
        """Ask by POST what a helpdesk doesn't answer to GET (searches). It is repeated like a GET: only for reading."""
        return (
            await self._ask(_Request("POST", self._check_host(path), endpoint or path, missing, body=body), type)
        ).body

    async def _ask(self, request: "_Request", kind: type[T]) -> Answer[T]:
        """Ask with credentials; refused ones are renewed once."""
        headers = await self._auth.headers(self._post_bare)
        try:
            return await self._retry(replace(request, headers=headers), kind)
        except AccessError as refused:
            if not await self._auth.refresh(self._post_bare, headers):
                raise self._auth_error(refused) from None
        headers = await self._auth.headers(self._post_bare)
        try:
            return await self._retry(replace(request, headers=headers), kind)
        except AccessError as refused:
            raise self._auth_error(refused) from None

    def _auth_error(self, refused: PullError) -> AccessError:
        """The credentials are refused for good: requests that wait for their turn are not sent any more."""
        error = AccessError(f"{str(refused).rstrip('.')}. {self._auth.advice}".removesuffix(". "))
        self._closed = error
        return error

    async def _post_bare(self, path: str, body: Mapping[str, Any], kind: type[Any]) -> Any:
        """For `auth`: a token is asked for without credentials in the headers; they are in the body."""
        request = _Request("POST", self._check_host(path), path, "resource", body=body)
        try:
            return (await self._retry(request, kind)).body
        except UnreachedError:
            raise
        except PullError as error:
            if error.permanent:  # 400 and 403 too: there is no way on without a token
                raise self._auth_error(error) from None
            raise

    async def _retry(self, request: "_Request", kind: type[T]) -> Answer[T]:
        retrying = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception(lambda e: isinstance(e, PullError) and not e.permanent),
            stop=self._enough,
            wait=_pause,
            sleep=self._sleep,
            before_sleep=self._note,
            reraise=True,
        )
        try:
            return cast("Answer[T]", await retrying(self._once, request, kind))
        except _TryAgainError as error:
            raise self._given_up(error, retrying.statistics["attempt_number"]) from None

    def _given_up(self, error: "_TryAgainError", tries: int) -> PullError:
        self._silent += isinstance(error, _SilentError)
        text = str(error) if tries == 1 else f"{error} (given up after {tries} tries)"
        if error.ends is None:
            return PullError(text, permanent=False)
        ended = error.ends(text)
        if isinstance(ended, UnreachedError):
            self._closed = ended
        return ended

    def _enough(self, state: tenacity.RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        tries = getattr(error, "tries", None) or self._attempts
        return state.attempt_number >= min(tries, self._attempts) or _pause(state) > self._patience

    def _note(self, state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        level = logging.WARNING if state.upcoming_sleep >= LONG else logging.INFO
        log.log(level, "try %d: %s; again in %.1f s", state.attempt_number, error, state.upcoming_sleep)
        if state.upcoming_sleep >= LONG or isinstance(error, _SilentError):
            self.tell(f"still trying {error}")

    async def _sleep(self, seconds: float) -> None:
        self.waited += seconds
        await self.sleep(seconds)

    async def _once(self, request: "_Request", kind: type[T]) -> Answer[T]:
        host = request.url.host
        while (wait := self.limits.wait(host, request.endpoint, self.clock())) > 0:
            log.info("%s: our share of the rate limit is used up, waiting %.0f s", request.endpoint, wait)
            await self._sleep(wait)
        self.limits.spend(host, request.endpoint, self.clock())
        async with self._places:
            await asyncio.sleep(0)  # where a refusal made room, who is cancelled by it learns that before it asks
            if self._closed is not None:
                raise self._closed
            self.requests[request.endpoint] += 1
            response, content = await self._fetch(request)
        self._learn(request, response)
        self._classify_response(request, response, content)
        return Answer(self._decode(request, content, kind), dict(response.headers))

    async def _fetch(self, request: "_Request") -> tuple[httpx.Response, bytes]:
        url = request.url
        try:
            for _ in range(4):
                sent = self._client.build_request(
                    request.method, url, params=request.params if url is request.url else None, json=request.body,
                    headers={"Accept": "application/json", **self._headers, **request.headers},
                )  # fmt: skip
                if not self._has_answered:
                    sent.extensions = {**sent.extensions, "timeout": self._first_timeout.as_dict()}
                response = await self._client.send(sent, stream=True)
                if is_same_host(url, self.site):
                    self._has_answered = True
                try:
                    if not response.has_redirect_location:
                        return response, await self._read_body(request, response)
                    url = self._resolve_redirect(request, url.join(response.headers["location"]))
                finally:
                    await response.aclose()
        except httpx.DecodingError as error:
            raise _TryAgainError(self._say(request, f"the answer cannot be unpacked: {error}"), tries=SAME) from None
        except httpx.RequestError as error:
            raise self._unanswered(request, error) from None
        except (httpx.InvalidURL, ValueError) as error:  # an address or a header that nothing can be sent to or with
            raise PullError(self._say(request, f"cannot be asked: {error}"), permanent=True) from None
        raise PullError(self._say(request, "redirects in a circle"), permanent=True)

    def _resolve_redirect(self, request: "_Request", url: httpx.URL) -> httpx.URL:
        if request.is_elsewhere and url.scheme == "https":
            return url
        return self._check_host(str(url))

    def _unanswered(self, request: "_Request", error: Exception) -> PullError:
        """Nothing, or not all, of an answer came. On the source's own site that ends the source where nothing can be
        connected to, where nothing was ever answered, and the second time in a row.
        """
        text = self._say(request, _reason(error, self._timeout if self._has_answered else self._first_timeout))
        is_ours = is_same_host(request.url, self.site)
        if _is_wrong_certificate(error):  # it is as wrong a second later
            return UnreachedError(text) if is_ours else PullError(text, permanent=True)
        is_shut = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
        tries = UNREACHED if self._has_answered else AT_FIRST if is_shut else AT_FIRST - 1
        ends = UnreachedError if is_ours and (is_shut or not self._has_answered or self._silent) else None
        return _SilentError(text, tries=tries, ends=ends)

    async def _read_body(self, request: "_Request", response: httpx.Response) -> bytes:
        """The unpacked body; neither it nor what comes over the wire may be larger than `max_bytes`."""
        is_unpacked = response.is_stream_consumed  # by httpx: answers that were never on a wire
        coding = "" if is_unpacked else response.headers.get("content-encoding", "")
        try:
            unpacker = response_body.Unpacker(coding, self._max_bytes)
            async for part in response.aiter_bytes() if is_unpacked else response.aiter_raw():
                unpacker.feed(part)
            return unpacker.body()
        except response_body.TooLargeError:
            text = f"the answer is over {self._max_bytes:,} bytes"
            raise BrokenError(self._say(request, text)) from None
        except response_body.UnknownCodingError:
            raise BrokenError(self._say(request, "the answer is packed in a way that was not asked for")) from None
        except zlib.error as error:
            text = self._say(request, f"the answer cannot be unpacked: {error}")
            raise _TryAgainError(text, tries=SAME, ends=BrokenError) from None

    def _learn(self, request: "_Request", response: httpx.Response) -> None:
        if is_same_host(request.url, self.site):
            self._silent = 0
        now = self.clock()
        self.limits.learn(request.url.host, request.endpoint, self._read(dict(response.headers)), now)
        date = _moment(response.headers.get("date"))
        if date is not None:
            self.skew = date - self.wall()

    def _classify_response(self, request: "_Request", response: httpx.Response, content: bytes) -> None:
        """Raise what the status and the content type say; return when the answer may be decoded."""
        status = response.status_code
        verdict = self._own_verdict(status, dict(response.headers), content)
        if verdict is not None:
            raise _to_pull_error(verdict, self._say(request, verdict.text))
        if status in TRANSIENT:
            wait = self._retry_after(response)
            if status == httpx.codes.TOO_MANY_REQUESTS:
                wait = SILENT_WAIT if wait is None else wait
                self.limits.exhaust(request.url.host, request.endpoint, self.clock() + wait)
            raise _TryAgainError(self._say(request, describe_error(status, content)), wait)
        if status >= 500:
            raise _TryAgainError(self._say(request, describe_error(status, content)))
        if status >= 400:
            raise _refusal(status, request.missing, self._say(request, describe_error(status, content)))
        media = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        is_json = media == "application/json" or media.endswith("+json") or request.is_elsewhere
        if status >= 300 or not is_json:
            text = f"answered {status} with {media[:80] or 'no content type'} instead of JSON"
            raise _TryAgainError(self._say(request, text), tries=PAGES)

    def _retry_after(self, response: httpx.Response) -> float | None:
        """Retry-After is seconds or an HTTP date (RFC 9110, 10.2.3); anything else is as good as absent."""
        text = response.headers.get("retry-after", "").strip()
        if _SECONDS.fullmatch(text):
            return float(text)
        moment = _moment(text)
        return None if moment is None else max(0.0, moment - self.clock())

    def _decode(self, request: "_Request", content: bytes, kind: type[T]) -> T:
        """The only place where answers become values: lists and single things alike."""
        decoder = _decoder(cast("Any", kind))
        body = response_body.clean(content)
        try:
            try:
                return cast("T", decoder.decode(body))
            except msgspec.ValidationError:
                raise
            except (msgspec.DecodeError, RecursionError):
                return cast("T", decoder.decode(response_body.mend(body)))
        except msgspec.ValidationError as error:
            raise BrokenError(self._say(request, f"the answer has another shape: {error}")) from None
        except (msgspec.DecodeError, RecursionError) as error:
            text = self._say(request, f"the answer is broken JSON: {error}")
            raise _TryAgainError(text, tries=SAME, ends=BrokenError) from None

    def _check_host(self, path: str) -> httpx.URL:
        try:
            url = httpx.URL(str(self.site)).join(path)
        except (httpx.InvalidURL, ValueError) as error:
            raise PullError(f"{path[:200]!r} is no address: {error}", permanent=True) from None
        if url.userinfo or not any(is_same_host(url, site) for site in self._sites):
            allowed = ", ".join(sorted(map(str, self._sites)))
            raise PullError(f"refused to ask {url.host!r}: this source's hosts are {allowed}", permanent=True)
        return url

    def _say(self, request: "_Request", text: str) -> str:
        for secret in (*self._auth.secrets(), *request.headers.values()):
            text = text.replace(secret, "***") if secret else text
        return f"{request.method} {request.url.netloc.decode()}{request.url.path}: {text}".rstrip(": ")


class _OfflineTransport(httpx.AsyncBaseTransport):
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        raise PullError(f"refused to ask {request.url.host!r}: this source asks nobody", permanent=True)


def offline() -> Transport:
    """For a connector that reads something else than an API: it counts no request, and lets none out."""
    return Transport("https://nobody.invalid", auth=NoAuth(), http=_OfflineTransport())


class _Request(msgspec.Struct, frozen=True):
    method: str
    url: httpx.URL
    endpoint: str
    missing: Missing
    params: Params | None = None
    body: Any = None
    headers: Mapping[str, str] = {}
    is_elsewhere: bool = False  # a download from another host: no credentials, and any media type


def _to_pull_error(verdict: Classification, text: str) -> PullError:
    match verdict.kind:
        case "access":
            return AccessError(text)
        case "unavailable":
            return UnavailableError(text)
        case "missing":
            return MissingError(text)
        case "failed":
            return PullError(text, permanent=True)
        case "again":
            return _TryAgainError(text, verdict.wait)
    assert_never(verdict.kind)


def _refusal(status: int, missing: Missing, text: str) -> PullError:
    if status == httpx.codes.UNAUTHORIZED:
        return AccessError(text)
    if status == httpx.codes.FORBIDDEN:
        return UnavailableError(text)
    if status in (httpx.codes.NOT_FOUND, httpx.codes.GONE):
        return UnavailableError(text) if missing == "resource" else MissingError(text)
    return PullError(text, permanent=True)


def _pause(state: tenacity.RetryCallState) -> float:
    """Seconds before the next try: what was asked for, else 1, 2, 4, ... 60 and up to a second of jitter."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, _TryAgainError) and error.wait is not None:
        return error.wait
    return min(60.0, 2.0 ** (state.attempt_number - 1)) + random.random()  # noqa: S311 - jitter, not a secret


@functools.cache
def _decoder(kind: type[Any]) -> "msgspec.json.Decoder[Any]":
    return msgspec.json.Decoder(kind)


def _moment(text: str | None) -> float | None:
    """Epoch seconds of an HTTP date, or None."""
    try:
        return parsedate_to_datetime(text).timestamp() if text else None
    except (ValueError, TypeError, OverflowError):
        return None


def _url(text: str, endpoint: str) -> httpx.URL:
    """An address that a helpdesk named; it may hold anything, so it is not repeated."""
    try:
        url = httpx.URL(text)
        known = bool(url.host and url.scheme)
    except (httpx.InvalidURL, ValueError, TypeError):
        known = False
    if not known:
        raise BrokenError(f"{endpoint}: the address that the helpdesk gives for a download is none")
    return url


def _reason(error: BaseException, timeout: httpx.Timeout) -> str:
    """What came instead of an answer, for people."""
    match error:
        case httpx.ConnectTimeout():
            return f"no connection within {timeout.connect:g} s"
        case httpx.TimeoutException():
            return f"no answer within {timeout.read:g} s"
        case httpx.ConnectError():
            return f"it cannot be reached: {_root(error)}"
    return f"the answer did not come to its end: {error}".removesuffix(": ")


def _root(error: BaseException) -> str:
    """The system's own words, beneath the layers that pass an error on."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not valid ({error.verify_message})"
    if isinstance(error, ConnectionError) and error.errno:
        return os.strerror(error.errno)
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error)


def _is_wrong_certificate(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
