"""How each source was read: a connector that reads more of the same rows than an earlier version says so by a number.

What an earlier version left out is read again by `sync --full` only. So `sync`, `status`, `check` and `doctor` ask for
it by the source's name, until a full sync has ended well.
"""

from helpdesk_kpi.config import Config
from helpdesk_kpi.errors import UsageError
from helpdesk_kpi.pull.contract import Connector
from helpdesk_kpi.pull.discovery import find_connector
from helpdesk_kpi.store import Store

_KEY = "reading:"


def save_reading_version(store: Store, source: str, connector: type[Connector]) -> None:
    """Everything of the source is, or will be, read as the connector reads now."""
    with store.transaction() as conn:
        sql = "INSERT OR REPLACE INTO meta VALUES (?, CAST(? AS BLOB))"
        conn.execute(sql, (f"{_KEY}{source}", str(connector.reading)))


def find_sources_read_by_earlier_versions(store: Store, config: Config) -> dict[str, str]:
    """Source -> what to say of it, of those that an earlier version has read in part or as a whole."""
    kept = {key: int(value) for key, value in store.rows("SELECT key, value FROM meta WHERE key GLOB 'reading:*'")}
    begun = {name for (name,) in store.rows("SELECT s.name FROM sources s JOIN cursors c ON c.source = s.id")}
    found = {}
    for name, table in config.sources.items():
        connector = _connector(str(table.get("connector")))
        if name in begun and connector is not None and kept.get(f"{_KEY}{name}", 1) < connector.reading:
            found[name] = (
                f"{name}: what was read before version {connector.reading_since} lacks {connector.reading_adds};"
                f" `helpdesk-kpi sync --full {name}` reads it again"
            )
    return found


def _connector(name: str) -> type[Connector] | None:
    """None: the configuration names none that can be loaded, which `check` says by itself."""
    try:
        return find_connector(name)
    except UsageError:
        return None
