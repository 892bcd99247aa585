"""The configuration of simulated support desks."""

import datetime as dt
import json
import zoneinfo
from collections.abc import Sequence
from typing import Any, NamedTuple

from helpdesk_kpi.simulator.server.vendors import get_vendor
from helpdesk_kpi.simulator.world.world import World

TITLES = {
    "en": {"P0": "Service down", "P1": "Serious", "P2": "Normal", "P3": "Question"},
    "zh": {"P0": "特别紧急", "P1": "紧急", "P2": "一般", "P3": "低"},
}
RELEASES = {"en": "release 4.2", "zh": "4.2 版上线"}
TARGETS = {
    "P0": 'first_reply_time = "15m", full_resolution_time = "4h"',
    "P1": 'first_reply_time = "1h", full_resolution_time = "8h"',
    "P2": 'first_reply_time = "4h", full_resolution_time = "24h"',
    "P3": 'first_reply_time = "8h"',
}
#: Keys of `auth` that are secrets.
_SECRETS = frozenset({"client_secret", "token", "key", "personal_token"})


class DemoSource(NamedTuple):
    """One world behind one helpdesk's API."""

    source: str
    helpdesk: str
    world: World
    url: str

    @property
    def key_file(self) -> str:
        """Where its secret lies in a folder of its own."""
        return f"{self.helpdesk}.key"

    @property
    def secret(self) -> str:
        auth = get_vendor(self.helpdesk).settings(self.world, self.url)["auth"]
        return str(next(value for name, value in auth.items() if name in _SECRETS))


def config_text(world: World, url: str, locale: str, *, own_folder: bool = False, helpdesk: str = "zendesk") -> str:
    """Build a configuration for one simulated desk; in a folder of its own the secret is a file."""
    return build_demo_config([DemoSource("demo", helpdesk, world, url)], locale, own_folder=own_folder)


def build_demo_config(
    desks: Sequence[DemoSource], locale: str, *, own_folder: bool = False, joined: bool = False
) -> str:
    """Build a configuration for desks with the same hours; `joined`: agents of one name are one person."""
    said = desks[0].world.for_config()
    lines = [f'timezone = "{said["timezone"]}"', f'locale = "{locale}"', 'store = "helpdesk.db"', ""]
    for desk in desks:
        lines += _source(desk, own_folder=own_folder)
    bots = dict.fromkeys(bot["id"] for desk in desks for bot in desk.world.for_config()["bots"])
    intake = dict.fromkeys(form["id"] for desk in desks for form in desk.world.for_config()["intake"])
    lines += [
        "[tickets]",
        f"bots = {json.dumps(list(bots))}",
        *([f"intake = {json.dumps(list(intake))}"] if intake else []),
        "exclude = { " + ", ".join(f"{k} = {json.dumps(v)}" for k, v in said["exclude"].items()) + " }",
        f"valid = {_inline(said['valid'])}",
        f"escalation_teams = {json.dumps(said['escalation_teams'], ensure_ascii=False)}",
        *_statuses(desks),
        "",
        "[csat]",
        "keep_comments = true",
        *_dimensions(desks),
        "",
        *_hours(desks, said),
    ]
    if own_folder:
        released = _day(desks[0].world.now - 6 * 86_400_000, said["timezone"])
        lines += ["", "[annotations]", f'{released} = "{RELEASES[locale]}"']
    if joined:
        lines += _people(desks)
    for level, title in TITLES[locale].items():
        always = 'hours = "always"\n' if level in said["always"] else ""
        lines += ["", f"[severity.{level}]", f'title = "{title}"', f"{always}targets = {{ {TARGETS[level]} }}"]
    lines += ["", "[channels.outbox]", 'type = "files"', 'folder = "reports"']
    for name, template, every in (
        ("weekly", "weekly_digest", "monday 08:00"),
        ("monthly", "monthly_summary", "1st workday 09:00"),
    ):
        lines += ["", f"[reports.{name}]", f'template = "{template}"', f'every = "{every}"', 'to = ["outbox"]']
    return "\n".join(lines) + "\n"


def _hours(desks: Sequence[DemoSource], said: dict[str, Any]) -> list[str]:
    """One calendar for all; what a team works by another one, and what tickets say for themselves, goes before."""
    days = [f"closed = [{', '.join(_days(said['holidays']))}]", f"workdays = [{', '.join(said['workdays'])}]"]
    late = next((desk for desk in desks if desk.helpdesk == "freshdesk" and said["late"]), None)
    lines = []
    if late:
        teams = json.dumps(said["late"]["teams"], ensure_ascii=False)
        lines += ["[hours.late]", f"weekly = {_inline(said['late']['weekly'])}", *days, f"teams = {teams}", ""]
    own = [desk.source for desk in desks if not _tells_hours(desk)]
    return [*lines, "[hours.default]", f"weekly = {_inline(said['weekly'])}", *days, f"sources = {json.dumps(own)}"]


def _tells_hours(desk: DemoSource) -> bool:
    """Whether its tickets say on which calendar they run, and its calendars are whole: days worked in place of others
    are in none.
    """
    return desk.helpdesk == "zendesk" and bool(desk.world.desk.late_weekly) and not desk.world.desk.workdays


def _people(desks: Sequence[DemoSource]) -> list[str]:
    """Who is one person on several helpdesks: the agents of these desks have the same names."""
    accounts: dict[str, list[str]] = {}
    for desk in desks:
        account_of = getattr(get_vendor(desk.helpdesk), "account_of", str)
        for agent in desk.world.desk.accounts:
            if agent.roles[0][1] in {"agent", "admin"} and not agent.bot:
                accounts.setdefault(agent.name, []).append(f"{desk.source}:{account_of(agent.id)}")
    return [
        line
        for number, (name, own) in enumerate(accounts.items(), 1)
        for line in ("", f"[people.p{number}]", f"name = {_toml(name)}", f"accounts = {_toml(own)}")
    ]


def _statuses(desks: Sequence[DemoSource]) -> list[str]:
    """What statuses mean where the helpdesk itself says it only in part."""
    statuses: dict[str, str] = {}
    for desk in desks:
        if find_values := getattr(get_vendor(desk.helpdesk), "statuses", None):
            statuses |= find_values(desk.world)
    return [f"statuses = {_inline(statuses)}"] if statuses else []


def _dimensions(desks: Sequence[DemoSource]) -> list[str]:
    """What survey questions ask about, where the helpdesk has numbers for them only."""
    dimensions: dict[str, str] = {}
    for desk in desks:
        if find_values := getattr(get_vendor(desk.helpdesk), "dimensions", None):
            dimensions |= find_values(desk.world)
    return [f"dimensions = {_inline(dimensions)}"] if dimensions else []


def _source(desk: DemoSource, *, own_folder: bool) -> list[str]:
    table = get_vendor(desk.helpdesk).settings(desk.world, desk.url)
    kept = f'{{ file = "{desk.key_file}" }}' if own_folder else '{ env = "HELPDESK_KPI_SIMULATED_SECRET" }'
    auth = ", ".join(f"{k} = {kept if k in _SECRETS else json.dumps(v)}" for k, v in table.pop("auth").items())
    connector, url = table.pop("connector"), table.pop("url")
    return [
        f"[sources.{desk.source}]",
        f"connector = {json.dumps(connector)}",
        f"url = {json.dumps(url)}",
        f"since = {desk.world.for_config()['since']}",
        f"auth = {{ {auth} }}",
        *(f"{key} = {_toml(value)}" for key, value in table.items()),
        "",
    ]


def _toml(value: Any) -> str:
    return _inline(value) if isinstance(value, dict) else json.dumps(value, ensure_ascii=False)


def _day(ms: int, zone: str) -> str:
    return dt.datetime.fromtimestamp(ms / 1000, zoneinfo.ZoneInfo(zone)).date().isoformat()


def _inline(table: dict[str, Any]) -> str:
    return "{ " + ", ".join(f"{_key(k)} = {json.dumps(v, ensure_ascii=False)}" for k, v in table.items()) + " }"


def _key(name: str) -> str:
    """A bare key where TOML allows one."""
    return name if name.replace("-", "").replace("_", "").isalnum() and name.isascii() else json.dumps(name)


def _days(spans: list[dict[str, str]]) -> list[str]:
    found = []
    for span in spans:
        day, last = dt.date.fromisoformat(span["first"]), dt.date.fromisoformat(span["last"])
        while day <= last:
            found.append(day.isoformat())
            day += dt.timedelta(days=1)
    return found
