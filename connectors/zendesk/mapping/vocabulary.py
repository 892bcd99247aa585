"""Zendesk's vocabulary: channels and kinds of events.

These lists are open. A documented flag or the shape of a row decides first; unknown words are counted.

https://developer.zendesk.com/documentation/ticketing/reference-guides/via-types/
https://developer.zendesk.com/documentation/ticketing/reference-guides/ticket-audit-events-reference/
"""

from collections.abc import Mapping
from typing import Any

#: Numbers of channels -> names of channels in tickets. Numbers above 41 are undocumented; they are from a public model
#: of Zendesk's data.
BY_NUMBER = {
    0: "web", 4: "email", 5: "api", 8: "rule", 9: "linked_problem", 19: "merge", 20: "batch", 26: "twitter",
    27: "closed_ticket", 29: "chat", 30: "twitter", 31: "ticket_sharing", 33: "voice", 34: "voice", 35: "voice",
    38: "facebook", 39: "import", 41: "facebook", 49: "mobile_sdk", 50: "help_center", 51: "sample_ticket",
    52: "sample_ticket", 55: "any_channel", 56: "mobile", 57: "sms", 69: "side_conversation", 72: "line", 73: "wechat",
    74: "whatsapp", 75: "native_messaging", 76: "mailgun", 77: "messagebird_sms",
    78: "sunshine_conversations_facebook_messenger", 79: "telegram", 80: "twilio_sms", 81: "viber", 82: "google_rcs",
    83: "apple_business_chat", 84: "google_business_messages", 85: "kakaotalk", 86: "instagram_dm",
    87: "sunshine_conversations_api", 88: "sunshine_conversations_twitter_dm", 90: "chat_transcript",
    91: "business_messaging_slack_connect",
}  # fmt: skip
OUTBOUND_CALL = 35
OUTBOUND = "outbound_call"  # our channel for calls that the team made
#: Names of channels in exports -> names of channels in tickets. Others are lower-cased.
BY_NAME = {
    "mail": "email", "web form": "web", "web service": "api", "web service (api)": "api", "rule": "rule",
    "automation": "rule", "trigger": "rule", "phone call (incoming)": "voice", "phone call (outbound)": "voice",
    "phone call (inbound)": "voice", "phone call outbound": "voice", "phone call inbound": "voice",
    "phone_call_outbound": "voice", "phone_call_inbound": "voice", "voicemail": "voice",
    "messaging": "native_messaging", "web widget": "web_widget", "mobile sdk": "mobile_sdk",
    "help center post": "help_center", "chat": "chat", "closed ticket": "closed_ticket", "merge": "merge",
    "facebook post": "facebook", "facebook message": "facebook", "web_form": "web", "web_service": "api",
    "import": "import", "ticket import": "import", "ticket sharing": "ticket_sharing",
}  # fmt: skip
_OUTBOUND_NAMES = frozenset({"phone call (outbound)", "phone call outbound", "phone_call_outbound"})
#: Channels of messaging, for rows without `from_messaging_channel`: numbers 72 to 91, and some names.
MESSAGING = frozenset({word for number, word in BY_NUMBER.items() if number >= 72}) | {
    "messaging", "sunshine_conversations",
}  # fmt: skip
MERGE, IMPORT, SIDE_CONVERSATION = "merge", "import", "side_conversation"
WAYS = frozenset({*BY_NUMBER.values(), *BY_NAME.values(), *MESSAGING, "web_widget", "feedback_tab", "mobile"})

COMMENTS = frozenset({"Comment"})
#: Kinds of events that have no information about comments or fields of the ticket.
SILENT = frozenset({
    "Create", "Change", "AgentMacroReference", "MacroReference", "SatisfactionRating", "Notification",
    "NotificationWithCcs", "Cc", "FollowersCc", "FollowerNotificationEvent", "FollowerChange", "EmailCcChange",
    "OrganizationActivity", "OrganizationSubscription", "ProblemSolvedEvent", "SlaTargetChange",
    "TicketSharingEvent", "SuspendedTicketRecovery", "SuspendedTicket", "Error", "External", "Push",
    "ForwardingEvent", "ChannelFrameworkEvent", "AgentWorkspaceSwitch", "CommentPrivacyChange",
    "CommentRedactionEvent", "AttachmentRedactionEvent", "SurveyOffered", "SurveyResponseSubmitted",
    "ChatStartedEvent", "ChatEndedEvent", "OfferedTo", "AssociateAttValsEvent", "CollabThreadCreated",
    "CollabThreadReply", "CollabThreadClosed", "CollabThreadReopened", "LogMeInTranscript", "SkillAssigned",
    "RoutingChannel", "TicketUnshare", "KnowledgeLinked", "KnowledgeFlagged", "UserCustomFieldEvent",
    "MessagingCsatEvent", "ScheduleAssignment",
})  # fmt: skip


def map_channel(channel: Any) -> str | None:
    """Name of a channel in tickets, from a number or a name; None: not given."""
    if isinstance(channel, bool) or not isinstance(channel, int | str) or channel == "":
        return None
    if isinstance(channel, int) or channel.isdecimal():
        return BY_NUMBER.get(int(channel), str(channel))
    return BY_NAME.get(channel.lower(), channel.lower())


def is_outbound_call(channel: Any, rel: Any) -> bool:
    """Whether the team made the call."""
    has_outbound_name = isinstance(channel, str) and channel.lower() in _OUTBOUND_NAMES
    return rel == "outbound" or str(channel) == str(OUTBOUND_CALL) or has_outbound_name


def is_comment(kind: str, child: Mapping[str, Any]) -> bool:
    """Whether a child is a comment: by its kind, or because it has an author, a text and a visibility."""
    if kind in COMMENTS or "comment_present" in child:
        return True
    has_text = isinstance(child.get("body"), str) or isinstance(child.get("html_body"), str)
    return "author_id" in child and has_text and "public" in child


def is_call(kind: str, child: Mapping[str, Any]) -> bool:
    """Whether a child is a call. It looks like a public comment, but is no written reply."""
    data = child.get("data")
    return "voice" in kind.lower() or (isinstance(data, Mapping) and not {"call_id", "call_duration"}.isdisjoint(data))
