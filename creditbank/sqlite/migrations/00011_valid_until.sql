-- A posting may name the last day of its certificate; 0 is none. It enters the
-- digest of a row only where there is one, so that rows from before keep theirs.

-- +goose Up

ALTER TABLE outcome ADD COLUMN valid_until INTEGER NOT NULL DEFAULT 0;
