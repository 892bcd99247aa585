"""The course of an ordinary ticket: how it opens, the conversation, the solve and what comes after."""

from helpdesk_kpi.simulator.world.articles import FIRST_ARTICLE
from helpdesk_kpi.simulator.world.clock import DAY, HOUR, MINUTE, SECOND
from helpdesk_kpi.simulator.world.facts import SYSTEM, Comment
from helpdesk_kpi.simulator.world.support_desk import BOT, LIGHT, TEAMS
from helpdesk_kpi.simulator.world.ticket_writer import AUTO_SOLVE_AFTER, TicketWriter

_SOLVED_PENDING = "Solve what has been pending for 5 days"
_SEVERER = {None: "normal", "low": "normal", "normal": "high", "high": "urgent", "urgent": "urgent"}
_MACRO = 3  # of so many tickets that are answered with an article, one is so by a prepared text
ENDINGS = ("thanks", "thanks_answered", "question", "not_fixed", "agent_reopen", "automation_reopen")


def write_opening(pen: TicketWriter) -> None:
    """Up to and including the first reply."""
    plan, words = pen.plan, pen.words
    if pen.created.channel in {"web", "email"} and pen.chance(plan.auto_reply):
        at = pen.at if pen.chance(0.3) else pen.at + pen.rng.randrange(1, 20) * SECOND
        pen.update(at, BOT, via=pen.rng.choice(("api", "web")), comment=Comment(words.auto_reply))
    if pen.chance(0.08):
        pen.customer(pen.at + pen.spread(20 * MINUTE), pen.rng.choice(words.chasers))
    at = pen.take()
    if pen.chance(plan.note_first):
        pen.note(at, pen.rng.choice(words.notes), **pen.mine())
        at = pen.next_agent_time(0.5)
    if pen.chance(plan.holding):
        pen.reply(at, pen.rng.choice(words.holding))
        at = pen.next_agent_time(0.8)
    via = "api" if pen.chance(plan.api_reply) else "web"
    pen.reply(at, pen.rng.choice(words.asks if pen.chance(0.5) else _solutions(pen)), via=via)


def write_conversation(pen: TicketWriter) -> None:
    """Some rounds of question and answer, with transfers, holds and raised priorities between them."""
    plan = pen.plan
    if pen.chance(plan.raised) and pen.state["priority"] != "urgent":
        pen.update(pen.at + pen.spread(HOUR), pen.agent, priority=_SEVERER[pen.state["priority"]])
    if pen.chance(plan.transfer):
        _transfer(pen)
    while pen.chance(0.48):
        _exchange(pen)
    if pen.chance(plan.hold):
        pen.reply(pen.next_agent_time(), pen.rng.choice(pen.words.on_hold), status="hold")
        if pen.chance(plan.light_note * 5):
            pen.note(pen.at + pen.spread(5 * HOUR), pen.rng.choice(pen.words.notes), LIGHT)
        pen.at += pen.spread(70 * HOUR, 0.6)


def _solutions(pen: TicketWriter) -> tuple[str, ...]:
    return pen.words.topics[str(pen.created.category)].solutions


def _transfer(pen: TicketWriter) -> None:
    """To another team, by whoever has it; somebody there answers next."""
    at = pen.next_agent_time(0.4)
    team = pen.rng.choice([team for team in TEAMS if team != pen.state["team"]])
    note = Comment(pen.rng.choice(pen.words.transfer), public=False)
    pen.update(at, pen.agent, comment=note, team=team, assignee=None)
    slow = round(pen.plan.slow_hand_over * DAY) if team == TEAMS[2] else 0
    pen.worker, at = pen.choose(at + slow, pen.work(0.5))
    if pen.chance(0.5):
        pen.update(at, pen.agent, assignee=pen.agent)
    else:
        pen.reply(at, pen.rng.choice(_solutions(pen)))


def _exchange(pen: TicketWriter) -> None:
    """The agent asks and waits, the customer answers, at times twice, and the agent writes again."""
    words = pen.words
    if pen.chance(0.7):
        pen.reply(pen.next_agent_time(0.5), pen.rng.choice(words.asks), status="pending")
    pen.customer(
        pen.at + pen.spread(7 * HOUR, 1.0), pen.rng.choice(words.answers if pen.chance(0.7) else words.questions)
    )
    if pen.chance(0.15):
        pen.customer(pen.at + pen.spread(25 * MINUTE), pen.rng.choice(words.chasers))
    pen.reply(pen.next_agent_time(), pen.rng.choice(_solutions(pen)))


def write_ending(pen: TicketWriter) -> None:
    """The solve, perhaps a reopening, the survey, the close."""
    if pen.chance(0.07):
        _solve_unanswered(pen)
    elif pen.chance(pen.plan.silent_solve):
        pen.customer(pen.at + pen.spread(HOUR), pen.rng.choice(pen.words.answers))
        pen.solve(pen.next_agent_time())
    else:
        solve_at_last(pen)
    if pen.ending:
        _reopen(pen, pen.ending)
        solve_at_last(pen, again=pen.ending)
    pen.survey()
    pen.close()


def _solve_unanswered(pen: TicketWriter) -> None:
    """The customer never answers, and the helpdesk gives up."""
    pen.reply(pen.next_agent_time(), pen.rng.choice(pen.words.asks), status="pending")
    pen.solve(pen.at + AUTO_SOLVE_AFTER, SYSTEM, via="rule", rule=_SOLVED_PENDING)


def solve_at_last(pen: TicketWriter, again: str = "") -> None:
    """By the agent, with a reply in the same save or a while after it; after mere thanks without one."""
    at = pen.next_agent_time()
    if again == "thanks":
        _solve_after_gratitude(pen, at)
        return
    article = None
    if pen.chance(pen.plan.article):
        article = FIRST_ARTICLE + 4 * list(pen.words.topics).index(str(pen.created.category))
    together = pen.chance(0.6)
    says = pen.rng.choice(pen.words.closing if pen.chance(0.3) else _solutions(pen))
    macro = article is not None and pen.created.ticket % _MACRO == 0
    pen.reply(at, says, article=article, macro=macro, **({"status": "solved"} if together else {}))
    if not together:
        pen.solve(at + pen.spread(20 * MINUTE), pen.requester.id if pen.says_done else None)


def _reopen(pen: TicketWriter, kind: str) -> None:
    words, at = pen.words, pen.at + min(pen.spread(5 * HOUR, 1.2), 80 * HOUR)
    if kind in {"thanks", "thanks_answered"}:
        pen.customer(at, pen.rng.choice(words.thanks), thanks=True)
    elif kind == "question":
        pen.customer(at, pen.rng.choice(words.questions))
    elif kind == "not_fixed":
        pen.went_badly = True
        pen.customer(at, pen.rng.choice(words.not_fixed))
    elif kind == "agent_reopen":
        pen.note(at, pen.rng.choice(words.notes), status="open")
    else:
        pen.update(at, SYSTEM, via="rule", rule="Reopen when the linked issue is reopened", status="open")
    pen.solved_at = None


def _solve_after_gratitude(pen: TicketWriter, at: int) -> None:
    """Solved again by the agent, or by a rule that knows thanks when it sees them."""
    if pen.chance(0.6):
        pen.solve(at)
    else:
        pen.solve(at, SYSTEM, via="rule", rule="Solve again after thanks")
