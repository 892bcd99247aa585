"""Split the credit for a ticket among the people who worked on it."""

from collections.abc import Sequence

from helpdesk_kpi.measure.tickets.timeline_events import TicketMessage

MOST = 5  # messages of one person that count at most: many short ones are not more work


def share_credit(messages: Sequence[TicketMessage], until: int, solver: int | None) -> list[tuple[int | None, float]]:
    """Split the credit by replies and notes up to an instant; shares sum to 1.

    Without any message the solver (None: unknown) gets all of it.
    """
    words: dict[int | None, int] = {}
    for message in messages:
        if message.kind == "comment" and message.who == "agent" and not message.creating and message.at <= until:
            words[message.person] = min(words.get(message.person, 0) + 1, MOST)
    whole = sum(words.values())
    return [(person, n / whole) for person, n in words.items()] if whole else [(solver, 1.0)]
