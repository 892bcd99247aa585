"""Mails as they arrive at real servers, and what their refusals mean."""

import socket
import threading
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from deliver_fixtures import (
    MONDAY,
    PNG,
    Certificate,
    Mailbox,
    make_certificate,
    message,
    smtp_server,
    unused_port,
)
from hypothesis import given
from hypothesis import strategies as st

from helpdesk_kpi.deliver.channels.email import Email
from helpdesk_kpi.deliver.mime import SUBJECT_LENGTH, Letterhead, build, one_line
from helpdesk_kpi.errors import DeliveryError
from helpdesk_kpi.secret import Secret

ANN, BO, CY = "ann@example.com", "bo@example.com", "cy@example.com"
LETTERHEAD = Letterhead(sender="Desk <desk@example.com>", to=(ANN,))


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def port(mailbox: Mailbox) -> Iterator[int]:
    with smtp_server(mailbox) as port:
        yield port


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("right"), "IP:127.0.0.1")


@pytest.fixture(scope="module")
def certificate_of_another_host(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("other"), "DNS:other.test")


def channel(port: int, **settings: Any) -> Email:
    plain: dict[str, Any] = {"security": "none", "to": (ANN,), "timeout": 10.0}
    return Email(name="leads", host="127.0.0.1", port=port, sender="Desk <desk@example.com>", **(plain | settings))


def failure(channel: Email, recipient: str = ANN) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        channel.send(message(), recipient)
    return caught.value


# What arrives


def test_a_mail_arrives_with_its_parts_in_the_order_that_mail_programs_read(mailbox: Mailbox, port: int) -> None:
    table = ("rows.csv", "text/csv", b"a,b\r\n1,2\r\n")
    channel(port).send(message(attachments=(table,)), ANN)
    [(recipient, mail)] = mailbox.mails
    assert recipient == ANN
    assert [part.get_content_type() for part in mail.walk()] == [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
        "text/csv",
    ]


def test_pictures_are_inline_and_found_by_the_content_id_of_the_html(mailbox: Mailbox, port: int) -> None:
    channel(port).send(message(), ANN)
    picture = next(part for part in mailbox.mails[0][1].walk() if part.get_content_type() == "image/png")
    assert picture["Content-ID"] == "<trend>"
    assert picture.get_content_disposition() == "inline"
    assert picture.get_payload(decode=True) == PNG


def test_a_text_mail_is_one_part(mailbox: Mailbox, port: int) -> None:
    channel(port).send(message(html=None), ANN)
    assert mailbox.mails[0][1].get_content_type() == "text/plain"


def test_chinese_and_dots_at_line_beginnings_arrive_unchanged(mailbox: Mailbox, port: int) -> None:
    text = "首次回复 38 分钟\n.\n..two dots\n" + "长" * 2000 + "\n"
    channel(port).send(message(text=text, subject="客服周报"), ANN)
    mail = mailbox.mails[0][1]
    body = mail.get_body(("plain",))
    assert body is not None
    assert body.get_content().replace("\r\n", "\n") == text
    assert mail["Subject"] == "客服周报"


def test_headers_keep_automatic_answers_out_of_the_helpdesk(mailbox: Mailbox, port: int) -> None:
    channel(port, cc=(BO,), bcc=(CY,), reply_to="lead@example.com").send(message(), ANN)
    mail = mailbox.mails[0][1]
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Auto-Response-Suppress"] == "All"
    assert mail["List-Id"] == "<weekly.helpdesk-kpi.example.com>"
    assert (mail["To"], mail["Cc"], mail["Reply-To"]) == (ANN, BO, "lead@example.com")
    assert CY not in mail.as_string()


def test_the_date_is_when_the_report_was_made() -> None:
    assert build(message(made_at=MONDAY), LETTERHEAD)["Date"] == "Mon, 23 Nov 2026 08:00:00 +0000"


def test_to_cc_and_bcc_are_each_reached_once() -> None:
    mails = channel(25, to=(ANN, f"Bo Li <{BO}>"), cc=(ANN,), bcc=(CY,))
    assert mails.recipients() == [ANN, BO, CY]


# The same bytes


def test_building_a_mail_twice_gives_the_same_bytes() -> None:
    full = message(attachments=(("a.csv", "text/csv", b"1"),))
    assert build(full, LETTERHEAD).as_bytes() == build(full, LETTERHEAD).as_bytes()


@pytest.mark.parametrize("change", [{"variant": "corrected"}, {"start": 0}, {"end": MONDAY + 1}, {"report": "other"}])
def test_another_report_period_or_variant_has_another_message_id(change: dict[str, Any]) -> None:
    other = build(message(**change), LETTERHEAD)
    assert other["Message-ID"] != build(message(), LETTERHEAD)["Message-ID"]


def test_the_preview_is_what_is_sent(mailbox: Mailbox, port: int) -> None:
    mails = channel(port)
    [(name, previewed)] = mails.preview(message(), ANN)
    mails.send(message(), ANN)
    assert name == f"{ANN}.eml"
    assert message_from_bytes(previewed, policy=default)["Message-ID"] == mailbox.mails[0][1]["Message-ID"]


# Hostile subjects


def test_a_line_break_in_a_subject_makes_no_header() -> None:
    mail = build(message(subject="Week 47\r\nBcc: eve@example.com\r\n\r\nbody"), LETTERHEAD)
    assert mail["Subject"] == "Week 47 Bcc: eve@example.com body"
    assert mail["Bcc"] is None


@given(st.text(st.characters(codec=None), max_size=400))
def test_any_subject_and_text_make_a_mail_that_parses_back(text: str) -> None:
    raw = build(message(subject=text, text=text, html=text), LETTERHEAD).as_bytes()
    mail = message_from_bytes(raw, policy=default)
    assert mail["Bcc"] is None
    assert mail["To"] == ANN
    assert "\n" not in mail["Subject"]
    assert raw.isascii()  # not every server takes 8 bits
    assert max(map(len, raw.split(b"\r\n"))) <= 998  # RFC 5322, section 2.1.1


def test_a_long_subject_is_cut_with_a_mark() -> None:
    # 300 letters do not fit into 200: 199 letters and the mark
    assert one_line("x" * 300) == "x" * 199 + "…"
    assert one_line("x" * SUBJECT_LENGTH) == "x" * SUBJECT_LENGTH


# Refusals


def test_one_refused_recipient_stops_no_other(mailbox: Mailbox, port: int) -> None:
    mailbox.at_rcpt[BO] = "550 5.1.1 no such user"
    mails = channel(port, to=(ANN, BO, CY))
    mails.send(message(), ANN)
    error = failure(mails, BO)
    mails.send(message(), CY)
    assert [recipient for recipient, _ in mailbox.mails] == [ANN, CY]
    assert (error.permanent, error.ambiguous) == (True, False)
    assert "550 5.1.1 no such user" in str(error)


def test_a_4xx_before_the_mail_is_tried_again(mailbox: Mailbox, port: int) -> None:
    mailbox.at_mail = "451 4.3.0 try later"
    error = failure(channel(port))
    assert (error.permanent, error.ambiguous) == (False, False)
    assert mailbox.mails == []


def test_a_4xx_after_the_mail_is_an_answer_and_is_tried_again(mailbox: Mailbox, port: int) -> None:
    mailbox.at_data = "452 4.3.1 out of space"
    error = failure(channel(port))
    assert (error.permanent, error.ambiguous) == (False, False)


def test_a_5xx_after_the_mail_is_final(mailbox: Mailbox, port: int) -> None:
    mailbox.at_data = "554 5.7.1 looks like spam"
    assert failure(channel(port)).permanent


def test_a_connection_that_drops_after_the_mail_leaves_it_open_whether_it_arrived(mailbox: Mailbox, port: int) -> None:
    mailbox.drops_after_data = True
    error = failure(channel(port))
    assert error.ambiguous
    assert "may have arrived" in str(error)


def test_silence_after_the_mail_leaves_it_open_whether_it_arrived(mailbox: Mailbox, port: int) -> None:
    mailbox.holds = threading.Event()
    try:
        assert failure(channel(port, timeout=0.3)).ambiguous
    finally:
        mailbox.holds.set()


def test_a_server_that_is_not_there_is_tried_again() -> None:
    error = failure(channel(unused_port()))
    assert (error.permanent, error.ambiguous) == (False, False)


@pytest.mark.parametrize("greeting", [b"554 go away\r\n", b"421 busy\r\n", b"", b"garbage\r\n"])
def test_a_server_that_does_not_greet_is_tried_again(greeting: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=_greet_once, args=(listening, greeting))
        thread.start()
        error = failure(channel(listening.getsockname()[1]))
        thread.join()
    assert (error.permanent, error.ambiguous) == (False, False)


def _greet_once(listening: socket.socket, greeting: bytes) -> None:
    connection, _ = listening.accept()
    with connection:
        connection.sendall(greeting)


def test_a_mail_over_the_limit_is_not_sent(mailbox: Mailbox, port: int) -> None:
    big = message(attachments=(("big.bin", "application/octet-stream", b"x" * 100_000),))  # 133 kB in base64
    with pytest.raises(DeliveryError, match=r"0\.1 MB; max_mb of channel 'leads' is 0\.1") as caught:
        channel(port, max_mb=0.1).send(big, ANN)
    assert caught.value.permanent
    assert mailbox.mails == []


# Encryption and login


def test_starttls_encrypts_before_anything_is_said(mailbox: Mailbox, certificate: Certificate) -> None:
    with smtp_server(mailbox, context=certificate.context) as port:
        channel(port, security="starttls", ca_file=certificate.file).send(message(), ANN)
    assert mailbox.encrypted == [True]


def test_tls_from_the_first_byte(mailbox: Mailbox, certificate: Certificate) -> None:
    with smtp_server(mailbox, context=certificate.context, wrapped=True) as port:
        sent = channel(port, security="tls", ca_file=certificate.file).send(message(), ANN)
    assert sent.state == "sent"
    assert len(mailbox.mails) == 1


@pytest.mark.parametrize("wrapped", [False, True])
def test_an_unknown_certificate_ends_the_conversation(
    mailbox: Mailbox, certificate: Certificate, wrapped: bool
) -> None:
    with smtp_server(mailbox, context=certificate.context, wrapped=wrapped) as port:
        error = failure(channel(port, security="tls" if wrapped else "starttls"))
    assert "CERTIFICATE_VERIFY_FAILED" in str(error)
    assert (error.permanent, error.ambiguous) == (False, False)
    assert mailbox.mails == []


def test_a_certificate_of_another_host_ends_the_conversation(
    mailbox: Mailbox, certificate_of_another_host: Certificate
) -> None:
    with smtp_server(mailbox, context=certificate_of_another_host.context) as port:
        error = failure(channel(port, security="starttls", ca_file=certificate_of_another_host.file))
    assert "IP address mismatch" in str(error)
    assert mailbox.mails == []


def test_a_server_without_starttls_gets_nothing(mailbox: Mailbox, port: int) -> None:
    error = failure(channel(port, security="starttls"))
    assert error.permanent
    assert "offers no STARTTLS" in str(error)
    assert mailbox.mails == []


def test_login_with_the_right_password(mailbox: Mailbox) -> None:
    with smtp_server(mailbox, login=True) as port:
        channel(port, username="desk", password=Secret("right")).send(message(), ANN)
    assert (mailbox.logins, len(mailbox.mails)) == (["desk"], 1)


def test_a_wrong_password_is_final_and_not_repeated_in_the_error(mailbox: Mailbox) -> None:
    with smtp_server(mailbox, login=True) as port:
        error = failure(channel(port, username="desk", password=Secret("hunter2")))
    assert error.permanent
    assert "535" in str(error)
    assert "hunter2" not in str(error)
    assert mailbox.mails == []


def test_a_server_that_knows_no_login_is_final(port: int) -> None:
    error = failure(channel(port, username="desk", password=Secret("right")))
    assert (error.permanent, error.ambiguous) == (True, False)


def test_a_password_is_never_sent_in_clear_to_another_machine() -> None:
    with pytest.raises(ValueError, match="no password unencrypted"):
        Email(
            name="leads", host="mail.example.com", sender=ANN, to=(BO,), security="none",
            username="desk", password=Secret("x"),
        )  # fmt: skip


def test_a_missing_ca_file_is_identified(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"ca_file: there is no file .*none\.pem"):
        channel(25, ca_file=tmp_path / "none.pem")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "ann",
        "ann@",
        "@example.com",
        "a@x.org, b@x.org",
        "ann@example.com\r\nBcc: e@x.org",
        "ann lee@example.com",
        "ann@" + "ü" * 70 + ".example",
    ],
)
def test_what_is_not_one_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match=r"to: .* is not one address"):
        channel(25, to=(address,))
