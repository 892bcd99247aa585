"""What each KPI truly counts on one ticket, after the definitions of the catalogue.

Each function gives the rows of one ticket, told up to an instant; `KPIS` names them.
"""

from collections import Counter
from collections.abc import Callable, Iterator

from helpdesk_kpi.simulator.world.facts import Answered, Offered
from oracle.observed_ticket import HOLDING_BELOW, ObservedMessage, ObservedTicket, StatusTurn
from oracle.true_observations import Rows, TrueObservation, span, true_observation

# --- speed


def _first_reply(told: ObservedTicket) -> Rows:
    yield _first_contact(told, [(said.at, said.author) for said in told.replies()])


def _first_contact(told: ObservedTicket, replies: list[tuple[int, int]]) -> TrueObservation:
    created = told.created.at
    at, agent = min(replies[:1] + told.contacts(), key=lambda pair: pair[0], default=(None, None))
    solved = told.solves[0].at if told.solves else None
    if solved is not None and (at is None or solved < at):
        return span(told, created, created, solved, stop="solved_without_reply")
    return span(told, created, created, at, agent=agent)


def _substantive(told: ObservedTicket) -> Rows:
    """A holding reply (a short comment, then a second one with no customer's between) does not stop the clock."""
    replies, contacts = told.replies(), told.contacts()
    first = replies[0] if replies else None
    before_solve = first is not None and (not told.solves or first.at <= told.solves[0].at)
    if first is None or not before_solve or (contacts and contacts[0][0] < first.at):
        yield from _first_reply(told)
        return
    second = _after_holding(told, first)
    stop = second or first
    yield span(told, told.created.at, told.created.at, stop.at, agent=stop.author)


def _after_holding(told: ObservedTicket, first: ObservedMessage) -> ObservedMessage | None:
    if len(first.text) >= HOLDING_BELOW:
        return None
    later = [said for said in told.said if said.place > first.place and said.by in {"agent", "customer"}]
    return later[0] if later and later[0].by == "agent" else None


def _first_reply_zendesk(told: ObservedTicket) -> Rows:
    for said in told.said:
        bot = told.world.accounts[said.author].bot if said.author in told.world.accounts else True
        if not bot and not said.via_rule and told.native_agent(said, said.at):
            yield span(told, told.created.at, told.created.at, said.at, agent=said.author)
            return


def _first_reply_fivetran(told: ObservedTicket) -> Rows:
    for said in told.said:
        if said.at > told.created.at and not said.via_rule and told.native_agent(said, told.as_of):
            yield span(told, told.created.at, told.created.at, said.at, agent=said.author)
            return


def _first_reply_freshdesk(told: ObservedTicket) -> Rows:
    for said in told.replies()[:1]:
        yield span(told, told.created.at, told.created.at, said.at, agent=said.author)


def _first_reply_jira(told: ObservedTicket) -> Rows:
    """The promise ends with a reply, or when it is solved; in one save the comment comes first."""
    reply, solve = next(iter(told.replies()), None), next(iter(told.solves), None)
    if reply and (solve is None or reply.at <= solve.at):
        yield span(told, told.created.at, told.created.at, reply.at, agent=reply.author)
    elif solve:
        yield span(told, told.created.at, told.created.at, solve.at, agent=told.solver(solve))


def _next_reply(told: ObservedTicket) -> Rows:
    """Every wait after the first one, which is first_reply_time's."""
    waiting, opened = True, None
    for at, kind, agent, thanks in _turns(told):
        if kind == "customer":
            if not waiting and not thanks:
                waiting, opened = True, at
        elif waiting and (kind != "contact" or opened is None):
            if opened is not None:
                yield span(
                    told, opened, opened, at, agent=agent, stop="solved_without_reply" if kind == "solve" else ""
                )
            waiting, opened = False, None
    if waiting and opened is not None:
        yield span(told, opened, opened, None)


def _turns(told: ObservedTicket) -> list[tuple[int, str, int | None, bool]]:
    """(when, customer | agent | contact | solve, who, mere thanks) in order; in one save the comment comes first."""
    turns: list[tuple[tuple[int, int, int], str, int | None, bool]] = [
        ((said.at, said.place, 0), said.by, said.author, said.is_thanks)
        for said in told.said
        if said.by in {"customer", "agent"}
    ]
    turns += [((solve.at, solve.place, 1), "solve", None, False) for solve in told.solves]
    turns += [((at, 0, 0), "contact", agent, False) for at, agent in told.contacts()]
    return [(place[0], kind, who, thanks) for place, kind, who, thanks in sorted(turns, key=lambda turn: turn[0])]


def _first_resolution(told: ObservedTicket) -> Rows:
    yield _until_solve(told, told.created.at, told.solves[0] if told.solves else None)


def _first_resolution_native(told: ObservedTicket) -> Rows:
    if told.solves:
        yield from _first_resolution(told)


def _full_resolution(told: ObservedTicket) -> Rows:
    yield _until_solve(told, told.created.at, told.solves[-1] if told.done and told.solves else None)


def _full_resolution_native(told: ObservedTicket) -> Rows:
    if told.done and told.solves:
        yield from _full_resolution(told)


def _accepted_resolution(told: ObservedTicket) -> Rows:
    """From the first human act; in the period of the creation, with the severity of the acceptance."""
    accepted = told.accepted_at()
    if accepted is not None:
        last = told.solves[-1] if told.done and told.solves else None
        yield _until_solve(told, accepted, last if last and last.at >= accepted else None)


def _until_solve(told: ObservedTicket, start: int, solve: StatusTurn | None) -> TrueObservation:
    if solve is None:
        return span(told, told.created.at, start, None)
    return span(told, told.created.at, start, solve.at, agent=told.solver(solve))


# --- volume and quality


def _solved(told: ObservedTicket) -> Rows:
    if told.done and told.solves:
        last = told.solves[-1]
        yield true_observation(told, last.at, agent=told.solver(last), value=1.0)


def _reopen(told: ObservedTicket) -> Rows:
    for i, solve in enumerate(told.solves):
        following = told.solves[i + 1].place if i + 1 < len(told.solves) else len(told.saves)
        reopen = next((turn for turn in told.reopens if solve.place < turn.place < following), None)
        facet = reopen_kind(told, reopen, following) if reopen else ""
        yield true_observation(told, solve.at, agent=told.solver(solve), value=1.0 if reopen else 0.0, facet=facet)


def reopen_kind(told: ObservedTicket, reopen: StatusTurn, next_solve: int) -> str:
    said = next((s for s in told.said if s.place == reopen.place and s.by == "customer"), None)
    if said is None:
        return "agent" if told.by(reopen.save) == "agent" else "automation"
    if said.is_thanks:
        answered = any(reopen.place < reply.place <= next_solve for reply in told.replies())
        return "followup_question" if answered else "thanks"
    return "followup_question" if said.is_question else "not_fixed"


def _backlog(told: ObservedTicket) -> Rows:
    if not told.done:
        now = told.story.state(told.as_of)
        yield true_observation(told, told.as_of, agent=now["assignee"], facet=now["status"], value=1.0)


def _csat(told: ObservedTicket) -> Rows:
    """One row for each question and credited agent; at the first answer, with the latest score."""
    for _, answers in _surveys(told):
        if answers:
            for question, rating in answers[-1].ratings.items():
                for agent, share in _credit(told, answers[0].at):
                    good = 1.0 if rating > 3 else 0.0
                    yield true_observation(told, answers[0].at, agent=agent, facet=question, value=good, share=share)


def _credit(told: ObservedTicket, answered: int) -> list[tuple[int | None, float]]:
    """Public replies before the answer, in shares; without any, whoever solved it last before that."""
    authors = Counter(said.author for said in told.replies() if said.at < answered)
    if authors:
        return [(agent, count / authors.total()) for agent, count in authors.items()]
    solves = [solve for solve in told.solves if solve.at < answered]
    return [(told.solver(solves[-1]) if solves else None, 1.0)]


def _csat_response(told: ObservedTicket) -> Rows:
    for offered, answers in _surveys(told):
        solves = [solve for solve in told.solves if solve.at <= offered.at]
        agent = told.solver(solves[-1]) if solves else told.story.state(offered.at)["assignee"]
        yield true_observation(told, offered.at, agent=agent, value=1.0 if answers else 0.0)


def _surveys(told: ObservedTicket) -> Iterator[tuple[Offered, list[Answered]]]:
    story, missing = told.story, told.world.plan_without
    for offered in story.offered:
        untold = "csat" in missing or ("surveys" in missing and offered.new)
        if offered.at <= told.as_of and not untold:
            yield offered, [a for a in story.answered if a.survey == offered.survey and a.at <= told.as_of]


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
"""(KPI, variant) -> what gives its rows, and whether its population is the helpdesk's own (only deleted left out)."""
