package web

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"creditbank/api"
	"creditbank/creditbank"
)

// trouble is what an error page says.
type trouble struct {
	Head    string
	Message string // what was said of this very error, "" if that is the head
	Advice  string
	Wait    int // seconds, zero for none
}

func (t trouble) title() string { return t.Head }

// ServeTrouble implements [api.Pages].
func (s *Site) ServeTrouble(w http.ResponseWriter, r *http.Request, told api.Trouble) {
	v := s.visit(w, r)
	t := trouble{Message: v.text(told.Message), Wait: int((told.RetryAfter + time.Second - 1) / time.Second)}
	kind := "other"
	if _, ok := words["trouble."+told.Problem]; ok {
		kind = told.Problem
	}
	t.Head, t.Advice = v.text(words["trouble."+kind]), v.text(words["advice."+kind])
	// What is said of every problem of the kind, the page says better.
	if code := strings.ToUpper(strings.ReplaceAll(told.Problem, "-", "_")); string(told.Code) == code || told.Code == "NO_SUCH_ADDRESS" {
		t.Message = ""
	}
	if err := v.show(told.Status, "trouble", t); err != nil {
		s.c.Log.ErrorContext(r.Context(), "an error could not be shown", "request", v.Request, "err", err)
		http.Error(w, v.text(told.Message), told.Status)
	}
}

// A form is one that a person is to fill in, perhaps once more.
type form struct {
	Fault  string // why it was refused, "" at first
	Field  string // which field is at fault, "" for none in particular
	Values map[string]string
	Next   string
	Demo   []Login
}

// refill shows a form again, with why it was refused. What is no fault of the
// form is an error.
func (v *visit) refill(name string, f form, err error) error {
	var input *creditbank.InputError
	if !errors.As(err, &input) {
		return err
	}
	f.Fault, f.Field = v.text(input.Reason), input.Field
	return v.show(v.site.c.Server.Explain(err).Status, name, f)
}
