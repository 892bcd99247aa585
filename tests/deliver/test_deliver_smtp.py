"""Each step of a conversation with a mail server, how it can fail, and characters beyond ASCII in all of its parts."""

import doctest
from collections.abc import Sequence
from typing import Any

import pytest
from deliver_fixtures import Mailbox, message, open_ledger, scripted_server, smtp_server

from helpdesk_kpi.deliver import sasl
from helpdesk_kpi.deliver.addresses import is_address, with_ascii_domain
from helpdesk_kpi.deliver.channels.email import Email
from helpdesk_kpi.deliver.delivery import deliver
from helpdesk_kpi.deliver.sasl import saslprep
from helpdesk_kpi.errors import DeliveryError
from helpdesk_kpi.secret import Secret

ANN = "ann@example.com"
JOERG = "jörg@example.com"
GREETING, HELLO, SIGN_IN = b"220 mail.test\r\n", b"250 mail.test\r\n", b"250-mail.test\r\n250 AUTH PLAIN LOGIN\r\n"
OK, GO_ON, BYE = b"250 OK\r\n", b"354 go on\r\n", b"221 bye\r\n"


def channel(port: int, **settings: Any) -> Email:
    plain: dict[str, Any] = {"security": "none", "to": (ANN,), "timeout": 10.0, "sender": "Desk <desk@example.com>"}
    return Email(name="leads", host="127.0.0.1", port=port, **(plain | settings))


def failure(channel: Email, recipient: str = ANN) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        channel.send(message(), recipient)
    return caught.value


def kind(error: DeliveryError) -> str:
    return "unknown" if error.ambiguous else "final" if error.permanent else "again"


# The steps

STEPS: list[tuple[str, Sequence[bytes | None], bool, str]] = [
    # what happens, what the server says in turn, whether the channel signs in, what becomes of the delivery
    ("no greeting", [None], False, "again"),
    ("EHLO: it leaves", [GREETING, None], False, "again"),
    ("EHLO and HELO refused", [GREETING, b"502 no\r\n", b"554 no\r\n"], False, "final"),
    ("EHLO: busy", [GREETING, b"502 no\r\n", b"421 busy\r\n"], False, "again"),
    ("AUTH: it leaves", [GREETING, SIGN_IN, None], True, "again"),
    ("AUTH: for now", [GREETING, SIGN_IN, b"454 later\r\n", b"454 later\r\n"], True, "again"),
    ("AUTH: wrong", [GREETING, SIGN_IN, b"535 wrong\r\n", b"535 wrong\r\n"], True, "final"),
    ("AUTH: wrong, and it leaves", [GREETING, SIGN_IN, b"535 wrong\r\n", None], True, "final"),
    ("AUTH: no answer in base64", [GREETING, b"250-x\r\n250 AUTH CRAM-MD5\r\n", b"334 abc\r\n"], True, "final"),
    ("MAIL: it leaves", [GREETING, HELLO, None], False, "again"),
    ("MAIL: refused", [GREETING, HELLO, b"550 not you\r\n"], False, "final"),
    ("MAIL: no answer of SMTP", [GREETING, HELLO, b"hello\r\n"], False, "again"),
    ("RCPT: it leaves", [GREETING, HELLO, OK, None], False, "again"),
    ("RCPT: greylisted", [GREETING, HELLO, OK, b"450 later\r\n"], False, "again"),
    ("RCPT: no such user", [GREETING, HELLO, OK, b"550 who\r\n"], False, "final"),
    ("DATA: it leaves", [GREETING, HELLO, OK, OK, None], False, "again"),
    ("DATA: for now", [GREETING, HELLO, OK, OK, b"451 later\r\n"], False, "again"),
    ("DATA: refused", [GREETING, HELLO, OK, OK, b"554 no\r\n"], False, "final"),
    ("last dot: it leaves", [GREETING, HELLO, OK, OK, GO_ON, None], False, "unknown"),
    ("last dot: for now", [GREETING, HELLO, OK, OK, GO_ON, b"452 full\r\n"], False, "again"),
    ("last dot: spam", [GREETING, HELLO, OK, OK, GO_ON, b"554 spam\r\n"], False, "final"),
    ("last dot: no answer of SMTP", [GREETING, HELLO, OK, OK, GO_ON, b"hm\r\n"], False, "unknown"),
]


@pytest.mark.parametrize(("answers", "signs_in", "becomes"), [s[1:] for s in STEPS], ids=[s[0] for s in STEPS])
def test_only_what_fails_after_the_last_dot_may_have_arrived(
    answers: Sequence[bytes | None], signs_in: bool, becomes: str
) -> None:
    secrets = {"username": "desk", "password": Secret("right")} if signs_in else {}
    with scripted_server(*answers, None) as (port, heard):
        error = failure(channel(port, **secrets))
    assert kind(error) == becomes, error
    assert ("may have arrived" in str(error)) == (becomes == "unknown")
    assert (b".\r\n" in heard) == any(answer and answer.startswith(b"354") for answer in answers)


@pytest.mark.parametrize("last", [None, b"500 what\r\n", b"hm\r\n"])
def test_whatever_comes_of_quit_the_mail_has_arrived(last: bytes | None) -> None:
    with scripted_server(GREETING, HELLO, OK, OK, GO_ON, b"250 queued as 5\r\n", last) as (port, _):
        sent = channel(port).send(message(), ANN)
    assert (sent.state, sent.detail) == ("sent", "queued as 5")


def test_an_unexpected_error_before_the_mail_is_final_and_keeps_its_cause() -> None:
    """The server's challenge is no base64: Python's error about it is not ours."""
    with scripted_server(GREETING, b"250-x\r\n250 AUTH CRAM-MD5\r\n", b"334 abc\r\n", None) as (port, _):
        error = failure(channel(port, username="desk", password=Secret("right")))
    assert "nothing was sent" in str(error)
    assert isinstance(error.__cause__, ValueError)


# Passwords and user names


@pytest.mark.parametrize("way", ["PLAIN", "LOGIN"])
@pytest.mark.parametrize(
    ("password", "sent"),
    [
        ("grün", b"gr\xc3\xbcn"),
        ("密码", b"\xe5\xaf\x86\xe7\xa0\x81"),
        ("gru\u0308n", b"gr\xc3\xbcn"),  # written in two characters: SASLprep joins them
        ("a\u00a0b", b"a b"),  # a no-break space is a space (RFC 4013, section 2.1)
        ("pass word~", b"pass word~"),
    ],
)
def test_a_password_of_any_characters_signs_in(way: str, password: str, sent: bytes) -> None:
    mailbox = Mailbox()
    mailbox.password = sent
    others = [one for one in ("PLAIN", "LOGIN") if one != way]
    with smtp_server(mailbox, login=True, hidden_ways=others) as port:
        channel(port, username="dörthe", password=Secret(password)).send(message(), ANN)
    assert (mailbox.logins, len(mailbox.mails)) == (["dörthe"], 1)


def test_a_refused_password_beyond_ascii_is_final_and_says_what_may_be_wrong() -> None:
    mailbox = Mailbox()
    with smtp_server(mailbox, login=True) as port:
        error = failure(channel(port, username="desk", password=Secret("grünkohl")))
    assert kind(error) == "final"
    assert "535" in str(error)
    assert "outside ASCII" in str(error)
    assert "kohl" not in f"{error}{error.__cause__}"


@pytest.mark.parametrize("password", ["pass\tword", "pass\u200eword", "\ud800word", "\u0627word"])
def test_a_password_that_cannot_be_sent_is_final_and_not_shown(password: str) -> None:
    mailbox = Mailbox()
    with smtp_server(mailbox, login=True) as port:
        error = failure(channel(port, username="desk", password=Secret(password)))
    assert kind(error) == "final"
    assert str(error).startswith("password of the channel ")
    assert "word" not in str(error).removeprefix("password")
    assert mailbox.logins == []


def test_saslprep_follows_the_examples_of_its_standard() -> None:
    assert doctest.testmod(sasl).failed == 0
    # RFC 4013, section 3
    assert saslprep("user") == "user"
    assert saslprep("USER") == "USER"
    assert saslprep("\u2168") == "IX"
    for prohibited in ("\u0007", "\u06271"):
        with pytest.raises(ValueError, match="prohibits"):
            saslprep(prohibited)


def test_a_password_that_fails_stops_no_other_channel() -> None:
    mailbox, other = Mailbox(), Mailbox()
    with smtp_server(mailbox, login=True) as port, smtp_server(other) as open_port:
        first = channel(port, username="desk", password=Secret("grünkohl"))
        second = Email(name="heads", host="127.0.0.1", port=open_port, security="none", sender=ANN, to=(ANN,))
        outcomes = deliver(open_ledger(), message(), [first, second], lambda: 1_795_420_800_000)
    assert [(out.delivery.channel, out.delivery.state) for out in outcomes] == [("leads", "failed"), ("heads", "sent")]


# Addresses


@pytest.mark.parametrize(
    ("written", "domain"),
    [
        ("Jo <jo@bücher.example>", "Jo <jo@xn--bcher-kva.example>"),
        ("jo@straße.example", "jo@xn--strae-oqa.example"),  # not "strasse", which is another's
        ("jo@例子.example", "jo@xn--fsqu00a.example"),
        ("Jörg <jörg@example.com>", "Jörg <jörg@example.com>"),
    ],
)
def test_a_domain_is_written_as_dns_knows_it(written: str, domain: str) -> None:
    assert is_address(written)
    assert with_ascii_domain(written) == domain


def test_a_domain_beyond_ascii_needs_nothing_of_the_server() -> None:
    mailbox = Mailbox()
    with smtp_server(mailbox) as port:
        mails = channel(port, to=("Jo Ö <jo@bücher.example>",), sender="Büro <desk@büro.example>")
        [recipient] = mails.recipients()
        mails.send(message(), recipient)
    [(arrived, mail)] = mailbox.mails
    assert (recipient, arrived) == ("jo@bücher.example", "jo@xn--bcher-kva.example")
    assert mailbox.senders == ["desk@xn--bro-hoa.example"]
    assert str(mail["To"]) == "Jo Ö <jo@xn--bcher-kva.example>"
    assert str(mail["Message-ID"]).endswith("@xn--bro-hoa.example>")


def test_a_local_part_beyond_ascii_goes_to_a_server_that_takes_it() -> None:
    mailbox = Mailbox()
    with smtp_server(mailbox, utf8=True) as port:
        mails = channel(port, to=(ANN, f"Jörg <{JOERG}>"), sender="Büro <büro@example.com>")
        for recipient in mails.recipients():
            mails.send(message(subject="客服周报"), recipient)
        [(_, previewed)] = mails.preview(message(), JOERG)
    assert [to for to, _ in mailbox.mails] == [ANN, JOERG]
    assert mailbox.senders == ["büro@example.com"] * 2
    for _, mail in mailbox.mails:
        assert mail["Subject"] == "客服周报"
        assert "jörg@example.com" in str(mail["To"])
    assert f"To: ann@example.com, Jörg <{JOERG}>\r\n".encode() in previewed


def test_a_server_without_smtputf8_still_reaches_everybody_else() -> None:
    mailbox = Mailbox()
    with smtp_server(mailbox) as port:
        mails = channel(port, to=(ANN, JOERG))
        error = failure(mails, JOERG)
        mails.send(message(), ANN)
    assert kind(error) == "final"
    assert f"does not offer SMTPUTF8, so no mail with {JOERG}" in str(error)
    [(to, mail)] = mailbox.mails
    assert (to, mail["To"]) == (ANN, ANN)
    assert mail.as_bytes().isascii()


def test_a_sender_that_the_server_cannot_say_is_identified() -> None:
    with smtp_server(Mailbox()) as port:
        error = failure(channel(port, sender="büro@example.com"))
    assert kind(error) == "final"
    assert "no mail with büro@example.com" in str(error)
