-- A worker changes each delivery three times. With PostgreSQL a change writes to every index
-- of the row anew, unless no column that any of them names has changed, their conditions
-- included, and the row's page has room for it: so a begun delivery stays in the same
-- indexes as a claimed one, and pages have room.

-- The state, as far as the indexes care.
ALTER TABLE deliveries ADD COLUMN phase TEXT
    GENERATED ALWAYS AS (CASE WHEN state IN ('claimed', 'sending') THEN 'held' ELSE state END) VIRTUAL;
DROP INDEX deliveries_due;
DROP INDEX deliveries_expiring;
DROP INDEX deliveries_leased;
DROP INDEX deliveries_uncertain;
DROP INDEX deliveries_problems;
DROP INDEX deliveries_sent;
CREATE INDEX deliveries_due ON deliveries (not_before_utc, id)
    WHERE phase IN ('queued', 'deferred');
CREATE INDEX deliveries_expiring ON deliveries (expires_utc)
    WHERE phase IN ('queued', 'deferred');
CREATE INDEX deliveries_leased ON deliveries (worker, lease_until_utc)
    WHERE phase = 'held';
CREATE INDEX deliveries_uncertain ON deliveries (not_before_utc)
    WHERE phase = 'uncertain';
CREATE INDEX deliveries_problems ON deliveries (changed_utc)
    WHERE phase IN ('failed', 'deferred', 'uncertain');
CREATE INDEX deliveries_sent ON deliveries (changed_utc) WHERE phase = 'sent';
-- Last, so that what has been sent is not spread out. A new row has a third of the size of
-- one that was sent.
--postgres ALTER TABLE deliveries SET (fillfactor = 35);
