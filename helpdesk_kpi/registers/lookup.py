"""Whom and what an entry names: people, raters, tickets and articles, as the store and the configuration know them."""

import hashlib
import json
import unicodedata
from collections.abc import Sequence
from functools import cached_property

from helpdesk_kpi.config import Config, suggest
from helpdesk_kpi.errors import UsageError
from helpdesk_kpi.identities.agents import Agent, AgentDirectory, load_agents
from helpdesk_kpi.store import Store

OF_PEOPLE = "people:"  # before the NAME of somebody without an account


def normalise_name(text: str) -> str:
    """As names are compared: full-width letters, case and spaces make no difference."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


class RegisterLookup:
    """Everybody and everything that an entry may name."""

    def __init__(self, store: Store, config: Config) -> None:
        self.store, self.config = store, config

    @cached_property
    def agents(self) -> AgentDirectory:
        return load_agents(self.store, self.config)

    @cached_property
    def agent_by_ref(self) -> dict[str, Agent]:
        """By each account, and by the NAME of [people.NAME]."""
        found = {account.account_ref: human for human in self.agents.all for account in human.accounts}
        return found | {OF_PEOPLE + human.key: human for human in self.agents.all if human.key}

    def person(self, text: str) -> str:
        """The mark of one person of the team; UsageError when nobody or several are meant."""
        wanted = normalise_name(text)
        keyed = [
            k for k, one in self.config.people.items() if wanted in {normalise_name(k), normalise_name(one.name or k)}
        ]
        if len(keyed) == 1:
            human = self.agent_by_ref.get(OF_PEOPLE + keyed[0])
            return self.mark_of(human) if human else OF_PEOPLE + keyed[0]
        found = [human for human in self.agents.all if wanted in _normalised_refs(human)]
        if not found:
            known = [human.name for human in self.agents.all] + list(self.config.people)
            raise UsageError(f"no member of the team has the name {text!r}{suggest(text, set(known))}")
        if len(found) > 1:
            marks = ", ".join(f"{human.name} = {human.accounts[0].account_ref}" for human in found)
            raise UsageError(f"{text!r} may be several people; name an account: {marks}")
        return self.mark_of(found[0])

    def mark_of(self, human: Agent) -> str:
        """The mark under which entries know somebody: accounts may have been joined, or put in order, since."""
        marks = [account.account_ref for account in human.accounts]
        known = [mark for mark in (*marks, *([OF_PEOPLE + human.key] if human.key else [])) if mark in self._used_words]
        return known[0] if known else marks[0]

    def canonical_ref(self, mark: str) -> str:
        """The same mark for all of somebody's accounts."""
        human = self.agent_by_ref.get(mark)
        return self.mark_of(human) if human else mark

    @cached_property
    def _used_words(self) -> frozenset[str]:
        """All words and hashes in entries, whatever they mean."""
        found: set[str] = set()
        for (body,) in self.store.rows("SELECT body FROM registers"):
            for value in json.loads(body).values():
                found.update([value] if isinstance(value, str) else value if isinstance(value, list) else ())
        return frozenset(one for one in found if isinstance(one, str))

    def rater(self, text: str) -> str:
        """A keyed hash of who is meant: equal for equal people, and nobody's name."""
        try:
            who = self.person(text)
        except UsageError:
            who = normalise_name(text)
        return self.hash_ref(who)

    def hash_ref(self, mark: str) -> str:
        """Of the hashes that could be theirs, the one that entries have."""
        human = self.agent_by_ref.get(mark)
        hashes = [self._hash(mark)] if human is None else self._hashes(human)
        return next((one for one in hashes if one in self._used_words), hashes[0])

    def same_hash(self, known: str) -> str:
        """The same for all hashes of one human, whose accounts may have been joined after they had judged."""
        return self._first_hashes.get(known, known)

    @cached_property
    def _first_hashes(self) -> dict[str, str]:
        return {one: self.first_hash(human) for human in self.agents.all for one in self._hashes(human)}

    def first_hash(self, human: Agent) -> str:
        """The one by which figures know somebody who judged."""
        return self._hashes(human)[0]

    def _hashes(self, human: Agent) -> list[str]:
        marks = ([OF_PEOPLE + human.key] if human.key else []) + [account.account_ref for account in human.accounts]
        return [self._hash(mark) for mark in marks]

    def _hash(self, mark: str) -> str:
        """6 bytes: a figure's columns hold whole numbers up to 2^53."""
        return hashlib.blake2b(mark.encode(), key=self.store.hash_key, digest_size=6).hexdigest()

    def account(self, mark: str) -> int | None:
        """The store's key of a person's first account; None where they have none."""
        human = self.agent_by_ref.get(mark)
        return human.accounts[0].person if human else None

    def display_name(self, mark: str) -> str:
        """As readers call them."""
        human = self.agent_by_ref.get(mark)
        settings = self.config.people.get(mark.removeprefix(OF_PEOPLE))
        return human.name if human else (settings.name or mark) if settings else mark

    def ticket(self, text: str) -> str:
        """ "source:id" of a ticket, by that, by its number or its address."""
        sql = (
            "SELECT s.name || ':' || t.native FROM tickets t JOIN sources s ON s.id = t.source"
            " WHERE t.created_at IS NOT NULL AND ?1 IN (t.number, t.url, s.name || ':' || t.native)"
        )
        return self._one("ticket", text, self.store.rows(sql, text.strip().removeprefix("#")))

    def article(self, text: str) -> str:
        """ "source:id" of an article, by that, by its address or its id."""
        sql = (
            "SELECT s.name || ':' || a.native FROM articles a JOIN sources s ON s.id = a.source"
            " WHERE ?1 IN (a.native, a.url, s.name || ':' || a.native)"
        )
        return self._one("article", text, self.store.rows(sql, text.strip()))

    def _one(self, what: str, text: str, found: Sequence[tuple[str]]) -> str:
        if not found:
            raise UsageError(f"the store has no {what} {text!r}")
        if len(found) > 1:
            raise UsageError(f"{text!r} may be several {what}s; write one of {', '.join(mark for (mark,) in found)}")
        return found[0][0]

    def key_of(self, table: str, mark: str | None) -> int | None:
        """The store's key of a ticket or an article that is named "source:id"."""
        source, _, native = (mark or "").partition(":")
        sql = f"SELECT t.id FROM {table} t JOIN sources s ON s.id = t.source WHERE s.name = ? AND t.native = ?"
        found = self.store.one(sql, source, native) if mark else None
        return None if found is None else int(found)

    def author_of(self, article: str) -> str | None:
        """The mark of who wrote an article; None: not known."""
        key = self.key_of("articles", article)
        author = self.store.one("SELECT author FROM articles WHERE id = ?", key) if key is not None else None
        human = self.agents.of.get(author) if author is not None else None
        return self.mark_of(human) if human else None


def _normalised_refs(human: Agent) -> set[str]:
    accounts = [mark for a in human.accounts for mark in (a.account_ref, a.address, a.name or "")]
    return {normalise_name(mark) for mark in (human.name, human.key or "", *accounts) if mark}
