"""The `stats` of a ticket: its last instants. https://developers.freshdesk.com/api/#view_a_ticket"""

from typing import Any

from helpdesk_kpi.simulator.freshdesk.conversations import ConversationEntry
from helpdesk_kpi.simulator.freshdesk.sla import asks, responds
from helpdesk_kpi.simulator.freshdesk.vocabulary import outbound
from helpdesk_kpi.simulator.world.clock import iso
from helpdesk_kpi.simulator.world.facts import Answered
from helpdesk_kpi.simulator.world.ticket_history import DONE, TicketHistory, TicketUpdate
from helpdesk_kpi.simulator.world.world import World


def stats(
    world: World, story: TicketHistory, saves: list[TicketUpdate], written: list[ConversationEntry]
) -> dict[str, str | None]:
    """Survey feedback counts as the requester's response; what an agent writes on an outbound ticket as none."""
    replies = [] if outbound(world, story.created) else [save.at for save in saves if responds(world, save)]
    contacts = [save.at for save in saves if asks(world, save)]
    contacts += [entry.at for entry in written if isinstance(entry.fact, Answered)]
    times = _statuses(story, saves) | {
        "agent_responded_at": replies[-1] if replies else None,
        "requester_responded_at": max(contacts, default=None),
        "first_responded_at": replies[0] if replies else None,
    }
    return {name: None if at is None else iso(at) for name, at in times.items()}


def _statuses(story: TicketHistory, saves: list[TicketUpdate]) -> dict[str, Any]:
    """What was resolved and reopened keeps its old times on odd tickets and loses them on even ones.

    The pages do not say which is right, so nobody should rely on either.
    """
    times: dict[str, Any] = dict.fromkeys(("reopened_at", "resolved_at", "closed_at", "pending_since"))
    before = "open"
    for save in saves:
        after = save.changes.get("status", before)
        after = "open" if after == "new" else after  # one status here
        if after == before and save is not saves[0]:
            continue
        times |= {"status_updated_at": save.at, "pending_since": save.at if after == "pending" else None}
        if before in DONE and after not in DONE:
            times["reopened_at"] = save.at
            times |= {"resolved_at": None, "closed_at": None} if story.ticket % 2 == 0 else {}
        if after in DONE and before not in DONE:
            times["resolved_at"] = save.at
        if after == "closed":
            times["closed_at"] = save.at
        before = after
    return times
