"""Defaults that the KPIs of a family share; a declaration gives what differs.

`@speed("Held time", needs={"status.history", "assignee.history"}, pair="reopen_rate", revision=2)`
"""

from functools import partial

from helpdesk_kpi.measure.metrics.contract import Duration, Share, Total, kpi

#: A time that should be short: median, 90th percentile, mean, share within target.
speed = partial(kpi, unit="ms", better="lower", statistic=Duration(), anchor="created", dimension="speed", level="team")
#: A part of a whole, with its Wilson interval.
rate = partial(kpi, unit="share", better="higher", statistic=Share())
#: An amount that is neither good nor bad by itself.
volume = partial(kpi, unit="tickets", better="neither", statistic=Total())
