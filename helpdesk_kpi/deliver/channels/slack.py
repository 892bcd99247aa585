"""Slack by incoming webhook: one channel of a workspace, no files. Compatible services (Mattermost) work as well."""

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

import msgspec
from msgspec import Meta

from helpdesk_kpi.deliver.contract import Channel, Message, Part, Sent
from helpdesk_kpi.deliver.http_post import check_address, line, post_json
from helpdesk_kpi.deliver.mime import whole
from helpdesk_kpi.deliver.slack_limits import cut, fit
from helpdesk_kpi.errors import DeliveryError
from helpdesk_kpi.secret import Secret

#: What Slack says in the body, and what a person can do about it.
#: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors
HINTS = {
    "action_prohibited": "an administrator of the workspace restricts this webhook",
    "channel_is_archived": "restore the channel, or make a webhook for another one",
    "channel_not_found": "the channel is gone: make a webhook for another one",
    "invalid_payload": "the template's slack.json.j2 gives what Slack does not read",
    "invalid_token": "the webhook was revoked: make a new one",
    "no_service": "the webhook was removed: make a new one",
    "no_team": "the workspace is gone",
    "no_text": "the template's slack.json.j2 gives neither text nor blocks",
    "posting_to_general_channel_denied": "only some members may post there: make a webhook for another channel",
}
#: Words of a JSON answer (`ok`: false) that are no refusal for good.
#: https://docs.slack.dev/reference/methods/chat.postMessage#errors
LATER = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded"})
UNCERTAIN = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout"})
#: Refusals of the blocks, not of the message: plain text still gets through.
BLOCKS_REFUSED = ("invalid_blocks", "msg_blocks_too_long", "msg_too_long")


class Slack(Channel, frozen=True, kw_only=True, forbid_unknown_fields=True):
    kind: ClassVar[str] = "slack"
    is_group: ClassVar[bool] = True

    url: Secret
    timeout: Annotated[float, Meta(gt=0, le=600)] = 20.0

    def __post_init__(self) -> None:
        check_address(self.url)

    def recipients(self) -> Sequence[str]:
        return ["webhook"]

    def preview(self, message: Message, recipient: str) -> Sequence[Part]:
        return [(f"{recipient}.json", _body(message))]

    def send(self, message: Message, recipient: str) -> Sent:  # noqa: ARG002 - a webhook has one
        said = self._post(_body(message))
        if not said:
            return Sent("sent")
        if not said.startswith(BLOCKS_REFUSED):
            raise _to_delivery_error(said)
        if refused := self._post(_plain(message)):
            raise _to_delivery_error(refused)
        return Sent("sent", detail=f"as plain text, since Slack refused the blocks: {said}")

    def _post(self, body: bytes) -> str:
        """ "" when posted, else Slack's refusal in its words."""
        answer = post_json(self.url, body, timeout=self.timeout)
        said = line(answer.text)
        result = _parse_result(answer.content)
        if answer.status_code == 200 and (said == "ok" or result is True):
            return ""
        if isinstance(result, str):
            return _settled(result)
        if answer.ok:
            raise DeliveryError(f"answered {answer.status_code} {said!r}, not 'ok'", permanent=False, ambiguous=True)
        return said or f"status {answer.status_code}"


def _parse_result(body: bytes) -> str | bool:
    """What an answer in JSON says: True when posted, Slack's word for the refusal, False when it says neither."""
    try:
        answer = msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.DecodeError:
        return False
    if answer.get("ok") is True:
        return True
    return line(str(answer.get("error") or "no reason given")) if answer.get("ok") is False else False


def _settled(word: str) -> str:
    """The word of a refusal that is final; the others are raised."""
    if word in LATER:
        raise DeliveryError(f"Slack asks to send later: {word}", permanent=False)
    if word in UNCERTAIN:
        raise DeliveryError(f"Slack answered {word}; it may have been posted", permanent=False, ambiguous=True)
    return word


def _body(message: Message) -> bytes:
    """The template's blocks within Slack's limits, else plain text."""
    if "slack" not in message.payloads:
        return _plain(message)
    payload = _decode_payload(message)
    payload.setdefault("text", message.subject)  # what a notification shows
    return msgspec.json.encode(fit(payload))


def _decode_payload(message: Message) -> dict[str, Any]:
    try:
        return msgspec.json.decode(message.payloads["slack"], type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise DeliveryError(
            f"the Slack payload of {message.report!r} is no JSON object: {error}", permanent=True
        ) from error


def _plain(message: Message) -> bytes:
    text = whole(f"{message.subject}\n\n{message.text}")
    for letter, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(letter, entity)  # else "<!channel>" in a ticket's subject calls everybody
    return msgspec.json.encode({"text": cut(text, 4000), "unfurl_links": False})


def _to_delivery_error(said: str) -> DeliveryError:
    hint = HINTS.get(said.partition(":")[0].strip())
    return DeliveryError(f"Slack refused: {said}" + (f" ({hint})" if hint else ""), permanent=True)
