-- Whose turn it is to ask a service: one request at a time, starts apart.
-- Milliseconds since 1970, as these are fractions of seconds.
CREATE TABLE pace_turns (
    service TEXT NOT NULL PRIMARY KEY,
    holder TEXT,                       -- who is asking
    lease_until_ms INTEGER NOT NULL,   -- after which the holder counts as dead
    started_ms INTEGER NOT NULL        -- when the last request began
) STRICT, WITHOUT ROWID;

-- What is to be left alone, and why.
CREATE TABLE pace_backoffs (
    service TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    not_before_ms INTEGER NOT NULL,
    failures INTEGER NOT NULL,         -- in a row
    changed_ms INTEGER NOT NULL,
    reason TEXT,
    PRIMARY KEY (service, endpoint)
) STRICT, WITHOUT ROWID;

-- What the last whole answer of a URL said of itself.
CREATE TABLE validators (
    url TEXT NOT NULL PRIMARY KEY,
    etag TEXT NOT NULL,                -- '' for none
    last_modified TEXT NOT NULL,
    kept_utc INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
