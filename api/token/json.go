package token

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"time"
)

// A reason says why something is refused. It is a fixed text: nothing of what
// was sent gets into a log through it.
type reason string

func (r reason) Error() string { return string(r) }

// members reads a JSON object strictly: no name twice, names compared as they
// are, nothing after the object. encoding/json would take the last of two, and
// "D" for "d".
func members(data []byte) (map[string]json.RawMessage, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	if tok, err := dec.Token(); err != nil || tok != json.Delim('{') {
		return nil, reason("not a JSON object")
	}
	obj := map[string]json.RawMessage{}
	for dec.More() {
		tok, err := dec.Token()
		name, ok := tok.(string)
		if err != nil || !ok {
			return nil, reason("malformed JSON")
		}
		if _, twice := obj[name]; twice {
			return nil, reason("a JSON name stands twice")
		}
		var v json.RawMessage
		if err := dec.Decode(&v); err != nil {
			return nil, reason("malformed JSON")
		}
		obj[name] = v
	}
	if _, err := dec.Token(); err != nil {
		return nil, reason("malformed JSON")
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, reason("data after the JSON object")
	}
	return obj, nil
}

// text returns a member that is a text, "" if it is absent.
func text(obj map[string]json.RawMessage, name string) (string, error) {
	raw, ok := obj[name]
	if !ok {
		return "", nil
	}
	var s *string // a pointer, to tell null
	if err := json.Unmarshal(raw, &s); err != nil || s == nil || *s == "" {
		return "", reason("a member is not a text")
	}
	return *s, nil
}

// texts returns a member that is a text or a list of them, nil if it is absent.
func texts(obj map[string]json.RawMessage, name string) ([]string, error) {
	raw, ok := obj[name]
	if !ok {
		return nil, nil
	}
	if raw[0] != '[' {
		s, err := text(obj, name)
		return []string{s}, err
	}
	var list []*string
	if err := json.Unmarshal(raw, &list); err != nil || len(list) == 0 {
		return nil, reason("a member is not a list of texts")
	}
	all := make([]string, len(list))
	for i, s := range list {
		if s == nil || *s == "" {
			return nil, reason("a member is not a list of texts")
		}
		all[i] = *s
	}
	return all, nil
}

// maxDate is in the year 10000. Far beyond it, arithmetic with times overflows.
const maxDate = 253402300800

// date returns a member that is a NumericDate (RFC 7519, 2), nil if absent.
func date(obj map[string]json.RawMessage, name string) (*time.Time, error) {
	raw, ok := obj[name]
	if !ok {
		return nil, nil
	}
	var f *float64
	if err := json.Unmarshal(raw, &f); err != nil || f == nil || *f < 0 || *f > maxDate {
		return nil, reason("a member is not a date")
	}
	whole, part := math.Modf(*f)
	t := time.Unix(int64(whole), int64(part*1e9)).UTC()
	return &t, nil
}
