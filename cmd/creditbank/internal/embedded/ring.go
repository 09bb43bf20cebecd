package embedded

import (
	"path/filepath"

	"creditbank/certify/keyfile"
)

// Keys opens the keys of the bank's issuers.
func (b *Bank) Keys() (*keyfile.Folder, error) {
	return keyfile.Open(filepath.Join(b.Dir, keysDir), b.world.Random)
}
