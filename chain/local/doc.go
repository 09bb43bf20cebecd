// Package local is the embedded anchor: an append-only file in which each line
// records one checkpoint of the certificate log and is chained to the line
// before it and signed.
//
// It is what a bank uses that has no ledger of several authorities yet, and
// what the demo uses. It guards against a restored backup and against a log
// that is rewritten by mistake, and, if the file and its key are kept by
// somebody else, on another machine, against a bank that rewrites it on
// purpose: it follows the rule of a witness (https://c2sp.org/tlog-witness)
// and returns a cosignature that verifiers count. Kept by the bank itself it
// proves no more than the bank's own word; a certificate that rests on it
// alone should say so.
//
// # The file
//
// One JSON object a line:
//
//	{"v":1,"n":0,"time":"2026-11-23T08:00:00Z","note":"…","prev":"<hex>","cosignature":"— …\n","sig":"<base64>"}
//
// note is the signed checkpoint; prev is SHA-256 of the line before, without
// its newline (64 zeros for the first); cosignature is a cosignature/v1 line
// over the note's text; sig is the Ed25519 signature over
// "creditbank/chain/local/v1\n" and the line with an empty sig.
//
// # Crashes
//
// A line counts once its newline is on disk. [Anchorer.Anchor] writes the line
// in one piece, calls fsync, and only then returns. What a crash leaves without
// a newline was never acknowledged, and is cut off when the file is opened. A
// line that has its newline and does not verify was changed, or the disk is
// failing: the file is refused, since cutting it off could undo an anchor.
package local
