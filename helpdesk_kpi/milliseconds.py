"""Lengths of time, in milliseconds."""

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
WEEK = 7 * DAY
A_MOMENT = 2 * MINUTE  # within which a helpdesk acts on a message, or writes the words that make a ticket after it
FOREVER = 253_402_300_800_000  # since 1970, the year 10000: the end of what still runs, where one has to be written
