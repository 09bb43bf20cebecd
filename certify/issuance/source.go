package issuance

import (
	"context"
	"fmt"

	"creditbank/certify/tlog"
	"creditbank/chain"
	"creditbank/creditbank"
)

// Source returns the log as the worker of package chain wants it.
func (o *Office) Source() chain.Source { return source{o} }

type source struct{ o *Office }

// Checkpoint implements [chain.Source].
func (s source) Checkpoint(ctx context.Context) (chain.Checkpoint, error) {
	state, err := s.o.published(ctx)
	if err != nil {
		return chain.Checkpoint{}, err
	}
	if state.Head.Size == 0 {
		return chain.Checkpoint{}, chain.ErrNone
	}
	return chain.Checkpoint{Origin: s.o.c.Origin, Size: state.Head.Size, Root: state.Head.Root, Note: state.Checkpoint}, nil
}

// Consistency implements [chain.Source].
func (s source) Consistency(ctx context.Context, from, to int64) ([][chain.HashSize]byte, error) {
	head, err := s.o.headAt(ctx, to)
	if err != nil {
		return nil, err
	}
	proof, err := tlog.ProveConsistency(head, from, s.o.tiles(ctx))
	if err != nil {
		return nil, err
	}
	hashes := make([][chain.HashSize]byte, len(proof))
	for i, h := range proof {
		hashes[i] = h
	}
	return hashes, nil
}

// SaveReceipt implements [chain.Source]. A receipt whose cosignatures could not
// be added to the checkpoint is refused here, not when certificates are
// fetched.
func (s source) SaveReceipt(ctx context.Context, cp chain.Checkpoint, r chain.Receipt) error {
	head, err := s.o.headAt(ctx, cp.Size)
	if err != nil {
		return err
	}
	if head.Root != cp.Root {
		return fmt.Errorf("receipt of checkpoint %d: its root is another", cp.Size)
	}
	if _, err := tlog.AddSignatures(cp.Note, r.Cosignatures); err != nil {
		return fmt.Errorf("receipt of checkpoint %d: %w", cp.Size, err)
	}
	return s.o.c.Store.SaveReceipt(ctx, cp.Size, r)
}

// headAt returns the head that the log had at the size of a checkpoint.
func (o *Office) headAt(ctx context.Context, size int64) (tlog.Head, error) {
	_, vkey, err := o.c.Keys.Log(ctx, o.c.Origin)
	if err != nil {
		return tlog.Head{}, fmt.Errorf("key of the log: %w", err)
	}
	found, err := o.c.Store.Checkpoints(ctx, size-1, 1)
	if err != nil {
		return tlog.Head{}, err
	}
	if len(found) == 0 || found[0].Size != size {
		return tlog.Head{}, fmt.Errorf("checkpoint of size %d: %w", size, creditbank.ErrNotFound)
	}
	cp, err := openCheckpoint(found[0].Note, vkey)
	if err != nil || cp.Size != size {
		return tlog.Head{}, fmt.Errorf("%w: checkpoint of size %d: %v", tlog.ErrDamaged, size, err)
	}
	return cp.Head, nil
}

// CheckAnchored checks that the log as it is here extends what an Anchorer has
// recorded last. Call it before anything is issued: a database restored from a
// backup lacks records that others saw, and extending it would fork the log.
// The error wraps [chain.ErrRollback] or [chain.ErrFork].
func (o *Office) CheckAnchored(ctx context.Context, a chain.Anchored) error {
	state, err := o.c.Store.State(ctx)
	if err != nil {
		return err
	}
	anchored := tlog.Head{Size: a.Checkpoint.Size, Root: a.Checkpoint.Root}
	if state.Head.Size < anchored.Size {
		return fmt.Errorf("%w: the log has %d records, %d are anchored", chain.ErrRollback, state.Head.Size, anchored.Size)
	}
	proof, err := tlog.ProveConsistency(state.Head, anchored.Size, o.tiles(ctx))
	if err != nil {
		return err
	}
	if err := tlog.CheckConsistency(anchored, state.Head, proof); err != nil {
		return fmt.Errorf("%w: the log of size %d does not extend what is anchored: %v", chain.ErrFork, state.Head.Size, err)
	}
	return nil
}

// LogFile returns a file of the log as C2SP tlog-tiles serves it, by its path
// below the log's address: "checkpoint", "tile/0/x001/067",
// "tile/entries/000.p/7". ErrNotFound if there is none. What is below tile/
// never changes.
func (o *Office) LogFile(ctx context.Context, path string) ([]byte, error) {
	if path == "checkpoint" {
		state, err := o.published(ctx)
		if err == nil && state.Head.Size == 0 {
			err = fmt.Errorf("checkpoint of the empty log: %w", creditbank.ErrNotFound)
		}
		return state.Checkpoint, err
	}
	id, width, err := tlog.ParseTilePath(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", creditbank.ErrNotFound, err)
	}
	data, err := o.c.Store.Tile(ctx, id)
	if err != nil {
		return nil, err
	}
	if id.Level == tlog.EntriesLevel {
		data, err = tlog.CutBundle(data, width)
	} else if len(data) < width*chain.HashSize {
		err = fmt.Errorf("it has %d hashes", len(data)/chain.HashSize)
	} else {
		data = data[:width*chain.HashSize]
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %v", creditbank.ErrNotFound, path, err)
	}
	return data, nil
}
