"""One POST to a chat service: what each way of failing means for a second try. The address is the secret.

| answer            | meaning                                                                                   |
| ----------------- | ----------------------------------------------------------------------------------------- |
| 2xx               | returned: the channel reads the body, since many services report failures with status 200 |
| 3xx               | permanent: a POST that follows a redirect becomes a GET, and the new place may be anybody's |
| 408, 425, 429     | the service did not take the request: tried again                                         |
| other 4xx         | returned: the channel knows the service's words                                           |
| 1xx, 5xx, silence | the message may have been posted                                                          |
"""

import ipaddress
import logging
from typing import Any
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError, LocationValueError, MaxRetryError, NewConnectionError

from helpdesk_kpi.errors import DeliveryError
from helpdesk_kpi.secret import Secret

NOT_TAKEN = frozenset(
    {408, 425, 429}
)  # https://www.rfc-editor.org/rfc/rfc9110#name-408-request-timeout, RFC 8470, RFC 6585

# At DEBUG urllib3 logs the path of every request, and the path of a webhook is its password.
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)


def check_address(url: Secret) -> None:
    """Raise ValueError, which never holds the address, unless it is https or a loopback address."""
    parts = urlsplit(url.reveal())
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname))):
        raise ValueError("url: must be an https:// address (http:// only to a loopback address)")


def post_json(url: Secret, body: bytes, *, timeout: float) -> requests.Response:
    """POST JSON and return an answer with status 2xx or 4xx. DeliveryError for every other outcome.

    Errors of `requests` quote the address, so their text is never used and they are not chained.
    """
    headers = {"Content-Type": "application/json; charset=utf-8"}
    host = urlsplit(url.reveal()).hostname
    try:
        with _Direct() as session:
            answer = session.post(url.reveal(), data=body, headers=headers, timeout=timeout, allow_redirects=False)
    except (requests.exceptions.InvalidURL, LocationValueError):
        raise DeliveryError(f"{host} is no host that can be reached; nothing was sent", permanent=True) from None
    except (requests.RequestException, HTTPError) as error:
        raise _lost(f"{host}: {_cause(error)}", before_body=_is_before_body(error)) from None
    _refuse_redirect(host, answer)
    if answer.status_code in NOT_TAKEN:
        wait = retry_after(answer.headers.get("Retry-After"))
        raise DeliveryError(f"{host} asks to send later ({answer.status_code})", permanent=False, retry_after=wait)
    if not 200 <= answer.status_code < 500:
        raise _lost(f"{host} answered {answer.status_code} {line(answer.text)}".rstrip(), before_body=False)
    return answer


class _Direct(requests.Session):
    """Never looks at where a redirect leads: an address that is none would be an error of Python's after the post."""

    def get_redirect_target(self, resp: requests.Response) -> None:  # noqa: ARG002 - the name that requests calls
        return None


def _refuse_redirect(host: str | None, answer: requests.Response) -> None:
    """Raise for a 3xx. Only the host of the new place is named: its path may hold the secret of the old one."""
    if not 300 <= answer.status_code < 400:
        return
    place = _host_of(answer.headers.get("Location", "")) or host
    raise DeliveryError(
        f"{host} answered {answer.status_code}, a redirect to {place}, which is not followed; nothing was posted: "
        "set url to the new address of the webhook",
        permanent=True,
    )


def _host_of(location: str) -> str | None:
    try:
        return urlsplit(location).hostname
    except ValueError:
        return None


def retry_after(header: str | None) -> float | None:
    """Seconds to wait; None where the header is missing or is no number (chat services send no dates)."""
    return float(header) if header and header.strip().isdecimal() and len(header) < 8 else None


def line(text: str) -> str:
    """What a service said, on one line and not too long."""
    return " ".join(text.split())[:300]


def _lost(what: str, *, before_body: bool) -> DeliveryError:
    words = "nothing was sent" if before_body else "it may have been posted"
    return DeliveryError(f"{what}; {words}", permanent=False, ambiguous=not before_body)


def _is_before_body(error: Exception) -> bool:
    """Whether the connection failed (refused, DNS, TLS), so that the message cannot have left."""
    if isinstance(error, requests.exceptions.ConnectTimeout | requests.exceptions.SSLError):
        return True
    return isinstance(error, requests.exceptions.ProxyError) or isinstance(_reason(error), NewConnectionError)


def _cause(error: Exception) -> str:
    reason = _reason(error)
    return type(reason or error).__name__


def _reason(error: Exception) -> Any:
    """What urllib3 gave up for, or None."""
    inner = error.args[0] if error.args else None
    return inner.reason if isinstance(inner, MaxRetryError) else None


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
