"""How `reconcile` looks on a terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from helpdesk_kpi.cli.output import NARROW, console, table
from helpdesk_kpi.measure.explain.amounts import shown

if TYPE_CHECKING:
    from helpdesk_kpi.measure.reconcile.reconciler import Summary
    from helpdesk_kpi.measure.reconcile.ticket_diff import TicketDifference

ASK = "bold yellow"


def print_differences(rows: "Sequence[TicketDifference]") -> None:
    from helpdesk_kpi.measure.reconcile.causes import SENTENCES, UNEXPLAINED  # noqa: PLC0415

    made = table("ticket", "figure", "theirs", "ours", "why", numbers=("theirs", "ours"))
    for row in rows:
        ours = row.ours if row.kpi else row.same
        made.add_row(
            _link(row),
            f"{_reason_text(row.metric)}\n[dim]{row.clock}[/]",
            _format_value(row, row.native),
            _format_value(row, ours),
            SENTENCES[row.reason],
            style=ASK if row.reason == UNEXPLAINED else "",
        )
    console().print(made if rows else "no differences")


def print_summaries(found: "Sequence[Summary]") -> None:
    from helpdesk_kpi.measure.reconcile.causes import SENTENCES  # noqa: PLC0415

    screen = console()
    is_narrow = screen.width < NARROW
    for source in dict.fromkeys(one.source for one in found):
        of = [one for one in found if one.source == source]
        screen.print(f"[bold]{source}[/]: our figures beside the helpdesk's own\n")
        heads = ("figure", "agree", "", "differ because") + (() if is_narrow else ("left out here", "largest"))
        made = table(*heads, numbers=("agree", ""))
        for one in of:
            first = one.clock != "business"
            wide = () if is_narrow else (_reasons(one, left_out=True), _largest(one))
            made.add_row(
                _reason_text(one.metric) if first else "  [dim]business hours[/]",
                f"{one.agree:,} of {one.compared:,}",
                _share(one),
                _reasons(one),
                *wide,
            )
        screen.print(made, "")
        for reason in dict.fromkeys(reason for one in of for reason in one.reasons):
            screen.print(f"[bold]{_reason_text(reason)}[/]: {SENTENCES[reason]}")
        screen.print()
    screen.print(_verdict(sum(one.unexplained for one in found)))
    screen.print("[dim]`reconcile --differences` lists every one with its link[/]")


def _verdict(unexplained: int) -> str:
    if not unexplained:
        return "every difference has its reason"
    are = "difference is" if unexplained == 1 else "differences are"
    return f"[{ASK}]{unexplained:,} {are} unexplained[/]"


def _share(one: "Summary") -> str:
    return f"{one.agree / one.compared:.1%}" if one.compared else ""


def _reasons(one: "Summary", *, left_out: bool = False) -> str:
    """ "53 phone or chat, 4 solved before reply"."""
    from helpdesk_kpi.measure.reconcile.causes import EXCLUDED_HERE, UNEXPLAINED  # noqa: PLC0415

    counts = {reason: n for reason, n in one.reasons.items() if (reason in EXCLUDED_HERE) == left_out}
    parts = {reason: f"{n:,} {_reason_text(reason)}" for reason, n in counts.items()}
    return ", ".join(f"[{ASK}]{text}[/]" if reason == UNEXPLAINED else text for reason, text in parts.items())


def _largest(one: "Summary") -> str:
    return f"{_format_value(one.largest, one.largest.difference)} {_link(one.largest)}" if one.largest else ""


def _format_value(row: "TicketDifference", value: int | None) -> str:
    return shown(value, "tickets" if row.clock == "count" else "ms")


def _link(row: "TicketDifference") -> str:
    return f"[link={row.url}]#{row.ticket}[/link]" if row.url else f"#{row.ticket}"


def _reason_text(name: str) -> str:
    return name.replace("_", " ")
