// Package play plays a city through the HTTP interface, as its parties would:
// clerks open accounts and enrol learners, the machines of institutions post,
// revise and revoke outcomes, learners convert and read what they hold,
// operators freeze accounts. What comes of it has the form of
// [scenario.Result], and is what [scenario.Play] makes of the same city.
//
// The package knows nothing of how a party gets its token: a caller brings
// [Parties]. Whatever is sent is sent again where the answer says so, which the
// contract makes safe.
package play
