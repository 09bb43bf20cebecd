-- Petitions for recognition: the evidence shown for them, sealed under the key of
-- its learner, and the list of open ones, which follows from the acts as the
-- worklist of applications does.

-- +goose Up

CREATE TABLE evidence (
    learner_id uuid        NOT NULL,
    seq        bigint      NOT NULL, -- the act that added it
    petition   bigint      NOT NULL, -- the act that petitioned
    at         timestamptz NOT NULL,
    bytes      integer     NOT NULL, -- before it was sealed
    type       text        NOT NULL COLLATE "C",
    caller     text        NOT NULL COLLATE "C",
    sha256     bytea       NOT NULL, -- of sealed
    digest     bytea       NOT NULL, -- SHA-256 of all the above
    sealed     bytea       NOT NULL,
    CONSTRAINT evidence_pkey PRIMARY KEY (learner_id, seq),
    CONSTRAINT evidence_type_check CHECK (type IN ('image/jpeg', 'image/png', 'application/pdf')),
    CONSTRAINT evidence_bytes_check CHECK (bytes BETWEEN 1 AND 10485760),
    CONSTRAINT evidence_caller_check CHECK (caller <> ''),
    CONSTRAINT evidence_digest_check CHECK (octet_length(sha256) = 32 AND octet_length(digest) = 32)
) PARTITION BY HASH (learner_id);

-- +goose StatementBegin
DO $$
BEGIN
    FOR n IN 0..15 LOOP
        EXECUTE format('CREATE TABLE %I PARTITION OF evidence FOR VALUES WITH (MODULUS 16, REMAINDER %s)',
            'evidence_p' || lpad(n::text, 2, '0'), n);
        -- What is sealed does not compress.
        EXECUTE format('ALTER TABLE %I ALTER COLUMN sealed SET STORAGE EXTERNAL', 'evidence_p' || lpad(n::text, 2, '0'));
        EXECUTE format('CREATE TRIGGER evidence_kept BEFORE TRUNCATE ON %I EXECUTE FUNCTION forbid_change()',
            'evidence_p' || lpad(n::text, 2, '0'));
    END LOOP;
END
$$;
-- +goose StatementEnd

-- Nothing is deleted or edited (DESIGN 4.6): who erases a person destroys their key.
CREATE TRIGGER evidence_unchanged BEFORE UPDATE OR DELETE ON evidence FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER evidence_kept BEFORE TRUNCATE ON evidence EXECUTE FUNCTION forbid_change();

-- Rows change and go; they are few, so the table is not partitioned.
CREATE TABLE petition (
    learner_id  uuid    NOT NULL,
    seq         bigint  NOT NULL, -- the act that petitioned
    since       integer NOT NULL, -- the day on which it was last sent to the institution
    institution text    NOT NULL COLLATE "C", -- that is to decide
    state       text    NOT NULL COLLATE "C",
    CONSTRAINT petition_pkey PRIMARY KEY (learner_id, seq)
) WITH (fillfactor = 80);

CREATE INDEX petition_institution ON petition (institution, since, learner_id, seq);
