"""The endpoints of the Freshdesk API, as of the world's now.

Shapes, paging and oddities follow recordings and https://developers.freshdesk.com/api/.
"""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from helpdesk_kpi.simulator.freshdesk import reference_data as lists
from helpdesk_kpi.simulator.freshdesk.auth import not_found_response, wrong
from helpdesk_kpi.simulator.freshdesk.bulk_import import Bulk
from helpdesk_kpi.simulator.freshdesk.conversations import conversation, entries
from helpdesk_kpi.simulator.freshdesk.paging import DEEPEST, answer, moment, paginate, sizes
from helpdesk_kpi.simulator.freshdesk.tickets import INCLUDES, FreshdeskTickets, Shelf
from helpdesk_kpi.simulator.freshdesk.vocabulary import OPEN
from helpdesk_kpi.simulator.server.faults import Faults
from helpdesk_kpi.simulator.server.gate import Json
from helpdesk_kpi.simulator.world.clock import DAY, SECOND
from helpdesk_kpi.simulator.world.world import World

RECENT = 30 * DAY
OLDEST = 10  # conversations that a ticket itself includes
_FILTERS: dict[str, Shelf] = {"deleted": "deleted", "spam": "spam"}
_KNOWN = frozenset({
    "filter", "requester_id", "email", "unique_external_id", "company_id", "updated_since", "order_by", "order_type",
    "include", "page", "per_page",
})  # fmt: skip


class FreshdeskApi:
    """All endpoints. A name is what requests are counted under, and what faults and plans call an endpoint."""

    def __init__(self, world: World, faults: Faults, *, bulk: int = 0, archives: bool = True) -> None:
        self.world, self.faults = world, faults
        self.bulk, self.archives = Bulk(world, bulk), archives
        self._tickets: FreshdeskTickets | None = None

    # --- tickets

    async def tickets(self, request: Request) -> Response:
        """By offset, over a set that moves; without `updated_since` only what was created in the last thirty days."""
        query, rows = request.query_params, self.tickets_of(request)
        for name in query:
            if name not in _KNOWN:
                raise wrong(name, "Unexpected/invalid field in request", "invalid_field")
        includes = _includes(query.get("include", ""), INCLUDES)
        page, _ = sizes(query)
        if page > DEEPEST:
            message = f"You cannot access tickets beyond the {DEEPEST}th page. Please provide a smaller page number."
            raise wrong("page", message)
        found = self._ordered(query, self._ids_by_update(query, rows), rows)
        shown, headers = paginate(request, found, base=self.address(request), gaps=True,
                               shown=lambda number: rows.row(number, includes))  # fmt: skip
        self.world.now += self.faults.move
        return Json(shown, headers=headers)

    def _ids_by_update(self, query: Any, rows: FreshdeskTickets) -> list[int]:
        """Ids by time of update."""
        chosen = query.get("filter", "")
        if chosen and chosen not in {*_FILTERS, "new_and_my_open", "watching"}:
            raise wrong("filter", "It should be one of these values: 'new_and_my_open,watching,spam,deleted'")
        since = moment(query, "updated_since")
        found = rows.since(_FILTERS.get(chosen, ""), 0 if since is None else -(-since // SECOND))
        if since is None:
            found = [n for n in found if rows.created(n) > self.world.now - RECENT]
        if chosen == "watching":
            return []
        if chosen == "new_and_my_open":
            found = [n for n in found if rows.code(n) == OPEN]
        filters = {name: query[name] for name in ("requester_id", "company_id", "email") if name in query}
        return [n for n in found if self._of(filters, n)] if filters else found

    def _of(self, filters: dict[str, str], number: int) -> bool:
        """Whether a ticket belongs to the requested requester or company."""
        story = self.world.stories.get(number)
        if story is None:
            return False
        who = self.world.accounts[story.created.requester]
        have = {"requester_id": str(who.id), "company_id": str(who.organization), "email": who.email}
        return all(have[name] == given for name, given in filters.items())

    def _ordered(self, query: Any, found: list[int], rows: FreshdeskTickets) -> list[int]:
        by, way = query.get("order_by", "created_at"), query.get("order_type", "desc")
        keys: dict[str, Callable[[int], int] | None] = {
            "created_at": rows.created, "due_by": rows.due, "status": rows.code, "updated_at": None,
        }  # fmt: skip
        if by not in keys:
            raise wrong("order_by", f"It should be one of these values: '{','.join(sorted(keys))}'")
        if way not in {"asc", "desc"}:
            raise wrong("order_type", "It should be one of these values: 'asc,desc'")
        key = keys[by]
        if key is not None:
            found = sorted(found, key=lambda number: (key(number), number))
        return found if way == "asc" else found[::-1]

    async def ticket(self, request: Request) -> Response:
        return self._one(request, archived=False)

    async def archived_ticket(self, request: Request) -> Response:
        return self._one(request, archived=True)

    def _one(self, request: Request, *, archived: bool) -> Response:
        """Deleted and spam tickets can still be looked at; archived ones have an address of their own."""
        rows, number = self.tickets_of(request), request.path_params["ticket"]
        includes = _includes(
            request.query_params.get("include", ""), ("conversations", "requester", "company", "stats")
        )
        if not archived and (made := rows.storyless(number)):
            return Json(made.ticket(number, ("description", *includes)) | {"attachments": []})
        story = rows.there(number)
        if story is None or (rows.place(story) == "archived") != archived:
            return not_found_response()
        shown = rows.ticket(story, ("description", *includes)) | {"attachments": []}
        if "conversations" in includes:
            oldest = entries(self.world, story, self.world.now)[:OLDEST]
            shown["conversations"] = [conversation(self.world, entry, self.base(request)) for entry in oldest]
        return Json(shown)

    async def conversations(self, request: Request) -> Response:
        return self._conversations(request, archived=False)

    async def archived_conversations(self, request: Request) -> Response:
        return self._conversations(request, archived=True)

    def _conversations(self, request: Request, *, archived: bool) -> Response:
        """Oldest first; there are none of deleted and spam tickets."""
        rows, number = self.tickets_of(request), request.path_params["ticket"]
        if rows.storyless(number) and not archived:
            return answer(request, [], self.address(request))
        story = rows.there(number)
        if story is None or rows.place(story) != ("archived" if archived else ""):
            return not_found_response()
        found = entries(self.world, story, self.world.now)
        page, headers = paginate(request, found, base=self.address(request),
                              shown=lambda entry: conversation(self.world, entry, self.base(request)))  # fmt: skip
        return Json(page, headers=headers)

    async def associated_tickets(self, request: Request) -> Response:
        """The reports that hang on a tracker."""
        rows, number = self.tickets_of(request), request.path_params["ticket"]
        if not rows.trackers.has(number):
            return not_found_response() if rows.there(number) is None else Json({"tickets": []})
        return Json({"tickets": [rows.brief(n) for n in rows.trackers.related(number) if rows.there(n)]})

    async def prime_association(self, request: Request) -> Response:
        """The tracker of a report."""
        rows = self.tickets_of(request)
        story = rows.there(request.path_params["ticket"])
        prime = rows.trackers.of(story) if story is not None else None
        return not_found_response() if prime is None else Json(rows.brief(prime))

    # --- lists

    def list_response(self, rows: Callable[[World], lists.Rows]) -> Any:
        async def respond(request: Request) -> Response:
            return answer(request, rows(self.world), self.address(request))

        return respond

    def whole(self, build: Callable[[World], Any]) -> Any:
        async def respond(_request: Request) -> Response:
            return Json(build(self.world))

        return respond

    def single(self, rows: Callable[[World], lists.Rows]) -> Any:
        """One of a list, by the id in the path."""

        async def respond(request: Request) -> Response:
            number = str(request.path_params["id"])
            found = next((row for row in rows(self.world) if str(row["id"]) == number), None)
            return not_found_response() if found is None else Json(found)

        return respond

    async def agents(self, request: Request) -> Response:
        query = request.query_params
        rows = [row for row in lists.agents(self.world) if query.get("email") in {None, row["contact"]["email"]}]
        rows = [] if query.get("state") == "occasional" else rows
        return answer(request, rows, self.address(request))

    async def contacts(self, request: Request) -> Response:
        """`updated_since` is the parameter of today's pages, `_updated_since` that of older ones."""
        query = request.query_params
        since = moment(query, "updated_since") or moment(query, "_updated_since") or 0
        rows = [
            row
            for row in lists.contacts(self.world, state=query.get("state"))
            if lists.updated_at(self.world, self.world.accounts[row["id"]]) >= since
            and query.get("email") in {None, row["email"]}
        ]
        return answer(request, rows, self.address(request))

    async def account(self, request: Request) -> Response:
        return Json(lists.account(self.world, request.url.netloc))

    # --- addresses and views

    def base(self, request: Request) -> str:
        return str(request.base_url).rstrip("/")

    def address(self, request: Request) -> str:
        """Where next pages are."""
        return "https://other.example" if self.faults.wrong_host else self.base(request)

    def warm(self, base: str) -> None:
        """Build every row beforehand, so that a benchmark measures the client. `base` is the API's address."""
        self._tickets = FreshdeskTickets(self.world, base, self.bulk, archives=self.archives)
        for number in self._tickets.since("", 0):
            self._tickets.row(number, ("stats", "requester", "description"))

    def tickets_of(self, request: Request) -> FreshdeskTickets:
        if self._tickets is None:
            self._tickets = FreshdeskTickets(self.world, self.base(request), self.bulk, archives=self.archives)
        return self._tickets


def _includes(text: str, known: tuple[str, ...]) -> tuple[str, ...]:
    requested = tuple(word for word in text.split(",") if word)
    if unknown := [word for word in requested if word not in known]:
        raise wrong("include", f"There is no {unknown[0]}; it should be one of these values: '{','.join(known)}'")
    return tuple(word for word in known if word in requested)
