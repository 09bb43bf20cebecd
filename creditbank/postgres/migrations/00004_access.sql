-- Who may act in the bank: records of package access.
--
-- No names and no secrets stand here in the clear: what is secret is hashed, and
-- who a person is, is sealed.

-- +goose Up

-- Every version of the records that are kept. A write holds a lock while it
-- numbers its rows, so that seq has no gap and follows the order of commits.
CREATE TABLE access_record (
    seq     bigint      NOT NULL,
    at      timestamptz NOT NULL,
    version integer     NOT NULL,
    kind    text        NOT NULL COLLATE "C",
    id      text        NOT NULL COLLATE "C",
    what    text        NOT NULL,
    caller  text        NOT NULL COLLATE "C",
    body    bytea       NOT NULL, -- JSON
    digest  bytea       NOT NULL, -- SHA-256 of all the others but seq
    CONSTRAINT access_record_pkey PRIMARY KEY (kind, id, version),
    CONSTRAINT access_record_seq_key UNIQUE (seq),
    CONSTRAINT access_record_count_check CHECK (seq >= 1 AND version >= 1),
    CONSTRAINT access_record_digest_check CHECK (octet_length(digest) = 32)
);

-- The newest version of the records that are replaced. Each use of a session may
-- replace its row: the free space keeps the new one on the same page.
CREATE TABLE access_current (
    at         timestamptz NOT NULL,
    expires_at timestamptz,          -- NULL for never
    version    integer     NOT NULL,
    kind       text        NOT NULL COLLATE "C",
    id         text        NOT NULL COLLATE "C",
    what       text        NOT NULL,
    caller     text        NOT NULL COLLATE "C",
    body       bytea       NOT NULL, -- JSON
    digest     bytea       NOT NULL, -- SHA-256 of all the others
    CONSTRAINT access_current_pkey PRIMARY KEY (kind, id),
    CONSTRAINT access_current_version_check CHECK (version >= 1),
    CONSTRAINT access_current_digest_check CHECK (octet_length(digest) = 32)
) WITH (fillfactor = 80);

CREATE INDEX access_current_expires_at_idx ON access_current (expires_at) WHERE expires_at IS NOT NULL;

-- What requests that carried a key came to.
CREATE TABLE access_answer (
    at           timestamptz NOT NULL,
    expires_at   timestamptz NOT NULL,
    version      integer     NOT NULL,
    caller       text        NOT NULL COLLATE "C",
    request_key  text        NOT NULL COLLATE "C",
    kind         text        NOT NULL COLLATE "C",
    id           text        NOT NULL COLLATE "C",
    request_hash bytea       NOT NULL,
    digest       bytea       NOT NULL, -- SHA-256 of all the others
    CONSTRAINT access_answer_pkey PRIMARY KEY (caller, request_key),
    CONSTRAINT access_answer_digest_check CHECK (octet_length(request_hash) = 32 AND octet_length(digest) = 32)
);

CREATE INDEX access_answer_expires_at_idx ON access_answer (expires_at);

-- What is kept is neither deleted nor edited (DESIGN 4.6).
CREATE TRIGGER access_record_unchanged BEFORE UPDATE OR DELETE ON access_record FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER access_record_kept BEFORE TRUNCATE ON access_record EXECUTE FUNCTION forbid_change();
