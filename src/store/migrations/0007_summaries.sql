-- Summaries of papers that a model has written (src/store/summaries.h). Nothing in here is
-- of a person.

-- One row for each thing that was asked, while it is asked and for good.
CREATE TABLE summaries (
    paper TEXT NOT NULL,               -- also of papers that no edition lists
    version INTEGER NOT NULL,
    model TEXT NOT NULL,
    language TEXT NOT NULL,
    prompt TEXT NOT NULL,              -- its hash
    state TEXT NOT NULL CHECK (state IN ('asking', 'good', 'refused', 'failed')),
    edition TEXT,                      -- for which it was asked last; NULL: by hand
    holder TEXT,                       -- who is asking
    lease_until_utc INTEGER,
    attempts INTEGER NOT NULL,         -- times that somebody began
    changed_utc INTEGER NOT NULL,
    prompt_tokens INTEGER NOT NULL,    -- of all attempts
    completion_tokens INTEGER NOT NULL,
    why TEXT,                          -- refused, failed
    tldr TEXT,                         -- good
    markdown TEXT,
    PRIMARY KEY (paper, version, model, language, prompt)
) STRICT;
-- Which papers of an edition have one is told without reading what they say.
CREATE INDEX summaries_good ON summaries (model, language, prompt, state, paper, version);
CREATE INDEX summaries_changed ON summaries (changed_utc);

-- What they have cost, by edition and by the day of asking: also what was asked again.
CREATE TABLE summary_spending (
    edition TEXT NOT NULL,             -- '': by hand
    day INTEGER NOT NULL,              -- since 1970
    first_utc INTEGER NOT NULL,        -- when the first of that day was asked
    prompt_tokens INTEGER NOT NULL,
    completion_tokens INTEGER NOT NULL,
    PRIMARY KEY (edition, day)
) STRICT, WITHOUT ROWID;
