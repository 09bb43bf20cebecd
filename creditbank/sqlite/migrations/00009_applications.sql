-- Open applications, as those who decide them look for them: an index beside the
-- ledger, written with it, which follows from the acts. Rows change and go.

-- +goose Up

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

CREATE INDEX application_programme ON application (programme, due, learner_id, seq);
CREATE INDEX application_wake ON application (wake, learner_id, seq) WHERE wake < 99999999;
CREATE INDEX application_shown ON application (due, learner_id, seq) WHERE state = 'publicity';
CREATE INDEX application_number ON application (number) WHERE number <> '';

-- What is open already waits for one reviewer, without a limit.
INSERT INTO application (learner_id, seq, number, programme, state, due, wake, facts)
SELECT
    a.learner_id, a.seq, '', json_extract(CAST(a.body AS TEXT), '$.decision.programme'), 'submitted', 99999999, 99999999,
    json_object('rule', json_extract(CAST(a.body AS TEXT), '$.decision.rule'), 'seats', 1)
FROM act AS a
WHERE a.kind = 'applied'
AND NOT EXISTS (
    SELECT 1
    FROM act AS d
    WHERE d.learner_id = a.learner_id AND d.seq > a.seq AND d.kind = 'decided'
    AND json_extract(CAST(d.body AS TEXT), '$.of') = a.seq
);
