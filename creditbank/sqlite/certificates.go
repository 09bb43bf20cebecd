package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"creditbank/certify/issuance"
	"creditbank/certify/tlog"
	"creditbank/chain"
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

// Commit implements [issuance.Store].
func (c certificates) Commit(ctx context.Context, commit issuance.Commit) (moved bool, err error) {
	if err := commit.Check(); err != nil {
		return false, err
	}
	err = c.s.transact(ctx, func(ctx context.Context) (bool, error) {
		if moved, err = c.move(ctx, commit.Base, commit.Next); err != nil || !moved {
			return false, err
		}
		return true, c.writeAll(ctx, commit)
	})
	if err != nil {
		return false, fmt.Errorf("commit certificates: %w", err)
	}
	return moved, nil
}

// move moves the state on, unless somebody else did.
func (c certificates) move(ctx context.Context, base, next issuance.State) (bool, error) {
	values := []any{
		next.Cursor, next.Head.Size, next.Head.Root[:], next.LogKey, next.Status.List, blob(next.Status.Seed), next.Status.Used,
	}
	query := `
		UPDATE follower
		SET cursor = ?, size = ?, root = ?, log_key = ?, status_list = ?, status_seed = ?, status_used = ?
		WHERE cursor = ? AND size = ? AND log_key = ?`
	if base.LogKey == "" { // the first write
		query = `
		INSERT INTO follower (one, cursor, size, root, log_key, status_list, status_seed, status_used)
		VALUES (1, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (one) DO NOTHING`
	} else {
		values = append(values, base.Cursor, base.Head.Size, base.LogKey)
	}
	result, err := c.s.conn.ExecContext(ctx, query, values...)
	if err != nil {
		return false, fmt.Errorf("move the state: %w", err)
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

func (c certificates) writeAll(ctx context.Context, commit issuance.Commit) error {
	for _, i := range commit.Issued {
		if err := c.addCertificate(ctx, i); err != nil {
			return fmt.Errorf("certificate of row %d of account %s: %w", i.Seq, i.Learner, err)
		}
	}
	for _, r := range commit.Revoked {
		if err := c.addRevocation(ctx, r); err != nil {
			return fmt.Errorf("revoke certificate of row %d of account %s: %w", r.Seq, r.Learner, err)
		}
	}
	for _, t := range commit.Tiles {
		_, err := c.s.conn.ExecContext(ctx, `
			INSERT INTO log_tile (level, n, width, data)
			VALUES (?, ?, ?, ?)
			ON CONFLICT (level, n) DO UPDATE SET width = excluded.width, data = excluded.data`,
			t.ID.Level, t.ID.N, t.Width, t.Data)
		if err != nil {
			return fmt.Errorf("tile %s: %w", t.ID.Path(t.Width), err)
		}
	}
	if commit.Next.Head.Size > commit.Base.Head.Size {
		_, err := c.s.conn.ExecContext(ctx, `
			INSERT INTO log_checkpoint (size, note, at)
			VALUES (?, ?, ?)`,
			commit.Next.Head.Size, commit.Next.Checkpoint, commit.At.UnixMicro())
		if err != nil {
			return fmt.Errorf("checkpoint %d: %w", commit.Next.Head.Size, err)
		}
	}
	return c.park(ctx, commit)
}

func (c certificates) addCertificate(ctx context.Context, i issuance.Certificate) error {
	digest := i.Digest()
	_, err := c.s.conn.ExecContext(ctx, `
		INSERT INTO certificate (learner_id, seq, id, kind, institution, key_id, log_index, leaf, status_list, status_index, at, sealed, digest)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		i.Learner, i.Seq, i.ID, i.Kind, i.Institution, i.KeyID, i.Index, i.Leaf.SHA256[:],
		i.Status.List, i.Status.Index, i.Created.UnixMicro(), blob(i.Sealed), digest[:])
	if err != nil {
		return err
	}
	_, err = c.s.conn.ExecContext(ctx, `
		INSERT INTO certificate_lookup (id, learner_id)
		VALUES (?, ?)`, i.ID, i.Learner)
	return err
}

func (c certificates) addRevocation(ctx context.Context, r issuance.Revocation) error {
	_, err := c.s.conn.ExecContext(ctx, `
		INSERT INTO certificate_revocation (learner_id, seq, at, log_index)
		VALUES (?, ?, ?, ?)`, r.Learner, r.Seq, r.At.UnixMicro(), r.Index)
	if err != nil {
		return err
	}
	_, err = c.s.conn.ExecContext(ctx, `
		INSERT INTO status_bit (list, idx)
		VALUES (?, ?)`, r.Place.List, r.Place.Index)
	return err
}

func (c certificates) park(ctx context.Context, commit issuance.Commit) error {
	for _, id := range commit.Unparked {
		if _, err := c.s.conn.ExecContext(ctx, `DELETE FROM certificate_parked WHERE learner_id = ?`, id); err != nil {
			return fmt.Errorf("unpark learner %s: %w", id, err)
		}
	}
	for _, id := range commit.Parked {
		_, err := c.s.conn.ExecContext(ctx, `
			INSERT INTO certificate_parked (learner_id, at)
			VALUES (?, ?)
			ON CONFLICT (learner_id) DO NOTHING`, id, commit.At.UnixMicro())
		if err != nil {
			return fmt.Errorf("park learner %s: %w", id, err)
		}
	}
	return nil
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

// SaveReceipt implements [issuance.Store].
func (c certificates) SaveReceipt(ctx context.Context, size int64, r chain.Receipt) error {
	receipt, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("receipt of checkpoint %d: %w", size, err)
	}
	err = c.s.transact(ctx, func(ctx context.Context) (bool, error) {
		var known bool
		row := c.s.conn.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM log_checkpoint WHERE size = ?)`, size)
		if err := row.Scan(&known); err != nil {
			return false, err
		}
		if !known {
			return false, creditbank.ErrNotFound
		}
		_, err := c.s.conn.ExecContext(ctx, `
			INSERT INTO anchor_receipt (kind, who, size, receipt)
			VALUES (?, ?, ?, ?)
			ON CONFLICT (kind, who, size) DO NOTHING`, r.Kind, r.Who, size, receipt)
		return true, err
	})
	if err != nil {
		return fmt.Errorf("receipt of checkpoint %d: %w", size, err)
	}
	return nil
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
