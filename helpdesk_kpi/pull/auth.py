"""How a source proves who it is: the headers of a request, and what to do when they are refused."""

import asyncio
import base64
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

import msgspec

from helpdesk_kpi.errors import AccessError
from helpdesk_kpi.secret import Secret

#: Posts a JSON body without credentials to a path of the account and decodes the answer as the given type.
Post = Callable[[str, Mapping[str, Any], type[Any]], Awaitable[Any]]


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
        return {"Authorization": f"Bearer {self._token.reveal()}"}

    async def refresh(self, post: Post, refused: Mapping[str, str]) -> bool:  # noqa: ARG002 - the protocol's signature
        return False

    def secrets(self) -> tuple[str, ...]:
        return (self._token.reveal(),)


class _Grant(msgspec.Struct):
    access_token: str
    expires_in: int | None = None  # seconds; absent unless it was asked for


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
        return {"Authorization": f"Bearer {self._token.reveal()}"}

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
        asked_at = self._clock()
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
        self._renew_at = asked_at + max(life - 60, life / 2)  # a minute early; half-way for very short ones
