"""Whose account it is: one human may have several, and several humans one name."""

from collections import defaultdict

from helpdesk_kpi.config import Config
from helpdesk_kpi.measure.desk import OF_THE_TEAM
from helpdesk_kpi.store import Store


def humans(store: Store, config: Config) -> dict[int, str]:
    """What readers call the human behind each account that is or was of the team.

    Accounts belong together when `[people]` says so, or when their verified address is the same. Two humans of one
    name are numbered in the order in which they were met.
    """
    named = {a.casefold(): (f"[{n}]", s.name or n) for n, s in config.people.items() for a in s.accounts}
    rows = store.rows(
        "SELECT p.id, s.name, p.native, p.email, p.email_verified, p.name FROM people p"
        f" JOIN sources s ON s.id = p.source WHERE {OF_THE_TEAM} ORDER BY p.id"
    )
    keys: dict[int, str] = {}
    names: dict[str, str] = {}
    for account, source, native, email, verified, name in rows:
        address = (email or "").casefold()
        own = named.get(f"{source}:{native}".casefold()) or named.get(address)
        key = own[0] if own else address if address and verified else f"{source}:{native}"
        keys[account] = key
        names.setdefault(key, own[1] if own else name or native)
    apart = _told_apart(names)
    return {account: apart[key] for account, key in keys.items()}


def _told_apart(names: dict[str, str]) -> dict[str, str]:
    sharing: dict[str, list[str]] = defaultdict(list)
    for key, name in names.items():
        sharing[name].append(key)
    return {
        key: name if len(sharing[name]) == 1 else f"{name} ({sharing[name].index(key) + 1})"
        for key, name in names.items()
    }
