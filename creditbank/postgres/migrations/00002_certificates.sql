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
    cursor      bigint  NOT NULL, -- of the feed
    size        bigint  NOT NULL, -- of the log
    status_list integer NOT NULL,
    status_used integer NOT NULL,
    one         boolean NOT NULL,
    root        bytea   NOT NULL,
    log_key     text    NOT NULL COLLATE "C", -- the verifier key that the log is pinned to
    status_seed bytea   NOT NULL,
    CONSTRAINT follower_pkey PRIMARY KEY (one),
    CONSTRAINT follower_one_check CHECK (one),
    CONSTRAINT follower_count_check CHECK (cursor >= 0 AND size >= 0 AND status_list >= 0 AND status_used >= 0),
    CONSTRAINT follower_root_check CHECK (octet_length(root) = 32)
);

CREATE TABLE certificate (
    learner_id   uuid        NOT NULL,
    seq          bigint      NOT NULL, -- the row of the history that it certifies
    log_index    bigint      NOT NULL,
    at           timestamptz NOT NULL, -- date of the signature
    status_list  integer     NOT NULL,
    status_index integer     NOT NULL,
    id           text        NOT NULL COLLATE "C",
    kind         text        NOT NULL COLLATE "C",
    institution  text        NOT NULL COLLATE "C",
    key_id       text        NOT NULL COLLATE "C",
    leaf         bytea       NOT NULL,
    digest       bytea       NOT NULL, -- SHA-256 of all the others
    sealed       bytea       NOT NULL, -- the unsigned credential
    CONSTRAINT certificate_pkey PRIMARY KEY (learner_id, seq),
    CONSTRAINT certificate_count_check CHECK (seq >= 1 AND log_index >= 0 AND status_list >= 1 AND status_index >= 0),
    CONSTRAINT certificate_digest_check CHECK (octet_length(leaf) = 32 AND octet_length(digest) = 32)
) PARTITION BY HASH (learner_id);

CREATE TABLE certificate_revocation (
    learner_id uuid        NOT NULL,
    seq        bigint      NOT NULL,
    log_index  bigint      NOT NULL,
    at         timestamptz NOT NULL,
    CONSTRAINT certificate_revocation_pkey PRIMARY KEY (learner_id, seq),
    CONSTRAINT certificate_revocation_index_check CHECK (log_index >= 1)
) PARTITION BY HASH (learner_id);

-- +goose StatementBegin
DO $$
DECLARE
    parent text;
BEGIN
    FOREACH parent IN ARRAY ARRAY['certificate', 'certificate_revocation'] LOOP
        FOR n IN 0..15 LOOP
            EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES WITH (MODULUS 16, REMAINDER %s)',
                parent || '_p' || lpad(n::text, 2, '0'), parent, n);
        END LOOP;
    END LOOP;
END
$$;
-- +goose StatementEnd

-- From a certificate's id to whose it is.
CREATE TABLE certificate_lookup (
    learner_id uuid NOT NULL,
    id         text NOT NULL COLLATE "C",
    CONSTRAINT certificate_lookup_pkey PRIMARY KEY (id)
);

-- Learners whose certificates could not be made.
CREATE TABLE certificate_parked (
    learner_id uuid        NOT NULL,
    at         timestamptz NOT NULL,
    CONSTRAINT certificate_parked_pkey PRIMARY KEY (learner_id)
);

-- The issuers' keys as they were first published or signed with. A keyring that
-- has another one under the same id is refused.
CREATE TABLE issuer_key (
    key_id text  NOT NULL COLLATE "C",
    public bytea NOT NULL,
    CONSTRAINT issuer_key_pkey PRIMARY KEY (key_id),
    CONSTRAINT issuer_key_public_check CHECK (octet_length(public) = 32)
);

-- The bits that are set in the status lists.
CREATE TABLE status_bit (
    list integer NOT NULL,
    idx  integer NOT NULL,
    CONSTRAINT status_bit_pkey PRIMARY KEY (list, idx)
);

-- Tiles of the log, and bundles of its entries as level -1. Partial ones are
-- rewritten with each commit; hashes do not compress.
CREATE TABLE log_tile (
    n     bigint  NOT NULL,
    level integer NOT NULL,
    width integer NOT NULL,
    data  bytea   NOT NULL,
    CONSTRAINT log_tile_pkey PRIMARY KEY (level, n),
    CONSTRAINT log_tile_check CHECK (level >= -1 AND n >= 0 AND width BETWEEN 1 AND 256)
);

ALTER TABLE log_tile ALTER COLUMN data SET STORAGE EXTERNAL;

CREATE TABLE log_checkpoint (
    size bigint      NOT NULL,
    at   timestamptz NOT NULL,
    note bytea       NOT NULL,
    CONSTRAINT log_checkpoint_pkey PRIMARY KEY (size),
    CONSTRAINT log_checkpoint_size_check CHECK (size >= 1)
);

CREATE TABLE anchor_receipt (
    size    bigint NOT NULL,
    kind    text   NOT NULL COLLATE "C",
    who     text   NOT NULL COLLATE "C",
    receipt bytea  NOT NULL, -- JSON
    CONSTRAINT anchor_receipt_pkey PRIMARY KEY (kind, who, size)
);

-- Nothing is deleted or edited (DESIGN 4.6).
CREATE TRIGGER certificate_unchanged BEFORE UPDATE OR DELETE ON certificate FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER certificate_revocation_unchanged BEFORE UPDATE OR DELETE ON certificate_revocation FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER status_bit_unchanged BEFORE UPDATE OR DELETE ON status_bit FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER issuer_key_unchanged BEFORE UPDATE OR DELETE ON issuer_key FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER log_checkpoint_unchanged BEFORE UPDATE OR DELETE ON log_checkpoint FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER log_tile_undeleted BEFORE DELETE ON log_tile FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER certificate_kept BEFORE TRUNCATE ON certificate EXECUTE FUNCTION forbid_change();
CREATE TRIGGER certificate_revocation_kept BEFORE TRUNCATE ON certificate_revocation EXECUTE FUNCTION forbid_change();
CREATE TRIGGER status_bit_kept BEFORE TRUNCATE ON status_bit EXECUTE FUNCTION forbid_change();
CREATE TRIGGER issuer_key_kept BEFORE TRUNCATE ON issuer_key EXECUTE FUNCTION forbid_change();
CREATE TRIGGER log_checkpoint_kept BEFORE TRUNCATE ON log_checkpoint EXECUTE FUNCTION forbid_change();
CREATE TRIGGER log_tile_kept BEFORE TRUNCATE ON log_tile EXECUTE FUNCTION forbid_change();

-- A tile only grows.
CREATE TRIGGER log_tile_unchanged BEFORE UPDATE ON log_tile FOR EACH ROW
    WHEN (NEW.width < OLD.width OR substring(NEW.data FROM 1 FOR octet_length(OLD.data)) <> OLD.data)
    EXECUTE FUNCTION forbid_change();
