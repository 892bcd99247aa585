"""SLA attainment through each helpdesk's own promises, beside what the simulated helpdesk itself keeps of them."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from oracle.observed_ticket import ObservedTicket
from test_truth_across import shown
from truth_fixtures import DAY, Measured, requested_before_working

from helpdesk_kpi.measure.metrics.columns import NO_INSTANT
from helpdesk_kpi.simulator.freshdesk.sla import Sla, responds
from helpdesk_kpi.simulator.jira import sla as jira_sla
from helpdesk_kpi.simulator.jira.site import SimulatedSite
from helpdesk_kpi.simulator.jira.vocabulary import FIRST_RESPONSE, RESOLUTION
from helpdesk_kpi.simulator.world.clock import MINUTE
from helpdesk_kpi.simulator.world.ticket_history import DONE, TicketHistory
from helpdesk_kpi.simulator.world.world import World
from helpdesk_kpi.simulator.zendesk.reference_data import TARGETS
from helpdesk_kpi.simulator.zendesk.tickets import is_agent_reply

Verdicts = Counter[tuple[str, str, str]]  # (ticket, metric, kept | missed | running)
FRT, FULL = "first_reply_time", "full_resolution_time"


def zendesk(world: World, story: TicketHistory) -> list[tuple[str, str]]:
    """The first run of each clock has a target, if the ticket had a priority when it began."""
    if story.created.priority not in TARGETS:
        return []
    found = []
    first = next((s.at for s in story.saves[1:] if is_agent_reply(world, s)), None)
    solved = next((s.at for s in story.saves if s.changes.get("status") in DONE), None)
    for metric, minutes, end in zip((FRT, FULL), TARGETS[story.created.priority], (first, solved), strict=True):
        always = story.created.priority == "urgent"
        due = story.created.at + minutes * MINUTE if always else world.hours.after(story.created.at, minutes * MINUTE)
        found.append((metric, rate(end, due // 1000 * 1000, world.now)))
    return found


def jira(world: World, story: TicketHistory) -> list[tuple[str, str]]:
    site = SimulatedSite(world, "cloud", None, "http://x")
    return [
        (metric, "missed" if c.elapsed > c.goal else "running" if c.stop is None else "kept")
        for field, metric in ((FIRST_RESPONSE, FRT), (RESOLUTION, FULL))
        for c in jira_sla.cycles(site, story, field) or ()
    ]


def freshdesk(world: World, story: TicketHistory) -> list[tuple[str, str]]:
    """The due times as they are now; while a ticket waits for somebody else its clock stands."""
    sla = Sla(world, story, story.until(world.now), world.now)
    first = next((s.at for s in story.until(world.now)[1:] if responds(world, s)), None)
    reported = ObservedTicket(world, story, world.now)
    solved = reported.solves[-1].at if reported.done else None
    status = story.state(world.now)["status"]
    due = sla.due_by if status not in {"pending", "hold"} else world.now
    return [(FRT, rate(first, sla.fr_due_by, world.now)), (FULL, rate(solved, due, world.now))]


def rate(end: int | None, due: int, now: int) -> str:
    if end is not None and end > now:
        end = None
    return "missed" if (now if end is None else end) > due else "running" if end is None else "kept"


@pytest.mark.parametrize(("helpdesk", "keeps"), [("zendesk", zendesk), ("jira", jira), ("freshdesk", freshdesk)])
def test_what_is_kept_and_missed_is_what_the_helpdesk_itself_keeps(tmp_path: Path, helpdesk: str, keeps: Any) -> None:
    world = shown(helpdesk, 3, 250)
    one = Measured(tmp_path, world, [world.now - 14 * DAY, world.now], helpdesk=helpdesk)
    true: Verdicts = Counter()
    for number, story in world.stories.items():
        gone = story.deleted_at is not None  # neither Jira nor Freshdesk tells all of these
        if not gone and story.created.at <= world.now and not ObservedTicket(world, story, world.now).excluded():
            true.update((str(number), *verdict) for verdict in keeps(world, story))
    early = requested_before_working(world) if helpdesk != "zendesk" else set()
    found, true = (Counter({v: n for v, n in of.items() if v[0] not in early}) for of in (_found(one), true))
    assert {verdict for _, _, verdict in true} == {"kept", "missed", "running"}
    assert found - true == Counter()
    assert true - found == Counter()
    one.store.close()


def _found(one: Measured) -> Verdicts:
    """Our rows as of now, judged as the statistic does."""
    now = one.world.now
    rows = one.reader.columns("sla_attainment")
    rows = rows.take((rows.known <= now) & (rows.until > now))
    left = {code for code, word in enumerate(rows.words) if word}
    kept: Verdicts = Counter()
    for i in range(len(rows)):
        metric = rows.words[rows.facet[i]] or ""
        if metric not in {FRT, FULL} or (rows.stop[i] in left and rows.stop[i]):
            continue
        ticket = one.native[int(rows.story[i])]
        if one.world.stories[int(ticket)].deleted_at is not None:
            continue
        end = None if rows.end[i] == NO_INSTANT else int(rows.end[i])
        kept[ticket, metric, rate(end, int(rows.due[i]), now)] += 1
    return kept
