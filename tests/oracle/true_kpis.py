"""True observations of one ticket for each KPI, by the catalogue's definitions.

Each function takes the ticket as observed up to an instant; `KPIS` maps KPI and variant to functions.
"""

from collections import Counter
from collections.abc import Callable, Iterator

from helpdesk_kpi.simulator.world.facts import Answered, Offered
from oracle.observed_ticket import HOLDING_BELOW, ObservedMessage, ObservedTicket, StatusTurn
from oracle.true_observations import Rows, TrueObservation, span, true_observation

# --- speed


def _first_reply(ticket: ObservedTicket) -> Rows:
    yield _first_contact(ticket, [(said.at, said.author) for said in ticket.replies()])


def _first_contact(ticket: ObservedTicket, replies: list[tuple[int, int]]) -> TrueObservation:
    created = ticket.created.at
    at, agent = min(replies[:1] + ticket.contacts(), key=lambda pair: pair[0], default=(None, None))
    solved = ticket.solves[0].at if ticket.solves else None
    if solved is not None and (at is None or solved < at):
        return span(ticket, created, created, solved, stop="solved_without_reply")
    return span(ticket, created, created, at, agent=agent)


def _substantive(ticket: ObservedTicket) -> Rows:
    """A holding reply (a short comment, then a second one with no customer's between) does not stop the clock."""
    replies, contacts = ticket.replies(), ticket.contacts()
    first = replies[0] if replies else None
    before_solve = first is not None and (not ticket.solves or first.at <= ticket.solves[0].at)
    if first is None or not before_solve or (contacts and contacts[0][0] < first.at):
        yield from _first_reply(ticket)
        return
    second = _after_holding(ticket, first)
    stop = second or first
    yield span(ticket, ticket.created.at, ticket.created.at, stop.at, agent=stop.author)


def _after_holding(ticket: ObservedTicket, first: ObservedMessage) -> ObservedMessage | None:
    if len(first.text) >= HOLDING_BELOW:
        return None
    later = [said for said in ticket.said if said.place > first.place and said.by in {"agent", "customer"}]
    return later[0] if later and later[0].by == "agent" else None


def _first_reply_zendesk(ticket: ObservedTicket) -> Rows:
    for said in ticket.said:
        bot = ticket.world.accounts[said.author].bot if said.author in ticket.world.accounts else True
        if not bot and not said.via_rule and ticket.native_agent(said, said.at):
            yield span(ticket, ticket.created.at, ticket.created.at, said.at, agent=said.author)
            return


def _first_reply_fivetran(ticket: ObservedTicket) -> Rows:
    for said in ticket.said:
        if said.at > ticket.created.at and not said.via_rule and ticket.native_agent(said, ticket.as_of):
            yield span(ticket, ticket.created.at, ticket.created.at, said.at, agent=said.author)
            return


def _first_reply_freshdesk(ticket: ObservedTicket) -> Rows:
    for said in ticket.replies()[:1]:
        yield span(ticket, ticket.created.at, ticket.created.at, said.at, agent=said.author)


def _first_reply_jira(ticket: ObservedTicket) -> Rows:
    """The SLA clock stops at a reply or at the solve; in one save the comment comes first."""
    reply, solve = next(iter(ticket.replies()), None), next(iter(ticket.solves), None)
    if reply and (solve is None or reply.at <= solve.at):
        yield span(ticket, ticket.created.at, ticket.created.at, reply.at, agent=reply.author)
    elif solve:
        yield span(ticket, ticket.created.at, ticket.created.at, solve.at, agent=ticket.solver(solve))


def _next_reply(ticket: ObservedTicket) -> Rows:
    """Every wait after the first one, which is first_reply_time's."""
    waiting, opened = True, None
    for at, kind, agent, thanks in _turns(ticket):
        if kind == "customer":
            if not waiting and not thanks:
                waiting, opened = True, at
        elif waiting and (kind != "contact" or opened is None):
            if opened is not None:
                yield span(
                    ticket, opened, opened, at, agent=agent, stop="solved_without_reply" if kind == "solve" else ""
                )
            waiting, opened = False, None
    if waiting and opened is not None:
        yield span(ticket, opened, opened, None)


def _turns(ticket: ObservedTicket) -> list[tuple[int, str, int | None, bool]]:
    """(when, customer | agent | contact | solve, who, mere thanks) in order; in one save the comment comes first."""
    turns: list[tuple[tuple[int, int, int], str, int | None, bool]] = [
        ((said.at, said.place, 0), said.by, said.author, said.is_thanks)
        for said in ticket.said
        if said.by in {"customer", "agent"}
    ]
    turns += [((solve.at, solve.place, 1), "solve", None, False) for solve in ticket.solves]
    turns += [((at, 0, 0), "contact", agent, False) for at, agent in ticket.contacts()]
    return [(place[0], kind, who, thanks) for place, kind, who, thanks in sorted(turns, key=lambda turn: turn[0])]


def _first_resolution(ticket: ObservedTicket) -> Rows:
    yield _until_solve(ticket, ticket.created.at, ticket.solves[0] if ticket.solves else None)


def _first_resolution_native(ticket: ObservedTicket) -> Rows:
    if ticket.solves:
        yield from _first_resolution(ticket)


def _full_resolution(ticket: ObservedTicket) -> Rows:
    yield _until_solve(ticket, ticket.created.at, ticket.solves[-1] if ticket.done and ticket.solves else None)


def _full_resolution_native(ticket: ObservedTicket) -> Rows:
    if ticket.done and ticket.solves:
        yield from _full_resolution(ticket)


def _accepted_resolution(ticket: ObservedTicket) -> Rows:
    """From the first human act; in the period of the creation, with the severity of the acceptance."""
    accepted = ticket.accepted_at()
    if accepted is not None:
        last = ticket.solves[-1] if ticket.done and ticket.solves else None
        yield _until_solve(ticket, accepted, last if last and last.at >= accepted else None)


def _until_solve(ticket: ObservedTicket, start: int, solve: StatusTurn | None) -> TrueObservation:
    if solve is None:
        return span(ticket, ticket.created.at, start, None)
    return span(ticket, ticket.created.at, start, solve.at, agent=ticket.solver(solve))


# --- volume and quality


def _solved(ticket: ObservedTicket) -> Rows:
    if ticket.done and ticket.solves:
        last = ticket.solves[-1]
        yield true_observation(ticket, last.at, agent=ticket.solver(last), value=1.0)


def _reopen(ticket: ObservedTicket) -> Rows:
    for i, solve in enumerate(ticket.solves):
        following = ticket.solves[i + 1].place if i + 1 < len(ticket.solves) else len(ticket.saves)
        reopen = next((turn for turn in ticket.reopens if solve.place < turn.place < following), None)
        facet = reopen_kind(ticket, reopen, following) if reopen else ""
        yield true_observation(ticket, solve.at, agent=ticket.solver(solve), value=1.0 if reopen else 0.0, facet=facet)


def reopen_kind(ticket: ObservedTicket, reopen: StatusTurn, next_solve: int) -> str:
    said = next((s for s in ticket.said if s.place == reopen.place and s.by == "customer"), None)
    if said is None:
        return "agent" if ticket.by(reopen.save) == "agent" else "automation"
    if said.is_thanks:
        answered = any(reopen.place < reply.place <= next_solve for reply in ticket.replies())
        return "followup_question" if answered else "thanks"
    return "followup_question" if said.is_question else "not_fixed"


def _backlog(ticket: ObservedTicket) -> Rows:
    if not ticket.done:
        now = ticket.story.state(ticket.as_of)
        yield true_observation(ticket, ticket.as_of, agent=now["assignee"], facet=now["status"], value=1.0)


def _csat(ticket: ObservedTicket) -> Rows:
    """One row for each question and credited agent; at the first answer, with the latest score."""
    for _, answers in _surveys(ticket):
        if answers:
            for question, rating in answers[-1].ratings.items():
                for agent, share in _credit(ticket, answers[0].at):
                    good = 1.0 if rating > 3 else 0.0
                    yield true_observation(ticket, answers[0].at, agent=agent, facet=question, value=good, share=share)


def _credit(ticket: ObservedTicket, answered: int) -> list[tuple[int | None, float]]:
    """(agent, share of public replies before the answer); without replies the last solver before it gets all."""
    authors = Counter(said.author for said in ticket.replies() if said.at < answered)
    if authors:
        return [(agent, count / authors.total()) for agent, count in authors.items()]
    solves = [solve for solve in ticket.solves if solve.at < answered]
    return [(ticket.solver(solves[-1]) if solves else None, 1.0)]


def _csat_response(ticket: ObservedTicket) -> Rows:
    for offered, answers in _surveys(ticket):
        solves = [solve for solve in ticket.solves if solve.at <= offered.at]
        agent = ticket.solver(solves[-1]) if solves else ticket.story.state(offered.at)["assignee"]
        yield true_observation(ticket, offered.at, agent=agent, value=1.0 if answers else 0.0)


def _surveys(ticket: ObservedTicket) -> Iterator[tuple[Offered, list[Answered]]]:
    story, missing = ticket.story, ticket.world.plan_without
    for offered in story.offered:
        is_hidden = "csat" in missing or ("surveys" in missing and offered.new)
        if offered.at <= ticket.as_of and not is_hidden:
            yield offered, [a for a in story.answered if a.survey == offered.survey and a.at <= ticket.as_of]


KPIS: dict[tuple[str, str], tuple[Callable[[ObservedTicket], Rows], bool]] = {
    ("first_reply_time", "strict"): (_first_reply, False),
    ("first_reply_time", "substantive"): (_substantive, False),
    ("first_reply_time", "zendesk"): (_first_reply_zendesk, True),
    ("first_reply_time", "freshdesk"): (_first_reply_freshdesk, True),
    ("first_reply_time", "jira"): (_first_reply_jira, True),
    ("first_reply_time", "fivetran"): (_first_reply_fivetran, True),
    ("next_reply_time", "strict"): (_next_reply, False),
    ("first_resolution_time", "strict"): (_first_resolution, False),
    ("first_resolution_time", "zendesk"): (_first_resolution_native, True),
    ("first_resolution_time", "fivetran"): (_first_resolution_native, True),
    ("full_resolution_time", "strict"): (_full_resolution, False),
    ("full_resolution_time", "zendesk"): (_full_resolution_native, True),
    ("full_resolution_time", "freshdesk"): (_full_resolution_native, True),
    ("full_resolution_time", "fivetran"): (_full_resolution_native, True),
    ("accepted_resolution_time", "strict"): (_accepted_resolution, False),
    ("solved_tickets", "strict"): (_solved, False),
    ("reopen_rate", "strict"): (_reopen, False),
    ("backlog", "strict"): (_backlog, False),
    ("csat", "strict"): (_csat, False),
    ("csat_response_rate", "strict"): (_csat_response, False),
}
"""As `truth.KPIS`."""
