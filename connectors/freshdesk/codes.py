"""Freshdesk's codes and our names for them. Unknown codes are passed on unchanged.

Documented: https://developers.freshdesk.com/api/#tickets; sources above 3 were seen in real accounts.
"""

from collections.abc import Mapping

from connectors.freshdesk.payloads import Id
from helpdesk_kpi.model import Association

OPEN, RESOLVED, CLOSED = "2", "4", "5"
DONE = frozenset({RESOLVED, CLOSED})
#: Pending, and waiting for the customer or others: the SLA clock is paused, unless the account changed that.
STANDING = frozenset({"3", "6", "7"})
#: State of each status. A custom status counts as open, because the API does not say whether it waits.
STATES = {"2": "open", "3": "pending", "4": "solved", "5": "closed", "6": "pending", "7": "hold"}
STATUSES = {
    "2": "Open", "3": "Pending", "4": "Resolved", "5": "Closed", "6": "Waiting on Customer",
    "7": "Waiting on Third Party",
}  # fmt: skip
PRIORITIES = {"1": "Low", "2": "Medium", "3": "High", "4": "Urgent"}
CHANNELS = {
    "1": "email", "2": "portal", "3": "phone", "4": "forum", "5": "twitter", "6": "facebook", "7": "chat",
    "8": "mobihelp", "9": "feedback_widget", "10": "outbound_email", "11": "ecommerce", "12": "bot", "13": "whatsapp",
    "14": "internal_task", "15": "web_chat", "16": "web_form", "17": "instagram_message", "18": "instagram_comment",
    "19": "facebook_message", "20": "facebook_comment", "21": "mobile_chat", "22": "sms",
}  # fmt: skip
#: Association of tickets. Agents create children and trackers; customers ask on parents and related tickets.
ASSOCIATIONS: Mapping[str, Association] = {"1": "parent", "2": "child", "3": "tracker", "4": "related"}
OUTBOUND = "10"
BY_THE_TEAM = frozenset({"10", "14"})  # an agent wrote the description: outbound mail, internal task
ON_THE_PHONE = "3"
WEB_CHAT = "15"

#: Sources of conversations: https://developers.freshdesk.com/api/#conversations
VIA = {
    "0": "email", "2": "note", "5": "twitter", "6": "survey", "7": "facebook", "8": "forward", "9": "phone",
    "11": "ecommerce",
}  # fmt: skip
FEEDBACK, FORWARD = "6", "8"
FEEDBACK_CATEGORY = "7"


def to_code(value: Id | None) -> str | None:
    return None if value is None else str(value)


def channel(source: Id | None, labels: Mapping[str, str]) -> str | None:
    """Channel of a source; None: not given. `labels`: names of the sources that the account added."""
    if source is None:
        return None
    code = str(source)
    return CHANNELS.get(code) or labels.get(code, f"source {code}").casefold()
