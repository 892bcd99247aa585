"""The baseline scenario: opening, conversation, solve and aftermath of an ordinary ticket."""

from helpdesk_kpi.simulator.world.articles import FIRST_ARTICLE
from helpdesk_kpi.simulator.world.clock import DAY, HOUR, MINUTE, SECOND
from helpdesk_kpi.simulator.world.facts import SYSTEM, Comment
from helpdesk_kpi.simulator.world.support_desk import BOT, LIGHT, TEAMS
from helpdesk_kpi.simulator.world.ticket_writer import AUTO_SOLVE_AFTER, TicketWriter

_SOLVED_PENDING = "Solve what has been pending for 5 days"
_SEVERER = {None: "normal", "low": "normal", "normal": "high", "high": "urgent", "urgent": "urgent"}
_MACRO = 3  # of so many tickets that are answered with an article, one is so by a prepared text
ENDINGS = ("thanks", "thanks_answered", "question", "not_fixed", "agent_reopen", "automation_reopen")


def write_opening(writer: TicketWriter) -> None:
    """Up to and including the first reply."""
    plan, words = writer.plan, writer.words
    if writer.created.channel in {"web", "email"} and writer.chance(plan.auto_reply):
        at = writer.at if writer.chance(0.3) else writer.at + writer.rng.randrange(1, 20) * SECOND
        writer.update(at, BOT, via=writer.rng.choice(("api", "web")), comment=Comment(words.auto_reply))
    if writer.chance(0.08):
        writer.customer(writer.at + writer.spread(20 * MINUTE), writer.rng.choice(words.chasers))
    at = writer.take()
    if writer.chance(plan.note_first):
        writer.note(at, writer.rng.choice(words.notes), **writer.mine())
        at = writer.next_agent_time(0.5)
    if writer.chance(plan.holding):
        writer.reply(at, writer.rng.choice(words.holding))
        at = writer.next_agent_time(0.8)
    via = "api" if writer.chance(plan.api_reply) else "web"
    writer.reply(at, writer.rng.choice(words.asks if writer.chance(0.5) else _solutions(writer)), via=via)


def write_conversation(writer: TicketWriter) -> None:
    """Some rounds of question and answer, with transfers, holds and raised priorities between them."""
    plan = writer.plan
    if writer.chance(plan.raised) and writer.state["priority"] != "urgent":
        writer.update(writer.at + writer.spread(HOUR), writer.agent, priority=_SEVERER[writer.state["priority"]])
    if writer.chance(plan.transfer):
        _transfer(writer)
    while writer.chance(0.48):
        _exchange(writer)
    if writer.chance(plan.hold):
        writer.reply(writer.next_agent_time(), writer.rng.choice(writer.words.on_hold), status="hold")
        if writer.chance(plan.light_note * 5):
            writer.note(writer.at + writer.spread(5 * HOUR), writer.rng.choice(writer.words.notes), LIGHT)
        writer.at += writer.spread(70 * HOUR, 0.6)


def _solutions(writer: TicketWriter) -> tuple[str, ...]:
    return writer.words.topics[str(writer.created.category)].solutions


def _transfer(writer: TicketWriter) -> None:
    """The present assignee hands it to another team, which answers next."""
    at = writer.next_agent_time(0.4)
    team = writer.rng.choice([team for team in TEAMS if team != writer.state["team"]])
    note = Comment(writer.rng.choice(writer.words.transfer), public=False)
    writer.update(at, writer.agent, comment=note, team=team, assignee=None)
    slow = round(writer.plan.slow_hand_over * DAY) if team == TEAMS[2] else 0
    writer.worker, at = writer.choose(at + slow, writer.work(0.5))
    if writer.chance(0.5):
        writer.update(at, writer.agent, assignee=writer.agent)
    else:
        writer.reply(at, writer.rng.choice(_solutions(writer)))


def _exchange(writer: TicketWriter) -> None:
    """The agent asks and waits, the customer answers, at times twice, and the agent writes again."""
    words = writer.words
    if writer.chance(0.7):
        writer.reply(writer.next_agent_time(0.5), writer.rng.choice(words.asks), status="pending")
    writer.customer(
        writer.at + writer.spread(7 * HOUR, 1.0),
        writer.rng.choice(words.answers if writer.chance(0.7) else words.questions),
    )
    if writer.chance(0.15):
        writer.customer(writer.at + writer.spread(25 * MINUTE), writer.rng.choice(words.chasers))
    writer.reply(writer.next_agent_time(), writer.rng.choice(_solutions(writer)))


def write_ending(writer: TicketWriter) -> None:
    """The solve, perhaps a reopening, the survey, the close."""
    if writer.chance(0.07):
        _solve_unanswered(writer)
    elif writer.chance(writer.plan.silent_solve):
        writer.customer(writer.at + writer.spread(HOUR), writer.rng.choice(writer.words.answers))
        writer.solve(writer.next_agent_time())
    else:
        solve_at_last(writer)
    if writer.ending:
        _reopen(writer, writer.ending)
        solve_at_last(writer, again=writer.ending)
    writer.survey()
    writer.close()


def _solve_unanswered(writer: TicketWriter) -> None:
    """The customer never answers, and the helpdesk gives up."""
    writer.reply(writer.next_agent_time(), writer.rng.choice(writer.words.asks), status="pending")
    writer.solve(writer.at + AUTO_SOLVE_AFTER, SYSTEM, via="rule", rule=_SOLVED_PENDING)


def solve_at_last(writer: TicketWriter, again: str = "") -> None:
    """The agent solves it, with a reply in the same save or later; after thanks without a reply."""
    at = writer.next_agent_time()
    if again == "thanks":
        _solve_after_gratitude(writer, at)
        return
    article = None
    if writer.chance(writer.plan.article):
        article = FIRST_ARTICLE + 4 * list(writer.words.topics).index(str(writer.created.category))
    together = writer.chance(0.6)
    says = writer.rng.choice(writer.words.closing if writer.chance(0.3) else _solutions(writer))
    macro = article is not None and writer.created.ticket % _MACRO == 0
    writer.reply(at, says, article=article, macro=macro, **({"status": "solved"} if together else {}))
    if not together:
        writer.solve(at + writer.spread(20 * MINUTE), writer.requester.id if writer.says_done else None)


def _reopen(writer: TicketWriter, kind: str) -> None:
    words, at = writer.words, writer.at + min(writer.spread(5 * HOUR, 1.2), 80 * HOUR)
    if kind in {"thanks", "thanks_answered"}:
        writer.customer(at, writer.rng.choice(words.thanks), thanks=True)
    elif kind == "question":
        writer.customer(at, writer.rng.choice(words.questions))
    elif kind == "not_fixed":
        writer.went_badly = True
        writer.customer(at, writer.rng.choice(words.not_fixed))
    elif kind == "agent_reopen":
        writer.note(at, writer.rng.choice(words.notes), status="open")
    else:
        writer.update(at, SYSTEM, via="rule", rule="Reopen when the linked issue is reopened", status="open")
    writer.solved_at = None


def _solve_after_gratitude(writer: TicketWriter, at: int) -> None:
    """Solved again by the agent, or by a rule that recognises thanks."""
    if writer.chance(0.6):
        writer.solve(at)
    else:
        writer.solve(at, SYSTEM, via="rule", rule="Solve again after thanks")
