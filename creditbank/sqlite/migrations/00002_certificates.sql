-- Certificates, the transparency log they stand in, and where the follower of
-- the feed stands that issues them.
--
-- What a certificate says is sealed under the learner's key. The log holds
-- hashes only. Nothing is deleted or edited but the follower's one row and the
-- tiles at the log's right edge, which grow.

-- +goose Up

-- Where the follower and the log stand: one row, from the first write on. Every
-- write is conditional on cursor and size.
CREATE TABLE follower (
    one           INTEGER PRIMARY KEY CHECK (one = 1),
    cursor        INTEGER NOT NULL CHECK (cursor >= 0), -- of the feed
    size          INTEGER NOT NULL CHECK (size >= 0),   -- of the log
    root          BLOB    NOT NULL CHECK (length(root) = 32),
    log_key       TEXT    NOT NULL, -- the verifier key that the log is pinned to
    status_list   INTEGER NOT NULL CHECK (status_list >= 0),
    status_seed   BLOB    NOT NULL,
    status_used   INTEGER NOT NULL CHECK (status_used >= 0)
) STRICT;

CREATE TABLE certificate (
    learner_id   TEXT    NOT NULL,
    seq          INTEGER NOT NULL CHECK (seq >= 1), -- the row of the history that it certifies
    id           TEXT    NOT NULL,
    kind         TEXT    NOT NULL,
    institution  TEXT    NOT NULL,
    key_id       TEXT    NOT NULL,
    log_index    INTEGER NOT NULL CHECK (log_index >= 0),
    leaf         BLOB    NOT NULL CHECK (length(leaf) = 32),
    status_list  INTEGER NOT NULL CHECK (status_list >= 1),
    status_index INTEGER NOT NULL CHECK (status_index >= 0),
    at           INTEGER NOT NULL, -- date of the signature
    sealed       BLOB    NOT NULL, -- the unsigned credential
    digest       BLOB    NOT NULL CHECK (length(digest) = 32), -- of everything above
    CONSTRAINT certificate_pkey PRIMARY KEY (learner_id, seq)
) STRICT;

CREATE TABLE certificate_revocation (
    learner_id TEXT    NOT NULL,
    seq        INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    log_index  INTEGER NOT NULL CHECK (log_index >= 1),
    CONSTRAINT certificate_revocation_pkey PRIMARY KEY (learner_id, seq)
) STRICT, WITHOUT ROWID;

-- From a certificate's id to whose it is.
CREATE TABLE certificate_lookup (
    id         TEXT PRIMARY KEY NOT NULL,
    learner_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Learners whose certificates could not be made.
CREATE TABLE certificate_parked (
    learner_id TEXT PRIMARY KEY NOT NULL,
    at         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The issuers' keys as they were first published or signed with. A keyring that
-- has another one under the same id is refused.
CREATE TABLE issuer_key (
    key_id TEXT PRIMARY KEY NOT NULL,
    public BLOB NOT NULL CHECK (length(public) = 32)
) STRICT, WITHOUT ROWID;

-- The bits that are set in the status lists.
CREATE TABLE status_bit (
    list INTEGER NOT NULL,
    idx  INTEGER NOT NULL,
    PRIMARY KEY (list, idx)
) STRICT, WITHOUT ROWID;

-- Tiles of the log, and bundles of its entries as level -1.
CREATE TABLE log_tile (
    level INTEGER NOT NULL CHECK (level >= -1),
    n     INTEGER NOT NULL CHECK (n >= 0),
    width INTEGER NOT NULL CHECK (width BETWEEN 1 AND 256),
    data  BLOB    NOT NULL,
    PRIMARY KEY (level, n)
) STRICT;

CREATE TABLE log_checkpoint (
    size INTEGER PRIMARY KEY CHECK (size >= 1),
    note BLOB    NOT NULL,
    at   INTEGER NOT NULL
) STRICT;

CREATE TABLE anchor_receipt (
    kind    TEXT    NOT NULL,
    who     TEXT    NOT NULL,
    size    INTEGER NOT NULL,
    receipt BLOB    NOT NULL, -- JSON
    PRIMARY KEY (kind, who, size)
) STRICT, WITHOUT ROWID;

-- +goose StatementBegin
CREATE TRIGGER certificate_no_update BEFORE UPDATE ON certificate BEGIN SELECT RAISE(ABORT, 'certificates are never edited'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER certificate_no_delete BEFORE DELETE ON certificate BEGIN SELECT RAISE(ABORT, 'certificates are never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER certificate_revocation_no_update BEFORE UPDATE ON certificate_revocation BEGIN SELECT RAISE(ABORT, 'revocations are never edited'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER certificate_revocation_no_delete BEFORE DELETE ON certificate_revocation BEGIN SELECT RAISE(ABORT, 'revocations are never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER status_bit_no_update BEFORE UPDATE ON status_bit BEGIN SELECT RAISE(ABORT, 'status bits are never moved'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER status_bit_no_delete BEFORE DELETE ON status_bit BEGIN SELECT RAISE(ABORT, 'status bits are never cleared'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER issuer_key_no_update BEFORE UPDATE ON issuer_key BEGIN SELECT RAISE(ABORT, 'pinned keys are never edited'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER issuer_key_no_delete BEFORE DELETE ON issuer_key BEGIN SELECT RAISE(ABORT, 'pinned keys are never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER log_checkpoint_no_update BEFORE UPDATE ON log_checkpoint BEGIN SELECT RAISE(ABORT, 'checkpoints are never edited'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER log_checkpoint_no_delete BEFORE DELETE ON log_checkpoint BEGIN SELECT RAISE(ABORT, 'checkpoints are never deleted'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER log_tile_no_shrink BEFORE UPDATE ON log_tile WHEN NEW.width < OLD.width OR substr(NEW.data, 1, length(OLD.data)) <> OLD.data
BEGIN SELECT RAISE(ABORT, 'tiles only grow'); END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER log_tile_no_delete BEFORE DELETE ON log_tile BEGIN SELECT RAISE(ABORT, 'tiles are never deleted'); END;
-- +goose StatementEnd
