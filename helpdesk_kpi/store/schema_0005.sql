-- What version 0.5.0 adds.

ALTER TABLE tickets ADD COLUMN direction TEXT; -- inbound or outbound, as the helpdesk says; null: it does not say
ALTER TABLE tickets ADD COLUMN issue_type TEXT; -- name of the kind of issue; null: the helpdesk has no such kinds
ALTER TABLE tickets ADD COLUMN association TEXT; -- subtask, child, parent, tracker, related; null: stands on its own
ALTER TABLE tickets ADD COLUMN is_messaging INTEGER; -- 1: a conversation in a messaging channel; null: not known
ALTER TABLE tickets ADD COLUMN is_imported INTEGER NOT NULL DEFAULT 0; -- 1: copied from another helpdesk
ALTER TABLE tickets ADD COLUMN external_id TEXT; -- id in the system that it was copied from; null: none
ALTER TABLE tickets ADD COLUMN status_at INTEGER; -- since when the status of this row holds; null: not known
ALTER TABLE tickets ADD COLUMN left_at INTEGER; -- when it moved to where nothing is read; null: it is here
ALTER TABLE tickets ADD COLUMN came_at INTEGER; -- when it moved here from where nothing is read; null: it began here
ALTER TABLE tickets ADD COLUMN resolution TEXT; -- how it ended; null: not yet, or nothing tells it beside the status

CREATE TABLE unread ( -- parts of a ticket that no rule can read: they are counted, not dropped
    ticket INTEGER NOT NULL REFERENCES tickets (id),
    id     TEXT NOT NULL, -- the helpdesk's id of the part
    kind   TEXT NOT NULL, -- what could not be read: event, channel, role, status, ...
    word   TEXT NOT NULL, -- the helpdesk's word for it
    at     INTEGER, -- null: not known
    PRIMARY KEY (ticket, id)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER unread_gone AFTER DELETE ON unread WHEN NOT EXISTS (SELECT 1 FROM stale WHERE ticket = old.ticket)
BEGIN INSERT INTO stale VALUES (old.ticket); END;
CREATE TRIGGER unread_new AFTER INSERT ON unread WHEN NOT EXISTS (SELECT 1 FROM stale WHERE ticket = new.ticket)
BEGIN INSERT INTO stale VALUES (new.ticket); END;

ALTER TABLE schedules ADD COLUMN is_default INTEGER; -- 1: it counts where nothing names another; null: not told
ALTER TABLE schedules ADD COLUMN created_at INTEGER; -- null: not known
CREATE TABLE team_schedules ( -- whose tickets run on which schedule, where a helpdesk says so of teams
    team     INTEGER NOT NULL REFERENCES teams (id),
    since    INTEGER NOT NULL, -- in force from here on; the first one also before
    schedule TEXT, -- native id; null: the default one
    PRIMARY KEY (team, since)
) STRICT, WITHOUT ROWID;

ALTER TABLE articles ADD COLUMN author_known INTEGER NOT NULL DEFAULT 0; -- 1: the helpdesk says who made it; 0: as first seen
ALTER TABLE articles ADD COLUMN drafted_at INTEGER; -- when it became a draft again; null: it is published, or never was
CREATE INDEX events_requester ON events (ticket) WHERE field = 'requester';
CREATE INDEX events_schedule ON events (ticket, at) WHERE field = 'schedule';

CREATE TABLE standings ( -- what the tickets tell of people whose role was not known at the time; made by `measure`
    person     INTEGER PRIMARY KEY REFERENCES people (id),
    has_worked INTEGER NOT NULL, -- 1: was given more tickets than they asked for, and no role of theirs tells of it
    works_from INTEGER, -- first act for the team, of those who asked before; null: asked nothing, or did nothing
    works_until INTEGER -- last act on a ticket that was given to them; null: has not worked
) STRICT;

CREATE INDEX events_left ON events (before, at) WHERE kind = 'change' AND field = 'status';
CREATE INDEX tickets_merged ON tickets (source, merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX tickets_copied ON tickets (external_id) WHERE external_id IS NOT NULL;
-- What is merged into a ticket counts by what is known of that one, and a copy by its original: the ticket whose id it
-- has, or, without one, the same customer's ticket of the same second (measure/tickets/related_tickets.py).
CREATE TRIGGER tickets_met AFTER INSERT ON tickets WHEN new.created_at IS NOT NULL
BEGIN
    INSERT INTO stale SELECT id FROM tickets WHERE source = new.source AND merged_into = new.native
    ON CONFLICT DO NOTHING;
    INSERT INTO stale SELECT id FROM tickets
    WHERE external_id IN (new.native, new.external_id) ON CONFLICT DO NOTHING;
    INSERT INTO stale SELECT t.id FROM sources s CROSS JOIN tickets t ON t.source = s.id
    WHERE t.native = new.external_id ON CONFLICT DO NOTHING;
    INSERT INTO stale SELECT t.id FROM sources s CROSS JOIN tickets t ON t.source = s.id
    WHERE s.id != new.source AND t.created_at BETWEEN new.created_at - 1000 AND new.created_at + 1000
    AND t.is_imported AND t.external_id IS NULL ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER tickets_read AFTER UPDATE ON tickets
WHEN (old.created_at, old.merged_into, old.external_id, old.requester, old.deleted_at, old.is_spam, old.is_imported)
IS NOT (new.created_at, new.merged_into, new.external_id, new.requester, new.deleted_at, new.is_spam, new.is_imported)
BEGIN
    INSERT INTO stale SELECT id FROM tickets WHERE source = new.source AND merged_into = new.native
    ON CONFLICT DO NOTHING;
    INSERT INTO stale SELECT id FROM tickets
    WHERE external_id IN (new.native, old.external_id, new.external_id) ON CONFLICT DO NOTHING;
    INSERT INTO stale SELECT t.id FROM sources s CROSS JOIN tickets t ON t.source = s.id
    WHERE t.native IN (old.external_id, new.external_id) ON CONFLICT DO NOTHING;
    INSERT INTO stale SELECT t.id FROM sources s CROSS JOIN tickets t ON t.source = s.id
    WHERE s.id != new.source AND t.created_at BETWEEN new.created_at - 1000 AND new.created_at + 1000
    AND t.is_imported AND t.external_id IS NULL ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER people_met AFTER UPDATE OF email_hash ON people WHEN old.email_hash IS NOT new.email_hash
BEGIN
    INSERT INTO stale SELECT t.id FROM tickets o CROSS JOIN tickets t ON t.external_id = o.native
    WHERE o.requester = new.id AND t.is_imported ON CONFLICT DO NOTHING;
    INSERT INTO stale SELECT t.id FROM tickets o CROSS JOIN sources s ON s.id != o.source
    CROSS JOIN tickets t ON t.source = s.id AND t.created_at BETWEEN o.created_at - 1000 AND o.created_at + 1000
    WHERE o.requester = new.id AND t.is_imported AND t.external_id IS NULL ON CONFLICT DO NOTHING;
    INSERT INTO stale SELECT id FROM tickets WHERE requester = new.id AND is_imported ON CONFLICT DO NOTHING;
END;

-- Who syncs and who measures hold locks of the operating system (store/writer_lock.py).
DROP TABLE lease;

CREATE TABLE measuring ( -- marks that the build in progress has taken out of `stale` and `stale_stories`
    -- A build takes the marks before it reads the stories: whatever changes from then on marks its story anew, and the
    -- build removes only the marks that it took. What a build that was killed leaves here, the next one takes again.
    kind  TEXT NOT NULL, -- ticket, customer, article, entry
    story INTEGER NOT NULL,
    PRIMARY KEY (kind, story)
) STRICT, WITHOUT ROWID;
