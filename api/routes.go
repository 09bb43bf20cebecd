package api

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
	"github.com/gorilla/mux"

	"creditbank/api/contract"
)

// An operation is what the contract says about one.
type operation struct {
	id       string
	route    *routers.Route    // for validation
	streamed bool              // its body is not read as a whole
	maxBytes int64             // of a body that is an upload: read by the handler, within a fixed time; zero for others
	accepts  []string          // content types of the body; none where it has none
	params   map[string]string // its parameters, by what the domain calls such a field
	query    map[string]bool   // those in the query
}

// operations are those of the contract, by method and path template.
type operations map[string]*operation

func readContract() (operations, error) {
	doc, err := openapi3.NewLoader().LoadFromData(Contract)
	if err != nil {
		return nil, err
	}
	if err := doc.Validate(context.Background()); err != nil {
		return nil, err
	}
	all := operations{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			_, streamed := op.Extensions["x-streamed"]
			o := &operation{id: op.OperationID, streamed: streamed, params: map[string]string{}, query: map[string]bool{}, route: &routers.Route{
				Spec: doc, Path: path, PathItem: item, Method: method, Operation: withoutSecurity(op),
			}}
			for _, p := range slices.Concat(item.Parameters, op.Parameters) {
				name := p.Value.Name
				o.params[strings.ReplaceAll(strings.ToLower(name), "-", "_")] = name
				o.query[name] = p.Value.In == openapi3.ParameterInQuery
			}
			if max, ok := op.Extensions["x-max-bytes"].(float64); ok {
				o.maxBytes = int64(max)
			}
			if op.RequestBody != nil {
				for contentType := range op.RequestBody.Value.Content {
					o.accepts = append(o.accepts, contentType)
				}
			}
			all[method+" "+path] = o
		}
	}
	return all, nil
}

// withoutSecurity returns op as one that asks for no credentials, which
// authenticate looks after. The validator would read the body whole before it
// asks its own function for them, of a stream too.
func withoutSecurity(op *openapi3.Operation) *openapi3.Operation {
	plain := *op
	plain.Security = openapi3.NewSecurityRequirements()
	return &plain
}

// tilePath is the one path that the contract cannot write: a part of it with
// slashes in it.
const tilePath = "/certlog/tile/{tile}"

// router routes requests to the handlers that are generated from the contract.
func (s *Server) router() http.Handler {
	// A variable is matched as it was sent, so that an escaped slash does not
	// split it; validate undoes its escapes.
	r := mux.NewRouter().UseEncodedPath().SkipClean(true)
	r.Use(s.find, s.authenticate, s.limit, s.entitle, s.bound, s.validate, s.tell)
	strict := contract.NewStrictHandlerWithOptions(s, []contract.StrictMiddlewareFunc{s.guard}, contract.StrictHTTPServerOptions{
		RequestErrorHandlerFunc:  func(w http.ResponseWriter, r *http.Request, err error) { s.writeProblem(w, r, malformed(err)) },
		ResponseErrorHandlerFunc: s.writeProblem,
	})
	wrapper := contract.ServerInterfaceWrapper{Handler: strict, ErrorHandlerFunc: func(w http.ResponseWriter, r *http.Request, err error) {
		s.writeProblem(w, r, malformed(err))
	}}
	r.HandleFunc("/certlog/tile/{tile:.+}", wrapper.GetTile).Methods(http.MethodGet)
	contract.HandlerWithOptions(strict, contract.GorillaServerOptions{BaseRouter: r, ErrorHandlerFunc: wrapper.ErrorHandlerFunc})
	// mux runs no middleware for these.
	page := s.servePage()
	r.NotFoundHandler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.pages != nil {
			if methods := s.pages.Methods(r.URL.Path); slices.Contains(methods, r.Method) {
				page.ServeHTTP(w, r)
				return
			} else if len(methods) > 0 {
				s.wrongMethod(w, r, methods)
				return
			}
		}
		s.writeProblem(w, r, refuse(problemNotFound, "NO_SUCH_ADDRESS", "没有这个地址，请查阅接口契约 /openapi.yaml", "there is no such address; see the contract, /openapi.yaml"))
	})
	r.MethodNotAllowedHandler = http.HandlerFunc(s.methodNotAllowed)
	return r
}

// find notes which operation a request is for.
func (s *Server) find(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, err := mux.CurrentRoute(r).GetPathTemplate()
		if err != nil {
			s.writeProblem(w, r, err)
			return
		}
		if strings.HasPrefix(path, "/certlog/tile/") {
			path = tilePath
		}
		c := callOf(r.Context())
		if c.op = s.operations[r.Method+" "+path]; c.op == nil {
			s.writeProblem(w, r, refuse(problemNotFound, "NO_SUCH_ADDRESS", "没有这个地址", "there is no such address"))
			return
		}
		c.request = r
		s.named(r, c.op.id)
		next.ServeHTTP(w, r)
	})
}

// methodNotAllowed answers where only the method is wrong.
func (s *Server) methodNotAllowed(w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for _, m := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
		for key := range s.operations {
			method, path, _ := strings.Cut(key, " ")
			if method == m && matches(path, r.URL.EscapedPath()) {
				allowed = append(allowed, m)
				if m == http.MethodGet {
					allowed = append(allowed, http.MethodHead)
				}
				break
			}
		}
	}
	s.wrongMethod(w, r, allowed)
}

func (s *Server) wrongMethod(w http.ResponseWriter, r *http.Request, allowed []string) {
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	s.writeProblem(w, r, refuse(problemMethod, "METHOD_NOT_ALLOWED", "此地址不支持该方法，见 Allow", "the address does not know this method; see Allow"))
}

// matches reports whether a path fits a template.
func matches(template, path string) bool {
	want, got := strings.Split(template, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return template == tilePath && strings.HasPrefix(path, strings.TrimSuffix(tilePath, "{tile}"))
	}
	for i, w := range want {
		if !strings.HasPrefix(w, "{") && w != got[i] {
			return false
		}
	}
	return true
}
