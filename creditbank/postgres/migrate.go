package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/lib/pq"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

//go:embed migrations
var migrations embed.FS

// A process that finds another migrating looks again each second, for ten
// minutes.
const (
	lockProbe  = 1 // seconds, the least there is
	lockProbes = 600
)

// migrate brings the schema up to date. One process at a time does so; the
// others wait, and find nothing left to do.
func migrate(ctx context.Context, cfg pq.Config) (err error) {
	connector, err := pq.NewConnectorConfig(cfg)
	if err != nil {
		return fmt.Errorf("database address: %w", err)
	}
	// Not the store's pool: a migration may take its time.
	db := sql.OpenDB(connector)
	defer func() { err = errors.Join(err, db.Close()) }()
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(lockProbe, lockProbes))
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files,
		goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if _, err := provider.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}
