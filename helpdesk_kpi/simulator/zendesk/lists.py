"""Zendesk's lists of tickets, people and organisations, and its search: what stays where the exports are denied.

Archived tickets (closed for 120 days) are in no list, deleted ones in neither list nor search. A list may repeat an
old generated_timestamp.
"""

import base64
import re
from collections.abc import Iterator
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from helpdesk_kpi.simulator.server.gate import Json
from helpdesk_kpi.simulator.server.paging import BadRequestError, by_cursor, ends
from helpdesk_kpi.simulator.world.clock import DAY, SECOND, instant, iso
from helpdesk_kpi.simulator.world.ticket_history import TicketHistory
from helpdesk_kpi.simulator.zendesk import reference_data as lists
from helpdesk_kpi.simulator.zendesk.api import ZendeskApi

ARCHIVED_AFTER = 120 * DAY
_WORD = re.compile(r"(?P<field>[a-z_]+)(?P<sign>:|>=|<=|<|>)(?P<value>\S+)")
_SIGNS = {">=": lambda a, b: a >= b, "<=": lambda a, b: a <= b, "<": lambda a, b: a < b, ">": lambda a, b: a > b}
Rows = list[dict[str, Any]]


class ListRoutes:
    """Endpoints other than the exports, from the same world."""

    def __init__(self, api: ZendeskApi) -> None:
        self.api, self.world = api, api.world

    async def tickets(self, request: Request) -> Response:
        """By number, or by last change with a cursor that names the last row (`sort=updated_at`)."""
        query = request.query_params
        size = int(query.get("page[size]", "100"))
        if not 1 <= size <= 100:
            raise BadRequestError("InvalidPaginationParameter", "page[size] must be between 1 and 100")
        by_change = query.get("sort") == "updated_at"
        rows = [self._row(request, story) for story in self._there() if not self._is_archived(story)]
        places = sorted(((row["updated_at"] if by_change else "", row["id"]), i) for i, row in enumerate(rows))
        after = _read(query["page[after]"]) if query.get("page[after]") else ("", -1)
        later = [(place, i) for place, i in places if place > after]
        page, last = [rows[i] for _, i in later[:size]], [place for place, _ in later[:size]][-1:]
        cursors = (_write(*last[0]), _write(*later[0][0])) if last else (None, None)
        navigation = ends(query, request.url.path, self.api.address(request), more=len(later) > size, cursors=cursors)
        for row in page:
            row.pop("fields")  # a second name of custom_fields, which lists lack
        return Json(self._with_metrics(query, page) | navigation)

    async def show_many(self, request: Request) -> Response:
        """Up to 100 ids; missing ones are excluded."""
        wanted = [int(number) for number in request.query_params.get("ids", "").split(",") if number.isdigit()]
        if len(wanted) > 100:
            raise BadRequestError("TooManyValues", "ids may name up to 100 tickets")
        here = {story.ticket: story for story in self._there()}
        rows = [self._row(request, here[number]) for number in wanted if number in here]
        return Json(
            self._with_metrics(request.query_params, rows)
            | {"count": len(rows), "next_page": None, "previous_page": None}
        )

    async def search(self, request: Request) -> Response:
        """Tickets, archived ones too, newest first. https://developer.zendesk.com/api-reference/ticketing/ticket-management/search/"""
        if request.query_params.get("filter[type]") != "ticket":
            raise BadRequestError("invalid", "filter[type] is required; this desk finds tickets only")
        rows = [row | {"result_type": "ticket"} for row in self._search(request)]
        for row in rows:
            row.pop("metric_set", None)
        query = dict(request.query_params)
        page = by_cursor("results", rows, query, request.url.path, self.api.address(request), most=1000)
        return Json(page | {"facets": None})

    async def count(self, request: Request) -> Response:
        people = "type:user" in request.query_params.get("query", "")
        return Json({"count": len(self.world.accounts) if people else sum(1 for _ in self._search(request))})

    def _search(self, request: Request) -> Iterator[dict[str, Any]]:
        words = list(_WORD.finditer(request.query_params.get("query", "")))
        for story in sorted(self._there(), key=lambda story: -story.created.at):
            row = self._row(request, story)
            if all(_fits(row, word["field"], word["sign"], word["value"]) for word in words):
                yield row

    async def users(self, request: Request) -> Response:
        """Without those who were deleted."""
        query = request.query_params
        roles = [*query.getlist("role"), *query.getlist("role[]")]
        here = [row for row in lists.users(self.world, self.api.base(request)) if row["active"]]
        rows = [row for row in here if not roles or row["role"] in roles]
        return self.api.list_response(request, "users", sorted(rows, key=lambda row: row["id"]))

    async def organizations(self, request: Request) -> Response:
        return self.api.list_response(request, "organizations", lists.organizations(self.world, self.api.base(request)))

    async def settings(self, _request: Request) -> Response:
        """Of the account: https://developer.zendesk.com/api-reference/ticketing/account-configuration/account_settings/"""
        desk = self.world.desk
        zone = {"locale_ids": [1], "time_zone": desk.rails_zone, "iana_time_zone": desk.zone}
        return Json({"settings": {"localization": zone}})

    def _there(self) -> Iterator[TicketHistory]:
        now = self.world.now
        for story in self.world.stories.values():
            if story.created.at <= now and (story.deleted_at is None or story.deleted_at > now):
                yield story

    def _is_archived(self, story: TicketHistory) -> bool:
        changes = [save for save in story.until(self.world.now) if "status" in save.changes]
        last = changes[-1]
        return last.changes["status"] == "closed" and last.at <= self.world.now - ARCHIVED_AFTER

    def _row(self, request: Request, story: TicketHistory) -> dict[str, Any]:
        tickets = self.api.tickets_of(request)
        stamp = tickets.stamp(story, self.world.now)
        assert stamp is not None
        row = tickets.ticket(story, stamp, metric_sets=True)
        return row | ({"generated_timestamp": story.created.at // SECOND} if story.ticket % 3 == 0 else {})

    def _with_metrics(self, query: Any, rows: Rows) -> dict[str, Any]:
        """Metric sets next to the tickets (exports embed them); those not computed yet are missing."""
        sets = [row.pop("metric_set", None) for row in rows]
        if "metric_sets" not in query.get("include", ""):
            return {"tickets": rows}
        return {"tickets": rows, "metric_sets": [found for found in sets if found]}


def _fits(row: dict[str, Any], field: str, sign: str, value: str) -> bool:
    if sign == ":":
        return field == "type" or row[field] == value
    fits = _SIGNS[sign](row[f"{field}_at"], iso(instant(value.rstrip("Z"))))
    return bool(fits)


def _write(changed: str, number: int) -> str:
    return base64.b64encode(msgspec.json.encode({"o": "updated_at,id", "v": [changed, number]})).decode()


def _read(cursor: str) -> tuple[str, int]:
    try:
        changed, number = msgspec.json.decode(base64.b64decode(cursor, validate=True))["v"]
    except (ValueError, KeyError, TypeError, msgspec.DecodeError):
        raise BadRequestError("InvalidPaginationParameter", "page[after] is not valid") from None
    return str(changed), int(number)
