"""Scenarios by kind of ticket: each function (writer, desktop) writes the facts after the creation."""

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
    """The submitter, if not the requester: an agent who writes to a customer or took the call."""
    if kind == "outbound" or (kind == "call" and rng.random() < 0.5):
        here: list[int] = [w.account for w in desktop.desk.workers if w.left_at is None or w.left_at > at + DAY]
        return rng.choice(here)
    return None


def follows(desktop: Any, kind: str, at: int) -> TicketWriter | None:
    """The earlier ticket for a follow-up, a recurrence or a duplicate."""
    if kind == "follow_up":
        return find_open_ticket(
            desktop, lambda writer: writer.closed_at is not None and at - 30 * DAY < writer.closed_at <= at
        )
    if kind == "recurrence":
        return find_open_ticket(
            desktop, lambda writer: writer.solved_at is not None and at - 12 * DAY < writer.solved_at < at - HOUR
        )
    if kind == "merged":
        return find_open_ticket(
            desktop, lambda writer: writer.first_reply_at is not None and writer.first_reply_at > at + 10 * MINUTE
        )
    return None


def find_open_ticket(desktop: Any, fits: Callable[[TicketWriter], bool]) -> TicketWriter | None:
    earlier: TicketWriter | None = desktop.earlier(lambda writer: writer.kind == "ordinary" and fits(writer))
    return earlier


def ordinary(writer: TicketWriter, _desktop: Any) -> None:
    write_opening(writer)
    write_conversation(writer)
    write_ending(writer)


def follow_up(writer: TicketWriter, desktop: Any) -> None:
    """The old ticket's row is written again, since it now lists this one."""
    assert writer.origin is not None
    writer.origin.facts.append(Viewed(ticket=writer.origin.ticket, at=writer.created.at))
    ordinary(writer, desktop)


def forgotten(_pen: TicketWriter, _desktop: Any) -> None:
    """No one ever acts on it."""


def unanswered_solve(writer: TicketWriter, _desktop: Any) -> None:
    """Solved without a comment, by an agent or by a rule for old tickets."""
    at = writer.take()
    if writer.chance(0.7):
        writer.solve(at, assignee=writer.agent)
    else:
        writer.update(at, writer.agent, **writer.mine())
        writer.solve(at + 5 * DAY, SYSTEM, via="rule", rule="Solve what is out of date")
    if writer.chance(0.4):
        late = writer.at + writer.spread(5 * HOUR)
        writer.customer(late, writer.rng.choice(writer.words.not_fixed))
        solve_at_last(writer)
    writer.survey()
    writer.close()


def deleted(writer: TicketWriter, _desktop: Any) -> None:
    """Deleted by an agent, some after an answer; thirty days later it is gone for good."""
    write_opening(writer)
    if writer.chance(writer.plan.late_deletion):
        write_ending(writer)
        _delete(writer, writer.at + writer.rng.randrange(10, 40) * DAY, _remaining(writer))
    else:
        _delete(writer, writer.at + writer.spread(2 * HOUR), writer.agent)


def _remaining(writer: TicketWriter) -> int:
    """An agent who does not leave."""
    return writer.rng.choice([worker.account for worker in writer.desk.workers if worker.left_at is None])


def spam(writer: TicketWriter, _desktop: Any) -> None:
    worker, at = writer.choose(writer.at, 10 * MINUTE)
    _delete(writer, at, worker.account)


def _delete(writer: TicketWriter, at: int, actor: int) -> None:
    writer.facts.append(Deleted(ticket=writer.ticket, at=at, actor=actor))
    if not writer.plan.lossless:
        writer.facts.append(
            Redacted(ticket=writer.ticket, at=at + SCRUBBED_AFTER + writer.rng.randrange(3600) * SECOND)
        )


def merged(writer: TicketWriter, _desktop: Any) -> None:
    """A second ticket about the same; merged into the first one just before that is answered."""
    winner = writer.origin
    assert winner is not None
    assert winner.first_reply_at is not None
    assert winner.worker is not None
    at = max(writer.at + MINUTE, winner.first_reply_at - 2 * MINUTE)
    lost = Comment(writer.words.merged_away.format(other=winner.ticket), public=writer.chance(0.5))
    actor = winner.worker.account
    writer.update(at, actor, comment=lost, status="closed", assignee=actor, add_tags=("closed_by_merge",),
               merged_into=winner.ticket)  # fmt: skip
    here = Comment(writer.words.merged_here.format(other=writer.ticket), public=False)
    state, last = dict(winner.state), winner.at
    winner.update(at, actor, comment=here, merged_from=writer.ticket)
    winner.state, winner.at = state, last


def call(writer: TicketWriter, _desktop: Any) -> None:
    """An answered call; most problems are solved while talking, the others by mail."""
    wait = writer.rng.randrange(5, 240) * SECOND
    submitter = writer.created.submitter
    worker = next((w for w in writer.desk.workers if w.account == submitter), None)
    writer.worker = worker or writer.choose(writer.at, 0)[0]
    answered = writer.at + wait
    ended = answered + writer.spread(6 * MINUTE)
    _call(writer, answered, ended)
    writer.update(
        ended, writer.agent, comment=Comment(writer.rng.choice(writer.words.notes), public=False), **writer.mine()
    )
    if writer.chance(0.6):
        writer.solve(ended + writer.rng.randrange(1, 600) * SECOND)
        writer.survey()
        writer.close()
    else:
        write_conversation(writer)
        write_ending(writer)


def missed_call(writer: TicketWriter, desktop: Any) -> None:
    _call(writer, None, writer.at + writer.rng.randrange(20, 120) * SECOND)
    ordinary(writer, desktop)


def voicemail(writer: TicketWriter, desktop: Any) -> None:
    _call(writer, None, writer.at + writer.rng.randrange(20, 120) * SECOND, voicemail=True)
    ordinary(writer, desktop)


def _call(writer: TicketWriter, answered: int | None, ended: int, *, voicemail: bool = False) -> None:
    agent = writer.agent if answered is not None else None
    number = _CALL_IDS + writer.ticket
    writer.facts.append(
        Call(id=number, ticket=writer.ticket, at=writer.created.at, agent=agent, answered_at=answered, ended_at=ended,
             voicemail=voicemail)
    )  # fmt: skip


def messaging(writer: TicketWriter, _desktop: Any) -> None:
    """A conversation whose messages are no comments; some go on by mail afterwards."""
    started, replied, ended = _chat(writer, replied=True)
    writer.update(started, SYSTEM, via="rule", rule="Assign conversation", **writer.mine() | {"status": "open"})
    writer.at = max(replied, ended)
    if writer.chance(0.7):
        writer.solve(ended + writer.rng.randrange(1, 1800) * SECOND)
        writer.survey()
        writer.close()
    else:
        write_conversation(writer)
        write_ending(writer)


def unanswered_chat(writer: TicketWriter, desktop: Any) -> None:
    """Offered to a person who did not write; answered by mail later."""
    _, _, ended = _chat(writer, replied=False)
    writer.at = ended
    ordinary(writer, desktop)


def _chat(writer: TicketWriter, *, replied: bool) -> tuple[int, int, int]:
    worker, started = writer.choose(writer.at, 3 * MINUTE)
    writer.worker = worker
    first = started + writer.rng.randrange(10, 400) * SECOND
    ended = first + writer.spread(12 * MINUTE)
    writer.facts.append(
        Chat(id=_CHAT_IDS + writer.ticket, ticket=writer.ticket, at=started, agent=worker.account,
             replied_at=first if replied else None, ended_at=ended)
    )  # fmt: skip
    return started, first, ended


def ai_agent(writer: TicketWriter, _desktop: Any) -> None:
    """The bot answers and solves it by itself."""
    solution = writer.rng.choice(writer.words.topics[str(writer.created.category)].solutions)
    writer.update(writer.at + 5 * SECOND, BOT, via="api", comment=Comment(solution), status="open")
    writer.solve(writer.at + 10 * MINUTE, BOT, via="api")
    writer.close()


def outage(writer: TicketWriter, desktop: Any) -> None:
    """A problem; when it is solved its incidents are, in the same second."""
    desktop.outage.append(writer)
    writer.worker, _ = writer.choose(writer.at, MINUTE)
    writer.reply(writer.at + writer.spread(10 * MINUTE), writer.rng.choice(writer.words.on_hold), status="hold")
    writer.reply(
        max(writer.at, writer.created.at) + _OUTAGE_LASTS, writer.rng.choice(writer.words.closing), status="solved"
    )
    writer.close()


def incident(writer: TicketWriter, desktop: Any) -> None:
    problem: TicketWriter = desktop.outage[-1]
    until = problem.solved_at
    assert until is not None
    writer.worker, _ = writer.choose(writer.at, MINUTE)
    writer.reply(
        writer.at + writer.rng.randrange(120, 1800) * SECOND, writer.rng.choice(writer.words.on_hold), status="hold"
    )
    writer.solve(until, SYSTEM, via="rule", rule="Linked problem was solved")
    writer.survey()
    writer.close()


SCENARIOS: dict[str, Callable[[TicketWriter, Any], None]] = {
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
