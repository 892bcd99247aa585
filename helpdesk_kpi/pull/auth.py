"""How a source proves who it is: the headers of a request, and what to do when they are refused."""

import asyncio
import base64
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

import msgspec

from helpdesk_kpi.errors import AccessError
from helpdesk_kpi.pull.token_file import TokenFile, Tokens
from helpdesk_kpi.secret import Secret

#: Posts a JSON body without credentials to a path of the account and decodes the answer as the given type.
Post = Callable[[str, Mapping[str, Any], type[Any]], Awaitable[Any]]


def _bearer_header(token: str, what: str, advice: str) -> dict[str, str]:
    """The header of a token; AccessError where no header can carry it. The token is not repeated."""
    if not (token.isascii() and token.isprintable()) or " " in token:
        text = f"{what} has characters that no HTTP header can carry: only letters, digits and signs of ASCII can be"
        raise AccessError(f"{text}. {advice}".removesuffix(". "))
    return {"Authorization": f"Bearer {token}"}


class Auth(Protocol):
    """What the transport asks before a request and after a 401."""

    advice: str  # ends the message when the credentials are refused for good

    async def headers(self, post: Post) -> Mapping[str, str]: ...

    async def refresh(self, post: Post, refused: Mapping[str, str]) -> bool:
        """Whether there are other headers now than the refused ones, so that asking once more makes sense."""
        ...

    def secrets(self) -> tuple[str, ...]:
        """Every text that must not appear in an error."""
        ...


class NoAuth:
    advice = ""

    async def headers(self, post: Post) -> Mapping[str, str]:  # noqa: ARG002 - the protocol's signature
        return {}

    async def refresh(self, post: Post, refused: Mapping[str, str]) -> bool:  # noqa: ARG002 - the protocol's signature
        return False

    def secrets(self) -> tuple[str, ...]:
        return ()


class Basic:
    """HTTP Basic. Zendesk's API tokens are sent so, with "/token" behind the address; Freshdesk's keys as the name."""

    def __init__(self, name: str, password: Secret, *, advice: str = "") -> None:
        self.advice = advice
        self._password = password
        self._pair = Secret(base64.b64encode(f"{name}:{password.reveal()}".encode()).decode())

    async def headers(self, post: Post) -> Mapping[str, str]:  # noqa: ARG002 - the protocol's signature
        return {"Authorization": f"Basic {self._pair.reveal()}"}

    async def refresh(self, post: Post, refused: Mapping[str, str]) -> bool:  # noqa: ARG002 - the protocol's signature
        return False

    def secrets(self) -> tuple[str, ...]:
        return (self._password.reveal(), self._pair.reveal())


class Bearer:
    """A token that somebody made and that lasts: Jira Data Center's personal access tokens."""

    def __init__(self, token: Secret, *, advice: str = "") -> None:
        self.advice = advice
        self._token = token

    async def headers(self, post: Post) -> Mapping[str, str]:  # noqa: ARG002 - the protocol's signature
        return _bearer_header(self._token.reveal(), "the token", self.advice)

    async def refresh(self, post: Post, refused: Mapping[str, str]) -> bool:  # noqa: ARG002 - the protocol's signature
        return False

    def secrets(self) -> tuple[str, ...]:
        return (self._token.reveal(),)


class _Grant(msgspec.Struct):
    access_token: str
    expires_in: int | None = None  # seconds; absent unless it was asked for
    refresh_token: str | None = None
    refresh_token_expires_in: int | None = None


class ClientCredentials:
    """OAuth's client-credentials grant: a short-lived token, asked for anew before it ends and after a 401.

    `lifetime` is asked for in seconds. The issue time is kept by a monotonic clock, so that a machine whose wall clock
    is wrong still renews in time. Many requests that find the token stale share one renewal.
    """

    def __init__(
        self,
        client_id: str,
        client_secret: Secret,
        *,
        path: str = "/oauth/tokens",
        scope: str = "read",
        lifetime: int = 1800,
        clock: Callable[[], float] = time.monotonic,
        advice: str = "",
    ) -> None:
        self.advice = advice
        self._client_id, self._client_secret = client_id, client_secret
        self._path, self._scope, self._lifetime, self._clock = path, scope, lifetime, clock
        self._token: Secret | None = None
        self._renew_at = 0.0
        self._renewal = asyncio.Lock()

    async def headers(self, post: Post) -> Mapping[str, str]:
        if self._token is None or self._clock() >= self._renew_at:
            async with self._renewal:
                if self._token is None or self._clock() >= self._renew_at:
                    await self._renew(post)
        assert self._token is not None
        return _bearer_header(self._token.reveal(), f"the token that {self._path} gave", self.advice)

    async def refresh(self, post: Post, refused: Mapping[str, str]) -> bool:
        async with self._renewal:
            held = self._token and f"Bearer {self._token.reveal()}"
            if held == refused.get("Authorization"):  # else another request has renewed it meanwhile
                await self._renew(post)
        return True

    def secrets(self) -> tuple[str, ...]:
        held = (self._token.reveal(),) if self._token else ()
        return (self._client_secret.reveal(), *held)

    async def _renew(self, post: Post) -> None:
        requested_at = self._clock()
        body = {
            "grant_type": "client_credentials",
            "client_id": self._client_id,
            "client_secret": self._client_secret.reveal(),
            "scope": self._scope,
            "expires_in": self._lifetime,  # Zendesk tells a lifetime only to those who ask for one
        }
        grant = await post(self._path, body, _Grant)
        if not grant.access_token:
            raise AccessError(f"{self._path} gave an empty token for client {self._client_id!r}")
        self._token = Secret(grant.access_token)
        life = grant.expires_in if grant.expires_in is not None else self._lifetime
        self._renew_at = requested_at + max(life - 60, life / 2)  # a minute early; half-way for very short ones


class RefreshTokens:
    """OAuth's authorization-code grant after a person has allowed it once: tokens that end and are renewed in pairs.

    A refresh token works once. The file is read again before each renewal, since another process may have been first.
    `lifetime` and `refresh_lifetime` are asked for in seconds; `clock` gives epoch seconds.
    """

    def __init__(
        self,
        client_id: str,
        client_secret: Secret,
        file: TokenFile,
        *,
        path: str = "/oauth/tokens",
        scope: str = "read",
        lifetime: int = 1800,
        refresh_lifetime: int = 90 * 86_400,
        clock: Callable[[], float] = time.time,
        advice: str = "",
    ) -> None:
        self.advice = advice
        self._client_id, self._client_secret, self._file = client_id, client_secret, file
        self._path, self._scope, self._clock = path, scope, clock
        self._lifetime, self._refresh_lifetime = lifetime, refresh_lifetime
        self._held = Tokens()
        self._renewal = asyncio.Lock()

    async def headers(self, post: Post) -> Mapping[str, str]:
        if not self._is_fresh(self._held):
            await self._renew(post, self._held.access_token)
        return _bearer_header(self._held.access_token, f"the access token in {self._file.path}", self.advice)

    async def refresh(self, post: Post, refused: Mapping[str, str]) -> bool:
        await self._renew(post, refused.get("Authorization", "").removeprefix("Bearer "))
        return True

    def secrets(self) -> tuple[str, ...]:
        return (self._client_secret.reveal(), *self._held.secrets())

    async def _renew(self, post: Post, stale: str) -> None:
        """Other tokens than `stale`: those that somebody else has got meanwhile, or new ones."""
        async with self._renewal:
            if self._held.access_token != stale and self._is_fresh(self._held):
                return
            async with self._file.lock():
                self._held = self._read()
                if self._held.access_token == stale or not self._is_fresh(self._held):
                    self._held = await self._store_grant(post, self._held)

    def _read(self) -> Tokens:
        try:
            return self._file.read()
        except AccessError as error:
            raise AccessError(f"{error}. {self.advice}".removesuffix(". ")) from None

    async def _store_grant(self, post: Post, held: Tokens) -> Tokens:
        """New tokens, kept before they are used: what they were got with is worth nothing any more."""
        requested_at = self._clock()
        grant: _Grant = await post(self._path, self._build_request(held), _Grant)
        if not grant.access_token or not grant.refresh_token:
            raise AccessError(f"{self._path} gave no pair of tokens. {self.advice}".removesuffix(". "))
        life = grant.expires_in if grant.expires_in is not None else self._lifetime
        until = grant.refresh_token_expires_in
        refresh_expires_at = None if until is None else requested_at + until
        tokens = Tokens(grant.access_token, grant.refresh_token, requested_at + life, refresh_expires_at)
        self._file.write(tokens)
        return tokens

    def _build_request(self, held: Tokens) -> dict[str, Any]:
        body: dict[str, Any] = {
            "client_id": self._client_id,
            "client_secret": self._client_secret.reveal(),
            "scope": self._scope,
            "expires_in": self._lifetime,
            "refresh_token_expires_in": self._refresh_lifetime,
        }
        if held.code:
            return body | {"grant_type": "authorization_code", "code": held.code, "redirect_uri": held.redirect_uri}
        if not held.refresh_token:
            raise AccessError(f"{self._file.path} holds no refresh_token. {self.advice}".removesuffix(". "))
        return body | {"grant_type": "refresh_token", "refresh_token": held.refresh_token}

    def _is_fresh(self, tokens: Tokens) -> bool:
        """A minute early. Where the machine's clock is wrong, a 401 renews them."""
        ends = tokens.expires_at
        return bool(tokens.access_token) and not tokens.code and (ends is None or self._clock() < ends - 60)
