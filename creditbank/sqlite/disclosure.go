package sqlite

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"creditbank/creditbank"
)

// Disclose implements [creditbank.DisclosureStore].
func (s *Store) Disclose(ctx context.Context, d creditbank.Disclosure) error {
	digest := d.Digest()
	err := s.transact(ctx, func(ctx context.Context) (bool, error) {
		_, err := s.write.addDisclosure.ExecContext(ctx, d.Learner, d.ID, d.At.UnixMicro(), d.By.ID, d.Recipient, d.Authority,
			d.Purpose, creditbank.FormatFields(d.Fields), d.Basis, d.Consent, d.Request, digest[:])
		return err == nil, err
	})
	if err != nil {
		return fmt.Errorf("disclosure %s: %w", d.ID, err)
	}
	return nil
}

// Disclosures implements [creditbank.DisclosureStore].
func (s *Store) Disclosures(ctx context.Context, learner creditbank.LearnerID, before string, limit int) ([]creditbank.Disclosure, error) {
	rows, err := s.read.disclosures.QueryContext(ctx, learner, before, limit)
	all, err := collect(rows, err, scanDisclosure)
	if err != nil {
		return nil, fmt.Errorf("disclosures about %s: %w", learner, err)
	}
	return all, nil
}

func scanDisclosure(row scanner) (creditbank.Disclosure, error) {
	var d creditbank.Disclosure
	var at int64
	var fields string
	var digest []byte
	err := row.Scan(&d.Learner, &d.ID, &at, &d.By.ID, &d.Recipient, &d.Authority,
		&d.Purpose, &fields, &d.Basis, &d.Consent, &d.Request, &digest)
	if err != nil {
		return creditbank.Disclosure{}, fmt.Errorf("read disclosure: %w", err)
	}
	d.At = time.UnixMicro(at).UTC()
	if d.Fields, err = creditbank.ParseFields(fields); err != nil {
		return creditbank.Disclosure{}, fmt.Errorf("disclosure %s about %s: %v", d.ID, d.Learner, err)
	}
	if want := d.Digest(); !bytes.Equal(digest, want[:]) {
		return creditbank.Disclosure{}, fmt.Errorf("disclosure %s about %s: %v", d.ID, d.Learner, errDigest)
	}
	return d, nil
}
