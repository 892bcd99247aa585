-- The first schema. Times are UTC epoch milliseconds. A column without a note is never null.
-- `native` is the helpdesk's own id; the integer ids are ours and stay inside this file.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY, -- 'hash_key': keys the hashes of customers' addresses and of text sketches
    value BLOB NOT NULL
) STRICT;

CREATE TABLE sources (
    id        INTEGER PRIMARY KEY,
    name      TEXT NOT NULL UNIQUE, -- the name in the configuration
    connector TEXT NOT NULL,
    url       TEXT NOT NULL,
    since     INTEGER NOT NULL DEFAULT 0 -- histories are read from here on; tickets made before have none of their own
) STRICT;

CREATE TABLE people (
    id             INTEGER PRIMARY KEY,
    source         INTEGER NOT NULL REFERENCES sources (id),
    native         TEXT NOT NULL,
    kind           TEXT,    -- customer, agent, light_agent, bot; null: known only because a record names the id
    role           TEXT,    -- native; null as kind
    name           TEXT,    -- null: a customer, whose name is not kept
    email          TEXT,    -- null: a customer, or none
    email_hash     BLOB,    -- keyed; null: no address known
    domain         TEXT,    -- of the address; null as email_hash
    email_verified INTEGER NOT NULL DEFAULT 0,
    active         INTEGER NOT NULL DEFAULT 1,
    zone           TEXT,    -- null: not told
    organization   TEXT,    -- native id; null: none
    was_assigned   INTEGER NOT NULL DEFAULT 0, -- 1: was the assignee of some ticket, so is or was of the team
    version        INTEGER NOT NULL DEFAULT -1,
    UNIQUE (source, native)
) STRICT;

CREATE TABLE person_roles (
    person INTEGER NOT NULL REFERENCES people (id),
    at     INTEGER NOT NULL, -- in force from here on; the first one also before
    kind   TEXT NOT NULL,
    role   TEXT NOT NULL,
    PRIMARY KEY (person, at)
) STRICT, WITHOUT ROWID;

CREATE TABLE identities (
    person INTEGER PRIMARY KEY REFERENCES people (id),
    human  TEXT NOT NULL, -- the name under [people] in the configuration
    how    TEXT NOT NULL
) STRICT;

CREATE TABLE teams (
    id      INTEGER PRIMARY KEY,
    source  INTEGER NOT NULL REFERENCES sources (id),
    native  TEXT NOT NULL,
    name    TEXT, -- null: known only because a record names the id
    deleted INTEGER NOT NULL DEFAULT 0,
    UNIQUE (source, native)
) STRICT;

CREATE TABLE team_members (
    team       INTEGER NOT NULL REFERENCES teams (id),
    person     INTEGER NOT NULL REFERENCES people (id),
    first_seen INTEGER NOT NULL,
    gone_at    INTEGER, -- null: still a member
    PRIMARY KEY (team, person, first_seen)
) STRICT, WITHOUT ROWID;

CREATE TABLE names (
    source INTEGER NOT NULL REFERENCES sources (id),
    kind   TEXT NOT NULL, -- brand, form, field, custom_status, organization
    native TEXT NOT NULL,
    name   TEXT NOT NULL,
    detail TEXT, -- null: nothing more to say
    PRIMARY KEY (source, kind, native)
) STRICT, WITHOUT ROWID;

CREATE TABLE tickets (
    id            INTEGER PRIMARY KEY,
    source        INTEGER NOT NULL REFERENCES sources (id),
    native        TEXT NOT NULL,
    number        TEXT,    -- null here and in created_at: known only because a record names the id
    url           TEXT,
    created_at    INTEGER,
    updated_at    INTEGER,
    version       INTEGER NOT NULL DEFAULT -1,
    status        TEXT,
    subject       TEXT,    -- null: empty, or taken away by the helpdesk
    channel       TEXT,
    form          TEXT,
    type          TEXT,
    brand         TEXT,
    tags          TEXT NOT NULL DEFAULT '[]', -- JSON
    fields        TEXT NOT NULL DEFAULT '{}', -- JSON, kept custom fields
    priority      TEXT,    -- null: nobody set one
    requester     INTEGER REFERENCES people (id),
    submitter     INTEGER REFERENCES people (id),
    organization  TEXT,
    team          INTEGER REFERENCES teams (id),
    assignee      INTEGER REFERENCES people (id),
    follow_up_of  TEXT,
    problem       TEXT,
    merged_into   TEXT,    -- null: not merged away; '': merged, but not known into what
    deleted_at    INTEGER, -- null: not deleted
    is_spam       INTEGER NOT NULL DEFAULT 0,
    replies_known TEXT NOT NULL DEFAULT 'yes', -- yes, pending, unreadable
    changes_known_from INTEGER, -- null: from the creation on
    sketch        BLOB,    -- null: no text
    UNIQUE (source, native)
) STRICT;
CREATE INDEX tickets_requester ON tickets (requester);
CREATE INDEX tickets_created ON tickets (source, created_at);

CREATE TABLE events (
    ticket    INTEGER NOT NULL REFERENCES tickets (id),
    id        TEXT NOT NULL, -- the audit's or history's id and the item: the same over every transport
    at        INTEGER NOT NULL,
    seq       INTEGER NOT NULL, -- order among events of one instant
    kind      TEXT NOT NULL, -- comment, change, link, survey, call, chat
    actor     INTEGER REFERENCES people (id), -- null: the helpdesk itself
    via       TEXT,
    rule      TEXT,    -- null: no trigger or automation
    field     TEXT,    -- changes only; before and after hold people and teams as native ids
    before    TEXT,
    after     TEXT,
    public    INTEGER, -- null: has no meaning here
    exact     INTEGER NOT NULL DEFAULT 1, -- 0: seen as a difference of two syncs
    length    INTEGER, -- characters of a comment; null: no text
    is_thanks INTEGER, -- null: no text
    is_question INTEGER,
    text_rule INTEGER,
    articles  TEXT,    -- JSON; null: none
    codes     TEXT,    -- JSON; null: none
    PRIMARY KEY (ticket, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE ratings (
    source      INTEGER NOT NULL REFERENCES sources (id),
    native      TEXT NOT NULL,
    question    TEXT NOT NULL, -- '' where the helpdesk asks only one
    ticket      INTEGER NOT NULL REFERENCES tickets (id),
    offered_at  INTEGER NOT NULL,
    version     INTEGER NOT NULL,
    value       TEXT,    -- native; null: not answered
    scale       TEXT,
    category    TEXT,    -- good, neutral, bad; null: not answered, or no scale
    score       REAL,    -- 0..1; null as category
    answered_at INTEGER, -- null: not answered
    changed_at  INTEGER, -- null: never changed
    expires_at  INTEGER, -- null: not told
    agent       INTEGER REFERENCES people (id), -- whom the helpdesk names; null: it names nobody
    rater       INTEGER REFERENCES people (id),
    reason      TEXT,
    comment     TEXT,    -- null: none, or not kept
    PRIMARY KEY (source, native, question)
) STRICT, WITHOUT ROWID;
CREATE INDEX ratings_ticket ON ratings (ticket);

CREATE TABLE articles (
    id         INTEGER PRIMARY KEY,
    source     INTEGER NOT NULL REFERENCES sources (id),
    native     TEXT NOT NULL,
    title      TEXT NOT NULL,
    url        TEXT NOT NULL,
    kind       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    edited_at  INTEGER, -- null: not told
    author     INTEGER REFERENCES people (id),
    editor     INTEGER REFERENCES people (id), -- null: not known
    locale     TEXT,
    draft      INTEGER NOT NULL,
    digest     TEXT,
    length     INTEGER,
    gone_at    INTEGER, -- when a census no longer met it; null: it is there
    version    INTEGER NOT NULL,
    UNIQUE (source, native)
) STRICT;

CREATE TABLE article_edits (
    article INTEGER NOT NULL REFERENCES articles (id),
    at      INTEGER NOT NULL,
    editor  INTEGER REFERENCES people (id), -- null: not known
    digest  TEXT,
    length  INTEGER,
    PRIMARY KEY (article, at)
) STRICT, WITHOUT ROWID;

CREATE TABLE article_votes (
    article INTEGER NOT NULL REFERENCES articles (id),
    seen_at INTEGER NOT NULL,
    up      INTEGER NOT NULL,
    down    INTEGER NOT NULL,
    PRIMARY KEY (article, seen_at)
) STRICT, WITHOUT ROWID;

CREATE TABLE article_links (
    ticket  INTEGER NOT NULL REFERENCES tickets (id),
    event   TEXT NOT NULL,
    article TEXT NOT NULL, -- native id; the article itself may be unknown
    at      INTEGER NOT NULL,
    person  INTEGER REFERENCES people (id),
    PRIMARY KEY (ticket, event, article)
) STRICT, WITHOUT ROWID;

CREATE TABLE schedules (
    source     INTEGER NOT NULL REFERENCES sources (id),
    native     TEXT NOT NULL,
    first_seen INTEGER NOT NULL, -- in force from here on; the first one also before
    name       TEXT NOT NULL,
    zone       TEXT NOT NULL,
    weekly     TEXT NOT NULL, -- JSON: [[from, to], ...] minutes since Sunday 00:00
    gone_at    INTEGER, -- when the helpdesk no longer had it; null: it is there
    PRIMARY KEY (source, native, first_seen)
) STRICT, WITHOUT ROWID;

CREATE TABLE holidays (
    source   INTEGER NOT NULL REFERENCES sources (id),
    schedule TEXT NOT NULL,
    native   TEXT NOT NULL,
    name     TEXT NOT NULL,
    first    TEXT NOT NULL, -- ISO date, inclusive
    last     TEXT NOT NULL, -- ISO date, inclusive
    gone_at  INTEGER, -- when the helpdesk no longer had it; null: it is there
    PRIMARY KEY (source, schedule, native)
) STRICT, WITHOUT ROWID;

CREATE TABLE sla_policies (
    source   INTEGER NOT NULL REFERENCES sources (id),
    native   TEXT NOT NULL,
    title    TEXT NOT NULL,
    position INTEGER NOT NULL,
    body     TEXT NOT NULL, -- the vendor's JSON
    PRIMARY KEY (source, native)
) STRICT, WITHOUT ROWID;

CREATE TABLE engagements (
    source      INTEGER NOT NULL REFERENCES sources (id),
    native      TEXT NOT NULL,
    ticket      INTEGER NOT NULL REFERENCES tickets (id),
    kind        TEXT NOT NULL, -- call, chat
    started_at  INTEGER NOT NULL,
    agent       INTEGER REFERENCES people (id),
    answered_at INTEGER, -- null: no human answered
    ended_at    INTEGER,
    PRIMARY KEY (source, native)
) STRICT, WITHOUT ROWID;

CREATE TABLE ticket_links (
    ticket INTEGER NOT NULL REFERENCES tickets (id),
    other  TEXT NOT NULL, -- native id
    kind   TEXT NOT NULL,
    PRIMARY KEY (ticket, other, kind)
) STRICT, WITHOUT ROWID;

CREATE TABLE native_metrics (
    ticket   INTEGER NOT NULL REFERENCES tickets (id),
    metric   TEXT NOT NULL,
    calendar INTEGER, -- ms; null: the helpdesk has none yet
    business INTEGER, -- ms; null as calendar
    count    INTEGER, -- null: a duration
    PRIMARY KEY (ticket, metric)
) STRICT, WITHOUT ROWID;

CREATE TABLE cursors (
    source         INTEGER NOT NULL REFERENCES sources (id),
    stream         TEXT NOT NULL,
    cursor         TEXT,    -- null: the stream keeps none
    complete_until INTEGER, -- null: not known to be whole up to any instant
    state          TEXT NOT NULL DEFAULT 'ok', -- ok, unavailable (plan or rights), failed
    reason         TEXT,    -- null: ok
    gives          TEXT NOT NULL DEFAULT '[]', -- JSON: the needs that fail with this stream
    ran_at         INTEGER, -- last time it ended well; null: never
    PRIMARY KEY (source, stream)
) STRICT, WITHOUT ROWID;

CREATE TABLE todo (
    source INTEGER NOT NULL REFERENCES sources (id),
    stream TEXT NOT NULL,
    key    TEXT NOT NULL,
    PRIMARY KEY (source, stream, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE set_aside (
    source INTEGER NOT NULL REFERENCES sources (id),
    stream TEXT NOT NULL,
    id     TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (source, stream, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE syncs (
    id       INTEGER PRIMARY KEY,
    source   INTEGER NOT NULL REFERENCES sources (id),
    stream   TEXT NOT NULL,
    started  INTEGER NOT NULL,
    ended    INTEGER NOT NULL,
    outcome  TEXT NOT NULL, -- ok, skipped, failed
    reason   TEXT,          -- null: ok
    requests INTEGER NOT NULL,
    records  INTEGER NOT NULL
) STRICT;

CREATE TABLE stale (
    ticket INTEGER PRIMARY KEY REFERENCES tickets (id)
) STRICT;

CREATE TABLE folds (
    id       INTEGER PRIMARY KEY, -- the key in folded.body
    kpi      TEXT NOT NULL,
    variant  TEXT NOT NULL,
    revision INTEGER NOT NULL,
    UNIQUE (kpi, variant)
) STRICT;

CREATE TABLE folded (
    id    INTEGER PRIMARY KEY,
    kind  TEXT NOT NULL, -- ticket
    story INTEGER NOT NULL,
    base  INTEGER NOT NULL, -- the times in body count from here
    last  INTEGER, -- latest time in body; null: something still runs
    body  TEXT NOT NULL, -- JSON: fold id -> observations
    UNIQUE (kind, story)
) STRICT;
CREATE INDEX folded_last ON folded (kind, last);

CREATE TABLE lease (
    name    TEXT PRIMARY KEY, -- 'writer'
    owner   TEXT NOT NULL,
    expires INTEGER NOT NULL
) STRICT;

CREATE TABLE access_log (
    id    INTEGER PRIMARY KEY,
    at    INTEGER NOT NULL,
    who   TEXT NOT NULL, -- the account on this machine
    what  TEXT NOT NULL
) STRICT;

-- Whatever changes a ticket's story marks it, in the transaction that changes it. (An `OR IGNORE` inside a trigger is
-- overridden by the conflict clause of the statement that fires it: https://www.sqlite.org/lang_createtrigger.html)
CREATE TRIGGER tickets_new AFTER INSERT ON tickets WHEN NOT EXISTS (SELECT 1 FROM stale WHERE ticket = new.id)
BEGIN INSERT INTO stale VALUES (new.id); END;
CREATE TRIGGER tickets_old AFTER UPDATE ON tickets WHEN NOT EXISTS (SELECT 1 FROM stale WHERE ticket = new.id)
BEGIN INSERT INTO stale VALUES (new.id); END;
CREATE TRIGGER events_new AFTER INSERT ON events WHEN NOT EXISTS (SELECT 1 FROM stale WHERE ticket = new.ticket)
BEGIN INSERT INTO stale VALUES (new.ticket); END;
CREATE TRIGGER events_old AFTER UPDATE ON events WHEN NOT EXISTS (SELECT 1 FROM stale WHERE ticket = new.ticket)
BEGIN INSERT INTO stale VALUES (new.ticket); END;
CREATE TRIGGER events_gone AFTER DELETE ON events WHEN NOT EXISTS (SELECT 1 FROM stale WHERE ticket = old.ticket)
BEGIN INSERT INTO stale VALUES (old.ticket); END;
CREATE TRIGGER ratings_new AFTER INSERT ON ratings WHEN NOT EXISTS (SELECT 1 FROM stale WHERE ticket = new.ticket)
BEGIN INSERT INTO stale VALUES (new.ticket); END;
CREATE TRIGGER ratings_old AFTER UPDATE ON ratings WHEN NOT EXISTS (SELECT 1 FROM stale WHERE ticket = new.ticket)
BEGIN INSERT INTO stale VALUES (new.ticket); END;

CREATE VIEW v_tickets AS
SELECT s.name AS source, t.native AS ticket, t.number, t.url, t.subject, t.status, t.priority, t.channel, g.name AS team,
       a.name AS assignee,
       strftime('%Y-%m-%dT%H:%M:%SZ', t.created_at / 1000, 'unixepoch') AS created,
       strftime('%Y-%m-%dT%H:%M:%SZ', t.updated_at / 1000, 'unixepoch') AS updated,
       strftime('%Y-%m-%dT%H:%M:%SZ', t.deleted_at / 1000, 'unixepoch') AS deleted
FROM tickets t
JOIN sources s ON s.id = t.source
LEFT JOIN teams g ON g.id = t.team
LEFT JOIN people a ON a.id = t.assignee
WHERE t.created_at IS NOT NULL;

CREATE VIEW v_events AS
SELECT s.name AS source, t.native AS ticket, e.id, strftime('%Y-%m-%dT%H:%M:%SZ', e.at / 1000, 'unixepoch') AS at,
       e.kind, p.name AS actor, p.kind AS actor_kind, e.via, e.rule, e.field, e.before, e.after, e.public, e.length
FROM events e
JOIN tickets t ON t.id = e.ticket
JOIN sources s ON s.id = t.source
LEFT JOIN people p ON p.id = e.actor;

CREATE VIEW v_observations AS
SELECT k.kpi, k.variant, s.name AS source, t.native AS ticket,
       strftime('%Y-%m-%dT%H:%M:%SZ', (f.base + (json_extract(o.value, '$[0]'))) / 1000, 'unixepoch') AS at,
       strftime('%Y-%m-%dT%H:%M:%SZ', (f.base + (json_extract(o.value, '$[1]'))) / 1000, 'unixepoch') AS start,
       strftime('%Y-%m-%dT%H:%M:%SZ', (f.base + (json_extract(o.value, '$[2]'))) / 1000, 'unixepoch') AS "end",
       (SELECT name FROM people WHERE id = json_extract(o.value, '$[3]')) AS agent,
       (SELECT name FROM teams WHERE id = json_extract(o.value, '$[4]')) AS team,
       json_extract(o.value, '$[5]') AS severity, json_extract(o.value, '$[6]') AS stop, json_extract(o.value, '$[7]') AS facet, json_extract(o.value, '$[8]') AS value,
       coalesce(json_extract(o.value, '$[9]'), 1.0) AS share,
       strftime('%Y-%m-%dT%H:%M:%SZ', (f.base + (json_extract(o.value, '$[10]'))) / 1000, 'unixepoch') AS since,
       strftime('%Y-%m-%dT%H:%M:%SZ', (f.base + (json_extract(o.value, '$[11]'))) / 1000, 'unixepoch') AS until
FROM folded f
JOIN tickets t ON t.id = f.story AND f.kind = 'ticket'
JOIN sources s ON s.id = t.source
JOIN json_each(f.body) b
JOIN folds k ON k.id = b.key
JOIN json_each(b.value) o;
