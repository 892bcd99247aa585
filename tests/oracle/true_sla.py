"""True spans of the team's own SLA targets: replies and resolutions.

The vendor's own SLA targets and breaches are known to the simulated API of each helpdesk.
"""

from collections.abc import Callable

import msgspec

from oracle import true_kpis
from oracle.observed_ticket import ObservedTicket
from oracle.true_observations import Rows

SPANS = ("first_reply_time", "next_reply_time", "full_resolution_time")


def _own(ticket: ObservedTicket) -> Rows:
    for kpi in SPANS:
        span, _ = true_kpis.KPIS[kpi, "strict"]
        for row in span(ticket):
            yield msgspec.structs.replace(row, facet=kpi)


KPIS: dict[tuple[str, str], tuple[Callable[[ObservedTicket], Rows], bool]] = {("sla_attainment", "own"): (_own, False)}
