package certify_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"creditbank/certify"
	"creditbank/certify/certifytest"
)

// errNot is said of JSON that the reference refuses.
var errNot = errors.New("refused")

// reference reads JSON as encoding/json does, token by token, with what this
// package asks beyond it.
type reference struct{ dec *json.Decoder }

func readReference(data []byte) (any, error) {
	if len(data) > certify.MaxSize || !utf8.Valid(data) {
		return nil, errNot
	}
	r := reference{json.NewDecoder(bytes.NewReader(data))}
	r.dec.UseNumber()
	v, err := r.value(0)
	if err != nil {
		return nil, err
	}
	if _, err := r.dec.Token(); err != io.EOF {
		return nil, errNot
	}
	if _, ok := v.(map[string]any); !ok {
		return nil, errNot
	}
	return v, nil
}

func (r reference) value(depth int) (any, error) {
	tok, err := r.dec.Token()
	if err != nil || depth > 48 {
		return nil, errNot
	}
	switch t := tok.(type) {
	case json.Delim:
		if t == '[' {
			return r.array(depth)
		}
		return r.object(depth)
	case string:
		return t, plainText(t)
	case json.Number:
		return t, certify.CheckNumber(t.String())
	case bool:
		return t, nil
	}
	return nil, errNot
}

func plainText(s string) error {
	if strings.ContainsFunc(s, func(r rune) bool {
		return r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0x7f || r == utf8.RuneError
	}) {
		return errNot
	}
	return nil
}

func (r reference) object(depth int) (any, error) {
	obj := map[string]any{}
	for r.dec.More() {
		tok, err := r.dec.Token()
		name, ok := tok.(string)
		if err != nil || !ok || plainText(name) != nil {
			return nil, errNot
		}
		if _, ok := obj[name]; ok {
			return nil, errNot
		}
		if obj[name], err = r.value(depth + 1); err != nil {
			return nil, err
		}
	}
	_, err := r.dec.Token()
	return obj, err
}

func (r reference) array(depth int) (any, error) {
	list := []any{}
	for r.dec.More() {
		v, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	_, err := r.dec.Token()
	return list, err
}

// FuzzJSON: JSON is read as encoding/json reads it, or refused as it would be.
func FuzzJSON(f *testing.F) {
	p, err := certify.Prepare(certifytest.Outcome(1))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(p.Unsigned())
	for _, s := range []string{
		`{}`, ` {"a" : [ 1 , -2.5, true,false ] , "b":{"c":"x"}} `, `{"a":null}`, `{"a":1,"a":1}`, `{"a":1,"\u0061":1}`, `{"a":"\ud83d\ude00"}`, `{"a":"\ud83d"}`,
		`{"a":"\ud83d\u0041"}`, `{"a":"\ud83d\ud83d\ude00"}`, `{"a":"\ude00"}`, `{"a":"\b\f\n\r\t\/\"\\"}`, `{"a":"\x"}`, `{"a":"\u12g4"}`, `{"a":"`, `{"a":"\`, `{"a":"\u00`,
		`{"a":1.}`, `{"a":01}`, `{"a":-}`, `{"a":1e5}`, `{"a":-0}`, `{"a":0.10}`, `{"a":1 2}`, `{"a":[1,]}`, `{"a":1,}`, `{,}`, `{"a"}`, `{"a":}`, `{a:1}`, `[1]`, `"x"`, ``,
		`{"a":truex}`, `{"a":tru}`, `{"a":1}{}`, `{"a":"\u007f"}`, `{"a":"` + "\u007f" + `"}`, "{\"a\":\"\t\"}", "{\"a\":\"\ufffd\"}", "{\"a\":\"\ufffc\ufffe\"}", "\ufeff{}",
		strings.Repeat(`{"a":`, 47) + "1" + strings.Repeat("}", 47), strings.Repeat(`{"a":`, 49) + "1" + strings.Repeat("}", 49), strings.Repeat(`{"a":`, 50) + "1" + strings.Repeat("}", 50),
		"{\"a\":1\v}", `{"a":[}`, `{"a":{]`, `{"a":"b" "c":1}`, `{"a":["b" "c"]}`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		want, refused := readReference(data)
		got, err := certify.ParseObject(data)
		if (err != nil) != (refused != nil) {
			t.Fatalf("%s: %v, encoding/json: %v", data, err, refused)
		}
		if err == nil && !reflect.DeepEqual(want, any(got)) {
			t.Fatalf("%s: %v, encoding/json: %v", data, got, want)
		}
		if err != nil && !errors.Is(err, certify.ErrMalformed) {
			t.Fatalf("%s: %v", data, err)
		}
	})
}
