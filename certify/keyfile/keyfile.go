// Package keyfile keeps the private keys of a bank in a folder: one file for
// each key of an issuer, one for the log.
//
// Each file is JSON and holds an Ed25519 seed or, for the forms of a certificate
// that are tokens, a PKCS #8 key in the clear, so the folder is
// for its owner only (0700) and so is each file (0600); where others may read
// them the folder is refused. A file is made in one piece and never written
// again: two processes that make the same key at once end up with the one that
// was first. Replicas on several machines share the folder, or are given the
// same copy of it.
//
//	issuer-did%3Aweb%3Acredits.example.edu%3Aissuers%3Ai06%23key-1.json
//	token-did%3Aweb%3Acredits.example.edu%3Aissuers%3Ai06%23rs256-1.json
//	log-credits.example.edu%2Fcertlog.json
//
// Lose the folder and what was issued still verifies, but can no longer be
// handed out signed, and the log cannot go on under its name. Keep a copy
// apart from the database.
package keyfile

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// ErrUnsafe: others than the owner may read the keys.
var ErrUnsafe = errors.New("keys can be read by others")

// The modes of a folder of keys and of its files.
const (
	folderMode fs.FileMode = 0o700
	fileMode   fs.FileMode = 0o600
)

// The prefixes of files.
const (
	issuerPrefix = "issuer-"
	tokenPrefix  = "token-"
	logPrefix    = "log-"
	suffix       = ".json"
)

// A key is a key with its name: a DID URL, or the origin of a log.
type key struct {
	Version int       `json:"version"`
	ID      string    `json:"id"`
	From    time.Time `json:"from,omitzero"` // of use; zero for the first key of an issuer
	Seed    []byte    `json:"seed,omitempty"`
	PKCS8   []byte    `json:"pkcs8,omitempty"` // in place of a seed, of a key of tokens

	parsed crypto.Signer // of PKCS8, once it was read: parsing takes milliseconds
}

// fits reports whether a key is one of those that files of a prefix hold.
func (k key) fits(prefix string) bool {
	if prefix == tokenPrefix {
		_, err := k.token()
		return err == nil && k.Seed == nil
	}
	return len(k.Seed) == ed25519.SeedSize && k.PKCS8 == nil
}

func (k key) private() ed25519.PrivateKey { return ed25519.NewKeyFromSeed(k.Seed) }

func (k key) public() ed25519.PublicKey { return k.private().Public().(ed25519.PublicKey) }

// fileName returns the name of the file of a key.
func fileName(prefix, id string) string { return prefix + url.QueryEscape(id) + suffix }

// checkFolder refuses a folder that others may look into.
func checkFolder(dir string) error {
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is not a folder", dir)
	}
	return checkMode(dir, info.Mode())
}

// checkMode refuses a mode that gives anybody but the owner anything. Windows
// has no such modes: who may read is up to its access control lists.
func checkMode(path string, mode fs.FileMode) error {
	if runtime.GOOS != "windows" && mode.Perm()&0o077 != 0 {
		return fmt.Errorf("%w: %s has mode %v; chmod go= it, and consider what was in it known to others", ErrUnsafe, path, mode.Perm())
	}
	return nil
}

// read reads the key of a file, which must be the one that the file is named
// after.
func read(dir, name string) (key, error) {
	path := filepath.Join(dir, name)
	info, err := os.Lstat(path)
	if err != nil {
		return key{}, err
	}
	if !info.Mode().IsRegular() {
		return key{}, fmt.Errorf("key file %s is not a regular file", path)
	}
	if err := checkMode(path, info.Mode()); err != nil {
		return key{}, err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return key{}, err
	}
	var k key
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&k); err != nil {
		return key{}, fmt.Errorf("key file %s is damaged", path) // the cause could quote the key
	}
	prefix, _, _ := strings.Cut(name, "-")
	if k.Version != 1 || !k.fits(prefix+"-") || fileName(prefix+"-", k.ID) != name {
		return key{}, fmt.Errorf("key file %s is damaged, or of another key", path)
	}
	if k.PKCS8 != nil {
		k.parsed, err = k.token()
	}
	return k, err
}

// create writes a key to a file of its own, durably. If there is one already
// it is left alone, and returned.
func create(dir, name string, k key) (key, error) {
	data, err := json.Marshal(k)
	if err != nil {
		return key{}, err
	}
	temp, err := writeTemp(dir, append(data, '\n'))
	if temp != "" {
		defer os.Remove(temp)
	}
	if err != nil {
		return key{}, fmt.Errorf("write a key: %w", err)
	}
	// Unlike a rename, a link does not replace what is there.
	if err := os.Link(temp, filepath.Join(dir, name)); err != nil && !errors.Is(err, fs.ErrExist) {
		return key{}, fmt.Errorf("write a key: %w", err)
	}
	if err := syncFolder(dir); err != nil {
		return key{}, fmt.Errorf("write a key: %w", err)
	}
	return read(dir, name)
}

// writeTemp writes data to a new file that only the owner may read.
func writeTemp(dir string, data []byte) (path string, err error) {
	f, err := os.CreateTemp(dir, ".new-*") // 0600 from the start
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	return f.Name(), errors.Join(err, f.Chmod(fileMode), f.Sync(), f.Close())
}

// syncFolder makes the names in a folder durable.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // cannot be asked for there
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// newKey draws a key.
func newKey(random io.Reader, id string, from time.Time) (key, error) {
	k := key{Version: 1, ID: id, From: from.UTC(), Seed: make([]byte, ed25519.SeedSize)}
	if from.IsZero() {
		k.From = time.Time{}
	}
	if _, err := io.ReadFull(random, k.Seed); err != nil {
		return key{}, fmt.Errorf("draw a key: %w", err)
	}
	return k, nil
}
