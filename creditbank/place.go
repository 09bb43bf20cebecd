package creditbank

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A Place is where in a file something stands. Lines and columns count from 1,
// columns in characters for YAML and in cells for tables; zero is unknown.
type Place struct {
	File   string `json:"file"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
}

// String returns file:line:column.
func (p Place) String() string {
	switch {
	case p.Line == 0:
		return p.File
	case p.Column == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// A PlacedError is an input error with its place in a file.
type PlacedError struct {
	Place
	*InputError
}

func (e *PlacedError) Error() string { return e.Place.String() + ": " + e.InputError.Error() }

// Unwrap returns the input error.
func (e *PlacedError) Unwrap() error { return e.InputError }

// Problems gathers everything wrong with a set of files, so that a person can
// mend it all at once. The zero Problems is empty.
type Problems struct{ list []*PlacedError }

// Add notes an input error at a place. Joined errors are noted one by one; an
// error that is no input error is noted with its text.
func (p *Problems) Add(at Place, err error) {
	if err == nil {
		return
	}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			p.Add(at, e)
		}
		return
	}
	var placed *PlacedError
	var input *InputError
	switch {
	case errors.As(err, &placed):
		p.list = append(p.list, placed)
	case errors.As(err, &input):
		p.list = append(p.list, &PlacedError{at, input})
	default:
		p.list = append(p.list, &PlacedError{at, Invalid(CodeMalformed, "", err.Error(), err.Error())})
	}
}

// List returns the problems sorted by file, line and column.
func (p *Problems) List() []*PlacedError {
	list := slices.Clone(p.list)
	slices.SortStableFunc(list, func(a, b *PlacedError) int {
		if c := strings.Compare(a.File, b.File); c != 0 {
			return c
		}
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return list
}

// Err returns the problems as one error, one a line, or nil if there is none.
func (p *Problems) Err() error {
	var errs []error
	for _, e := range p.List() {
		errs = append(errs, e)
	}
	return errors.Join(errs...)
}

// Placed returns the errors with a place that err joins or wraps, sorted; none if
// there is no such error in it.
func Placed(err error) []*PlacedError {
	var placed *PlacedError
	if !errors.As(err, &placed) {
		return nil
	}
	var p Problems
	p.Add(Place{}, err)
	return p.List()
}
