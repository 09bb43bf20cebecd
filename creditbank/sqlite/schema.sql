-- Made from migrations/ by go test -update; not read by the program.

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

CREATE TRIGGER access_record_no_delete BEFORE DELETE ON access_record BEGIN SELECT RAISE(ABORT, 'access records are never deleted'); END;

CREATE TRIGGER access_record_no_update BEFORE UPDATE ON access_record BEGIN SELECT RAISE(ABORT, 'access records are never edited'); END;

CREATE TABLE account (
    learner_id TEXT    PRIMARY KEY NOT NULL,
    version    INTEGER NOT NULL CHECK (version >= 1),
    frozen     INTEGER NOT NULL CHECK (frozen IN (0, 1)),
    totals     TEXT    NOT NULL,
    digest     BLOB    NOT NULL CHECK (length(digest) = 32) -- of everything above
) STRICT, WITHOUT ROWID;

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

CREATE INDEX act_applied ON act (learner_id, seq) WHERE kind = 'applied';

CREATE INDEX act_case ON act (learner_id, seq) WHERE kind = 'case_opened';

CREATE INDEX act_expiry ON act (CAST(replace(json_extract(CAST(body AS TEXT), '$.recognition.expires_on'), '-', '') AS INTEGER), learner_id)
    WHERE kind = 'recognised';

CREATE INDEX act_feed ON act (feed_id);

CREATE INDEX act_recognised ON act (learner_id) WHERE kind = 'recognised';

CREATE UNIQUE INDEX act_request ON act (learner_id, caller, request_key, request_part) WHERE request_key <> '';

CREATE TRIGGER act_no_delete BEFORE DELETE ON act BEGIN SELECT RAISE(ABORT, 'acts are never deleted'); END;

CREATE TRIGGER act_no_update BEFORE UPDATE ON act BEGIN SELECT RAISE(ABORT, 'acts are never edited'); END;

CREATE TABLE anchor_receipt (
    kind    TEXT    NOT NULL,
    who     TEXT    NOT NULL,
    size    INTEGER NOT NULL,
    receipt BLOB    NOT NULL, -- JSON
    PRIMARY KEY (kind, who, size)
) STRICT, WITHOUT ROWID;

CREATE TABLE application (
    learner_id TEXT    NOT NULL,
    seq        INTEGER NOT NULL, -- the act that applied
    number     TEXT    NOT NULL, -- in public, while it is shown; '' else
    programme  TEXT    NOT NULL,
    state      TEXT    NOT NULL,
    due        INTEGER NOT NULL, -- last day of what runs; 99999999 for no limit
    wake       INTEGER NOT NULL, -- the day on which the clock has something to do; 99999999 for none
    facts      TEXT    NOT NULL, -- JSON
    PRIMARY KEY (learner_id, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX application_number ON application (number) WHERE number <> '';

CREATE INDEX application_programme ON application (programme, due, learner_id, seq);

CREATE INDEX application_shown ON application (due, learner_id, seq) WHERE state = 'publicity';

CREATE INDEX application_wake ON application (wake, learner_id, seq) WHERE wake < 99999999;

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

CREATE INDEX certificate_leaf ON certificate (leaf);

CREATE TRIGGER certificate_no_delete BEFORE DELETE ON certificate BEGIN SELECT RAISE(ABORT, 'certificates are never deleted'); END;

CREATE TRIGGER certificate_no_update BEFORE UPDATE ON certificate BEGIN SELECT RAISE(ABORT, 'certificates are never edited'); END;

CREATE TABLE certificate_lookup (
    id         TEXT PRIMARY KEY NOT NULL,
    learner_id TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE certificate_parked (
    learner_id TEXT PRIMARY KEY NOT NULL,
    at         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE certificate_revocation (
    learner_id TEXT    NOT NULL,
    seq        INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    log_index  INTEGER NOT NULL CHECK (log_index >= 1),
    CONSTRAINT certificate_revocation_pkey PRIMARY KEY (learner_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER certificate_revocation_no_delete BEFORE DELETE ON certificate_revocation BEGIN SELECT RAISE(ABORT, 'revocations are never deleted'); END;

CREATE TRIGGER certificate_revocation_no_update BEFORE UPDATE ON certificate_revocation BEGIN SELECT RAISE(ABORT, 'revocations are never edited'); END;

CREATE TABLE concern (
    institution TEXT    NOT NULL CHECK (institution <> ''),
    at          INTEGER NOT NULL, -- of the act
    learner_id  TEXT    NOT NULL,
    seq         INTEGER NOT NULL CHECK (seq >= 1), -- the row of the history
    kind        TEXT    NOT NULL,
    day         INTEGER NOT NULL,
    of_seq      INTEGER NOT NULL, -- the row that it was done to
    since       INTEGER NOT NULL, -- what caused it; 0 is nothing
    programme   TEXT    NOT NULL,
    source      TEXT    NOT NULL, -- the institution that posted what it is about
    external_id TEXT    NOT NULL,
    digest      BLOB    NOT NULL CHECK (length(digest) = 32), -- of everything above
    PRIMARY KEY (institution, at, learner_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER concern_no_delete BEFORE DELETE ON concern BEGIN SELECT RAISE(ABORT, 'concerns are never deleted'); END;

CREATE TRIGGER concern_no_update BEFORE UPDATE ON concern BEGIN SELECT RAISE(ABORT, 'concerns are never edited'); END;

CREATE TABLE disclosure (
    learner_id TEXT    NOT NULL,
    id         TEXT    NOT NULL, -- a UUID of version 7: later ones are greater
    at         INTEGER NOT NULL,
    caller     TEXT    NOT NULL CHECK (caller <> ''),
    recipient  TEXT    NOT NULL, -- '' where an authority was told
    authority  TEXT    NOT NULL,
    purpose    TEXT    NOT NULL,
    fields     TEXT    NOT NULL, -- codes with commas between them
    basis      TEXT    NOT NULL,
    consent    INTEGER NOT NULL CHECK (consent >= 0), -- the account version that gave it; 0 is none
    request    TEXT    NOT NULL,
    digest     BLOB    NOT NULL CHECK (length(digest) = 32), -- of everything above
    PRIMARY KEY (learner_id, id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER disclosure_no_delete BEFORE DELETE ON disclosure BEGIN SELECT RAISE(ABORT, 'disclosures are never deleted'); END;

CREATE TRIGGER disclosure_no_update BEFORE UPDATE ON disclosure BEGIN SELECT RAISE(ABORT, 'disclosures are never edited'); END;

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

CREATE TRIGGER document_no_delete BEFORE DELETE ON document BEGIN SELECT RAISE(ABORT, 'documents are never deleted'); END;

CREATE TRIGGER document_no_update BEFORE UPDATE ON document BEGIN SELECT RAISE(ABORT, 'documents are never edited'); END;

CREATE TABLE evidence (
    learner_id TEXT    NOT NULL,
    seq        INTEGER NOT NULL, -- the act that added it
    petition   INTEGER NOT NULL, -- the act that petitioned
    type       TEXT    NOT NULL CHECK (type IN ('image/jpeg', 'image/png', 'application/pdf')),
    bytes      INTEGER NOT NULL CHECK (bytes BETWEEN 1 AND 10485760), -- before it was sealed
    at         INTEGER NOT NULL,
    caller     TEXT    NOT NULL CHECK (caller <> ''),
    sha256     BLOB    NOT NULL CHECK (length(sha256) = 32), -- of sealed
    digest     BLOB    NOT NULL CHECK (length(digest) = 32), -- of everything above
    sealed     BLOB    NOT NULL,
    PRIMARY KEY (learner_id, seq)
) STRICT;

CREATE TRIGGER evidence_no_delete BEFORE DELETE ON evidence BEGIN SELECT RAISE(ABORT, 'evidence is never deleted'); END;

CREATE TRIGGER evidence_no_update BEFORE UPDATE ON evidence BEGIN SELECT RAISE(ABORT, 'evidence is never edited'); END;

CREATE TABLE feed (
    seq INTEGER PRIMARY KEY,
    id  TEXT    NOT NULL UNIQUE,
    at  INTEGER NOT NULL
) STRICT;

CREATE TRIGGER feed_no_delete BEFORE DELETE ON feed BEGIN SELECT RAISE(ABORT, 'feed rows are never deleted'); END;

CREATE TRIGGER feed_no_update BEFORE UPDATE ON feed BEGIN SELECT RAISE(ABORT, 'feed rows are never edited'); END;

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

CREATE TABLE issuer_key (
    key_id TEXT PRIMARY KEY NOT NULL,
    public BLOB NOT NULL CHECK (length(public) = 32)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER issuer_key_no_delete BEFORE DELETE ON issuer_key BEGIN SELECT RAISE(ABORT, 'pinned keys are never deleted'); END;

CREATE TRIGGER issuer_key_no_update BEFORE UPDATE ON issuer_key BEGIN SELECT RAISE(ABORT, 'pinned keys are never edited'); END;

CREATE TABLE learner (
    learner_id TEXT    PRIMARY KEY NOT NULL,
    account_no TEXT    NOT NULL,
    region     TEXT    NOT NULL,
    person_key BLOB    NOT NULL,
    sealed     BLOB    NOT NULL,
    opened_at  INTEGER NOT NULL,
    digest     BLOB    NOT NULL CHECK (length(digest) = 32) -- of everything above; made anew when a person is erased
) STRICT;

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

CREATE TABLE log_checkpoint (
    size INTEGER PRIMARY KEY CHECK (size >= 1),
    note BLOB    NOT NULL,
    at   INTEGER NOT NULL
) STRICT;

CREATE TRIGGER log_checkpoint_no_delete BEFORE DELETE ON log_checkpoint BEGIN SELECT RAISE(ABORT, 'checkpoints are never deleted'); END;

CREATE TRIGGER log_checkpoint_no_update BEFORE UPDATE ON log_checkpoint BEGIN SELECT RAISE(ABORT, 'checkpoints are never edited'); END;

CREATE TABLE log_tile (
    level INTEGER NOT NULL CHECK (level >= -1),
    n     INTEGER NOT NULL CHECK (n >= 0),
    width INTEGER NOT NULL CHECK (width BETWEEN 1 AND 256),
    data  BLOB    NOT NULL,
    PRIMARY KEY (level, n)
) STRICT;

CREATE TRIGGER log_tile_no_delete BEFORE DELETE ON log_tile BEGIN SELECT RAISE(ABORT, 'tiles are never deleted'); END;

CREATE TRIGGER log_tile_no_shrink BEFORE UPDATE ON log_tile WHEN NEW.width < OLD.width OR substr(NEW.data, 1, length(OLD.data)) <> OLD.data
BEGIN SELECT RAISE(ABORT, 'tiles only grow'); END;

CREATE TABLE lookup (
    kind       TEXT NOT NULL,
    value      TEXT NOT NULL,
    learner_id TEXT NOT NULL,
    digest     BLOB NOT NULL CHECK (length(digest) = 32), -- of everything above
    PRIMARY KEY (kind, value)
) STRICT, WITHOUT ROWID;

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
    feed_id        TEXT    NOT NULL, valid_until INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (learner_id, seq),
    CONSTRAINT outcome_key UNIQUE (learner_id, institution, external_id, revision)
) STRICT, WITHOUT ROWID;

CREATE INDEX outcome_expiry ON outcome (expires_on, learner_id) WHERE granted AND expires_on > 0;

CREATE INDEX outcome_feed ON outcome (feed_id);

CREATE INDEX outcome_refused ON outcome (learner_id) WHERE NOT granted;

CREATE TRIGGER outcome_no_delete BEFORE DELETE ON outcome BEGIN SELECT RAISE(ABORT, 'outcomes are never deleted'); END;

CREATE TRIGGER outcome_no_update BEFORE UPDATE ON outcome BEGIN SELECT RAISE(ABORT, 'outcomes are never edited'); END;

CREATE TABLE petition (
    learner_id  TEXT    NOT NULL,
    seq         INTEGER NOT NULL, -- the act that petitioned
    institution TEXT    NOT NULL, -- that is to decide
    state       TEXT    NOT NULL,
    since       INTEGER NOT NULL, -- the day on which it was last sent to the institution
    PRIMARY KEY (learner_id, seq)
) STRICT, WITHOUT ROWID;

CREATE INDEX petition_institution ON petition (institution, since, learner_id, seq);

CREATE TABLE read_mark (
    learner_id TEXT PRIMARY KEY NOT NULL,
    seq        INTEGER NOT NULL CHECK (seq >= 0) -- of the last row that was read
) STRICT, WITHOUT ROWID;

CREATE TABLE status_bit (
    list INTEGER NOT NULL,
    idx  INTEGER NOT NULL,
    PRIMARY KEY (list, idx)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER status_bit_no_delete BEFORE DELETE ON status_bit BEGIN SELECT RAISE(ABORT, 'status bits are never cleared'); END;

CREATE TRIGGER status_bit_no_update BEFORE UPDATE ON status_bit BEGIN SELECT RAISE(ABORT, 'status bits are never moved'); END;

CREATE TABLE sweep (
    job  TEXT    PRIMARY KEY NOT NULL CHECK (job <> ''),
    mark INTEGER NOT NULL CHECK (mark >= 0) -- never less than it was
) STRICT, WITHOUT ROWID;

CREATE TRIGGER sweep_forward BEFORE UPDATE ON sweep WHEN NEW.mark < OLD.mark OR NEW.job <> OLD.job BEGIN SELECT RAISE(ABORT, 'a mark never goes back'); END;

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

CREATE TRIGGER transfer_no_delete BEFORE DELETE ON transfer BEGIN SELECT RAISE(ABORT, 'transfers are never deleted'); END;

CREATE TRIGGER transfer_no_update BEFORE UPDATE ON transfer BEGIN SELECT RAISE(ABORT, 'transfers are never edited'); END;
