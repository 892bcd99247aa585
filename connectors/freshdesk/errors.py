"""Freshdesk's error codes: a 403 has three different meanings.

https://developers.freshdesk.com/api/#error
"""

from collections.abc import Mapping

import msgspec

from helpdesk_kpi.pull.transport import Classification

#: The key is invalid, or further use would lock the account: no more requests are sent.
_STOP = frozenset({"invalid_credentials", "account_suspended", "password_lockout", "password_expired"})


class _ErrorBody(msgspec.Struct):
    code: str = ""
    message: str = ""


def classify_response(status: int, headers: Mapping[str, str], content: bytes) -> Classification | None:  # noqa: ARG001 - a Judge
    if status not in {401, 403}:
        return None
    error = _parse_error(content)
    if error.code in _STOP:
        return Classification(kind="access", text=f"{status} {error.code}: {error.message}")
    if error.code == "require_feature":
        return Classification(kind="unavailable", text=f"not in this account's plan: {error.message}")
    if error.code == "access_denied":
        text = f"{error.message} The role of the key's agent does not allow it; the key of an admin may read everything"
        return Classification(kind="unavailable", text=text)
    return None


def _parse_error(content: bytes) -> _ErrorBody:
    """The error of a body; empty if the body is HTML or empty."""
    try:
        return msgspec.json.decode(content, type=_ErrorBody)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _ErrorBody()
