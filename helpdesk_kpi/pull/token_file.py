"""A file that holds a pair of OAuth tokens of which each works once: what keeps it, and who may change it.

A refresh ends the old pair at once, so the new one is on the disk before anything is asked with it, and two processes
never refresh at the same time.
"""

import asyncio
import os
import secrets
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import msgspec

from helpdesk_kpi.errors import AccessError, PullError
from helpdesk_kpi.private import touch_private

PATIENCE = 60.0  # seconds for which another process may hold the tokens
_PAUSE = 0.05


class Tokens(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the file says. Whoever has just authorised writes a `code` (with its redirect_uri) or a refresh token."""

    access_token: str = ""
    refresh_token: str = ""
    expires_at: float | None = None  # epoch seconds, of the access token; null: not told
    refresh_expires_at: float | None = None
    code: str = ""
    redirect_uri: str = ""

    def __repr__(self) -> str:
        return "Tokens(***)"

    def secrets(self) -> tuple[str, ...]:
        return tuple(text for text in (self.access_token, self.refresh_token, self.code) if text)


class TokenFile:
    """The file, for this account of the machine only."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> Tokens:
        """Raises AccessError where the file is missing or holds something else; its content is never repeated."""
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=Tokens)
        except FileNotFoundError:
            raise AccessError(f"there are no tokens at {self.path} yet") from None
        except OSError as error:
            raise AccessError(f"the tokens at {self.path} cannot be read: {error.strerror}") from None
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise AccessError(f"{self.path} holds no tokens: JSON with a code or a refresh_token is expected") from None

    def write(self, tokens: Tokens) -> None:
        """All of it or nothing, and on the disk when this returns."""
        temporary = self.path.with_name(f"{self.path.name}.{secrets.token_hex(4)}")
        descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(tokens))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self.path)

    @asynccontextmanager
    async def lock(self) -> AsyncIterator[None]:
        """Nobody else refreshes meanwhile. An SQLite transaction is a lock that every system has, and that ends with
        the process that holds it.
        """
        lock_path = self.path.with_name(f"{self.path.name}.lock")
        with closing(_connect(lock_path)) as lock:
            for _ in range(round(PATIENCE / _PAUSE)):
                try:
                    lock.execute("BEGIN EXCLUSIVE")
                    break
                except sqlite3.OperationalError:
                    await asyncio.sleep(_PAUSE)
            else:
                raise PullError(f"another process has been renewing {self.path} for {PATIENCE:.0f} s", permanent=False)
            yield


def _connect(path: Path) -> sqlite3.Connection:
    try:
        touch_private(path)
        return sqlite3.connect(path, timeout=0, isolation_level=None)
    except (OSError, sqlite3.Error) as error:
        raise AccessError(f"the tokens at {path.parent} cannot be locked: {error}") from None
