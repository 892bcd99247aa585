"""Freshdesk's codes and labels for what the desk calls otherwise.

Codes of status, priority and source: https://developers.freshdesk.com/api/#tickets
"""

from typing import Any

from helpdesk_kpi.simulator.world.facts import Comment, Created
from helpdesk_kpi.simulator.world.support_desk import BASE
from helpdesk_kpi.simulator.world.world import World

OPEN, PENDING, RESOLVED, CLOSED, WAITING_ON_CUSTOMER, WAITING_ON_THIRD_PARTY = 2, 3, 4, 5, 6, 7
AI_AGENT = 9000  # "Assigned to AI Agent"
STATUSES = {
    "new": OPEN, "open": OPEN, "pending": PENDING, "hold": WAITING_ON_THIRD_PARTY, "solved": RESOLVED,
    "closed": CLOSED,
}  # fmt: skip
LABELS = {
    OPEN: ("Open", "Being Processed"),
    PENDING: ("Pending", "Awaiting your Reply"),
    RESOLVED: ("Resolved", "This ticket has been Resolved"),
    CLOSED: ("Closed", "This ticket has been Closed"),
    WAITING_ON_CUSTOMER: ("Waiting on Customer", "Awaiting your Reply"),
    WAITING_ON_THIRD_PARTY: ("Waiting on Third Party", "Being Processed"),
    AI_AGENT: ("Assigned to AI Agent", "Being Processed"),
}
URGENT = 4
PRIORITIES = {"urgent": URGENT, "high": 3, "normal": 2, "low": 1, None: 1}  # there is no ticket without one
PRIORITY_LABELS = {"Low": 1, "Medium": 2, "High": 3, "Urgent": URGENT}
EMAIL, PORTAL, PHONE, CHAT, OUTBOUND, WEB_CHAT = 1, 2, 3, 7, 10, 15
SOURCE_LABELS = {
    "Email": EMAIL, "Portal": PORTAL, "Phone": PHONE, "Chat": CHAT, "Feedback Widget": 9, "Outbound Email": OUTBOUND,
    "Web Chat": WEB_CHAT,
}  # fmt: skip
TYPES = {"question": "Question", "incident": "Incident", "problem": "Problem"}
TRACKER, RELATED = 3, 4  # kinds of association
MERGE_TAG = "closed_by_merge"  # another helpdesk's mark; here a merged ticket has none
_SOURCES = {"email": EMAIL, "voice": PHONE}
_AUTOMATIONS = BASE + 921
#: What the helpdesk itself proposes as the note on a merged ticket.
_MERGED = {
    "en": "This ticket is closed and merged into ticket #{other}",
    "zh": "此工单已关闭并合并到工单 #{other}",
}


def status(state: dict[str, Any], *, is_ai_agents: bool) -> int:
    """The code of a ticket's status; one that an AI agent works on has a status of its own."""
    code = STATUSES[state["status"]]
    return AI_AGENT if code == OPEN and is_ai_agents else code


def source(world: World, created: Created) -> int:
    if outbound(world, created):
        return OUTBOUND
    if created.channel == "native_messaging":
        return WEB_CHAT if created.ticket % 2 else CHAT
    return PHONE if created.is_dictated else _SOURCES.get(created.channel, PORTAL)


def outbound(world: World, created: Created) -> bool:
    """Written by an agent to a customer. What an agent wrote down about a call is none."""
    writer = created.writer or created.submitter
    if writer is None or created.channel == "voice" or not created.comment.public:
        return False
    return is_agent(world, writer, created.at) and not is_agent(world, created.requester, created.at)


def is_agent(world: World, account: int, at: int) -> bool:
    """Whether an account is an agent for the helpdesk at that time; bots are agents, rules have no account."""
    known = world.accounts.get(account)
    return known is not None and known.role_at(at) != "customer"


def automation_id(title: str) -> int:
    """A stable id for a rule, made of its title."""
    return _AUTOMATIONS + sum(title.encode()) * 4


def merge_note(world: World, other: int) -> str:
    return _MERGED["zh" if world.plan.locale == "zh" else "en"].format(other=other)


def html(text: str) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return "<div>" + "<br>".join(escaped.split("\n")) + "</div>"


def article_url(base: str, number: int) -> str:
    return f"{base}/support/solutions/articles/{number}-article"


def body(comment: Comment, world: World, base: str) -> str:
    """What the helpdesk stored: the text, a link to an article, then what the mail program added."""
    words = world.desk.words
    link = f"\n\n{words.read_more} {article_url(base, comment.article)}" if comment.article else ""
    return comment.text + link + comment.dressing
