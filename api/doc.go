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
//	authenticate an access token, or a browser's session; see authenticate.go;
//	             who fails is counted by the address
//	limit        so many requests of a client, an institution, an address
//	entitle      the role that the operation asks for; see permission.go
//	body         content type, size, depth of JSON
//	             a file of evidence is read by its handler, whole, within a time
//	             that progress does not extend; see upload.go
//	validate     parameters and body against the contract; what it does not
//	             know is refused
//	tell         replicas look at the feed after what may have written to it
//	handler      takes out, asks the domain, puts in
//
// [Server.HTTP] is the server of connections around it, with limits for slow and
// idle peers.
//
// A handler answers, or returns an error; problem.go has the one table that
// makes problems (RFC 9457) of errors.
//
// Addresses that are none of the contract's may be pages ([Config.Pages]), which
// pass the same from limit on but for the contract. A browser that goes wrong at
// no operation is told so by a page; everything else gets a problem.
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
