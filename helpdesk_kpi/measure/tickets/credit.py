"""Who did how much of the work on a ticket."""

from collections.abc import Sequence

from helpdesk_kpi.measure.tickets.timeline_events import Message

MOST = 5  # of one person's messages count: many short ones are no more work


def share_credit(messages: Sequence[Message], until: int, solver: int | None) -> list[tuple[int | None, float]]:
    """The parts of a ticket's people, by their replies and notes up to an instant; they sum to 1.

    Without any words, all of it is the solver's.
    """
    words: dict[int | None, int] = {}
    for message in messages:
        if message.kind == "comment" and message.who == "agent" and not message.creating and message.at <= until:
            words[message.person] = min(words.get(message.person, 0) + 1, MOST)
    whole = sum(words.values())
    return [(person, n / whole) for person, n in words.items()] if whole else [(solver, 1.0)]
