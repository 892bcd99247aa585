"""The export of ticket activities: a file a day with what changed on tickets, for accounts that still have it.

The shape of the rows follows the one public sample; how a row names a group or an agent is not to be found, so here a
group goes by its name, as a status does, and an agent by number, as the performer does.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from helpdesk_kpi.simulator.freshdesk.conversations import conversation_id
from helpdesk_kpi.simulator.freshdesk.vocabulary import LABELS, PRIORITIES, TYPES, status
from helpdesk_kpi.simulator.world.clock import DAY, SECOND
from helpdesk_kpi.simulator.world.facts import SYSTEM, Created
from helpdesk_kpi.simulator.world.support_desk import TEAMS
from helpdesk_kpi.simulator.world.ticket_history import TicketHistory, TicketUpdate, state_after
from helpdesk_kpi.simulator.world.world import World

KEPT = 30  # days
_MIDNIGHT = datetime.min.time()


def day_of(world: World, text: str) -> date:
    """ValueError: it is no day."""
    return date.fromisoformat(text) if text else today(world) - timedelta(days=1)


def today(world: World) -> date:
    return datetime.fromtimestamp(world.now / SECOND, UTC).date()


def is_available(world: World, day: date) -> bool:
    """Files are there for days that are over, and not for long."""
    return today(world) - timedelta(days=KEPT) <= day < today(world)


def export(day: date, url: str) -> dict[str, Any]:
    """Both shapes occur; here even days have a list."""
    if day.day % 2 == 0:
        return {"export": [{"created_at": f"{day.day}-{day.month}-{day.year}", "url": url}]}
    return {"export": {"url": url}}


def file(world: World, day: date) -> dict[str, Any]:
    start = int(datetime.combine(day, _MIDNIGHT, UTC).timestamp()) * SECOND
    end = start + DAY - SECOND
    rows = [row for story in world.stories.values() for row in _of(world, story, start, end)]
    rows.sort(key=lambda row: (row[0], row[1]["ticket_id"]))
    metadata = {"start_at": _stamp(start), "end_at": _stamp(end), "activities_count": len(rows)}
    return {"metadata": metadata, "activities_data": [row for _, row in rows]}


def _of(world: World, story: TicketHistory, start: int, end: int) -> list[tuple[int, dict[str, Any]]]:
    if story.scrubbed_at is not None and story.scrubbed_at <= world.now:
        return []
    rows: list[tuple[int, dict[str, Any]]] = []
    for place, save in enumerate(story.saves):
        if start <= save.at <= end:
            rows += [(save.at, _row(world, story, save, activity)) for activity in _activities(world, story, place)]
    gone = story.deleted
    if gone is not None and start <= gone.at <= end:
        what = {"spam": True} if story.created.spam else {"deleted": True}
        rows.append((gone.at, _build_actor(story.ticket, gone.at, gone.actor) | {"activity": what}))
    return rows


def _activities(world: World, story: TicketHistory, place: int) -> list[dict[str, Any]]:
    """A comment and the changes of the same save are two rows."""
    save = story.saves[place]
    changes = _changes(world, story, place)
    if isinstance(save.fact, Created):
        return [{"new_ticket": True} | changes]
    note = [{"note": {"id": conversation_id(story.ticket, place)}}] if save.fact.comment else []
    by_rule = {"automation": {"rule": save.fact.rule}} if save.fact.rule is not None and changes else {}
    return [*note, *([by_rule | changes] if changes else [])]


def _changes(world: World, story: TicketHistory, place: int) -> dict[str, Any]:
    """The creation has all values; an update those that changed."""
    after = _build_file(world, story, place)
    if not place:
        return {name: value for name, value in after.items() if value is not None}
    before = _build_file(world, story, place - 1)
    return {name: value for name, value in after.items() if value != before[name]}


def _build_file(world: World, story: TicketHistory, place: int) -> dict[str, Any]:
    """All values of the export after a save."""
    state = state_after(story.saves[: place + 1])
    return {
        "status": LABELS[status(state, is_ai_agents=story.is_ai_agents(story.saves[place].at))][0],
        "priority": PRIORITIES[state["priority"]],
        "group": _group(world, state["team"]),
        "agent_id": state["assignee"],
        "ticket_type": TYPES.get(state["type"] or "", state["type"]),
    }


def _row(world: World, story: TicketHistory, save: TicketUpdate, activity: dict[str, Any]) -> dict[str, Any]:
    fact = save.fact
    who = (fact.submitter or fact.requester) if isinstance(fact, Created) else fact.typed_by or fact.actor
    by_rule = not isinstance(fact, Created) and fact.rule is not None
    return _build_actor(story.ticket, save.at, SYSTEM if by_rule or who not in world.accounts else who) | {
        "activity": activity
    }


def _build_actor(ticket: int, at: int, who: int) -> dict[str, Any]:
    system = who == SYSTEM
    return {"performed_at": _stamp(at), "ticket_id": ticket, "performer_type": "system" if system else "user",
            "performer_id": None if system else who}  # fmt: skip


def _stamp(at: int) -> str:
    """The day first."""
    return datetime.fromtimestamp(at / SECOND, UTC).strftime("%d-%m-%Y %H:%M:%S +0000")


def _group(world: World, team: int | None) -> str | None:
    names = dict(zip(TEAMS, world.desk.words.teams, strict=True))
    return None if team is None else names.get(team, str(team))
