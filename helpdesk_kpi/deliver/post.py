"""One POST to a chat service: what each way of failing means for a second try. The address is the secret."""

import ipaddress
import logging
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError

from helpdesk_kpi.errors import DeliveryError
from helpdesk_kpi.secret import Secret

# At DEBUG urllib3 logs the path of every request, and the path of a webhook is its password.
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)


def check_address(url: Secret) -> None:
    """Raise ValueError, which never holds the address, unless it is https or a loopback address."""
    parts = urlsplit(url.reveal())
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname))):
        raise ValueError("url: must be an https:// address (http:// only to a loopback address)")


def post(url: Secret, body: bytes, *, timeout: float) -> requests.Response:
    """POST JSON and return the answer, whatever its status. DeliveryError if there is none or it says 429 or 5xx.

    Errors of `requests` quote the address, so their text is never used and they are not chained.
    """
    headers = {"Content-Type": "application/json; charset=utf-8"}
    host = urlsplit(url.reveal()).hostname
    try:
        answer = requests.post(url.reveal(), data=body, headers=headers, timeout=timeout, allow_redirects=False)
    except requests.RequestException as error:
        raise _lost(f"{host}: {_cause(error)}", before_body=_is_before_body(error)) from None
    if answer.status_code == 429:
        wait = retry_after(answer.headers.get("Retry-After"))
        raise DeliveryError(f"{host} asks to send later (429)", permanent=False, retry_after=wait)
    if answer.status_code >= 500:
        raise _lost(f"{host} answered {answer.status_code} {line(answer.text)}", before_body=False)
    return answer


def retry_after(header: str | None) -> float | None:
    """Seconds to wait; None where the header is missing or is no number (chat services send no dates)."""
    return float(header) if header and header.strip().isdecimal() and len(header) < 8 else None


def line(text: str) -> str:
    """What a service said, on one line and not too long."""
    return " ".join(text.split())[:300]


def _lost(what: str, *, before_body: bool) -> DeliveryError:
    words = "nothing was sent" if before_body else "it may have been posted"
    return DeliveryError(f"{what}; {words}", permanent=False, ambiguous=not before_body)


def _is_before_body(error: requests.RequestException) -> bool:
    """Whether the connection failed (refused, DNS, TLS), so that the message cannot have left."""
    if isinstance(error, requests.exceptions.ConnectTimeout | requests.exceptions.SSLError):
        return True
    return isinstance(error, requests.exceptions.ProxyError) or isinstance(_reason(error), NewConnectionError)


def _cause(error: requests.RequestException) -> str:
    reason = _reason(error)
    return type(reason or error).__name__


def _reason(error: requests.RequestException) -> Any:
    """What urllib3 gave up for, or None."""
    inner = error.args[0] if error.args else None
    return inner.reason if isinstance(inner, MaxRetryError) else None


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
