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
	issuers, logs := map[string][]key{}, map[string]key{}
	for _, file := range files {
		name := file.Name()
		isIssuer, isLog := strings.HasPrefix(name, issuerPrefix), strings.HasPrefix(name, logPrefix)
		if !isIssuer && !isLog || !strings.HasSuffix(name, suffix) {
			continue
		}
		k, err := read(f.dir, name)
		if err != nil {
			return fmt.Errorf("open keys: %w", err)
		}
		if isLog {
			logs[k.ID] = k
			continue
		}
		did, _, ok := splitKeyID(k.ID)
		if !ok {
			return fmt.Errorf("open keys: %q is no key of an issuer", k.ID)
		}
		issuers[did] = append(issuers[did], k)
	}
	for did, keys := range issuers {
		if err := order(keys); err != nil {
			return fmt.Errorf("open keys of %s: %w", did, err)
		}
	}
	if err := f.checkKept(issuers, logs); err != nil {
		return err
	}
	f.issuers, f.logs, f.changed = issuers, logs, changed
	return nil
}

// checkKept refuses a folder that a key was taken away from, or exchanged in,
// since it was read: it would be made anew, and be another. What happened while
// nobody looked the folder cannot tell; package issuance pins the keys it uses.
func (f *Folder) checkKept(issuers map[string][]key, logs map[string]key) error {
	for did, keys := range f.issuers {
		for i, k := range keys {
			if now := issuers[did]; i >= len(now) || !bytes.Equal(now[i].Seed, k.Seed) {
				return fmt.Errorf("open keys: key %s was there, and is gone or another", k.ID)
			}
		}
	}
	for origin, k := range f.logs {
		if !bytes.Equal(logs[origin].Seed, k.Seed) {
			return fmt.Errorf("open keys: key of the log %s was there, and is gone or another", origin)
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

// keyID returns the id of the n-th key of an issuer.
func keyID(did string, n int) string { return did + "#key-" + strconv.Itoa(n) }

func splitKeyID(id string) (did string, n int, ok bool) {
	did, number, _ := strings.Cut(id, "#key-")
	n, err := strconv.Atoi(number)
	return did, n, err == nil && n >= 1 && keyID(did, n) == id
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
	if _, err := os.Lstat(filepath.Join(f.dir, fileName(issuerPrefix, keyID(did, len(f.issuers[did])+1)))); err == nil {
		if err := f.reload(time.Time{}); err != nil {
			return nil, err
		}
	}
	for _, k := range slices.Backward(f.issuers[did]) {
		if !k.From.After(at) {
			return certify.NewSigner(k.ID, k.private())
		}
	}
	return nil, fmt.Errorf("issuer %s has no key for %s", did, at)
}

// add makes the n-th key of an issuer.
func (f *Folder) add(did string, n int, from time.Time) error {
	id := keyID(did, n)
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
		return fmt.Errorf("rotate the key of %s: the last key is of use from %s", did, keys[len(keys)-1].From)
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
	did, n, ok := splitKeyID(id)
	if ok && n > len(f.issuers[did]) {
		if err := f.reload(time.Time{}); err != nil {
			return nil, err
		}
	}
	if !ok || n > len(f.issuers[did]) {
		return nil, fmt.Errorf("key %s: %w", id, issuance.ErrNoKey)
	}
	return certify.NewSigner(id, f.issuers[did][n-1].private())
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
