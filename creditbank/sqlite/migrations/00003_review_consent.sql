-- What waits for a reviewer is found by an index, and what was told about
-- learners has a table of its own: it is no part of their accounts.

-- +goose Up

CREATE INDEX act_applied ON act (learner_id, seq) WHERE kind = 'applied';

CREATE TABLE disclosure (
    learner_id TEXT    NOT NULL,
    id         TEXT    NOT NULL, -- a UUID of version 7: later ones are greater
    at         INTEGER NOT NULL,
    caller     TEXT    NOT NULL CHECK (caller <> ''),
    recipient  TEXT    NOT NULL, -- '' where an authority was told
    authority  TEXT    NOT NULL,
    purpose    TEXT    NOT NULL,
    fields     TEXT    NOT NULL, -- codes with commas between them
    basis      TEXT    NOT NULL,
    consent    INTEGER NOT NULL CHECK (consent >= 0), -- the account version that gave it; 0 is none
    request    TEXT    NOT NULL,
    digest     BLOB    NOT NULL CHECK (length(digest) = 32), -- of everything above
    PRIMARY KEY (learner_id, id)
) STRICT, WITHOUT ROWID;

-- Nothing is deleted or edited.

-- +goose StatementBegin
CREATE TRIGGER disclosure_no_update BEFORE UPDATE ON disclosure BEGIN SELECT RAISE(ABORT, 'disclosures are never edited'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER disclosure_no_delete BEFORE DELETE ON disclosure BEGIN SELECT RAISE(ABORT, 'disclosures are never deleted'); END;
-- +goose StatementEnd
