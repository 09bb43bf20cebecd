-- Open applications, as those who decide them look for them: an index beside the
-- ledger, written with it, which follows from the acts. Rows change and go; they
-- are few, so the table is not partitioned.

-- +goose Up

CREATE TABLE application (
    learner_id uuid    NOT NULL,
    seq        bigint  NOT NULL, -- the act that applied
    due        integer NOT NULL, -- last day of what runs; 99999999 for no limit
    wake       integer NOT NULL, -- the day on which the clock has something to do; 99999999 for none
    number     text    NOT NULL COLLATE "C", -- in public, while it is shown; '' else
    programme  text    NOT NULL COLLATE "C",
    state      text    NOT NULL COLLATE "C",
    facts      json    NOT NULL,
    CONSTRAINT application_pkey PRIMARY KEY (learner_id, seq)
) WITH (fillfactor = 80);

CREATE INDEX application_programme ON application (programme, due, learner_id, seq);
CREATE INDEX application_wake ON application (wake, learner_id, seq) WHERE wake < 99999999;
CREATE INDEX application_shown ON application (due, learner_id, seq) WHERE state = 'publicity';
CREATE INDEX application_number ON application (number) WHERE number <> '';

-- What is open already waits for one reviewer, without a limit.
INSERT INTO application (learner_id, seq, due, wake, number, programme, state, facts)
SELECT
    a.learner_id, a.seq, 99999999, 99999999, '', a.body -> 'decision' ->> 'programme', 'submitted',
    json_build_object('rule', a.body -> 'decision' ->> 'rule', 'seats', 1)
FROM act AS a
WHERE a.kind = 'applied'
AND NOT EXISTS (
    SELECT
    FROM act AS d
    WHERE d.learner_id = a.learner_id
    AND d.kind = 'decided'
    AND d.body ->> 'of' = a.seq::text
);
