"""What volume, effort and handovers truly are, read off the saves of a ticket one by one."""

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


def _last(told: ObservedTicket) -> StatusTurn | None:
    """The solve that still holds."""
    return told.solves[-1] if told.done and told.solves else None


def _is_valid(told: ObservedTicket, solve: StatusTurn) -> bool:
    accepted = told.accepted_at()
    acted = accepted is not None and accepted <= solve.at
    return acted and not {*told.created.tags} & {*told.world.desk.not_valid_tags}


def _solved_valid(told: ObservedTicket) -> Rows:
    last = _last(told)
    if last is not None and _is_valid(told, last):
        yield true_observation(told, last.at, agent=told.solver(last), value=1.0)


def _weighted(told: ObservedTicket) -> Rows:
    last = _last(told)
    if last is not None:
        for agent, share in _parts(told, last):
            yield true_observation(told, last.at, agent=agent, value=1.0, share=share)


def _weighted_valid(told: ObservedTicket) -> Rows:
    last = _last(told)
    if last is not None and _is_valid(told, last):
        yield from _weighted(told)


def _parts(told: ObservedTicket, solve: StatusTurn) -> list[tuple[int | None, float]]:
    """Everybody's part of the words up to the solve; without any, all of it is the solver's."""
    wrote = Counter(
        told.actor(save)
        for place, save in enumerate(told.saves[: solve.place + 1])
        if place and save.fact.comment is not None and told.by(save) == "agent"
    )
    counted = {agent: min(n, _MOST) for agent, n in wrote.items()}
    return [(agent, n / sum(counted.values())) for agent, n in counted.items()] or [(told.solver(solve), 1.0)]


def _channel(told: ObservedTicket) -> Rows:
    channel = told.created.channel
    yield true_observation(told, told.created.at, facet=_CHANNELS.get(channel, channel), value=1.0)


# --- effort


def _replies(told: ObservedTicket, solve: StatusTurn) -> int:
    """Comments of people, and chats in which one wrote."""
    written = sum(said.place <= solve.place for said in told.replies())
    return written + sum(c.replied_at is not None and c.replied_at <= solve.at for c in told.story.chats)


def _replies_per_ticket(told: ObservedTicket) -> Rows:
    last = _last(told)
    if last is not None:
        yield true_observation(told, last.at, agent=told.solver(last), value=float(_replies(told, last)))


def _one_touch(told: ObservedTicket) -> Rows:
    """The last solve, also while it is open again, and every reopening for more than thanks after the solve before."""
    back = [(turn, kind) for turn in told.reopens if (kind := _kind_of(told, turn)) != "thanks"]
    if told.solves:
        last = told.solves[-1]
        passed = any(at <= last.at for at, *_ in _passings(told))
        one = _replies(told, last) == 1 and not passed and not any(turn.place < last.place for turn, _ in back)
        yield true_observation(told, last.at, agent=told.solver(last), value=float(one))
    for turn, kind in back:
        solve = [s for s in told.solves if s.place < turn.place][-1]
        yield true_observation(told, solve.at, agent=told.solver(solve), value=1.0, facet=kind)


def _kind_of(told: ObservedTicket, reopen: StatusTurn) -> str:
    following = next((s.place for s in told.solves if s.place > reopen.place), len(told.saves))
    return reopen_kind(told, reopen, following)


def _one_touch_zendesk(told: ObservedTicket) -> Rows:
    last = _last(told)
    if last is not None:
        said = [s for s in told.said if s.place <= last.place and not s.via_rule and told.native_agent(s, s.at)]
        count = sum(not told.world.accounts[s.author].bot for s in said)
        yield true_observation(told, last.at, agent=told.solver(last), value=float(count < 2))


def _one_touch_fivetran(told: ObservedTicket) -> Rows:
    last, created = _last(told), told.created
    if last is not None:
        count = sum(s.place <= last.place and not s.via_rule and told.native_agent(s, told.as_of) for s in told.said)
        first = told.world.accounts[created.submitter or created.requester]
        count += created.comment.public and first.role_at(told.as_of) != "customer"
        yield true_observation(told, last.at, agent=told.solver(last), value=float(count == 1))


# --- handovers

Moment = tuple[int, list[TicketUpdate], dict[str, Any], dict[str, Any]]  # when, the saves, what was so before and after


def _moments(told: ObservedTicket) -> Iterator[Moment]:
    """What was saved in one instant, with the ticket before and after."""
    state: dict[str, Any] = {"status": None, "team": None, "assignee": None}
    for at, group in groupby(told.saves, key=lambda save: save.at):
        saves, before = list(group), state
        for save in saves:
            state = state | save.changes
        yield at, saves, before, state


def _stations(told: ObservedTicket) -> Iterator[dict[str, Any]]:
    """Who had it in which team since when, and how they passed it on: when, by whom, to whom."""
    here: dict[str, Any] | None = None
    for at, saves, before, after in _moments(told):
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
            here["back"] = here["back"] or _mover(told, saves) or here["person"]
            continue
        if here is not None:
            if not was_done:
                sender = here["back"] or _mover(told, saves)
                sender = here["person"] if sender in {None, person} else sender
                to = None if person == here["person"] else person
                here["passed"] = (at, sender, to, team if other_team else None)
            yield here
            here = None
        if person is not None and person != BOT:
            here = {"since": at, "person": person, "team": team, "back": None, "passed": None}
    if here is not None:
        yield here


def _mover(told: ObservedTicket, saves: list[TicketUpdate]) -> int | None:
    for save in saves:
        if {"assignee", "team"} & {*save.changes} and told.by(save) == "agent" and not isinstance(save.fact, Created):
            return told.actor(save)
    return None


def _passings(told: ObservedTicket) -> Iterator[tuple[int, int | None, int | None, int | None]]:
    return (station["passed"] for station in _stations(told) if station["passed"])


def _transfers(told: ObservedTicket) -> Rows:
    for station in _stations(told):
        since, passed = station["since"], station["passed"]
        if passed is None:
            yield true_observation(told, since, agent=station["person"], value=0.0)
            continue
        kind = _passing_kind(told, *passed)
        yield true_observation(told, since, agent=passed[1], value=0.0 if kind == "escalation" else 1.0, facet=kind)


def _passing_kind(told: ObservedTicket, at: int, _sender: int | None, person: int | None, team: int | None) -> str:
    if any(e["at"] == at and e["reason"] and e["timely"] for e in escalations(told)):
        return "escalation"
    earlier = [after for when, _, _, after in _moments(told) if when < at]
    if any(person is not None and state["assignee"] == person for state in earlier):
        return "pingpong"
    if any(team is not None and state["team"] == team for state in earlier):
        return "pingpong"
    return "routing" if team is not None and at < told.created.at + HOUR else "handover"


def escalations(told: ObservedTicket) -> list[dict[str, Any]]:
    targets = told.world.desk.escalation_teams
    found = []
    for at, saves, before, after in _moments(told):
        came = after["team"] in targets and before["team"] not in {None, *targets}
        if not came or before["status"] in DONE:
            continue
        had = [s for s in _stations(told) if s["since"] < at and (s["passed"] is None or s["passed"][0] >= at)]
        holder = had[-1] if had else None
        sender = _mover(told, saves) or (holder["person"] if holder else None)
        got = holder["since"] if holder else told.created.at
        notes = [
            save.at for save in told.saves
            if save.fact.comment is not None and not save.fact.comment.public and told.actor(save) == sender
        ]  # fmt: skip
        reason = any(abs(note - at) <= 10 * MINUTE for note in notes)
        found.append({"at": at, "sender": sender, "reason": reason, "timely": at - got <= DAY})
    return found


def _escalation_rate(told: ObservedTicket) -> Rows:
    last, targets = _last(told), told.world.desk.escalation_teams
    teams = [after["team"] for _, _, _, after in _moments(told) if after["team"] is not None]
    if last is None or (teams and teams[0] in targets):
        return
    first = next((e for e in escalations(told) if e["at"] <= last.at), None)
    agent = first["sender"] if first and first["sender"] is not None else told.solver(last)
    facet = "" if first is None else "with_reason" if first["reason"] else "without_reason"
    yield true_observation(told, last.at, agent=agent, value=float(first is not None), facet=facet)


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
"""(KPI, variant) -> what gives its rows, and whether its population is the helpdesk's own (only deleted left out)."""
