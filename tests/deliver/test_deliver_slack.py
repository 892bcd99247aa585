"""Posts to a webhook, what its refusals mean, and the limits of a message in blocks."""

import json
import logging
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from deliver_fixtures import Chat, chat_server, message, unused_port
from hypothesis import given
from hypothesis import strategies as st

from helpdesk_kpi.deliver.channels.slack import Slack
from helpdesk_kpi.deliver.http_post import retry_after
from helpdesk_kpi.deliver.slack_limits import BLOCKS, SECTION, TOTAL, cut, fit
from helpdesk_kpi.errors import DeliveryError
from helpdesk_kpi.secret import Secret

BLOCKS_OF_A_REPORT = {"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "*First reply* 38 min"}}]}


@pytest.fixture
def chat() -> Chat:
    return Chat()


@pytest.fixture
def url(chat: Chat) -> Iterator[str]:
    with chat_server(chat) as url:
        yield url


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of this machine would be asked for 127.0.0.1 as well."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def channel(url: str, **settings: Any) -> Slack:
    return Slack(name="team", url=Secret(url), **settings)


def with_blocks(**changes: Any) -> Any:
    return message(payloads={"slack": json.dumps(BLOCKS_OF_A_REPORT).encode()}, **changes)


def failure(url: str, **settings: Any) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        channel(url, **settings).send(with_blocks(), "webhook")
    return caught.value


# What is posted


def test_the_blocks_are_posted_with_a_text_for_notifications(chat: Chat, url: str) -> None:
    sent = channel(url).send(with_blocks(), "webhook")
    assert sent.state == "sent"
    assert chat.posts == [{**BLOCKS_OF_A_REPORT, "text": "Support week 47: first reply 38 min"}]


def test_a_report_without_blocks_is_posted_as_escaped_text(chat: Chat, url: str) -> None:
    channel(url).send(message(subject="<!channel> & co", text="a < b"), "webhook")
    assert chat.posts == [{"text": "&lt;!channel&gt; &amp; co\n\na &lt; b", "unfurl_links": False}]


def test_the_preview_is_what_is_posted(chat: Chat, url: str) -> None:
    slack = channel(url)
    slack.send(with_blocks(), "webhook")
    [(name, body)] = slack.preview(with_blocks(), "webhook")
    assert name == "webhook.json"
    assert json.loads(body) == chat.posts[0]


def test_refused_blocks_are_sent_once_more_as_plain_text(chat: Chat, url: str) -> None:
    chat.answers = [(400, "invalid_blocks", {})]
    sent = channel(url).send(with_blocks(), "webhook")
    assert "as plain text" in sent.detail
    assert ["blocks" in post for post in chat.posts] == [True, False]


def test_blocks_and_text_both_refused_is_final(chat: Chat, url: str) -> None:
    chat.answers = [(400, "invalid_blocks", {}), (400, "msg_too_long", {})]
    assert failure(url).permanent
    assert len(chat.posts) == 2


def test_a_payload_that_is_no_object_is_final_and_not_posted(chat: Chat, url: str) -> None:
    with pytest.raises(DeliveryError, match="no JSON object") as caught:
        channel(url).send(message(payloads={"slack": b"[1, 2"}), "webhook")
    assert caught.value.permanent
    assert chat.posts == []


# What answers mean


@pytest.mark.parametrize(
    ("status", "said", "hint"),
    [
        (400, "invalid_payload", "slack.json.j2"),
        (403, "action_prohibited", "administrator"),
        (404, "no_service", "make a new one"),
        (410, "channel_is_archived", "restore the channel"),
        (400, "something_new", "something_new"),
    ],
)
def test_a_refusal_is_final_and_says_what_to_do(chat: Chat, url: str, status: int, said: str, hint: str) -> None:
    chat.answers = [(status, said, {})]
    error = failure(url)
    assert (error.permanent, error.ambiguous) == (True, False)
    assert said in str(error)
    assert hint in str(error)


def test_too_many_posts_wait_as_long_as_requested(chat: Chat, url: str) -> None:
    chat.answers = [(429, "rate_limited", {"Retry-After": "30"})]
    error = failure(url)
    assert (error.permanent, error.ambiguous, error.retry_after) == (False, False, 30.0)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(None, None), ("0", 0.0), (" 7 ", 7.0), ("-1", None), ("soon", None), ("", None), ("9" * 12, None)],
)
def test_only_a_plain_number_of_seconds_is_a_wait(header: str | None, seconds: float | None) -> None:
    assert retry_after(header) == seconds


@pytest.mark.parametrize("status", [500, 503, 504])
def test_an_internal_error_leaves_it_open_whether_it_was_posted(chat: Chat, url: str, status: int) -> None:
    chat.answers = [(status, "rollup_error", {})]
    assert failure(url).ambiguous


def test_an_ok_status_without_the_word_ok_is_not_taken_for_success(chat: Chat, url: str) -> None:
    chat.answers = [(200, "<html>Please log in</html>", {})]
    error = failure(url)
    assert error.ambiguous
    assert "Please log in" in str(error)


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
def test_a_redirect_is_final_and_is_not_followed(chat: Chat, url: str, status: int) -> None:
    chat.answers = [(status, "", {"Location": "https://login.example.com/services/m0ved?token=s3cr3t"})]
    error = failure(url)
    assert (error.permanent, error.ambiguous, len(chat.posts)) == (True, False, 1)
    assert f"127.0.0.1 answered {status}, a redirect to login.example.com, which is not followed" in str(error)
    assert "m0ved" not in str(error)
    assert "s3cr3t" not in str(error)


@pytest.mark.parametrize("place", [None, "/services/m0ved", "https://[broken/m0ved"])
def test_a_redirect_to_nowhere_names_the_host_that_answered(chat: Chat, url: str, place: str | None) -> None:
    chat.answers = [(302, "ok", {"Location": place} if place else {})]
    error = failure(url)
    assert error.permanent
    assert "a redirect to 127.0.0.1" in str(error)
    assert "m0ved" not in str(error)


@pytest.mark.parametrize(
    ("status", "body", "becomes"),
    [
        # A webhook answers "ok" with 200; other words of success are another service's, which may not have posted.
        (200, "ok", "sent"),
        (200, " ok\n", "sent"),
        (200, '{"ok": true, "ts": "1"}', "sent"),
        (200, '{"ok": false, "error": "invalid_auth"}', "final"),
        (200, '{"ok": false, "error": "ratelimited"}', "again"),
        (200, '{"ok": false, "error": "internal_error"}', "unknown"),
        (200, '{"ok": false}', "final"),
        (200, "", "unknown"),
        (201, "ok", "unknown"),
        (202, "ok", "unknown"),
        (204, "", "unknown"),
        (400, '{"ok": false, "error": "channel_not_found"}', "final"),
        (400, "", "final"),
        (408, "", "again"),
        (425, "", "again"),
        (429, "", "again"),
        (502, "", "unknown"),
    ],
)
def test_what_an_answer_means(chat: Chat, url: str, status: int, body: str, becomes: str) -> None:
    chat.answers = [(status, body, {})]
    try:
        reported: str = channel(url).send(with_blocks(), "webhook").state
    except DeliveryError as error:
        reported = "unknown" if error.ambiguous else "final" if error.permanent else "again"
    assert reported == becomes


def test_an_answer_before_the_answer_leaves_it_open_whether_it_was_posted() -> None:
    """101 and 103 are no outcome, and nothing else comes."""
    for first in (b"HTTP/1.1 103 Early Hints\r\n\r\n", b"HTTP/1.1 101 Switching Protocols\r\n\r\n"):
        with socket.create_server(("127.0.0.1", 0)) as listening:
            thread = threading.Thread(target=_read_and_close, args=(listening, first))
            thread.start()
            error = failure(f"http://127.0.0.1:{listening.getsockname()[1]}/services/s3cr3t")
            thread.join()
        assert error.ambiguous


@pytest.mark.parametrize("host", ["a" * 70 + ".example", "hooks..example.com", "xn--\u00fc.example"])
def test_a_host_that_cannot_exist_is_no_bug_and_nothing_was_sent(host: str) -> None:
    error = failure(f"https://{host}/services/s3cr3t")
    assert not error.ambiguous
    assert "s3cr3t" not in str(error)


def test_silence_after_the_post_leaves_it_open_whether_it_was_posted(chat: Chat, url: str) -> None:
    chat.holds.clear()
    error = failure(url, timeout=0.3)
    assert error.ambiguous
    assert not error.permanent


def test_a_connection_that_drops_after_the_post_leaves_it_open_whether_it_was_posted() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=_read_and_close, args=(listening,))
        thread.start()
        error = failure(f"http://127.0.0.1:{listening.getsockname()[1]}/services/s3cr3t")
        thread.join()
    assert error.ambiguous


def _read_and_close(listening: socket.socket, answer: bytes = b"") -> None:
    connection, _ = listening.accept()
    with connection:
        connection.recv(65536)
        connection.sendall(answer)


def test_a_service_that_is_not_there_is_tried_again() -> None:
    error = failure(f"http://127.0.0.1:{unused_port()}/services/s3cr3t")
    assert (error.permanent, error.ambiguous) == (False, False)


# The address is a secret


@pytest.mark.parametrize("status", [404, 429, 500])
def test_the_address_is_in_no_error(chat: Chat, url: str, status: int) -> None:
    chat.answers = [(status, "no", {})]
    error = failure(url)
    assert "s3cr3t" not in f"{error}{error.__cause__}"
    assert "s3cr3t" not in repr(channel(url))


def test_the_address_is_in_no_error_of_a_failed_connection_and_in_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    error = failure(f"http://127.0.0.1:{unused_port()}/services/s3cr3t")
    assert "s3cr3t" not in f"{error}{error.__cause__}{caplog.text}"
    assert error.__suppress_context__


def test_the_address_is_in_no_log_of_a_post(chat: Chat, url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    channel(url).send(with_blocks(), "webhook")
    assert len(chat.posts) == 1
    assert "s3cr3t" not in caplog.text


@pytest.mark.parametrize(
    "url", ["http://hooks.example.com/s3cr3t", "hooks.example.com/s3cr3t", "ftp://127.0.0.1/s", ""]
)
def test_an_address_in_clear_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(ValueError, match="https://") as caught:
        channel(url)
    assert "s3cr3t" not in str(caught.value)


# Limits


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def test_a_payload_within_the_limits_is_left_as_it_is() -> None:
    assert fit(BLOCKS_OF_A_REPORT) == BLOCKS_OF_A_REPORT


def test_more_than_fifty_blocks_are_cut_and_counted() -> None:
    fitted = fit({"blocks": [section(str(number)) for number in range(60)]})
    # 49 blocks and the line about the other 11
    assert len(fitted["blocks"]) == BLOCKS
    assert fitted["blocks"][48]["text"]["text"] == "48"
    assert fitted["blocks"][49]["elements"][0]["text"] == "… +11"


def test_more_than_twelve_thousand_characters_are_cut_at_a_whole_block() -> None:
    fitted = fit({"blocks": [section("x" * 2500) for _ in range(8)]})
    # a block counts 2500 + "section" 7 + "mrkdwn" 6 = 2513; 11,900 hold four
    assert len(fitted["blocks"]) == 5
    assert fitted["blocks"][4]["elements"][0]["text"] == "… +4"


def test_a_long_section_is_cut_after_a_line() -> None:
    text = "\n".join(["x" * 99] * 40)  # 40 lines of 100 characters with their ends, but the last
    cut_text = fit({"blocks": [section(text)]})["blocks"][0]["text"]["text"]
    # 2,995 characters hold 29 whole lines: 2,900 less the last line's end, and the mark
    assert cut_text == "\n".join(["x" * 99] * 29) + "…"


def test_a_cut_table_closes_its_fence() -> None:
    text = "```\n" + "\n".join(["row"] * 2000) + "\n```"
    assert cut(text, SECTION).endswith("row…\n```")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("a" * 10 + "&amp;" * 5, "a" * 10 + "…"),  # 13 characters hold half an entity
        ("a" * 10 + "<https://example.com|x>", "a" * 10 + "…"),
        ("a" * 11 + "``` codes", "a" * 11 + "…"),  # half a fence
        ("a" * 10 + "``` codes", "a" * 10 + "…"),  # a fence with nothing in it
    ],
)
def test_a_cut_leaves_no_half_of_an_entity_a_link_or_a_fence(text: str, kept: str) -> None:
    assert cut(text, 18) == kept


@given(st.text("ab`<>&;\n", max_size=300), st.integers(10, 200))
def test_a_cut_text_is_within_its_limit_and_has_no_open_fence(text: str, limit: int) -> None:
    kept = cut(text, limit)
    assert len(kept) <= limit
    if len(text) > limit:
        assert kept.count("```") % 2 == 0


ANY_BLOCK = st.builds(section, st.text("x\n", max_size=5000)) | st.just({"type": "divider"})


@given(st.lists(ANY_BLOCK, max_size=70))
def test_whatever_a_template_gives_is_within_the_limits(blocks: list[dict[str, Any]]) -> None:
    fitted = fit({"blocks": blocks})["blocks"]
    texts = [block["text"]["text"] for block in fitted if block["type"] == "section"]
    assert len(fitted) <= BLOCKS
    assert sum(map(len, texts)) <= TOTAL
    assert all(len(text) <= SECTION for text in texts)
