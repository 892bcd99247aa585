"""One HTTP client per source: rate limits, retries, host pinning, typed decoding. No other module uses HTTP to pull.

A request goes to a declared host only, waits for its share of the rate limit, and is repeated if that can help. Its
response is decoded only if it is JSON within the size limit.
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

#: Statuses that may succeed later: conflict, overload, and those of the CDN (520, 524).
TRANSIENT = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 525, 529})
LONG_WAIT = 10.0  # seconds; longer waits are reported
TRIES_UNREACHED = 4  # if no response arrives: the next sync tries again
TRIES_FIRST = 3  # the same before the source's first response: probably the address is wrong
TRIES_NOT_JSON = 4  # if the response is not JSON
TRIES_BROKEN = 2  # if the response is broken JSON: the same bytes will probably come again
DEFAULT_WAIT = 60.0  # seconds to wait after a 429 without Retry-After
DATE_PRECISION = 1.0  # seconds: the Date header has no fractions, so a smaller difference is no skew
TIMEOUT = httpx.Timeout(30.0, connect=10.0, read=120.0)  # a page of 1,000 tickets can take a vendor a minute
FIRST_TIMEOUT = httpx.Timeout(10.0, read=30.0)  # until the first answer

_SECONDS = re.compile(r"\d{1,9}(\.\d+)?")

log = logging.getLogger(__name__)


class _RetryableError(PullError):
    """The request may succeed if it is repeated.

    Args:
        wait: Seconds that the helpdesk wants us to wait; None: our own back-off.
        tries: The maximum number of tries; None: `attempts` of the transport.
        final_error: The type of error that is raised after the last try; None: PullError.
    """

    def __init__(
        self,
        message: str,
        wait: float | None = None,
        tries: int | None = None,
        final_error: type[BrokenError | UnreachedError] | None = None,
    ) -> None:
        super().__init__(message, permanent=False)
        self.wait, self.tries, self.final_error = wait, tries, final_error


class _NoResponseError(_RetryableError):
    """No response arrived, or only a part of one."""


class Response(msgspec.Struct, Generic[T], frozen=True):
    """A decoded body with its headers, names in lower case."""

    body: T
    headers: Mapping[str, str]


class Classification(msgspec.Struct, frozen=True, kw_only=True):
    """The meaning of a response that the general rules would misread.

    access: the credentials are refused. unavailable: the plan or the rights lack it. missing: one object does not
    exist. failed: permanent, or for this run. again: try later, after `wait` seconds (None: our own back-off).
    """

    kind: Literal["access", "unavailable", "missing", "failed", "again"]
    text: str
    wait: float | None = None


#: (status, headers with names in lower case, body) -> the meaning of a response; None: the general rules apply.
Classifier = Callable[[int, Mapping[str, str], bytes], Classification | None]


def _not_classified(status: int, headers: Mapping[str, str], content: bytes) -> Classification | None:  # noqa: ARG001 - Classifier
    return None


class Transport:
    """The HTTP client of one source. Use it as an async context manager, or call `aclose`.

    Args:
        url: The address of the helpdesk; only its host, and those in `hosts`, receive credentials.
        auth: The credentials.
        hosts: Further hosts or addresses that accept the same credentials.
        rate_share: The share of each rate limit that we use (0 to 1).
        concurrency: Requests at the same time.
        attempts: The maximum number of tries of a request.
        patience: The longest single wait in seconds that we accept from the helpdesk.
        max_bytes: The maximum size of a body, packed and unpacked.
        limits: Reads the rate limits from the headers of a response.
        headers: Sent with every request; they must not hold secrets.
        classifier: Knows this helpdesk's own error responses.
        sleep: Waits; a replacement has to move `clock`.
        clock: The time in epoch seconds.
        http: Replaces the network in tests.
        timeout: The limits of each try.
        first_timeout: The limits until the source's first response.
        on_delay: Called with the reason if a request takes long.
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
        classifier: Classifier = _not_classified,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.time,
        http: httpx.AsyncBaseTransport | None = None,
        timeout: httpx.Timeout = TIMEOUT,
        first_timeout: httpx.Timeout = FIRST_TIMEOUT,
        on_delay: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.host = parse_host(url)
        self._hosts = {self.host, *(parse_host(h) for h in hosts)}
        self._auth, self._read = auth, limits
        self._headers, self._classifier = dict(headers or {}), classifier
        self.limits = RateLimits(rate_share)
        self._attempts, self._patience, self._max_bytes = attempts, patience, max_bytes
        self.sleep, self.clock = sleep, clock
        #: The program's time in epoch seconds; `skew` is measured against it. `sync` and `check` set it.
        self.wall: Callable[[], float] = lambda: self.clock()  # noqa: PLW0108 - the clock may be replaced
        self.requests: Counter[str] = Counter()  # sent, by endpoint
        self.waited = 0.0  # seconds, for limits and for retries
        self.skew: float | None = None  # seconds that the helpdesk's clock is ahead of ours, by its latest response
        self.on_delay = on_delay
        self._timeout, self._first_timeout = timeout, first_timeout
        self._has_answered = False  # whether the source's own host has sent a response
        self._unanswered = 0  # requests in a row that were given up without a response
        self._closed: PullError | None = None  # why no more requests are sent
        self._slots = asyncio.Semaphore(concurrency)
        for noisy in ("hpack", "h2", "httpcore", "httpx"):  # they log headers and whole addresses, secrets among them
            logging.getLogger(noisy).setLevel(logging.WARNING)
        http2 = self.host.scheme == "https"
        self._client = httpx.AsyncClient(http2=http2, timeout=timeout, transport=http, follow_redirects=False)
        self._client.headers["accept-encoding"] = "gzip, deflate"  # what `response_body` unpacks

    def __repr__(self) -> str:
        return f"Transport({str(self.host)!r})"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._client.aclose()

    def server_time(self, now: int) -> int:
        """The helpdesk's time when ours is `now`, at most `now`; both are UTC epoch ms.

        A helpdesk refuses a query for a time after its own. If our clock is behind, the result is `now`: the next sync
        reads what is newer.
        """
        behind = 0.0 if self.skew is None or self.skew >= -DATE_PRECISION else self.skew
        return now + math.floor(behind * 1000)

    def allow(self, host: str) -> None:
        """Send credentials to one more host: a brand's help centre that the account's own brand list contains."""
        self._hosts.add(parse_host(host))

    async def get(
        self,
        path: str,
        params: Params | None = None,
        *,
        type: type[T],  # noqa: A002 - the word that callers expect
        endpoint: str | None = None,
        missing: Missing = "child",
    ) -> T:
        """Fetch JSON and decode it.

        Args:
            path: A path of the account, or an address on a declared host.
            params: The query.
            type: What the body is decoded as.
            endpoint: The path without ids, for counting requests and for rate limits; None: `path`.
            missing: The meaning of 404: "child": this one object does not exist; "resource": the plan or the rights
                lack the whole endpoint.

        Raises:
            AccessError: 401.
            UnavailableError: 403, or 404 if `missing` is "resource".
            MissingError: 404 if `missing` is "child".
            BrokenError: The body has another shape; the message names the path of the field.
            PullError: Every other error.
        """
        return (await self.get_response(path, params, type=type, endpoint=endpoint, missing=missing)).body

    async def get_response(
        self,
        path: str,
        params: Params | None = None,
        *,
        type: type[T],  # noqa: A002 - as in get
        endpoint: str | None = None,
        missing: Missing = "child",
    ) -> Response[T]:
        """Like `get`, with the response headers, for helpdesks that put the next page into them."""
        return await self._ask(_Request("GET", self._check_host(path), endpoint or path, missing, params=params), type)

    async def download(self, url: str, *, type: type[T], endpoint: str) -> T:  # noqa: A002 - as in get
        """Fetch a file from another host over https (or from a declared host), without credentials."""
        place = _parse_download_url(url, endpoint)
        if place.userinfo or not (place.scheme == "https" or any(is_same_host(place, host) for host in self._hosts)):
            raise PullError(f"refused to download from {place.host!r} over {place.scheme!r}", permanent=True)
        return (await self._retry(_Request("GET", place, endpoint, "child", is_download=True), type)).body

    async def post(
        self,
        path: str,
        body: Mapping[str, Any],
        *,
        type: type[T],  # noqa: A002 - as in get
        endpoint: str | None = None,
        missing: Missing = "child",
    ) -> T:
        """Like `get`, by POST: for searches. Only for reading, since the request may be repeated."""
        return (
            await self._ask(_Request("POST", self._check_host(path), endpoint or path, missing, body=body), type)
        ).body

    async def _ask(self, request: "_Request", kind: type[T]) -> Response[T]:
        """Send with credentials; if they are refused, renew them once and repeat."""
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
        """Close the transport, since the credentials are refused: requests that still wait are not sent."""
        error = AccessError(f"{str(refused).rstrip('.')}. {self._auth.advice}".removesuffix(". "))
        self._closed = error
        return error

    async def _post_bare(self, path: str, body: Mapping[str, Any], kind: type[Any]) -> Any:
        """Request a token for `auth`: the credentials are in the body, not in the headers."""
        request = _Request("POST", self._check_host(path), path, "resource", body=body)
        try:
            return (await self._retry(request, kind)).body
        except UnreachedError:
            raise
        except PullError as error:
            if error.permanent:  # 400 and 403 too: nothing works without a token
                raise self._auth_error(error) from None
            raise

    async def _retry(self, request: "_Request", kind: type[T]) -> Response[T]:
        retrying = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception(lambda e: isinstance(e, PullError) and not e.permanent),
            stop=self._is_last_try,
            wait=_seconds_to_wait,
            sleep=self._sleep,
            before_sleep=self._log_retry,
            reraise=True,
        )
        try:
            return cast("Response[T]", await retrying(self._once, request, kind))
        except _RetryableError as error:
            raise self._build_final_error(error, retrying.statistics["attempt_number"]) from None

    def _build_final_error(self, error: "_RetryableError", tries: int) -> PullError:
        self._unanswered += isinstance(error, _NoResponseError)
        text = str(error) if tries == 1 else f"{error} (given up after {tries} tries)"
        if error.final_error is None:
            return PullError(text, permanent=False)
        ended = error.final_error(text)
        if isinstance(ended, UnreachedError):
            self._closed = ended
        return ended

    def _is_last_try(self, state: tenacity.RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        tries = getattr(error, "tries", None) or self._attempts
        return state.attempt_number >= min(tries, self._attempts) or _seconds_to_wait(state) > self._patience

    def _log_retry(self, state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        level = logging.WARNING if state.upcoming_sleep >= LONG_WAIT else logging.INFO
        log.log(level, "try %d: %s; again in %.1f s", state.attempt_number, error, state.upcoming_sleep)
        if state.upcoming_sleep >= LONG_WAIT or isinstance(error, _NoResponseError):
            self.on_delay(f"still trying {error}")

    async def _sleep(self, seconds: float) -> None:
        self.waited += seconds
        await self.sleep(seconds)

    async def _once(self, request: "_Request", kind: type[T]) -> Response[T]:
        host = request.url.host
        while (wait := self.limits.wait(host, request.endpoint, self.clock())) > 0:
            log.info("%s: our share of the rate limit is used up, waiting %.0f s", request.endpoint, wait)
            await self._sleep(wait)
        self.limits.spend(host, request.endpoint, self.clock())
        async with self._slots:
            await asyncio.sleep(0)  # let a request that a refusal cancels see the cancellation before it is sent
            if self._closed is not None:
                raise self._closed
            self.requests[request.endpoint] += 1
            response, content = await self._fetch(request)
        self._record_limits(request, response)
        self._classify_response(request, response, content)
        return Response(self._decode(request, content, kind), dict(response.headers))

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
                if is_same_host(url, self.host):
                    self._has_answered = True
                try:
                    if not response.has_redirect_location:
                        return response, await self._read_body(request, response)
                    url = self._resolve_redirect(request, url.join(response.headers["location"]))
                finally:
                    await response.aclose()
        except httpx.DecodingError as error:
            raise _RetryableError(
                self._describe(request, f"the answer cannot be unpacked: {error}"), tries=TRIES_BROKEN
            ) from None
        except httpx.RequestError as error:
            raise self._build_no_response_error(request, error) from None
        except (httpx.InvalidURL, ValueError) as error:  # an invalid address or header
            raise PullError(self._describe(request, f"cannot be requested: {error}"), permanent=True) from None
        raise PullError(self._describe(request, "redirects in a circle"), permanent=True)

    def _resolve_redirect(self, request: "_Request", url: httpx.URL) -> httpx.URL:
        if request.is_download and url.scheme == "https":
            return url
        return self._check_host(str(url))

    def _build_no_response_error(self, request: "_Request", error: Exception) -> PullError:
        """The error for a missing or incomplete response.

        On the source's own host it ends the source if no connection is possible, if no request was ever answered, and
        the second time in a row.
        """
        timeout = self._timeout if self._has_answered else self._first_timeout
        text = self._describe(request, _describe_no_response(error, timeout))
        is_own_host = is_same_host(request.url, self.host)
        if _is_wrong_certificate(error):  # permanent: a retry meets the same certificate
            return UnreachedError(text) if is_own_host else PullError(text, permanent=True)
        is_shut = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout)
        tries = TRIES_UNREACHED if self._has_answered else TRIES_FIRST if is_shut else TRIES_FIRST - 1
        ends_source = is_own_host and (is_shut or not self._has_answered or self._unanswered)
        return _NoResponseError(text, tries=tries, final_error=UnreachedError if ends_source else None)

    async def _read_body(self, request: "_Request", response: httpx.Response) -> bytes:
        """The unpacked body; neither the packed nor the unpacked bytes may exceed `max_bytes`."""
        is_unpacked = response.is_stream_consumed  # by httpx, in tests without a network
        coding = "" if is_unpacked else response.headers.get("content-encoding", "")
        try:
            unpacker = response_body.Unpacker(coding, self._max_bytes)
            async for part in response.aiter_bytes() if is_unpacked else response.aiter_raw():
                unpacker.feed(part)
            return unpacker.body()
        except response_body.TooLargeError:
            text = f"the answer is over {self._max_bytes:,} bytes"
            raise BrokenError(self._describe(request, text)) from None
        except response_body.UnknownCodingError:
            raise BrokenError(self._describe(request, "the answer is packed in a way that was not requested")) from None
        except zlib.error as error:
            text = self._describe(request, f"the answer cannot be unpacked: {error}")
            raise _RetryableError(text, tries=TRIES_BROKEN, final_error=BrokenError) from None

    def _record_limits(self, request: "_Request", response: httpx.Response) -> None:
        if is_same_host(request.url, self.host):
            self._unanswered = 0
        now = self.clock()
        self.limits.learn(request.url.host, request.endpoint, self._read(dict(response.headers)), now)
        date = _parse_http_date(response.headers.get("date"))
        if date is not None:
            self.skew = date - self.wall()

    def _classify_response(self, request: "_Request", response: httpx.Response, content: bytes) -> None:
        """Raise the error that the status and the content type mean; return if the body may be decoded."""
        status = response.status_code
        verdict = self._classifier(status, dict(response.headers), content)
        if verdict is not None:
            raise _to_pull_error(verdict, self._describe(request, verdict.text))
        if status in TRANSIENT:
            wait = self._retry_after(response)
            if status == httpx.codes.TOO_MANY_REQUESTS:
                wait = DEFAULT_WAIT if wait is None else wait
                self.limits.exhaust(request.url.host, request.endpoint, self.clock() + wait)
            raise _RetryableError(self._describe(request, describe_error(status, content)), wait)
        if status >= 500:
            raise _RetryableError(self._describe(request, describe_error(status, content)))
        if status >= 400:
            raise _build_refusal(status, request.missing, self._describe(request, describe_error(status, content)))
        media = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        is_json = media == "application/json" or media.endswith("+json") or request.is_download
        if status >= 300 or not is_json:
            text = f"answered {status} with {media[:80] or 'no content type'} instead of JSON"
            raise _RetryableError(self._describe(request, text), tries=TRIES_NOT_JSON)

    def _retry_after(self, response: httpx.Response) -> float | None:
        """Seconds to wait. Retry-After is seconds or an HTTP date (RFC 9110, 10.2.3); None: absent or anything else."""
        text = response.headers.get("retry-after", "").strip()
        if _SECONDS.fullmatch(text):
            return float(text)
        moment = _parse_http_date(text)
        return None if moment is None else max(0.0, moment - self.clock())

    def _decode(self, request: "_Request", content: bytes, kind: type[T]) -> T:
        """Decode a body, repairing loose JSON first (see `response_body`)."""
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
            raise BrokenError(self._describe(request, f"the answer has another shape: {error}")) from None
        except (msgspec.DecodeError, RecursionError) as error:
            text = self._describe(request, f"the answer is broken JSON: {error}")
            raise _RetryableError(text, tries=TRIES_BROKEN, final_error=BrokenError) from None

    def _check_host(self, path: str) -> httpx.URL:
        try:
            url = httpx.URL(str(self.host)).join(path)
        except (httpx.InvalidURL, ValueError) as error:
            raise PullError(f"{path[:200]!r} is no address: {error}", permanent=True) from None
        if url.userinfo or not any(is_same_host(url, host) for host in self._hosts):
            allowed = ", ".join(sorted(map(str, self._hosts)))
            raise PullError(f"refused to ask {url.host!r}: this source's hosts are {allowed}", permanent=True)
        return url

    def _describe(self, request: "_Request", text: str) -> str:
        for secret in (*self._auth.secrets(), *request.headers.values()):
            text = text.replace(secret, "***") if secret else text
        return f"{request.method} {request.url.netloc.decode()}{request.url.path}: {text}".rstrip(": ")


class _OfflineTransport(httpx.AsyncBaseTransport):
    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        raise PullError(f"refused to ask {request.url.host!r}: this source asks nobody", permanent=True)


def offline() -> Transport:
    """The transport of a connector that reads files: it refuses every request."""
    return Transport("https://nobody.invalid", auth=NoAuth(), http=_OfflineTransport())


class _Request(msgspec.Struct, frozen=True):
    method: str
    url: httpx.URL
    endpoint: str
    missing: Missing
    params: Params | None = None
    body: Any = None
    headers: Mapping[str, str] = {}
    is_download: bool = False  # from another host: without credentials, any media type


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
            return _RetryableError(text, verdict.wait)
    assert_never(verdict.kind)


def _build_refusal(status: int, missing: Missing, text: str) -> PullError:
    if status == httpx.codes.UNAUTHORIZED:
        return AccessError(text)
    if status == httpx.codes.FORBIDDEN:
        return UnavailableError(text)
    if status in (httpx.codes.NOT_FOUND, httpx.codes.GONE):
        return UnavailableError(text) if missing == "resource" else MissingError(text)
    return PullError(text, permanent=True)


def _seconds_to_wait(state: tenacity.RetryCallState) -> float:
    """Seconds before the next try: what the helpdesk wants, else 1, 2, 4, ... 60 and up to a second of jitter."""
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, _RetryableError) and error.wait is not None:
        return error.wait
    return min(60.0, 2.0 ** (state.attempt_number - 1)) + random.random()  # noqa: S311 - jitter, not a secret


@functools.cache
def _decoder(kind: type[Any]) -> "msgspec.json.Decoder[Any]":
    return msgspec.json.Decoder(kind)


def _parse_http_date(text: str | None) -> float | None:
    """Epoch seconds of an HTTP date, or None."""
    try:
        return parsedate_to_datetime(text).timestamp() if text else None
    except (ValueError, TypeError, OverflowError):
        return None


def _parse_download_url(text: str, endpoint: str) -> httpx.URL:
    """The address of a download, from a response. It may hold anything, so no error repeats it."""
    try:
        url = httpx.URL(text)
        known = bool(url.host and url.scheme)
    except (httpx.InvalidURL, ValueError, TypeError):
        known = False
    if not known:
        raise BrokenError(f"{endpoint}: the address that the helpdesk gives for a download is none")
    return url


def _describe_no_response(error: BaseException, timeout: httpx.Timeout) -> str:
    """Why no response arrived, for people."""
    match error:
        case httpx.ConnectTimeout():
            return f"no connection within {timeout.connect:g} s"
        case httpx.TimeoutException():
            return f"no answer within {timeout.read:g} s"
        case httpx.ConnectError():
            return f"it cannot be reached: {_find_root_cause(error)}"
    return f"the answer did not come to its end: {error}".removesuffix(": ")


def _find_root_cause(error: BaseException) -> str:
    """The text of the innermost error, below the libraries that wrap it."""
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
