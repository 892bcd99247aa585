"""How tickets end that may end in several ways: solved by a person, or closed by an automation for want of an answer.

To count the other end as merely lost from sight would ask how long solving took if nothing was ever closed by itself,
which is no question about this desk; and the shares of the ways would add up to more than all.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from helpdesk_kpi.measure.statistics.survival import kaplan_meier


def incidence(durations: ArrayLike, ends: Sequence[str | None], target: float) -> Mapping[str, float]:
    """By way of ending, the share that has ended so by the target (ms); `ends` None: still running then.

    The sum over the ends of S just before them, that of all ways together, times the part that ended so: Aalen and
    Johansen, Scand. J. Statist. 5 (1978) 141. Shares of all ways add up to 1 - S(target).

    Of five, one is solved at 1 and one closed at 2; one runs at 3; of the two left one is solved at 4. S before is 1,
    4/5 and 3/5: solved 1 x 1/5 + 3/5 x 1/2, closed 4/5 x 1/4.

    >>> ways = ["solved", "closed", None, "solved", None]
    >>> {way: round(share, 6) for way, share in incidence([1, 2, 3, 4, 5], ways, 4).items()}
    {'closed': 0.2, 'solved': 0.5}
    """
    time, ended = np.asarray(durations, np.int64), np.array([end is not None for end in ends], np.bool_)
    curve = kaplan_meier(time, ended)
    before = np.concatenate([[1.0], curve.survival[:-1]])
    at_risk = time.size - np.searchsorted(np.sort(time), curve.times, side="left")
    found = {}
    for way in sorted({end for end in ends if end is not None}):
        mine = np.sort(time[[end == way for end in ends]])
        here = np.searchsorted(mine, curve.times, side="right") - np.searchsorted(mine, curve.times, side="left")
        found[way] = float((before * here / at_risk)[curve.times <= target].sum())
    return found
