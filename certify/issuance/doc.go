// Package issuance turns what the ledger decided into certificates that are
// logged, signed, handed out and revoked.
//
// # The ledger is the queue
//
// Nobody asks this package to issue a certificate of a conversion, and no list
// of things to do is kept. [Office.Follow] reads the ledger's feed from where
// it left off, looks at the accounts that changed, and brings their
// certificates to what the accounts now call for:
//
//	conversion approved              one certificate, by the programme's institution
//	conversion reversed              its certificate is revoked
//	conversion regraded              its certificate is revoked, another is issued
//	conversion relinked              nothing
//	outcome revoked or replaced      its certificate, if it has one, is revoked
//
// Since what is wanted follows from the account alone, a step that is repeated,
// late, or torn by a crash does no harm: there is nothing to repair, only
// something to resume. A conversion that was approved and reversed before the
// follower came by never gets a certificate. The certificate of one outcome is
// issued on request ([Office.IssueOutcome]), once for each revision.
//
// Where a certificate cannot be made, because a row is damaged or a name has
// characters that no credential can hold, the learner is parked and nobody
// else waits; [Office.CatchUp] and [Office.Retry] look at them again. Whatever
// is not certainly the learner's own trouble stops the step, and the follower
// stays where it is: a database that does not answer, a damaged log, another
// key of the log or of an issuer, a keyring that fails.
//
// # Prepare, log, sign
//
// A certificate's unsigned bytes, its place in the log, the tiles that changed,
// the signed checkpoint and the follower's new position are written in one
// transaction ([Store.Commit]), which fails if anybody else moved the log or
// the follower. Only then can the certificate be signed, and it is signed when
// it is fetched: Ed25519 gives the same signature each time, so nothing is lost
// with a signature. Nothing is signed that was not logged.
//
// # Personal data
//
// The unsigned bytes are sealed under the person's own key. The log, its tiles
// and entries hold hashes of bytes that contain 122 random bits. Destroying a
// person's key makes their certificates unreadable here ([ErrErased]) and
// leaves the log whole; a copy that the person kept still verifies, and can
// still be revoked.
//
// # Handing out
//
// [Office.Fetch] gives everything a stranger needs to check a certificate
// without us: the signed credential, the proof that it stands in the log, with
// a checkpoint that others confirmed where there is one, the signed status list
// and the keys to trust. [Office.Source] is the log as the worker of package
// chain wants it, and [Office.LogFile] serves the log to anybody who watches.
//
// The package knows neither SQL nor files: storage is a [Store], keys a
// [Keyring]. Package issuancetest has the suite that every Store must pass.
package issuance
