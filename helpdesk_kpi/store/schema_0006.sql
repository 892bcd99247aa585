-- What version 0.6.0 changes: names of tables and columns. The triggers that mark stale subjects are generated
-- (store/staleness.py), and are not here when this script runs.

DROP VIEW v_observations;

CREATE TABLE ticket_flags ( -- tickets that recurrence metrics exclude, as the latest build found
    ticket INTEGER PRIMARY KEY REFERENCES tickets (id),
    reason TEXT NOT NULL, -- incident, shared_sender, expected
    since  INTEGER NOT NULL -- known from here on
) STRICT;
INSERT INTO ticket_flags SELECT ticket, reason, since FROM apart;
DROP TABLE apart;

CREATE TABLE rejected_rows ( -- rows of a helpdesk that could not be read
    source INTEGER NOT NULL REFERENCES sources (id),
    stream TEXT NOT NULL,
    id     TEXT NOT NULL, -- the helpdesk's id, or a number where it has none
    reason TEXT NOT NULL,
    PRIMARY KEY (source, stream, id)
) STRICT, WITHOUT ROWID;
INSERT INTO rejected_rows SELECT source, stream, id, reason FROM set_aside;
DROP TABLE set_aside;

CREATE TABLE ticket_snapshots ( -- versions of tickets whose changes no helpdesk reports, as they were polled
    ticket  INTEGER NOT NULL REFERENCES tickets (id),
    version INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    fields  TEXT NOT NULL, -- JSON: field -> native value
    PRIMARY KEY (ticket, version)
) STRICT, WITHOUT ROWID;
INSERT INTO ticket_snapshots SELECT ticket, version, at, told FROM sightings;
DROP TABLE sightings;

CREATE TABLE limited_capabilities ( -- what this account cannot provide, as a sync found
    source INTEGER NOT NULL REFERENCES sources (id),
    need   TEXT NOT NULL,
    answer TEXT NOT NULL, -- yes, partly, no
    reason TEXT NOT NULL,
    PRIMARY KEY (source, need)
) STRICT, WITHOUT ROWID;
INSERT INTO limited_capabilities SELECT source, need, answer, reason FROM narrowed;
DROP TABLE narrowed;

CREATE TABLE stale_subjects ( -- subjects whose observations have to be built again
    kind    TEXT NOT NULL, -- ticket, customer, article, entry
    subject INTEGER NOT NULL, -- key of the ticket, of an account of the customer, of the article; registers.subject
    metric  INTEGER -- key in metrics, which alone is to be built; null: all metrics
) STRICT;
CREATE UNIQUE INDEX stale_subjects_key ON stale_subjects (kind, subject, ifnull(metric, 0));
INSERT INTO stale_subjects SELECT 'ticket', ticket, NULL FROM stale;
INSERT INTO stale_subjects SELECT kind, story, NULL FROM stale_stories;
DROP TABLE stale;
DROP TABLE stale_stories;

CREATE TABLE build_queue ( -- marks that the build in progress has taken out of stale_subjects (store/build_queue.py)
    kind    TEXT NOT NULL,
    subject INTEGER NOT NULL,
    metric  INTEGER -- null: all metrics
) STRICT;
CREATE UNIQUE INDEX build_queue_key ON build_queue (kind, subject, ifnull(metric, 0));
INSERT INTO build_queue SELECT kind, story, NULL FROM measuring;
DROP TABLE measuring;

CREATE TABLE metrics ( -- the KPI variants whose observations are stored
    id       INTEGER PRIMARY KEY, -- the key in stored_observations.body
    kpi      TEXT NOT NULL,
    variant  TEXT NOT NULL,
    revision INTEGER NOT NULL, -- of the KPI, when it was last built; -1: it was not installed at the latest build
    UNIQUE (kpi, variant)
) STRICT;
INSERT INTO metrics SELECT id, kpi, variant, revision FROM folds;
DROP TABLE folds;

CREATE TABLE stored_observations ( -- one row for each subject
    id      INTEGER PRIMARY KEY,
    kind    TEXT NOT NULL, -- ticket, customer, article, entry
    subject INTEGER NOT NULL,
    base    INTEGER NOT NULL, -- the times in body count from here
    last    INTEGER, -- latest time in body; null: something still runs
    body    TEXT NOT NULL, -- JSON: key in metrics -> observations
    UNIQUE (kind, subject)
) STRICT;
INSERT INTO stored_observations SELECT id, kind, story, base, last, body FROM folded;
DROP TABLE folded;
CREATE INDEX stored_observations_last ON stored_observations (kind, last);

ALTER TABLE registers RENAME TO registers_0005;
CREATE TABLE registers ( -- data that no helpdesk has, entered by people; nothing is deleted or overwritten
    id            INTEGER PRIMARY KEY,
    register      TEXT NOT NULL,    -- training, improvement, quality_review, ...
    key           TEXT NOT NULL,    -- what the entry is about; the same key again corrects the active entry
    subject       INTEGER NOT NULL, -- the first entry about the same subject: corrections and duplicates share it
    at            INTEGER NOT NULL, -- the instant that the entry is about
    person        INTEGER REFERENCES people (id),   -- an account of the person; null: about no person
    ticket        INTEGER REFERENCES tickets (id),  -- null: about no ticket
    article       INTEGER REFERENCES articles (id), -- null: about no article
    body          TEXT NOT NULL,    -- JSON, as the register's form has it; an anonymous rater is a keyed hash
    entered_at    INTEGER NOT NULL,
    entered_by    TEXT NOT NULL,    -- the account on this machine
    superseded_by INTEGER,          -- the entry that corrects it; null: none
    withdrawn_at  INTEGER,          -- null: not withdrawn
    withdrawn_by  TEXT,             -- null as withdrawn_at; so below
    why           TEXT
) STRICT;
INSERT INTO registers SELECT id, register, key, story, at, subject, ticket, article, body, entered_at, entered_by,
    superseded_by, withdrawn_at, withdrawn_by, why FROM registers_0005;
DROP TABLE registers_0005;
CREATE UNIQUE INDEX registers_active ON registers (register, key)
WHERE superseded_by IS NULL AND withdrawn_at IS NULL;
CREATE INDEX registers_subject ON registers (subject);
CREATE INDEX registers_article ON registers (article) WHERE article IS NOT NULL;

-- Digests of the settings at the last build (store/staleness.py).
UPDATE meta SET key = 'ticket_rules' WHERE key = 'fold_rules';
UPDATE meta SET key = 'people_and_teams' WHERE key = 'fold_people';

CREATE VIEW v_observations AS
SELECT m.kpi, m.variant, s.name AS source, t.native AS ticket,
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
       f.kind AS story_kind, f.subject AS story
FROM stored_observations f
JOIN json_each(f.body) b
JOIN metrics m ON m.id = b.key
JOIN json_each(b.value) o
LEFT JOIN tickets t ON t.id = iif(f.kind = 'ticket', f.subject, json_extract(o.value, '$[16]'))
LEFT JOIN sources s ON s.id = coalesce(t.source, (SELECT a.source FROM articles a WHERE f.kind = 'article' AND a.id = f.subject));
