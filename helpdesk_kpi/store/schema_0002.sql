-- What version 0.2.0 adds: several helpdesks, queues that know versions, promises' clocks, edits by language.

ALTER TABLE tickets ADD COLUMN participants TEXT NOT NULL DEFAULT '[]'; -- JSON: native ids of further people who ask
ALTER TABLE tickets ADD COLUMN changes_known TEXT NOT NULL DEFAULT 'yes'; -- yes, pending, unreadable
ALTER TABLE tickets ADD COLUMN missing_since INTEGER; -- when a census first did not meet it; null: it is there

ALTER TABLE ratings ADD COLUMN origin TEXT NOT NULL DEFAULT 'customer'; -- default, timeout and internal are no answers

DROP TABLE todo;
CREATE TABLE todo ( -- what queue streams have to fetch, and have fetched
    source INTEGER NOT NULL REFERENCES sources (id),
    stream TEXT NOT NULL,
    key    TEXT NOT NULL,
    wanted INTEGER NOT NULL, -- the newest version that was named
    got    INTEGER, -- the newest version that was fetched; null: none
    PRIMARY KEY (source, stream, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE narrowed ( -- what a sync found that this account cannot give
    source INTEGER NOT NULL REFERENCES sources (id),
    need   TEXT NOT NULL,
    answer TEXT NOT NULL, -- yes, partly, no
    reason TEXT NOT NULL,
    PRIMARY KEY (source, need)
) STRICT, WITHOUT ROWID;

ALTER TABLE article_edits RENAME TO article_edits_0001;
CREATE TABLE article_edits (
    article  INTEGER NOT NULL REFERENCES articles (id),
    locale   TEXT NOT NULL, -- '': the helpdesk has one language only
    at       INTEGER NOT NULL,
    editor   INTEGER REFERENCES people (id), -- null: not known
    digest   TEXT,    -- null: the helpdesk itself says that this was an edit
    length   INTEGER, -- null: not known
    is_minor INTEGER, -- null: the helpdesk has no such mark
    PRIMARY KEY (article, locale, at)
) STRICT, WITHOUT ROWID;
INSERT INTO article_edits SELECT e.article, coalesce(a.locale, ''), e.at, e.editor, e.digest, e.length, NULL
FROM article_edits_0001 e JOIN articles a ON a.id = e.article;
DROP TABLE article_edits_0001;

CREATE TABLE article_views (
    article INTEGER NOT NULL REFERENCES articles (id),
    seen_at INTEGER NOT NULL,
    views   INTEGER NOT NULL, -- since the article was made, by the helpdesk's count
    PRIMARY KEY (article, seen_at)
) STRICT, WITHOUT ROWID;

CREATE TABLE sightings ( -- versions of tickets whose changes nobody tells, as they were seen
    ticket  INTEGER NOT NULL REFERENCES tickets (id),
    version INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    told    TEXT NOT NULL, -- JSON: field -> native value
    PRIMARY KEY (ticket, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE sla_cycles ( -- runs of promises' clocks, where a helpdesk tells whole runs
    ticket      INTEGER NOT NULL REFERENCES tickets (id),
    sla         TEXT NOT NULL, -- native id of the promise
    number      INTEGER NOT NULL, -- 0, 1, ... in order of start
    name        TEXT NOT NULL,
    read_at     INTEGER NOT NULL,
    started_at  INTEGER, -- null: not told
    stopped_at  INTEGER, -- null: it still runs
    breach_at   INTEGER, -- null: paused, or no such instant
    goal        INTEGER, -- ms of the promise's own clock; null: not told
    elapsed     INTEGER, -- ms of the promise's own clock, as of read_at; null: not told
    is_breached INTEGER, -- null: the helpdesk does not say
    is_paused   INTEGER NOT NULL,
    changed_at  INTEGER, -- when a run that was over was found rewritten; null: never
    PRIMARY KEY (ticket, sla, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE sla_events ( -- events of promises' clocks, where a helpdesk tells those
    ticket            INTEGER NOT NULL REFERENCES tickets (id),
    id                TEXT NOT NULL,
    metric            TEXT NOT NULL,
    instance          INTEGER NOT NULL,
    kind              TEXT NOT NULL, -- activate, pause, fulfill, apply_sla, breach, update_status, ...
    at                INTEGER NOT NULL, -- a breach is told in advance: it counts once its time has come
    calendar          INTEGER, -- ms so far; null: not told by this kind
    business          INTEGER, -- as calendar
    target            INTEGER, -- ms; null: not told by this kind
    in_business_hours INTEGER, -- null as target
    policy            TEXT,    -- null as target
    PRIMARY KEY (ticket, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE time_entries (
    source      INTEGER NOT NULL REFERENCES sources (id),
    native      TEXT NOT NULL,
    ticket      INTEGER NOT NULL REFERENCES tickets (id),
    agent       INTEGER REFERENCES people (id), -- null: not told
    at          INTEGER NOT NULL,
    spent       INTEGER NOT NULL, -- ms
    is_billable INTEGER, -- null: not told
    is_running  INTEGER NOT NULL, -- 1: still growing when it was read
    PRIMARY KEY (source, native)
) STRICT, WITHOUT ROWID;

DROP VIEW v_tickets;
CREATE VIEW v_tickets AS
SELECT s.name AS source, t.native AS ticket, t.number, t.url, t.subject, coalesce(ns.name, t.status) AS status,
       coalesce(np.name, t.priority) AS priority, t.channel, g.name AS team, a.name AS assignee,
       strftime('%Y-%m-%dT%H:%M:%SZ', t.created_at / 1000, 'unixepoch') AS created,
       strftime('%Y-%m-%dT%H:%M:%SZ', t.updated_at / 1000, 'unixepoch') AS updated,
       strftime('%Y-%m-%dT%H:%M:%SZ', t.deleted_at / 1000, 'unixepoch') AS deleted
FROM tickets t
JOIN sources s ON s.id = t.source
LEFT JOIN names ns ON ns.source = t.source AND ns.kind = 'status' AND ns.native = t.status
LEFT JOIN names np ON np.source = t.source AND np.kind = 'priority' AND np.native = t.priority
LEFT JOIN teams g ON g.id = t.team
LEFT JOIN people a ON a.id = t.assignee
WHERE t.created_at IS NOT NULL;

DROP TABLE identities;
CREATE TABLE identities ( -- whose account it is, of all who are, were or may be of the team, as the latest `measure` found it
    person INTEGER PRIMARY KEY REFERENCES people (id),
    human  TEXT NOT NULL, -- as reports call them; one human may have several accounts
    entry  TEXT,          -- the NAME of [people.NAME]; null: the configuration does not name them
    how    TEXT NOT NULL  -- configured, verified address, single account
) STRICT;

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
       strftime('%Y-%m-%dT%H:%M:%SZ', (f.base + (json_extract(o.value, '$[11]'))) / 1000, 'unixepoch') AS until
FROM folded f
JOIN tickets t ON t.id = f.story AND f.kind = 'ticket'
JOIN sources s ON s.id = t.source
JOIN json_each(f.body) b
JOIN folds k ON k.id = b.key
JOIN json_each(b.value) o;
