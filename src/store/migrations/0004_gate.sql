-- What may be sent, and what was learnt of those who did not take it.

-- Why the last attempt failed, in one word (src/delivery/reason.h).
ALTER TABLE deliveries ADD COLUMN reason TEXT;

-- One row per limit, which is changed before anything about it is read, so that
-- of two who take from it at once one waits (src/store/rates.h).
CREATE TABLE rate_scopes (
    scope TEXT NOT NULL PRIMARY KEY,   -- '' is everything, else "DOMAIN" or "RELAY DOMAIN"
    next_us INTEGER NOT NULL,          -- limit per second: when the next may begin; microseconds
    touched_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Limits per hour: what was taken in each minute.
CREATE TABLE rate_minutes (
    scope TEXT NOT NULL,
    minute INTEGER NOT NULL,           -- since 1970
    taken INTEGER NOT NULL,
    PRIMARY KEY (scope, minute)
) STRICT, WITHOUT ROWID;

-- Limits of what is under way at a time: who may have how many.
CREATE TABLE rate_slots (
    scope TEXT NOT NULL,
    holder TEXT NOT NULL,
    slots INTEGER NOT NULL,
    lease_until_ms INTEGER NOT NULL,
    PRIMARY KEY (scope, holder)
) STRICT, WITHOUT ROWID;

-- Domains that were sent too much for their taste (src/store/patience.h).
CREATE TABLE patience (
    relay TEXT NOT NULL,
    domain TEXT NOT NULL,              -- '' is the relay itself
    not_before_ms INTEGER NOT NULL,
    connections INTEGER NOT NULL,      -- that it may have then
    changed_ms INTEGER NOT NULL,       -- when that number was set
    times INTEGER NOT NULL,            -- that it asked, since it was left alone
    reply TEXT NOT NULL,
    PRIMARY KEY (relay, domain)
) STRICT, WITHOUT ROWID;

-- How a domain's recipients fare in a run, and whether it is held (src/store/holds.h).
CREATE TABLE domain_runs (
    domain TEXT NOT NULL PRIMARY KEY,
    first_utc INTEGER NOT NULL,
    last_utc INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    recipients INTEGER NOT NULL,       -- when they were counted last
    held_utc INTEGER,                  -- since when
    held_until_utc INTEGER,
    evidence TEXT
) STRICT, WITHOUT ROWID;

-- Addresses that were refused as dead, in a row.
CREATE TABLE dead_addresses (
    address TEXT NOT NULL PRIMARY KEY,
    domain TEXT NOT NULL,
    refusals INTEGER NOT NULL,
    last_utc INTEGER NOT NULL,
    suppressed_utc INTEGER             -- NULL: not yet
) STRICT, WITHOUT ROWID;
CREATE INDEX dead_addresses_domain ON dead_addresses (domain);

-- What was sent lately, for counting a domain's recipients in a run.
CREATE INDEX deliveries_sent ON deliveries (changed_utc) WHERE state = 'sent';
