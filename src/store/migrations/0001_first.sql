-- All times are seconds since 1970 in UTC, all dates "2026-02-17".

-- Small facts that need no table of their own.
CREATE TABLE facts (
    name TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Each paper once, as it was last seen; what an edition said of it is there.
CREATE TABLE papers (
    id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,          -- 0: not known
    source_title TEXT NOT NULL,
    source_abstract TEXT NOT NULL,
    authors TEXT NOT NULL,             -- JSON: ["…"]
    categories TEXT NOT NULL,          -- JSON, primary first
    announce_type TEXT NOT NULL CHECK (announce_type IN ('new', 'cross', 'replace', 'replace-cross')),
    date TEXT,                         -- as the source said when it was first seen
    first_seen_utc INTEGER NOT NULL
) STRICT;

CREATE TABLE editions (
    date TEXT NOT NULL PRIMARY KEY,
    estimated INTEGER NOT NULL,        -- made from OAI-PMH, which gives no announcement date
    first_fetched_utc INTEGER NOT NULL,
    fetched_utc INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('complete', 'late', 'stale', 'empty', 'failed')),
    note TEXT
) STRICT;

CREATE TABLE edition_categories (
    edition TEXT NOT NULL REFERENCES editions (date) ON DELETE CASCADE,
    category TEXT NOT NULL,
    received INTEGER NOT NULL,
    known INTEGER,                     -- NULL: nobody told
    state TEXT NOT NULL CHECK (state IN ('complete', 'late', 'stale', 'empty', 'failed')),
    PRIMARY KEY (edition, category)
) STRICT, WITHOUT ROWID;

-- Feed order; a paper that came late stands last and keeps the time it came.
CREATE TABLE edition_papers (
    edition TEXT NOT NULL REFERENCES editions (date) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    paper TEXT NOT NULL REFERENCES papers (id) ON DELETE CASCADE,
    announce_type TEXT NOT NULL CHECK (announce_type IN ('new', 'cross', 'replace', 'replace-cross')),
    version INTEGER NOT NULL,
    received_utc INTEGER NOT NULL,
    PRIMARY KEY (edition, position)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX edition_papers_paper ON edition_papers (paper, edition);

CREATE TABLE subscribers (
    address TEXT NOT NULL PRIMARY KEY,
    first_seen_utc INTEGER NOT NULL,
    first_edition TEXT                 -- the latest edition at that time
) STRICT, WITHOUT ROWID;

CREATE TABLE suppressions (
    address TEXT NOT NULL,
    reason TEXT NOT NULL CHECK (reason IN ('unsubscribed', 'bounced', 'owner', 'complained')),
    since_utc INTEGER NOT NULL,
    evidence TEXT,
    PRIMARY KEY (address, reason)
) STRICT, WITHOUT ROWID;

CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('digest', 'confirmation', 'answer', 'notice')),
    subscriber TEXT NOT NULL,
    slot TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'claimed', 'sending', 'sent', 'deferred',
                                         'failed', 'expired', 'uncertain', 'skipped')),
    created_utc INTEGER NOT NULL,
    not_before_utc INTEGER NOT NULL,
    expires_utc INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    worker TEXT,                       -- who holds it while claimed or sending
    lease_until_utc INTEGER,
    changed_utc INTEGER,               -- when the last attempt ended
    stage TEXT,                        -- the last reply: where in the session,
    enhanced TEXT,                     -- its enhanced status code
    reply TEXT,                        -- and its text
    editions TEXT,                     -- a digest's: dates with blanks between
    shown BLOB,                        -- a digest's papers (src/store/shown.h)
    UNIQUE (subscriber, kind, slot)
) STRICT;

-- Only rows that are still of interest are in these, so that what has been
-- sent costs the next claim nothing.
CREATE INDEX deliveries_due ON deliveries (not_before_utc, id)
    WHERE state IN ('queued', 'deferred');
CREATE INDEX deliveries_expiring ON deliveries (expires_utc)
    WHERE state IN ('queued', 'deferred');
CREATE INDEX deliveries_leased ON deliveries (worker, lease_until_utc)
    WHERE state IN ('claimed', 'sending');
CREATE INDEX deliveries_uncertain ON deliveries (not_before_utc)
    WHERE state = 'uncertain';
CREATE INDEX deliveries_problems ON deliveries (changed_utc)
    WHERE state IN ('failed', 'deferred', 'uncertain');

-- Messages made in advance: answers and confirmations. In a table of their own
-- because a change of state rewrites its row.
CREATE TABLE delivery_messages (
    delivery INTEGER NOT NULL PRIMARY KEY REFERENCES deliveries (id) ON DELETE CASCADE,
    envelope_sender TEXT NOT NULL,
    bytes BLOB NOT NULL
) STRICT;
