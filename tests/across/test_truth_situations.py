"""The situations of real accounts through three helpdesks: who wrote, which calendar, where a ticket went."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from truth_fixtures import (
    DAY,
    ELSEWHERE,
    UNSUPPORTED,
    UNSUPPORTED_FACETS,
    WORLD_KPIS,
    Measured,
    calm,
    merely_opened,
    true_rows,
    without,
    without_facet,
)

from helpdesk_kpi.simulator.jira.auth import PERSONAL_TOKEN
from helpdesk_kpi.simulator.jira.vocabulary import AUTOMATION
from helpdesk_kpi.simulator.world.plan import real
from helpdesk_kpi.simulator.world.support_desk import BOT, FORM_APP
from helpdesk_kpi.simulator.world.world import World, generate

#: What some helpdesk cannot tell does not happen in these worlds, as in test_truth_across.py.
UNTOLD: dict[str, Any] = dict.fromkeys(
    ("api_reply", "call", "missed_call", "voicemail", "changed_answer", "no_priority", "light_note"), 0.0
) | {"csat": "legacy"}
#: Of what Zendesk tells alone: conversations, and when somebody deleted something.
ZENDESKS = dict.fromkeys(("messaging", "unanswered_chat", "many_sessions", "ai_agent", "deleted", "spam"), 0.0)
#: Data Center does not tell robots from people.
SERVER_BOTS = [f"JIRAUSER{number}" for number in (AUTOMATION, BOT, FORM_APP)]
#: Confluence is read on Cloud only.
OF_PAGES = frozenset({"article_activity", "article_reuse", "article_freshness"})
KPIS = [kpi for kpi in WORLD_KPIS if (kpi, "strict") not in ELSEWHERE]


def real_world(helpdesk: str, seed: int) -> World:
    """Ten times as many of each situation as in a demonstration."""
    knobs = {name: 10 * share for name, share in real(helpdesk).items()} | UNTOLD
    knobs |= {} if helpdesk == "zendesk" else ZENDESKS
    knobs |= {"outbound": 0.0} if helpdesk == "jira" else {}
    world = calm(generate(seed, tickets=120, weeks=8, **knobs))
    if helpdesk == "freshdesk":  # its calendars do not tell days off
        desk = msgspec.structs.replace(world.desk, holidays=())
        world.hours, world.late_hours = desk.hours(), desk.late_hours()
    world.calendars_by = {"zendesk": "ticket", "freshdesk": "team"}.get(helpdesk, "")  # type: ignore[assignment]
    if helpdesk != "zendesk":
        world.plan_without |= {"calls", "engagements"}
    world.dictated_by_phone = helpdesk == "freshdesk"
    world.tells_writers, world.has_projects = helpdesk == "zendesk", helpdesk == "jira"
    return world


def own_hours(text: str) -> str:
    """The configuration leaves the hours to the helpdesk."""
    before, _, after = text.partition("[hours.")
    return before + "".join(f"[{table}" for table in after.split("\n[")[1:] if not table.startswith("hours."))


def unnamed_form(text: str) -> str:
    """Nobody has said either that the form's account is no person."""
    return "\n".join(line for line in own_hours(text).splitlines() if not line.startswith("intake = "))


def by_role(text: str) -> str:
    """The configuration does not say who the agents are: the projects' roles do."""
    return "\n".join(line for line in text.splitlines() if not line.startswith("agents = "))


def of_server(text: str) -> str:
    """The same site as a Data Center."""
    text = re.sub(r"auth = .*", 'auth = { personal_token = { env = "SIMULATED_TOKEN" } }', by_role(text))
    return re.sub(r"bots = .*", f"bots = {json.dumps(list(SERVER_BOTS))}", text)


#: Way -> the helpdesk, what is edited in the configuration, options of the API.
WAYS: dict[str, tuple[str, Callable[[str], str], dict[str, Any]]] = {
    "zendesk": ("zendesk", own_hours, {}),
    "zendesk, form unnamed": ("zendesk", unnamed_form, {}),
    "zendesk, no exports": ("zendesk", own_hours, {}),
    "jira": ("jira", str, {}),
    "jira by role": ("jira", by_role, {}),
    "jira datacenter": ("jira", of_server, {"kind": "datacenter"}),
    "freshdesk": ("freshdesk", own_hours, {"archives": False}),
}


@pytest.fixture(scope="module", params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def measured(way: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measured]:
    helpdesk, edit, options = WAYS[way]
    world = real_world(helpdesk, 1)
    world.plan_without |= {"incremental", "calls"} if way == "zendesk, no exports" else set()
    syncs = [world.now - days * DAY for days in (42, 28, 14, 0)]
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("SIMULATED_TOKEN", PERSONAL_TOKEN)
        one = Measured(tmp_path_factory.mktemp("real"), world, syncs, helpdesk=helpdesk, edit=edit, **options)
    yield one
    one.store.close()


@pytest.mark.parametrize("days", [0, 20], ids=lambda d: f"{d}_days_before_the_end")
@pytest.mark.parametrize("kpi", KPIS)
def test_a_figure_is_the_worlds_in_every_situation(way: str, measured: Measured, kpi: str, days: int) -> None:
    if (measured.helpdesk, kpi) in UNSUPPORTED or (way == "jira datacenter" and kpi in OF_PAGES):
        return
    as_of = measured.world.now - 120_000 - days * DAY
    found, true = measured.rows(kpi, "strict", as_of), true_rows(measured.world, kpi, "strict", as_of)
    if (measured.helpdesk, kpi) in UNSUPPORTED_FACETS:
        found, true = without_facet(found), without_facet(true)
    found, true = (without(_not_known(measured, kpi), rows) for rows in (found, true))
    assert sum(true.values()) > 2
    assert found - true == Counter()
    assert true - found == Counter()


def _not_known(measured: Measured, kpi: str) -> set[str]:
    """Tickets of which the helpdesk cannot tell: those that went away before anybody looked; of Freshdesk when somebody
    accepted what came in by phone, or opened it without a word.
    """
    world, looks = measured.world, measured.syncs
    moved = {number: s for number, s in world.stories.items() if s.moved_at is not None and world.has_projects}
    never = {n for n, s in moved.items() if not any(s.created.at < look <= (s.moved_at or 0) for look in looks)}
    found = {str(number) for number in never}
    if measured.helpdesk == "freshdesk" and kpi in {"accepted_resolution_time", "first_contact_resolution"}:
        found |= merely_opened(world) | {str(n) for n, s in world.stories.items() if s.created.is_dictated}
    return found
