-- How far learners have read their notices, and what institutions are told of the
-- accounts that concern them. Neither is part of an account.

-- +goose Up

-- One row a learner who reads. It is replaced now and then: the free space keeps
-- the new one on the same page.
CREATE TABLE read_mark (
    learner_id uuid   NOT NULL,
    seq        bigint NOT NULL, -- of the last row that was read
    CONSTRAINT read_mark_pkey PRIMARY KEY (learner_id),
    CONSTRAINT read_mark_seq_check CHECK (seq >= 0)
) PARTITION BY HASH (learner_id);

-- +goose StatementBegin
DO $$
BEGIN
    FOR n IN 0..15 LOOP
        EXECUTE format('CREATE TABLE %I PARTITION OF read_mark FOR VALUES WITH (MODULUS 16, REMAINDER %s) WITH (fillfactor = 80)',
            'read_mark_p' || lpad(n::text, 2, '0'), n);
    END LOOP;
END
$$;
-- +goose StatementEnd

-- What an institution is told: written with the act, listed newest first. It is
-- the institution's own list, so the institution leads its key. Reversals are
-- few beside postings.
CREATE TABLE concern (
    at          timestamptz NOT NULL, -- of the act
    seq         bigint      NOT NULL, -- the row of the history
    of_seq      bigint      NOT NULL, -- the row that it was done to
    since       bigint      NOT NULL, -- what caused it; 0 is nothing
    learner_id  uuid        NOT NULL,
    day         integer     NOT NULL,
    institution text        NOT NULL COLLATE "C",
    kind        text        NOT NULL COLLATE "C",
    programme   text        NOT NULL COLLATE "C",
    source      text        NOT NULL COLLATE "C", -- the institution that posted what it is about
    external_id text        NOT NULL COLLATE "C",
    digest      bytea       NOT NULL, -- SHA-256 of all the above
    CONSTRAINT concern_pkey PRIMARY KEY (institution, at, learner_id, seq),
    CONSTRAINT concern_institution_check CHECK (institution <> ''),
    CONSTRAINT concern_seq_check CHECK (seq >= 1),
    CONSTRAINT concern_digest_check CHECK (octet_length(digest) = 32)
);

-- Cases, in the order in which they are listed, and the decisions that answer
-- one. Both are few.
CREATE INDEX act_case ON act (learner_id, seq) WHERE kind = 'case_opened';
CREATE INDEX act_case_decided ON act (learner_id, (body ->> 'of')) WHERE kind = 'case_decided';

-- Nothing is deleted or edited (DESIGN 4.6).
CREATE TRIGGER concern_unchanged BEFORE UPDATE OR DELETE ON concern FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER concern_kept BEFORE TRUNCATE ON concern EXECUTE FUNCTION forbid_change();
