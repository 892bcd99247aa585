"""Zendesk's names for what the desk calls otherwise, and its ids and addresses."""

from typing import Any

from helpdesk_kpi.simulator.world.facts import Comment, Created, Update
from helpdesk_kpi.simulator.world.support_desk import BASE, CATEGORY_FIELD
from helpdesk_kpi.simulator.world.ticket_history import TicketUpdate

FIELDS = {
    "status": "status",
    "priority": "priority",
    "team": "group_id",
    "assignee": "assignee_id",
    "category": str(CATEGORY_FIELD),
    "type": "type",
    "form": "ticket_form_id",
    "brand": "brand_id",
}
STATUSES = ("new", "open", "pending", "hold", "solved")
CUSTOM_STATUS = {status: BASE + 801 + i * 4 for i, status in enumerate(STATUSES)}
#: How the export of ticket events spells a channel; the via of comments and tickets spells it as the desk does.
VIA_TYPE = {
    "web": "Web form",
    "email": "Mail",
    "api": "Web service",
    "rule": "Rule",
    "voice": "Phone call (incoming)",
    "native_messaging": "Messaging",
}
_RULES = BASE + 901


def rule_id(title: str) -> int:
    """A stable id for a trigger or automation, made of its title."""
    return _RULES + sum(title.encode()) * 4


def rel(title: str) -> str:
    """Triggers act at once, automations after hours or days."""
    if "Linked problem" in title:
        return "problem"
    return "automation" if "days" in title or "out of date" in title else "trigger"


def via(channel: str, rule: str | None = None, source: dict[str, Any] | None = None) -> dict[str, Any]:
    """https://developer.zendesk.com/documentation/ticketing/reference-guides/via-object-reference/"""
    if rule is not None:
        came = {"from": {"deleted": False, "title": rule, "id": rule_id(rule)}, "to": {}, "rel": rel(rule)}
        return {"channel": "rule", "source": came}
    return {"channel": channel, "source": {"from": {}, "to": {}, "rel": None} | (source or {})}


def comment_via(save: TicketUpdate) -> dict[str, Any]:
    fact = save.fact
    if isinstance(fact, Created):
        return via(fact.channel)
    if fact.merged_from:
        return via(fact.via, None, {"from": {"ticket_id": fact.merged_from}, "rel": "merge"})
    if fact.merged_into:
        return via(fact.via, None, {"to": {"ticket_id": fact.merged_into}, "rel": "merge"})
    return via(fact.via, fact.rule)


def channel(fact: Created | Update) -> str:
    return fact.channel if isinstance(fact, Created) else fact.via


def author(fact: Created | Update) -> int:
    """Who saved it; -1 is the helpdesk itself."""
    if isinstance(fact, Created):
        return fact.submitter or fact.requester
    return fact.typed_by or fact.actor


def first_author(created: Created) -> int:
    """The author of the first message in the API: for tickets from the API, the API user."""
    brought_in = None if created.channel == "api" else created.writer
    return brought_in or created.submitter or created.requester


def value(field: str, given: Any) -> Any:
    """A value as the export of ticket events writes it: ids are text."""
    return str(given) if field in {"team", "assignee", "form", "brand"} and given is not None else given


def html(text: str) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    lines = "<br>".join(escaped.split("\n"))
    return f'<div class="zd-comment" dir="auto"><p dir="auto">{lines}</p></div>'


def article_url(base: str, locale: str, number: int) -> str:
    return f"{base}/hc/{locale}/articles/{number}-article"


def body(comment: Comment, base: str, locale: str, read_more: str) -> str:
    """What the helpdesk stored: the text, a link to an article, then what the mail program added."""
    link = f"\n\n{read_more} {article_url(base, locale, comment.article)}" if comment.article else ""
    return comment.text + link + comment.dressing
