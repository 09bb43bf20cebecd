package issuance

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"

	"creditbank/certify"
	"creditbank/creditbank"
)

// listBits is the logarithm of a status list's length.
const (
	listBits = 17
	listSize = 1 << listBits // certify.MinStatusEntries
)

// next gives out the next place, beginning a new list when one is full. Places
// of a list are given out in a secret order, so that neighbours in the list
// tell nothing about each other and no place is ever given out twice.
func (p *StatusPosition) next(random io.Reader) (Place, error) {
	if p.List == 0 || p.Used == listSize {
		seed := make([]byte, 32)
		if _, err := io.ReadFull(random, seed); err != nil {
			return Place{}, fmt.Errorf("draw the order of a status list: %w", err)
		}
		*p = StatusPosition{List: p.List + 1, Seed: seed}
	}
	place := Place{List: p.List, Index: shuffled(p.Seed, p.Used)}
	p.Used++
	return place, nil
}

// shuffled returns the n-th number of a pseudo-random order of the places of a
// list: a Feistel network over halves of 8 and 9 bits, which change sides each
// round. Every round can be undone, so no two n give the same place.
func shuffled(seed []byte, n int) int {
	const rounds = 10
	left, right := uint32(n>>9), uint32(n&0x1ff)
	wide, wideNext := 8, 9
	for round := range rounds {
		left, right = right, left^(mix(seed, round, right)&(1<<wide-1))
		wide, wideNext = wideNext, wide
	}
	return int(left<<9 | right)
}

func mix(seed []byte, round int, half uint32) uint32 {
	h := hmac.New(sha256.New, seed)
	h.Write(binary.BigEndian.AppendUint32([]byte{byte(round)}, half))
	return binary.BigEndian.Uint32(h.Sum(nil))
}

// StatusList returns a status list signed by an institution, as of now.
// ErrNotFound if there is no such institution or list.
func (o *Office) StatusList(ctx context.Context, id creditbank.InstitutionID, list int) ([]byte, error) {
	if err := o.known(ctx, id); err != nil {
		return nil, err // for a stranger no key is made
	}
	state, err := o.c.Store.State(ctx)
	if err != nil {
		return nil, err
	}
	if list < 1 || list > state.Status.List {
		return nil, fmt.Errorf("status list %d: %w", list, creditbank.ErrNotFound)
	}
	revoked, err := o.c.Store.Revoked(ctx, list)
	if err != nil {
		return nil, err
	}
	bits, err := certify.NewStatusList(listSize)
	if err != nil {
		return nil, err
	}
	for _, index := range revoked {
		if err := bits.Revoke(int64(index)); err != nil {
			return nil, fmt.Errorf("status list %d: damaged: %v", list, err)
		}
	}
	did, err := o.DID(id)
	if err != nil {
		return nil, err
	}
	if _, err := o.issuers(ctx); err != nil { // before the keyring makes a lost key anew
		return nil, err
	}
	now := o.now()
	signer, err := o.c.Keys.Current(ctx, did, now)
	if err != nil {
		return nil, fmt.Errorf("key of %s: %w", did, err)
	}
	if _, err := o.issuers(ctx); err != nil { // which pins the key if it is new
		return nil, err
	}
	return certify.StatusCredential{
		ID: o.StatusListAddress(id, list), Issuer: did, ValidFrom: now, ValidUntil: now.Add(o.c.StatusValidity), List: bits,
	}.Sign(signer, now)
}
