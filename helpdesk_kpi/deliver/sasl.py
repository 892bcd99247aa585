"""Signing in to a mail server with any characters: smtplib's own `login` fails on whatever is not ASCII.

Names and passwords are prepared by SASLprep (RFC 4013) and sent as UTF-8 (RFC 4616, section 2). ASCII stays as it is.
"""

import base64
import hmac
import smtplib
import stringprep
from collections.abc import Callable
from unicodedata import ucd_3_2_0 as unicode_3_2  # SASLprep is defined by this version

from helpdesk_kpi.errors import DeliveryError

SIGNED_IN = frozenset({235, 503})  # 503: signed in already
GO_ON = 334

_PROHIBITED = (
    stringprep.in_table_c12, stringprep.in_table_c21_c22, stringprep.in_table_c3, stringprep.in_table_c4,
    stringprep.in_table_c5, stringprep.in_table_c6, stringprep.in_table_c7, stringprep.in_table_c8,
    stringprep.in_table_c9,
)  # fmt: skip

Answer = tuple[int, bytes]


def saslprep(text: str) -> str:
    """The text as servers compare it. Raises ValueError, without the text, for characters that it must not hold.

    >>> saslprep("I\\u00adX"), saslprep("\\u00aa")  # the examples of RFC 4013, section 3
    ('IX', 'a')
    """
    spaced = "".join(" " if stringprep.in_table_c12(one) else one for one in text)
    mapped = "".join(one for one in spaced if not stringprep.in_table_b1(one))
    made = unicode_3_2.normalize("NFKC", mapped)
    if any(prohibited(one) for one in made for prohibited in _PROHIBITED):
        raise ValueError("holds a character that SASLprep (RFC 4013) prohibits, such as a control character")
    if any(map(stringprep.in_table_d1, made)) and not _is_right_to_left(made):
        raise ValueError("mixes writing directions in a way that SASLprep (RFC 4013) prohibits")
    return made


def _is_right_to_left(text: str) -> bool:
    """RFC 3454, section 6: no left-to-right letter, and both ends are right-to-left."""
    both_ends = stringprep.in_table_d1(text[0]) and stringprep.in_table_d1(text[-1])
    return both_ends and not any(map(stringprep.in_table_d2, text))


def sign_in(server: smtplib.SMTP, username: str, password: str) -> Answer:
    """Try each way that the server offers. Returns the answer of the first that worked, or of the last one.

    Raises DeliveryError where nothing can be tried; smtplib's errors where the conversation breaks.
    """
    user, secret = _prepared("username", username), _prepared("password", password)
    offered = {word.upper() for word in server.esmtp_features.get("auth", "").split()}
    ways = [way for name, way in _WAYS.items() if name in offered]
    if not ways:
        wants = f"only {', '.join(sorted(offered))}" if offered else "no way"
        raise DeliveryError(f"the server offers {wants} to sign in with a password; nothing was sent", permanent=True)
    answer: Answer = (0, b"")
    for way in ways:
        try:
            answer = way(server, user, secret)
        except smtplib.SMTPServerDisconnected:
            if answer[0] == 0:
                raise
            break  # it left after a refusal: that is its answer
        if answer[0] in SIGNED_IN:
            break
    return answer


def _prepared(key: str, text: str) -> bytes:
    try:
        return saslprep(text).encode("utf-8")
    except ValueError as error:  # UnicodeEncodeError is one: a lone surrogate; its text would show the character
        words = "has no form in UTF-8" if isinstance(error, UnicodeError) else str(error)
        raise DeliveryError(f"{key} of the channel {words}; nothing was sent", permanent=True) from None


def _cram_md5(server: smtplib.SMTP, user: bytes, secret: bytes) -> Answer:
    code, challenge = server.docmd("AUTH", "CRAM-MD5")
    if code != GO_ON:
        return code, challenge
    digest = hmac.new(secret, base64.b64decode(challenge), "md5").hexdigest().encode()
    return server.docmd(_text(user + b" " + digest))


def _plain(server: smtplib.SMTP, user: bytes, secret: bytes) -> Answer:
    return server.docmd("AUTH", "PLAIN " + _text(b"\0" + user + b"\0" + secret))


def _login(server: smtplib.SMTP, user: bytes, secret: bytes) -> Answer:
    answer = server.docmd("AUTH", f"LOGIN {_text(user)}")
    return server.docmd(_text(secret)) if answer[0] == GO_ON else answer


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


#: In smtplib's order: the password itself goes out only where nothing better is offered.
_WAYS: dict[str, Callable[[smtplib.SMTP, bytes, bytes], Answer]] = {
    "CRAM-MD5": _cram_md5,
    "PLAIN": _plain,
    "LOGIN": _login,
}
