package keyfile

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"

	"creditbank/certify"
	"creditbank/certify/issuance"
	"creditbank/certify/tlog"
)

var _ issuance.Keyring = (*Folder)(nil)

// A Folder is the keyring of a folder. It sees keys that other processes add.
type Folder struct {
	dir    string
	random io.Reader

	mu      sync.Mutex
	changed time.Time        // when the folder last changed, as far as it was read
	issuers map[string][]key // by DID, oldest first
	tokens  map[series][]key // oldest first
	logs    map[string]key   // by origin
}

// Open opens the folder, makes it if there is none, and reads its keys. New
// keys are drawn from random, which must be fit for cryptography.
func Open(dir string, random io.Reader) (*Folder, error) {
	if err := os.MkdirAll(dir, folderMode); err != nil {
		return nil, fmt.Errorf("open keys: %w", err)
	}
	f := &Folder{dir: dir, random: random}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f, f.load()
}

// load reads the folder, if it has changed since it was read.
func (f *Folder) load() error {
	if err := checkFolder(f.dir); err != nil {
		return fmt.Errorf("open keys: %w", err)
	}
	info, err := os.Stat(f.dir)
	if err != nil {
		return fmt.Errorf("open keys: %w", err)
	}
	if f.issuers != nil && info.ModTime().Equal(f.changed) {
		return nil
	}
	return f.reload(info.ModTime())
}

func (f *Folder) reload(changed time.Time) error {
	files, err := os.ReadDir(f.dir)
	if err != nil {
		return fmt.Errorf("open keys: %w", err)
	}
	next := &Folder{issuers: map[string][]key{}, tokens: map[series][]key{}, logs: map[string]key{}}
	for _, file := range files {
		if err := next.take(f.dir, file.Name()); err != nil {
			return fmt.Errorf("open keys: %w", err)
		}
	}
	for did, keys := range next.issuers {
		if err := order(keys); err != nil {
			return fmt.Errorf("open keys of %s: %w", did, err)
		}
	}
	for of, keys := range next.tokens {
		if err := order(keys); err != nil {
			return fmt.Errorf("open keys of %s, %s: %w", of.did, of.suite, err)
		}
	}
	if err := f.checkKept(next); err != nil {
		return err
	}
	f.issuers, f.tokens, f.logs, f.changed = next.issuers, next.tokens, next.logs, changed
	return nil
}

// take reads a file, if it is one of ours.
func (f *Folder) take(dir, name string) error {
	prefix, _, _ := strings.Cut(name, "-")
	prefix += "-"
	if prefix != issuerPrefix && prefix != tokenPrefix && prefix != logPrefix || !strings.HasSuffix(name, suffix) {
		return nil
	}
	k, err := read(dir, name)
	if err != nil {
		return err
	}
	if prefix == logPrefix {
		f.logs[k.ID] = k
		return nil
	}
	of, _, ok := splitKeyID(k.ID)
	if !ok || (of.suite == certify.EdDSA) != (prefix == issuerPrefix) {
		return fmt.Errorf("%q is no key of an issuer", k.ID)
	}
	if prefix == issuerPrefix {
		f.issuers[of.did] = append(f.issuers[of.did], k)
		return nil
	}
	f.tokens[of] = append(f.tokens[of], k)
	return nil
}

// checkKept refuses a folder that a key was taken away from, or exchanged in,
// since it was read: it would be made anew, and be another. What happened while
// nobody looked the folder cannot tell; package issuance pins the keys it uses.
func (f *Folder) checkKept(next *Folder) error {
	for did, keys := range f.issuers {
		if err := kept(keys, next.issuers[did]); err != nil {
			return err
		}
	}
	for of, keys := range f.tokens {
		if err := kept(keys, next.tokens[of]); err != nil {
			return err
		}
	}
	for origin, k := range f.logs {
		if !bytes.Equal(next.logs[origin].Seed, k.Seed) {
			return fmt.Errorf("open keys: key of the log %s was there, and is gone or another", origin)
		}
	}
	return nil
}

func kept(keys, now []key) error {
	for i, k := range keys {
		if i >= len(now) || !bytes.Equal(now[i].Seed, k.Seed) || !bytes.Equal(now[i].PKCS8, k.PKCS8) {
			return fmt.Errorf("open keys: key %s was there, and is gone or another", k.ID)
		}
	}
	return nil
}

// order sorts the keys of an issuer by number. None may be missing, and each
// must be of use later than the one before.
func order(keys []key) error {
	slices.SortFunc(keys, func(a, b key) int {
		_, m, _ := splitKeyID(a.ID)
		_, n, _ := splitKeyID(b.ID)
		return m - n
	})
	for i, k := range keys {
		if _, n, _ := splitKeyID(k.ID); n != i+1 || i > 0 && !k.From.After(keys[i-1].From) {
			return fmt.Errorf("key %d is missing, or its period does not follow", i+1)
		}
	}
	return nil
}

// A series is the keys of an issuer for one suite, numbered from 1.
type series struct {
	did   string
	suite certify.Suite
}

// names of keys by their suite, as they stand in ids.
func nameOf(s certify.Suite) string {
	if s == certify.EdDSA {
		return "key"
	}
	return strings.ToLower(string(s))
}

// id returns the id of the n-th key.
func (s series) id(n int) string { return s.did + "#" + nameOf(s.suite) + "-" + strconv.Itoa(n) }

func splitKeyID(id string) (of series, n int, ok bool) {
	did, name, _ := strings.Cut(id, "#")
	for _, suite := range []certify.Suite{certify.EdDSA, certify.RS256, certify.ES256} {
		number, found := strings.CutPrefix(name, nameOf(suite)+"-")
		of := series{did, suite}
		if n, err := strconv.Atoi(number); found && err == nil && n >= 1 && of.id(n) == id {
			return of, n, true
		}
	}
	return series{}, 0, false
}

// Current implements [issuance.Keyring].
func (f *Folder) Current(_ context.Context, did string, at time.Time) (certify.Signer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.load(); err != nil {
		return nil, err
	}
	if len(f.issuers[did]) == 0 {
		if err := f.add(did, 1, time.Time{}); err != nil {
			return nil, err
		}
	}
	// Another process may have added one within the same tick of the clock by
	// which a folder changes.
	if _, err := os.Lstat(filepath.Join(f.dir, fileName(issuerPrefix, series{did, certify.EdDSA}.id(len(f.issuers[did])+1)))); err == nil {
		if err := f.reload(time.Time{}); err != nil {
			return nil, err
		}
	}
	for _, k := range slices.Backward(f.issuers[did]) {
		if !k.From.After(at) {
			return k.signer()
		}
	}
	return nil, fmt.Errorf("issuer %s has no key for %s", did, at)
}

// add makes the n-th key of an issuer.
func (f *Folder) add(did string, n int, from time.Time) error {
	id := series{did, certify.EdDSA}.id(n)
	k, err := newKey(f.random, id, from)
	if err != nil {
		return err
	}
	if _, err := certify.NewSigner(id, k.private()); err != nil {
		return err
	}
	if k, err = create(f.dir, fileName(issuerPrefix, id), k); err != nil {
		return err
	}
	f.issuers[did] = append(f.issuers[did], k)
	return order(f.issuers[did])
}

// Rotate makes the next key of an issuer, with which it signs from the given
// time on; the one before is of use until then. The time lies ahead, so that
// every process learns of the key before it is due. ErrNoKey if the issuer has
// none yet.
func (f *Folder) Rotate(_ context.Context, did string, from time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.load(); err != nil {
		return err
	}
	keys := f.issuers[did]
	if len(keys) == 0 {
		return fmt.Errorf("rotate the key of %s: %w", did, issuance.ErrNoKey)
	}
	from = from.UTC().Truncate(time.Second)
	if !from.After(keys[len(keys)-1].From) {
		return fmt.Errorf("rotate the key of %s: %w: from %s", did, issuance.ErrKeyLater, keys[len(keys)-1].From)
	}
	return f.add(did, len(keys)+1, from)
}

// Signer implements [issuance.Keyring].
func (f *Folder) Signer(_ context.Context, id string) (certify.Signer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.load(); err != nil {
		return nil, err
	}
	of, n, ok := splitKeyID(id)
	if ok && n > len(f.series(of)) {
		if err := f.reload(time.Time{}); err != nil {
			return nil, err
		}
	}
	if !ok || n > len(f.series(of)) {
		return nil, fmt.Errorf("key %s: %w", id, issuance.ErrNoKey)
	}
	return f.series(of)[n-1].signer()
}

// series returns the keys of an issuer for a suite.
func (f *Folder) series(of series) []key {
	if of.suite == certify.EdDSA {
		return f.issuers[of.did]
	}
	return f.tokens[of]
}

// Documents implements [issuance.Keyring].
func (f *Folder) Documents(context.Context) ([]certify.DIDDocument, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.load(); err != nil {
		return nil, err
	}
	var docs []certify.DIDDocument
	for _, did := range slices.Sorted(maps.Keys(f.issuers)) {
		d := certify.DIDDocument{ID: did}
		keys := f.issuers[did]
		for i, k := range keys {
			published := certify.Key{ID: k.ID, Public: k.public(), From: k.From}
			if i+1 < len(keys) {
				published.Until = keys[i+1].From
			}
			d.Keys = append(d.Keys, published)
		}
		var err error
		if d.Tokens, err = f.published(did); err != nil {
			return nil, err
		}
		docs = append(docs, d)
	}
	return docs, nil
}

// Log implements [issuance.Keyring].
func (f *Folder) Log(_ context.Context, origin string) (note.Signer, string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.load(); err != nil {
		return nil, "", err
	}
	k, ok := f.logs[origin]
	if !ok {
		var err error
		if k, err = newKey(f.random, origin, time.Time{}); err != nil {
			return nil, "", err
		}
		if k, err = create(f.dir, fileName(logPrefix, origin), k); err != nil {
			return nil, "", err
		}
		f.logs[origin] = k
	}
	signer, err := tlog.NewSigner(origin, k.private())
	if err != nil {
		return nil, "", err
	}
	vkey, err := tlog.VerifierKey(origin, k.public())
	return signer, vkey, err
}
