"""Exclusion of tickets from KPIs: the reason and since when. Excluded rows stay stored, with their reason."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from helpdesk_kpi.identities.source_rules import HISTORY_NEEDS
from helpdesk_kpi.measure.metrics.contract import EXCLUDED, Kpi, Observation, Variant
from helpdesk_kpi.measure.tickets.timeline import Timeline
from helpdesk_kpi.model import REFUSED_RATING, REFUSED_ROW

RATINGS = frozenset({"survey.answers", "survey.offered", "survey.dimensions"})


def apply_exclusions(subject: Any, kpi: Kpi, variant: Variant) -> Iterable[Observation]:
    """Compute a KPI's observations of a subject, with the exclusion of tickets applied.

    A ticket that never counts gives its observations with the reason as `stop`. One that is excluded later gives them
    twice: as they were until then, and with the reason since. What happened before a ticket moved away stays.
    """
    found = variant.function(subject)
    if not isinstance(subject, Timeline):
        return found
    key = variant.population, kpi.needs, kpi.is_instant
    if key not in subject.exclusions:
        subject.exclusions[key] = _exclusion_reason(subject, kpi, variant)
    reason, since = subject.exclusions[key]
    found = mark_excluded(found, reason, since) if reason else found
    left_at = subject.row.left_at
    return found if left_at is None or kpi.is_instant else moved(found, left_at)


def moved(found: Iterable[Observation], left_at: int) -> Iterator[Observation]:
    """Exclude, for a ticket that moved to a place that is not read, what still runs then or comes later."""
    for o in found:
        runs_on = o.start is not None and (o.end is None or o.end > left_at)
        if o.stop in EXCLUDED or (o.at < left_at and not runs_on) or (o.until is not None and o.until <= left_at):
            yield o
        elif max(o.at, o.since or 0) >= left_at:
            yield _without(o, "moved", o.since)
        else:
            yield msgspec.structs.replace(o, until=left_at)
            yield _without(o, "moved", left_at)


def mark_excluded(found: Iterable[Observation], reason: str, since: int | None) -> Iterator[Observation]:
    """Mark observations as excluded for a reason since an instant (None: always)."""
    for o in found:
        if o.stop in EXCLUDED:
            yield o
        elif since is None:
            yield _without(o, reason, o.since)
        elif o.until is not None and o.until <= since:
            yield o
        else:
            if max(o.at, o.since or 0) < since:
                yield msgspec.structs.replace(o, until=since)
            yield _without(o, reason, max(since, o.since or 0))


def find_exclusion(ticket: Timeline) -> tuple[str, int | None]:
    """(reason, since) of a ticket that is no support work; since None: always. ("", None): it counts."""
    return (ticket.exclusion_reason, None) if ticket.exclusion_reason else _gone(ticket, is_valid=True)


def _exclusion_reason(ticket: Timeline, kpi: Kpi, variant: Variant) -> tuple[str, int | None]:
    """(reason, since; None: always), or ("", None) if the ticket counts."""
    if variant.population == "valid" and ticket.exclusion_reason:
        return ticket.exclusion_reason, None
    if reason := missing_history(ticket, kpi.needs, is_instant=kpi.is_instant):
        return reason, None
    if kpi.is_instant:
        return "", None  # its spans end where the ticket is gone; earlier ones count
    return _gone(ticket, is_valid=variant.population == "valid")


def missing_history(ticket: Timeline, needs: frozenset[str], *, is_instant: bool = False) -> str:
    """Why the ticket's known history is not enough for these needs; "" if it is.

    Args:
        is_instant: only the state at an instant is needed, which the ticket's row has.
    """
    if ticket.row.replies_known != "yes" and "comments.public" in needs:
        return f"replies_{ticket.row.replies_known}"
    if (
        lacking := needs & ticket.source_rules.missing_capabilities & HISTORY_NEEDS
    ):  # what cannot be read is unknown; it does not mean that nothing happened
        return "replies_unreadable" if "comments.public" in lacking else "history_unknown"
    if REFUSED_RATING in ticket.refused and not RATINGS.isdisjoint(needs):
        return "rating_unreadable"
    return "" if HISTORY_NEEDS.isdisjoint(needs) else _not_whole(ticket, needs, is_instant=is_instant)


def _not_whole(ticket: Timeline, needs: frozenset[str], *, is_instant: bool) -> str:
    """Why the history of the ticket is incomplete; "" if it is complete."""
    is_known = ticket.row.changes_known == "yes" or _needs_words(ticket, needs)
    if not is_known or ticket.known_from > ticket.created_at or REFUSED_ROW in ticket.refused:
        return "history_unknown"
    if "comments.public" in needs and not ticket.knows_first_message:
        return "first_message_unknown"
    return "history_unknown" if not is_instant and _has_holes(ticket, needs) else ""


def _needs_words(ticket: Timeline, needs: frozenset[str]) -> bool:
    """Whether only messages are needed of an imported ticket: its replies have their own times, its states do not.

    Without a reply it is unknown whether all messages were imported.
    """
    return bool(ticket.row.is_imported and ticket.replies) and (needs & HISTORY_NEEDS) <= {"comments.public"}


def _has_holes(ticket: Timeline, needs: frozenset[str]) -> bool:
    """Whether a needed field has a value with an unknown start."""
    if "status.history" in needs and (ticket.has_history_gaps or ticket.has_no_events):
        return True
    if "states" in ticket.without_times and "status.history" in needs:
        return True
    if "words" in ticket.without_times and not needs.isdisjoint({"comments.public", "comments.private"}):
        return True
    return any(f"{field}.history" in needs for field in ticket.undated)


def _gone(ticket: Timeline, *, is_valid: bool) -> tuple[str, int | None]:
    merged_at = ticket.merged_at if is_valid else None
    if merged_at is None:
        return ("", None) if ticket.deleted_at is None else ("deleted", ticket.deleted_at)
    if ticket.deleted_at is not None and ticket.deleted_at <= merged_at:
        return "deleted", ticket.deleted_at
    return "merged", merged_at


def _without(o: Observation, reason: str, since: int | None) -> Observation:
    return msgspec.structs.replace(o, stop=reason, value=None, since=since)
