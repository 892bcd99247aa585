"""What becomes of a ticket of each kind: a function (pen, desktop) that writes its life after the creation."""

from collections.abc import Callable
from random import Random
from typing import Any

from helpdesk_kpi.simulator.world.baseline_scenario import (
    solve_at_last,
    write_conversation,
    write_ending,
    write_opening,
)
from helpdesk_kpi.simulator.world.clock import DAY, HOUR, MINUTE, SECOND
from helpdesk_kpi.simulator.world.facts import SYSTEM, Account, Call, Chat, Comment, Deleted, Redacted, Viewed
from helpdesk_kpi.simulator.world.phrases import Words
from helpdesk_kpi.simulator.world.support_desk import BOT
from helpdesk_kpi.simulator.world.ticket_writer import TicketWriter

SCRUBBED_AFTER = 30 * DAY
_CALL_IDS, _CHAT_IDS = 5_000_000, 6_000_000
_OUTAGE_LASTS = 3 * HOUR


def text(words: Words, rng: Random, kind: str, category: str, requester: Account) -> tuple[str, str, str]:
    """Subject, first message, and which problem it is about; "" where there is none that could come back."""
    subject, body = rng.choice(words.topics[category].problems)
    about = f"{category}: {subject}"
    if kind in {"follow_up", "recurrence"}:
        return subject, rng.choice(words.again), about
    fixed = {"test": (words.test,), "spam": words.spam, "outage": (words.outage,), "incident": (words.outage,)}
    fixed |= {"internal": words.internal, "outbound": words.outbound}
    if kind in fixed:
        return *rng.choice(fixed[kind]), ""
    heard = {
        "call": words.call,
        "missed_call": words.missed_call,
        "voicemail": words.voicemail,
        "messaging": words.chat,
    }
    heard |= {"unanswered_chat": words.chat}
    if kind in heard:
        line = heard[kind].format(name=requester.name, subject=subject)
        return line, line, about if subject in line else ""
    return subject, body, about


def submitter(desktop: Any, rng: Random, kind: str, at: int) -> int | None:
    """Who opened it, if not the requester: an agent writes to a customer, or took the call."""
    if kind == "outbound" or (kind == "call" and rng.random() < 0.5):
        here: list[int] = [w.account for w in desktop.desk.workers if w.left_at is None or w.left_at > at + DAY]
        return rng.choice(here)
    return None


def follows(desktop: Any, kind: str, at: int) -> TicketWriter | None:
    """The earlier ticket for a follow-up, a recurrence or a duplicate."""
    if kind == "follow_up":
        return find_open_ticket(desktop, lambda pen: pen.closed_at is not None and at - 30 * DAY < pen.closed_at <= at)
    if kind == "recurrence":
        return find_open_ticket(
            desktop, lambda pen: pen.solved_at is not None and at - 12 * DAY < pen.solved_at < at - HOUR
        )
    if kind == "merged":
        return find_open_ticket(
            desktop, lambda pen: pen.first_reply_at is not None and pen.first_reply_at > at + 10 * MINUTE
        )
    return None


def find_open_ticket(desktop: Any, fits: Callable[[TicketWriter], bool]) -> TicketWriter | None:
    earlier: TicketWriter | None = desktop.earlier(lambda pen: pen.kind == "ordinary" and fits(pen))
    return earlier


def ordinary(pen: TicketWriter, _desktop: Any) -> None:
    write_opening(pen)
    write_conversation(pen)
    write_ending(pen)


def follow_up(pen: TicketWriter, desktop: Any) -> None:
    """The old ticket's row is written again, since it now lists this one."""
    assert pen.origin is not None
    pen.origin.facts.append(Viewed(ticket=pen.origin.ticket, at=pen.created.at))
    ordinary(pen, desktop)


def forgotten(_pen: TicketWriter, _desktop: Any) -> None:
    """Nobody ever does anything."""


def unanswered_solve(pen: TicketWriter, _desktop: Any) -> None:
    """Solved without a word, by an agent, or by a rule that finds it out of date."""
    at = pen.take()
    if pen.chance(0.7):
        pen.solve(at, assignee=pen.agent)
    else:
        pen.update(at, pen.agent, **pen.mine())
        pen.solve(at + 5 * DAY, SYSTEM, via="rule", rule="Solve what is out of date")
    if pen.chance(0.4):
        late = pen.at + pen.spread(5 * HOUR)
        pen.customer(late, pen.rng.choice(pen.words.not_fixed))
        solve_at_last(pen)
    pen.survey()
    pen.close()


def deleted(pen: TicketWriter, _desktop: Any) -> None:
    """Deleted by an agent, some after an answer; thirty days later it is gone for good."""
    write_opening(pen)
    if pen.chance(pen.plan.late_deletion):
        write_ending(pen)
        _delete(pen, pen.at + pen.rng.randrange(10, 40) * DAY, _remaining(pen))
    else:
        _delete(pen, pen.at + pen.spread(2 * HOUR), pen.agent)


def _remaining(pen: TicketWriter) -> int:
    """An agent who does not leave."""
    return pen.rng.choice([worker.account for worker in pen.desk.workers if worker.left_at is None])


def spam(pen: TicketWriter, _desktop: Any) -> None:
    worker, at = pen.choose(pen.at, 10 * MINUTE)
    _delete(pen, at, worker.account)


def _delete(pen: TicketWriter, at: int, actor: int) -> None:
    pen.facts.append(Deleted(ticket=pen.ticket, at=at, actor=actor))
    if not pen.plan.lossless:
        pen.facts.append(Redacted(ticket=pen.ticket, at=at + SCRUBBED_AFTER + pen.rng.randrange(3600) * SECOND))


def merged(pen: TicketWriter, _desktop: Any) -> None:
    """A second ticket about the same; merged into the first one just before that is answered."""
    winner = pen.origin
    assert winner is not None
    assert winner.first_reply_at is not None
    assert winner.worker is not None
    at = max(pen.at + MINUTE, winner.first_reply_at - 2 * MINUTE)
    lost = Comment(pen.words.merged_away.format(other=winner.ticket), public=pen.chance(0.5))
    actor = winner.worker.account
    pen.update(at, actor, comment=lost, status="closed", assignee=actor, add_tags=("closed_by_merge",),
               merged_into=winner.ticket)  # fmt: skip
    here = Comment(pen.words.merged_here.format(other=pen.ticket), public=False)
    state, last = dict(winner.state), winner.at
    winner.update(at, actor, comment=here, merged_from=pen.ticket)
    winner.state, winner.at = state, last


def call(pen: TicketWriter, _desktop: Any) -> None:
    """An answered call; most problems are solved while talking, the others by mail."""
    wait = pen.rng.randrange(5, 240) * SECOND
    submitter = pen.created.submitter
    worker = next((w for w in pen.desk.workers if w.account == submitter), None)
    pen.worker = worker or pen.choose(pen.at, 0)[0]
    answered = pen.at + wait
    ended = answered + pen.spread(6 * MINUTE)
    _call(pen, answered, ended)
    pen.update(ended, pen.agent, comment=Comment(pen.rng.choice(pen.words.notes), public=False), **pen.mine())
    if pen.chance(0.6):
        pen.solve(ended + pen.rng.randrange(1, 600) * SECOND)
        pen.survey()
        pen.close()
    else:
        write_conversation(pen)
        write_ending(pen)


def missed_call(pen: TicketWriter, desktop: Any) -> None:
    _call(pen, None, pen.at + pen.rng.randrange(20, 120) * SECOND)
    ordinary(pen, desktop)


def voicemail(pen: TicketWriter, desktop: Any) -> None:
    _call(pen, None, pen.at + pen.rng.randrange(20, 120) * SECOND, voicemail=True)
    ordinary(pen, desktop)


def _call(pen: TicketWriter, answered: int | None, ended: int, *, voicemail: bool = False) -> None:
    agent = pen.agent if answered is not None else None
    number = _CALL_IDS + pen.ticket
    pen.facts.append(
        Call(id=number, ticket=pen.ticket, at=pen.created.at, agent=agent, answered_at=answered, ended_at=ended,
             voicemail=voicemail)
    )  # fmt: skip


def messaging(pen: TicketWriter, _desktop: Any) -> None:
    """A conversation whose messages are no comments; some go on by mail afterwards."""
    started, replied, ended = _chat(pen, replied=True)
    pen.update(started, SYSTEM, via="rule", rule="Assign conversation", **pen.mine() | {"status": "open"})
    pen.at = max(replied, ended)
    if pen.chance(0.7):
        pen.solve(ended + pen.rng.randrange(1, 1800) * SECOND)
        pen.survey()
        pen.close()
    else:
        write_conversation(pen)
        write_ending(pen)


def unanswered_chat(pen: TicketWriter, desktop: Any) -> None:
    """Offered to somebody who did not write; answered by mail later."""
    _, _, ended = _chat(pen, replied=False)
    pen.at = ended
    ordinary(pen, desktop)


def _chat(pen: TicketWriter, *, replied: bool) -> tuple[int, int, int]:
    worker, started = pen.choose(pen.at, 3 * MINUTE)
    pen.worker = worker
    first = started + pen.rng.randrange(10, 400) * SECOND
    ended = first + pen.spread(12 * MINUTE)
    pen.facts.append(
        Chat(id=_CHAT_IDS + pen.ticket, ticket=pen.ticket, at=started, agent=worker.account,
             replied_at=first if replied else None, ended_at=ended)
    )  # fmt: skip
    return started, first, ended


def ai_agent(pen: TicketWriter, _desktop: Any) -> None:
    """The bot answers and solves it by itself."""
    solution = pen.rng.choice(pen.words.topics[str(pen.created.category)].solutions)
    pen.update(pen.at + 5 * SECOND, BOT, via="api", comment=Comment(solution), status="open")
    pen.solve(pen.at + 10 * MINUTE, BOT, via="api")
    pen.close()


def outage(pen: TicketWriter, desktop: Any) -> None:
    """A problem; when it is solved its incidents are, in the same second."""
    desktop.outage.append(pen)
    pen.worker, _ = pen.choose(pen.at, MINUTE)
    pen.reply(pen.at + pen.spread(10 * MINUTE), pen.rng.choice(pen.words.on_hold), status="hold")
    pen.reply(max(pen.at, pen.created.at) + _OUTAGE_LASTS, pen.rng.choice(pen.words.closing), status="solved")
    pen.close()


def incident(pen: TicketWriter, desktop: Any) -> None:
    problem: TicketWriter = desktop.outage[-1]
    until = problem.solved_at
    assert until is not None
    pen.worker, _ = pen.choose(pen.at, MINUTE)
    pen.reply(pen.at + pen.rng.randrange(120, 1800) * SECOND, pen.rng.choice(pen.words.on_hold), status="hold")
    pen.solve(until, SYSTEM, via="rule", rule="Linked problem was solved")
    pen.survey()
    pen.close()


LIVES: dict[str, Callable[[TicketWriter, Any], None]] = {
    "ordinary": ordinary,
    "internal": ordinary,
    "outbound": ordinary,
    "test": ordinary,
    "recurrence": ordinary,
    "spam": spam,
    "deleted": deleted,
    "merged": merged,
    "forgotten": forgotten,
    "call": call,
    "missed_call": missed_call,
    "voicemail": voicemail,
    "messaging": messaging,
    "unanswered_chat": unanswered_chat,
    "ai_agent": ai_agent,
    "unanswered_solve": unanswered_solve,
    "follow_up": follow_up,
    "outage": outage,
    "incident": incident,
}
