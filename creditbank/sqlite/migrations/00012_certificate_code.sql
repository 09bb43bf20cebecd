-- The code that is printed on a certificate is the start of its hash in the
-- log; by this index it is looked up.

-- +goose Up

CREATE INDEX certificate_leaf ON certificate (leaf);
