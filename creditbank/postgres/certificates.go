package postgres

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"creditbank/certify/issuance"
	"creditbank/certify/tlog"
	"creditbank/creditbank"
)

// Certificates returns the certificates and their log, which are kept in the
// same database.
func (s *Store) Certificates() issuance.Store { return certificates{s} }

// certificates implements [issuance.Store].
type certificates struct{ s *Store }

// State implements [issuance.Store].
func (c certificates) State(ctx context.Context) (issuance.State, error) {
	var st issuance.State
	var root []byte
	err := c.s.readDB.QueryRowContext(ctx, `
		SELECT f.cursor, f.size, f.root, f.log_key, f.status_list, f.status_seed, f.status_used, coalesce(c.note, '')
		FROM follower AS f
		LEFT JOIN log_checkpoint AS c ON c.size = f.size`).
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
	err := c.s.readDB.QueryRowContext(ctx, `
		SELECT data
		FROM log_tile
		WHERE level = $1 AND n = $2`, id.Level, id.N).Scan(&data)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("tile %d of level %d: %w", id.N, id.Level, err)
	}
	return data, nil
}

// Certificates implements [issuance.Store].
func (c certificates) Certificates(ctx context.Context, learner creditbank.LearnerID) ([]issuance.Certificate, error) {
	if !isUUID(string(learner)) {
		return nil, nil
	}
	all, err := selectAll(ctx, c.s.readDB, scanCertificate, `
		SELECT c.learner_id, c.seq, c.id, c.kind, c.institution, c.key_id, c.log_index, c.leaf, c.status_list, c.status_index,
			c.at, c.sealed, c.digest, r.at, coalesce(r.log_index, 0)
		FROM certificate AS c
		LEFT JOIN certificate_revocation AS r ON r.learner_id = c.learner_id AND r.seq = c.seq
		WHERE c.learner_id = $1
		ORDER BY c.seq`, learner)
	if err != nil {
		return nil, fmt.Errorf("certificates of learner %s: %w", learner, err)
	}
	return all, nil
}

func scanCertificate(rows *sql.Rows) (issuance.Certificate, error) {
	c := issuance.Certificate{Leaf: tlog.Leaf{Kind: tlog.KindCredential}}
	var leaf, digest []byte
	var revoked sql.NullTime
	err := rows.Scan(&c.Learner, &c.Seq, &c.ID, &c.Kind, &c.Institution, &c.KeyID, &c.Index, &leaf,
		&c.Status.List, &c.Status.Index, &c.Created, &c.Sealed, &digest, &revoked, &c.RevokedIndex)
	if err != nil {
		return issuance.Certificate{}, err
	}
	copy(c.Leaf.SHA256[:], leaf)
	c.Created = c.Created.UTC()
	if revoked.Valid {
		c.RevokedAt = revoked.Time.UTC()
	}
	return c, c.CheckDigest(digest)
}

// Find implements [issuance.Store].
func (c certificates) Find(ctx context.Context, id string) (creditbank.LearnerID, error) {
	var learner creditbank.LearnerID
	err := c.s.readDB.QueryRowContext(ctx, `
		SELECT learner_id
		FROM certificate_lookup
		WHERE id = $1`, id).Scan(&learner)
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
	all, err := selectAll(ctx, c.s.readDB, scanCertificate, `
		SELECT c.learner_id, c.seq, c.id, c.kind, c.institution, c.key_id, c.log_index, c.leaf, c.status_list, c.status_index,
			c.at, c.sealed, c.digest, r.at, coalesce(r.log_index, 0)
		FROM certificate AS c
		LEFT JOIN certificate_revocation AS r ON r.learner_id = c.learner_id AND r.seq = c.seq
		WHERE c.leaf BETWEEN $1 AND $2
		ORDER BY c.leaf
		LIMIT $3`, least[:], greatest[:], limit)
	if err != nil {
		return nil, fmt.Errorf("certificates from hash %x on: %w", least[:8], err)
	}
	return all, nil
}

// Revoked implements [issuance.Store].
func (c certificates) Revoked(ctx context.Context, list int) ([]int, error) {
	all, err := selectAll(ctx, c.s.readDB, func(rows *sql.Rows) (n int, err error) {
		err = rows.Scan(&n)
		return n, err
	}, `
		SELECT idx
		FROM status_bit
		WHERE list = $1
		ORDER BY idx`, list)
	if err != nil {
		return nil, fmt.Errorf("status list %d: %w", list, err)
	}
	return all, nil
}

// Checkpoints implements [issuance.Store].
func (c certificates) Checkpoints(ctx context.Context, after int64, limit int) ([]issuance.Checkpoint, error) {
	all, err := selectAll(ctx, c.s.readDB, func(rows *sql.Rows) (cp issuance.Checkpoint, err error) {
		err = rows.Scan(&cp.Size, &cp.Note, &cp.At)
		cp.At = cp.At.UTC()
		return cp, err
	}, `
		SELECT size, note, at
		FROM log_checkpoint
		WHERE size > $1
		ORDER BY size
		LIMIT $2`, after, limit)
	if err != nil {
		return nil, fmt.Errorf("checkpoints above size %d: %w", after, err)
	}
	return all, nil
}

// Anchored implements [issuance.Store].
func (c certificates) Anchored(ctx context.Context) ([]issuance.Anchored, error) {
	all, err := selectAll(ctx, c.s.readDB, func(rows *sql.Rows) (issuance.Anchored, error) {
		var a issuance.Anchored
		var receipt []byte
		if err := rows.Scan(&a.Size, &a.Note, &a.At, &receipt); err != nil {
			return issuance.Anchored{}, err
		}
		a.At = a.At.UTC()
		if err := json.Unmarshal(receipt, &a.Receipt); err != nil {
			return issuance.Anchored{}, fmt.Errorf("damaged receipt of checkpoint %d: %v", a.Size, err)
		}
		return a, nil
	}, `
		SELECT n.size, c.note, c.at, r.receipt
		FROM (SELECT kind, who, max(size) AS size FROM anchor_receipt GROUP BY kind, who) AS n
		JOIN anchor_receipt AS r ON r.kind = n.kind AND r.who = n.who AND r.size = n.size
		JOIN log_checkpoint AS c ON c.size = n.size
		ORDER BY n.size, n.kind, n.who`)
	if err != nil {
		return nil, fmt.Errorf("anchored checkpoints: %w", err)
	}
	return all, nil
}

// IssuerKeys implements [issuance.Store].
func (c certificates) IssuerKeys(ctx context.Context) ([]issuance.IssuerKey, error) {
	all, err := selectAll(ctx, c.s.readDB, func(rows *sql.Rows) (k issuance.IssuerKey, err error) {
		err = rows.Scan(&k.ID, (*[]byte)(&k.Public))
		return k, err
	}, `
		SELECT key_id, public
		FROM issuer_key
		ORDER BY key_id`)
	if err != nil {
		return nil, fmt.Errorf("pinned keys of issuers: %w", err)
	}
	return all, nil
}

// Parked implements [issuance.Store].
func (c certificates) Parked(ctx context.Context, after creditbank.LearnerID, limit int) ([]creditbank.LearnerID, error) {
	all, err := selectAll(ctx, c.s.readDB, func(rows *sql.Rows) (id creditbank.LearnerID, err error) {
		err = rows.Scan(&id)
		return id, err
	}, `
		SELECT learner_id
		FROM certificate_parked
		WHERE $1::text = '' OR learner_id > nullif($1::text, '')::uuid
		ORDER BY learner_id
		LIMIT $2`, after, limit)
	if err != nil {
		return nil, fmt.Errorf("parked learners after %q: %w", after, err)
	}
	return all, nil
}

// selectAll runs a query and collects its rows with scan.
func selectAll[T any](ctx context.Context, db *sql.DB, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	stmt, err := db.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer stmt.Close()
	return queryAll(ctx, stmt, scan, args...)
}
