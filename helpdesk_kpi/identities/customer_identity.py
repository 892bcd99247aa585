"""Which customers are one: the same address on several helpdesks, told by its keyed hash."""

from helpdesk_kpi.identities.source_rules import IS_TEAM_MEMBER_SQL
from helpdesk_kpi.store import Store


class CustomerIdentities(dict[int, int]):
    """The store's key of an account -> the key of the customer: that of the first account with the same address.

    An account without an address, and everybody who is or ever was of the team, is a customer of its own: what a
    colleague asks in private must not be found beside their work.
    """

    def __missing__(self, person: int) -> int:
        return person


def load_customer_identities(store: Store) -> CustomerIdentities:
    """The customers of all sources; only those with several accounts are held in memory."""
    return CustomerIdentities(
        store.rows(
            "SELECT id, first FROM (SELECT id, min(id) OVER (PARTITION BY email_hash) AS first FROM people p"
            f" WHERE email_hash IS NOT NULL AND p.kind IS NOT 'nobody' AND NOT {IS_TEAM_MEMBER_SQL}) WHERE id != first"
        )
    )
