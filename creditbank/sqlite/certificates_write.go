package sqlite

import (
	"context"
	"encoding/json"
	"fmt"

	"creditbank/certify/issuance"
	"creditbank/chain"
	"creditbank/creditbank"
)

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

// PinKeys implements [issuance.Store].
func (c certificates) PinKeys(ctx context.Context, keys []issuance.IssuerKey) error {
	err := c.s.transact(ctx, func(ctx context.Context) (bool, error) {
		for _, k := range keys {
			_, err := c.s.conn.ExecContext(ctx, `
				INSERT INTO issuer_key (key_id, public)
				VALUES (?, ?)
				ON CONFLICT (key_id) DO NOTHING`, k.ID, []byte(k.Public))
			if err != nil {
				return false, err
			}
		}
		return true, nil
	})
	if err != nil {
		return fmt.Errorf("pin %d keys of issuers: %w", len(keys), err)
	}
	return nil
}
