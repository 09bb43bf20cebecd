-- How far learners have read their notices, and what institutions are told of the
-- accounts that concern them. Neither is part of an account.

-- +goose Up

CREATE TABLE read_mark (
    learner_id TEXT PRIMARY KEY NOT NULL,
    seq        INTEGER NOT NULL CHECK (seq >= 0) -- of the last row that was read
) STRICT, WITHOUT ROWID;

-- What an institution is told: written with the act, listed newest first.
CREATE TABLE concern (
    institution TEXT    NOT NULL CHECK (institution <> ''),
    at          INTEGER NOT NULL, -- of the act
    learner_id  TEXT    NOT NULL,
    seq         INTEGER NOT NULL CHECK (seq >= 1), -- the row of the history
    kind        TEXT    NOT NULL,
    day         INTEGER NOT NULL,
    of_seq      INTEGER NOT NULL, -- the row that it was done to
    since       INTEGER NOT NULL, -- what caused it; 0 is nothing
    programme   TEXT    NOT NULL,
    source      TEXT    NOT NULL, -- the institution that posted what it is about
    external_id TEXT    NOT NULL,
    digest      BLOB    NOT NULL CHECK (length(digest) = 32), -- of everything above
    PRIMARY KEY (institution, at, learner_id, seq)
) STRICT, WITHOUT ROWID;

-- Cases that wait for a decision are found by an index.
CREATE INDEX act_case ON act (learner_id, seq) WHERE kind = 'case_opened';

-- Nothing is deleted or edited.

-- +goose StatementBegin
CREATE TRIGGER concern_no_update BEFORE UPDATE ON concern BEGIN SELECT RAISE(ABORT, 'concerns are never edited'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER concern_no_delete BEFORE DELETE ON concern BEGIN SELECT RAISE(ABORT, 'concerns are never deleted'); END;
-- +goose StatementEnd
