"""What customers say."""

from collections import Counter
from collections.abc import Iterator

from helpdesk_kpi.measure.metrics.contract import Observation
from helpdesk_kpi.measure.metrics.families import rate
from helpdesk_kpi.measure.tickets.timeline import Timeline


@rate(
    "Customer satisfaction", short="Satisfaction", counts=("answer", "answers"), outcomes=("good", "bad"),
    anchor="answered", needs={"survey.answers"}, facet="dimension", pair="csat_response_rate",
    response_kpi="csat_response_rate", dimension="quality", level="agent", min_n=40, revision=4,
    headlines={"worse": "satisfaction{who} fell", "better": "satisfaction{who} rose"},
)  # fmt: skip
def csat(ticket: Timeline) -> Iterator[Observation]:
    """Of the answers given in the period, the share that is good (on a scale of five: the upper two; a neutral answer
    is an answer, and not a good one). Default, time-out and internal ratings are no answers. An answer counts for the
    people who had replied to the customer before, in proportion to their replies; of a survey that asks about one thing
    twice, each answer counts half.
    """
    for dimension, answers, part in ticket.answers():
        first = answers[0].at
        for number, answer in enumerate(answers):
            until = answers[number + 1].at if number + 1 < len(answers) else None
            for agent, share in _credit(ticket, first, answer.agent):
                yield ticket.fact(
                    first, agent, facet=dimension, value=1 if answer.category == "good" else 0, share=share * part,
                    rater=answer.rater, since=answer.at if number else None, until=until,
                )  # fmt: skip
    for dimension, at, reason, by_name in ticket.no_answers():
        yield ticket.fact(at, _solver(ticket, at, by_name), facet=dimension, stop=reason)


def _credit(ticket: Timeline, at: int, by_name: int | None) -> list[tuple[int | None, float]]:
    """Who answered the customer before the rating, by share of replies; else who solved it; else whom it names."""
    replies = Counter(t.person for t in ticket.replies if t.at < at)
    if replies:
        return [(agent, count / replies.total()) for agent, count in replies.items()]
    return [(_solver(ticket, at, by_name), 1.0)]


def _solver(ticket: Timeline, at: int, other: int | None) -> int | None:
    """Who solved it last before; where nobody did, the other one."""
    solver = next((s.agent for s in reversed(ticket.solves) if s.at <= at), None)
    return solver if solver is not None else other


@rate(
    "Survey response rate", short="Survey answers", outcomes=("answered", "not answered"), anchor="created",
    needs={"survey.offered"}, pair="csat", dimension="quality", revision=3,
    headlines={"worse": "fewer customers answer the survey", "better": "more customers answer the survey"},
)  # fmt: skip
def csat_response_rate(ticket: Timeline) -> Iterator[Observation]:
    """Of the surveys offered in the period, the share that was answered. It says how far satisfaction speaks for all
    customers.
    """
    for offered, answered in ticket.offers():
        agent = _solver(ticket, offered, ticket.assignee_at(offered))
        yield ticket.fact(offered, agent, value=0, until=answered)
        if answered is not None:
            yield ticket.fact(offered, agent, value=1, since=answered)
