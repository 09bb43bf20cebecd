// Package column scans the columns of the stores into types of their own.
package column

import (
	"database/sql"
	"fmt"
)

// Text returns where to scan a string of a type of its own. database/sql reaches
// such types, and those of whole numbers, by reflection and by way of text, which
// takes a third of the time of reading a row.
func Text[T ~string](to *T) sql.Scanner { return textColumn[T]{to} }

// Whole returns where to scan a whole number. One that does not fit into T is an
// error.
func Whole[T ~int | ~int32 | ~int64](to *T) sql.Scanner { return wholeColumn[T]{to} }

// Both hold one pointer, and fit into an interface as they are.
type (
	textColumn[T ~string]                 struct{ to *T }
	wholeColumn[T ~int | ~int32 | ~int64] struct{ to *T }
)

// Scan implements [database/sql.Scanner].
func (c textColumn[T]) Scan(value any) error {
	switch v := value.(type) {
	case string:
		*c.to = T(v)
	case []byte:
		*c.to = T(v)
	default:
		return fmt.Errorf("%v is no %T", value, *c.to)
	}
	return nil
}

// Scan implements [database/sql.Scanner].
func (c wholeColumn[T]) Scan(value any) error {
	n, ok := value.(int64)
	if !ok || int64(T(n)) != n {
		return fmt.Errorf("%v is no %T", value, *c.to)
	}
	*c.to = T(n)
	return nil
}
