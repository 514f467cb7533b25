-- What the inbox has to remember.

-- Mails that were dealt with, so that none acts twice when it could not be moved
-- (src/store/mail_log.h).
CREATE TABLE handled_mails (
    mailbox TEXT NOT NULL,             -- its URL
    validity INTEGER NOT NULL,         -- UIDVALIDITY
    uid INTEGER NOT NULL,
    hash TEXT NOT NULL,                -- of its bytes
    folder TEXT NOT NULL,              -- where it belongs
    handled_utc INTEGER NOT NULL,
    PRIMARY KEY (mailbox, validity, uid)
) STRICT, WITHOUT ROWID;
CREATE INDEX handled_mails_hash ON handled_mails (hash);

-- A profile's file that a mail is about to change: files are in no transaction.
CREATE TABLE mail_intents (
    hash TEXT NOT NULL PRIMARY KEY,    -- of the mail
    address TEXT NOT NULL,
    before BLOB NOT NULL,              -- the document's hash; empty: there was none
    after BLOB NOT NULL,
    document TEXT NOT NULL,            -- the one before
    begun_utc INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What waits until somebody confirms it (src/store/pending.h).
CREATE TABLE pending (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('subscribe', 'change', 'address', 'forget')),
    address TEXT NOT NULL,
    other TEXT,                        -- of 'address': the new one
    commands TEXT NOT NULL,            -- lines as they were written
    vouched INTEGER NOT NULL,          -- our mail server vouched for who asked
    created_utc INTEGER NOT NULL,
    expires_utc INTEGER NOT NULL,
    confirmed_utc INTEGER,
    other_confirmed_utc INTEGER,
    done_utc INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX pending_address ON pending (address);
CREATE INDEX pending_other ON pending (other);

-- Profiles as they were, for undo (src/store/history.h).
CREATE TABLE profile_history (
    address TEXT NOT NULL,
    number INTEGER NOT NULL,
    document TEXT NOT NULL,            -- before the change
    after BLOB NOT NULL,               -- hash of the document behind it
    changed_utc INTEGER NOT NULL,
    PRIMARY KEY (address, number)
) STRICT, WITHOUT ROWID;

-- Mails of ours that came back, one a day and address (src/store/bounces.h).
CREATE TABLE bounces (
    address TEXT NOT NULL,
    sent_day INTEGER NOT NULL,         -- days since 1970
    kind TEXT NOT NULL CHECK (kind IN ('dead', 'soft', 'policy')),
    evidence TEXT NOT NULL,
    noted_utc INTEGER NOT NULL,
    PRIMARY KEY (address, sent_day)
) STRICT, WITHOUT ROWID;

-- Addresses that subscribers have moved from: links in old digests name them.
CREATE TABLE moved_addresses (
    address TEXT NOT NULL PRIMARY KEY,
    other TEXT NOT NULL,
    since_utc INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What the owner is told of once a day.
CREATE TABLE inbox_events (
    number INTEGER PRIMARY KEY,
    noted_utc INTEGER NOT NULL,
    text TEXT NOT NULL
) STRICT;
