"""The ledger's tables in the store, brought up to date like the store's own."""

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from helpdesk_kpi.deliver.ledger import DDL
from helpdesk_kpi.store.file import statements

migrations = Migrations("helpdesk_kpi.deliver")


@migrations()
def m0001_first(db: Database) -> None:
    """The ledger of version 0.1.0."""
    for statement in statements(DDL):
        db.conn.execute(statement)


def prepare(db: Database) -> None:
    """Make sure that the ledger is there; called before anything is sent or listed."""
    if migrations.pending(db):
        migrations.apply(db)
