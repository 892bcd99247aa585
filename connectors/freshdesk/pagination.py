"""Freshdesk's lists: by page number while a Link header says that there is more, and tickets by time of update.

The Link's address is never followed, since it would carry the key to whatever host it names.
https://developers.freshdesk.com/api/#pagination
"""

import re
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise
from typing import NamedTuple, TypeVar

import msgspec

from connectors.freshdesk import payloads as fd
from helpdesk_kpi.errors import BrokenError, PullError
from helpdesk_kpi.milliseconds import SECOND
from helpdesk_kpi.pull.contract import RejectedRow
from helpdesk_kpi.pull.lenient_decode import decode_rows
from helpdesk_kpi.pull.transport import Missing, Transport

T = TypeVar("T")
Params = Mapping[str, str | int | bool]
DEEPEST = 300  # pages of the tickets list; of other lists Freshdesk advises against more than 500
_DEEP = 50  # a page from which a walk would rather start anew
_MOST = 1000
_FAR = 1 << 62
_LINE = 4  # tickets that show an order of which one may be out
_FEW = 0.05  # of a page: rows that are worth reading again so that nothing is missed
TICKETS = "/api/v2/tickets"
_REL = re.compile(r"""\brel\s*=\s*["']?([^"',;]*)""", re.IGNORECASE)  # one word or several, in quotes or not


def format_time(at: int) -> str:
    """The one shape that filters take: "2026-01-31T08:00:00Z"."""
    return datetime.fromtimestamp(at // SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def has_next(headers: Mapping[str, str], endpoint: str) -> bool:
    """Only this says that there is more: pages may be short or empty where rows must not be seen.

    Without a Link the list has ended. A PullError where there is one that nobody can read: it may have said "next".
    """
    link = headers.get("link", "").strip()
    relations = {relation for rel in _REL.findall(link) for relation in rel.casefold().split()}
    if link and not relations:
        raise PullError(f"{endpoint}: the Link of the answer does not say what follows", permanent=True)
    return "next" in relations


def decode_page(raw: msgspec.Raw, kind: type[T], endpoint: str) -> tuple[list[T], list[RejectedRow]]:
    try:
        return decode_rows(raw, kind)
    except BrokenError as error:
        raise BrokenError(f"{endpoint}: {error}") from None


async def fetch_pages(
    http: Transport, path: str, params: Params | None = None, *, kind: type[T], endpoint: str, size: int = 100,
    missing: Missing = "resource",
) -> AsyncIterator[tuple[list[T], list[RejectedRow], msgspec.Raw]]:  # fmt: skip
    """Pages of an ordinary list: its rows, those that could not be read, and the JSON as it came."""
    for page in range(1, _MOST + 1):
        query = {**(params or {}), "per_page": size, "page": page}
        response = await http.answer(path, query, type=msgspec.Raw, endpoint=endpoint, missing=missing)
        yield *decode_page(response.body, kind, endpoint), response.body
        if not has_next(response.headers, endpoint):
            return
    raise PullError(f"{endpoint}: still more to come after {_MOST} pages", permanent=True)


class TicketPage(NamedTuple):
    """One page of tickets in order of their last update."""

    tickets: list[fd.Ticket]
    rejected: list[RejectedRow]
    until: int  # latest update so far
    is_last: bool
    unsure: int | None  # where a stretch begins that is certain only at the end of the walk


async def fetch_tickets_by_update(
    http: Transport, params: Params, since: int, *, size: int, unsure: int | None = None
) -> AsyncIterator[TicketPage]:
    """All tickets updated at `since` (ms) or later, oldest update first, some of them twice.

    Pages count from an offset into a list that moves: when a ticket is updated, it goes to the end, and one that was
    behind it slips onto a page that is read already. So the walk starts anew at the last update that it saw, which
    costs a row or so per page, and goes by page number only where many tickets share one second (an import). Where it
    did, and a ticket that it passed turns up again, that stretch is read once more. The 300 pages that Freshdesk gives
    are never reached, unless one second holds more than that: https://developers.freshdesk.com/api/#list_all_tickets

    `unsure`: such a stretch of an earlier walk that did not come to its end, so that nobody knows what it passed.
    """
    walk = _Walk(since // SECOND * SECOND, unsure)
    while True:
        query = {**params, "order_by": "updated_at", "order_type": "asc", "per_page": size,
                 "updated_since": format_time(walk.since), "page": walk.page}  # fmt: skip
        response = await http.answer(TICKETS, query, type=msgspec.Raw, endpoint="tickets", missing="resource")
        good, rejected = decode_page(response.body, fd.Ticket, "tickets")
        good, out_of_line = drop_misplaced(good, walk.since)
        rejected += out_of_line
        more = walk.took(good, more=has_next(response.headers, "tickets"))
        yield TicketPage(good, rejected, walk.reached, not more, walk.unsure)
        if not more:
            return


def drop_misplaced(tickets: list[fd.Ticket], since: int) -> tuple[list[fd.Ticket], list[RejectedRow]]:
    """The tickets of a page without a single one whose time does not fit into the order of all the others: then that
    time is wrong, and not the order. Where either of two may be the wrong one, all stay, and the order is an error.
    """
    if len(tickets) < _LINE or _is_ordered(tickets, since):
        return tickets, []
    fits = [place for place in range(len(tickets)) if _is_ordered(tickets[:place] + tickets[place + 1 :], since)]
    if len(fits) != 1:
        return tickets, []
    [place] = fits
    wrong = "updated_at does not fit into the order of the other tickets"
    return tickets[:place] + tickets[place + 1 :], [RejectedRow(str(tickets[place].id), wrong)]


def _is_ordered(tickets: Sequence[fd.Ticket], since: int) -> bool:
    times = [since, *(at // SECOND * SECOND for row in tickets if (at := fd.ms(row.updated_at)) is not None)]
    return all(one <= other for one, other in pairwise(times))


class _Span(NamedTuple):
    """A part of the list, by times of update."""

    begin: int
    end: int


class _Walk:
    """Where a walk over tickets stands."""

    def __init__(self, since: int, unsure: int | None = None) -> None:
        self.since, self.page = since, 1
        self.reached, self.unsure = since, unsure
        self._stretch: dict[fd.Id, str] = {}  # what was passed since the walk last started anew: id -> its update
        self._passed: dict[fd.Id, tuple[str, _Span]] = {}  # by page number: id -> its update, and where it was
        self._again: set[_Span] = set() if unsure is None else {_Span(unsure, _FAR)}
        self._end = _FAR  # of what is read a second time

    def took(self, tickets: list[fd.Ticket], *, more: bool) -> bool:
        """Whether there is more to ask."""
        last = self._check_order(tickets)
        self.reached = max(self.reached, last)
        for ticket in tickets:
            self._check_already_read(ticket)
        if not more or last > self._end:
            return self._back()
        if last > self.since and self._is_cheap(tickets, last):
            self._start(last)
        elif self.page >= DEEPEST:
            raise PullError(
                f"tickets: more than {DEEPEST} pages were last updated in the second {format_time(self.since)}, and"
                " Freshdesk gives no more of a list; such an import can be read only by an account export",
                permanent=True,
            )
        else:
            self.page += 1
            self.unsure = self.since if self.unsure is None else min(self.unsure, self.since)
        return True

    def _check_already_read(self, ticket: fd.Ticket) -> None:
        """A ticket that was passed already and was updated since: others may have slipped into its place."""
        here = self._stretch.get(ticket.id)
        before = self._passed.pop(ticket.id, None) or (here and (here, _Span(self.since, self.reached)))
        if before and before[0] != ticket.updated_at:
            self._again.add(before[1])
        self._stretch[ticket.id] = ticket.updated_at

    def _is_cheap(self, tickets: list[fd.Ticket], last: int) -> bool:
        """Whether starting anew reads little twice: a few rows, or once the pages of a second that fills many."""
        shared = sum((fd.ms(t.updated_at) or 0) >= last for t in tickets)
        return shared <= max(1, _FEW * len(tickets)) or shared == len(tickets) or self.page >= _DEEP

    def _start(self, since: int) -> None:
        if self.page > 1:
            span = _Span(self.since, since)
            self._passed |= {ticket: (at, span) for ticket, at in self._stretch.items()}
        self._stretch = {}
        self.since, self.page = since, 1

    def _back(self) -> bool:
        """At the end: to what may have been missed. Whether there is such."""
        if not self._again:
            self.unsure = None
            return False
        self.since, self.page = min(span.begin for span in self._again), 1
        self._end = max(span.end for span in self._again)
        self._again, self._passed, self._stretch = set(), {}, {}
        return True

    def _check_order(self, tickets: list[fd.Ticket]) -> int:
        """The last update of a page; PullError where the filter or the order was not kept, since then rows are lost."""
        last = self.since
        for ticket in tickets:
            at = fd.ms(ticket.updated_at)
            if at is None:
                continue
            if at < last:
                wrong = "before" if at < self.since else "out of order after"
                raise PullError(
                    f"tickets: number {ticket.id} was updated at {ticket.updated_at}, {wrong} {format_time(last)},"
                    " though only later ones were asked for, in order",
                    permanent=True,
                )
            last = at // SECOND * SECOND
        return last
