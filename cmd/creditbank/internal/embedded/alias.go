package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"creditbank/creditbank"
)

// Aliases are names of the user's choosing for accounts: an alias, a tab, the
// account number on each line of a file that is only ever added to. The last
// line with an alias counts; a line broken off by a crash counts for nothing.
type Aliases struct {
	path string

	mu      sync.RWMutex
	account map[string]creditbank.AccountNumber
	alias   map[creditbank.AccountNumber]string
	order   []string
}

func openAliases(dir string) (*Aliases, error) {
	a := &Aliases{path: filepath.Join(dir, aliasesFile), account: map[string]creditbank.AccountNumber{}, alias: map[creditbank.AccountNumber]string{}}
	data, err := os.ReadFile(a.path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read aliases: %w", err)
	}
	for line := range strings.SplitSeq(string(data), "\n") {
		alias, number, ok := strings.Cut(line, "\t")
		account, err := creditbank.ParseAccountNumber(number)
		if ok && err == nil {
			a.note(alias, account)
		}
	}
	return a, nil
}

func (a *Aliases) note(alias string, account creditbank.AccountNumber) {
	if _, known := a.account[alias]; !known {
		a.order = append(a.order, alias)
	}
	a.account[alias], a.alias[account] = account, alias
}

// Account returns the account that an alias stands for.
func (a *Aliases) Account(alias string) (creditbank.AccountNumber, bool) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	n, ok := a.account[alias]
	return n, ok
}

// Of returns the alias of an account, "" if it has none.
func (a *Aliases) Of(account creditbank.AccountNumber) string {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.alias[account]
}

// All returns every alias in the order in which they came.
func (a *Aliases) All() []string {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return append([]string(nil), a.order...)
}

// Add keeps an alias. An alias never changes hands.
func (a *Aliases) Add(alias string, account creditbank.AccountNumber) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if old, known := a.account[alias]; known {
		if old == account {
			return nil
		}
		return creditbank.Conflict(creditbank.CodeKeyReused, "id", fmt.Sprintf("代号 %s 已属于账户 %s", alias, old),
			fmt.Sprintf("%s stands for account %s already", alias, old))
	}
	if _, err := creditbank.ParseCode(alias); err != nil {
		return err
	}
	f, err := os.OpenFile(a.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("keep an alias: %w", err)
	}
	// A line broken off by a crash is closed by the newline that leads this one.
	_, werr := f.WriteString("\n" + alias + "\t" + string(account) + "\n")
	if err := errors.Join(werr, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("keep an alias: %w", err)
	}
	a.note(alias, account)
	return nil
}
