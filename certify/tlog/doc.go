// Package tlog is the credit bank's transparency log: one append-only Merkle
// tree whose records say that a certificate was issued, that one was revoked,
// and, later, that a rule set or a yearly report was published.
//
// The log is what makes a signature worth more than the word of whoever holds
// the key. A certificate counts only if it can be shown to stand in a tree
// that others watch, so a key that leaked, or a bank under pressure, cannot
// issue quietly or make an issued certificate disappear.
//
// The package is mathematics and formats. It reads tiles through a function,
// returns what must be written, and never touches a disk, a clock or a socket.
// Trees and proofs are those of RFC 6962, computed by golang.org/x/mod; the
// formats are those of C2SP, so that any client, witness or monitor of that
// family can read our log:
//
//   - tiles and entry bundles: https://c2sp.org/tlog-tiles
//   - checkpoints: https://c2sp.org/tlog-checkpoint
//   - signatures: https://c2sp.org/signed-note (golang.org/x/mod/sumdb/note)
//   - cosignatures: https://c2sp.org/tlog-cosignature
//   - the proof handed out with a certificate: https://c2sp.org/tlog-proof
//
// # Writing
//
// Storage keeps one row a tile, keyed by [TileID], holding the widest data the
// tile ever had, and the [Head]. To add records, call [Append] with both; write
// the tiles of the [Batch] and its Head in one transaction, then sign and
// publish [Checkpoint]. Append refuses to extend tiles that do not hash to the
// head, so damage is found before anything is signed over it.
//
// # Reading
//
// [ProveInclusion] and [ProveConsistency] make proofs from the same tiles for
// any head the log ever had. [Proof] is the text handed out with a certificate;
// [Proof.Verify] needs nothing but the record and the keys to trust.
//
// # Records
//
// A record is a [Leaf]: a kind and a SHA-256. It holds no personal data and no
// hash of personal data that could be guessed; see Leaf for why.
package tlog
