"""Evidence that a later ticket of a customer is about the same problem as an earlier one.

Rules are tried in order; the first one that holds is stored as the reason. Text similarity is stored as it is; the
threshold applies at query time (see `similarity_thresholds`).
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from helpdesk_kpi.milliseconds import DAY
from helpdesk_kpi.text.fingerprint import get_intent, get_recurrence_mention, similarity

LONGEST = 30 * DAY  # largest gap between an earlier ticket and its repeat
MIN_SIMILARITY = 0.2  # lower similarities are never stored


class Contact(msgspec.Struct, frozen=True, gc=False):
    """The properties of a ticket that decide whether it repeats another one."""

    ticket: int
    at: int  # creation
    last: int  # last update
    name: str  # "source:native id", as in the fields below
    category: str | None = None
    follows: str | None = None  # name of the ticket that it follows up
    merged_into: str | None = None
    tied: frozenset[str] = frozenset()  # tickets that the helpdesk links to it as the same
    problems: frozenset[str] = frozenset()  # problem tickets and development issues
    keys: frozenset[tuple[str, str]] = frozenset()  # configured key fields with their values
    codes: frozenset[str] = frozenset()
    sketch: bytes = b""


class Evidence(NamedTuple):
    """Why two tickets are about one problem. `value`: confidence of the rule, or text similarity; 0..1."""

    reason: str
    value: float


#: Confidence of each rule. Rules in TEXT apply if the similarity reaches the threshold.
CONFIDENCE = {"merged": 1.0, "follow_up": 1.0, "linked": 1.0, "problem": 0.95, "key_field": 0.9, "code": 0.9}
TEXT = {"same_category": 0.8, "any_category": 0.7}
#: A human label overrides every rule.
LABEL_EVIDENCE = {"yes": Evidence("judged_same", 1.0), "no": Evidence("judged_other", 0.0)}


def evidence(earlier: Contact, later: Contact) -> Evidence | None:
    """Evidence of the first rule that holds; None: no evidence."""
    for reason, holds in _RUNGS.items():
        if holds(earlier, later):
            return Evidence(reason, CONFIDENCE[reason])
    alike = similarity_evidence(earlier, later)
    reason = "same_category" if earlier.category and earlier.category == later.category else "any_category"
    return Evidence(reason, alike) if alike >= MIN_SIMILARITY else None


def similarity_evidence(earlier: Contact, later: Contact) -> float:
    """Similarity of the texts, 0..1; 0 between a wish and a fault, unless the later text mentions a recurrence."""
    if not get_recurrence_mention(later.sketch) and {get_intent(earlier.sketch), get_intent(later.sketch)} == {
        "fault",
        "wish",
    }:
        return 0.0
    return similarity(earlier.sketch, later.sketch)


def _is_linked(earlier: Contact, later: Contact) -> bool:
    return later.name in earlier.tied or earlier.name in later.tied


def _problem(earlier: Contact, later: Contact) -> bool:
    shared = not earlier.problems.isdisjoint(later.problems)
    return shared or earlier.name in later.problems or later.name in earlier.problems


# HTTP statuses and names of exceptions occur in many problems: without the same category they are no evidence.
_OF_MANY = re.compile(r"HTTP \d{3}|[A-Za-z]+(?:Exception|Error)")


def _code(earlier: Contact, later: Contact) -> bool:
    shared = earlier.codes & later.codes
    same_category = earlier.category is not None and earlier.category == later.category
    return any(same_category or not _OF_MANY.fullmatch(code) for code in shared)


_RUNGS: dict[str, Callable[[Contact, Contact], bool]] = {
    "merged": lambda earlier, later: later.merged_into == earlier.name,
    "follow_up": lambda earlier, later: later.follows == earlier.name,
    "linked": _is_linked,
    "problem": _problem,
    "key_field": lambda earlier, later: not earlier.keys.isdisjoint(later.keys),
    "code": _code,
}


def candidate_pairs(contacts: Sequence[Contact]) -> Iterator[tuple[Contact, Contact]]:
    """(earlier, later) pairs of one customer with the later one within LONGEST of the earlier one's last update."""
    lately: list[Contact] = []
    for later in sorted(contacts, key=lambda c: (c.at, c.ticket)):
        lately = [earlier for earlier in lately if later.at <= earlier.last + LONGEST]
        yield from ((earlier, later) for earlier in lately if earlier.at < later.at)
        lately.append(later)
