package sqlite

import (
	"testing"

	"creditbank/creditbank/access"
	"creditbank/creditbank/access/accesstest"
)

func TestAccess(t *testing.T) {
	accesstest.Run(t, func(t *testing.T) accesstest.Harness {
		path := newPath(t)
		s := open(t, path)
		return accesstest.Harness{
			Ledger: s,
			Store:  s.Access(),
			Reopen: func() access.Store { return open(t, path).Access() },
			Exec:   func(query string) error { return s.Exec(t.Context(), query) },
			Damage: func(table, column string, value any) error { return s.Damage(t.Context(), table, column, value) },
		}
	})
}
