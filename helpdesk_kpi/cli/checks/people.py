"""What `check` says of people: accounts that match nothing, accounts that may be one person's."""

import hashlib
import json
import re
from collections.abc import Iterator

from helpdesk_kpi.config import Config, suggest
from helpdesk_kpi.identities.agents import Agent, AgentAccount, AgentDirectory, load_agents
from helpdesk_kpi.identities.duplicate_accounts import DuplicateCandidate, find_duplicate_accounts, name_words
from helpdesk_kpi.pull.contract import Finding
from helpdesk_kpi.store import Store


def find_people_issues(store: Store, config: Config) -> list[Finding]:
    """Under a privacy that names nobody, only counts."""
    humans = load_agents(store, config)
    doubtful = list(_accounts(store, config, humans))
    suggested = [_suggestion(one, config) for one in find_duplicate_accounts(humans)]
    if config.privacy == "full":
        return doubtful + _with_keys(suggested, config)
    hidden = f'who it is is not said, since privacy = "{config.privacy}"'
    found = []
    if doubtful:
        found.append(Finding(level="warning", about="people", text=f"accounts to look at: {len(doubtful)}; {hidden}"))
    if suggested:
        text = f"people who may have accounts on several helpdesks: {len(suggested)}; {hidden}"
        found.append(Finding(level="note", about="people", text=text))
    return found


# Accounts that the configuration names


def _accounts(store: Store, config: Config, humans: AgentDirectory) -> Iterator[Finding]:
    """Names that nothing answers to, robots among people, and accounts that two entries claim."""
    known = [account for human in humans.all for account in human.accounts]
    if not known:
        return  # nothing was read yet
    for name, person in config.people.items():
        key = f"people.{name}.accounts"
        for mark in person.accounts:
            met = [a for a in known if mark.strip().casefold() in {a.account_ref.casefold(), a.address}]
            if not met:
                yield Finding(level="warning", about=key, text=f"{mark!r} {_unmatched_text(store, mark, known)}")
            for account in met:
                if text := _duplicate_text(account, name, humans):
                    yield Finding(level="warning", about=key, text=f"{mark!r} {text}")


def _unmatched_text(store: Store, mark: str, known: list[AgentAccount]) -> str:
    source = mark.partition(":")[0]
    sources = {a.source for a in known}
    if "@" not in mark and source not in sources:
        return f"matches no account: no source named {source!r}{suggest(source, sources)}"
    address = mark.strip().casefold()
    hashed = hashlib.blake2b(address.encode(), key=store.hash_key, digest_size=16).digest()
    if "@" in mark and store.one("SELECT 1 FROM people WHERE email_hash = ?", hashed):
        return "is the address of a customer's account only; nothing of it is counted as an agent's"
    return 'matches no account of the team; addresses may be hidden there: "source:id" names an account too'


def _duplicate_text(account: AgentAccount, name: str, humans: AgentDirectory) -> str:
    owner = humans.of[account.person].key
    if owner != name:
        return f"is {account.account_ref}, which people.{owner} names by its id: it counts as theirs"
    return f"is {account.account_ref}, a robot's account: its figures are no person's" if account.is_bot else ""


# Accounts that may be one person's


def _suggestion(one: DuplicateCandidate, config: Config) -> tuple[DuplicateCandidate, str, list[str]]:
    """(who, the NAME of the entry, its accounts)."""
    configured = next((h for h in one.humans if h.key), None)
    accounts = list(config.people[configured.key].accounts) if configured and configured.key else []
    accounts += [a.account_ref for h in one.humans if h is not configured for a in h.accounts]
    return one, configured.key if configured and configured.key else _key(one.humans), accounts


def _key(humans: tuple[Agent, ...]) -> str:
    words = next((w for h in humans for a in h.accounts if (w := name_words(a.name))), ["somebody"])
    return "_".join(words)


def _with_keys(suggested: list[tuple[DuplicateCandidate, str, list[str]]], config: Config) -> list[Finding]:
    """As text to paste; two suggestions never share the name of an entry."""
    taken = set(config.people)
    found = []
    for one, wanted, accounts in suggested:
        is_new = not any(h.key for h in one.humans)
        key = wanted
        while is_new and key in taken:
            stem, _, number = key.rpartition("_")
            key = f"{stem}_{int(number) + 1}" if number.isdigit() and stem else f"{key}_2"
        taken.add(key)
        found.append(Finding(level="note", about="people", text=_suggestion_text(one, key, accounts, is_new=is_new)))
    return found


def _suggestion_text(one: DuplicateCandidate, key: str, accounts: list[str], *, is_new: bool) -> str:
    who = ", ".join(f"{a.account_ref} {a.name or ''}".strip() for h in one.humans for a in h.accounts)
    care = " (several people may use it: look before you join)" if one.why == "same shared mailbox" else ""
    lead = "write" if is_new else "change their entry to"
    name = next((a.name for h in one.humans for a in h.accounts if a.name), None)
    bare = re.fullmatch(r"[A-Za-z0-9_-]+", key)
    heading = f"[people.{key if bare else json.dumps(key, ensure_ascii=False)}]"
    lines = [heading, f"accounts = {json.dumps(accounts, ensure_ascii=False)}"]
    if is_new and name:
        lines.append(f"name = {json.dumps(name, ensure_ascii=False)}")
    return "\n".join([
        f"these may be one person, {one.why}{care}: {who}; if not, give each its own entry; if so, {lead}",
        *(f"    {line}" for line in lines),
    ])  # fmt: skip
