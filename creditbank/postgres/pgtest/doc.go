// Package pgtest starts throwaway PostgreSQL servers for tests, from the
// PostgreSQL programs installed on this machine.
//
// A server listens on 127.0.0.1 and on a socket in its own directory, lets
// every local user in as the superuser postgres, and is gone with its data
// after [Server.Stop]. PostgreSQL refuses to run as root, so tests that run
// as root have it run as the user postgres, else nobody.
//
// Most test packages share one server and take a database for each test:
//
//	var server *pgtest.Server
//
//	func TestMain(m *testing.M) {
//		os.Exit(pgtest.Main(m, pgtest.Options{}, func(s *pgtest.Server) error {
//			server = s
//			return migrate(s.DSN("postgres"))
//		}))
//	}
//
//	func TestPost(t *testing.T) {
//		pgtest.Require(t)
//		db, err := sql.Open("postgres", server.Database(t, ""))
//		…
//	}
//
// A test that kills its server takes one of its own from [New], with
// [Options.Durable] set.
//
// Nothing outlives a test that is itself killed, on Linux: the kernel ends
// the server with the process that started it, and the next server started
// removes the directory left behind.
//
// The package is for Unix; elsewhere it is empty.
package pgtest
