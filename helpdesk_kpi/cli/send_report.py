"""From a rendered report to the ledger: what `send` and `run` share."""

import logging
from collections.abc import Callable, Iterator
from typing import NamedTuple
from urllib.parse import quote

from helpdesk_kpi.calendar.periods import Period
from helpdesk_kpi.calendar.schedule_rules import ScheduleRule
from helpdesk_kpi.config import LoadedConfig, duration, resolve_secrets
from helpdesk_kpi.deliver import ledger, slots, variants
from helpdesk_kpi.deliver.contract import Channel, Message
from helpdesk_kpi.deliver.delivery import Outcome, Problem, deliver, dry_run, reached
from helpdesk_kpi.deliver.discovery import decode
from helpdesk_kpi.deliver.file_names import page_file
from helpdesk_kpi.deliver.ledger_migrations import migrate_ledger
from helpdesk_kpi.deliver.slots import Slot
from helpdesk_kpi.measure.build.build import build_stale
from helpdesk_kpi.report.prepare import PreparedReport, as_of_for, folds, get_report_config, prepare_report, slices
from helpdesk_kpi.report.report_data import complete_until
from helpdesk_kpi.store import Store

log = logging.getLogger(__name__)


class Edition(NamedTuple):
    """What is sent of a report: of which period, as which variant."""

    name: str
    period: Period
    variant: str

    @property
    def is_preliminary(self) -> bool:
        return variants.is_preliminary(self.variant)


class SentReport(NamedTuple):
    """What became of a report's messages. A problem is something that nobody foresaw: it stopped its own part only."""

    edition: Edition
    outcomes: list[Outcome]
    problems: list[Problem]

    @property
    def has_arrived(self) -> bool:
        return not self.problems and all(outcome.is_delivered for outcome in self.outcomes)


def get_channels(loaded: LoadedConfig, names: list[str]) -> list[Channel]:
    """The named channels, with their secrets in place; archives first, since mails link to what lies there."""
    found = [
        decode(
            name, resolve_secrets(loaded.config.channels[name], str(loaded.path), f"channels.{name}"), file=loaded.path
        )
        for name in names
    ]
    return sorted(found, key=lambda channel: not channel.is_archive)


def load_channels(loaded: LoadedConfig) -> list[Channel]:
    return get_channels(loaded, list(loaded.config.channels))


def edition_of(
    store: Store,
    loaded: LoadedConfig,
    name: str,
    period: Period,
    now: int,
    *,
    rule: ScheduleRule | None = None,
    again: bool = False,
) -> Edition:
    """Which variant a report is now. While the period is not over, or while its data are not whole and may still be
    waited for, it is preliminary. A preliminary one is sent once; `again` makes a new one.
    """
    migrate_ledger(store.db)
    report = get_report_config(loaded, name)
    first_due = period.end if rule is None else rule.next_after(period.end - 1)
    whole = min((until or 0 for until in complete_until(store, loaded.config).values()), default=0)
    is_waiting = whole < period.end and now < first_due + duration(report.wait)
    if now >= period.end and not is_waiting:
        return Edition(name, period, variants.complete(loaded.config.privacy))
    before = variants.newest_number(ledger.variants_of(store.conn, name, period.start, period.end))
    return Edition(name, period, variants.preliminary(max(1, before + again), loaded.config.privacy))


def messages(
    store: Store, loaded: LoadedConfig, edition: Edition, now: int, problems: list[Problem]
) -> Iterator[Message]:
    """What a report says this period, once or for each team."""
    report = get_report_config(loaded, edition.name)
    build_stale(store, loaded.config, extra=folds(loaded, report))
    as_of = as_of_for(store, loaded.config, edition.period, now, report.wait)
    for made in prepare_report(
        store, loaded, edition.name, period=edition.period, as_of=as_of,
        page_url=lambda part: _page_url(report.link_base, part, edition),
        is_preliminary=edition.is_preliminary,
        failed=lambda part, error: problems.append(Problem(part, error)),
    ):  # fmt: skip
        yield _message(made, edition, now)


def _page_url(base: str | None, part: str, edition: Edition) -> str | None:
    """Where the page of this slice and variant will lie, by the name that a channel of files gives it."""
    return f"{base.rstrip('/')}/{quote(page_file(part, edition.period.label, edition.variant))}" if base else None


def _message(made: PreparedReport, edition: Edition, now: int) -> Message:
    rendered = made.rendered
    page = (rendered.page or "").encode()
    file = page_file(made.slice, made.period.label, edition.variant)
    return Message(
        report=made.slice,
        title=rendered.title,
        period=made.period.label,
        start=made.period.start,
        end=made.period.end,
        made_at=now,
        subject=rendered.subject,
        variant=edition.variant,
        text=rendered.text or "",
        html=rendered.html,
        images=dict(rendered.images),
        attachments=((file, "text/html", page),) if page else (),
        payloads={k: part for k, part in (("slack", rendered.slack), ("json", rendered.json), ("page", page)) if part},
    )


def send_report(
    store: Store, loaded: LoadedConfig, edition: Edition, now: Callable[[], int], *, slot: Slot | None = None
) -> SentReport:
    """Render and deliver; what was already sent stays sent. A slot gets to know whom it must reach, before anything."""
    migrate_ledger(store.db)
    to = get_channels(loaded, get_report_config(loaded, edition.name).to)
    problems: list[Problem] = []
    if slot is not None:
        _expect(store, loaded, slot, to)
    outcomes: list[Outcome] = []
    for message in messages(store, loaded, edition, now(), problems):
        outcomes += deliver(store.conn, message, to, now, problems=problems)
    for problem in problems:
        log.info("%s", problem.where, exc_info=problem.error)
    return SentReport(edition, outcomes, problems)


def _expect(store: Store, loaded: LoadedConfig, slot: Slot, to: list[Channel]) -> None:
    problems: list[Problem] = []
    targets = reached(to, problems, slot.report)
    if not problems:  # else `deliver` meets the same problem, and the slot stays open
        parts = [(part, *target) for part in slices(store, loaded, slot.report) for target in targets]
        slots.expect(store.conn, slot, parts)


def preview(store: Store, loaded: LoadedConfig, edition: Edition, now: int) -> tuple[str, list[Problem]]:
    """What `send` would send, and to whom."""
    lines = []
    to, problems = get_channels(loaded, get_report_config(loaded, edition.name).to), list[Problem]()
    for message in messages(store, loaded, edition, now, problems):
        lines.append(f"subject: {message.subject}")
        for shown in dry_run(message, to):
            parts = ", ".join(f"{file} ({len(content):,} bytes)" for file, content in shown.parts)
            lines.append(f"  {shown.channel} -> {shown.recipient}: {shown.refused or parts}")
    return "\n".join([*lines, *map(problem_line, problems)]), problems


def format_outcome(outcome: Outcome) -> str:
    row = outcome.delivery
    note = "" if outcome.tried else " (before)"
    kind = f" {row.variant}" if variants.is_preliminary(row.variant) else ""
    return f"{row.report}{kind}: {row.channel} -> {row.recipient}: {row.state}{note} {row.detail or ''}".rstrip()


def problem_line(problem: Problem) -> str:
    return f"{problem.where}: {unexpected(problem.error)}"


def unexpected(error: BaseException) -> str:
    """A bug on one line; the traceback is for `--verbose`."""
    words = " ".join(str(error).split())[:300]
    return f"unexpected {type(error).__name__}{': ' if words else ''}{words} (--verbose shows where)"
