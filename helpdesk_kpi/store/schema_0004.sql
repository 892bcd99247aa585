-- What version 0.4.0 adds.

CREATE INDEX time_entries_ticket ON time_entries (ticket);
