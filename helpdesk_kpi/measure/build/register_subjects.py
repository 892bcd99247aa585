"""Groups active register entries by subject, for KPI functions."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

from helpdesk_kpi.calendar.periods import Period, get_period_at, get_zone, local_midnight, parse_period
from helpdesk_kpi.measure.metrics.contract import Observation
from helpdesk_kpi.registers.entry import Entry
from helpdesk_kpi.registers.lookup import RegisterLookup
from helpdesk_kpi.registers.register_types import ANONYMOUS, decode_entry
from helpdesk_kpi.store.register_entries import ACTIVE_SQL, RegisterRow, load_rows

E = TypeVar("E", bound=Entry)


class ResolvedEntry(NamedTuple):
    """An entry with the key of its ticket."""

    entry: Entry
    ticket: int | None


class RegisterSubject:
    """The active entries about one subject."""

    def __init__(self, entries: Sequence[ResolvedEntry], telling: "RegisterSubjectLoader") -> None:
        self.entries, self.telling = entries, telling
        self.zone = telling.names.config.timezone

    def of(self, kind: type[E]) -> Iterator[E]:
        """Its entries of a register, oldest first."""
        return (placed.entry for placed in self.entries if isinstance(placed.entry, kind))

    def fact(self, at: int, subject: str | None = None, *, team: str | None = None, **more: Any) -> Observation:
        """A fact about a person, or about a team by its name."""
        names = self.telling.names
        found = self.telling.team_of(subject, at) if subject else self.telling.team_keys.get(team or "")
        return Observation(
            at=at, agent=names.account(subject) if subject else None, team=found,
            ticket=self.entries[0].ticket, **more,
        )  # fmt: skip

    def person(self, mark: str) -> str:
        """The same for all references to one person."""
        return self.telling.names.canonical_ref(mark)

    def rater(self, entry: Entry) -> int:
        """A number for the rater, which does not identify them."""
        by = str(getattr(entry, "by"))  # noqa: B009 - of judged kinds only
        names = self.telling.names
        return int(names.same_hash(by if entry.register in ANONYMOUS else names.hash_ref(by)), 16)

    def day(self, day: Any) -> int:
        """The first instant of a local day."""
        return local_midnight(day, get_zone(self.zone))

    def days(self, label: str) -> list[Period]:
        """The local days of a period."""
        period = parse_period(label, self.zone, 0)
        found = [get_period_at("day", period.start, self.zone)]
        while found[-1].end < period.end:
            found.append(found[-1].next())
        return found


class RegisterSubjectLoader:
    """Loads register entries, with what the store and the configuration know of people and teams."""

    def __init__(self, names: RegisterLookup) -> None:
        self.names, self.store = names, names.store

    def load(self, keys: Sequence[int]) -> Iterator[tuple[int, int, RegisterSubject]]:
        """(key, instant of the first entry, subject) of those that have an active entry, in order of the keys."""
        found: dict[int, list[RegisterRow]] = {}
        for row in load_rows(self.store, f"subject IN (SELECT value FROM json_each(?)) AND {ACTIVE_SQL}", list(keys)):
            found.setdefault(row.subject, []).append(row)
        for key in sorted(found):
            entries = [ResolvedEntry(decode_entry(row), row.ticket) for row in found[key]]
            yield key, found[key][0].at, RegisterSubject(entries, self)

    @cached_property
    def team_keys(self) -> Mapping[str, int]:
        """Keys of teams by name. If several helpdesks have a team of that name, the first."""
        rows = self.store.rows("SELECT name, id FROM teams WHERE name IS NOT NULL ORDER BY id DESC")
        return {str(name): int(key) for name, key in rows}

    def team_of(self, mark: str, at: int) -> int | None:
        """The team of a person at an instant: from [people], else from the helpdesk if it is only one."""
        human = self.names.agent_by_ref.get(mark)
        if human is None:
            return None
        if (team := human.team_at(at)) is not None:
            return self.team_keys.get(team)
        teams = {team for account in human.accounts for team in self._teams_at(account.person, at)}
        return teams.pop() if len(teams) == 1 else None

    def _teams_at(self, person: int, at: int) -> set[int]:
        """Before the first membership that was seen, that one."""
        spans = self.store.rows("SELECT first_seen, gone_at, team FROM team_members WHERE person = ?", person)
        first = min((seen for seen, _, _ in spans), default=0)
        at = max(at, first)
        return {team for seen, gone, team in spans if seen <= at and (gone is None or at < gone)}
