"""Who a human is: the one place that says which accounts are whose, and whose customer is whose.

A person of the team may have accounts on several helpdesks. They belong together when `[people]` says so, else when the
helpdesks have verified the same address; a name alone never joins two, and neither does an address that nobody checked.
"""

import datetime as dt
import re
import zoneinfo
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Literal

import msgspec

from helpdesk_kpi.config import Config, DatedText, PersonConfig, suggest
from helpdesk_kpi.errors import UsageError
from helpdesk_kpi.identities.source_rules import IS_TEAM_MEMBER_SQL, find_configured_bots
from helpdesk_kpi.store import Store

JoinReason = Literal["configured", "verified address", "single account"]
#: Mailboxes that several people read: the address says nothing about who writes.
SHARED = re.compile(
    r"(?:no-?reply|do-?not-?reply|support|help|helpdesk|service|servicedesk|info|contact|kontakt|office|team|admin|it|"
    r"sales|billing|hello|mail|post|root|webmaster|postmaster|customer-?(?:care|service|support)|care|cs)\d*"
)


class AgentAccount(msgspec.Struct, frozen=True):
    """One login on one helpdesk that is or was of the team."""

    person: int  # the store's key
    source: str
    native: str
    name: str | None = None
    email: str | None = None
    is_verified: bool = False
    is_bot: bool = False

    @property
    def account_ref(self) -> str:
        """As `[people]` names it."""
        return f"{self.source}:{self.native}"

    @property
    def address(self) -> str:
        return (self.email or "").strip().casefold()

    @property
    def is_shared(self) -> bool:
        return SHARED.fullmatch(self.address.partition("@")[0]) is not None

    @property
    def joins_by_address(self) -> bool:
        """Its address stands for one human."""
        return bool(self.address) and self.is_verified and not self.is_bot and not self.is_shared


class Agent(msgspec.Struct, frozen=True, kw_only=True):
    """One person of the team with all of their accounts."""

    name: str  # as readers call them; told apart from others of the same name by a number
    accounts: tuple[AgentAccount, ...]
    how: tuple[JoinReason, ...]  # how each account came to be theirs
    key: str | None = None  # the NAME of [people.NAME]
    settings: PersonConfig | None = None  # what that table says
    zone: str = "UTC"  # whose days `since` speaks of

    def team_at(self, instant: int) -> str | None:
        """None: the configuration does not say; so below."""
        return _text(self.settings.team, self._day(instant)) if self.settings else None

    def role_at(self, instant: int) -> str | None:
        return _text(self.settings.role, self._day(instant)) if self.settings else None

    def manager_at(self, instant: int) -> str | None:
        """The NAME of another."""
        return _text(self.settings.manager, self._day(instant)) if self.settings else None

    def tier_at(self, instant: int) -> int | None:
        tier = self.settings.tier if self.settings else None
        if not isinstance(tier, tuple):
            return tier
        begun = [one.value for one in tier if _has_begun(one.since, self._day(instant))]
        return begun[-1] if begun else None

    def _day(self, instant: int) -> dt.date:
        return dt.datetime.fromtimestamp(instant / 1000, zoneinfo.ZoneInfo(self.zone)).date()


def _text(dated: DatedText | None, day: dt.date) -> str | None:
    if not isinstance(dated, tuple):
        return dated
    begun = [one.value for one in dated if _has_begun(one.since, day)]
    return begun[-1] if begun else None


def _has_begun(since: dt.date | None, day: dt.date) -> bool:
    return since is None or since <= day


class AgentDirectory:
    """Everybody who is or was of the team."""

    def __init__(self, found: Sequence[Agent]) -> None:
        self.all = tuple(found)
        self.of = {account.person: human for human in found for account in human.accounts}

    @cached_property
    def names(self) -> dict[int, str]:
        """What readers call the human behind each account."""
        return {person: human.name for person, human in self.of.items()}

    def find(self, text: str) -> list[Agent]:
        """Whom somebody means: by name, by the NAME of [people.NAME], by an account or its address or name.

        Raises UsageError when nobody is.
        """
        wanted = text.strip().casefold()
        if found := [human for human in self.all if wanted in _collect_refs(human)]:
            return found
        raise UsageError(f"no agent has the name {text!r}{suggest(text, [human.name for human in self.all])}")


def _collect_refs(human: Agent) -> set[str]:
    accounts = [mark for a in human.accounts for mark in (a.account_ref, a.address, a.name or "")]
    return {mark.casefold() for mark in (human.name, human.key or "", *accounts) if mark}


def load_agents(store: Store, config: Config) -> AgentDirectory:
    """Join the accounts of the store, in the order of their first accounts."""
    accounts = _accounts(store, config)
    keys = {mark.strip().casefold(): key for key, one in config.people.items() for mark in one.accounts}
    configured = {a.person: key for a in accounts if (key := keys.get(a.account_ref.casefold()) or keys.get(a.address))}
    owners: dict[str, set[str]] = defaultdict(set)
    for a in accounts:
        if a.person in configured and a.joins_by_address:
            owners[a.address].add(configured[a.person])
    groups: dict[tuple[str, str], list[tuple[AgentAccount, JoinReason]]] = defaultdict(list)
    for a in accounts:
        group, how = _find_join_reason(a, configured.get(a.person), owners)
        groups[group].append((a, how))
    return AgentDirectory(
        _number_namesakes([_build_agent(key, kind, group, config) for (kind, key), group in groups.items()])
    )


def _find_join_reason(
    account: AgentAccount, configured: str | None, owners: Mapping[str, set[str]]
) -> tuple[tuple[str, str], JoinReason]:
    """(kind of group, its key), and how the account comes into it."""
    if configured is not None:
        return ("people", configured), "configured"
    if not account.joins_by_address:
        return ("account", account.account_ref), "single account"
    if len(mine := owners.get(account.address, set())) == 1:  # whose address it is says another account of theirs
        return ("people", *mine), "verified address"  # type: ignore[return-value]  # a set of one
    return ("address", account.address), "verified address"


def _build_agent(key: str, kind: str, group: Sequence[tuple[AgentAccount, JoinReason]], config: Config) -> Agent:
    accounts = tuple(account for account, _ in group)
    how: tuple[JoinReason, ...] = tuple(how for _, how in group)
    settings = config.people[key] if kind == "people" else None
    name = (settings.name or key) if settings else next((a.name for a in accounts if a.name), accounts[0].native)
    if kind == "address" and len(accounts) == 1:
        how = ("single account",)
    return Agent(
        name=name, accounts=accounts, how=how, key=key if settings else None, settings=settings, zone=config.timezone,
    )  # fmt: skip


def _accounts(store: Store, config: Config) -> list[AgentAccount]:
    """In the order of the configuration's sources, which sync reads side by side; then as they were met."""
    sources = dict(store.rows("SELECT id, name FROM sources"))
    bots = {bot for source in sources for bot in find_configured_bots(store, source, config.tickets.bots)}
    rows = store.rows(
        f"SELECT id, source, native, name, email, email_verified FROM people p WHERE {IS_TEAM_MEMBER_SQL} ORDER BY id"
    )
    found = [
        AgentAccount(person, sources[source], native, name, email, bool(verified), person in bots)
        for person, source, native, name, email, verified in rows
    ]
    place = {name: number for number, name in enumerate(config.sources)}
    return sorted(found, key=lambda account: place.get(account.source, len(place)))


def _number_namesakes(found: Sequence[Agent]) -> list[Agent]:
    """Two humans of one name are numbered in the order of their first accounts."""
    sharing: dict[str, list[Agent]] = defaultdict(list)
    for human in found:
        sharing[human.name].append(human)
    return [
        human
        if len(alike := sharing[human.name]) == 1
        else msgspec.structs.replace(human, name=f"{human.name} ({alike.index(human) + 1})")
        for human in found
    ]


def save_identities(store: Store, config: Config) -> None:
    """Write into the table `identities` whose account each is, for those who read the store with SQL."""
    wanted = [
        (account.person, human.name, human.key, how)
        for human in load_agents(store, config).all
        for account, how in zip(human.accounts, human.how, strict=True)
    ]
    if sorted(wanted) == store.rows("SELECT person, human, entry, how FROM identities ORDER BY person"):
        return
    with store.transaction() as conn:
        conn.execute("DELETE FROM identities")
        conn.executemany("INSERT INTO identities (person, human, entry, how) VALUES (?, ?, ?, ?)", wanted)
