"""Lengths of time, in milliseconds."""

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY
FOREVER = 253_402_300_800_000  # since 1970, the year 10000: the end of what still runs, where one has to be written
