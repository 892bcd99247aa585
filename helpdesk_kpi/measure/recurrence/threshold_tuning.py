"""Precision and recall of repeat detection by human labels, and the best thresholds.

Precision comes first: a false repeat counts against a person. So F0.5 is maximised, in which precision counts twice as
much as recall (C. J. van Rijsbergen, Information Retrieval, 1979, chapter 7).
"""

from collections.abc import Sequence
from typing import NamedTuple

from helpdesk_kpi.measure.recurrence.evidence import CONFIDENCE, MIN_SIMILARITY, TEXT
from helpdesk_kpi.measure.recurrence.similarity_thresholds import Thresholds
from helpdesk_kpi.measure.statistics.intervals import wilson

FEWEST = 10  # pairs of either label; with fewer no threshold is chosen
GRID = [step / 100 for step in range(round(MIN_SIMILARITY * 100), 91)]


class LabelledPair(NamedTuple):
    """A labelled pair, with the evidence for it."""

    reason: str | None  # None: no evidence
    similarity: float
    is_same: bool
    weight: float = 1.0  # number of pairs that it represents

    def is_detected(self, least: Thresholds) -> bool:
        """Whether the pair is detected as a repeat under these thresholds."""
        if self.reason in TEXT:
            return self.similarity >= float(getattr(least, self.reason))
        return self.reason in CONFIDENCE


class DetectionQuality(NamedTuple):
    """Weights of labelled pairs: detected, rightly detected, and true repeats."""

    found: float
    right: float
    true: float
    pairs: int  # labelled pairs
    found_pairs: float  # effective number of detected pairs
    true_pairs: float  # effective number of true repeats

    @property
    def precision(self) -> float | None:
        return self.right / self.found if self.found else None

    @property
    def recall(self) -> float | None:
        """Recall among the sampled pairs; None: no true repeats."""
        return self.right / self.true if self.true else None

    @property
    def precision_interval(self) -> tuple[float, float]:
        return wilson((self.precision or 0) * self.found_pairs, self.found_pairs)

    @property
    def recall_interval(self) -> tuple[float, float]:
        return wilson((self.recall or 0) * self.true_pairs, self.true_pairs)


def measure_quality(labelled: Sequence[LabelledPair], least: Thresholds) -> DetectionQuality:
    found = [pair for pair in labelled if pair.is_detected(least)]
    true = [pair for pair in labelled if pair.is_same]
    right = [pair for pair in found if pair.is_same]
    return DetectionQuality(
        _weight(found), _weight(right), _weight(true), len(labelled), _as_many(found), _as_many(true)
    )  # fmt: skip


def _weight(pairs: Sequence[LabelledPair]) -> float:
    return sum(pair.weight for pair in pairs)


def _as_many(pairs: Sequence[LabelledPair]) -> float:
    """The effective number of weighted pairs (L. Kish, Survey Sampling, 1965): (sum w)^2 / sum w^2."""
    return _weight(pairs) ** 2 / sum(pair.weight**2 for pair in pairs) if pairs else 0.0


def f_half(quality: DetectionQuality) -> float:
    """F0.5, which is (1 + 0.25) P R / (0.25 P + R); 0 if no pair is detected rightly.

    Of 8 found 6 rightly, and 12 are true: P 0.75, R 0.5; 1.25 x 0.375 / 0.6875 = 0.682.

    >>> round(f_half(DetectionQuality(found=8, right=6, true=12, pairs=40, found_pairs=8, true_pairs=12)), 3)
    0.682
    """
    if not quality.right:
        return 0.0
    p, r = quality.right / quality.found, quality.right / quality.true
    return 1.25 * p * r / (0.25 * p + r)


def choose_thresholds(labelled: Sequence[LabelledPair], usual: Thresholds) -> Thresholds:
    """The thresholds with the largest F0.5, the higher of equal ones; `usual` where pairs are too few."""
    found = {}
    for reason in TEXT:
        pairs = [pair for pair in labelled if pair.reason == reason]
        yes = sum(pair.is_same for pair in pairs)
        enough = min(yes, len(pairs) - yes) >= FEWEST
        found[reason] = _best(pairs, usual) if enough else getattr(usual, reason)
    same, other = found["same_category"], max(found.values())
    return Thresholds(same, other, "learned")


def _best(pairs: Sequence[LabelledPair], usual: Thresholds) -> float:
    def worth(cut: float) -> tuple[float, float]:
        return f_half(measure_quality(pairs, usual._replace(same_category=cut, any_category=cut))), cut

    return max(GRID, key=worth)
