package embedded

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"creditbank/certify"
	"creditbank/certify/issuance"
	"creditbank/certify/keyfile"
	"creditbank/certify/tlog"
	"creditbank/chain"
	"creditbank/chain/local"
	"creditbank/creditbank/rule"
)

// An Office issues the certificates of a bank and anchors their log in the
// bank's folder. It is open while a command needs it.
type Office struct {
	*issuance.Office
	bank   *Bank
	origin string
	anchor local.Config
}

// anchorFile is the file of the local anchor.
const anchorFile = "anchor.log"

// anchorKeyFile holds the seed of the anchor's own key.
const anchorKeyFile = "anchor.key"

// Office opens the office of a bank. Keys that are needed and not there are
// made.
func (b *Bank) Office(ctx context.Context) (*Office, error) {
	keys, err := keyfile.Open(filepath.Join(b.Dir, keysDir), b.world.Random)
	if err != nil {
		return nil, err
	}
	origin := b.settings.Host + "/certlog"
	_, logKey, err := keys.Log(ctx, origin)
	if err != nil {
		return nil, err
	}
	anchorKey, err := secret(filepath.Join(b.Dir, keysDir, anchorKeyFile), ed25519.SeedSize, b.world.Random)
	if err != nil {
		return nil, fmt.Errorf("anchor key: %w", err)
	}
	o := &Office{bank: b, origin: origin, anchor: local.Config{
		Path: filepath.Join(b.Dir, anchorFile), Name: b.settings.Host + "/anchor",
		Key: ed25519.NewKeyFromSeed(anchorKey), LogKey: logKey, Now: b.world.Issue,
	}}
	cosigner, err := tlog.CosignerKey(o.anchor.Name, o.anchor.Key.Public().(ed25519.PublicKey))
	if err != nil {
		return nil, err
	}
	o.Office, err = issuance.New(issuance.Config{
		Ledger: b.Store, Store: b.Store.Certificates(), Vault: b.vault, Keys: keys, Clock: b.world.Issue, Random: b.world.Random,
		LoadRules: rule.Load, Host: b.settings.Host, Origin: origin,
		Anchors: certify.AnchorPolicy{Threshold: 1, Cosigners: []string{cosigner}},
	})
	return o, err
}

// secret reads a file that holds size random bytes in base64, and makes it if
// there is none. Others than the owner may not be able to read it.
func secret(path string, size int, random io.Reader) ([]byte, error) {
	if err := makeSecret(path, size, random); err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 && os.PathSeparator == '/' {
		return nil, fmt.Errorf("%s can be read by others (%v): chmod 600 %s", path, mode, path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	value, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(data)))
	if err != nil || len(value) != size {
		return nil, fmt.Errorf("%s does not hold %d bytes in base64", path, size)
	}
	return value, nil
}

func makeSecret(path string, size int, random io.Reader) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	value := make([]byte, size)
	if _, err := io.ReadFull(random, value); err != nil {
		return fmt.Errorf("draw a key: %w", err)
	}
	err := writeNew(path, []byte(base64.StdEncoding.EncodeToString(value)+"\n"), 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil // another process was faster
	}
	return err
}

// CatchUp issues and revokes what the ledger calls for, and anchors the log. A
// log that does not extend what was anchored before is left alone.
func (o *Office) CatchUp(ctx context.Context) (issuance.Progress, error) {
	anchor, err := o.open(ctx)
	if err != nil {
		return issuance.Progress{}, err
	}
	defer anchor.Close()
	last, err := anchor.Latest(ctx, o.origin)
	if err == nil {
		err = o.CheckAnchored(ctx, last)
	}
	if err != nil && !errors.Is(err, chain.ErrNone) {
		return issuance.Progress{}, err
	}
	done, err := o.Office.CatchUp(ctx)
	if err != nil {
		return done, err
	}
	worker, err := chain.NewWorker(chain.WorkerConfig{Origin: o.origin, Source: o.Source(), Anchorer: anchor, Halt: o.Halt})
	if err != nil {
		return done, err
	}
	return done, worker.Once(ctx)
}

// patience is how long to wait for another process that is anchoring.
const patience = 10 * time.Second

// open opens the anchor's file.
func (o *Office) open(ctx context.Context) (*local.Anchorer, error) { return openAnchor(ctx, o.anchor) }

// openAnchor opens an anchor's file, which one process has at a time.
func openAnchor(ctx context.Context, c local.Config) (*local.Anchorer, error) {
	for start := time.Now(); ; {
		a, err := local.Open(c)
		if !errors.Is(err, local.ErrLocked) || time.Since(start) > patience {
			return a, err
		}
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Trust returns the bank's trust file with its fingerprint.
func (o *Office) Trust(ctx context.Context) (file []byte, t *certify.Trust, err error) {
	if file, err = o.TrustFile(ctx); err != nil {
		return nil, nil, err
	}
	t, err = certify.ParseTrust(file)
	return file, t, err
}
