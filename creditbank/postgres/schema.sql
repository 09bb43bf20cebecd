-- The schema that the migrations add up to; TestSchema writes it with -update.
-- Partitions (16 of each partitioned table) are left out.

CREATE FUNCTION public.forbid_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION '% of table % is forbidden: what is recorded stays', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TABLE public.access_answer (
    at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    version integer NOT NULL,
    caller text NOT NULL COLLATE pg_catalog."C",
    request_key text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL COLLATE pg_catalog."C",
    id text NOT NULL COLLATE pg_catalog."C",
    request_hash bytea NOT NULL,
    digest bytea NOT NULL,
    CONSTRAINT access_answer_digest_check CHECK (((octet_length(request_hash) = 32) AND (octet_length(digest) = 32)))
);

CREATE TABLE public.access_current (
    at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone,
    version integer NOT NULL,
    kind text NOT NULL COLLATE pg_catalog."C",
    id text NOT NULL COLLATE pg_catalog."C",
    what text NOT NULL,
    caller text NOT NULL COLLATE pg_catalog."C",
    body bytea NOT NULL,
    digest bytea NOT NULL,
    CONSTRAINT access_current_digest_check CHECK ((octet_length(digest) = 32)),
    CONSTRAINT access_current_version_check CHECK ((version >= 1))
)
WITH (fillfactor='80');

CREATE TABLE public.access_record (
    seq bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    version integer NOT NULL,
    kind text NOT NULL COLLATE pg_catalog."C",
    id text NOT NULL COLLATE pg_catalog."C",
    what text NOT NULL,
    caller text NOT NULL COLLATE pg_catalog."C",
    body bytea NOT NULL,
    digest bytea NOT NULL,
    CONSTRAINT access_record_count_check CHECK (((seq >= 1) AND (version >= 1))),
    CONSTRAINT access_record_digest_check CHECK ((octet_length(digest) = 32))
);

CREATE TABLE public.account (
    learner_id uuid NOT NULL,
    version bigint NOT NULL,
    frozen boolean NOT NULL,
    totals text NOT NULL,
    digest bytea NOT NULL,
    CONSTRAINT account_digest_check CHECK ((octet_length(digest) = 32)),
    CONSTRAINT account_version_check CHECK ((version >= 1))
)
PARTITION BY HASH (learner_id);

CREATE TABLE public.act (
    learner_id uuid NOT NULL,
    feed_id uuid NOT NULL,
    seq bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    day integer NOT NULL,
    request_part integer NOT NULL,
    kind text NOT NULL COLLATE pg_catalog."C",
    caller text NOT NULL COLLATE pg_catalog."C",
    request_key text NOT NULL COLLATE pg_catalog."C",
    request_hash bytea NOT NULL,
    body json NOT NULL,
    digest bytea NOT NULL,
    CONSTRAINT act_digest_check CHECK (((octet_length(digest) = 32) AND (octet_length(request_hash) = 32))),
    CONSTRAINT act_kind_check CHECK (((kind <> ''::text) AND (caller <> ''::text))),
    CONSTRAINT act_seq_check CHECK (((seq >= 1) AND (request_part >= 0)))
)
PARTITION BY HASH (learner_id);

CREATE TABLE public.anchor_receipt (
    size bigint NOT NULL,
    kind text NOT NULL COLLATE pg_catalog."C",
    who text NOT NULL COLLATE pg_catalog."C",
    receipt bytea NOT NULL
);

CREATE TABLE public.application (
    learner_id uuid NOT NULL,
    seq bigint NOT NULL,
    due integer NOT NULL,
    wake integer NOT NULL,
    number text NOT NULL COLLATE pg_catalog."C",
    programme text NOT NULL COLLATE pg_catalog."C",
    state text NOT NULL COLLATE pg_catalog."C",
    facts json NOT NULL
)
WITH (fillfactor='80');

CREATE TABLE public.certificate (
    learner_id uuid NOT NULL,
    seq bigint NOT NULL,
    log_index bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    status_list integer NOT NULL,
    status_index integer NOT NULL,
    id text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL COLLATE pg_catalog."C",
    institution text NOT NULL COLLATE pg_catalog."C",
    key_id text NOT NULL COLLATE pg_catalog."C",
    leaf bytea NOT NULL,
    digest bytea NOT NULL,
    sealed bytea NOT NULL,
    CONSTRAINT certificate_count_check CHECK (((seq >= 1) AND (log_index >= 0) AND (status_list >= 1) AND (status_index >= 0))),
    CONSTRAINT certificate_digest_check CHECK (((octet_length(leaf) = 32) AND (octet_length(digest) = 32)))
)
PARTITION BY HASH (learner_id);

CREATE TABLE public.certificate_lookup (
    learner_id uuid NOT NULL,
    id text NOT NULL COLLATE pg_catalog."C"
);

CREATE TABLE public.certificate_parked (
    learner_id uuid NOT NULL,
    at timestamp with time zone NOT NULL
);

CREATE TABLE public.certificate_revocation (
    learner_id uuid NOT NULL,
    seq bigint NOT NULL,
    log_index bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT certificate_revocation_index_check CHECK ((log_index >= 1))
)
PARTITION BY HASH (learner_id);

CREATE TABLE public.concern (
    at timestamp with time zone NOT NULL,
    seq bigint NOT NULL,
    of_seq bigint NOT NULL,
    since bigint NOT NULL,
    learner_id uuid NOT NULL,
    day integer NOT NULL,
    institution text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL COLLATE pg_catalog."C",
    programme text NOT NULL COLLATE pg_catalog."C",
    source text NOT NULL COLLATE pg_catalog."C",
    external_id text NOT NULL COLLATE pg_catalog."C",
    digest bytea NOT NULL,
    CONSTRAINT concern_digest_check CHECK ((octet_length(digest) = 32)),
    CONSTRAINT concern_institution_check CHECK ((institution <> ''::text)),
    CONSTRAINT concern_seq_check CHECK ((seq >= 1))
);

CREATE TABLE public.disclosure (
    learner_id uuid NOT NULL,
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    consent bigint NOT NULL,
    caller text NOT NULL COLLATE pg_catalog."C",
    recipient text NOT NULL COLLATE pg_catalog."C",
    authority text NOT NULL COLLATE pg_catalog."C",
    purpose text NOT NULL COLLATE pg_catalog."C",
    fields text NOT NULL,
    basis text NOT NULL COLLATE pg_catalog."C",
    request text NOT NULL,
    digest bytea NOT NULL,
    CONSTRAINT disclosure_caller_check CHECK ((caller <> ''::text)),
    CONSTRAINT disclosure_consent_check CHECK ((consent >= 0)),
    CONSTRAINT disclosure_digest_check CHECK ((octet_length(digest) = 32))
)
PARTITION BY HASH (learner_id);

CREATE TABLE public.document (
    version integer NOT NULL,
    feed_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    kind text NOT NULL COLLATE pg_catalog."C",
    id text NOT NULL COLLATE pg_catalog."C",
    caller text NOT NULL COLLATE pg_catalog."C",
    body bytea NOT NULL,
    digest bytea NOT NULL,
    CONSTRAINT document_digest_check CHECK ((octet_length(digest) = 32)),
    CONSTRAINT document_version_check CHECK ((version >= 1))
);

CREATE TABLE public.evidence (
    learner_id uuid NOT NULL,
    seq bigint NOT NULL,
    petition bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    bytes integer NOT NULL,
    type text NOT NULL COLLATE pg_catalog."C",
    caller text NOT NULL COLLATE pg_catalog."C",
    sha256 bytea NOT NULL,
    digest bytea NOT NULL,
    sealed bytea NOT NULL,
    CONSTRAINT evidence_bytes_check CHECK (((bytes >= 1) AND (bytes <= 10485760))),
    CONSTRAINT evidence_caller_check CHECK ((caller <> ''::text)),
    CONSTRAINT evidence_digest_check CHECK (((octet_length(sha256) = 32) AND (octet_length(digest) = 32))),
    CONSTRAINT evidence_type_check CHECK ((type = ANY (ARRAY['image/jpeg'::text, 'image/png'::text, 'application/pdf'::text])))
)
PARTITION BY HASH (learner_id);

CREATE TABLE public.feed (
    id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    seq bigint,
    CONSTRAINT feed_seq_check CHECK ((seq >= 1))
);

CREATE TABLE public.follower (
    cursor bigint NOT NULL,
    size bigint NOT NULL,
    status_list integer NOT NULL,
    status_used integer NOT NULL,
    one boolean NOT NULL,
    root bytea NOT NULL,
    log_key text NOT NULL COLLATE pg_catalog."C",
    status_seed bytea NOT NULL,
    CONSTRAINT follower_count_check CHECK (((cursor >= 0) AND (size >= 0) AND (status_list >= 0) AND (status_used >= 0))),
    CONSTRAINT follower_one_check CHECK (one),
    CONSTRAINT follower_root_check CHECK ((octet_length(root) = 32))
);

CREATE TABLE public.issuer_key (
    key_id text NOT NULL COLLATE pg_catalog."C",
    public bytea NOT NULL,
    CONSTRAINT issuer_key_public_check CHECK ((octet_length(public) = 32))
);

CREATE TABLE public.learner (
    learner_id uuid NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    account_no text NOT NULL COLLATE pg_catalog."C",
    region text NOT NULL COLLATE pg_catalog."C",
    person_key bytea NOT NULL,
    sealed bytea NOT NULL,
    digest bytea NOT NULL,
    CONSTRAINT learner_digest_check CHECK ((octet_length(digest) = 32))
)
PARTITION BY HASH (learner_id);

CREATE TABLE public.outcome (
    learner_id uuid NOT NULL,
    feed_id uuid NOT NULL,
    seq bigint NOT NULL,
    credits bigint NOT NULL,
    lost bigint NOT NULL,
    attended bigint NOT NULL,
    scheduled bigint NOT NULL,
    posted_at timestamp with time zone NOT NULL,
    revision integer NOT NULL,
    issued_on integer NOT NULL,
    expires_on integer NOT NULL,
    course_version integer NOT NULL,
    rule_set integer NOT NULL,
    level integer NOT NULL,
    granted boolean NOT NULL,
    institution text NOT NULL COLLATE pg_catalog."C",
    external_id text NOT NULL COLLATE pg_catalog."C",
    course text NOT NULL COLLATE pg_catalog."C",
    score text NOT NULL,
    rule text NOT NULL COLLATE pg_catalog."C",
    reasons text NOT NULL,
    category text NOT NULL COLLATE pg_catalog."C",
    family text NOT NULL,
    caller text NOT NULL COLLATE pg_catalog."C",
    request text NOT NULL,
    digest bytea NOT NULL,
    valid_until integer DEFAULT 0 NOT NULL,
    CONSTRAINT outcome_amount_check CHECK (((credits >= 0) AND (lost >= 0) AND (attended >= 0) AND (scheduled >= 0))),
    CONSTRAINT outcome_digest_check CHECK ((octet_length(digest) = 32)),
    CONSTRAINT outcome_granted_check CHECK ((granted OR (credits = 0))),
    CONSTRAINT outcome_seq_check CHECK (((seq >= 1) AND (revision >= 1)))
)
PARTITION BY HASH (learner_id);

CREATE TABLE public.transfer (
    learner_id uuid NOT NULL,
    seq bigint NOT NULL,
    credits bigint NOT NULL,
    n integer NOT NULL,
    from_account text NOT NULL COLLATE pg_catalog."C",
    to_account text NOT NULL COLLATE pg_catalog."C",
    category text NOT NULL COLLATE pg_catalog."C",
    CONSTRAINT transfer_account_check CHECK (((from_account <> to_account) AND (from_account <> ''::text) AND (to_account <> ''::text))),
    CONSTRAINT transfer_credits_check CHECK ((credits > 0))
)
PARTITION BY HASH (learner_id);

CREATE VIEW public.ledger AS
 SELECT outcome.learner_id,
    outcome.seq,
    0 AS n,
    ('issuer:'::text || outcome.institution) AS from_account,
    ('lot:'::text || outcome.seq) AS to_account,
    outcome.category,
    outcome.credits
   FROM public.outcome
  WHERE (outcome.granted AND (outcome.credits > 0))
UNION ALL
 SELECT outcome.learner_id,
    outcome.seq,
    ((outcome.credits > 0))::integer AS n,
    ('issuer:'::text || outcome.institution) AS from_account,
    'cut'::text AS to_account,
    outcome.category,
    outcome.lost AS credits
   FROM public.outcome
  WHERE (outcome.granted AND (outcome.lost > 0))
UNION ALL
 SELECT transfer.learner_id,
    transfer.seq,
    transfer.n,
    transfer.from_account,
    transfer.to_account,
    transfer.category,
    transfer.credits
   FROM public.transfer;

CREATE TABLE public.log_checkpoint (
    size bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    note bytea NOT NULL,
    CONSTRAINT log_checkpoint_size_check CHECK ((size >= 1))
);

CREATE TABLE public.log_tile (
    n bigint NOT NULL,
    level integer NOT NULL,
    width integer NOT NULL,
    data bytea NOT NULL,
    CONSTRAINT log_tile_check CHECK (((level >= '-1'::integer) AND (n >= 0) AND ((width >= 1) AND (width <= 256))))
);

ALTER TABLE ONLY public.log_tile ALTER COLUMN data SET STORAGE EXTERNAL;

CREATE TABLE public.lookup (
    learner_id uuid NOT NULL,
    kind text NOT NULL COLLATE pg_catalog."C",
    value text NOT NULL COLLATE pg_catalog."C",
    digest bytea NOT NULL,
    CONSTRAINT lookup_digest_check CHECK ((octet_length(digest) = 32))
);

CREATE TABLE public.petition (
    learner_id uuid NOT NULL,
    seq bigint NOT NULL,
    since integer NOT NULL,
    institution text NOT NULL COLLATE pg_catalog."C",
    state text NOT NULL COLLATE pg_catalog."C"
)
WITH (fillfactor='80');

CREATE TABLE public.read_mark (
    learner_id uuid NOT NULL,
    seq bigint NOT NULL,
    CONSTRAINT read_mark_seq_check CHECK ((seq >= 0))
)
PARTITION BY HASH (learner_id);

CREATE TABLE public.status_bit (
    list integer NOT NULL,
    idx integer NOT NULL
);

CREATE TABLE public.sweep (
    mark bigint NOT NULL,
    job text NOT NULL COLLATE pg_catalog."C",
    CONSTRAINT sweep_check CHECK (((mark >= 0) AND (job <> ''::text)))
);

ALTER TABLE ONLY public.access_answer
    ADD CONSTRAINT access_answer_pkey PRIMARY KEY (caller, request_key);

ALTER TABLE ONLY public.access_current
    ADD CONSTRAINT access_current_pkey PRIMARY KEY (kind, id);

ALTER TABLE ONLY public.access_record
    ADD CONSTRAINT access_record_pkey PRIMARY KEY (kind, id, version);

ALTER TABLE ONLY public.access_record
    ADD CONSTRAINT access_record_seq_key UNIQUE (seq);

ALTER TABLE ONLY public.account
    ADD CONSTRAINT account_pkey PRIMARY KEY (learner_id);

ALTER TABLE ONLY public.act
    ADD CONSTRAINT act_pkey PRIMARY KEY (learner_id, seq);

ALTER TABLE ONLY public.anchor_receipt
    ADD CONSTRAINT anchor_receipt_pkey PRIMARY KEY (kind, who, size);

ALTER TABLE ONLY public.application
    ADD CONSTRAINT application_pkey PRIMARY KEY (learner_id, seq);

ALTER TABLE ONLY public.certificate_lookup
    ADD CONSTRAINT certificate_lookup_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.certificate_parked
    ADD CONSTRAINT certificate_parked_pkey PRIMARY KEY (learner_id);

ALTER TABLE ONLY public.certificate
    ADD CONSTRAINT certificate_pkey PRIMARY KEY (learner_id, seq);

ALTER TABLE ONLY public.certificate_revocation
    ADD CONSTRAINT certificate_revocation_pkey PRIMARY KEY (learner_id, seq);

ALTER TABLE ONLY public.concern
    ADD CONSTRAINT concern_pkey PRIMARY KEY (institution, at, learner_id, seq);

ALTER TABLE ONLY public.disclosure
    ADD CONSTRAINT disclosure_pkey PRIMARY KEY (learner_id, id);

ALTER TABLE ONLY public.document
    ADD CONSTRAINT document_pkey PRIMARY KEY (version);

ALTER TABLE ONLY public.evidence
    ADD CONSTRAINT evidence_pkey PRIMARY KEY (learner_id, seq);

ALTER TABLE ONLY public.feed
    ADD CONSTRAINT feed_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.feed
    ADD CONSTRAINT feed_seq_key UNIQUE (seq);

ALTER TABLE ONLY public.follower
    ADD CONSTRAINT follower_pkey PRIMARY KEY (one);

ALTER TABLE ONLY public.issuer_key
    ADD CONSTRAINT issuer_key_pkey PRIMARY KEY (key_id);

ALTER TABLE ONLY public.learner
    ADD CONSTRAINT learner_pkey PRIMARY KEY (learner_id);

ALTER TABLE ONLY public.log_checkpoint
    ADD CONSTRAINT log_checkpoint_pkey PRIMARY KEY (size);

ALTER TABLE ONLY public.log_tile
    ADD CONSTRAINT log_tile_pkey PRIMARY KEY (level, n);

ALTER TABLE ONLY public.lookup
    ADD CONSTRAINT lookup_pkey PRIMARY KEY (kind, value);

ALTER TABLE ONLY public.outcome
    ADD CONSTRAINT outcome_key UNIQUE (learner_id, institution, external_id, revision);

ALTER TABLE ONLY public.outcome
    ADD CONSTRAINT outcome_pkey PRIMARY KEY (learner_id, seq);

ALTER TABLE ONLY public.petition
    ADD CONSTRAINT petition_pkey PRIMARY KEY (learner_id, seq);

ALTER TABLE ONLY public.read_mark
    ADD CONSTRAINT read_mark_pkey PRIMARY KEY (learner_id);

ALTER TABLE ONLY public.status_bit
    ADD CONSTRAINT status_bit_pkey PRIMARY KEY (list, idx);

ALTER TABLE ONLY public.sweep
    ADD CONSTRAINT sweep_pkey PRIMARY KEY (job);

ALTER TABLE ONLY public.transfer
    ADD CONSTRAINT transfer_pkey PRIMARY KEY (learner_id, seq, n);

CREATE INDEX access_answer_expires_at_idx ON public.access_answer USING btree (expires_at);

CREATE INDEX access_current_expires_at_idx ON public.access_current USING btree (expires_at) WHERE (expires_at IS NOT NULL);

CREATE INDEX act_applied ON ONLY public.act USING btree (learner_id, seq) WHERE (kind = 'applied'::text);

CREATE INDEX act_case ON ONLY public.act USING btree (learner_id, seq) WHERE (kind = 'case_opened'::text);

CREATE INDEX act_case_decided ON ONLY public.act USING btree (learner_id, ((body ->> 'of'::text))) WHERE (kind = 'case_decided'::text);

CREATE INDEX act_expiry ON ONLY public.act USING btree (((NULLIF(replace(((body -> 'recognition'::text) ->> 'expires_on'::text), '-'::text, ''::text), ''::text))::integer), learner_id) WHERE (kind = 'recognised'::text);

CREATE INDEX act_feed ON ONLY public.act USING btree (feed_id);

CREATE INDEX act_recognised ON ONLY public.act USING btree (learner_id) WHERE (kind = 'recognised'::text);

CREATE UNIQUE INDEX act_request ON ONLY public.act USING btree (learner_id, caller, request_key, request_part) WHERE (request_key <> ''::text);

CREATE INDEX act_reviewed ON ONLY public.act USING btree (learner_id, ((body ->> 'of'::text))) WHERE ((kind = 'decided'::text) AND ((body ->> 'of'::text) IS NOT NULL));

CREATE INDEX application_number ON public.application USING btree (number) WHERE (number <> ''::text);

CREATE INDEX application_programme ON public.application USING btree (programme, due, learner_id, seq);

CREATE INDEX application_shown ON public.application USING btree (due, learner_id, seq) WHERE (state = 'publicity'::text);

CREATE INDEX application_wake ON public.application USING btree (wake, learner_id, seq) WHERE (wake < 99999999);

CREATE INDEX certificate_leaf ON ONLY public.certificate USING btree (leaf);

CREATE INDEX feed_unnumbered ON public.feed USING btree (id) WHERE (seq IS NULL);

CREATE INDEX outcome_expiry ON ONLY public.outcome USING btree (expires_on) WHERE (granted AND (expires_on > 0));

CREATE INDEX outcome_feed ON ONLY public.outcome USING btree (feed_id);

CREATE INDEX outcome_refused ON ONLY public.outcome USING btree (learner_id) WHERE (NOT granted);

CREATE INDEX petition_institution ON public.petition USING btree (institution, since, learner_id, seq);

CREATE TRIGGER access_record_kept BEFORE TRUNCATE ON public.access_record FOR EACH STATEMENT EXECUTE FUNCTION public.forbid_change();

CREATE TRIGGER access_record_unchanged BEFORE DELETE OR UPDATE ON public.access_record FOR EACH ROW EXECUTE FUNCTION public.forbid_change();

CREATE TRIGGER act_kept BEFORE TRUNCATE ON public.act FOR EACH STATEMENT EXECUTE FUNCTION public.forbid_change();

CREATE TRIGGER act_unchanged BEFORE DELETE OR UPDATE ON public.act FOR EACH ROW EXECUTE FUNCTION public.forbid_change();

CREATE TRIGGER certificate_kept BEFORE TRUNCATE ON public.certificate FOR EACH STATEMENT EXECUTE FUNCTION public.forbid_change();

CREATE TRIGGER certificate_revocation_kept BEFORE TRUNCATE ON public.certificate_revocation FOR EACH STATEMENT EXECUTE FUNCTION public.forbid_change();

CREATE TRIGGER certificate_revocation_unchanged BEFORE DELETE OR UPDATE ON public.certificate_revocation FOR EACH ROW EXECUTE FUNCTION public.forbid_change();

CREATE TRIGGER certificate_unchanged BEFORE DELETE OR UPDATE ON public.certificate FOR EACH ROW EXECUTE FUNCTION public.forbid_change();

CREATE TRIGGER concern_kept BEFORE TRUNCATE ON public.concern FOR EACH STATEMENT EXECUTE FUNCTION public.forbid_change();

CREATE TRIGGER concern_unchanged BEFORE DELETE OR UPDATE ON public.concern FOR EACH ROW EXECUTE FUNCTION public.forbid_change();

CREATE TRIGGER disclosure_kept BEFORE TRUNCATE ON public.disclosure FOR EACH STATEMENT EXECUTE FUNCTION public.forbid_change();

CREATE TRIGGER disclosure_unchanged BEFORE DELETE OR UPDATE ON public.disclosure FOR EACH ROW EXECUTE FUNCTION public.forbid_change();

CREATE TRIGGER document_kept BEFORE TRUNCATE ON public.document FOR EACH STATEMENT EXECUTE FUNCTION public.forbid_change();

CREATE TRIGGER document_unchanged BEFORE DELETE OR UPDATE ON public.document FOR EACH ROW EXECUTE FUNCTION public.forbid_change();

CREATE TRIGGER evidence_kept BEFORE TRUNCATE ON public.evidence FOR EACH STATEMENT EXECUTE FUNCTION public.forbid_change();

CREATE TRIGGER evidence_unchanged BEFORE DELETE OR UPDATE ON public.evidence FOR EACH ROW EXECUTE FUNCTION public.forbid_change();

CREATE TRIGGER feed_kept BEFORE TRUNCATE ON public.feed FOR EACH STATEMENT EXECUTE FUNCTION public.forbid_change();

CREATE TRIGGER feed_unchanged BEFORE UPDATE ON public.feed FOR EACH ROW WHEN (((old.seq IS NOT NULL) OR (new.seq IS NULL) OR (new.id <> old.id) OR (new.at <> old.at))) EXECUTE FUNCTION public.forbid_change();

CREATE TRIGGER feed_undeleted BEFORE DELETE ON public.feed FOR EACH ROW EXECUTE FUNCTION public.forbid_change();

CREATE TRIGGER issuer_key_kept BEFORE TRUNCATE ON public.issuer_key FOR EACH STATEMENT EXECUTE FUNCTION public.forbid_change();

CREATE TRIGGER issuer_key_unchanged BEFORE DELETE OR UPDATE ON public.issuer_key FOR EACH ROW EXECUTE FUNCTION public.forbid_change();

CREATE TRIGGER log_checkpoint_kept BEFORE TRUNCATE ON public.log_checkpoint FOR EACH STATEMENT EXECUTE FUNCTION public.forbid_change();

CREATE TRIGGER log_checkpoint_unchanged BEFORE DELETE OR UPDATE ON public.log_checkpoint FOR EACH ROW EXECUTE FUNCTION public.forbid_change();

CREATE TRIGGER log_tile_kept BEFORE TRUNCATE ON public.log_tile FOR EACH STATEMENT EXECUTE FUNCTION public.forbid_change();

CREATE TRIGGER log_tile_unchanged BEFORE UPDATE ON public.log_tile FOR EACH ROW WHEN (((new.width < old.width) OR (SUBSTRING(new.data FROM 1 FOR octet_length(old.data)) <> old.data))) EXECUTE FUNCTION public.forbid_change();

CREATE TRIGGER log_tile_undeleted BEFORE DELETE ON public.log_tile FOR EACH ROW EXECUTE FUNCTION public.forbid_change();

CREATE TRIGGER outcome_kept BEFORE TRUNCATE ON public.outcome FOR EACH STATEMENT EXECUTE FUNCTION public.forbid_change();

CREATE TRIGGER outcome_unchanged BEFORE DELETE OR UPDATE ON public.outcome FOR EACH ROW EXECUTE FUNCTION public.forbid_change();

CREATE TRIGGER status_bit_kept BEFORE TRUNCATE ON public.status_bit FOR EACH STATEMENT EXECUTE FUNCTION public.forbid_change();

CREATE TRIGGER status_bit_unchanged BEFORE DELETE OR UPDATE ON public.status_bit FOR EACH ROW EXECUTE FUNCTION public.forbid_change();

CREATE TRIGGER sweep_forward BEFORE UPDATE ON public.sweep FOR EACH ROW WHEN (((new.mark < old.mark) OR (new.job <> old.job))) EXECUTE FUNCTION public.forbid_change();

CREATE TRIGGER transfer_kept BEFORE TRUNCATE ON public.transfer FOR EACH STATEMENT EXECUTE FUNCTION public.forbid_change();

CREATE TRIGGER transfer_unchanged BEFORE DELETE OR UPDATE ON public.transfer FOR EACH ROW EXECUTE FUNCTION public.forbid_change();

