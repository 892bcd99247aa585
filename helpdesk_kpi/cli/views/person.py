"""What `person show` tells of a human."""

from collections.abc import Iterator, Mapping
from typing import Any

from helpdesk_kpi.cli.app_context import iso
from helpdesk_kpi.config import DatedNumber, DatedText
from helpdesk_kpi.identities.agents import Agent, AgentAccount, JoinReason
from helpdesk_kpi.store import Store

DATED = ("team", "tier", "manager", "role")


def describe_person(store: Store, human: Agent, now: int) -> dict[str, Any]:
    """As plain values: the accounts by source, and what `[people]` says, with what holds now."""
    settings = human.settings
    present = {
        "team": human.team_at(now), "tier": human.tier_at(now), "manager": human.manager_at(now),
        "role": human.role_at(now),
    }  # fmt: skip
    return {
        "name": human.name,
        "entry": human.key,
        **present,
        "over_time": {
            key: _entries(getattr(settings, key)) for key in DATED if settings and getattr(settings, key) is not None
        },
        "joined": str(settings.joined) if settings and settings.joined else None,
        "left": str(settings.left) if settings and settings.left else None,
        "hours": settings.hours if settings else None,
        "accounts": [_account(store, a, how) for a, how in zip(human.accounts, human.how, strict=True)],
    }


def _entries(dated: DatedText | DatedNumber) -> list[dict[str, Any]]:
    if not isinstance(dated, tuple):
        return [{"value": dated, "since": None}]
    return [{"value": one.value, "since": str(one.since) if one.since else None} for one in dated]


def _account(store: Store, account: AgentAccount, how: JoinReason) -> dict[str, Any]:
    ((kind, role, active, assigned),) = store.rows(
        "SELECT kind, role, active, was_assigned FROM people WHERE id = ?", account.person
    )
    spans = store.rows("SELECT at, kind, role FROM person_roles WHERE person = ? ORDER BY at", account.person)
    return {
        "source": account.source,
        "id": account.native,
        "name": account.name,
        "address": account.email,
        "verified": account.is_verified,
        "joined_by": how,
        "kind": "bot" if account.is_bot else kind,
        "role": role,
        "active": bool(active),
        "was_assigned": bool(assigned),
        "roles": [{"since": iso(at), "kind": kind, "role": role} for at, kind, role in spans],
    }


def format_person(found: Mapping[str, Any]) -> str:
    """The same for a terminal."""
    return "\n".join(_lines(found))


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    yield found["name"] + (f"  [people.{found['entry']}]" if found["entry"] else "")
    for key, entries in found["over_time"].items():
        yield f"  {key:<9} " + ", ".join(f"{e['value']}{_since(e)}" for e in entries)
    for key in ("joined", "left", "hours"):
        if found[key] is not None:
            yield f"  {key:<9} {found[key]}"
    for account in found["accounts"]:
        yield f"  {account['source']}:{account['id']}  {account['name'] or 'name not known'}{_address(account)}"
        yield f"    {account['joined_by']}; {account['kind'] or 'kind not known'}{_state(account)}"
        for span in account["roles"]:
            yield f"    {span['kind']} ({span['role']}) seen since {span['since']}"


def _since(entry: Mapping[str, Any]) -> str:
    return f" since {entry['since']}" if entry["since"] else ""


def _address(account: Mapping[str, Any]) -> str:
    return f", {account['address']} ({'' if account['verified'] else 'not '}verified)" if account["address"] else ""


def _state(account: Mapping[str, Any]) -> str:
    return "" if account["active"] else ", not active"
