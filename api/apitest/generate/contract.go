package generate

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// An Operation is one operation of a contract.
type Operation struct {
	ID       string
	Method   string
	Path     string   // the template
	Roles    []string // x-roles
	Params   []*openapi3.Parameter
	Types    []string         // content types of the body, sorted; none where it has none
	Schema   *openapi3.Schema // of the body, nil where it has none
	Streamed bool             // x-streamed

	responses *openapi3.Responses
}

// Operations returns the operations of a contract by id.
func Operations(doc *openapi3.T) []*Operation {
	var all []*Operation
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			all = append(all, newOperation(method, path, item, op))
		}
	}
	slices.SortFunc(all, func(a, b *Operation) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

func newOperation(method, path string, item *openapi3.PathItem, op *openapi3.Operation) *Operation {
	o := &Operation{ID: op.OperationID, Method: method, Path: path, responses: op.Responses}
	_, o.Streamed = op.Extensions["x-streamed"]
	roles, _ := op.Extensions["x-roles"].([]any)
	for _, r := range roles {
		o.Roles = append(o.Roles, r.(string))
	}
	for _, list := range []openapi3.Parameters{item.Parameters, op.Parameters} {
		for _, p := range list {
			o.Params = append(o.Params, p.Value)
		}
	}
	if op.RequestBody == nil {
		return o
	}
	for contentType, media := range op.RequestBody.Value.Content {
		o.Types = append(o.Types, contentType)
		o.Schema = media.Schema.Value
	}
	slices.Sort(o.Types)
	return o
}

// Documented reports whether the contract provides for a status.
func (o *Operation) Documented(status int) bool {
	return o.responses.Value(strconv.Itoa(status)) != nil
}

// Succeeds reports whether the contract provides for a status of success.
func (o *Operation) Succeeds() bool {
	for status := range o.responses.Map() {
		if strings.HasPrefix(status, "2") {
			return true
		}
	}
	return false
}

// Reads reports whether the operation changes nothing by its method.
func (o *Operation) Reads() bool { return o.Method == "GET" }
