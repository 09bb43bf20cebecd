-- Who may act in the bank: records of package access.
--
-- No names and no secrets stand here in the clear: what is secret is hashed, and
-- who a person is, is sealed.

-- +goose Up

-- Every version of the records that are kept.
CREATE TABLE access_record (
    seq     INTEGER PRIMARY KEY CHECK (seq >= 1), -- without gaps
    kind    TEXT    NOT NULL,
    id      TEXT    NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 1),
    what    TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    caller  TEXT    NOT NULL,
    body    BLOB    NOT NULL, -- JSON
    digest  BLOB    NOT NULL CHECK (length(digest) = 32), -- of everything above but seq
    CONSTRAINT access_record_key UNIQUE (kind, id, version)
) STRICT;

-- The newest version of the records that are replaced.
CREATE TABLE access_current (
    kind       TEXT    NOT NULL,
    id         TEXT    NOT NULL,
    version    INTEGER NOT NULL CHECK (version >= 1),
    what       TEXT    NOT NULL,
    at         INTEGER NOT NULL,
    expires_at INTEGER, -- NULL for never
    caller     TEXT    NOT NULL,
    body       BLOB    NOT NULL, -- JSON
    digest     BLOB    NOT NULL CHECK (length(digest) = 32), -- of everything above
    CONSTRAINT access_current_pkey PRIMARY KEY (kind, id)
) STRICT;

CREATE INDEX access_current_expires_at_idx ON access_current (expires_at) WHERE expires_at IS NOT NULL;

-- What requests that carried a key came to.
CREATE TABLE access_answer (
    caller       TEXT    NOT NULL,
    request_key  TEXT    NOT NULL,
    request_hash BLOB    NOT NULL CHECK (length(request_hash) = 32),
    at           INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    kind         TEXT    NOT NULL,
    id           TEXT    NOT NULL,
    version      INTEGER NOT NULL,
    digest       BLOB    NOT NULL CHECK (length(digest) = 32), -- of everything above
    CONSTRAINT access_answer_pkey PRIMARY KEY (caller, request_key)
) STRICT;

CREATE INDEX access_answer_expires_at_idx ON access_answer (expires_at);

-- +goose StatementBegin
CREATE TRIGGER access_record_no_update BEFORE UPDATE ON access_record BEGIN SELECT RAISE(ABORT, 'access records are never edited'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER access_record_no_delete BEFORE DELETE ON access_record BEGIN SELECT RAISE(ABORT, 'access records are never deleted'); END;
-- +goose StatementEnd
