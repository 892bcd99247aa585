"""A world: the facts of a desk, and how to make one up."""

from collections import defaultdict
from collections.abc import Iterable
from random import Random
from typing import Any, Literal

from helpdesk_kpi.simulator.world.articles import add_articles, add_minor_edits
from helpdesk_kpi.simulator.world.clock import DAY, WEEK, DeskHours, Week, instant, local_date
from helpdesk_kpi.simulator.world.facts import Account, Created, Fact, Spent
from helpdesk_kpi.simulator.world.plan import Locale, Plan, build_plan
from helpdesk_kpi.simulator.world.scenarios import build_scenarios
from helpdesk_kpi.simulator.world.support_desk import (
    CLIENT_ID,
    CLIENT_SECRET,
    EMAIL,
    LATE_SCHEDULE,
    LATE_TEAM,
    TEAMS,
    TOKEN,
    SupportDesk,
    build_support_desk,
    reconcile_accounts,
)
from helpdesk_kpi.simulator.world.ticket_history import TicketHistory

END = "2026-11-23 06:00"  # local time; a Monday, so that the last week is whole
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class World:
    """A desk with its facts, shown as of `now`. Facts later than that do not exist for anyone who asks."""

    def __init__(self, desk: SupportDesk, facts: Iterable[Fact], *, plan: Plan | None = None) -> None:
        self.desk = desk
        self.plan = plan or Plan()
        self.facts: list[Fact] = sorted(facts, key=lambda fact: fact.at)
        self.now = desk.end
        self.plan_without: set[str] = set()
        """What the helpdesk's plan does not include: "schedules", "slas", "csat", "surveys", "calls", ..."""
        self.accounts: dict[int, Account] = {account.id: account for account in desk.accounts}
        self.tells_spam = False
        """Zendesk has no mark for spam: marking deletes the ticket and suspends its requester."""
        self.looks: tuple[int, ...] = ()
        """Polls of the articles; (): continuous. Changes between two polls may be visible or not."""
        self.tells_edits: Literal["all", "last", "text"] = "all"
        """Of edits between two looks: all, the last one with its editor, or only that the text is another one."""
        self.keeps_time = bool(self.plan.hours) or any(isinstance(fact, Spent) for fact in self.facts)
        """Whether the app is installed by which Zendesk keeps time; elsewhere it is part of the helpdesk."""
        self.silent_hours = False
        """Whether a ticket stays as it was when time is written down on it; nothing says that it may not."""
        self.tells_macros = True
        """Whether the helpdesk says that a comment is a prepared text."""
        self.calendars_by: Literal["", "ticket", "team"] = ""
        """How the helpdesk knows which calendar a ticket runs on: its own schedule, its team's, or one for all."""
        self.tells_writers = True
        """Whether the helpdesk says who typed a ticket's first words; else they are the requester's."""
        self.dictated_by_phone = False
        """Whether dictated tickets appear as a call without call data."""
        self.has_projects = False
        """Whether tickets can go to places that are no desk."""
        self.hours, self.late_hours = desk.hours(), desk.late_hours()
        self.stories = _build_histories(self.facts)
        self.leaver = next((a for a in desk.accounts if len(a.roles) > 1), None)

    def hours_of(self, story: TicketHistory, at: int) -> DeskHours:
        """Of the calendar that a ticket has by its own schedule then."""
        late = self.desk.late_weekly and story.state(at)["schedule"] == LATE_SCHEDULE
        return self.late_hours if late else self.hours

    def for_config(self) -> dict[str, Any]:
        """What a configuration file for this desk says, in the words of that file where it has them."""
        desk = self.desk
        return {
            "timezone": desk.zone,
            "since": local_date(min([desk.start, *(fact.at for fact in self.facts[:1])]), desk.zone).isoformat(),
            "weekly": _weekly(desk.weekly),
            "late": _late(desk) if desk.late_weekly else {},
            "holidays": [
                {"first": first.isoformat(), "last": last.isoformat(), "name": name}
                for first, last, name in desk.holidays
            ],
            "workdays": [day.isoformat() for day in desk.workdays],
            "severity": dict(desk.severity),
            "always": list(desk.always),
            "bots": [{"id": str(a.id), "email": a.email} for a in desk.accounts if a.bot],
            "intake": [{"id": str(a.id), "email": a.email} for a in desk.accounts if a.intake],
            "exclude": {
                "tags": list(desk.exclude_tags),
                "forms": [str(form) for form in desk.exclude_forms],
                "brands": [str(brand) for brand in desk.exclude_brands],
            },
            "valid": {"tags": list(desk.not_valid_tags)},
            "escalation_teams": [
                name for team, name in zip(TEAMS, desk.words.teams, strict=True) if team in desk.escalation_teams
            ],
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "email": EMAIL,
            "token": TOKEN,
        }


def generate(
    seed: int,
    tickets: int = 600,
    weeks: int = 30,
    end: int | None = None,
    locale: Locale = "en",
    **knobs: Any,
) -> World:
    """A world of about `tickets` tickets over the `weeks` before `end` (epoch ms; default: a fixed Monday).

    The same arguments give the same facts. `knobs` are the fields of `plan.Plan`.
    """
    plan = build_plan(tickets=tickets, weeks=weeks, locale=locale, **knobs)
    rng = Random(f"{seed} desk")  # noqa: S311  # made-up people, no secrets
    if end is None:
        end = instant(END, "Asia/Shanghai" if locale == "zh" else "Europe/Berlin")
    desk = build_support_desk(rng, plan, end - weeks * WEEK, end)
    desk = add_minor_edits(Random(f"{seed} knowledge"), add_articles(rng, desk))  # noqa: S311  # as above
    facts = [] if plan.empty else build_scenarios(seed, plan, desk)
    desk = reconcile_accounts(Random(f"{seed} gone"), plan, desk, facts)  # noqa: S311  # as above
    return World(desk, facts, plan=plan)


def build_desk_from_accounts(
    accounts: Iterable[Account], *, start: int, end: int, zone: str = "UTC", **settings: Any
) -> SupportDesk:
    """A desk for a world that is written by hand; open Monday to Friday 9:00 to 17:00 if nothing else is said."""
    settings.setdefault("weekly", dict.fromkeys(range(5), ((9 * 60, 17 * 60),)))
    return SupportDesk(accounts=tuple(accounts), start=start, end=end, zone=zone, **settings)


def _build_histories(facts: list[Fact]) -> dict[int, TicketHistory]:
    by_ticket: defaultdict[int, list[Fact]] = defaultdict(list)
    for fact in facts:
        by_ticket[fact.ticket].append(fact)
    return {
        number: TicketHistory(number, facts)
        for number, facts in by_ticket.items()
        if any(isinstance(f, Created) for f in facts)
    }


def _late(desk: SupportDesk) -> dict[str, Any]:
    """The second calendar, and which team works by it where teams have calendars."""
    return {"weekly": _weekly(desk.late_weekly), "teams": [desk.words.teams[TEAMS.index(LATE_TEAM)]]}


def _weekly(week: Week) -> dict[str, list[str]]:
    """{"mon-fri": ["09:00-17:30"]}; days with the same hours next to each other are put together."""
    rows: list[tuple[int, int, tuple[tuple[int, int], ...]]] = []
    for day, spans in sorted(week.items()):
        if rows and rows[-1][1] == day - 1 and rows[-1][2] == tuple(spans):
            rows[-1] = (rows[-1][0], day, rows[-1][2])
        elif spans:
            rows.append((day, day, tuple(spans)))
    return {
        _DAYS[first] if first == last else f"{_DAYS[first]}-{_DAYS[last]}": [f"{_hhmm(a)}-{_hhmm(b)}" for a, b in spans]
        for first, last, spans in rows
    }


def _hhmm(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def monday_before(at: int) -> int:
    """The last Monday 06:00 UTC not after `at`: a good `end` for a demonstration of today."""
    thursday = 3 * DAY  # the epoch was a Thursday
    return (at + thursday - 6 * 3_600_000) // WEEK * WEEK - thursday + 6 * 3_600_000
