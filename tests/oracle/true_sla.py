"""What the team's own promises truly are about: the spans of replies and resolutions.

What a helpdesk promised, and whether it was kept, is known to the face that shows it: each has targets of its own.
"""

from collections.abc import Callable

import msgspec

from oracle import true_kpis
from oracle.observed_ticket import ObservedTicket
from oracle.true_observations import Rows

SPANS = ("first_reply_time", "next_reply_time", "full_resolution_time")


def _own(told: ObservedTicket) -> Rows:
    for kpi in SPANS:
        span, _ = true_kpis.KPIS[kpi, "strict"]
        for row in span(told):
            yield msgspec.structs.replace(row, facet=kpi)


KPIS: dict[tuple[str, str], tuple[Callable[[ObservedTicket], Rows], bool]] = {("sla_attainment", "own"): (_own, False)}
