"""Which shift an instant lies in, by the wall clock of the configuration's zone."""

import datetime as dt
import zoneinfo
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from helpdesk_kpi.calendar.business_hours import shift_minutes
from helpdesk_kpi.calendar.periods import to_local
from helpdesk_kpi.errors import ConfigError
from helpdesk_kpi.milliseconds import HOUR, MINUTE

Ints = NDArray[np.int64]
NO_SHIFT = -1

HALF_HOUR = HOUR // 2  # zones change their offset at whole half hours of UTC


class Shifts:
    """The shifts of `[shifts]`, in the order of the file; where two overlap, the first counts."""

    def __init__(self, shifts: Mapping[str, str], zone: zoneinfo.ZoneInfo) -> None:
        self.names = tuple(shifts)
        self.zone = zone
        self._of_minute: Ints = np.full(1440, NO_SHIFT, np.int64)
        for code, (name, hours) in reversed(list(enumerate(shifts.items()))):
            self._of_minute[_minutes(name, hours)] = code

    def codes(self, instants: Ints) -> Ints:
        """Each instant's place in `names`; NO_SHIFT between shifts."""
        halves, place = np.unique(instants // HALF_HOUR, return_inverse=True)
        local = np.array([_minute(to_local(int(half) * HALF_HOUR, self.zone)) for half in halves], np.int64)
        minute = local[place.reshape(-1)] + instants % HALF_HOUR // MINUTE
        codes: Ints = self._of_minute[minute % 1440]
        return codes


def _minutes(name: str, hours: str) -> NDArray[np.int64]:
    try:
        start, end = shift_minutes(hours)
    except ConfigError:
        raise ConfigError(f"shifts.{name}: {hours!r} are no hours; allowed are 06:00-14:00 and 22:00-06:00") from None
    return np.arange(start, end) % 1440


def _minute(local: dt.datetime) -> int:
    return local.hour * 60 + local.minute
