// Package access says who may act in a credit bank: people with accounts of
// their own, machines that are clients of the API, and the roles each has been
// granted, without SQL, HTTP, clock or randomness.
//
// # Who may do what
//
// A [Grant] gives a [Role] within a [Scope]: clerk of an institution, operator
// of a city. An operation acts upon a [Target]; [Principal.May] says whether one
// of the principal's grants covers it. Which roles an operation asks for stands
// with the operation. Who may give which grant to others is [MayGrant].
//
// # The registry
//
// The [Registry] keeps clients, accounts, sessions of browsers and the deny list
// of tokens. It looks up, lets pure code decide, and puts versioned records into
// a [Store]. What was granted to whom by whom stays for ever; what serves for a
// while only (sessions, codes, the deny list) is replaced and in the end purged.
//
// # What always holds
//
//   - Nobody grants to themselves, and nobody takes over an account whose grants
//     they could not have given.
//   - Passwords, secrets, codes and session tokens are stored only as hashes, and
//     are shown once.
//   - A failed login or activation says nothing about why.
//   - Who a member of staff is stands sealed under a key of the account's own; a
//     learner's name is with the learner.
//   - Who did it is part of the record that says what was done.
package access
