"""From a rendered report to the ledger: what `send` and `run` share."""

from collections.abc import Callable, Iterator

from helpdesk_kpi.config import Loaded, resolve_secrets
from helpdesk_kpi.deliver.contract import Channel, Message
from helpdesk_kpi.deliver.discovery import decode
from helpdesk_kpi.deliver.sending import Outcome, deliver, dry_run
from helpdesk_kpi.deliver.tables import prepare
from helpdesk_kpi.measure.fold import measure
from helpdesk_kpi.measure.periods import Period
from helpdesk_kpi.report.make import Made, as_of_for, folds, make, named
from helpdesk_kpi.store import Store


def channels(loaded: Loaded, names: list[str]) -> list[Channel]:
    """The named channels, with their secrets in place."""
    return [
        decode(
            name, resolve_secrets(loaded.config.channels[name], str(loaded.path), f"channels.{name}"), file=loaded.path
        )
        for name in names
    ]


def all_channels(loaded: Loaded) -> list[Channel]:
    return channels(loaded, list(loaded.config.channels))


def messages(store: Store, loaded: Loaded, name: str, period: Period, now: int) -> Iterator[Message]:
    """What a report says this period, once or for each team."""
    report = named(loaded, name)
    measure(store, loaded.config, extra=folds(loaded, report))
    as_of = as_of_for(store, loaded.config, period, now, report.wait)
    for made in make(
        store, loaded, name, period=period, as_of=as_of, page_url=_page_url(report.link_base, name, period)
    ):
        yield _message(name, made, now, loaded.config.privacy)


def _page_url(base: str | None, name: str, period: Period) -> str | None:
    return f"{base.rstrip('/')}/{name}-{period.label}.html" if base else None


def _message(name: str, made: Made, now: int, privacy: str) -> Message:
    rendered = made.rendered
    page = (rendered.page or "").encode()
    stem = f"{name}-{made.period.label}" + (f"-{made.team}" if made.team else "")
    return Message(
        report=name if made.team is None else f"{name}:{made.team}",
        title=rendered.title,
        period=made.period.label,
        start=made.period.start,
        end=made.period.end,
        made_at=now,
        subject=rendered.subject,
        variant="original" if privacy == "full" else privacy,  # never the names that were frozen under another setting
        text=rendered.text or "",
        html=rendered.html,
        images=dict(rendered.images),
        attachments=((f"{stem}.html", "text/html", page),) if page else (),
        payloads={k: part for k, part in (("slack", rendered.slack), ("json", rendered.json), ("page", page)) if part},
    )


def send_report(store: Store, loaded: Loaded, name: str, period: Period, now: Callable[[], int]) -> list[Outcome]:
    """Render and deliver; what was already sent stays sent."""
    to = channels(loaded, named(loaded, name).to)
    prepare(store.db)
    outcomes: list[Outcome] = []
    for message in messages(store, loaded, name, period, now()):
        outcomes += deliver(store.conn, message, to, now)
    return outcomes


def preview(store: Store, loaded: Loaded, name: str, period: Period, now: int) -> str:
    """What `send` would send, and to whom."""
    lines = []
    to = channels(loaded, named(loaded, name).to)
    for message in messages(store, loaded, name, period, now):
        lines.append(f"subject: {message.subject}")
        for shown in dry_run(message, to):
            parts = ", ".join(f"{file} ({len(content):,} bytes)" for file, content in shown.parts)
            lines.append(f"  {shown.channel} -> {shown.recipient}: {shown.refused or parts}")
    return "\n".join(lines)


def outcome_line(outcome: Outcome) -> str:
    row = outcome.delivery
    note = "" if outcome.tried else " (before)"
    return f"{row.report}: {row.channel} -> {row.recipient}: {row.state}{note} {row.detail or ''}".rstrip()
