// Package api puts a credit bank behind HTTP, for the four kinds of people who
// deal with it: learners, institutions, cities, and anyone who verifies.
//
// # The way of a request
//
// openapi.yaml is the contract; package contract is generated from it. A
// request passes, from outside in:
//
//	recover      a panic is a 500 of one request, not the end of all
//	identify     request id, language, the address of the peer
//	observe      one log line, metrics, a trace; no personal data
//	admit        a service that stops, or is full, says so with Retry-After
//	route        gorilla/mux; unknown addresses and methods are problems too
//	authenticate an access token, or a browser's session; see authenticate.go
//	limit        so many requests of a client, an institution, an address
//	entitle      the role that the operation asks for; see permission.go
//	body         content type, size, depth of JSON
//	validate     parameters and body against the contract
//	tell         replicas look at the feed after what may have written to it
//	handler      takes out, asks the domain, puts in
//
// A handler answers, or returns an error; problem.go has the one table that
// makes problems (RFC 9457) of errors.
//
// # Who may do what
//
// permission.go lists each operation with the roles that may call it. Roles are
// checked before the handler; the scope of a grant is checked by the handler,
// which knows what it is about to act upon: [Server.may] and [Server.mayRead].
// A handler that answers without having asked is a fault, and is reported as
// one. What an institution or an authority reads about a learner is recorded
// as a disclosure before it is told.
package api
