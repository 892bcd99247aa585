-- What version 0.3.0 adds: stories other than tickets', and all that makes a ticket's story stale.

CREATE TABLE stale_stories ( -- stories to be folded again that are no ticket's; those stand in `stale`
    kind  TEXT NOT NULL, -- customer, article, entry
    story INTEGER NOT NULL,
    PRIMARY KEY (kind, story)
) STRICT, WITHOUT ROWID;
INSERT INTO stale_stories SELECT 'article', id FROM articles;

CREATE INDEX article_links_article ON article_links (article);

CREATE TRIGGER articles_new AFTER INSERT ON articles
BEGIN INSERT INTO stale_stories VALUES ('article', new.id) ON CONFLICT DO NOTHING; END;
CREATE TRIGGER articles_old AFTER UPDATE ON articles
WHEN (old.kind, old.created_at, old.edited_at, old.author, old.editor, old.draft, old.digest, old.length, old.gone_at)
IS NOT (new.kind, new.created_at, new.edited_at, new.author, new.editor, new.draft, new.digest, new.length, new.gone_at)
AND NOT EXISTS (SELECT 1 FROM stale_stories WHERE kind = 'article' AND story = new.id)
BEGIN INSERT INTO stale_stories VALUES ('article', new.id); END;
CREATE TRIGGER article_edits_new AFTER INSERT ON article_edits
WHEN NOT EXISTS (SELECT 1 FROM stale_stories WHERE kind = 'article' AND story = new.article)
BEGIN INSERT INTO stale_stories VALUES ('article', new.article); END;
CREATE TRIGGER article_edits_old AFTER UPDATE ON article_edits
WHEN NOT EXISTS (SELECT 1 FROM stale_stories WHERE kind = 'article' AND story = new.article)
BEGIN INSERT INTO stale_stories VALUES ('article', new.article); END;
CREATE TRIGGER article_votes_new AFTER INSERT ON article_votes
WHEN NOT EXISTS (SELECT 1 FROM stale_stories WHERE kind = 'article' AND story = new.article)
BEGIN INSERT INTO stale_stories VALUES ('article', new.article); END;
CREATE TRIGGER article_views_new AFTER INSERT ON article_views
WHEN NOT EXISTS (SELECT 1 FROM stale_stories WHERE kind = 'article' AND story = new.article)
BEGIN INSERT INTO stale_stories VALUES ('article', new.article); END;
-- A link is told by its ticket: both have changed.
CREATE TRIGGER article_links_new AFTER INSERT ON article_links
BEGIN
    INSERT INTO stale_stories SELECT 'article', a.id FROM articles a JOIN tickets t ON t.source = a.source
    WHERE t.id = new.ticket AND a.native = new.article
    AND NOT EXISTS (SELECT 1 FROM stale_stories WHERE kind = 'article' AND story = a.id);
    INSERT INTO stale SELECT new.ticket WHERE NOT EXISTS (SELECT 1 FROM stale WHERE ticket = new.ticket);
END;
CREATE TRIGGER article_links_gone AFTER DELETE ON article_links
BEGIN
    INSERT INTO stale_stories SELECT 'article', a.id FROM articles a JOIN tickets t ON t.source = a.source
    WHERE t.id = old.ticket AND a.native = old.article
    AND NOT EXISTS (SELECT 1 FROM stale_stories WHERE kind = 'article' AND story = a.id);
    INSERT INTO stale SELECT old.ticket WHERE NOT EXISTS (SELECT 1 FROM stale WHERE ticket = old.ticket);
END;
CREATE TRIGGER ticket_links_new AFTER INSERT ON ticket_links
WHEN NOT EXISTS (SELECT 1 FROM stale WHERE ticket = new.ticket)
BEGIN INSERT INTO stale VALUES (new.ticket); END;
CREATE TRIGGER sla_cycles_new AFTER INSERT ON sla_cycles WHEN NOT EXISTS (SELECT 1 FROM stale WHERE ticket = new.ticket)
BEGIN INSERT INTO stale VALUES (new.ticket); END;
CREATE TRIGGER sla_cycles_old AFTER UPDATE ON sla_cycles
WHEN (old.started_at, old.stopped_at, old.breach_at, old.goal, old.is_breached, old.is_paused)
IS NOT (new.started_at, new.stopped_at, new.breach_at, new.goal, new.is_breached, new.is_paused)
AND NOT EXISTS (SELECT 1 FROM stale WHERE ticket = new.ticket)
BEGIN INSERT INTO stale VALUES (new.ticket); END;
CREATE TRIGGER sla_events_new AFTER INSERT ON sla_events WHEN NOT EXISTS (SELECT 1 FROM stale WHERE ticket = new.ticket)
BEGIN INSERT INTO stale VALUES (new.ticket); END;
CREATE TRIGGER sla_events_old AFTER UPDATE ON sla_events WHEN NOT EXISTS (SELECT 1 FROM stale WHERE ticket = new.ticket)
BEGIN INSERT INTO stale VALUES (new.ticket); END;
CREATE TRIGGER sla_events_gone AFTER DELETE ON sla_events
WHEN NOT EXISTS (SELECT 1 FROM stale WHERE ticket = old.ticket)
BEGIN INSERT INTO stale VALUES (old.ticket); END;

ALTER TABLE sla_cycles ADD COLUMN field TEXT; -- the helpdesk's field that holds it; null: it has none, or not told yet

DROP VIEW v_observations;
CREATE VIEW v_observations AS
SELECT k.kpi, k.variant, s.name AS source, t.native AS ticket,
       strftime('%Y-%m-%dT%H:%M:%SZ', (f.base + (json_extract(o.value, '$[0]'))) / 1000, 'unixepoch') AS at,
       strftime('%Y-%m-%dT%H:%M:%SZ', (f.base + (json_extract(o.value, '$[1]'))) / 1000, 'unixepoch') AS start,
       strftime('%Y-%m-%dT%H:%M:%SZ', (f.base + (json_extract(o.value, '$[2]'))) / 1000, 'unixepoch') AS "end",
       coalesce((SELECT human FROM identities WHERE person = json_extract(o.value, '$[3]')),
                (SELECT name FROM people WHERE id = json_extract(o.value, '$[3]'))) AS agent,
       (SELECT name FROM teams WHERE id = json_extract(o.value, '$[4]')) AS team,
       json_extract(o.value, '$[5]') AS severity, json_extract(o.value, '$[6]') AS stop,
       json_extract(o.value, '$[7]') AS facet, json_extract(o.value, '$[8]') AS value,
       coalesce(json_extract(o.value, '$[9]'), 1.0) AS share,
       strftime('%Y-%m-%dT%H:%M:%SZ', (f.base + (json_extract(o.value, '$[10]'))) / 1000, 'unixepoch') AS since,
       strftime('%Y-%m-%dT%H:%M:%SZ', (f.base + (json_extract(o.value, '$[11]'))) / 1000, 'unixepoch') AS until,
       f.kind AS story_kind, f.story
FROM folded f
JOIN json_each(f.body) b
JOIN folds k ON k.id = b.key
JOIN json_each(b.value) o
LEFT JOIN tickets t ON t.id = iif(f.kind = 'ticket', f.story, json_extract(o.value, '$[16]'))
LEFT JOIN sources s ON s.id = coalesce(t.source, (SELECT a.source FROM articles a WHERE f.kind = 'article' AND a.id = f.story));

-- Who saved many articles within a minute wrote none of them.
CREATE INDEX article_edits_editor ON article_edits (editor, at);
CREATE INDEX articles_author ON articles (author, created_at);

CREATE TABLE registers ( -- what no helpdesk has, written down by people; nothing is deleted or overwritten
    id            INTEGER PRIMARY KEY,
    register      TEXT NOT NULL,    -- training, improvement, quality_review, ...
    key           TEXT NOT NULL,    -- what it is about; the same key again corrects the entry in force
    story         INTEGER NOT NULL, -- the first entry about the same thing: corrections and duplicates share it
    at            INTEGER NOT NULL, -- the instant that it speaks of
    subject       INTEGER REFERENCES people (id),   -- an account of whom it is about; null: of nobody in particular
    ticket        INTEGER REFERENCES tickets (id),  -- null: about no ticket
    article       INTEGER REFERENCES articles (id), -- null: about no article
    body          TEXT NOT NULL,    -- JSON, as the register's form has it; a rater who is not named is a keyed hash
    entered_at    INTEGER NOT NULL,
    entered_by    TEXT NOT NULL,    -- the account on this machine
    superseded_by INTEGER,          -- the entry that corrects it; null: none
    withdrawn_at  INTEGER,          -- null: it was not
    withdrawn_by  TEXT,             -- null as withdrawn_at; so below
    why           TEXT
) STRICT;
CREATE UNIQUE INDEX registers_in_force ON registers (register, key)
WHERE superseded_by IS NULL AND withdrawn_at IS NULL;
CREATE INDEX registers_story ON registers (story);
CREATE INDEX registers_article ON registers (article) WHERE article IS NOT NULL;

CREATE TRIGGER registers_new AFTER INSERT ON registers
BEGIN
    INSERT INTO stale_stories VALUES ('entry', new.story) ON CONFLICT DO NOTHING;
    INSERT INTO stale_stories SELECT 'article', new.article WHERE new.article IS NOT NULL ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER registers_old AFTER UPDATE ON registers
BEGIN
    INSERT INTO stale_stories VALUES ('entry', old.story) ON CONFLICT DO NOTHING;
    INSERT INTO stale_stories VALUES ('entry', new.story) ON CONFLICT DO NOTHING;
    INSERT INTO stale_stories SELECT 'article', new.article WHERE new.article IS NOT NULL ON CONFLICT DO NOTHING;
END;

CREATE TABLE apart ( -- tickets that tell nothing of how well somebody's problem was solved, as the latest `measure` found
    ticket INTEGER PRIMARY KEY REFERENCES tickets (id),
    reason TEXT NOT NULL, -- incident, shared_sender, expected
    since  INTEGER NOT NULL -- known from here on
) STRICT;

CREATE TABLE repeat_labels ( -- what people said of pairs of tickets; of one pair the latest holds
    id         INTEGER PRIMARY KEY,
    earlier    INTEGER NOT NULL REFERENCES tickets (id),
    later      INTEGER NOT NULL REFERENCES tickets (id),
    at         INTEGER NOT NULL,
    who        TEXT NOT NULL, -- the account on this machine
    verdict    TEXT NOT NULL, -- yes, no, skip
    why        TEXT, -- null: nothing was said
    weight     REAL NOT NULL, -- how many pairs it was drawn from; 0: somebody named it, so it tells of no others
    reason     TEXT, -- the evidence that the tool had then; null: none
    similarity REAL NOT NULL -- of the texts then
) STRICT;
CREATE INDEX repeat_labels_pair ON repeat_labels (earlier, later);

CREATE TABLE repeat_thresholds ( -- what `recurrence label` found; the latest holds where the configuration says nothing
    at            INTEGER PRIMARY KEY,
    same_category REAL NOT NULL,
    any_category  REAL NOT NULL
) STRICT;

-- The old requester's tickets are to be told again, too.
CREATE TRIGGER tickets_moved AFTER UPDATE OF requester ON tickets
WHEN old.requester IS NOT new.requester AND old.requester IS NOT NULL
AND NOT EXISTS (SELECT 1 FROM stale_stories WHERE kind = 'customer' AND story = old.requester)
BEGIN INSERT INTO stale_stories VALUES ('customer', old.requester); END;

CREATE TABLE weights ( -- how much work each kind of ticket is, as it was learned; a version holds until the next one
    version    INTEGER PRIMARY KEY,
    since      INTEGER NOT NULL UNIQUE, -- the first instant that it holds for
    learned_at INTEGER NOT NULL,
    basis      TEXT NOT NULL, -- time: hours written down; effort: messages, stations, people
    first      INTEGER NOT NULL, -- learned from the tickets solved from here on
    last       INTEGER NOT NULL, -- and before this instant
    cells      TEXT NOT NULL -- JSON: [severity, category, channel, tickets, sum, {person: [tickets, sum]}], one per kind
) STRICT;
