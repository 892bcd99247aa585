"""The SQLite file: schema, migrations, reads and writes."""

from helpdesk_kpi.store.database import Store, open_store

__all__ = ["Store", "open_store"]
