-- Profiles, when `subscribers` is "store:": the documents that would else be files.
CREATE TABLE profiles (
    address TEXT NOT NULL PRIMARY KEY,
    document TEXT NOT NULL,            -- JSON as it was written
    version BLOB NOT NULL,             -- its hash: writing compares it
    changed_utc INTEGER NOT NULL
) STRICT;

-- What is kept of erased addresses, so that they are not mailed again unasked.
CREATE TABLE forgotten (
    hash TEXT NOT NULL PRIMARY KEY,    -- keyed (src/mail/token.h)
    since_utc INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- How often something was changed: what was worked out before the last change is old.
CREATE TABLE changes (
    name TEXT NOT NULL PRIMARY KEY,
    number INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Whom an edition's digests have gone to: never changed once a row is there.
CREATE INDEX deliveries_slots ON deliveries (slot, subscriber) WHERE kind = 'digest';
