"""What `check` prints: tables on a terminal, a line for each thing in a pipe, data for programs."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from helpdesk_kpi.cli.checks.findings import CheckResult, summarise
from helpdesk_kpi.cli.output import NARROW, console, table

if TYPE_CHECKING:
    from rich.console import Console

    from helpdesk_kpi.pull.contract import Finding

OWN = "configuration"
LEVELS = {"ok": "dim", "note": "", "warning": "yellow", "error": "bold red"}
ANSWERS = {"yes": "dim", "partly": "yellow", "no": "bold yellow"}


def deduplicate(findings: "Iterable[Finding]") -> "list[Finding]":
    """Each thing once: one missing stream narrows several needs."""
    seen: dict[tuple[str, str, str], Finding] = {}
    for finding in findings:
        seen.setdefault((finding.level, finding.about, finding.text), finding)
    return list(seen.values())


def format_findings(found: CheckResult) -> Iterator[str]:
    """For pipes: "warning  demo: calls: ..."."""
    parts = [(OWN, found.own), *((one.source, one.findings) for one in found.answers)]
    for where, findings in parts:
        yield from (f"{f.level:<7}  {where}: {f.about}: {f.text}" for f in deduplicate(findings))
    for source, kpis in found.able.items():
        for kpi, able in kpis.items():
            because = f" because {'; '.join(able.reasons)}" if able.reasons else ""
            yield f"{able.answer:<7}  {source}: {kpi}{because}"
    yield from (f"{one.source}: {summarise(one)}" for one in found.answers)


def as_data(found: CheckResult) -> dict[str, Any]:
    """For programs."""
    return {
        "configuration": [_finding(f) for f in found.own],
        "sources": {
            one.source: {
                "findings": [_finding(f) for f in one.findings],
                "kpis": {kpi: able._asdict() for kpi, able in found.able[one.source].items()},
                "verdict": summarise(one),
                "ready": all(f.level != "error" for f in one.findings),
            }
            for one in found.answers
        },
    }


def _finding(f: "Finding") -> dict[str, Any]:
    return {"level": f.level, "about": f.about, "text": f.text, "need": f.need}


def print_check(found: CheckResult) -> None:
    """For a terminal of any width."""
    screen = console()
    screen.print(f"[bold]{OWN}[/]")
    _print_findings(screen, found.own)
    for one in found.answers:
        screen.print(f"\n[bold]{one.source}[/]")
        _print_findings(screen, one.findings)
        screen.print()
        if found.able[one.source]:
            screen.print(_kpis(found, one.source), "")
        style = "bold" if summarise(one).startswith("ready") else LEVELS["error"]
        screen.print(f"{one.source}: {summarise(one)}", style=style, markup=False)


def _print_findings(screen: "Console", findings: "Iterable[Finding]") -> None:
    """Side by side, or one below the other where the terminal is narrow."""
    from rich.text import Text  # noqa: PLC0415 - only on a terminal

    if screen.width < NARROW:
        for f in deduplicate(findings):
            head = Text(f"{f.level}  {f.about}: ", LEVELS[f.level])
            screen.print(head.append(f.text, "dim" if f.level == "ok" else "not bold"))
        return
    made = table("", "", "")
    made.show_header = False
    for f in deduplicate(findings):
        style = LEVELS[f.level]
        made.add_row(Text(f.level, style), Text(f.about, style), Text(f.text, "dim" if f.level == "ok" else ""))
    screen.print(made)


def _kpis(found: CheckResult, source: str) -> Any:
    from rich.text import Text  # noqa: PLC0415 - only on a terminal

    made = table("KPI", "from here", "because", whole=("KPI", "from here"))
    for kpi, able in found.able[source].items():
        made.add_row(kpi, Text(able.answer, ANSWERS[able.answer]), Text("; ".join(able.reasons)))
    return made
