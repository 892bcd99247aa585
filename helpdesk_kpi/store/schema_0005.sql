-- What version 0.5.0 adds.

-- Who syncs and who measures hold locks of the operating system (store/lock.py).
DROP TABLE lease;

CREATE TABLE measuring ( -- marks that the build in progress has taken out of `stale` and `stale_stories`
    -- A build takes the marks before it reads the stories: whatever changes from then on marks its story anew, and the
    -- build removes only the marks that it took. What a build that was killed leaves here, the next one takes again.
    kind  TEXT NOT NULL, -- ticket, customer, article, entry
    story INTEGER NOT NULL,
    PRIMARY KEY (kind, story)
) STRICT, WITHOUT ROWID;
