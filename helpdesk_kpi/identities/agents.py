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

from helpdesk_kpi.config import Config, DatedText, Someone, did_you_mean
from helpdesk_kpi.errors import UsageError
from helpdesk_kpi.identities.source_rules import OF_THE_TEAM, bots_of
from helpdesk_kpi.store import Store

How = Literal["configured", "verified address", "single account"]
#: Mailboxes that several people read: the address says nothing about who writes.
SHARED = re.compile(
    r"(?:no-?reply|do-?not-?reply|support|help|helpdesk|service|servicedesk|info|contact|kontakt|office|team|admin|it|"
    r"sales|billing|hello|mail|post|root|webmaster|postmaster|customer-?(?:care|service|support)|care|cs)\d*"
)


class Account(msgspec.Struct, frozen=True):
    """One login on one helpdesk that is or was of the team."""

    person: int  # the store's key
    source: str
    native: str
    name: str | None = None
    email: str | None = None
    is_verified: bool = False
    is_bot: bool = False

    @property
    def mark(self) -> str:
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


class Human(msgspec.Struct, frozen=True, kw_only=True):
    """One person of the team with all of their accounts."""

    name: str  # as readers call them; told apart from others of the same name by a number
    accounts: tuple[Account, ...]
    how: tuple[How, ...]  # how each account came to be theirs
    key: str | None = None  # the NAME of [people.NAME]
    told: Someone | None = None  # what that table says
    zone: str = "UTC"  # whose days `since` speaks of

    def team_at(self, instant: int) -> str | None:
        """None: the configuration does not say; so below."""
        return _text(self.told.team, self._day(instant)) if self.told else None

    def role_at(self, instant: int) -> str | None:
        return _text(self.told.role, self._day(instant)) if self.told else None

    def manager_at(self, instant: int) -> str | None:
        """The NAME of another."""
        return _text(self.told.manager, self._day(instant)) if self.told else None

    def tier_at(self, instant: int) -> int | None:
        tier = self.told.tier if self.told else None
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


class Humans:
    """Everybody who is or was of the team."""

    def __init__(self, found: Sequence[Human]) -> None:
        self.all = tuple(found)
        self.of = {account.person: human for human in found for account in human.accounts}

    @cached_property
    def names(self) -> dict[int, str]:
        """What readers call the human behind each account."""
        return {person: human.name for person, human in self.of.items()}

    def named(self, text: str) -> list[Human]:
        """Whom somebody means: by name, by the NAME of [people.NAME], by an account or its address or name.

        Raises UsageError when nobody is.
        """
        wanted = text.strip().casefold()
        if found := [human for human in self.all if wanted in _marks(human)]:
            return found
        raise UsageError(f"nobody named {text!r}{did_you_mean(text, [human.name for human in self.all])}")


def _marks(human: Human) -> set[str]:
    accounts = [mark for a in human.accounts for mark in (a.mark, a.address, a.name or "")]
    return {mark.casefold() for mark in (human.name, human.key or "", *accounts) if mark}


def read_humans(store: Store, config: Config) -> Humans:
    """Join the accounts of the store, in the order of their first accounts."""
    accounts = _accounts(store, config)
    named = {mark.strip().casefold(): key for key, one in config.people.items() for mark in one.accounts}
    configured = {a.person: key for a in accounts if (key := named.get(a.mark.casefold()) or named.get(a.address))}
    owners: dict[str, set[str]] = defaultdict(set)
    for a in accounts:
        if a.person in configured and a.joins_by_address:
            owners[a.address].add(configured[a.person])
    groups: dict[tuple[str, str], list[tuple[Account, How]]] = defaultdict(list)
    for a in accounts:
        group, how = _belongs(a, configured.get(a.person), owners)
        groups[group].append((a, how))
    return Humans(_told_apart([_human(key, kind, group, config) for (kind, key), group in groups.items()]))


def _belongs(account: Account, configured: str | None, owners: Mapping[str, set[str]]) -> tuple[tuple[str, str], How]:
    """(kind of group, its key), and how the account comes into it."""
    if configured is not None:
        return ("people", configured), "configured"
    if not account.joins_by_address:
        return ("account", account.mark), "single account"
    if len(mine := owners.get(account.address, set())) == 1:  # whose address it is says another account of theirs
        return ("people", *mine), "verified address"  # type: ignore[return-value]  # a set of one
    return ("address", account.address), "verified address"


def _human(key: str, kind: str, group: Sequence[tuple[Account, How]], config: Config) -> Human:
    accounts = tuple(account for account, _ in group)
    how: tuple[How, ...] = tuple(how for _, how in group)
    told = config.people[key] if kind == "people" else None
    name = (told.name or key) if told else next((a.name for a in accounts if a.name), accounts[0].native)
    if kind == "address" and len(accounts) == 1:
        how = ("single account",)
    return Human(
        name=name, accounts=accounts, how=how, key=key if told else None, told=told, zone=config.timezone,
    )  # fmt: skip


def _accounts(store: Store, config: Config) -> list[Account]:
    """In the order of the configuration's sources, which sync reads side by side; then as they were met."""
    sources = dict(store.rows("SELECT id, name FROM sources"))
    bots = {bot for source in sources for bot in bots_of(store, source, config.tickets.bots)}
    rows = store.rows(
        f"SELECT id, source, native, name, email, email_verified FROM people p WHERE {OF_THE_TEAM} ORDER BY id"
    )
    found = [
        Account(person, sources[source], native, name, email, bool(verified), person in bots)
        for person, source, native, name, email, verified in rows
    ]
    place = {name: number for number, name in enumerate(config.sources)}
    return sorted(found, key=lambda account: place.get(account.source, len(place)))


def _told_apart(found: Sequence[Human]) -> list[Human]:
    """Two humans of one name are numbered in the order of their first accounts."""
    sharing: dict[str, list[Human]] = defaultdict(list)
    for human in found:
        sharing[human.name].append(human)
    return [
        human
        if len(alike := sharing[human.name]) == 1
        else msgspec.structs.replace(human, name=f"{human.name} ({alike.index(human) + 1})")
        for human in found
    ]


def keep_identities(store: Store, config: Config) -> None:
    """Write into the table `identities` whose account each is, for those who read the store with SQL."""
    wanted = [
        (account.person, human.name, human.key, how)
        for human in read_humans(store, config).all
        for account, how in zip(human.accounts, human.how, strict=True)
    ]
    if sorted(wanted) == store.rows("SELECT person, human, entry, how FROM identities ORDER BY person"):
        return
    with store.writing() as conn:
        conn.execute("DELETE FROM identities")
        conn.executemany("INSERT INTO identities (person, human, entry, how) VALUES (?, ?, ?, ?)", wanted)
        # Who wrote how much of an article, and who pointed to one of their own, is told of humans.
        conn.execute("INSERT OR IGNORE INTO stale_stories SELECT 'article', id FROM articles")
