package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"creditbank/api/apitest"
)

// What is wrong with a body, whoever sends it.
func TestHostileBodies(t *testing.T) {
	w := apitest.New(t, apitest.Options{})
	l := string(w.Open()["L2"])
	poster := w.Token("I15", "poster institution:I15")
	good := posting(l, "H1", nil)
	invalid := func(code, pointer string) refusal { return refusal{400, "invalid", code, pointer} }
	deep := strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000)
	var wide strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&wide, `,"k%d":0`, i)
	}
	wrong := func(field string, to any) string { return posting(l, "H1", map[string]any{field: to}) }
	for _, tt := range []struct {
		name string
		kind string
		body string
		want refusal
	}{
		{"JSON ten thousand deep", "", `{"course":` + deep + `}`, invalid("TOO_DEEP", "")},
		{"objects ten thousand deep", "", strings.Repeat(`{"a":`, 10_000), invalid("TOO_DEEP", "")},
		{"fifty thousand names", "", `{"a":1` + wide.String() + `}`, invalid("TOO_LARGE", "")},
		{"more bytes than a body may have", "", `{"a":"` + strings.Repeat("x", 1<<20) + `"}`, refusal{413, "too-large", "TOO_LARGE", ""}},
		{"a name twice", "", `{"course":"S07",` + good[1:], invalid("DUPLICATE_NAME", "")},
		{"a name twice, once in escapes", "", `{"\u0063ourse":"S07",` + good[1:], invalid("DUPLICATE_NAME", "")},
		{"a name in capitals beside the same in small letters", "", `{"Course":"S07",` + good[1:], invalid("UNKNOWN_FIELD", "/Course")},
		{"a name in capitals only", "", strings.Replace(good, `"course"`, `"Course"`, 1), invalid("INVALID", "/Course /course")},
		{"a field that is not known", "", wrong("grade", "A"), invalid("UNKNOWN_FIELD", "/grade")},
		{"a field whose name has a slash and a tilde", "", wrong("a/b~c", "A"), invalid("UNKNOWN_FIELD", "/a~1b~0c")},
		{"a field that is missing", "", wrong("course", nil), invalid("MISSING", "/course")},
		{"two JSON texts", "", good + good, invalid("MALFORMED", "")},
		{"garbage after the JSON", "", good + "x", invalid("MALFORMED", "")},
		{"a NUL after the JSON", "", good + "\x00", invalid("MALFORMED", "")},
		{"half of the JSON", "", good[:len(good)/2], invalid("MALFORMED", "")},
		{"a byte order mark", "", "\ufeff" + good, invalid("MALFORMED", "")},
		{"UTF-16", "", "\xff\xfe{\x00}\x00", invalid("MALFORMED", "")},
		{"GB 18030", "", strings.Replace(good, "72", "\xd3\xc5\xd0\xe3", 1), invalid("MALFORMED", "")},
		{"an overlong encoding", "", strings.Replace(good, "72", "\xc0\xaf", 1), invalid("MALFORMED", "")},
		{"a NUL in a text", "", wrong("external_id", "H\x001"), invalid("MALFORMED", "")},
		{"a NUL in a name", "", wrong("a\x00", "1"), invalid("MALFORMED", "")},
		{"a raw line break in a text", "", strings.Replace(good, "72", "7\n2", 1), invalid("MALFORMED", "")},
		{"nothing but blanks", "", "  \r\n ", invalid("MISSING", "")},
		{"null", "", "null", invalid("WRONG_TYPE", "")},
		{"a list", "", "[" + good + "]", invalid("WRONG_TYPE", "")},
		{"a text", "", `"x"`, invalid("WRONG_TYPE", "")},
		{"NaN", "", strings.Replace(good, `"72"`, "NaN", 1), invalid("MALFORMED", "")},
		{"a number past all bounds", "", strings.Replace(good, "{", `{"revision":1e400,`, 1), invalid("WRONG_TYPE", "/revision")},
		{"a number of a billion digits", "", strings.Replace(good, "{", `{"revision":1e1000000000,`, 1), invalid("WRONG_TYPE", "/revision")},
		{"a number just past 64 bits", "", wrong("revision", uint64(1<<63)), invalid("TOO_LARGE", "/revision")},
		{"a number with a fraction", "", wrong("revision", 1.5), invalid("WRONG_TYPE", "/revision")},
		{"a revision of zero", "", wrong("revision", 0), invalid("TOO_SMALL", "/revision")},
		{"a number where a text goes", "", wrong("score", 72), invalid("WRONG_TYPE", "/score")},
		{"an object where a text goes", "", wrong("course", map[string]any{}), invalid("WRONG_TYPE", "/course")},
		{"null where a text goes", "", strings.Replace(good, `"72"`, "null", 1), invalid("WRONG_TYPE", "/score")},
		{"hours as a number", "", wrong("attended_hours", 3.5), invalid("WRONG_TYPE", "/attended_hours")},
		{"hours past all bounds", "", wrong("attended_hours", "99999999999999999999"), invalid("MALFORMED", "/attended_hours")},
		{"a day that no calendar has", "", wrong("issued_on", "2026-02-30"), invalid("MALFORMED", "/issued_on")},
		{"a score that is none", "", wrong("score", "很好"), invalid("MALFORMED", "/score")},
		{"an external id with a line break", "", wrong("external_id", "H\n1"), invalid("MALFORMED", "/external_id")},
		{"an external id that is too long", "", wrong("external_id", strings.Repeat("学", 129)), invalid("TOO_LARGE", "/external_id")},
		{"a course in Han characters that there is not", "", wrong("course", "课程"), refusal{422, "unprocessable", "UNKNOWN_COURSE", "/course"}},
		{"an identity number without a name", "", wrong("learner", nil)[:len(wrong("learner", nil))-1] + `,"id_number":"11010519491231002X"}`, invalid("MISSING", "/learner_name")},
		{"two wrong fields", "", posting(l, "H1", map[string]any{"score": 1, "course": 2}), invalid("INVALID", "/course /score")},

		{"JSON said to be plain text", "text/plain", good, refusal{415, "unsupported-media-type", "UNSUPPORTED_MEDIA_TYPE", ""}},
		{"no content type", "none", good, refusal{415, "unsupported-media-type", "UNSUPPORTED_MEDIA_TYPE", ""}},
		{"a content type that is none", "/;;=", good, refusal{415, "unsupported-media-type", "UNSUPPORTED_MEDIA_TYPE", ""}},
		{"a form in parts", "multipart/form-data; boundary=x", "--x\r\n\r\n" + good + "\r\n--x--\r\n", refusal{415, "unsupported-media-type", "UNSUPPORTED_MEDIA_TYPE", ""}},
		{"a form", "application/x-www-form-urlencoded", "course=S07", refusal{415, "unsupported-media-type", "UNSUPPORTED_MEDIA_TYPE", ""}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			wantRefused(t, w, sent{path: "/v1/outcomes", token: poster, kind: tt.kind, body: tt.body}, tt.want)
		})
	}
	t.Run("a compressed body", func(t *testing.T) {
		wantRefused(t, w, sent{path: "/v1/outcomes", token: poster, body: "\x1f\x8b", header: http.Header{"Content-Encoding": {"gzip"}}},
			refusal{415, "unsupported-media-type", "UNSUPPORTED_CODING", ""})
	})
	t.Run("no body", func(t *testing.T) {
		wantRefused(t, w, sent{method: "POST", path: "/v1/outcomes", token: poster, kind: "application/json"}, invalid("MISSING", ""))
	})
	t.Run("after all that the posting itself is taken", func(t *testing.T) {
		if a := (sent{path: "/v1/outcomes", token: poster, kind: "application/json; charset=utf-8", body: good}).to(t, w); a.status != 201 {
			t.Errorf("%d %s", a.status, a.body)
		}
	})
}

// What is wrong with an address, a method or a parameter.
func TestHostileAddresses(t *testing.T) {
	w := apitest.New(t, apitest.Options{})
	l := string(w.Open()["L2"])
	operator, auditor := w.Token("", "operator region:9901"), w.Token("", "auditor region:9901")
	unknown := refusal{404, "not-found", "NO_SUCH_ADDRESS", ""}
	invalid := func(code, pointer string) refusal { return refusal{400, "invalid", code, pointer} }
	method := refusal{405, "method-not-allowed", "METHOD_NOT_ALLOWED", ""}
	key := func(values ...string) http.Header { return http.Header{"Idempotency-Key": values} }
	freeze := "/v1/learners/" + l + "/freeze"
	for _, tt := range []struct {
		name string
		sent sent
		want refusal
	}{
		{"an address that is none", sent{path: "/v2/regions"}, unknown},
		{"the root", sent{path: "/"}, unknown},
		{"a slash at the end", sent{path: "/v1/regions/"}, unknown},
		{"two slashes at the beginning", sent{path: "//v1/regions"}, unknown},
		{"two slashes in the middle", sent{path: "/v1//regions"}, unknown},
		{"a dot segment", sent{path: "/v1/./regions"}, unknown},
		{"two dots", sent{path: "/v1/courses/../regions"}, unknown},
		{"two dots as a code", sent{path: "/v1/courses/.."}, refusal{404, "not-found", "UNKNOWN_COURSE", "course"}},
		{"escaped dots and slashes", sent{path: "/v1/courses/%2e%2e%2fregions"}, invalid("MALFORMED", "course")},
		{"an escaped slash in a code", sent{path: "/v1/courses/a%2fb"}, invalid("MALFORMED", "course")},
		{"an escaped NUL in a code", sent{path: "/v1/courses/a%00b"}, invalid("MALFORMED", "")},
		{"an escaped line break in a code", sent{path: "/v1/courses/a%0d%0ab"}, invalid("MALFORMED", "course")},
		{"a code that is not UTF-8", sent{path: "/v1/courses/%ff"}, invalid("MALFORMED", "")},
		{"a code in Han characters that there is not", sent{path: "/v1/courses/课程"}, refusal{404, "not-found", "UNKNOWN_COURSE", "course"}},
		{"a code of thousands of characters", sent{path: "/v1/courses/" + strings.Repeat("a", 8000)}, invalid("MALFORMED", "course")},
		{"an address of tens of thousands of characters", sent{path: "/" + strings.Repeat("a/", 15_000)}, unknown},
		{"an address in capitals", sent{path: "/V1/REGIONS"}, unknown},
		{"an escaped letter in a fixed part", sent{path: "/v1/%72egions"}, unknown},
		{"a learner that is no UUID", sent{path: "/v1/learners/1/balance", token: auditor}, invalid("MALFORMED", "learner")},
		{"a learner that there is not", sent{path: "/v1/learners/00000000-0000-4000-8000-000000000000/balance", token: auditor}, refusal{404, "not-found", "UNKNOWN_LEARNER", "learner"}},
		{"a place that is no number", sent{path: "/v1/learners/" + l + "/outcomes/x", token: auditor}, invalid("MALFORMED", "seq")},
		{"a place past 64 bits", sent{path: "/v1/learners/" + l + "/outcomes/9223372036854775808", token: auditor}, invalid("MALFORMED", "seq")},
		{"a place of zero", sent{path: "/v1/learners/" + l + "/outcomes/0", token: auditor}, invalid("TOO_SMALL", "seq")},
		{"a tile outside the log", sent{path: "/certlog/tile/../../../etc/passwd"}, refusal{404, "not-found", "NOT_FOUND", ""}},
		{"a tile that there is not", sent{path: "/certlog/tile/7/999"}, refusal{404, "not-found", "NOT_FOUND", ""}},
		{"a certificate that is no UUID", sent{path: "/v1/certificates/1/proof"}, invalid("MALFORMED", "certificate")},

		{"a page of nothing", sent{path: "/v1/courses?limit=0"}, invalid("TOO_SMALL", "limit")},
		{"a page of everything", sent{path: "/v1/courses?limit=999999"}, invalid("TOO_LARGE", "limit")},
		{"a page of a fraction", sent{path: "/v1/courses?limit=1.5"}, invalid("MALFORMED", "limit")},
		{"a page of words", sent{path: "/v1/courses?limit=ten"}, invalid("MALFORMED", "limit")},
		{"a page without a number", sent{path: "/v1/courses?limit="}, invalid("MALFORMED", "limit")},
		{"a page past 64 bits", sent{path: "/v1/courses?limit=99999999999999999999"}, invalid("MALFORMED", "limit")},
		{"a cursor with signs in it", sent{path: "/v1/courses?cursor=!"}, invalid("MALFORMED", "cursor")},
		{"a cursor nobody gave out", sent{path: "/v1/audit?cursor=garbage", token: auditor}, invalid("MALFORMED", "cursor")},
		{"a cursor below zero", sent{path: "/v1/audit?cursor=LTE", token: auditor}, invalid("MALFORMED", "cursor")},
		{"a cursor with a NUL", sent{path: "/v1/clients?cursor=AA", token: auditor}, invalid("MALFORMED", "cursor")},
		{"a cursor that is not UTF-8", sent{path: "/v1/accounts?cursor=_w", token: auditor}, invalid("MALFORMED", "cursor")},
		{"a day that no calendar has", sent{path: "/v1/learners/" + l + "/balance?date=2026-02-30", token: auditor}, invalid("MALFORMED", "date")},
		{"a day that is none", sent{path: "/v1/learners/" + l + "/balance?date=today", token: auditor}, invalid("MALFORMED", "date")},
		{"a version below one", sent{path: "/v1/learners/" + l + "/balance?min_version=0", token: auditor}, invalid("TOO_SMALL", "min_version")},
		{"a purpose that is none", sent{path: "/v1/learners/" + l + "/balance?purpose=FUN", token: auditor}, invalid("NOT_ONE_OF", "purpose")},
		{"a parameter that is not known", sent{path: "/v1/courses?limti=5"}, invalid("UNKNOWN_PARAMETER", "limti")},
		{"a parameter in capitals", sent{path: "/v1/courses?Limit=5"}, invalid("UNKNOWN_PARAMETER", "Limit")},
		{"a parameter with a long name", sent{path: "/v1/courses?" + strings.Repeat("x", 1000)}, invalid("UNKNOWN_PARAMETER", "")},
		{"a parameter twice", sent{path: "/v1/courses?limit=5&limit=6"}, invalid("DUPLICATE_NAME", "limit")},
		{"a parameter with a NUL", sent{path: "/v1/courses?institution=%00"}, invalid("MALFORMED", "institution")},
		{"a parameter that is not UTF-8", sent{path: "/v1/courses?institution=%ff"}, invalid("MALFORMED", "institution")},
		{"a query with a broken escape", sent{path: "/v1/courses?limit=%zz"}, invalid("MALFORMED", "")},
		{"a query with a semicolon", sent{path: "/v1/courses?limit=5;cursor=x"}, invalid("MALFORMED", "")},
		{"a place in the feed that is none", sent{path: "/v1/events", token: auditor, header: http.Header{"Last-Event-Id": {"-1"}}}, invalid("MALFORMED", "Last-Event-ID")},

		{"no idempotency key", sent{path: freeze, token: operator, body: `{"reason":"x"}`}, invalid("MISSING", "Idempotency-Key")},
		{"a short idempotency key", sent{path: freeze, token: operator, body: `{"reason":"x"}`, header: key("1234567")}, invalid("MALFORMED", "Idempotency-Key")},
		{"a long idempotency key", sent{path: freeze, token: operator, body: `{"reason":"x"}`, header: key(strings.Repeat("k", 129))}, invalid("MALFORMED", "Idempotency-Key")},
		{"an idempotency key with a blank", sent{path: freeze, token: operator, body: `{"reason":"x"}`, header: key("1234 5678")}, invalid("MALFORMED", "Idempotency-Key")},
		{"an idempotency key in Han characters", sent{path: freeze, token: operator, body: `{"reason":"x"}`, header: key("键键键键键键键键")}, invalid("MALFORMED", "Idempotency-Key")},
		{"an empty idempotency key", sent{path: freeze, token: operator, body: `{"reason":"x"}`, header: key("")}, invalid("MALFORMED", "Idempotency-Key")},

		{"OPTIONS", sent{method: "OPTIONS", path: "/v1/regions"}, method},
		{"TRACE", sent{method: "TRACE", path: "/v1/regions"}, method},
		{"PATCH", sent{method: "PATCH", path: "/v1/regions"}, method},
		{"a method nobody knows", sent{method: "BREW", path: "/v1/regions"}, method},
		{"a method in small letters", sent{method: "get", path: "/v1/regions"}, method},
		{"POST where one reads", sent{method: "POST", path: "/v1/regions"}, method},
		{"GET where one posts", sent{path: "/v1/outcomes"}, method},
	} {
		t.Run(tt.name, func(t *testing.T) { wantRefused(t, w, tt.sent, tt.want) })
	}
}

// Methods: HEAD is as GET without the body, and what is allowed is said.
func TestMethods(t *testing.T) {
	w := apitest.New(t, apitest.Options{})
	auditor := w.Token("", "auditor region:9901")
	for _, tt := range []struct{ method, path, allow string }{
		{"PATCH", "/v1/regions", "GET, HEAD"},
		{"OPTIONS", "/v1/courses/S07", "GET, HEAD, PUT"},
		{"GET", "/v1/outcomes", "POST"},
		{"PATCH", "/v1/clients/a%2fb/keys/x", "DELETE"},
		{"DELETE", "/certlog/tile/0/x001/067", "GET, HEAD"},
	} {
		a := (sent{method: tt.method, path: tt.path}).to(t, w)
		if a.status != 405 || a.header.Get("Allow") != tt.allow {
			t.Errorf("%s %s: %d, Allow %q, want %q", tt.method, tt.path, a.status, a.header.Get("Allow"), tt.allow)
		}
	}
	for _, path := range []string{"/v1/regions", "/healthz", "/v1/events", "/openapi.yaml"} {
		a := (sent{method: "HEAD", path: path, token: auditor}).to(t, w)
		if a.status != 200 || len(a.body) > 0 || a.header.Get("Content-Type") == "" {
			t.Errorf("HEAD %s: %d %v %s", path, a.status, a.header, a.body)
		}
	}
	// No client would send it.
	if a := raw(t, w, "OPTIONS * HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n"); a.status != 404 || a.header.Get("X-Request-Id") == "" {
		t.Errorf("OPTIONS *: %d %v", a.status, a.header)
	}
}

// Every operation that takes a body takes bad ones alike.
func TestEveryBodyIsBounded(t *testing.T) {
	w := apitest.New(t, apitest.Options{})
	everything := w.Token("", "poster region:9901", "reviewer region:9901", "clerk region:9901", "manager region:9901", "operator region:9901", "auditor region:9901")
	learner := w.LearnerToken(w.Open()["L2"])
	for _, op := range operationsWithBody(t) {
		t.Run(op.id, func(t *testing.T) {
			s := sent{method: op.method, path: op.path, token: everything, kind: op.kind, header: http.Header{"Idempotency-Key": {"k-12345678"}}}
			switch op.id {
			case "createToken":
				s.token = ""
			case "giveConsent", "markNoticesRead", "appealApplication", "petition", "supplementPetition", "withdrawPetition": // whose role staff cannot have
				s.token = learner
			}
			huge := s
			huge.body = strings.Repeat(" ", 1<<20+1)
			if a := huge.to(t, w); a.status != 413 {
				t.Errorf("a huge body: %d %.200s", a.status, a.body)
			}
			for _, body := range []string{"\xff", "%00=%00", "[[[[", "\x00", "a=1&a=2", strings.Repeat("[", 100)} {
				s.body = body
				if a := s.to(t, w); a.status != 400 {
					t.Errorf("body %.20q: %d %.200s", body, a.status, a.body)
				}
			}
		})
	}
}
