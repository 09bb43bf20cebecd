package generate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"pgregory.net/rapid"
)

// A spoiler spoils a request in one way, or returns false where that cannot be
// done to this one.
type spoiler struct {
	name string
	do   func(r Rand, q *Request) bool
}

// spoilers are the ways to spoil a request. What spoils JSON as a tree comes
// first: what spoils its bytes leaves no tree.
var spoilers = []spoiler{
	{"drop a field", onField(func(r Rand, f field) { f.drop() })},
	{"drop a field", onField(func(r Rand, f field) { f.drop() })},
	{"null", onField(func(r Rand, f field) { f.set(nil) })},
	{"another type", onField(func(r Rand, f field) { f.set(otherType(r, f.value)) })},
	{"empty", onField(func(r Rand, f field) { f.set(emptied(f.value)) })},
	{"too long", onField(func(r Rand, f field) { f.set(oversized(r, f.value)) })},
	{"nested deep", onField(func(r Rand, f field) { f.set(nested(r.Between(2, 60))) })},
	{"odd characters", onField(func(r Rand, f field) { f.set(oddText(r)) })},
	{"boundary number", onField(func(r Rand, f field) { f.set(boundary(r, f.value)) })},
	{"rename a field", onField(func(r Rand, f field) { f.rename(r) })},
	{"unknown field", onField(func(r Rand, f field) { f.add(r) })},
	{"swap two fields", swapped},
	{"duplicate a name", duplicated},
	{"cut in the middle", cut},
	{"broken bytes", brokenBytes},
	{"something behind", behind},
	{"no body", noBody},
	{"content type", contentType},
	{"header removed", headerRemoved},
	{"header garbage", headerGarbage},
	{"header removed", headerRemoved},
	{"query doubled", queryDoubled},
	{"query garbage", queryGarbage},
	{"unknown query", unknownQuery},
	{"variable", variable},
	{"variable", variable},
	{"suffix", suffixed},
	{"method", method},
	{"extra header", extraHeader},
	{"rows", brokenRows},
	{"rows", brokenRows},
}

// Spoil spoils a request in one way or a few.
func Spoil(r Rand, q *Request) {
	for want := Pick(r, 1, 1, 1, 2, 3); want > 0; {
		if s := Pick(r, spoilers...); s.do(r, q) {
			q.Spoilt = append(q.Spoilt, s.name)
			want--
		}
	}
}

// asBytes makes the body bytes, which are then spoilt.
func asBytes(q *Request) bool {
	body, err := q.encode()
	if err != nil || len(body) == 0 {
		return false
	}
	q.Tree, q.Body = nil, bytes.Clone(body)
	return true
}

func cut(r Rand, q *Request) bool {
	if !asBytes(q) {
		return false
	}
	q.Body = q.Body[:r.IntN(len(q.Body))]
	return true
}

func brokenBytes(r Rand, q *Request) bool {
	if !asBytes(q) {
		return false
	}
	for range r.Between(1, 4) {
		q.Body[r.IntN(len(q.Body))] = byte(r.IntN(256))
	}
	return true
}

func behind(r Rand, q *Request) bool {
	if !asBytes(q) {
		return false
	}
	q.Body = append(q.Body, Pick(r, "{}", "]", "\x00", " \n\t", "null", "\xff\xfe", "&a=1&a=%zz")...)
	return true
}

func noBody(_ Rand, q *Request) bool {
	had := q.Tree != nil || len(q.Body) > 0
	q.Tree, q.Body = nil, nil
	return had
}

// duplicated says something twice, which a tree cannot.
func duplicated(r Rand, q *Request) bool {
	o, ok := q.Tree.(map[string]any)
	if !ok || len(o) == 0 || !asBytes(q) {
		return false
	}
	name, err := json.Marshal(Pick(r, sortedKeys(o)...))
	if err != nil {
		return false
	}
	q.Body = append([]byte("{"+string(name)+":"+Pick(r, `"x"`, "null", "[]", "1")+","), q.Body[1:]...)
	return true
}

func contentType(r Rand, q *Request) bool {
	q.Header.Set("Content-Type", Pick(r, "", "text/plain", "application/json; charset=gbk", "application/xml", "multipart/form-data; boundary=x",
		"application/x-www-form-urlencoded", "application/json", "json", ";;", "application/x-ndjson", "text/csv; charset=utf-8", "application/merge-patch+json"))
	return true
}

func headerRemoved(r Rand, q *Request) bool {
	if len(q.Header) == 0 {
		return false
	}
	q.Header.Del(Pick(r, sortedKeys(q.Header)...))
	return true
}

func headerGarbage(r Rand, q *Request) bool {
	names := sortedKeys(q.Header)
	for _, p := range q.Op.Params {
		if p.In == "header" {
			names = append(names, p.Name)
		}
	}
	if len(names) == 0 {
		return false
	}
	q.Header.Set(Pick(r, names...), Pick(r, "", "x", "短键", strings.Repeat("k", 300), "key with blanks in it", "99999999999999999999", "-1", `W/"1"`, "*", ","))
	return true
}

func extraHeader(r Rand, q *Request) bool {
	h := Pick(r, [2]string{"Accept-Language", "en"}, [2]string{"Accept-Language", "zz;q=x,,*"}, [2]string{"X-Forwarded-For", "1.2.3.4, ::1, x"},
		[2]string{"X-Request-Id", "abcdefgh-1"}, [2]string{"X-Request-Id", "无\t效"}, [2]string{"Content-Encoding", "gzip"}, [2]string{"Origin", "https://evil.example"},
		[2]string{"Sec-Fetch-Site", "cross-site"}, [2]string{"Cookie", "creditbank=none; a=\"b"}, [2]string{"If-Match", "*"}, [2]string{"Accept", "text/html"},
		[2]string{"Transfer-Encoding", "identity"}, [2]string{"X-HTTP-Method-Override", "DELETE"}, [2]string{"Range", "bytes=0-1"}, [2]string{"If-Modified-Since", "x"})
	q.Header.Set(h[0], h[1])
	return true
}

func queryDoubled(r Rand, q *Request) bool {
	if len(q.Query) == 0 {
		return false
	}
	name := Pick(r, sortedKeys(q.Query)...)
	q.Query.Add(name, Pick(r, q.Query.Get(name), "1", ""))
	return true
}

func queryGarbage(r Rand, q *Request) bool {
	var names []string
	for _, p := range q.Op.Params {
		if p.In == "query" {
			names = append(names, p.Name)
		}
	}
	if len(names) == 0 {
		return false
	}
	q.Query.Set(Pick(r, names...), Pick(r, "", "0", "-1", "501", "1e3", "9223372036854775807", "9223372036854775808", "00", " 1", "null", "true", "2026-02-30",
		"0000-00-00", "9999-12-31", "AAAA", "LTE", "MA", "Lg==", "OTIyMzM3MjAzNjg1NDc3NTgwNw", "Cg", oddText(r), strings.Repeat("A", 401)))
	return true
}

func unknownQuery(r Rand, q *Request) bool {
	q.Query.Set(Pick(r, "debug", "Cursor", "a[b]", "学", ""), Pick(r, "", "1", "\x00", ";"))
	return true
}

func variable(r Rand, q *Request) bool {
	if len(q.Vars) == 0 {
		return false
	}
	name := Pick(r, sortedKeys(q.Vars)...)
	q.Vars[name] = Pick(r, "", "0", "-1", "00000000-0000-4000-8000-000000000000", "urn:uuid:00000000-0000-4000-8000-000000000000", "..", ".", "a/b", "a b",
		"%", "%00", "\x00", "NOPE", "nope-client", "9223372036854775807", "9223372036854775808", "1.0", "+1", "\xff", "'; --", oddText(r), strings.Repeat("x", 300), strings.ToUpper(q.Vars[name]))
	return true
}

func suffixed(r Rand, q *Request) bool {
	q.Suffix = Pick(r, "/", "//", "/x", "%2F", "/../..", ";v=1", "%20")
	return true
}

func method(r Rand, q *Request) bool {
	q.Method = Pick(r, http.MethodHead, http.MethodOptions, http.MethodPatch, http.MethodPut, http.MethodDelete, http.MethodPost, http.MethodGet, "TRACE", "BREW")
	return true
}

// brokenRows spoils single rows of a streamed file.
func brokenRows(r Rand, q *Request) bool {
	if !q.Op.Streamed || len(q.Body) == 0 {
		return false
	}
	rows := strings.SplitAfter(string(q.Body), "\n")
	i := r.IntN(len(rows))
	rows[i] = Pick(r, "\n", "{}\n", "null\n", "[1]\n", `{"external_id":{"a":1}}`+"\n", `{"external_id":"x","external_id":"y"}`+"\n", rows[i]+rows[i], ",,,\n", "\"\n",
		"\xff\xfe\n", "\x00\n", `{"external_id":"`+strings.Repeat("x", 70<<10)+"\"}\n", rows[i][:len(rows[i])/2]+"\n", strings.Repeat("a,", 200)+"\n", "\r\r\n", strings.ToUpper(rows[i]))
	q.Body = []byte(strings.Join(rows, ""))
	return true
}

// odd are texts that get mistaken for something else.
var odd = []string{
	"\x00", "a\x00b", "\x1b[31m", "\u202e", "\u200b", "\ufeffx", "\ufffd", " x ", "\u3000", "e\u0301", "𠮷", "😀", "\u0085", "\u2028", "'; DROP TABLE x; --",
	"<script>alert(1)</script>", "%s%n%d", "../../etc/passwd", "${7*7}", "=1+1", "NaN", "Infinity", "1e400", "-0", "0x10", "١٢٣", "１２", "null", "true", "\\u0000", "\"", "\\",
}

func oddText(r Rand) string {
	if r.Chance(30) {
		return Draw(r, rapid.String())
	}
	return Pick(r, odd...)
}

func otherType(r Rand, v any) any {
	switch v := v.(type) {
	case string:
		return Pick[any](r, json.Number("1"), true, []any{v}, map[string]any{"value": v}, json.Number("1.5"))
	case json.Number:
		return Pick[any](r, v.String(), json.Number(v.String()+".5"), json.Number(v.String()+"e1"), false, []any{v})
	}
	return Pick[any](r, "true", json.Number("0"), []any{}, map[string]any{})
}

func emptied(v any) any {
	switch v.(type) {
	case []any:
		return []any{}
	case map[string]any:
		return map[string]any{}
	}
	return ""
}

func oversized(r Rand, v any) any {
	switch v := v.(type) {
	case []any:
		// Not what stands in it over and over: spoilt again, it would be spoilt a
		// thousand times.
		for len(v) < 1100 {
			v = append(v, "x")
		}
		return v
	case json.Number:
		return json.Number("1" + strings.Repeat("0", Pick(r, 10, 20, 400)))
	case map[string]any:
		for i := range 300 {
			v[fmt.Sprint("f", i)] = i
		}
		return v
	}
	return strings.Repeat(Pick(r, "x", "学", "😀", "1"), Pick(r, 65, 129, 301, 5000, 1<<20))
}

func nested(depth int) any {
	var v any = "x"
	for i := range depth {
		if i%2 == 0 {
			v = []any{v}
		} else {
			v = map[string]any{"a": v}
		}
	}
	return v
}

func boundary(r Rand, v any) any {
	n := Pick(r, "0", "-1", "1", "1000", "1001", "2147483647", "2147483648", "9007199254740993", "9223372036854775807", "9223372036854775808", "-9223372036854775808", "1e2", "0.0", "1e400", "-0",
		"99999999.99", "999999999999.99", "0.001", "0001")
	if _, isText := v.(string); isText {
		return n
	}
	if !json.Valid([]byte(n)) {
		return n
	}
	return json.Number(n)
}
