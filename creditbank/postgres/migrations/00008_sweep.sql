-- What comes due by the clock, and outcomes that may be recognised anew, are
-- found by indexes. How far each job of the sweep has come is kept: it saves
-- looking again, and may lag or be lost.

-- +goose Up

-- Building these holds up postings. That of days is of the day alone: equal days
-- share an entry, which costs a posting half of what one with the learner would;
-- the learners of a day are sorted when they are read.
CREATE INDEX outcome_expiry ON outcome (expires_on) WHERE granted AND expires_on > 0;
CREATE INDEX outcome_refused ON outcome (learner_id) WHERE NOT granted;

-- The same of outcomes that were recognised anew, which their rows do not say.
CREATE INDEX act_expiry ON act ((nullif(replace(body -> 'recognition' ->> 'expires_on', '-', ''), '')::integer), learner_id)
    WHERE kind = 'recognised';
CREATE INDEX act_recognised ON act (learner_id) WHERE kind = 'recognised';

CREATE TABLE sweep (
    mark bigint NOT NULL, -- never less than it was
    job  text   NOT NULL COLLATE "C",
    CONSTRAINT sweep_pkey PRIMARY KEY (job),
    CONSTRAINT sweep_check CHECK (mark >= 0 AND job <> '')
);

CREATE TRIGGER sweep_forward BEFORE UPDATE ON sweep FOR EACH ROW
    WHEN (NEW.mark < OLD.mark OR NEW.job <> OLD.job)
    EXECUTE FUNCTION forbid_change();
