"""Questions to look at: what would move a number without helping a customer. Each has harmless explanations too, so
none is ever a penalty; `doctor` shows where somebody differs from their team by more than chance, with the tickets.
"""

from collections.abc import Iterator
from functools import partial

from helpdesk_kpi.identities.source_rules import DONE_STATES, NEED_SURVEY_OFFERED
from helpdesk_kpi.identities.vocabulary import VOICE
from helpdesk_kpi.measure.metrics.contract import Observation, Share, kpi
from helpdesk_kpi.measure.tickets.article import ArticleHistory
from helpdesk_kpi.measure.tickets.timeline import Timeline
from helpdesk_kpi.measure.tickets.timeline_events import Change
from helpdesk_kpi.milliseconds import DAY, HOUR, MINUTE
from kpi.reply import reply_after_holding

NEAR_BREACH = 30 * MINUTE
AROUND_RATING = DAY

question = partial(
    kpi, unit="share", better="neither", statistic=Share(), anchor="answered", revision=2, role="question"
)


def _observe(ticket: Timeline, at: int, agent: int | None, *, yes: bool) -> Observation:
    return ticket.fact(at, agent, value=1 if yes else 0)


@question("Did the first reply only hold the line?", needs={"comments.public"})
def holding_first_replies(ticket: Timeline) -> Iterator[Observation]:
    """Of the first replies, the share that was short (under 80 characters) and followed by a second one before the
    customer wrote again. It stops the clock of the first reply without an answer; or a colleague was quick to confirm.
    """
    if not ticket.replies or ticket.missing_contact_data:
        return
    first = ticket.replies[0]
    yield _observe(ticket, first.at, first.person, yes=reply_after_holding(ticket, first.at) is not None)


@question("Was it parked while the customer waited?", needs={"comments.public", "status.history"})
def parked_while_waiting(ticket: Timeline) -> Iterator[Observation]:
    """Of the changes to a waiting state (pending) by people of the team, the share where the last public word
    was the customer's: clocks stand still then, though it is us who are waited for.
    """
    for change in () if ticket.missing_contact_data else _by_people(ticket, "status"):
        if ticket.source_rules.state(change.after) == "pending":
            said = [t for t in ticket.messages if t.public and t.who in {"agent", "customer"} and t.at <= change.at]
            yield _observe(ticket, change.at, change.person, yes=bool(said) and said[-1].who == "customer")


@question("Was it solved without a word?", needs={"comments.public", "status.history"})
def solved_unanswered(ticket: Timeline) -> Iterator[Observation]:
    """Of the solves by people of the team, the share before which nobody had ever replied to the customer."""
    for solve in () if ticket.missing_contact_data else ticket.solves:
        if solve.change.who == "agent":
            answered = any(t.at <= solve.at for t in ticket.contacts)
            yield _observe(ticket, solve.at, solve.agent, yes=not answered)


@question("Was it opened again within the hour?", needs={"status.history"})
def reopened_within_the_hour(ticket: Timeline) -> Iterator[Observation]:
    """Of the solves by people of the team, the share that was opened again within an hour: solved too early, or the
    customer was quick to say thanks.
    """
    for solve in ticket.solves:
        if solve.change.who == "agent":
            soon = solve.reopened_at is not None and solve.reopened_at - solve.at < HOUR
            yield _observe(ticket, solve.at, solve.agent, yes=soon)


@question("Was an unhappy ticket merged away?", needs={"status.history", "survey.answers"}, population="native")
def merged_after_bad_rating(ticket: Timeline) -> Iterator[Observation]:
    """Of the tickets that people of the team merged into another, the share that had a bad rating before."""
    if ticket.merged_at is None:
        return
    change = next((c for c in ticket.changes if c.at == ticket.merged_at and c.who == "agent"), None)
    if change is not None:
        bad = any(a.category == "bad" and a.at <= change.at for rated in ticket.answers() for a in rated.answers)
        yield _observe(ticket, change.at, change.person, yes=bad)


@question("Did it change hands around the rating?", needs={"status.history", "survey.answers"})
def reassigned_around_rating(ticket: Timeline) -> Iterator[Observation]:
    """Of the bad ratings, the share of tickets that their assignee gave away in the 24 hours before or after. Ratings
    count for those who replied, so this moves no number here; elsewhere it may.
    """
    for rated in ticket.answers():
        answer = rated.answers[0]
        if answer.category == "bad":
            given = [c for c in _by_people(ticket, "assignee") if abs(c.at - answer.at) <= AROUND_RATING]
            own = [c for c in given if ticket.source_rules.person_keys.get(c.before or "") == c.person]
            yield _observe(ticket, answer.at, own[0].person if own else ticket.assignee_at(answer.at), yes=bool(own))


@question("Was no survey sent?", needs={"status.history", "survey.offered"})
def survey_not_offered(ticket: Timeline) -> Iterator[Observation]:
    """Of the tickets that people of the team solved, the share after which no survey went out within ten days. The
    helpdesk's own rules decide about most; one person's share should be as the others'.
    """
    if (
        NEED_SURVEY_OFFERED in ticket.source_rules.missing_capabilities
        or not ticket.solves
        or ticket.solves[-1].change.who != "agent"
    ):
        return
    solve = ticket.solves[-1]
    offered = any(at >= ticket.solves[0].at for at, _ in ticket.offers())
    yield _observe(ticket, solve.at, solve.agent, yes=not offered)


@question("Was the priority changed when time ran out?", needs={"priority.history"})
def priority_changed_near_breach(ticket: Timeline) -> Iterator[Observation]:
    """Of the changes of priority by people of the team, the share within half
    an hour of a deadline. Deadlines count as they were set when their clock began, so this moves no number here.
    """
    for change in _by_people(ticket, "priority"):
        near = any(abs(change.at - run.due) <= NEAR_BREACH for run in ticket.sla_runs)
        yield _observe(ticket, change.at, change.person, yes=near)


@question("Was it taken over an older ticket of the queue?", needs={"assignee.history"})
def taken_from_queue(ticket: Timeline) -> Iterator[Observation]:
    """Of the unassigned tickets that people of the team took, the share that was taken while an older one of at least
    the same severity waited in the same queue.
    """
    for change in _by_people(ticket, "assignee"):
        nobody = change.before is None or ticket.source_rules.person_keys.get(change.before) is None
        is_open = ticket.state_at(change.at) not in DONE_STATES
        if nobody and is_open and ticket.source_rules.person_keys.get(change.after or "") == change.person:
            yield _observe(ticket, change.at, change.person, yes=False)


@question("Was one request split into several tickets?", needs={"comments.public"}, population="native", revision=3)
def opened_for_customer(ticket: Timeline) -> Iterator[Observation]:
    """Of the tickets that people of the team wrote down in a customer's name, the share that came within an hour of
    another ticket of that customer about the same problem. Some requests are two; some are made two. Who submitted or
    created a ticket says nothing: its first words are by whoever wrote it down. Calls, and what the team wrote to a
    customer, are none.
    """
    if ticket.channel in VOICE or ticket.exclusion_reason in {"internal", "outbound"}:
        return
    first = next((t for t in ticket.messages if t.creating), None)
    if first is not None and first.who == "agent" and first.person != ticket.requester:
        yield _observe(ticket, ticket.created_at, first.person, yes=False)


@question("Was it merged instead of solved?", needs={"status.history"}, population="native")
def merged_away(ticket: Timeline) -> Iterator[Observation]:
    """Of the tickets that people of the team solved or merged into another, the share that was merged. Duplicates
    should be; a ticket that is merged is in no count of what comes back.
    """
    for solve in ticket.solves[-1:]:
        if solve.change.who == "agent":
            yield _observe(ticket, solve.at, solve.agent, yes=ticket.merged_at == solve.at)


@question("Did authors point to their own articles?", needs={"articles", "comments.public"}, subject="article")
def own_articles_cited(article: ArticleHistory) -> Iterator[Observation]:
    """Of the tickets that people of the team answered with an article, the share where it was one of their own. It
    earns them nothing here; whoever knows a subject also writes about it.
    """
    for citation in article.citations:
        if citation.left_out:
            continue
        authors = {part.agent for part in article.parts(citation.at)}
        yield Observation(
            at=citation.at, agent=citation.person, ticket=citation.ticket,
            value=1 if article.get_agent(citation.person) in authors else 0,
        )  # fmt: skip


@question("Did articles crowd at the end of the period?", needs={"articles", "article.edits"}, subject="article")
def written_at_the_end(article: ArticleHistory) -> Iterator[Observation]:
    """Of the articles that people made or substantively edited, the share that was saved in the last tenth of the
    period. It is easy to write for a count that ends today; or a release came just then, or there was time at last.
    """
    if article.is_published:
        for edit in article.edits:
            if edit.kind != "minor":
                yield Observation(at=edit.at, agent=edit.person, value=0)


def _by_people(ticket: Timeline, field: str) -> Iterator[Change]:
    return (c for c in ticket.changes if c.field == field and c.who == "agent")
