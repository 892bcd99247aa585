"""Worklogs as time entries."""

from collections.abc import Sequence

from connectors.jira_service_management import payloads as js
from connectors.jira_service_management.mapping.custom_fields import decode_embedded, label_rejected
from connectors.jira_service_management.mapping.people import user_id
from connectors.jira_service_management.payloads import ms
from helpdesk_kpi import model
from helpdesk_kpi.pull.contract import RejectedRow
from helpdesk_kpi.pull.lenient_decode import UNREADABLE_ERRORS, get_reason


def decode_worklogs(issue_id: str, fields: js.Fields) -> tuple[list[js.Worklog], list[RejectedRow], bool | None]:
    """Embedded worklogs, rejected rows, and whether these are all; None: the site has no worklogs."""
    page = fields.worklog
    if page is None:
        return [], [], None
    raw_rows, total = (page, len(page)) if isinstance(page, list) else (page.worklogs, page.total)
    found, rejected, are_all = decode_embedded(raw_rows, total, js.Worklog)
    return found, label_rejected(issue_id, "worklog", rejected), are_all


def map_worklogs(
    issue_id: str, found: Sequence[js.Worklog], rejected: Sequence[RejectedRow] = ()
) -> tuple[list[model.TimeEntry], list[RejectedRow], list[js.User]]:
    """Map worklogs. Returns time entries, dated by the work, rejected rows, and their authors."""
    entries: list[model.TimeEntry] = []
    bad = list(rejected)
    for row in found:
        try:
            entries.append(
                model.TimeEntry(
                    id=row.id, ticket=issue_id, at=ms(row.started), spent=row.time_spent_seconds * 1000,
                    agent=user_id(row.author),
                )
            )  # fmt: skip
        except UNREADABLE_ERRORS as error:
            bad.append(RejectedRow(f"{issue_id} worklog {row.id}", get_reason(error)))
    return entries, bad, [row.author for row in found if row.author]
