package embedded

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"creditbank/certify/issuance"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
	"creditbank/creditbank/posting"
	"creditbank/creditbank/rule"
	"creditbank/creditbank/sqlite"
	"creditbank/creditbank/vault"
)

// A Ledger is the store of a bank with the certificates beside it.
type Ledger interface {
	creditbank.Store
	Certificates() issuance.Store
	Access() access.Store

	// Movements returns a learner's transfers as they are stored.
	Movements(ctx context.Context, id creditbank.LearnerID) ([]creditbank.Movement, error)
}

// A World is what a bank takes from outside. The zero World is the real one.
type World struct {
	Now    func() time.Time
	Issue  func() time.Time // the clock of certificates; Now if nil
	Random io.Reader        // safe for concurrent use
	Host   string           // names the issuers of a bank that is made; DefaultHost if empty
	Ledger Ledger           // instead of the folder's own file; nil is the file

	// Rules is what a draft of rules must pass before it is published; whoever has
	// the folder may publish directly where it is zero.
	Rules creditbank.RulePolicy
}

// DefaultHost is where a bank is said to be served that was not told: a name
// that is nobody's (RFC 2606).
const DefaultHost = "creditbank.example"

func (w World) orReal() World {
	if w.Now == nil {
		w.Now = time.Now
	}
	if w.Random == nil {
		w.Random = rand.Reader
	}
	if w.Issue == nil {
		w.Issue = w.Now
	}
	return w
}

// A Bank is a bank in a folder, open.
type Bank struct {
	*creditbank.Bank
	Dir     string
	Store   Ledger
	Aliases *Aliases

	// Behind is how far the clock of this machine is behind the newest entry of
	// the ledger. The bank then goes on from that entry: its time never runs
	// backwards.
	Behind time.Duration

	world    World
	vault    creditbank.Vault
	settings settings
	floor    time.Time
}

// Create makes a bank in a folder, which may exist but may not hold a bank,
// and opens it.
func Create(ctx context.Context, dir string, w World) (*Bank, error) {
	w = w.orReal()
	if _, err := os.Stat(filepath.Join(dir, settingsFile)); err == nil {
		return nil, creditbank.Conflict(CodeBank, "bank", fmt.Sprintf("文件夹 %s 中已有学分银行", dir), fmt.Sprintf("there is a bank in the folder %s already", dir))
	}
	if err := os.MkdirAll(filepath.Join(dir, keysDir), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder: %w", err)
	}
	if err := makeSecret(filepath.Join(dir, keysDir, masterFile), vault.MasterSize, w.Random); err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	if w.Ledger == nil {
		if err := makeLedger(ctx, dir); err != nil {
			return nil, err
		}
	}
	// Last, so that a folder with bank.json is complete.
	made := settings{settingsFormat, cmp.Or(w.Host, DefaultHost), time.Now().UTC().Truncate(time.Second), w.Ledger != nil}
	data, err := json.MarshalIndent(made, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := writeNew(filepath.Join(dir, settingsFile), append(data, '\n'), 0o644); err != nil {
		return nil, err
	}
	return Open(ctx, dir, w)
}

// makeLedger makes the ledger's file, which nobody else may read; SQLite gives
// the files beside it the same mode.
func makeLedger(ctx context.Context, dir string) error {
	path := filepath.Join(dir, ledgerFile)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("make the ledger: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("make the ledger: %w", err)
	}
	store, err := sqlite.Open(ctx, path)
	if err != nil {
		return err
	}
	return store.Close()
}

// Open opens the bank in a folder.
func Open(ctx context.Context, dir string, w World) (*Bank, error) {
	w = w.orReal()
	set, err := readSettings(dir)
	if err != nil {
		return nil, err
	}
	master, err := readMaster(dir)
	if err != nil {
		return nil, err
	}
	v, err := vault.New(master, w.Random)
	if err != nil {
		return nil, err
	}
	b := &Bank{Dir: dir, Store: w.Ledger, world: w, vault: v, settings: set}
	if elsewhere := w.Ledger != nil; elsewhere != set.Elsewhere {
		return nil, wrongLedger(dir, set.Elsewhere)
	}
	if b.Store == nil {
		if b.Store, err = sqlite.Open(ctx, filepath.Join(dir, ledgerFile)); err != nil {
			return nil, err
		}
	}
	if err := b.open(ctx); err != nil {
		return nil, errors.Join(err, b.Store.Close())
	}
	return b, nil
}

// readMaster reads the master key, which Open does not make: another would
// open nothing.
func readMaster(dir string) ([]byte, error) {
	path := filepath.Join(dir, keysDir, masterFile)
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	master, err := secret(path, vault.MasterSize, nil)
	if err != nil {
		return nil, fmt.Errorf("master key: %w", err)
	}
	return master, nil
}

func (b *Bank) open(ctx context.Context) (err error) {
	if b.floor, err = newest(ctx, b.Store); err != nil {
		return err
	}
	if now := b.world.Now(); now.Before(b.floor) {
		b.Behind = b.floor.Sub(now)
	}
	if err := creditbank.CheckVault(ctx, b.Store, b.vault); err != nil {
		return err
	}
	if b.Aliases, err = openAliases(b.Dir); err != nil {
		return err
	}
	b.Bank, err = creditbank.New(ctx, creditbank.Config{
		Store: b.Store, Vault: b.vault, Clock: b.Now, Random: b.world.Random, LoadRules: rule.Load, Rules: rule.Maker{}, Policy: b.world.Rules,
	})
	return err
}

// Now returns the time, but never one before the newest entry of the ledger.
func (b *Bank) Now() time.Time {
	if t := b.world.Now(); t.After(b.floor) {
		return t
	}
	return b.floor
}

// newest returns the time of the newest entry of the ledger.
func newest(ctx context.Context, store creditbank.Store) (time.Time, error) {
	n, err := store.Number(ctx)
	if err != nil || n == 0 {
		return time.Time{}, err
	}
	entries, err := store.Feed(ctx, n-1, 1)
	if err != nil || len(entries) == 0 {
		return time.Time{}, err
	}
	return entries[0].At, nil
}

// Close closes the bank.
func (b *Bank) Close() error { return b.Store.Close() }

// Find returns the learner that somebody names: by an alias or by an account
// number.
func (b *Bank) Find(ctx context.Context, name string) (creditbank.LearnerID, error) {
	if account, ok := b.Aliases.Account(name); ok {
		return b.FindByAccount(ctx, account, "")
	}
	account, err := creditbank.ParseAccountNumber(name)
	switch {
	case err != nil && strings.Trim(name, "0123456789 -") == "" && len(name) >= 10:
		return "", err // plainly meant as a number: say what is wrong with it
	case err != nil:
		return "", b.unknownLearner(name)
	}
	return b.FindByAccount(ctx, account, "")
}

func (b *Bank) unknownLearner(name string) error {
	known := b.Aliases.All()
	if len(known) == 0 {
		return creditbank.NotFound(creditbank.CodeUnknownLearner, "learner", fmt.Sprintf("“%s”不是账号（12位数字，末位为校验码）", name),
			fmt.Sprintf("%q is no account number (12 digits, the last a check digit)", name))
	}
	list := strings.Join(known[:min(len(known), 8)], ", ")
	if len(known) > 8 {
		list += ", …"
	}
	return creditbank.NotFound(creditbank.CodeUnknownLearner, "learner", fmt.Sprintf("“%s”既不是账号，也不是代号；已有代号：%s", name, list),
		fmt.Sprintf("%q is neither an account number nor an alias; the aliases are %s", name, list))
}

// FileLearners returns a way to find the learners that a posting file names, the
// bank's aliases included.
func (b *Bank) FileLearners() posting.Learners {
	return fileLearners{b, posting.InDirectory(b)}
}

type fileLearners struct {
	bank  *Bank
	plain posting.Learners
}

// Find implements [posting.Learners].
func (l fileLearners) Find(ctx context.Context, ref posting.Reference) (creditbank.LearnerID, error) {
	if ref.Alias == "" {
		return l.plain.Find(ctx, ref)
	}
	account, ok := l.bank.Aliases.Account(ref.Alias)
	if !ok {
		return "", l.bank.unknownLearner(ref.Alias)
	}
	return l.bank.FindByAccount(ctx, account, ref.Name)
}
