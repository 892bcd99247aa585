"""The support desk: people, teams, hours and settings."""

from collections.abc import Mapping
from datetime import date, timedelta
from random import Random
from typing import Any

import msgspec

from helpdesk_kpi.simulator.world import holidays as daysoff
from helpdesk_kpi.simulator.world.clock import DAY, SECOND, WEEK, DeskHours, Minutes, Week, local_date, windows
from helpdesk_kpi.simulator.world.facts import Account, ArticleFact, Created, Deleted, Fact
from helpdesk_kpi.simulator.world.phrases import Words
from helpdesk_kpi.simulator.world.phrases_en import WORDS as ENGLISH
from helpdesk_kpi.simulator.world.phrases_zh import WORDS as CHINESE
from helpdesk_kpi.simulator.world.plan import Plan

BASE = 28_835_700_000_000  # ids look like those of an account of 2024
TEAMS = tuple(BASE + 101 + i * 4 for i in range(3))
BRANDS = (BASE + 201, BASE + 205)
FORMS = (BASE + 301, BASE + 305)
SCHEDULE, LATE_SCHEDULE = BASE + 401, BASE + 405
LATE_TEAM = TEAMS[2]  # works on the second calendar, where teams have calendars
BOT, LIGHT, FORM_APP = BASE + 1001, BASE + 1005, BASE + 1009
FIRST_AGENT, FIRST_CUSTOMER = BASE + 1101, BASE + 5001
FIRST_SPAMMER = BASE + 4_000_001
CATEGORY_FIELD = 360001
SEVERITY = {"urgent": "P0", "high": "P1", "normal": "P2", "low": "P3"}
ALWAYS = ("P0",)
TEST_TAG = "test"
SCRIPT_TAG = "script"  # opened by a program and solved by a standard answer: not a valid ticket
CLIENT_ID, CLIENT_SECRET = "helpdesk_kpi", "simulated-client-secret"
EMAIL, TOKEN = "reports@northwind.example", "simulated-api-token"


class Employee(msgspec.Struct, frozen=True):
    """Labels of an agent: skill (0..1), slowness (1 is usual), shift."""

    account: int
    team: int
    skill: float
    slowness: float
    shift: Minutes  # minutes since local midnight
    hours: DeskHours
    left_at: int | None = None


class SupportDesk(msgspec.Struct, frozen=True, kw_only=True):
    """A support desk without its tickets. Times are epoch ms."""

    words: Words = ENGLISH
    start: int = 0
    end: int = 0
    zone: str = "UTC"
    rails_zone: str = "UTC"
    weekly: Mapping[int, tuple[Minutes, ...]] = {}
    late_weekly: Mapping[int, tuple[Minutes, ...]] = {}  # of a second calendar; {}: there is none
    holidays: tuple[daysoff.Holiday, ...] = ()
    workdays: tuple[date, ...] = ()
    accounts: tuple[Account, ...] = ()
    workers: tuple[Employee, ...] = ()
    articles: tuple[ArticleFact, ...] = ()
    severity: Mapping[str, str] = msgspec.field(default_factory=lambda: dict(SEVERITY))
    always: tuple[str, ...] = ALWAYS  # severities whose clock never stops
    exclude_tags: tuple[str, ...] = (TEST_TAG,)
    exclude_forms: tuple[int, ...] = ()
    exclude_brands: tuple[int, ...] = ()
    not_valid_tags: tuple[str, ...] = (SCRIPT_TAG,)
    escalation_teams: tuple[int, ...] = (TEAMS[1],)

    def hours(self) -> DeskHours:
        """The desk's working time, from eight weeks before the start to two years after the end."""
        return DeskHours(self.open(self.weekly))

    def late_hours(self) -> DeskHours:
        """The same by the second calendar, with the same days off."""
        return DeskHours(self.open(self.late_weekly))

    def open(self, week: Week) -> list[tuple[int, int]]:
        first = local_date(self.start - 8 * WEEK, self.zone)
        last = local_date(self.end, self.zone) + timedelta(days=730)
        off = [a + timedelta(days=i) for a, b, _ in self.holidays for i in range((b - a).days + 1)]
        return list(windows(week, self.zone, first, last, off=off, extra=self.workdays))


_ENGLISH_WEEK: Mapping[int, tuple[Minutes, ...]] = dict.fromkeys(range(5), ((9 * 60, 17 * 60 + 30),))
_CHINESE_WEEK: Mapping[int, tuple[Minutes, ...]] = dict.fromkeys(range(5), ((9 * 60, 12 * 60), (13 * 60 + 30, 18 * 60)))
_LATE_WEEK: Mapping[int, tuple[Minutes, ...]] = dict.fromkeys(range(5), ((12 * 60, 20 * 60),))
_SHIFTS: tuple[Minutes, ...] = ((7 * 60, 15 * 60), (9 * 60, 17 * 60 + 30), (9 * 60, 17 * 60 + 30), (11 * 60, 19 * 60))
_TEAM_OF = (0, 0, 0, 0, 0, 1, 1, 1, 2, 2)
_LEAVER = 3


def build_support_desk(rng: Random, plan: Plan, start: int, end: int) -> SupportDesk:
    """A desk with its agents at work from `start` to `end`."""
    words = CHINESE if plan.locale == "zh" else ENGLISH
    zone, rails = words.zone
    years = range(local_date(start, zone).year, local_date(end, zone).year + 2)
    chinese = plan.locale == "zh"
    holidays = [day for year in years for day in (daysoff.china(year) if chinese else daysoff.berlin(year))]
    made_up = [day for year in years if chinese for day in daysoff.china_workdays(year)]
    desk = SupportDesk(
        words=words, start=start, end=end, zone=zone, rails_zone=rails,
        weekly=_CHINESE_WEEK if chinese else _ENGLISH_WEEK,
        late_weekly=_LATE_WEEK if plan.late_hours else {},
        holidays=() if plan.stable else tuple(holidays), workdays=() if plan.stable else tuple(made_up),
    )  # fmt: skip
    workers = tuple(_worker(rng, plan, desk, i) for i in range(len(words.agents)))
    accounts = (*_staff(desk, workers), *_customers(rng, plan, desk), *_spammers(plan, desk), *_intake(plan, desk))
    if plan.approved:
        accounts = _licensed(accounts)
    return msgspec.structs.replace(desk, workers=workers, accounts=accounts)


def _worker(rng: Random, plan: Plan, desk: SupportDesk, i: int) -> Employee:
    shift = _SHIFTS[i % len(_SHIFTS)] if i < 5 else (9 * 60, 17 * 60 + 30)
    away = _vacation(rng, plan, desk, i)
    spans = [(a, b) for a, b in desk.open(dict.fromkeys(range(5), (shift,))) if not away[0] <= a < away[1]]
    left = desk.start + (desk.end - desk.start) * 6 // 10 // DAY * DAY if plan.leaver and i == _LEAVER else None
    return Employee(
        account=FIRST_AGENT + i * 4, team=TEAMS[_TEAM_OF[i]], skill=round(0.55 + 0.4 * rng.random(), 2),
        slowness=round(0.7 + 0.7 * rng.random(), 2), shift=shift, hours=DeskHours(spans), left_at=left,
    )  # fmt: skip


def _vacation(rng: Random, plan: Plan, desk: SupportDesk, i: int) -> tuple[int, int]:
    """Two weeks off, staggered by agent."""
    weeks = max(1, (desk.end - desk.start) // WEEK)
    first = desk.start + (i * weeks // 10 + rng.randrange(2)) * WEEK
    return (0, 0) if plan.stable else (first, first + 2 * WEEK)


def _staff(desk: SupportDesk, workers: tuple[Employee, ...]) -> list[Account]:
    words, hired = desk.words, desk.start - 52 * WEEK
    domain = words.domain
    people = [
        Account(
            id=BOT, name=words.bot, email=f"bot@{domain}", created_at=hired, roles=((hired, "agent"),), bot=True,
        ),
        Account(
            id=LIGHT, name=words.light_agent, email=f"product@{domain}", created_at=hired,
            roles=((hired, "light_agent"),),
        ),
    ]  # fmt: skip
    for i, (worker, (name, box)) in enumerate(zip(workers, words.agents, strict=True)):
        roles: tuple[Any, ...] = ((hired, "admin" if i == 0 else "agent"),)
        if worker.left_at is not None:
            roles = (*roles, (worker.left_at, "customer"))
        people.append(
            Account(
                id=worker.account, name=name, email=f"{box}@{domain}", created_at=hired, roles=roles, team=worker.team
            )
        )
    return people


def _customers(rng: Random, plan: Plan, desk: SupportDesk) -> list[Account]:
    """Customers in organisations, about one for three tickets."""
    count = max(12, plan.tickets // 3)
    joined = desk.start - 52 * WEEK
    return [_customer(rng, desk, i, joined + rng.randrange(40 * WEEK // SECOND) * SECOND) for i in range(count)]


def _customer(rng: Random, desk: SupportDesk, i: int, joined: int) -> Account:
    words = desk.words
    given, family = rng.choice(words.given), rng.choice(words.family)
    name = f"{family}{given}" if words.family_first else f"{given} {family}"
    org = rng.randrange(len(words.organizations) + 2)  # some belong to none
    domain = words.organizations[org][1] if org < len(words.organizations) else "post.example"
    box = rng.choice(words.mailboxes) if words.mailboxes else f"{given}.{family}".lower().replace("'", "")
    return Account(
        id=FIRST_CUSTOMER + i * 4, name=words.long_name if i == 7 else name, email=f"{box}{i}@{domain}",
        created_at=joined,
        roles=((joined, "customer"),), organization=organization(org) if org < len(words.organizations) else None,
    )  # fmt: skip


def _spammers(plan: Plan, desk: SupportDesk) -> list[Account]:
    """Senders of spam, each for one ticket."""
    joined = desk.start - WEEK
    return [
        Account(id=FIRST_SPAMMER + i * 4, name=desk.words.spammer.format(number=i + 1), email=f"promo{i}@bulk.example",
                created_at=joined, roles=((joined, "customer"),))
        for i in range(round(plan.spam * plan.tickets * 1.5) + 4)
    ]  # fmt: skip


def _intake(plan: Plan, desk: SupportDesk) -> list[Account]:
    """The contact form's account: an agent's seat without a person."""
    hired = desk.start - 52 * WEEK
    if not (plan.contact_form or plan.own_name):
        return []
    return [Account(id=FORM_APP, name=desk.words.form_app, email=f"form@{desk.words.domain}", created_at=hired,
                    roles=((hired, "agent"),), intake=True)]  # fmt: skip


def _licensed(accounts: tuple[Account, ...]) -> tuple[Account, ...]:
    """One customer of each organisation approves what the others ask for, and has an account like agents' ones."""
    first = {a.organization: a.id for a in reversed(accounts) if a.organization is not None}
    approvers = {*first.values()}
    return tuple(msgspec.structs.replace(a, licensed=a.id in approvers) for a in accounts)


def is_spammer(account: Account) -> bool:
    return account.id >= FIRST_SPAMMER


def reconcile_accounts(rng: Random, plan: Plan, desk: SupportDesk, facts: list[Fact]) -> SupportDesk:
    """The desk with accounts that fit the facts: some joined with their first ticket, spammers were suspended, a few
    customers were deleted when they had what they wanted.
    """
    first = {fact.requester: fact for fact in sorted(facts, key=lambda f: -f.at) if isinstance(fact, Created)}
    deleted = {fact.ticket: fact.at for fact in facts if isinstance(fact, Deleted)}
    accounts = [_reconcile_account(a, first.get(a.id), deleted) for a in desk.accounts]
    if plan.gone_people:
        owner = {fact.ticket: fact.requester for fact in facts if isinstance(fact, Created)}
        last = {owner[fact.ticket]: fact.at for fact in sorted(facts, key=lambda f: f.at)}
        accounts = [_gone(rng, plan, desk, a, last.get(a.id, a.created_at)) for a in accounts]
    return msgspec.structs.replace(desk, accounts=tuple(accounts))


def _gone(rng: Random, plan: Plan, desk: SupportDesk, account: Account, last: int) -> Account:
    at = max(last, desk.start) + 2 * WEEK
    ours = account.roles[0][1] != "customer" or account.licensed or is_spammer(account)
    if rng.random() >= plan.gone_people or ours or at >= desk.end:
        return account
    return msgspec.structs.replace(account, deleted_at=at)


def _reconcile_account(account: Account, first: Created | None, deleted: dict[int, int]) -> Account:
    late = is_spammer(account) or ((account.id // 4) % 3 == 0 and not account.licensed)
    if first is None or account.id < FIRST_CUSTOMER or not late:
        return account
    gone = deleted.get(first.ticket) if is_spammer(account) else None
    return msgspec.structs.replace(account, created_at=first.at, roles=((first.at, "customer"),), suspended_at=gone)


def organization(number: int) -> int:
    """The id of the n-th organisation."""
    return BASE + 601 + number * 4
