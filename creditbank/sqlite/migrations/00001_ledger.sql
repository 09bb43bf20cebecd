-- The ledger: learners, the histories of their accounts, reference documents,
-- and the feed of everything written.
--
-- Credits and hours are integers of hundredths, days are integers such as
-- 20260315 (0 for none), instants are microseconds since 1970 in UTC. There are
-- no foreign keys: the domain and "creditbank doctor" check what they would.

-- +goose Up

-- One row for each transaction that wrote anything. Writes are made one after
-- the other, so that the number can be given at once: it has no gap.
CREATE TABLE feed (
    seq INTEGER PRIMARY KEY,
    id  TEXT    NOT NULL UNIQUE,
    at  INTEGER NOT NULL
) STRICT;

CREATE TABLE learner (
    learner_id TEXT    PRIMARY KEY NOT NULL,
    account_no TEXT    NOT NULL,
    region     TEXT    NOT NULL,
    person_key BLOB    NOT NULL,
    sealed     BLOB    NOT NULL,
    opened_at  INTEGER NOT NULL,
    digest     BLOB    NOT NULL CHECK (length(digest) = 32) -- of everything above; made anew when a person is erased
) STRICT;

CREATE TABLE lookup (
    kind       TEXT NOT NULL,
    value      TEXT NOT NULL,
    learner_id TEXT NOT NULL,
    digest     BLOB NOT NULL CHECK (length(digest) = 32), -- of everything above
    PRIMARY KEY (kind, value)
) STRICT, WITHOUT ROWID;

-- What posting needs to know of an account. Every write to it is conditional on
-- the version, which counts the rows of its history.
CREATE TABLE account (
    learner_id TEXT    PRIMARY KEY NOT NULL,
    version    INTEGER NOT NULL CHECK (version >= 1),
    frozen     INTEGER NOT NULL CHECK (frozen IN (0, 1)),
    totals     TEXT    NOT NULL,
    digest     BLOB    NOT NULL CHECK (length(digest) = 32) -- of everything above
) STRICT, WITHOUT ROWID;

-- A posting on record with its recognition: posting, lot and recognition
-- transfer share one row.
CREATE TABLE outcome (
    learner_id     TEXT    NOT NULL,
    seq            INTEGER NOT NULL CHECK (seq >= 1),
    institution    TEXT    NOT NULL,
    external_id    TEXT    NOT NULL,
    revision       INTEGER NOT NULL CHECK (revision >= 1),
    course         TEXT    NOT NULL,
    course_version INTEGER NOT NULL,
    issued_on      INTEGER NOT NULL,
    score          TEXT    NOT NULL,
    attended       INTEGER NOT NULL CHECK (attended >= 0),
    category       TEXT    NOT NULL,
    level          INTEGER NOT NULL,
    scheduled      INTEGER NOT NULL CHECK (scheduled >= 0),
    family         TEXT    NOT NULL,
    rule           TEXT    NOT NULL,
    rule_set       INTEGER NOT NULL,
    granted        INTEGER NOT NULL CHECK (granted IN (0, 1)),
    credits        INTEGER NOT NULL CHECK (credits >= 0),
    lost           INTEGER NOT NULL CHECK (lost >= 0),
    expires_on     INTEGER NOT NULL,
    reasons        TEXT    NOT NULL, -- codes with commas between them
    posted_at      INTEGER NOT NULL,
    caller         TEXT    NOT NULL,
    request        TEXT    NOT NULL,
    digest         BLOB    NOT NULL CHECK (length(digest) = 32), -- of everything above
    feed_id        TEXT    NOT NULL,
    PRIMARY KEY (learner_id, seq),
    CONSTRAINT outcome_key UNIQUE (learner_id, institution, external_id, revision)
) STRICT, WITHOUT ROWID;

CREATE INDEX outcome_feed ON outcome (feed_id);

-- Everything in a history that is no posting.
CREATE TABLE act (
    learner_id   TEXT    NOT NULL,
    seq          INTEGER NOT NULL CHECK (seq >= 1),
    kind         TEXT    NOT NULL,
    at           INTEGER NOT NULL,
    day          INTEGER NOT NULL,
    caller       TEXT    NOT NULL,
    request_key  TEXT    NOT NULL, -- '' for a request that cannot be repeated
    request_part INTEGER NOT NULL,
    request_hash BLOB    NOT NULL CHECK (length(request_hash) = 32),
    body         BLOB    NOT NULL, -- canonical JSON
    digest       BLOB    NOT NULL CHECK (length(digest) = 32), -- of everything above
    feed_id      TEXT    NOT NULL,
    PRIMARY KEY (learner_id, seq)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX act_request ON act (learner_id, caller, request_key, request_part) WHERE request_key <> '';
CREATE INDEX act_feed ON act (feed_id);

-- What acts moved: the n-th transfer of version seq.
CREATE TABLE transfer (
    learner_id   TEXT    NOT NULL,
    seq          INTEGER NOT NULL,
    n            INTEGER NOT NULL,
    from_account TEXT    NOT NULL,
    to_account   TEXT    NOT NULL,
    category     TEXT    NOT NULL,
    credits      INTEGER NOT NULL CHECK (credits > 0),
    PRIMARY KEY (learner_id, seq, n),
    CHECK (from_account <> to_account)
) STRICT, WITHOUT ROWID;

-- All transfers: what recognition moved follows from the outcomes.
CREATE VIEW ledger (learner_id, seq, n, from_account, to_account, category, credits) AS
    SELECT learner_id, seq, 0, 'issuer:' || institution, 'lot:' || seq, category, credits
    FROM outcome
    WHERE granted AND credits > 0
    UNION ALL
    SELECT learner_id, seq, credits > 0, 'issuer:' || institution, 'cut', category, lost
    FROM outcome
    WHERE granted AND lost > 0
    UNION ALL
    SELECT learner_id, seq, n, from_account, to_account, category, credits
    FROM transfer;

-- Versions of reference data, numbered over all kinds without a gap.
CREATE TABLE document (
    version INTEGER PRIMARY KEY,
    kind    TEXT    NOT NULL,
    id      TEXT    NOT NULL,
    body    BLOB    NOT NULL,
    digest  BLOB    NOT NULL CHECK (length(digest) = 32),
    at      INTEGER NOT NULL,
    caller  TEXT    NOT NULL,
    feed_id TEXT    NOT NULL
) STRICT;

-- Nothing is deleted or edited.

-- +goose StatementBegin
CREATE TRIGGER feed_no_update BEFORE UPDATE ON feed BEGIN SELECT RAISE(ABORT, 'feed rows are never edited'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER feed_no_delete BEFORE DELETE ON feed BEGIN SELECT RAISE(ABORT, 'feed rows are never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER outcome_no_update BEFORE UPDATE ON outcome BEGIN SELECT RAISE(ABORT, 'outcomes are never edited'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER outcome_no_delete BEFORE DELETE ON outcome BEGIN SELECT RAISE(ABORT, 'outcomes are never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER act_no_update BEFORE UPDATE ON act BEGIN SELECT RAISE(ABORT, 'acts are never edited'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER act_no_delete BEFORE DELETE ON act BEGIN SELECT RAISE(ABORT, 'acts are never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER transfer_no_update BEFORE UPDATE ON transfer BEGIN SELECT RAISE(ABORT, 'transfers are never edited'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER transfer_no_delete BEFORE DELETE ON transfer BEGIN SELECT RAISE(ABORT, 'transfers are never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER document_no_update BEFORE UPDATE ON document BEGIN SELECT RAISE(ABORT, 'documents are never edited'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER document_no_delete BEFORE DELETE ON document BEGIN SELECT RAISE(ABORT, 'documents are never deleted'); END;
-- +goose StatementEnd
