package postgres

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"

	"creditbank/creditbank"
)

const discloseQuery = `
	INSERT INTO disclosure (
		learner_id, id, at, caller, recipient, authority, purpose, fields, basis, consent, request, digest
	)
	VALUES ($1::uuid, $2::uuid, $3::timestamptz, $4, $5, $6, $7, $8, $9, $10, $11, $12)
	ON CONFLICT (learner_id, id) DO NOTHING`

// newestID is above every id of a disclosure.
const newestID = "ffffffff-ffff-ffff-ffff-ffffffffffff"

const disclosuresQuery = `
	SELECT learner_id, id, at, caller, recipient, authority, purpose, fields, basis, consent, request, digest
	FROM disclosure
	WHERE learner_id = $1
	AND id < $2
	ORDER BY id DESC
	LIMIT $3`

// Disclose implements [creditbank.DisclosureStore].
func (s *Store) Disclose(ctx context.Context, d creditbank.Disclosure) error {
	if !isUUID(string(d.Learner)) || !isUUID(d.ID) {
		return fmt.Errorf("disclosure %q about %q: not canonical UUIDs", d.ID, d.Learner)
	}
	digest := d.Digest()
	err := retry(ctx, func() error {
		return s.commit(ctx, func(ctx context.Context, w *writer) error {
			_, err := w.disclose.ExecContext(ctx, string(d.Learner), d.ID, timestamp(d.At), d.By.ID, string(d.Recipient), string(d.Authority),
				string(d.Purpose), creditbank.FormatFields(d.Fields), string(d.Basis), d.Consent, d.Request, digest[:])
			return err
		})
	})
	if err != nil {
		return fmt.Errorf("disclosure %s: %w", d.ID, err)
	}
	return nil
}

// Disclosures implements [creditbank.DisclosureStore].
func (s *Store) Disclosures(ctx context.Context, learner creditbank.LearnerID, before string, limit int) ([]creditbank.Disclosure, error) {
	if before == "" {
		before = newestID
	}
	if !isUUID(string(learner)) || !isUUID(before) {
		return nil, fmt.Errorf("disclosures about %q before %q: not canonical UUIDs", learner, before)
	}
	all, err := queryAll(ctx, s.read.disclosures, scanDisclosure, string(learner), before, limit)
	if err != nil {
		return nil, fmt.Errorf("disclosures about %s: %w", learner, err)
	}
	return all, nil
}

// scanDisclosure reads a disclosure from a row, or tells of damage.
func scanDisclosure(rows *sql.Rows) (creditbank.Disclosure, error) {
	var (
		d      creditbank.Disclosure
		fields string
		digest []byte
	)
	err := rows.Scan(&d.Learner, &d.ID, &d.At, &d.By.ID, &d.Recipient, &d.Authority,
		&d.Purpose, &fields, &d.Basis, &d.Consent, &d.Request, &digest)
	if err != nil {
		return creditbank.Disclosure{}, err
	}
	d.At = d.At.UTC()
	if d.Fields, err = creditbank.ParseFields(fields); err != nil {
		return creditbank.Disclosure{}, fmt.Errorf("damaged disclosure %s about %s: %v", d.ID, d.Learner, err)
	}
	if want := d.Digest(); !bytes.Equal(want[:], digest) {
		return creditbank.Disclosure{}, fmt.Errorf("damaged disclosure %s about %s: %v", d.ID, d.Learner, errDigest)
	}
	return d, nil
}
