"""Business hours with their holidays, and SLA policies."""

from collections.abc import AsyncIterator

from connectors.zendesk import payloads as zd
from connectors.zendesk.account import ZendeskAccountState
from connectors.zendesk.mapping.names import map_holiday, map_schedule, map_sla_policy
from connectors.zendesk.pagination import fetch_list
from helpdesk_kpi.errors import BrokenError, MissingError
from helpdesk_kpi.model import AnyRecord
from helpdesk_kpi.pull.contract import Page, RejectedRow, Start
from helpdesk_kpi.pull.lenient_decode import UNREADABLE_ERRORS, decode_rows, get_reason, join_rows, split_rows


async def fetch_schedules(account: ZendeskAccountState, start: Start) -> AsyncIterator[Page]:
    """Fetch business hours and holidays. Zendesk has no history of them, so each observed change is stored."""
    present: dict[str, list[str]] = {"schedule": [], "holiday": []}
    unread_holidays = 0  # schedules with unreadable holidays
    async for page in fetch_list(account.http, "/api/v2/business_hours/schedules", endpoint="schedules"):
        good, rejected = decode_rows(page.schedules, zd.Schedule)
        records: list[AnyRecord] = []
        present["schedule"] += [*(str(row.id) for row in good), *(row.id for row in rejected)]
        for row in good:
            try:
                records.append(map_schedule(row))
            except UNREADABLE_ERRORS as error:  # an unknown time zone or invalid hours
                rejected.append(RejectedRow(str(row.id), get_reason(error)))
                continue
            path = f"/api/v2/business_hours/schedules/{row.id}/holidays"
            try:
                closed = await account.http.get(path, type=zd.ListPage, endpoint="schedules/holidays")
                days, rejected_holidays = decode_rows(closed.holidays, zd.Holiday)
            except MissingError:  # deleted since the list was fetched
                continue
            except BrokenError as error:
                rejected.append(RejectedRow(f"{row.id} holidays", get_reason(error)))
                unread_holidays += 1
                continue
            records += [map_holiday(row.id, day) for day in days]
            present["holiday"] += [
                f"{row.id}/{holiday_id}"
                for holiday_id in (*(day.id for day in days), *(bad.id for bad in rejected_holidays))
            ]
            rejected += rejected_holidays
        yield Page(records=records, rejected=rejected)
    if unread_holidays:
        del present["holiday"]
    yield Page(complete_until=start.now, present=present)


async def fetch_sla_policies(account: ZendeskAccountState, start: Start) -> AsyncIterator[Page]:
    """Fetch SLA policies. Their JSON is stored unchanged."""
    async for page in fetch_list(account.http, "/api/v2/slas/policies", endpoint="slas/policies"):
        records: list[AnyRecord] = []
        bad: list[RejectedRow] = []
        for raw in split_rows(page.sla_policies):
            good, rejected = decode_rows(join_rows([raw]), zd.SlaPolicy)
            records += [map_sla_policy(row, bytes(raw)) for row in good]
            bad += rejected
        yield Page(records=records, rejected=bad)
    yield Page(complete_until=start.now)
