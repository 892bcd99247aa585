"""Audits of single tickets."""

from connectors.zendesk import payloads as zd
from connectors.zendesk.account import ZendeskAccountState
from connectors.zendesk.pagination import fetch_list
from helpdesk_kpi.pull.contract import RejectedRow
from helpdesk_kpi.pull.lenient_decode import decode_rows, read_each


async def fetch_audits(
    account: ZendeskAccountState, ticket: str, since: int
) -> tuple[list[zd.TicketEvent], list[RejectedRow]]:
    """Fetch the audits of a ticket since an instant.

    Args:
        ticket: Id of the ticket.
        since: Epoch ms.

    Returns: Events in the shape of the export, and the rejected rows.

    Raises:
        MissingError: The ticket was deleted.
    """
    events: list[zd.TicketEvent] = []
    rejected: list[RejectedRow] = []
    path = f"/api/v2/tickets/{ticket}/audits"
    async for page in fetch_list(account.http, path, endpoint="tickets/audits", missing="child"):
        good, bad = decode_rows(page.audits, zd.Audit)
        dated, undated = read_each(good, lambda row: zd.ms(row.created_at))
        events += [row.as_event() for row, at in dated if at >= since]
        rejected += [*bad, *undated]
    return events, rejected
