package embedded

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"creditbank/certify/keyfile"
	"creditbank/certify/tlog"
	"creditbank/chain"
	"creditbank/chain/local"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
	"creditbank/creditbank/vault"
)

// Keys are the private keys of a bank in a folder, whether the ledger is in the
// same folder or in a database.
type Keys struct {
	Vault *vault.Vault
	Ring  *keyfile.Folder

	dir    string
	random io.Reader
}

// CodeNoMaster is the code of a folder of keys that lacks the master key of a
// ledger that is not empty.
const CodeNoMaster creditbank.Code = "NO_MASTER_KEY"

// OpenKeys opens a folder of keys. A master key is made only for a fresh ledger:
// another than the one it was sealed with opens nothing.
func OpenKeys(dir string, random io.Reader, fresh bool) (*Keys, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of keys: %w", err)
	}
	master := filepath.Join(dir, masterFile)
	if _, err := os.Stat(master); errors.Is(err, fs.ErrNotExist) && !fresh {
		return nil, creditbank.NotFound(CodeNoMaster, "keys_dir", fmt.Sprintf("%s 中没有主密钥，而账本不是空的；请恢复密钥备份", dir),
			fmt.Sprintf("there is no master key in %s, and the ledger is not empty: restore the copy of the keys", dir))
	}
	key, err := secret(master, vault.MasterSize, random)
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	k := &Keys{dir: dir, random: random}
	if k.Vault, err = vault.New(key, random); err != nil {
		return nil, err
	}
	k.Ring, err = keyfile.Open(dir, random)
	return k, err
}

// Secret returns the secret of a name in the folder, and draws it where there is
// none: what several processes of a service have to know alike.
func (k *Keys) Secret(name string, size int) ([]byte, error) {
	value, err := secret(filepath.Join(k.dir, name+".key"), size, k.random)
	if err != nil {
		return nil, fmt.Errorf("%s key: %w", name, err)
	}
	return value, nil
}

// Anchor returns the anchor in a file that the log of a host is recorded in, and
// its key as a cosigner. The file is open only while it is used, since one
// process has it at a time and several may serve.
func (k *Keys) Anchor(ctx context.Context, host, path string, now func() time.Time) (chain.Anchorer, string, error) {
	seed, err := secret(filepath.Join(k.dir, anchorKeyFile), ed25519.SeedSize, k.random)
	if err != nil {
		return nil, "", fmt.Errorf("anchor key: %w", err)
	}
	_, logKey, err := k.Ring.Log(ctx, host+"/certlog")
	if err != nil {
		return nil, "", err
	}
	a := &sharedAnchor{config: local.Config{Path: path, Name: host + "/anchor", Key: ed25519.NewKeyFromSeed(seed), LogKey: logKey, Now: now}}
	cosigner, err := tlog.CosignerKey(a.config.Name, a.config.Key.Public().(ed25519.PublicKey))
	return a, cosigner, err
}

// sharedAnchor opens the anchor's file for each use.
type sharedAnchor struct {
	config local.Config
	mu     sync.Mutex
}

func (a *sharedAnchor) use(ctx context.Context, f func(*local.Anchorer) error) (err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	opened, err := openAnchor(ctx, a.config)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, opened.Close()) }()
	return f(opened)
}

// Anchor implements [chain.Anchorer].
func (a *sharedAnchor) Anchor(ctx context.Context, cp chain.Checkpoint, consistency [][chain.HashSize]byte) (r chain.Receipt, err error) {
	err = a.use(ctx, func(opened *local.Anchorer) error {
		r, err = opened.Anchor(ctx, cp, consistency)
		return err
	})
	return r, err
}

// Latest implements [chain.Anchorer].
func (a *sharedAnchor) Latest(ctx context.Context, origin string) (last chain.Anchored, err error) {
	err = a.use(ctx, func(opened *local.Anchorer) error {
		last, err = opened.Latest(ctx, origin)
		return err
	})
	return last, err
}

// Registry returns the bank's registry of who may act.
func (b *Bank) Registry(passwords access.Passwords) (*access.Registry, error) {
	return access.New(access.Config{
		Store: b.Store.Access(), Vault: b.vault, People: b.Bank, Catalogue: b.Catalogue, Clock: b.Now, Random: b.world.Random, Passwords: passwords,
	})
}

// Host returns the name that the bank's issuers and log go by.
func (b *Bank) Host() string { return b.settings.Host }

// Paths of a bank in a folder, for whoever serves it.
func Paths(dir string) (ledger, keys, anchor string) {
	return filepath.Join(dir, ledgerFile), filepath.Join(dir, keysDir), filepath.Join(dir, anchorFile)
}

// A Settings is what the folder of a bank says about it.
type Settings struct {
	Host      string // names the issuers and the log
	Elsewhere bool   // the ledger is in a database of its own
}

// Read reads what the folder of a bank says about it.
func Read(dir string) (Settings, error) {
	s, err := readSettings(dir)
	return Settings{s.Host, s.Elsewhere}, err
}
