-- What comes due by the clock, and outcomes that may be recognised anew, are
-- found by indexes. How far each job of the sweep has come is kept: it saves
-- looking again, and may lag or be lost.

-- +goose Up

CREATE INDEX outcome_expiry ON outcome (expires_on, learner_id) WHERE granted AND expires_on > 0;
CREATE INDEX outcome_refused ON outcome (learner_id) WHERE NOT granted;

-- The same of outcomes that were recognised anew, which their rows do not say.
CREATE INDEX act_expiry ON act (CAST(replace(json_extract(CAST(body AS TEXT), '$.recognition.expires_on'), '-', '') AS INTEGER), learner_id)
    WHERE kind = 'recognised';
CREATE INDEX act_recognised ON act (learner_id) WHERE kind = 'recognised';

CREATE TABLE sweep (
    job  TEXT    PRIMARY KEY NOT NULL CHECK (job <> ''),
    mark INTEGER NOT NULL CHECK (mark >= 0) -- never less than it was
) STRICT, WITHOUT ROWID;

-- +goose StatementBegin
CREATE TRIGGER sweep_forward BEFORE UPDATE ON sweep WHEN NEW.mark < OLD.mark OR NEW.job <> OLD.job BEGIN SELECT RAISE(ABORT, 'a mark never goes back'); END;
-- +goose StatementEnd
