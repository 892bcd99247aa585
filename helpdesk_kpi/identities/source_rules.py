"""How a configuration reads a source's records: who is who, what a status means, which severity, what is left out.

Meaning lives here and not in the store, so that mapping a status or naming a bot needs a new fold, but no new sync.
"""

import hashlib
import json
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from typing import Literal

import msgspec

from helpdesk_kpi.config import Config, Tickets
from helpdesk_kpi.identities.deleted_statuses import meanings
from helpdesk_kpi.identities.resolution_field import RESOLVED
from helpdesk_kpi.identities.survey_dimensions import load_survey_dimensions
from helpdesk_kpi.identities.vocabulary import BY_RULE, SHARED
from helpdesk_kpi.model import MAIN
from helpdesk_kpi.store import Store
from helpdesk_kpi.store.ticket_records import TicketRecord

ActorClass = Literal["customer", "agent", "light_agent", "bot", "system", "unknown"]
State = Literal["new", "open", "pending", "hold", "solved", "closed"]

#: Needs without which a ticket's story has holes.
HISTORY_NEEDS = frozenset({"comments.public", "comments.private", "status.history"})
KNOWLEDGE = frozenset({"articles", "article.edits", "article.votes", "article.views"})
NEED_SURVEY_OFFERED = "survey.offered"  # without it, the surveys that are known are those that were answered
DONE_STATES = frozenset({"solved", "closed"})
STATES = {s: s for s in ("new", "open", "pending", "hold", "solved", "closed")} | {"on-hold": "hold"}
CATEGORIES = frozenset({"type", "form", "brand", "channel"})  # categories that are no custom fields
TEAM_KINDS = frozenset({"agent", "light_agent", "bot"})


class AccountFacts(msgspec.Struct, frozen=True):
    """What the desk knows about one account."""

    kind: str | None  # the latest; null: only an id is known
    has_worked: bool = False  # was given more tickets than they asked for, and no role seen tells of it
    since: tuple[int, ...] = ()  # starts of the spans of `kinds`; 0: the helpdesk does not date roles
    kinds: tuple[str, ...] = ()
    works_from: int | None = None  # first act for the team, of those who asked something before a role was seen
    works_until: int | None = None  # last act on a ticket that was given to them, where no role seen tells of it

    def kind_at(self, at: int) -> str | None:
        """The kind of role in force; before the first one seen, that one."""
        return self.kinds[max(bisect_right(self.since, at) - 1, 0)] if self.kinds else self.kind

    def worked_unseen(self, at: int) -> bool:
        """Whether their work tells that they were of the team then, and no role does: what they are now was first seen
        later.
        """
        if not self.has_worked or not TEAM_KINDS.isdisjoint(self.kinds):
            return False
        is_dated = bool(self.since) and self.since[0] > 0
        return not is_dated or at < self.since[0] or (self.works_until is not None and at <= self.works_until)

    def not_yet(self, at: int) -> bool:
        """Whether they only asked then: the role of the team was seen later, and so was their first act for it."""
        return self.works_from is not None and at < self.works_from and bool(self.since) and at < self.since[0]


#: What a helpdesk promises as it comes, in lower case. https://support.atlassian.com/jira-service-management-cloud/docs/create-sla-conditions/
PROMISES = {"time to first response": "first_response", "time to resolution": "resolution"}

CUSTOMER = AccountFacts("customer")


class SourceRules(msgspec.Struct, frozen=True):
    """The reading of one source."""

    source: int
    since: int  # tickets made before have no history of their own
    rules: Tickets
    severities: Mapping[str, str]  # by native priority, and by its label
    states: Mapping[str, str]  # by native status, and by its label
    people: Mapping[int, AccountFacts]  # all but those who have only ever been customers
    outsiders: frozenset[int]  # people of the excluded domains
    person_keys: Mapping[str, int]  # native -> key
    team_keys: Mapping[str, int]
    bots: frozenset[int]
    dimensions: Mapping[str, str]  # survey question, in lower case -> dimension
    missing_capabilities: frozenset[str]  # needs that this source cannot give
    sla_names: Mapping[str, str] = {}  # id, field or name of a promise, in lower case -> what it promises
    has_sla: bool = False  # the helpdesk tells how the clocks of its promises ran
    labels: Mapping[str, str] = {}  # native priority -> what people call it, where that differs
    escalation_teams: frozenset[int] = frozenset()
    category: str = "type"  # where a ticket's category stands
    intake: frozenset[int] = frozenset()  # accounts that only bring requests in
    local: Mapping[str, frozenset[int]] = {}  # brand -> who may answer there, where the helpdesk says so of each
    decided: frozenset[str] = frozenset()  # native statuses of which the configuration says what they mean

    def person(self, key: int | None) -> AccountFacts:
        return self.people.get(key, CUSTOMER) if key is not None else CUSTOMER

    def is_agent_now(self, key: int | None) -> bool:
        """By the role of today, whatever it was then."""
        return self.person(key).kind in {"agent", "bot"}

    def severity(self, priority: str | None) -> str | None:
        """None: no priority. An unmapped priority is a level of its own name."""
        if priority is None:
            return None
        label = self.labels.get(priority, priority)
        return self.severities.get(priority.casefold()) or self.severities.get(label.casefold(), label)

    def state(self, status: str | None) -> str:
        """An unmapped status counts as open, so that nothing looks done that may not be."""
        if status is not None and status.endswith(RESOLVED):
            return "solved"
        return self.states.get((status or "").casefold(), "open")

    def is_decided(self, status: str | None) -> bool:
        return (status or "").casefold() in self.decided

    def who(
        self,
        person: int | None,
        at: int,
        via: str | None,
        rule: str | None,
        askers: Collection[int | None],
        *,
        public: bool = True,
    ) -> ActorClass:
        """The class of an actor at an instant, decided in the order: bots, rules, what the account is for, the role at
        that time, the API.

        `askers` are those whose ticket it is: the requester first, and further people who take part. `public` says
        whether the customer sees what was done.
        """
        if person in self.bots:
            return "bot"
        if person is None or rule is not None or via in BY_RULE:
            return "system"
        if via in SHARED and person not in askers:
            return "unknown"
        kind = self._kind(person, at, is_asker=person in askers, public=public)
        if kind not in TEAM_KINDS:
            return "customer" if kind == "customer" or (kind is None and person in askers) else "unknown"
        if kind == "bot" or (via == "api" and self.rules.api_comments == "bot"):
            return "bot"
        return "light_agent" if kind == "light_agent" else "agent"

    def _kind(self, person: int, at: int, *, is_asker: bool, public: bool) -> str | None:
        """What somebody was to a ticket: by what the account is for, the role, the ticket, and the work done."""
        facts = self.people.get(person, CUSTOMER)
        kind = facts.kind_at(at)
        if facts.kind == "nobody":
            return "nobody"
        if person in self.intake:
            return "customer"
        if kind in {None, "customer"}:
            return "agent" if facts.worked_unseen(at) and not is_asker else kind
        if kind == "member":  # a licence is no role: only work for the team is
            side = "customer" if is_asker or public else "light_agent"
            return "agent" if facts.has_worked and not is_asker else side
        return "customer" if is_asker and facts.not_yet(at) else kind

    def was_of_the_team(self, person: int | None) -> bool:
        """Whether they are or were ever seen to be of the team."""
        facts = self.person(person)
        return person in self.bots or not TEAM_KINDS.isdisjoint({facts.kind, *facts.kinds})

    def is_of_another_team(self, person: int | None, brand: str | None) -> bool:
        """Whether they may answer for another brand and not for this one: here they are a customer like others."""
        here = self.local.get(brand or "")
        return here is not None and person not in here and any(person in there for there in self.local.values())

    def is_internal(self, person: int | None, at: int, brand: str | None = None) -> bool:
        if person in self.intake or self.is_of_another_team(person, brand):
            return False
        facts = self.person(person)
        return person in self.bots or (facts.kind_at(at) in TEAM_KINDS and not facts.not_yet(at))

    def excluded(self, ticket: TicketRecord) -> bool:
        """Whether the configuration names this ticket as no support work."""
        out = self.rules.exclude
        return bool(
            (out.tags and not set(out.tags).isdisjoint(json.loads(ticket.tags)))
            or ticket.form in out.forms
            or ticket.brand in out.brands
            or ticket.channel in out.channels
            or ticket.requester in self.outsiders
        )

    def part_of(self, ticket: TicketRecord) -> str:
        """Why a ticket is a part of other work and no request of a customer; "" if it is one."""
        out = self.rules.exclude
        if ticket.association in out.associations:
            return str(ticket.association)
        wanted = {name.strip().casefold() for name in out.issue_types}
        return "issue_type" if (ticket.issue_type or "").casefold() in wanted - {""} else ""

    def category_of(self, ticket: TicketRecord) -> str | None:
        if self.category in CATEGORIES:
            return getattr(ticket, self.category)  # type: ignore[no-any-return]
        value = json.loads(ticket.fields).get(self.category)
        return None if value is None else str(value)

    def not_valid(self, ticket: TicketRecord) -> bool:
        """Whether the configuration names this ticket as work that is nobody's valid ticket."""
        out = self.rules.valid
        return bool(
            (out.tags and not set(out.tags).isdisjoint(json.loads(ticket.tags)))
            or ticket.form in out.forms
            or ticket.channel in out.channels
            or (out.categories and self.category_of(ticket) in out.categories)
        )

    def dimension(self, question: str) -> str:
        """What a survey question asks about: "overall" for a helpdesk's only or main one; itself where nothing says."""
        return self.dimensions.get(question.casefold(), question) if question else MAIN


#: Of people p: who is or ever was of the team, as far as anything tells. Whoever is known by an id only may be.
IS_TEAM_MEMBER_SQL = (
    "(p.kind IS NULL OR p.kind IN ('agent', 'light_agent', 'bot')"
    " OR p.id IN (SELECT person FROM person_roles WHERE kind IN ('agent', 'light_agent', 'bot'))"
    " OR p.id IN (SELECT person FROM standings WHERE has_worked))"
)
#: Of people p: of whom more may be told than that they are customers.
KNOWN = (
    "(p.kind IS NOT 'customer' OR p.was_assigned OR p.id IN (SELECT person FROM person_roles WHERE kind != 'customer'))"
)


def load_source_rules(store: Store, config: Config) -> dict[int, SourceRules]:
    """The desk of every source in the store."""
    sources = store.rows("SELECT id, name, since FROM sources")
    return {key: _build_source_rules(store, config, key, name, since) for key, name, since in sources}


def desks_by_name(store: Store, config: Config) -> dict[str, SourceRules]:
    names = dict(store.rows("SELECT id, name FROM sources"))
    return {names[key]: desk for key, desk in load_source_rules(store, config).items()}


def _build_source_rules(store: Store, config: Config, source: int, name: str, since: int) -> SourceRules:
    people = _people(store, source)
    severities = config.sources.get(name, {}).get("severity", {})
    sql = "SELECT native, name FROM names WHERE source = ? AND kind = 'priority'"
    labels = dict(store.rows(sql, source))
    return SourceRules(
        source=source,
        since=since,
        rules=config.tickets,
        severities={str(k).casefold(): str(v) for k, v in severities.items()},
        states=_states(store, source, config.tickets),
        decided=_decided(store, source, config.tickets),
        local=_local(store, source, config.sources.get(name, {}).get("agents")),
        people=people,
        person_keys=dict(store.rows(f"SELECT native, id FROM people p WHERE source = ? AND {KNOWN}", source)),
        team_keys=dict(store.rows("SELECT native, id FROM teams WHERE source = ?", source)),
        outsiders=_find_external_accounts(store, source, config.tickets.exclude.domains),
        bots=find_configured_bots(store, source, config.tickets.bots),
        intake=find_accounts(store, source, config.tickets.intake),
        dimensions=load_survey_dimensions(store, config, source, name),
        missing_capabilities=_lacks(store, source),
        sla_names=_build_sla_names(config.sources.get(name, {}).get("sla", {})),
        has_sla=any(store.one(_HAS_SLA_ROWS.format(table), source) for table in ("sla_cycles", "sla_events")),
        labels=labels,
        escalation_teams=_find_teams(store, source, config.tickets.escalation_teams),
        category=str(config.sources.get(name, {}).get("category", config.tickets.category)),
    )


def _local(store: Store, source: int, configured: object) -> dict[str, frozenset[int]]:
    """A team that the configuration names is one for all brands."""
    sql = "SELECT native, detail FROM names WHERE source = ? AND kind = 'agents' AND detail IS NOT NULL"
    brands = {} if configured else dict(store.rows(sql, source))
    ids = "SELECT id FROM people WHERE source = ? AND native IN (SELECT value FROM json_each(?))"
    return {brand: frozenset(key for (key,) in store.rows(ids, source, people)) for brand, people in brands.items()}


def _find_teams(store: Store, source: int, wanted: list[str]) -> frozenset[int]:
    """Teams that the configuration names by name, id, or "source:id"."""
    marks = {mark.strip().casefold() for mark in wanted}
    return frozenset(
        team for team, of, called in list_team_refs(store) if of == source and not marks.isdisjoint(called)
    )


def list_team_refs(store: Store) -> Iterator[tuple[int, int, set[str]]]:
    """(team, source, what a configuration may call it: its id, its name, "source:id", in lower case)."""
    sql = "SELECT t.id, s.id, s.name, t.native, t.name FROM teams t JOIN sources s ON s.id = t.source"
    for team, source, of, native, name in store.rows(sql):
        yield team, source, {mark.casefold() for mark in (native, name, f"{of}:{native}") if mark}


_HAS_SLA_ROWS = "SELECT EXISTS (SELECT 1 FROM {} c JOIN tickets t ON t.id = c.ticket WHERE t.source = ?)"


def _build_sla_names(own: Mapping[str, str]) -> dict[str, str]:
    """Names as they come with a helpdesk, and what the configuration says; a field's number stands for the field."""
    numbered = {f"customfield_{key}": role for key, role in own.items() if key.isdecimal()}
    return PROMISES | {key.casefold(): role for key, role in {**own, **numbered}.items()}


def _states(store: Store, source: int, rules: Tickets) -> dict[str, str]:
    """By native status: what the configuration says of it or of its label, else what the helpdesk says."""
    own: dict[str, str] = {status.casefold(): state for status, state in rules.statuses.items()}
    states: dict[str, str] = {}
    gone: dict[str, str] = {}  # those that only histories know
    for native, label, state in store.rows(_STATUSES, source):
        states[native.casefold()] = own.get(label.casefold()) or state or "open"
        if state is None and own.keys().isdisjoint({label.casefold(), native.casefold()}):
            gone[native] = label
    for one in meanings(store, source, gone, STATES | states | own):
        states[one.native.casefold()] = one.state or STATES.get(one.name.casefold(), "open")
    return STATES | states | own


def _decided(store: Store, source: int, rules: Tickets) -> frozenset[str]:
    own = {status.casefold() for status in rules.statuses}
    by_label = (native.casefold() for native, label, _ in store.rows(_STATUSES, source) if label.casefold() in own)
    return frozenset({*own, *by_label})


_STATUSES = "SELECT native, name, detail FROM names WHERE source = ? AND kind = 'status'"


def _people(store: Store, source: int) -> dict[int, AccountFacts]:
    spans: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for person, at, kind in store.rows(
        f"SELECT r.person, r.at, r.kind FROM person_roles r JOIN people p ON p.id = r.person"
        f" WHERE p.source = ? AND {KNOWN} ORDER BY r.at",
        source,
    ):
        spans[person].append((at, kind))
    sql = (
        "SELECT p.id, p.kind, coalesce(w.has_worked, 0), w.works_from, w.works_until FROM people p"
        f" LEFT JOIN standings w ON w.person = p.id WHERE p.source = ? AND {KNOWN}"
    )
    return {
        key: AccountFacts(
            kind, bool(worked), tuple(at for at, _ in spans[key]), tuple(k for _, k in spans[key]), *works
        )
        for key, kind, worked, *works in store.rows(sql, source)
    }


def _find_external_accounts(store: Store, source: int, domains: list[str]) -> frozenset[int]:
    wanted = [d.casefold() for d in domains]
    sql = "SELECT id FROM people WHERE source = ? AND domain IN (SELECT value FROM json_each(?))"
    return frozenset(key for (key,) in store.rows(sql, source, wanted))


def find_configured_bots(store: Store, source: int, configured: list[str]) -> frozenset[int]:
    """Accounts that the configuration names, and those that say so themselves."""
    own = store.rows("SELECT id FROM people WHERE source = ? AND kind = 'bot'", source)
    return find_accounts(store, source, configured) | {key for (key,) in own}


def find_accounts(store: Store, source: int, configured: list[str]) -> frozenset[int]:
    """Accounts by address, id, "source:id" or name. Of customers, whose names are not kept, by address and id."""
    wanted = {name.strip().casefold() for name in configured}
    if not wanted:
        return frozenset()
    hashes = [hashlib.blake2b(name.encode(), key=store.hash_key, digest_size=16).hexdigest() for name in wanted]
    by_id = (
        "SELECT p.id FROM people p JOIN sources s ON s.id = p.source WHERE s.id = ?1"
        " AND (lower(p.native) IN (SELECT value FROM json_each(?2))"
        " OR lower(s.name || ':' || p.native) IN (SELECT value FROM json_each(?2))"
        " OR lower(hex(p.email_hash)) IN (SELECT value FROM json_each(?3)))"
    )
    by_name = "SELECT id, name, email FROM people WHERE source = ? AND (name IS NOT NULL OR email IS NOT NULL)"
    called = (
        key
        for key, *marks in store.rows(by_name, source)
        if not wanted.isdisjoint(mark.casefold() for mark in marks if mark)
    )
    return frozenset([*(key for (key,) in store.rows(by_id, source, sorted(wanted), hashes)), *called])


def _lacks(store: Store, source: int) -> frozenset[str]:
    """Needs that no stream gives, or only ones which the plan or the rights do not include or which never ended."""
    given: set[str] = set()
    missing = {
        *HISTORY_NEEDS,
        "calls",
        "chats",
        NEED_SURVEY_OFFERED,
        *KNOWLEDGE,
    }  # streams that have not run yet, or are switched off
    sql = "SELECT state = 'unavailable' OR complete_until IS NULL, gives FROM cursors WHERE source = ?"
    provided: set[str] = set()
    for is_missing, gives in store.rows(sql, source):
        provided.update(json.loads(gives))
        (missing if is_missing else given).update(json.loads(gives))
    # The latest files may hold no comment, where earlier ones did.
    if _COMMENTS.isdisjoint(provided) and store.one(_SAID, source):
        given |= _COMMENTS
    return frozenset(missing - given)


_COMMENTS = frozenset({"comments.public", "comments.private"})
_SAID = (
    "SELECT EXISTS (SELECT 1 FROM events e JOIN tickets t ON t.id = e.ticket WHERE t.source = ? AND e.kind = 'comment'"
    " AND e.id != 'created' AND e.actor IS NOT NULL AND e.public IS NOT NULL)"
)
