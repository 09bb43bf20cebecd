// Package contract is what openapi.yaml, the contract of the HTTP interface,
// looks like in Go: the types on the wire, the interface that a server
// implements ([StrictServerInterface]), and a client ([ClientWithResponses]).
//
// All of it is generated from the contract, which is changed first:
//
//	go generate ./api/contract
//
// Beside the code it writes generated.sum, the hashes of contract, configuration
// and code; a test fails while they are not those of the files. Amounts are the domain's own value types,
// whose text form is the wire form; everything else is for the wire alone.
package contract

//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2 -config config.yaml ../openapi.yaml
//go:generate go run ./internal/sums ../openapi.yaml config.yaml overlay.yaml contract.gen.go
