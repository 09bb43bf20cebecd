package embedded

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"creditbank/creditbank"
)

// Names in the folder of a bank.
const (
	settingsFile = "bank.json"
	ledgerFile   = "bank.db"
	keysDir      = "keys"
	masterFile   = "master.key"
	aliasesFile  = "aliases.tsv"
)

// settingsFormat is the form of the folder that this program writes.
const settingsFormat = 1

// settings is what bank.json holds.
type settings struct {
	Format  int       `json:"format"`
	Host    string    `json:"host"` // names the issuers and the log, for ever
	Created time.Time `json:"created"`

	// Elsewhere says that the ledger is in a database of its own and not in the
	// folder, which then holds the keys and the anchor.
	Elsewhere bool `json:"ledger_elsewhere,omitempty"`
}

// Codes of what can be wrong with a folder.
const (
	CodeNoBank creditbank.Code = "NO_BANK_HERE"
	CodeBank   creditbank.Code = "BANK_EXISTS"
	CodeLedger creditbank.Code = "WRONG_LEDGER"
)

// wrongLedger keeps a folder's keys from being used with a ledger that is not
// theirs.
func wrongLedger(dir string, elsewhere bool) error {
	if elsewhere {
		return creditbank.Invalid(CodeLedger, "dsn", fmt.Sprintf("%s 的账本在PostgreSQL中；请用 --dsn 或 CREDITBANK_DSN 指明", dir),
			fmt.Sprintf("the ledger of %s is in PostgreSQL; name it with --dsn or CREDITBANK_DSN", dir))
	}
	return creditbank.Invalid(CodeLedger, "dsn", fmt.Sprintf("%s 的账本就在该文件夹中；请去掉 --dsn 和 CREDITBANK_DSN", dir),
		fmt.Sprintf("the ledger of %s is in the folder itself; leave out --dsn and CREDITBANK_DSN", dir))
}

func noBank(dir string) error {
	return creditbank.NotFound(CodeNoBank, "bank",
		fmt.Sprintf("文件夹 %s 中没有学分银行；先运行：creditbank init --bank %s", dir, dir),
		fmt.Sprintf("there is no bank in the folder %s; make one with: creditbank init --bank %s", dir, dir))
}

// readSettings reads bank.json.
func readSettings(dir string) (settings, error) {
	var s settings
	data, err := os.ReadFile(filepath.Join(dir, settingsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return s, noBank(dir)
	}
	if err != nil {
		return s, fmt.Errorf("open the bank: %w", err)
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return s, fmt.Errorf("open the bank: %s: %w", filepath.Join(dir, settingsFile), err)
	}
	if s.Format != settingsFormat {
		return s, fmt.Errorf("open the bank: the folder %s has format %d, this program knows %d", dir, s.Format, settingsFormat)
	}
	return s, nil
}

// writeNew writes a file that is not there yet, durably: whoever finds the
// name finds the whole content.
func writeNew(path string, data []byte, mode fs.FileMode) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // a second name, once it is linked
	_, werr := f.Write(data)
	if err := errors.Join(werr, f.Chmod(mode), f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	err = os.Link(f.Name(), path)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		err = os.Rename(f.Name(), path) // a memory stick knows no links
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return syncDir(filepath.Dir(path))
}

// syncDir makes the names in a folder durable, where the system can.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // there a folder cannot be synced, and needs not
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("sync %s: %w", dir, err)
	}
	return nil
}
