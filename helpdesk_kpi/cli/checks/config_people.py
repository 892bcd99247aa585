"""What `[people.*]` says has to fit together: whose accounts, whose manager, since when."""

import datetime as dt
from collections.abc import Iterator, Sequence

from helpdesk_kpi.config import LoadedConfig, NumberSince, PersonConfig, TextSince, suggest

DATED = ("manager", "team", "tier", "role")


def validate_people(loaded: LoadedConfig) -> None:
    """Raise ConfigError for the first entry that contradicts itself or another."""
    _accounts(loaded)
    for name, person in loaded.config.people.items():
        key = f"people.{name}"
        _check_employment(loaded, key, person)
        for field in DATED:
            if isinstance(entries := getattr(person, field), tuple):
                _dates(loaded, f"{key}.{field}", entries)
        for boss in _values(person.manager):
            _manager(loaded, f"{key}.manager", name, boss)
        if person.hours is not None and person.hours not in (known := {"always", *loaded.config.hours}):
            raise loaded.error(f"{key}.hours", f"no hours named {person.hours!r}{suggest(person.hours, known)}")


def _accounts(loaded: LoadedConfig) -> None:
    """An account belongs to one person; a manager may have none."""
    owners: dict[str, str] = {}
    for name, person in loaded.config.people.items():
        for account in person.accounts:
            mark = account.strip().casefold()
            key = f"people.{name}.accounts"
            if "@" not in mark and ":" not in mark:
                raise loaded.error(key, f'{account!r} is no account: write an address, or "source:id"')
            if mark in owners:
                other = "twice" if owners[mark] == name else f"in people.{owners[mark]} too; it belongs to one of them"
                raise loaded.error(key, f"{account!r} stands there {other}")
            owners[mark] = name


def _check_employment(loaded: LoadedConfig, key: str, person: PersonConfig) -> None:
    if person.joined and person.left and person.left < person.joined:
        said = f"{person.left} is before joined = {person.joined}: the last day comes after the first"
        raise loaded.error(f"{key}.left", said)
    for place, away in enumerate(person.away, 1):
        if away.last < away.first:
            raise loaded.error(f"{key}.away.{place}.to", f"{away.last} is before from = {away.first}")


def _dates(loaded: LoadedConfig, key: str, entries: Sequence[TextSince | NumberSince]) -> None:
    """Each entry holds until the next one's first day."""
    if not entries:
        raise loaded.error(key, "is empty: write the value, or [{ value = ..., since = 2026-01-01 }, ...]")
    before: dt.date | None = None
    for place, entry in enumerate(entries, 1):
        where = f"{key}.{place}.since"
        if entry.since is None and place > 1:
            raise loaded.error(where, "missing: only the first entry may do without, like since = 2026-07-01")
        if before is not None and entry.since is not None and entry.since <= before:
            said = "is the same day as" if entry.since == before else "is before"
            raise loaded.error(where, f"{entry.since} {said} the entry before it, {before}: the oldest comes first")
        before = entry.since


def _manager(loaded: LoadedConfig, key: str, name: str, boss: str) -> None:
    others = [one for one in loaded.config.people if one != name]
    if boss == name:
        raise loaded.error(key, f"{boss!r} cannot be their own manager{suggest(boss, others)}")
    if boss not in others:
        raise loaded.error(key, f"no [people] table named {boss!r}{suggest(boss, others)}")


def _values(dated: str | tuple[TextSince, ...] | None) -> Iterator[str]:
    if isinstance(dated, str):
        yield dated
    elif dated:
        yield from (entry.value for entry in dated)
