package sqlite

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"creditbank/certify/issuance"
	"creditbank/certify/tlog"
	"creditbank/creditbank"
)

// Certificates returns the certificates and their log, which are kept in the
// same file.
func (s *Store) Certificates() issuance.Store { return certificates{s} }

// certificates implements [issuance.Store].
type certificates struct{ s *Store }

// State implements [issuance.Store].
func (c certificates) State(ctx context.Context) (issuance.State, error) {
	var st issuance.State
	var root []byte
	err := c.s.readers.QueryRowContext(ctx, `
		SELECT cursor, size, root, log_key, status_list, status_seed, status_used,
			coalesce((SELECT note FROM log_checkpoint WHERE log_checkpoint.size = follower.size), x'')
		FROM follower`).
		Scan(&st.Cursor, &st.Head.Size, &root, &st.LogKey, &st.Status.List, &st.Status.Seed, &st.Status.Used, &st.Checkpoint)
	if errors.Is(err, sql.ErrNoRows) {
		return issuance.NewState(), nil
	}
	if err != nil {
		return issuance.State{}, fmt.Errorf("state of the log: %w", err)
	}
	if len(root) != len(st.Head.Root) {
		return issuance.State{}, fmt.Errorf("damaged state of the log: a root of %d bytes", len(root))
	}
	copy(st.Head.Root[:], root)
	return st, nil
}

// Tile implements [issuance.Store].
func (c certificates) Tile(ctx context.Context, id tlog.TileID) ([]byte, error) {
	var data []byte
	err := c.s.readers.QueryRowContext(ctx, `
		SELECT data
		FROM log_tile
		WHERE level = ? AND n = ?`, id.Level, id.N).Scan(&data)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("tile %d of level %d: %w", id.N, id.Level, err)
	}
	return data, nil
}

// Certificates implements [issuance.Store].
func (c certificates) Certificates(ctx context.Context, learner creditbank.LearnerID) ([]issuance.Certificate, error) {
	rows, err := c.s.readers.QueryContext(ctx, `
		SELECT learner_id, seq, id, kind, institution, key_id, c.log_index, leaf, status_list, status_index, c.at, sealed, digest,
			coalesce(r.at, 0), coalesce(r.log_index, 0)
		FROM certificate AS c
		LEFT JOIN certificate_revocation AS r USING (learner_id, seq)
		WHERE learner_id = ?
		ORDER BY seq`, learner)
	all, err := collect(rows, err, scanCertificate)
	if err != nil {
		return nil, fmt.Errorf("certificates of learner %s: %w", learner, err)
	}
	return all, nil
}

func scanCertificate(row scanner) (issuance.Certificate, error) {
	c := issuance.Certificate{Leaf: tlog.Leaf{Kind: tlog.KindCredential}}
	var leaf, digest []byte
	var created, revoked int64
	err := row.Scan(&c.Learner, &c.Seq, &c.ID, &c.Kind, &c.Institution, &c.KeyID, &c.Index, &leaf,
		&c.Status.List, &c.Status.Index, &created, &c.Sealed, &digest, &revoked, &c.RevokedIndex)
	if err != nil {
		return issuance.Certificate{}, err
	}
	copy(c.Leaf.SHA256[:], leaf)
	c.Created = time.UnixMicro(created).UTC()
	if revoked != 0 {
		c.RevokedAt = time.UnixMicro(revoked).UTC()
	}
	return c, c.CheckDigest(digest)
}

// Find implements [issuance.Store].
func (c certificates) Find(ctx context.Context, id string) (creditbank.LearnerID, error) {
	var learner creditbank.LearnerID
	err := c.s.readers.QueryRowContext(ctx, `
		SELECT learner_id
		FROM certificate_lookup
		WHERE id = ?`, id).Scan(&learner)
	if errors.Is(err, sql.ErrNoRows) {
		err = creditbank.ErrNotFound
	}
	if err != nil {
		return "", fmt.Errorf("certificate %q: %w", id, err)
	}
	return learner, nil
}

// Between implements [issuance.Store].
func (c certificates) Between(ctx context.Context, least, greatest [sha256.Size]byte, limit int) ([]issuance.Certificate, error) {
	rows, err := c.s.readers.QueryContext(ctx, `
		SELECT learner_id, seq, id, kind, institution, key_id, c.log_index, leaf, status_list, status_index, c.at, sealed, digest,
			coalesce(r.at, 0), coalesce(r.log_index, 0)
		FROM certificate AS c
		LEFT JOIN certificate_revocation AS r USING (learner_id, seq)
		WHERE leaf BETWEEN ? AND ?
		ORDER BY leaf
		LIMIT ?`, least[:], greatest[:], limit)
	all, err := collect(rows, err, scanCertificate)
	if err != nil {
		return nil, fmt.Errorf("certificates from hash %x on: %w", least[:8], err)
	}
	return all, nil
}

// Revoked implements [issuance.Store].
func (c certificates) Revoked(ctx context.Context, list int) ([]int, error) {
	rows, err := c.s.readers.QueryContext(ctx, `
		SELECT idx
		FROM status_bit
		WHERE list = ?
		ORDER BY idx`, list)
	all, err := collect(rows, err, func(row scanner) (n int, err error) {
		err = row.Scan(&n)
		return n, err
	})
	if err != nil {
		return nil, fmt.Errorf("status list %d: %w", list, err)
	}
	return all, nil
}

// Checkpoints implements [issuance.Store].
func (c certificates) Checkpoints(ctx context.Context, after int64, limit int) ([]issuance.Checkpoint, error) {
	rows, err := c.s.readers.QueryContext(ctx, `
		SELECT size, note, at
		FROM log_checkpoint
		WHERE size > ?
		ORDER BY size
		LIMIT ?`, after, limit)
	all, err := collect(rows, err, func(row scanner) (cp issuance.Checkpoint, err error) {
		var at int64
		err = row.Scan(&cp.Size, &cp.Note, &at)
		cp.At = time.UnixMicro(at).UTC()
		return cp, err
	})
	if err != nil {
		return nil, fmt.Errorf("checkpoints above size %d: %w", after, err)
	}
	return all, nil
}

// Anchored implements [issuance.Store].
func (c certificates) Anchored(ctx context.Context) ([]issuance.Anchored, error) {
	rows, err := c.s.readers.QueryContext(ctx, `
		SELECT size, note, at, receipt
		FROM (SELECT kind, who, max(size) AS size FROM anchor_receipt GROUP BY kind, who)
		JOIN anchor_receipt USING (kind, who, size)
		JOIN log_checkpoint USING (size)
		ORDER BY size, kind, who`)
	all, err := collect(rows, err, func(row scanner) (issuance.Anchored, error) {
		var a issuance.Anchored
		var at int64
		var receipt []byte
		if err := row.Scan(&a.Size, &a.Note, &at, &receipt); err != nil {
			return issuance.Anchored{}, err
		}
		a.At = time.UnixMicro(at).UTC()
		if err := json.Unmarshal(receipt, &a.Receipt); err != nil {
			return issuance.Anchored{}, fmt.Errorf("damaged receipt of checkpoint %d: %v", a.Size, err)
		}
		return a, nil
	})
	if err != nil {
		return nil, fmt.Errorf("anchored checkpoints: %w", err)
	}
	return all, nil
}

// IssuerKeys implements [issuance.Store].
func (c certificates) IssuerKeys(ctx context.Context) ([]issuance.IssuerKey, error) {
	rows, err := c.s.readers.QueryContext(ctx, `
		SELECT key_id, public
		FROM issuer_key
		ORDER BY key_id`)
	all, err := collect(rows, err, func(row scanner) (k issuance.IssuerKey, err error) {
		err = row.Scan(&k.ID, (*[]byte)(&k.Public))
		return k, err
	})
	if err != nil {
		return nil, fmt.Errorf("pinned keys of issuers: %w", err)
	}
	return all, nil
}

// Parked implements [issuance.Store].
func (c certificates) Parked(ctx context.Context, after creditbank.LearnerID, limit int) ([]creditbank.LearnerID, error) {
	rows, err := c.s.readers.QueryContext(ctx, `
		SELECT learner_id
		FROM certificate_parked
		WHERE learner_id > ?
		ORDER BY learner_id
		LIMIT ?`, after, limit)
	all, err := collect(rows, err, func(row scanner) (id creditbank.LearnerID, err error) {
		err = row.Scan(&id)
		return id, err
	})
	if err != nil {
		return nil, fmt.Errorf("parked learners after %q: %w", after, err)
	}
	return all, nil
}
