"""The SQLite file: schema, migrations, reads and writes."""

from helpdesk_kpi.store.file import Store, open_store

__all__ = ["Store", "open_store"]
