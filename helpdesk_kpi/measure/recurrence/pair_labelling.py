"""Sample pairs of tickets for labelling, store the labels, and measure the detection quality by them."""

from collections.abc import Iterator, Sequence
from random import Random
from typing import NamedTuple

from helpdesk_kpi.config import Config
from helpdesk_kpi.measure.metrics.contract import Followup, Statistic
from helpdesk_kpi.measure.recurrence.contact_history import ContactHistory
from helpdesk_kpi.measure.recurrence.evidence import (
    CONFIDENCE,
    Contact,
    Evidence,
    candidate_pairs,
    evidence,
    similarity_evidence,
)
from helpdesk_kpi.measure.recurrence.similarity_thresholds import load_thresholds
from helpdesk_kpi.measure.recurrence.threshold_tuning import DetectionQuality, LabelledPair, measure_quality
from helpdesk_kpi.store import Store

#: Lower limits of the strata of similarity from which pairs are drawn; pairs by other rules are a stratum of their own.
LAYERS = (0.0, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.7)
FEW = 20  # labelled pairs among the detected ones; with fewer no precision is given


class CandidatePair(NamedTuple):
    """Two tickets of one customer, with the evidence of one problem."""

    earlier: Contact
    later: Contact
    evidence: Evidence | None
    similarity: float
    weight: float = 0.0  # number of pairs that it represents; 0: chosen by its ids

    @property
    def layer(self) -> float:
        if self.evidence is not None and self.evidence.reason in CONFIDENCE:
            return 2.0
        return max(limit for limit in LAYERS if limit <= self.similarity)


def candidate(earlier: Contact, later: Contact) -> CandidatePair:
    return CandidatePair(earlier, later, evidence(earlier, later), similarity_evidence(earlier, later))


def sample_pairs(store: Store, config: Config, count: int, seed: int) -> list[CandidatePair]:
    """Draw up to `count` unlabelled pairs, evenly over the strata of similarity, in random order."""
    labelled = set(store.rows("SELECT earlier, later FROM repeat_labels"))
    layers: dict[float, list[CandidatePair]] = {}
    for found in _candidates(store, config):
        if (found.earlier.ticket, found.later.ticket) not in labelled:
            layers.setdefault(found.layer, []).append(found)
    rng = Random(seed)  # noqa: S311 - a reproducible sample
    chosen: list[CandidatePair] = []
    for left, layer in zip(range(len(layers), 0, -1), sorted(layers, key=lambda one: len(layers[one])), strict=True):
        few = rng.sample(layers[layer], min(len(layers[layer]), (count - len(chosen)) // left))
        chosen += [one._replace(weight=len(layers[layer]) / max(1, len(few))) for one in few]
    rng.shuffle(chosen)
    return chosen


def _candidates(store: Store, config: Config) -> Iterator[CandidatePair]:
    """All pairs that could be repeat contacts, without flagged tickets."""
    flagged = {ticket for (ticket,) in store.rows("SELECT ticket FROM ticket_flags")}
    accounts = [key for (key,) in store.rows("SELECT DISTINCT requester FROM tickets WHERE requester IS NOT NULL")]
    ledger = ContactHistory(store, config)
    contacts = ledger.contacts([*accounts, *ledger.original_requesters.values()])
    for customer in sorted(contacts):
        theirs = [contact for contact in contacts[customer] if contact.ticket not in flagged]
        for earlier, later in candidate_pairs(theirs):
            yield candidate(earlier, later)


class PairLabel(NamedTuple):
    """A human label of a pair."""

    verdict: str  # yes, no, skip
    who: str
    at: int
    why: str | None = None


def save_label(store: Store, about: CandidatePair, said: PairLabel) -> None:
    """Store a verdict. Both tickets and their customer become stale."""
    earlier, later = about.earlier.ticket, about.later.ticket
    with store.transaction() as conn:
        conn.execute(
            "INSERT INTO repeat_labels (earlier, later, at, who, verdict, why, weight, reason, similarity)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (earlier, later, said.at, said.who, said.verdict, said.why, about.weight,
             about.evidence and about.evidence.reason, about.similarity),
        )  # fmt: skip


def load_labelled_pairs(store: Store) -> list[LabelledPair]:
    """The latest labels of drawn pairs, without skipped ones."""
    sql = (
        "SELECT reason, similarity, verdict = 'yes', weight FROM repeat_labels l WHERE weight > 0 AND verdict != 'skip'"
        " AND id = (SELECT max(id) FROM repeat_labels WHERE earlier = l.earlier AND later = l.later AND weight > 0)"
    )
    return [LabelledPair(reason, alike, bool(same), weight) for reason, alike, same, weight in store.rows(sql)]


def uses_recurrence(statistic: Statistic) -> bool:
    """Whether a KPI depends on the detection of repeat contacts."""
    return isinstance(statistic, Followup) and statistic.joined == "repeat_contacts"


def load_quality(store: Store, config: Config) -> DetectionQuality | None:
    """Detection quality by the labels, under the thresholds in force; None: too few labels.

    Shown with every value that counts repeat contacts.
    """
    quality = measure_quality(load_labelled_pairs(store), load_thresholds(store, config))
    return quality if quality.found_pairs >= FEW else None


def format_quality(quality: DetectionQuality | None) -> str:
    """Format the detection quality as a sentence."""
    if quality is None or quality.precision is None:
        return "how often a repeat is one is not known: judge some with `helpdesk-kpi recurrence label`"
    low, high = quality.precision_interval
    sure = f"{low:.0%} to {high:.0%}, {quality.pairs} pairs labelled"
    recall = "" if quality.recall is None else f"; of the repeats among them {quality.recall:.0%} are found"
    return f"of the repeats found {quality.precision:.0%} are some ({sure}){recall}"


def find_pair(contacts: Sequence[Contact], one: int, other: int) -> CandidatePair | None:
    """The pair of two tickets, in order of time; None: they belong to different customers."""
    both = sorted((c for c in contacts if c.ticket in {one, other}), key=lambda c: (c.at, c.ticket))
    return candidate(*both) if len(both) == 2 else None
