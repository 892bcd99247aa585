"""Words of the helpdesks that decide something. They are open lists: a flag or the shape of a record decides first, and
a word that stands nowhere here falls on the careful side and is counted.
"""

BY_RULE = frozenset({"rule", "trigger", "automation", "system"})
VOICE = frozenset({"voice", "phone"})
MESSAGING = frozenset({"native_messaging", "messaging", "chat", "live_chat", "whatsapp", "sms"})
BY_THE_TEAM = frozenset({"outbound_email", "outbound_call"})  # channels on which the team writes or calls first
SPOKEN = frozenset({"voice", "outbound_call"})  # how a comment came that tells of a call: it is no written reply
INTERNAL = frozenset({"internal_task"})  # channels that no customer uses
SHARED = frozenset({"ticket_sharing"})  # how words of another account come: of its people, who are not the team's
MERGE = frozenset({"merge"})  # how a comment came that a merge leaves behind
#: Ways in which people of the team write in the helpdesk itself. Mail, forms, chats, calls, programs and ways that are
#: not known bring in what somebody else said.
IN_THE_HELPDESK = frozenset({"web", "mobile"})
#: Channels that are known and mean nothing special here.
ORDINARY = frozenset({
    "web", "email", "mail", "mobile", "mobile_sdk", "api", "portal", "help_center", "web_form", "web_widget", "form",
    "feedback_widget", "feedback_tab", "forum", "ecommerce", "side_conversation", "twitter", "twitter_dm", "facebook",
    "any_channel", "any", "rule", "system", "bot", "web_service", "closed_ticket", "follow_up", "web_chat",
    "mobile_chat", "chat_bot", "import", "jira", "other",
})  # fmt: skip
KNOWN_CHANNELS = VOICE | MESSAGING | BY_THE_TEAM | INTERNAL | IN_THE_HELPDESK | ORDINARY


def is_messaging(channel: str | None, flag: int | None) -> bool:
    """Whether a ticket is a conversation in a messaging channel. The helpdesk's flag also covers new channels."""
    return bool(flag) or channel in MESSAGING
