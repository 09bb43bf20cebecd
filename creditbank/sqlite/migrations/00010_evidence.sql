-- Petitions for recognition: the evidence shown for them, sealed under the key of
-- its learner, and the list of open ones, which follows from the acts as the
-- worklist of applications does.

-- +goose Up

CREATE TABLE evidence (
    learner_id TEXT    NOT NULL,
    seq        INTEGER NOT NULL, -- the act that added it
    petition   INTEGER NOT NULL, -- the act that petitioned
    type       TEXT    NOT NULL CHECK (type IN ('image/jpeg', 'image/png', 'application/pdf')),
    bytes      INTEGER NOT NULL CHECK (bytes BETWEEN 1 AND 10485760), -- before it was sealed
    at         INTEGER NOT NULL,
    caller     TEXT    NOT NULL CHECK (caller <> ''),
    sha256     BLOB    NOT NULL CHECK (length(sha256) = 32), -- of sealed
    digest     BLOB    NOT NULL CHECK (length(digest) = 32), -- of everything above
    sealed     BLOB    NOT NULL,
    PRIMARY KEY (learner_id, seq)
) STRICT;

-- Nothing is deleted or edited: who erases a person destroys their key.

-- +goose StatementBegin
CREATE TRIGGER evidence_no_update BEFORE UPDATE ON evidence BEGIN SELECT RAISE(ABORT, 'evidence is never edited'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER evidence_no_delete BEFORE DELETE ON evidence BEGIN SELECT RAISE(ABORT, 'evidence is never deleted'); END;
-- +goose StatementEnd

CREATE TABLE petition (
    learner_id  TEXT    NOT NULL,
    seq         INTEGER NOT NULL, -- the act that petitioned
    institution TEXT    NOT NULL, -- that is to decide
    state       TEXT    NOT NULL,
    since       INTEGER NOT NULL, -- the day on which it was last sent to the institution
    PRIMARY KEY (learner_id, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX petition_institution ON petition (institution, since, learner_id, seq);
