"""Tickets imported in one second: any number, all alike, without a history.

They show what a list ordered by time of update does when a second holds more of them than its pages.
"""

from typing import Any

import msgspec

from helpdesk_kpi.simulator.freshdesk.vocabulary import CLOSED, PORTAL, html
from helpdesk_kpi.simulator.world.clock import DAY, SECOND, iso
from helpdesk_kpi.simulator.world.facts import Role
from helpdesk_kpi.simulator.world.world import World

FIRST = 5_000_001
BEFORE_END = 10 * DAY
_SUBJECT = "Imported"
_CUSTOMER: Role = "customer"
_encode = msgspec.json.Encoder().encode


class Bulk:
    """`count` tickets from id FIRST on, created and last updated in the same second, ten days before the end."""

    def __init__(self, world: World, count: int) -> None:
        self.world, self.count = world, count
        self.at = (world.desk.end - BEFORE_END) // SECOND * SECOND
        self.template: dict[tuple[str, ...], dict[str, Any]] = {}

    def index(self) -> list[tuple[int, int]]:
        if self.at > self.world.now:
            return []
        return [(self.at // SECOND, FIRST + i) for i in range(self.count)]

    def has(self, number: int) -> bool:
        return FIRST <= number < FIRST + self.count and self.at <= self.world.now

    def created(self, _number: int) -> int:
        return self.at

    def code(self, _number: int) -> int:
        return CLOSED

    def row(self, number: int, includes: tuple[str, ...]) -> msgspec.Raw:
        return msgspec.Raw(_encode(self.ticket(number, includes)))

    def ticket(self, number: int, includes: tuple[str, ...]) -> dict[str, Any]:
        if includes not in self.template:
            self.template[includes] = self.alike(includes)
        return self.template[includes] | {"id": number}

    def alike(self, includes: tuple[str, ...]) -> dict[str, Any]:
        """A row without an id."""
        who = next(account for account in self.world.desk.accounts if account.roles[0][1] == _CUSTOMER)
        at = iso(self.at)
        shown: dict[str, Any] = dict.fromkeys(_NULL) | {
            "id": 0, "spam": False, "priority": 1, "requester_id": who.id, "company_id": who.organization,
            "source": PORTAL, "status": CLOSED, "subject": _SUBJECT, "due_by": at, "fr_due_by": at,
            "fr_escalated": False, "nr_escalated": False, "is_escalated": False, "created_at": at, "updated_at": at,
            "custom_fields": {"cf_category": None}, "tags": [],
        }  # fmt: skip
        person = {"id": who.id, "name": who.name, "email": who.email, "mobile": None, "phone": None}
        times = dict.fromkeys(STATS) | dict.fromkeys(("status_updated_at", "resolved_at", "closed_at"), at)
        more: dict[str, dict[str, Any]] = {
            "requester": {"requester": person},
            "stats": {"stats": times},
            "company": {"company": {}},
            "description": {"description": html(_SUBJECT), "description_text": _SUBJECT},
        }
        for name in includes:
            shown |= more.get(name, {})
        return shown


_NULL = (
    "cc_emails", "fwd_emails", "reply_cc_emails", "ticket_cc_emails", "ticket_bcc_emails", "email_config_id",
    "group_id", "responder_id", "support_email", "to_emails", "product_id", "type", "source_info",
    "structured_description", "sentiment_score", "initial_sentiment_score", "form_id", "association_type",
    "associated_tickets_count", "nr_due_by",
)  # fmt: skip
STATS = (
    "agent_responded_at", "requester_responded_at", "first_responded_at", "status_updated_at", "reopened_at",
    "resolved_at", "closed_at", "pending_since",
)  # fmt: skip
