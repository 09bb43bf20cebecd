package postgres

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/lib/pq"

	"creditbank/certify/issuance"
	"creditbank/chain"
	"creditbank/creditbank"
)

// Commit implements [issuance.Store].
func (c certificates) Commit(ctx context.Context, commit issuance.Commit) (bool, error) {
	if err := commit.Check(); err != nil {
		return false, err
	}
	var moved bool
	err := retry(ctx, func() error {
		return c.s.commit(ctx, func(ctx context.Context, w *writer) (err error) {
			moved, err = w.writeCertificates(ctx, commit)
			return err
		})
	})
	if err != nil {
		return false, fmt.Errorf("commit certificates: %w", err)
	}
	return moved, nil
}

// writeCertificates writes everything in c, or nothing if the state has moved.
// Who comes second waits for the row of the state, and then finds it moved.
func (w *writer) writeCertificates(ctx context.Context, c issuance.Commit) (moved bool, err error) {
	tx, err := w.conn.BeginTx(ctx, nil)
	if err != nil {
		return false, err
	}
	defer tx.Rollback() // does nothing once committed
	if moved, err := moveFollower(ctx, tx, c.Base, c.Next); err != nil || !moved {
		return false, err
	}
	for _, write := range []func(context.Context, *sql.Tx, issuance.Commit) error{
		addCertificates, addRevocations, putTiles, addCheckpoint, parkLearners,
	} {
		if err := write(ctx, tx, c); err != nil {
			return false, err
		}
	}
	return true, tx.Commit()
}

func moveFollower(ctx context.Context, tx *sql.Tx, base, next issuance.State) (bool, error) {
	values := []any{
		next.Cursor, next.Head.Size, next.Head.Root[:], next.LogKey, next.Status.List, notNull(next.Status.Seed), next.Status.Used,
	}
	query := `
		UPDATE follower
		SET cursor = $1, size = $2, root = $3, log_key = $4, status_list = $5, status_seed = $6, status_used = $7
		WHERE cursor = $8 AND size = $9 AND log_key = $10`
	if base.LogKey == "" { // the first write
		query = `
		INSERT INTO follower (one, cursor, size, root, log_key, status_list, status_seed, status_used)
		VALUES (TRUE, $1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (one) DO NOTHING`
	} else {
		values = append(values, base.Cursor, base.Head.Size, base.LogKey)
	}
	result, err := tx.ExecContext(ctx, query, values...)
	if err != nil {
		return false, fmt.Errorf("move the state: %w", err)
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

// notNull makes no bytes an empty value, not NULL.
func notNull(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

const addCertificatesQuery = `
	WITH issued AS (
		SELECT *
		FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[],
				$8::bytea[], $9::integer[], $10::integer[], $11::timestamptz[], $12::bytea[], $13::bytea[])
			AS i (learner_id, seq, id, kind, institution, key_id, log_index, leaf, status_list, status_index, at, sealed, digest)
	), named AS (
		INSERT INTO certificate_lookup (id, learner_id)
		SELECT id, learner_id
		FROM issued
	)
	INSERT INTO certificate (learner_id, seq, id, kind, institution, key_id, log_index, leaf, status_list, status_index, at, sealed, digest)
	SELECT learner_id, seq, id, kind, institution, key_id, log_index, leaf, status_list, status_index, at, sealed, digest
	FROM issued`

func addCertificates(ctx context.Context, tx *sql.Tx, c issuance.Commit) error {
	if len(c.Issued) == 0 {
		return nil
	}
	var (
		learners, ids, kinds, institutions, keys, ats []string
		seqs, indexes                                 []int64
		lists, places                                 []int32
		leaves, sealed, digests                       [][]byte
	)
	for _, i := range c.Issued {
		digest := i.Digest()
		learners = append(learners, string(i.Learner))
		seqs = append(seqs, i.Seq)
		ids = append(ids, i.ID)
		kinds = append(kinds, string(i.Kind))
		institutions = append(institutions, string(i.Institution))
		keys = append(keys, i.KeyID)
		indexes = append(indexes, i.Index)
		leaves = append(leaves, i.Leaf.SHA256[:])
		lists = append(lists, int32(i.Status.List))
		places = append(places, int32(i.Status.Index))
		ats = append(ats, timestamp(i.Created))
		sealed = append(sealed, i.Sealed)
		digests = append(digests, digest[:])
	}
	_, err := tx.ExecContext(ctx, addCertificatesQuery,
		pq.StringArray(learners), pq.Int64Array(seqs), pq.StringArray(ids), pq.StringArray(kinds), pq.StringArray(institutions),
		pq.StringArray(keys), pq.Int64Array(indexes), pq.ByteaArray(leaves), pq.Int32Array(lists), pq.Int32Array(places),
		pq.StringArray(ats), pq.ByteaArray(sealed), pq.ByteaArray(digests))
	if err != nil {
		return fmt.Errorf("add %d certificates: %w", len(c.Issued), err)
	}
	return nil
}

const addRevocationsQuery = `
	WITH revoked AS (
		SELECT *
		FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::integer[], $6::integer[])
			AS r (learner_id, seq, log_index, at, list, idx)
	), set AS (
		INSERT INTO status_bit (list, idx)
		SELECT list, idx
		FROM revoked
	)
	INSERT INTO certificate_revocation (learner_id, seq, log_index, at)
	SELECT learner_id, seq, log_index, at
	FROM revoked`

func addRevocations(ctx context.Context, tx *sql.Tx, c issuance.Commit) error {
	if len(c.Revoked) == 0 {
		return nil
	}
	var (
		learners, ats []string
		seqs, indexes []int64
		lists, places []int32
	)
	for _, r := range c.Revoked {
		learners = append(learners, string(r.Learner))
		seqs = append(seqs, r.Seq)
		indexes = append(indexes, r.Index)
		ats = append(ats, timestamp(r.At))
		lists = append(lists, int32(r.Place.List))
		places = append(places, int32(r.Place.Index))
	}
	_, err := tx.ExecContext(ctx, addRevocationsQuery,
		pq.StringArray(learners), pq.Int64Array(seqs), pq.Int64Array(indexes), pq.StringArray(ats), pq.Int32Array(lists), pq.Int32Array(places))
	if err != nil {
		return fmt.Errorf("revoke %d certificates: %w", len(c.Revoked), err)
	}
	return nil
}

func putTiles(ctx context.Context, tx *sql.Tx, c issuance.Commit) error {
	for _, t := range c.Tiles {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO log_tile (level, n, width, data)
			VALUES ($1, $2, $3, $4)
			ON CONFLICT (level, n) DO UPDATE SET width = excluded.width, data = excluded.data`,
			t.ID.Level, t.ID.N, t.Width, t.Data)
		if err != nil {
			return fmt.Errorf("tile %s: %w", t.ID.Path(t.Width), err)
		}
	}
	return nil
}

func addCheckpoint(ctx context.Context, tx *sql.Tx, c issuance.Commit) error {
	if c.Next.Head.Size == c.Base.Head.Size {
		return nil
	}
	_, err := tx.ExecContext(ctx, `
		INSERT INTO log_checkpoint (size, note, at)
		VALUES ($1, $2, $3)`, c.Next.Head.Size, c.Next.Checkpoint, timestamp(c.At))
	if err != nil {
		return fmt.Errorf("checkpoint %d: %w", c.Next.Head.Size, err)
	}
	return nil
}

func parkLearners(ctx context.Context, tx *sql.Tx, c issuance.Commit) error {
	if len(c.Unparked) > 0 {
		_, err := tx.ExecContext(ctx, `
			DELETE FROM certificate_parked
			WHERE learner_id = ANY ($1::uuid[])`, pq.Array(c.Unparked))
		if err != nil {
			return fmt.Errorf("unpark %d learners: %w", len(c.Unparked), err)
		}
	}
	if len(c.Parked) > 0 {
		_, err := tx.ExecContext(ctx, `
			INSERT INTO certificate_parked (learner_id, at)
			SELECT unnest($1::uuid[]), $2::timestamptz
			ON CONFLICT (learner_id) DO NOTHING`, pq.Array(c.Parked), timestamp(c.At))
		if err != nil {
			return fmt.Errorf("park %d learners: %w", len(c.Parked), err)
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
	var known bool
	err = retry(ctx, func() error {
		return c.s.commit(ctx, func(ctx context.Context, w *writer) error {
			return w.conn.QueryRowContext(ctx, `
				WITH kept AS (
					INSERT INTO anchor_receipt (kind, who, size, receipt)
					SELECT $1::text, $2::text, size, $4::bytea
					FROM log_checkpoint
					WHERE size = $3::bigint
					ON CONFLICT (kind, who, size) DO NOTHING
				)
				SELECT EXISTS (SELECT FROM log_checkpoint WHERE size = $3::bigint)`, r.Kind, r.Who, size, receipt).Scan(&known)
		})
	})
	if err == nil && !known {
		err = creditbank.ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("receipt of checkpoint %d: %w", size, err)
	}
	return nil
}

// PinKeys implements [issuance.Store].
func (c certificates) PinKeys(ctx context.Context, keys []issuance.IssuerKey) error {
	var ids []string
	var publics [][]byte
	for _, k := range keys {
		ids, publics = append(ids, k.ID), append(publics, k.Public)
	}
	err := retry(ctx, func() error {
		return c.s.commit(ctx, func(ctx context.Context, w *writer) error {
			_, err := w.conn.ExecContext(ctx, `
				INSERT INTO issuer_key (key_id, public)
				SELECT *
				FROM unnest($1::text[], $2::bytea[])
				ON CONFLICT (key_id) DO NOTHING`, pq.StringArray(ids), pq.ByteaArray(publics))
			return err
		})
	})
	if err != nil {
		return fmt.Errorf("pin %d keys of issuers: %w", len(keys), err)
	}
	return nil
}
