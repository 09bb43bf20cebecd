package api

import (
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/gorilla/mux"

	"creditbank/api/contract"
	"creditbank/creditbank"
)

// validate holds a request against the contract: its parameters, and its body
// where that is not streamed. The router has found the operation already, so
// the validator's own middleware, which would search once more, is not used.
func (s *Server) validate(next http.Handler) http.Handler {
	options := &openapi3filter.Options{
		MultiError: true, ExcludeResponseBody: true, SkipSettingDefaults: true,
	}
	streamed := *options
	streamed.ExcludeRequestBody = true
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		op := callOf(r.Context()).op
		params, err := pathParams(r)
		if err == nil && op.id != "createToken" { // RFC 6749, 3.2: what is not known is ignored
			if faults := queryFaults(op, r.URL.RawQuery); len(faults) > 0 {
				s.writeProblem(w, r, unfit(faults))
				return
			}
		}
		if err == nil {
			input := &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: op.route, Options: options}
			if op.streamed {
				input.Options = &streamed
			}
			err = openapi3filter.ValidateRequest(r.Context(), input)
		}
		if err != nil {
			s.writeProblem(w, r, invalid(err))
			return
		}
		next.ServeHTTP(w, mux.SetURLVars(r, params)) // the generated code takes them as they are
	})
}

// pathParams returns the variables of the path as they are meant.
func pathParams(r *http.Request) (map[string]string, error) {
	sent := mux.Vars(r)
	params := make(map[string]string, len(sent))
	for name, v := range sent {
		plain, err := unescapePath(v)
		if err != nil {
			return nil, err
		}
		params[name] = plain
	}
	return params, nil
}

// queryFaults lists what is wrong with a query whatever its values mean. A
// parameter that is not known is refused as a field of a body is: it may be one
// that is spelt wrongly, and the answer would be to another question.
func queryFaults(op *operation, query string) []contract.ProblemPart {
	values, err := url.ParseQuery(query)
	if err != nil {
		return []contract.ProblemPart{fault("", "MALFORMED")}
	}
	var parts []contract.ProblemPart
	for _, name := range slices.Sorted(maps.Keys(values)) {
		switch {
		case !op.query[name]:
			if len(name) > 100 || !isText(name) {
				name = ""
			}
			parts = append(parts, fault(name, "UNKNOWN_PARAMETER"))
		case len(values[name]) > 1:
			parts = append(parts, fault(name, "DUPLICATE_NAME"))
		case !isText(values.Get(name)):
			parts = append(parts, fault(name, "MALFORMED"))
		}
	}
	return parts
}

// invalid makes a problem of what the validator found. Its texts are not used:
// they hold what was sent, and the schema.
func invalid(err error) error {
	parts := faults(err, "")
	if len(parts) == 0 {
		return malformed(errors.New("refused by the validator"))
	}
	return unfit(parts)
}

// maxParts is of how many faults a problem tells: the answer must not be larger
// than what was wrong.
const maxParts = 20

// unfit is the problem of a request that does not fit the contract.
func unfit(parts []contract.ProblemPart) error {
	e := refuse(problemInvalid, "INVALID", "请求不符合接口契约", "the request does not fit the contract")
	e.parts = parts[:min(len(parts), maxParts)]
	if len(e.parts) == 1 {
		e.code = creditbank.Code(e.parts[0].Code)
	}
	return e
}

// faults lists what the validator found, each with its place.
func faults(err error, where string) []contract.ProblemPart {
	var several openapi3.MultiError
	var request *openapi3filter.RequestError
	var schema *openapi3.SchemaError
	switch {
	case errors.As(err, &request) && request.Err != nil && error(request) != err:
		return faults(request, where)
	case errors.As(err, &request):
		if request.Parameter != nil {
			where = request.Parameter.Name
		}
		if request.Err == nil {
			return []contract.ProblemPart{fault(where, "MALFORMED")}
		}
		if errors.Is(request.Err, openapi3filter.ErrInvalidRequired) {
			return []contract.ProblemPart{fault(where, "MISSING")}
		}
		return faults(request.Err, where)
	case errors.As(err, &several):
		var all []contract.ProblemPart
		for _, one := range several {
			all = append(all, faults(one, where)...)
		}
		return all
	case errors.As(err, &schema):
		return []contract.ProblemPart{schemaFault(schema, where)}
	}
	return []contract.ProblemPart{fault(where, "MALFORMED")}
}

// schemaFault says which value a schema refuses, and why.
func schemaFault(e *openapi3.SchemaError, where string) contract.ProblemPart {
	pointer := where
	if where == "" {
		pointer = ""
		for _, name := range e.JSONPointer() {
			pointer += pointerTo(name)
		}
	}
	switch e.SchemaField {
	case "required":
		return fault(pointer, "MISSING")
	case "properties", "additionalProperties":
		return fault(pointer+unknownName(e.Reason), "UNKNOWN_FIELD")
	case "maxLength", "maxItems", "maximum":
		return fault(pointer, "TOO_LARGE")
	case "minLength", "minItems", "minimum":
		return fault(pointer, "TOO_SMALL")
	case "enum":
		return fault(pointer, "NOT_ONE_OF")
	case "type", "nullable":
		return fault(pointer, "WRONG_TYPE")
	}
	return fault(pointer, "MALFORMED")
}

// pointerTo returns the part of a JSON pointer for a name (RFC 6901).
func pointerTo(name string) string {
	return "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
}

// unknownName returns a pointer to the field that a schema does not know. The
// validator names it in its text only.
func unknownName(reason string) string {
	quoted := strings.TrimSuffix(strings.TrimPrefix(reason, "property "), " is unsupported")
	name, err := strconv.Unquote(quoted)
	if err != nil || len(name) > 100 {
		return ""
	}
	return pointerTo(name)
}

// faultText says what the codes of the validator mean.
func faultText(code string) creditbank.Text {
	switch code {
	case "MISSING":
		return text("缺少此项", "is missing")
	case "UNKNOWN_PARAMETER":
		return text("没有这个参数", "there is no such parameter")
	case "DUPLICATE_NAME":
		return text("出现了不止一次", "stands there more than once")
	case "UNKNOWN_FIELD":
		return text("没有这个字段", "there is no such field")
	case "TOO_LARGE":
		return text("过长、过多或过大", "is too long, too many or too large")
	case "TOO_SMALL":
		return text("过短、过少或过小", "is too short, too few or too small")
	case "NOT_ONE_OF":
		return text("不是允许的取值", "is none of the values that are allowed")
	case "WRONG_TYPE":
		return text("类型不对", "is of the wrong type")
	}
	return text("格式不正确", "is not in the right form")
}

func fault(pointer, code string) contract.ProblemPart {
	p := contract.ProblemPart{Code: code, Message: wireText(faultText(code))}
	if pointer != "" {
		p.Pointer = &pointer
	}
	return p
}

// wireText returns t as it stands on the wire.
func wireText(t creditbank.Text) contract.Text { return contract.Text{Zh: t.ZH, En: t.EN} }
