"""JQL queries, and instants in JQL.

https://support.atlassian.com/jira-service-management-cloud/docs/jql-fields/
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

BY_CHANGE = "updated ASC, id ASC"
BY_ID = "id ASC"
OPEN = "statusCategory != Done"
FAR_FUTURE = 4_102_444_800_000  # 2100-01-01: nothing was changed since then


class TimeFormat(msgspec.Struct, frozen=True):
    """How the site reads times: epoch ms, or minutes in the time zone of the signed-in account."""

    zone: ZoneInfo | None = None  # None: epoch milliseconds

    def since(self, field: str, at: int) -> str:
        """A condition that matches times from `at` (epoch ms) on, and possibly slightly earlier ones."""
        return f"{field} >= {at if self.zone is None else _format_minute(at, self.zone)}"


def _format_minute(at: int, zone: ZoneInfo) -> str:
    """A minute in the account's zone. The repeated autumn hour is ambiguous, so an hour earlier is used.

    https://support.atlassian.com/jira-software-cloud/docs/jql-fields/#Updated
    """
    wall = datetime.fromtimestamp(at / 1000, zone).replace(second=0, microsecond=0, tzinfo=None)
    while any(wall.replace(tzinfo=zone, fold=fold).timestamp() * 1000 > at for fold in (0, 1)):
        wall -= timedelta(hours=1)
    return f'"{wall:%Y-%m-%d %H:%M}"'


def build_query(projects: Iterable[str], *conditions: str, order: str = BY_CHANGE) -> str:
    """Build a query. Keys are quoted, as some are JQL keywords. No upper bound: it would exclude moving issues."""
    keys = ", ".join(f'"{key}"' for key in projects)
    return f"{' AND '.join([f'project in ({keys})', *conditions])} ORDER BY {order}"


def build_field_clause(field_id: str) -> str:
    """A custom field in JQL, by number: names are translated and not unique."""
    return f"cf[{field_id.removeprefix('customfield_')}]"
