package access

import (
	"context"
	"errors"
	"io"
	"time"

	"creditbank/creditbank"
)

// People says who learners are. A *creditbank.Bank does.
type People interface {
	Person(ctx context.Context, id creditbank.LearnerID) (creditbank.Person, error)
	Learner(ctx context.Context, id creditbank.LearnerID) (creditbank.Learner, error)
}

var _ People = (*creditbank.Bank)(nil)

// Passwords hashes passwords slowly (package password does).
type Passwords interface {
	// Hash returns a salted hash that names its parameters. An error means that
	// ctx ended while this waited for its turn.
	Hash(ctx context.Context, password string) (string, error)

	// Check reports whether password is the one hashed, and whether it should be
	// hashed anew since the parameters are weaker than those of today.
	Check(ctx context.Context, password, hash string) (ok, rehash bool, err error)
}

// A Registry keeps who may act. It may be used by several goroutines, and
// several registries may share one store.
type Registry struct {
	store     Store
	vault     creditbank.Vault
	people    People
	catalogue func() *creditbank.Catalogue
	clock     func() time.Time
	random    io.Reader
	passwords Passwords
	sessions  Sessions
}

// A Config is what a Registry needs of the world.
type Config struct {
	Store     Store
	Vault     creditbank.Vault
	People    People
	Catalogue func() *creditbank.Catalogue
	Clock     func() time.Time
	Random    io.Reader // safe for concurrent use, fit for cryptography
	Passwords Passwords
	Sessions  Sessions
}

// New returns a registry on c.Store.
func New(c Config) (*Registry, error) {
	if c.Store == nil || c.Vault == nil || c.People == nil || c.Catalogue == nil || c.Clock == nil || c.Random == nil || c.Passwords == nil {
		return nil, errors.New("access: the configuration is incomplete")
	}
	return &Registry{c.Store, c.Vault, c.People, c.Catalogue, c.Clock, c.Random, c.Passwords, c.Sessions}, nil
}

// A By says who asks for a change, and under which key, so that it can be asked
// for again: the same key with the same request answers as the first time, with
// another it is KEY_REUSED. The key "" cannot be repeated.
type By struct {
	Principal
	Key string
}
