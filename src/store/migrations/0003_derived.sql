-- What was worked out from other things and can be worked out again.
CREATE TABLE derived (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    bytes BLOB NOT NULL,
    made_utc INTEGER NOT NULL,
    PRIMARY KEY (kind, name)
) STRICT;
