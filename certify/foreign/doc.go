// Package foreign tries our certificates on the verifiers of others, and holds
// ours against what others made. It has tests only.
//
// The verifiers are npm packages (package.json), which verifiers.mjs puts behind
// one door; `make setup` installs them, and from then on no test asks the
// network. What they would fetch is served from memory: DID documents, keys,
// status lists, the schema. JSON-LD contexts are those of their packages, not
// ours.
//
// # Who accepts what
//
// The tables are written by the tests (-update). "Accepts" is said of a verifier
// that finds nothing wrong; what each is asked to find is its own business.
// verifier-core is @digitalcredentials/verifier-core, on which the Learner
// Credential Wallet and VerifierPlus stand. ajv knows the schema of Open Badges
// alone: what it accepts has the right form, and may be forged.
//
//	eddsa-rdfc-2022                        certify  @digitalbazaar/vc  verifier-core  ajv
//	of an outcome                          accepts  accepts            accepts        accepts
//	of a conversion                        accepts  accepts            accepts        accepts
//	with no more than it must have         accepts  accepts            accepts        accepts
//	a credit changed                       refuses  refuses            refuses        accepts
//	a term that is not defined             refuses  refuses            refuses        accepts
//	a type that is not defined             refuses  refuses            refuses        accepts
//	credits as text                        refuses  refuses            refuses        refuses
//	no achievement                         refuses  refuses            refuses        refuses
//	revoked                                refuses  refuses            refuses        accepts
//	expired                                refuses  refuses            refuses        accepts
//	not valid yet                          refuses  refuses            refuses        accepts
//	the key of another                     refuses  refuses            refuses        accepts
//	a key that was never published         refuses  refuses            refuses        accepts
//	another issuer's key, published by it  refuses  refuses            refuses        accepts
//	no proof                               refuses  refuses            refuses        accepts
//	a status list out of date              refuses  refuses            refuses        accepts
//	a status list of another issuer        refuses  refuses            accepts        accepts
//	no status list to be had               refuses  refuses            refuses        accepts
//
// A JWT says nothing of what stands in a list or in a DID document, or means
// nothing in JSON-LD: jose is not asked that.
//
//	Open Badges JWT, RS256                 certify  jose, ajv
//	of an outcome                          accepts  accepts
//	of a conversion                        accepts  accepts
//	a credit changed                       refuses  refuses
//	a term that is not defined             refuses  accepts
//	revoked                                refuses  accepts
//	expired                                refuses  refuses
//	not valid yet                          refuses  refuses
//	no algorithm                           refuses  refuses
//	a header more                          refuses  refuses
//	the key of another                     refuses  refuses
//	another issuer's key, published by it  refuses  accepts
//	a key that was never published         refuses  refuses
//	nbf is not validFrom                   refuses  refuses
//	without sub                            refuses  refuses
//	without exp, though it ends            refuses  refuses
//
// Of an SD-JWT both see the same claims, whatever is disclosed. Its revocation is
// in our list, which the library does not know; and a claim that nobody signed it
// drops, where we refuse the whole.
//
//	SD-JWT VC, ES256                certify  @sd-jwt/sd-jwt-vc
//	all disclosed                   accepts  accepts
//	the grade kept back             accepts  accepts
//	the name kept back              accepts  accepts
//	nothing disclosed               accepts  accepts
//	a credit changed                refuses  refuses
//	a grade of one's own            refuses  accepts
//	revoked                         refuses  accepts
//	expired                         refuses  refuses
//	no algorithm                    refuses  refuses
//	a key that was never published  refuses  refuses
//	another issuer's key            refuses  refuses
//
// # The log
//
// Tessera's client, transparency-dev/merkle and golang.org/x/mod read our tiles,
// checkpoints and proofs, and refuse a fork, another key and a changed tile.
//
// # The canonical form
//
// What is signed is the canonical form of a credential, and all who verify must
// make the same one of it. Ours is compared with that of jsonld.js over
// certificates with anything that one may have. jsonld.js 9.0.0 sorts by UTF-16
// code units where the specification (RDFC-1.0, 4.4.3) has code points; so what
// would sort differently is never signed (certify.Prepare).
package foreign
