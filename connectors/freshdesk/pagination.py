"""Pagination of Freshdesk: page numbers while a Link header has a next page, and tickets by time of update.

The address in the Link is never followed, because it could send the key to another host.
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
DEEPEST = 300  # pages of the list of tickets; Freshdesk advises against more than 500 of other lists
_DEEP = 50  # a page number from which a walk prefers to restart
_MOST = 1000
_FAR = 1 << 62
_LINE = 4  # tickets that are enough to find one out of order
_FEW = 0.05  # share of a page that may be read again so that nothing is missed
TICKETS = "/api/v2/tickets"
_REL = re.compile(r"""\brel\s*=\s*["']?([^"',;]*)""", re.IGNORECASE)  # one word or several, in quotes or not


def format_time(at: int) -> str:
    """Format epoch ms as filters need it: "2026-01-31T08:00:00Z"."""
    return datetime.fromtimestamp(at // SECOND, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def has_next(headers: Mapping[str, str], endpoint: str) -> bool:
    """Whether the Link header has a next page. Pages may be short or empty if the key may not see rows.

    Raises:
        PullError: The Link header cannot be parsed, so it may have a next page.
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
    """Fetch a list by page number. Each page has its rows, its rejected rows, and the raw JSON."""
    for page in range(1, _MOST + 1):
        query = {**(params or {}), "per_page": size, "page": page}
        response = await http.get_response(path, query, type=msgspec.Raw, endpoint=endpoint, missing=missing)
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
    unsure: int | None  # start of a range that is complete only at the end of the walk; None: no such range


async def fetch_tickets_by_update(
    http: Transport, params: Params, since: int, *, size: int, unsure: int | None = None
) -> AsyncIterator[TicketPage]:
    """Fetch all tickets updated since an instant, oldest update first, some of them twice.

    Page numbers count in a list that moves: an updated ticket goes to the end, and the ticket behind it moves to a page
    that was read already. So the walk restarts at the last update that it saw, which costs about a row per page. It
    uses page numbers only if many tickets share one second (an import). If a ticket from such a range appears again,
    the range is read once more. The limit of 300 pages applies only to tickets of a single second:
    https://developers.freshdesk.com/api/#list_all_tickets

    Args:
        params: Further parameters of the list.
        since: Epoch ms.
        size: Rows of a page.
        unsure: Start of a range that an earlier walk left incomplete; None: none.
    """
    walk = _Walk(since // SECOND * SECOND, unsure)
    while True:
        query = {**params, "order_by": "updated_at", "order_type": "asc", "per_page": size,
                 "updated_since": format_time(walk.since), "page": walk.page}  # fmt: skip
        response = await http.get_response(TICKETS, query, type=msgspec.Raw, endpoint="tickets", missing="resource")
        good, rejected = decode_page(response.body, fd.Ticket, "tickets")
        good, out_of_line = drop_misplaced(good, walk.since)
        rejected += out_of_line
        more = walk.took(good, more=has_next(response.headers, "tickets"))
        yield TicketPage(good, rejected, walk.reached, not more, walk.unsure)
        if not more:
            return


def drop_misplaced(tickets: list[fd.Ticket], since: int) -> tuple[list[fd.Ticket], list[RejectedRow]]:
    """Remove the ticket of a page with a wrong time: the only one that does not fit into the order of the others.

    If several tickets may be wrong, all stay, and the order is an error later.
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
    """A range of the list, by times of update."""

    begin: int
    end: int


class _Walk:
    """Position of a walk over tickets."""

    def __init__(self, since: int, unsure: int | None = None) -> None:
        self.since, self.page = since, 1
        self.reached, self.unsure = since, unsure
        self._stretch: dict[fd.Id, str] = {}  # seen since the last restart: id -> its update
        self._passed: dict[fd.Id, tuple[str, _Span]] = {}  # seen by page number: id -> its update and range
        self._again: set[_Span] = set() if unsure is None else {_Span(unsure, _FAR)}
        self._end = _FAR  # end of the range that is read a second time

    def took(self, tickets: list[fd.Ticket], *, more: bool) -> bool:
        """Record a page. Returns whether another request is needed."""
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
        """Mark a range for reading again if one of its tickets was updated: another may have moved into its place."""
        here = self._stretch.get(ticket.id)
        before = self._passed.pop(ticket.id, None) or (here and (here, _Span(self.since, self.reached)))
        if before and before[0] != ticket.updated_at:
            self._again.add(before[1])
        self._stretch[ticket.id] = ticket.updated_at

    def _is_cheap(self, tickets: list[fd.Ticket], last: int) -> bool:
        """Whether a restart repeats only a few rows, or the pages of a single second."""
        shared = sum((fd.ms(t.updated_at) or 0) >= last for t in tickets)
        return shared <= max(1, _FEW * len(tickets)) or shared == len(tickets) or self.page >= _DEEP

    def _start(self, since: int) -> None:
        if self.page > 1:
            span = _Span(self.since, since)
            self._passed |= {ticket: (at, span) for ticket, at in self._stretch.items()}
        self._stretch = {}
        self.since, self.page = since, 1

    def _back(self) -> bool:
        """At the end: go back to ranges that may be incomplete. Returns whether there are any."""
        if not self._again:
            self.unsure = None
            return False
        self.since, self.page = min(span.begin for span in self._again), 1
        self._end = max(span.end for span in self._again)
        self._again, self._passed, self._stretch = set(), {}, {}
        return True

    def _check_order(self, tickets: list[fd.Ticket]) -> int:
        """The last update of a page.

        Raises:
            PullError: The filter or the order was ignored, so rows may be missing.
        """
        last = self.since
        for ticket in tickets:
            at = fd.ms(ticket.updated_at)
            if at is None:
                continue
            if at < last:
                wrong = "before" if at < self.since else "out of order after"
                raise PullError(
                    f"tickets: number {ticket.id} was updated at {ticket.updated_at}, {wrong} {format_time(last)},"
                    " though only later ones were requested, in order",
                    permanent=True,
                )
            last = at // SECOND * SECOND
        return last
