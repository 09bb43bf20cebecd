-- The ledger: accounts, what was posted and done to them, and the feed.
--
-- learner_id leads every primary key and unique index, and the big tables are
-- hash partitioned by it, so that the data can be spread over machines
-- (DESIGN 6). There are no foreign keys for the same reason; the domain and
-- `creditbank doctor` check what they would. Text that is compared is COLLATE
-- "C": its order is that of Go strings, and no upgrade of a locale breaks an
-- index. Fixed-width columns stand first, widest first, which saves padding.

-- +goose Up

CREATE TABLE feed (
    id  uuid        NOT NULL,
    at  timestamptz NOT NULL,
    seq bigint,     -- NULL until the sequencer has seen the row
    CONSTRAINT feed_pkey PRIMARY KEY (id),
    CONSTRAINT feed_seq_key UNIQUE (seq),
    CONSTRAINT feed_seq_check CHECK (seq >= 1)
);

CREATE INDEX feed_unnumbered ON feed (id) WHERE seq IS NULL;

CREATE TABLE account (
    learner_id uuid    NOT NULL,
    version    bigint  NOT NULL,
    frozen     boolean NOT NULL,
    totals     text    NOT NULL,
    digest     bytea   NOT NULL, -- SHA-256 of all the above
    CONSTRAINT account_pkey PRIMARY KEY (learner_id),
    CONSTRAINT account_version_check CHECK (version >= 1),
    CONSTRAINT account_digest_check CHECK (octet_length(digest) = 32)
) PARTITION BY HASH (learner_id);

-- A recognised posting is one row: outcome, lot and recognition transfer.
CREATE TABLE outcome (
    learner_id     uuid        NOT NULL,
    feed_id        uuid        NOT NULL,
    seq            bigint      NOT NULL, -- the account version the row made
    credits        bigint      NOT NULL, -- hundredths, as all amounts
    lost           bigint      NOT NULL,
    attended       bigint      NOT NULL,
    scheduled      bigint      NOT NULL,
    posted_at      timestamptz NOT NULL,
    revision       integer     NOT NULL,
    issued_on      integer     NOT NULL, -- 20260315, as all days; 0 is none
    expires_on     integer     NOT NULL,
    course_version integer     NOT NULL,
    rule_set       integer     NOT NULL,
    level          integer     NOT NULL,
    granted        boolean     NOT NULL,
    institution    text        NOT NULL COLLATE "C",
    external_id    text        NOT NULL COLLATE "C",
    course         text        NOT NULL COLLATE "C",
    score          text        NOT NULL,
    rule           text        NOT NULL COLLATE "C",
    reasons        text        NOT NULL, -- codes, with commas between
    category       text        NOT NULL COLLATE "C",
    family         text        NOT NULL,
    caller         text        NOT NULL COLLATE "C",
    request        text        NOT NULL,
    digest         bytea       NOT NULL, -- SHA-256 of all the above but feed_id
    CONSTRAINT outcome_pkey PRIMARY KEY (learner_id, seq),
    CONSTRAINT outcome_key UNIQUE (learner_id, institution, external_id, revision),
    CONSTRAINT outcome_seq_check CHECK (seq >= 1 AND revision >= 1),
    CONSTRAINT outcome_amount_check CHECK (credits >= 0 AND lost >= 0 AND attended >= 0 AND scheduled >= 0),
    CONSTRAINT outcome_granted_check CHECK (granted OR credits = 0),
    CONSTRAINT outcome_digest_check CHECK (octet_length(digest) = 32)
) PARTITION BY HASH (learner_id);

CREATE INDEX outcome_feed ON outcome (feed_id);

CREATE TABLE act (
    learner_id   uuid        NOT NULL,
    feed_id      uuid        NOT NULL,
    seq          bigint      NOT NULL, -- the account version the act made
    at           timestamptz NOT NULL,
    day          integer     NOT NULL,
    request_part integer     NOT NULL,
    kind         text        NOT NULL COLLATE "C",
    caller       text        NOT NULL COLLATE "C",
    request_key  text        NOT NULL COLLATE "C", -- '' cannot be repeated
    request_hash bytea       NOT NULL,
    body         json        NOT NULL, -- json, unlike jsonb, keeps the bytes
    digest       bytea       NOT NULL,
    CONSTRAINT act_pkey PRIMARY KEY (learner_id, seq),
    CONSTRAINT act_seq_check CHECK (seq >= 1 AND request_part >= 0),
    CONSTRAINT act_kind_check CHECK (kind <> '' AND caller <> ''),
    CONSTRAINT act_digest_check CHECK (octet_length(digest) = 32 AND octet_length(request_hash) = 32)
) PARTITION BY HASH (learner_id);

CREATE UNIQUE INDEX act_request ON act (learner_id, caller, request_key, request_part) WHERE request_key <> '';
CREATE INDEX act_feed ON act (feed_id);

-- What acts move. What postings move is derived: see the view ledger.
CREATE TABLE transfer (
    learner_id   uuid    NOT NULL,
    seq          bigint  NOT NULL, -- of the act
    credits      bigint  NOT NULL,
    n            integer NOT NULL,
    from_account text    NOT NULL COLLATE "C",
    to_account   text    NOT NULL COLLATE "C",
    category     text    NOT NULL COLLATE "C",
    CONSTRAINT transfer_pkey PRIMARY KEY (learner_id, seq, n),
    CONSTRAINT transfer_credits_check CHECK (credits > 0),
    CONSTRAINT transfer_account_check CHECK (from_account <> to_account AND from_account <> '' AND to_account <> '')
) PARTITION BY HASH (learner_id);

CREATE TABLE learner (
    learner_id uuid        NOT NULL,
    opened_at  timestamptz NOT NULL,
    account_no text        NOT NULL COLLATE "C",
    region     text        NOT NULL COLLATE "C",
    person_key bytea       NOT NULL, -- wrapped by the bank's
    sealed     bytea       NOT NULL,
    digest     bytea       NOT NULL, -- of all the above; made anew when a person is erased
    CONSTRAINT learner_pkey PRIMARY KEY (learner_id),
    CONSTRAINT learner_digest_check CHECK (octet_length(digest) = 32)
) PARTITION BY HASH (learner_id);

-- Looked up by its own key, which alone could spread it over machines.
CREATE TABLE lookup (
    learner_id uuid  NOT NULL,
    kind       text  NOT NULL COLLATE "C",
    value      text  NOT NULL COLLATE "C",
    digest     bytea NOT NULL, -- of all the above
    CONSTRAINT lookup_pkey PRIMARY KEY (kind, value),
    CONSTRAINT lookup_digest_check CHECK (octet_length(digest) = 32)
);

CREATE TABLE document (
    version integer     NOT NULL,
    feed_id uuid        NOT NULL,
    at      timestamptz NOT NULL,
    kind    text        NOT NULL COLLATE "C",
    id      text        NOT NULL COLLATE "C",
    caller  text        NOT NULL COLLATE "C",
    body    bytea       NOT NULL,
    digest  bytea       NOT NULL,
    CONSTRAINT document_pkey PRIMARY KEY (version),
    CONSTRAINT document_version_check CHECK (version >= 1),
    CONSTRAINT document_digest_check CHECK (octet_length(digest) = 32)
);

-- Nothing is deleted or edited (DESIGN 4.6).
-- +goose StatementBegin
CREATE FUNCTION forbid_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of table % is forbidden: what is recorded stays', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;
-- +goose StatementEnd

-- An account row is updated by each write to it: the free space keeps the new
-- row on the same page, so that the index need not change. A trigger against
-- TRUNCATE, unlike the others below, is not inherited.
-- +goose StatementBegin
DO $$
DECLARE
    parent text;
    options text;
BEGIN
    FOREACH parent IN ARRAY ARRAY['account', 'outcome', 'act', 'transfer', 'learner'] LOOP
        options := CASE parent WHEN 'account' THEN 'WITH (fillfactor = 70)' ELSE '' END;
        FOR n IN 0..15 LOOP
            EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES WITH (MODULUS 16, REMAINDER %s) %s',
                parent || '_p' || lpad(n::text, 2, '0'), parent, n, options);
            IF parent IN ('outcome', 'act', 'transfer') THEN
                EXECUTE format('CREATE TRIGGER %I BEFORE TRUNCATE ON %I EXECUTE FUNCTION forbid_change()',
                    parent || '_kept', parent || '_p' || lpad(n::text, 2, '0'));
            END IF;
        END LOOP;
    END LOOP;
END
$$;
-- +goose StatementEnd

-- Every transfer, of postings and of acts: the double-entry book.
CREATE VIEW ledger AS
SELECT learner_id, seq, 0 AS n, 'issuer:' || institution AS from_account, 'lot:' || seq AS to_account, category, credits
FROM outcome
WHERE granted AND credits > 0
UNION ALL
SELECT learner_id, seq, (credits > 0)::integer AS n, 'issuer:' || institution AS from_account, 'cut' AS to_account, category, lost AS credits
FROM outcome
WHERE granted AND lost > 0
UNION ALL
SELECT learner_id, seq, n, from_account, to_account, category, credits
FROM transfer;

CREATE TRIGGER outcome_unchanged BEFORE UPDATE OR DELETE ON outcome FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER act_unchanged BEFORE UPDATE OR DELETE ON act FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER transfer_unchanged BEFORE UPDATE OR DELETE ON transfer FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER document_unchanged BEFORE UPDATE OR DELETE ON document FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER outcome_kept BEFORE TRUNCATE ON outcome EXECUTE FUNCTION forbid_change();
CREATE TRIGGER act_kept BEFORE TRUNCATE ON act EXECUTE FUNCTION forbid_change();
CREATE TRIGGER transfer_kept BEFORE TRUNCATE ON transfer EXECUTE FUNCTION forbid_change();
CREATE TRIGGER document_kept BEFORE TRUNCATE ON document EXECUTE FUNCTION forbid_change();

-- A feed row is given its number once, and nothing else happens to it.
CREATE TRIGGER feed_unchanged BEFORE UPDATE ON feed FOR EACH ROW
    WHEN (OLD.seq IS NOT NULL OR NEW.seq IS NULL OR NEW.id <> OLD.id OR NEW.at <> OLD.at)
    EXECUTE FUNCTION forbid_change();
CREATE TRIGGER feed_undeleted BEFORE DELETE ON feed FOR EACH ROW EXECUTE FUNCTION forbid_change();
CREATE TRIGGER feed_kept BEFORE TRUNCATE ON feed EXECUTE FUNCTION forbid_change();
