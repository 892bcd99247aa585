"""One person's observed sum against the expected one: ratio, interval and standardised deviation."""

import math
from collections.abc import Callable
from statistics import NormalDist
from typing import NamedTuple

from helpdesk_kpi.measure.benchmarking.units import UnitKind
from helpdesk_kpi.measure.metrics.columns import Floats
from helpdesk_kpi.measure.statistics import funnel
from helpdesk_kpi.measure.statistics.distributions import student_quantile
from helpdesk_kpi.measure.statistics.indirect_standardisation import Expected, Norm, Units
from helpdesk_kpi.measure.statistics.intervals import byar, wilson

Interval = tuple[float | None, float | None]


class ObservedExpected(NamedTuple):
    """`ratio`: observed / expected; for durations of geometric means; None: nothing was expected."""

    ratio: float | None
    low: float | None  # 95 %
    high: float | None
    z: float  # deviation in standard deviations, including the uncertainty of the expectation
    sigma: float = 0.0  # standard deviation of the difference; 0 for shares


def control_limits(
    kind: UnitKind, expected: Expected, result: ObservedExpected, confidence: float, phi: float
) -> Interval:
    """The range of ratios that holds equals with this confidence.

    Args:
        confidence: 0..1.
        phi: overdispersion: variance between people relative to chance.

    Returns:
        (low, high); (None, None) if nothing was expected.
    """
    n, e = float(expected.n.sum()), float(expected.expected.sum())
    if result.ratio is None:
        return None, None
    if kind == "share":
        wide = funnel.wider(confidence, expected.limit_factor * math.sqrt(phi))
        low, high = funnel.limits(min(e / n, 1.0), n, wide)
        return low * n / e, high * n / e
    half = NormalDist().inv_cdf((1 + confidence) / 2) * result.sigma * math.sqrt(phi)
    if kind == "duration":
        return math.exp(-half / n), math.exp(half / n)
    return max(1 - half / e, 0.0), 1 + half / e


def compare_to_expected(kind: UnitKind, own: Units, norm: Norm, expected: Expected) -> ObservedExpected:
    """Compare one person's shares, scores or log durations with their expectation."""
    return _MAKERS[kind](own, norm, expected)


def _share(_own: Units, norm: Norm, expected: Expected) -> ObservedExpected:
    """Wilson's interval of the observed share, slightly too wide for unequal probabilities.

    Byar's limits of a count would be far too wide for shares near 1.
    """
    n, x, e = (float(part.sum()) for part in expected[:3])
    low, high = wilson(min(x, n), n)
    least = 0.5 / (float(norm.behind.sum()) + 1)  # a share of 0 among the others does not prove a probability of 0
    deviation = funnel.deviation(x, n, min(max(e / n, least), 1 - least)) / expected.limit_factor
    return _by(e / n, (x / n, low, high), deviation)


def _score(own: Units, norm: Norm, expected: Expected) -> ObservedExpected:
    n, x, e = (float(part.sum()) for part in expected[:3])
    variance = _variance(own, norm)
    half = _half(n, variance)
    sigma = _sigma(expected, n * variance)
    return _by(e / n, (x / n, x / n - half, x / n + half), _deviation(expected, sigma), sigma)


def _duration(own: Units, norm: Norm, expected: Expected) -> ObservedExpected:
    """The mean residual (log time - expected log time), as a ratio."""
    n, variance = float(expected.n.sum()), _variance(own, norm)
    mean, half = float((expected.observed - expected.expected).sum()) / n, _half(n, variance)
    sigma = _sigma(expected, n * variance)
    return ObservedExpected(
        math.exp(mean), math.exp(mean - half), math.exp(mean + half), _deviation(expected, sigma), sigma
    )


def compare_count_to_expected(expected: Expected) -> ObservedExpected:
    """Compare a count with its expectation: Byar's limits, widened by the overdispersion of weekly counts."""
    x, e = float(expected.observed.sum()), float(expected.expected.sum())
    low, high = byar(x, spread=max(expected.variance / e, 1.0) if e > 0 else 1.0)
    sigma = _sigma(expected)
    return _by(e, (x, low, high), _deviation(expected, sigma), sigma)


def _by(
    expected: float, observed: tuple[float, float, float], deviation: float, sigma: float = 0.0
) -> ObservedExpected:
    """Divide by the expected sum. `observed`: value, low, high."""
    if not expected > 0:
        return ObservedExpected(None, None, None, deviation, sigma)
    ratio, low, high = (x / expected for x in observed)
    return ObservedExpected(ratio, low, high, deviation, sigma)


def _variance(own: Units, norm: Norm) -> float:
    """The variance of one person's residuals."""
    residuals: Floats = own.value - norm.mean[own.cell]
    n = float(own.weight.sum())
    if n < 2:
        return 0.0
    mean = float((own.weight * residuals).sum()) / n
    return float((own.weight * (residuals - mean) ** 2).sum()) / (n - 1)


def _half(n: float, variance: float) -> float:
    """Half-width of the 95 % interval of a mean residual, by Student's distribution; infinite below two units."""
    return student_quantile(0.05, int(n) - 1) * math.sqrt(variance / n) if n >= 2 else math.inf


def _sigma(expected: Expected, own: float = 0.0) -> float:
    """Standard deviation of observed - expected.

    Args:
        own: variance by the person's own spread; the larger variance is used, so that a few extreme units are no
            difference yet.
    """
    return math.sqrt(max(expected.variance, own) + expected.unsure)


def _deviation(expected: Expected, sigma: float) -> float:
    return float((expected.observed - expected.expected).sum()) / sigma if sigma else 0.0


_MAKERS: dict[UnitKind, Callable[[Units, Norm, Expected], ObservedExpected]] = {
    "share": _share,
    "score": _score,
    "duration": _duration,
}
