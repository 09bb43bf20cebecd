// Package certify makes the certificates of the credit bank and checks them
// from bytes alone: no network, no clock, no randomness, no state.
//
// A certificate is an Open Badges 3.0 credential (a W3C Verifiable Credential,
// data model 2.0) signed with the Data Integrity suite eddsa-rdfc-2022, whose
// hash stands in a transparency log (package tlog), whose revocation is a bit
// in a signed list, and whose log is anchored by others (package chain).
//
// # Issuing
//
// Nothing is signed that was not logged. A [Certificate] goes through three
// steps, each of which may be repeated and gives the same bytes again:
//
//	p, err := certify.Prepare(cert)      // unsigned bytes; keep p.Unsigned()
//	record := p.Leaf().Record()          // append to the log: tlog.Append
//	signed, err := p.Sign(signer, when)  // after the log has it
//
// After a crash, [Restore] brings back the prepared credential from its bytes.
// [StatusCredential] is the signed list of revocations, [DIDDocument] the
// published keys of an issuer.
//
// # Other forms
//
// On request the same credential is handed out as an Open Badges JWT
// ([Prepared.JWT], RS256), for verifiers that know JWTs only, or as an SD-JWT VC
// ([Prepared.SDJWT], ES256), of which [Disclose] shows a part: a credit without
// name or grade. Each has keys of its own ([TokenKey]). All forms speak of the
// same record in the log and the same bit in the status list, and [Verify] reads
// them all. Who else reads them is written in package foreign.
//
// # Verifying
//
// [Verify] takes a [Bundle] (the credential, its tlog-proof, the status list)
// and a [Trust]: the keys somebody decided to believe. It answers with a
// [Report], one line a check, in Chinese and English. A check that could not
// be made is said to be just that; only a report in which every check was made
// and passed is [Valid]. What the package does not know it refuses: suites,
// contexts, terms, status types. It never fetches anything.
//
// # Sources
//
//   - https://www.w3.org/TR/vc-data-model-2.0/
//   - https://www.w3.org/TR/vc-di-eddsa/ (eddsa-rdfc-2022), https://www.w3.org/TR/rdf-canon/
//   - https://www.w3.org/TR/vc-bitstring-status-list/
//   - https://www.imsglobal.org/spec/ob/v3p0 (Open Badges 3.0)
//   - https://www.imsglobal.org/spec/ob/v3p0 section 8.2 (JWT), RFC 7515, RFC 7517, RFC 7638
//   - https://www.rfc-editor.org/rfc/rfc9901 (SD-JWT), draft-ietf-oauth-sd-jwt-vc
//   - https://w3c-ccg.github.io/did-method-web/, https://www.w3.org/TR/cid-1.0/ (Multikey)
package certify
