"""Tracker tickets: what customers report about one fault hangs on a ticket that an agent makes for the team.

A problem of the invented world is the first report; when a second one comes in, an agent makes the tracker.
https://developers.freshdesk.com/api/#ticket_attributes
"""

from typing import Any

import msgspec

from helpdesk_kpi.simulator.freshdesk.bulk_import import STATS, Bulk
from helpdesk_kpi.simulator.freshdesk.vocabulary import OPEN, PORTAL, RESOLVED, TRACKER, TYPES, html
from helpdesk_kpi.simulator.world.clock import DAY, SECOND, iso
from helpdesk_kpi.simulator.world.ticket_history import TicketHistory
from helpdesk_kpi.simulator.world.world import World

FIRST = 6_000_000  # the tracker of ticket n is FIRST + n
_encode = msgspec.json.Encoder().encode


class Trackers:
    """One for each problem that others reported too, from their first report on."""

    def __init__(self, world: World) -> None:
        self.world, self.alike = world, Bulk(world, 0).alike(())
        self.reports: dict[int, list[tuple[int, int]]] = {}  # problem -> (when, which) of the other reports
        for number, story in world.stories.items():
            if story.created.problem is not None:
                self.reports.setdefault(story.created.problem, []).append((story.created.at, number))

    def of(self, story: TicketHistory) -> int | None:
        """The tracker that a ticket hangs on."""
        number = FIRST + (story.created.problem or story.ticket)
        return number if self.has(number) else None

    def related(self, number: int) -> list[int]:
        """The reports that hang on a tracker now."""
        problem = number - FIRST
        return [problem, *(n for at, n in self.reports.get(problem, ()) if at <= self.world.now)]

    def has(self, number: int) -> bool:
        return any(at <= self.world.now for at, _ in self.reports.get(number - FIRST, ()))

    def index(self) -> list[tuple[int, int]]:
        numbers = [FIRST + problem for problem in self.reports if self.has(FIRST + problem)]
        return [(self._updated(number) // SECOND, number) for number in numbers]

    def created(self, number: int) -> int:
        return min(at for at, _ in self.reports[number - FIRST])

    def code(self, number: int) -> int:
        return OPEN if self._solved(number) is None else RESOLVED

    def row(self, number: int, includes: tuple[str, ...]) -> msgspec.Raw:
        return msgspec.Raw(_encode(self.ticket(number, includes)))

    def ticket(self, number: int, includes: tuple[str, ...]) -> dict[str, Any]:
        who = next(account for account in self.world.desk.accounts if account.roles[0][1] in {"agent", "admin"})
        problem = self.world.stories[number - FIRST]
        solved, created = self._solved(number), iso(self.created(number))
        subject, state = f"Tracker: {problem.created.subject}", problem.state(self.world.now)
        due = iso(self.created(number) + DAY)
        shown = self.alike | {
            "id": number, "requester_id": who.id, "responder_id": who.id, "company_id": None, "source": PORTAL,
            "status": self.code(number), "subject": subject, "created_at": created, "due_by": due, "fr_due_by": due,
            "updated_at": iso(self._updated(number)), "association_type": TRACKER,
            "group_id": state["team"], "product_id": state["brand"], "type": TYPES["problem"], "form_id": state["form"],
            "associated_tickets_count": len(self.related(number)),
        }  # fmt: skip
        times: dict[str, str | None] = dict.fromkeys(STATS)
        done = None if solved is None else iso(solved)
        more = {
            "requester": {"id": who.id, "name": who.name, "email": who.email, "mobile": None, "phone": None},
            "stats": times | {"status_updated_at": done or created, "resolved_at": done}, "company": {},
            "description": html(subject), "description_text": subject,
        }  # fmt: skip
        return shown | {name: value for name, value in more.items() if name.removesuffix("_text") in includes}

    def _solved(self, number: int) -> int | None:
        """When the fault was, by now."""
        saves = self.world.stories[number - FIRST].until(self.world.now)
        done = [save.at for save in saves if save.changes.get("status") == "solved"]
        return max(done[0], self.created(number)) if done else None

    def _updated(self, number: int) -> int:
        linked = [at for at, _ in self.reports[number - FIRST] if at <= self.world.now]
        return max([*linked, self._solved(number) or 0])
