-- What waits for a reviewer is found by an index, and what was told about
-- learners has a table of its own: it is no part of their accounts.

-- +goose Up

-- Applications, in the order in which they are listed, and the decisions that
-- answer one. Both are few. The row that a decision is about stands in its
-- body, as text for want of a column.
CREATE INDEX act_applied ON act (learner_id, seq) WHERE kind = 'applied';
CREATE INDEX act_reviewed ON act (learner_id, (body ->> 'of')) WHERE kind = 'decided' AND body ->> 'of' IS NOT NULL;

CREATE TABLE disclosure (
    learner_id uuid        NOT NULL,
    id         uuid        NOT NULL, -- of version 7: later ones are greater
    at         timestamptz NOT NULL,
    consent    bigint      NOT NULL, -- the account version that gave it; 0 is none
    caller     text        NOT NULL COLLATE "C",
    recipient  text        NOT NULL COLLATE "C", -- '' where an authority was told
    authority  text        NOT NULL COLLATE "C",
    purpose    text        NOT NULL COLLATE "C",
    fields     text        NOT NULL, -- codes, with commas between
    basis      text        NOT NULL COLLATE "C",
    request    text        NOT NULL,
    digest     bytea       NOT NULL, -- SHA-256 of all the above
    CONSTRAINT disclosure_pkey PRIMARY KEY (learner_id, id),
    CONSTRAINT disclosure_consent_check CHECK (consent >= 0),
    CONSTRAINT disclosure_caller_check CHECK (caller <> ''),
    CONSTRAINT disclosure_digest_check CHECK (octet_length(digest) = 32)
) PARTITION BY HASH (learner_id);

-- +goose StatementBegin
DO $$
BEGIN
    FOR n IN 0..15 LOOP
        EXECUTE format('CREATE TABLE %I PARTITION OF disclosure FOR VALUES WITH (MODULUS 16, REMAINDER %s)',
            'disclosure_p' || lpad(n::text, 2, '0'), n);
        EXECUTE format('CREATE TRIGGER disclosure_kept BEFORE TRUNCATE ON %I EXECUTE FUNCTION forbid_change()',
            'disclosure_p' || lpad(n::text, 2, '0'));
    END LOOP;
END
$$;
-- +goose StatementEnd

-- Nothing is deleted or edited (DESIGN 4.6).
CREATE TRIGGER disclosure_unchanged BEFORE UPDATE OR DELETE ON disclosure FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER disclosure_kept BEFORE TRUNCATE ON disclosure EXECUTE FUNCTION forbid_change();
