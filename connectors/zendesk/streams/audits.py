"""Audits of single tickets."""

from connectors.zendesk import payloads as zd
from connectors.zendesk.account import AccountState
from connectors.zendesk.pagination import fetch_list
from helpdesk_kpi.pull.contract import RejectedRow
from helpdesk_kpi.pull.lenient_decode import decode_rows, read_each


async def fetch_audits(
    account: AccountState, ticket: str, since: int
) -> tuple[list[zd.TicketEvent], list[RejectedRow]]:
    """What happened on a ticket since then, as the export of ticket events tells it, and what cannot be read; a
    MissingError where it was deleted.
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
