"""What `recurrence label` prints: a pair of tickets, and how right the tool is by what people said."""

from helpdesk_kpi.calendar.periods import format_iso
from helpdesk_kpi.config import Config
from helpdesk_kpi.errors import UsageError
from helpdesk_kpi.measure.recurrence.contact_history import ContactHistory
from helpdesk_kpi.measure.recurrence.pair_labelling import (
    CandidatePair,
    find_pair,
    format_quality,
    load_labelled_pairs,
    load_quality,
)
from helpdesk_kpi.measure.recurrence.similarity_thresholds import load_thresholds, save_thresholds
from helpdesk_kpi.measure.recurrence.threshold_tuning import choose_thresholds, measure_quality
from helpdesk_kpi.store import Store
from helpdesk_kpi.text.fingerprint import get_recurrence_mention

REASONS = {
    "merged": "the later one was merged into the earlier one",
    "follow_up": "the later one is a follow-up of the earlier one",
    "linked": "the helpdesk links them as the same",
    "problem": "they belong to the same problem or development issue",
    "key_field": "a key field has the same value",
    "code": "they name the same code",
    "same_category": "they have one category, and their words are alike",
    "any_category": "their words are alike",
}


def format_pair(store: Store, about: CandidatePair) -> str:
    """Both tickets and what speaks for one problem; no messages."""
    lines = [_ticket(store, contact.ticket) for contact in (about.earlier, about.later)]
    evidence = about.evidence
    lines.append(f"  evidence: {REASONS[evidence.reason] if evidence else 'none'}; words alike {about.similarity:.2f}")
    shared = sorted(about.earlier.codes & about.later.codes)
    lines += [f"  both name {', '.join(shared)}"] if shared else []
    lines += ["  the later one says that it was there before"] if get_recurrence_mention(about.later.sketch) else []
    return "\n".join(lines)


def _ticket(store: Store, ticket: int) -> str:
    sql = (
        "SELECT s.name, t.number, t.created_at, t.subject, t.url FROM tickets t JOIN sources s ON s.id = t.source"
        " WHERE t.id = ?"
    )
    [(source, number, created, subject, url)] = store.rows(sql, ticket)
    return f"  {format_iso(created)}  {source} {number}  {subject or '(no subject)'}  {url}"


def the_pair(store: Store, config: Config, one: str, other: str) -> CandidatePair:
    """The pair that somebody names. UsageError: no such ticket, or not of one customer."""
    first, second = _find_ticket(store, one), _find_ticket(store, other)
    ledger = ContactHistory(store, config)
    contacts = ledger.contacts([ledger.original_requesters.get(*first)])
    found = next((c for theirs in contacts.values() if (c := find_pair(theirs, first[0], second[0]))), None)
    if found is None:
        raise UsageError(f"{one} and {other} are not two tickets of one customer")
    return found


def _find_ticket(store: Store, name: str) -> tuple[int, int]:
    """(ticket, requester) of a number, or of source:id."""
    found: list[tuple[int, int]] = store.rows(
        "SELECT t.id, t.requester FROM tickets t JOIN sources s ON s.id = t.source WHERE t.requester IS NOT NULL"
        " AND (t.number = ?1 OR t.native = ?1 OR s.name || ':' || t.native = ?1)",
        name,
    )
    if not found:
        raise UsageError(f"no ticket {name!r} in the store; write its number, or source:id")
    if len(found) > 1:
        raise UsageError(f"{len(found)} tickets are called {name!r}; write source:id")
    return found[0]


def format_quality_summary(store: Store, config: Config, now: int, *, learn: bool) -> str:
    """How right the tool is, and what would serve best; with `learn` that is kept."""
    said, used = load_labelled_pairs(store), load_thresholds(store, config)
    best = choose_thresholds(said, used)
    lines = [format_quality(load_quality(store, config))]
    lines.append(f"in force: same_category {used[0]:.2f}, any_category {used[1]:.2f} ({used.origin})")
    if best[:2] == used[:2]:
        return "\n".join([*lines, "no other similarities serve better, as far as these pairs tell"])
    lines.append(f"would serve best: {format_quality(measure_quality(said, best))}")
    if learn:
        save_thresholds(store, best, now)
        own = used.origin == "configured"
        lines.append(
            "kept; but the configuration says something else, which holds" if own else "kept, and in force now"
        )
    lines += ["[recurrence]", f"same_category = {best.same_category:.2f}", f"any_category = {best.any_category:.2f}"]
    return "\n".join(lines)
