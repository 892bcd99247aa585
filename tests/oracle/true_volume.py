"""True observations of volume, effort and handovers, from the saves of a ticket."""

from collections import Counter
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any

from helpdesk_kpi.simulator.world.clock import DAY, HOUR, MINUTE
from helpdesk_kpi.simulator.world.facts import Created
from helpdesk_kpi.simulator.world.support_desk import BOT
from helpdesk_kpi.simulator.world.ticket_history import DONE, TicketUpdate
from oracle.observed_ticket import ObservedTicket, StatusTurn
from oracle.true_kpis import reopen_kind
from oracle.true_observations import Rows, true_observation

_CHANNELS = {"voice": "phone", "native_messaging": "chat"}
_MOST = 5


# --- volume


def _last(ticket: ObservedTicket) -> StatusTurn | None:
    """The solve that still holds."""
    return ticket.solves[-1] if ticket.done and ticket.solves else None


def _is_valid(ticket: ObservedTicket, solve: StatusTurn) -> bool:
    accepted = ticket.accepted_at()
    acted = accepted is not None and accepted <= solve.at
    return acted and not {*ticket.created.tags} & {*ticket.world.desk.not_valid_tags}


def _solved_valid(ticket: ObservedTicket) -> Rows:
    last = _last(ticket)
    if last is not None and _is_valid(ticket, last):
        yield true_observation(ticket, last.at, agent=ticket.solver(last), value=1.0)


def _weighted(ticket: ObservedTicket) -> Rows:
    last = _last(ticket)
    if last is not None:
        for agent, share in _parts(ticket, last):
            yield true_observation(ticket, last.at, agent=agent, value=1.0, share=share)


def _weighted_valid(ticket: ObservedTicket) -> Rows:
    last = _last(ticket)
    if last is not None and _is_valid(ticket, last):
        yield from _weighted(ticket)


def _parts(ticket: ObservedTicket, solve: StatusTurn) -> list[tuple[int | None, float]]:
    """(agent, share of the messages up to the solve); without messages the solver gets all."""
    wrote = Counter(
        ticket.actor(save)
        for place, save in enumerate(ticket.saves[: solve.place + 1])
        if place and save.fact.comment is not None and ticket.by(save) == "agent"
    )
    counted = {agent: min(n, _MOST) for agent, n in wrote.items()}
    return [(agent, n / sum(counted.values())) for agent, n in counted.items()] or [(ticket.solver(solve), 1.0)]


def _channel(ticket: ObservedTicket) -> Rows:
    channel = ticket.created.channel
    yield true_observation(ticket, ticket.created.at, facet=_CHANNELS.get(channel, channel), value=1.0)


# --- effort


def _replies(ticket: ObservedTicket, solve: StatusTurn) -> int:
    """Count comments by people, and chats in which a person wrote."""
    written = sum(said.place <= solve.place for said in ticket.replies())
    return written + sum(c.replied_at is not None and c.replied_at <= solve.at for c in ticket.story.chats)


def _replies_per_ticket(ticket: ObservedTicket) -> Rows:
    last = _last(ticket)
    if last is not None:
        yield true_observation(ticket, last.at, agent=ticket.solver(last), value=float(_replies(ticket, last)))


def _one_touch(ticket: ObservedTicket) -> Rows:
    """The last solve, also while it is open again, and every reopening for more than thanks after the solve before."""
    back = [(turn, kind) for turn in ticket.reopens if (kind := _kind_of(ticket, turn)) != "thanks"]
    if ticket.solves:
        last = ticket.solves[-1]
        passed = any(at <= last.at for at, *_ in _passings(ticket))
        one = _replies(ticket, last) == 1 and not passed and not any(turn.place < last.place for turn, _ in back)
        yield true_observation(ticket, last.at, agent=ticket.solver(last), value=float(one))
    for turn, kind in back:
        solve = [s for s in ticket.solves if s.place < turn.place][-1]
        yield true_observation(ticket, solve.at, agent=ticket.solver(solve), value=1.0, facet=kind)


def _kind_of(ticket: ObservedTicket, reopen: StatusTurn) -> str:
    following = next((s.place for s in ticket.solves if s.place > reopen.place), len(ticket.saves))
    return reopen_kind(ticket, reopen, following)


def _one_touch_zendesk(ticket: ObservedTicket) -> Rows:
    last = _last(ticket)
    if last is not None:
        said = [s for s in ticket.said if s.place <= last.place and not s.via_rule and ticket.native_agent(s, s.at)]
        count = sum(not ticket.world.accounts[s.author].bot for s in said)
        yield true_observation(ticket, last.at, agent=ticket.solver(last), value=float(count < 2))


def _one_touch_fivetran(ticket: ObservedTicket) -> Rows:
    last, created = _last(ticket), ticket.created
    if last is not None:
        count = sum(
            s.place <= last.place and not s.via_rule and ticket.native_agent(s, ticket.as_of) for s in ticket.said
        )
        first = ticket.world.accounts[created.submitter or created.requester]
        count += created.comment.public and first.role_at(ticket.as_of) != "customer"
        yield true_observation(ticket, last.at, agent=ticket.solver(last), value=float(count == 1))


# --- handovers

Moment = tuple[int, list[TicketUpdate], dict[str, Any], dict[str, Any]]  # time, saves, state before, state after


def _moments(ticket: ObservedTicket) -> Iterator[Moment]:
    """Group saves of one instant, with the ticket's state before and after."""
    state: dict[str, Any] = {"status": None, "team": None, "assignee": None}
    for at, group in groupby(ticket.saves, key=lambda save: save.at):
        saves, before = list(group), state
        for save in saves:
            state = state | save.changes
        yield at, saves, before, state


def _stations(ticket: ObservedTicket) -> Iterator[dict[str, Any]]:
    """Assignments: since, person, team, and the handover (at, sender, receiver, team) that ended it."""
    here: dict[str, Any] | None = None
    for at, saves, before, after in _moments(ticket):
        done = after["status"] in DONE
        was_done = before["status"] in DONE
        person, team = after["assignee"], after["team"]
        if was_done and done:
            continue
        other_team = here is not None and None not in {here["team"], team} and here["team"] != team
        if here is not None and person == here["person"] and not other_team:
            here["team"], here["back"] = here["team"] or team, None
            continue
        if here is not None and person is None and not other_team and not was_done:
            here["back"] = here["back"] or _mover(ticket, saves) or here["person"]
            continue
        if here is not None:
            if not was_done:
                sender = here["back"] or _mover(ticket, saves)
                sender = here["person"] if sender in {None, person} else sender
                to = None if person == here["person"] else person
                here["passed"] = (at, sender, to, team if other_team else None)
            yield here
            here = None
        if person is not None and person != BOT:
            here = {"since": at, "person": person, "team": team, "back": None, "passed": None}
    if here is not None:
        yield here


def _mover(ticket: ObservedTicket, saves: list[TicketUpdate]) -> int | None:
    for save in saves:
        if {"assignee", "team"} & {*save.changes} and ticket.by(save) == "agent" and not isinstance(save.fact, Created):
            return ticket.actor(save)
    return None


def _passings(ticket: ObservedTicket) -> Iterator[tuple[int, int | None, int | None, int | None]]:
    return (station["passed"] for station in _stations(ticket) if station["passed"])


def _transfers(ticket: ObservedTicket) -> Rows:
    for station in _stations(ticket):
        since, passed = station["since"], station["passed"]
        if passed is None:
            yield true_observation(ticket, since, agent=station["person"], value=0.0)
            continue
        kind = _passing_kind(ticket, *passed)
        yield true_observation(ticket, since, agent=passed[1], value=0.0 if kind == "escalation" else 1.0, facet=kind)


def _passing_kind(ticket: ObservedTicket, at: int, _sender: int | None, person: int | None, team: int | None) -> str:
    if any(e["at"] == at and e["reason"] and e["timely"] for e in escalations(ticket)):
        return "escalation"
    earlier = [after for when, _, _, after in _moments(ticket) if when < at]
    if any(person is not None and state["assignee"] == person for state in earlier):
        return "pingpong"
    if any(team is not None and state["team"] == team for state in earlier):
        return "pingpong"
    return "routing" if team is not None and at < ticket.created.at + HOUR else "handover"


def escalations(ticket: ObservedTicket) -> list[dict[str, Any]]:
    targets = ticket.world.desk.escalation_teams
    found = []
    for at, saves, before, after in _moments(ticket):
        came = after["team"] in targets and before["team"] not in {None, *targets}
        if not came or before["status"] in DONE:
            continue
        had = [s for s in _stations(ticket) if s["since"] < at and (s["passed"] is None or s["passed"][0] >= at)]
        holder = had[-1] if had else None
        sender = _mover(ticket, saves) or (holder["person"] if holder else None)
        got = holder["since"] if holder else ticket.created.at
        notes = [
            save.at for save in ticket.saves
            if save.fact.comment is not None and not save.fact.comment.public and ticket.actor(save) == sender
        ]  # fmt: skip
        reason = any(abs(note - at) <= 10 * MINUTE for note in notes)
        found.append({"at": at, "sender": sender, "reason": reason, "timely": at - got <= DAY})
    return found


def _escalation_rate(ticket: ObservedTicket) -> Rows:
    last, targets = _last(ticket), ticket.world.desk.escalation_teams
    teams = [after["team"] for _, _, _, after in _moments(ticket) if after["team"] is not None]
    if last is None or (teams and teams[0] in targets):
        return
    first = next((e for e in escalations(ticket) if e["at"] <= last.at), None)
    agent = first["sender"] if first and first["sender"] is not None else ticket.solver(last)
    facet = "" if first is None else "with_reason" if first["reason"] else "without_reason"
    yield true_observation(ticket, last.at, agent=agent, value=float(first is not None), facet=facet)


KPIS: dict[tuple[str, str], tuple[Callable[[ObservedTicket], Rows], bool]] = {
    ("solved_tickets", "valid"): (_solved_valid, False),
    ("weighted_volume", "strict"): (_weighted, False),
    ("weighted_volume", "valid"): (_weighted_valid, False),
    ("channel_mix", "strict"): (_channel, False),
    ("replies_per_ticket", "strict"): (_replies_per_ticket, False),
    ("one_touch", "strict"): (_one_touch, False),
    ("one_touch", "zendesk"): (_one_touch_zendesk, True),
    ("one_touch", "fivetran"): (_one_touch_fivetran, True),
    ("transfers", "strict"): (_transfers, False),
    ("escalations", "strict"): (_escalation_rate, False),
}
"""As `truth.KPIS`."""
