"""What is asked in JQL, and how an instant is written in it.

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
    """How this site reads times: epoch milliseconds, or minutes of the calling account's zone."""

    zone: ZoneInfo | None = None  # None: epoch milliseconds

    def since(self, field: str, at: int) -> str:
        """At or after an instant, and perhaps a little before it."""
        return f"{field} >= {at if self.zone is None else _format_minute(at, self.zone)}"


def _format_minute(at: int, zone: ZoneInfo) -> str:
    """A bare minute, which JQL reads in the account's zone. The autumn hour comes twice: whichever is meant, not later.

    https://support.atlassian.com/jira-software-cloud/docs/jql-fields/#Updated
    """
    wall = datetime.fromtimestamp(at / 1000, zone).replace(second=0, microsecond=0, tzinfo=None)
    while any(wall.replace(tzinfo=zone, fold=fold).timestamp() * 1000 > at for fold in (0, 1)):
        wall -= timedelta(hours=1)
    return f'"{wall:%Y-%m-%d %H:%M}"'


def build_query(projects: Iterable[str], *conditions: str, order: str = BY_CHANGE) -> str:
    """Keys are quoted: some are words of JQL. There is never an upper bound: what moves would stay beyond it."""
    keys = ", ".join(f'"{key}"' for key in projects)
    return f"{' AND '.join([f'project in ({keys})', *conditions])} ORDER BY {order}"


def build_field_clause(field_id: str) -> str:
    """A custom field by number: names are translated and not unique."""
    return f"cf[{field_id.removeprefix('customfield_')}]"
