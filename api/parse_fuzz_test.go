package api

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"creditbank/creditbank"
)

// What checkJSON lets pass is JSON in UTF-8, nested no deeper than it may be, that
// says nothing twice. What it refuses is not, or holds a NUL, which no text here
// has; and nothing of it stands in the refusal.
func FuzzCheckJSON(f *testing.F) {
	for _, s := range []string{
		`{}`, `[]`, `null`, `"x"`, `1e400`, `{"a":{"b":[1,2,{"c":null}]}}`, `{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, `[{"a":1},{"a":1}]`, `{"a":{"a":1}}`, `{"":1,"":2}`,
		`{} {}`, `{"a":1`, `[[[[[[]]]]]]`, "\xff", "{\"\xff\":1}", `"\ud800"`, "", " \n", `{"a":"\u0000"}`, `[1,]`, `nul`, "\ufeff{}", `{"a":1}x`, `{"x":["x","x"],"y":"x"}`,
	} {
		f.Add([]byte(s))
	}
	const depth = 5
	f.Fuzz(func(t *testing.T, body []byte) {
		err := checkJSON(body, depth)
		deep, twice, fault := look(body)
		sound := fault == nil && utf8.Valid(body) && deep <= depth && !twice
		nul := bytes.Contains(body, []byte(`\u0000`))
		if err == nil && !sound {
			t.Errorf("checkJSON(%q) lets pass: depth %d, says twice %t, %v", body, deep, twice, fault)
		}
		if err != nil && sound && !nul {
			t.Errorf("checkJSON(%q) = %v", body, err)
		}
		var own *apiError
		if err != nil && (!errors.As(err, &own) || own.problem.status != http.StatusBadRequest || own.message.ZH == "" || own.message.EN == "") {
			t.Errorf("checkJSON(%q) = %v, which is no refusal", body, err)
		}
	})
}

// look reads JSON in another way than checkJSON does: how deep it is, whether an
// object says something twice.
func look(body []byte) (deep int, twice bool, err error) {
	if !json.Valid(body) {
		return 0, false, errors.New("no JSON")
	}
	body = bytes.TrimLeft(body, " \t\r\n")
	dec := json.NewDecoder(bytes.NewReader(body))
	if body[0] != '{' && body[0] != '[' {
		return 0, false, nil
	}
	if _, err := dec.Token(); err != nil {
		return 0, false, err
	}
	names := map[string]bool{}
	for dec.More() {
		if body[0] == '{' {
			name, err := dec.Token()
			if err != nil {
				return 0, false, err
			}
			twice = twice || names[name.(string)]
			names[name.(string)] = true
		}
		var inner json.RawMessage
		if err := dec.Decode(&inner); err != nil {
			return 0, false, err
		}
		d, again, err := look(inner)
		if err != nil {
			return 0, false, err
		}
		deep, twice = max(deep, d), twice || again
	}
	return deep + 1, twice, nil
}

// A cursor reads back as what it was made of.
func FuzzCursor(f *testing.F) {
	f.Add("", "")
	f.Add("I06", "7")
	f.Add("课程", "9223372036854775807")
	f.Add("00000000-0000-4000-8000-000000000000", "-1")
	f.Fuzz(func(t *testing.T, a, b string) {
		if strings.ContainsAny(a+b, "\n\x00") || !utf8.ValidString(a+b) {
			return // ids and numbers are one line of text
		}
		got, err := after(cursor(a, b), 2)
		if err != nil || !slices.Equal(got, []string{a, b}) {
			t.Errorf("after(cursor(%q, %q), 2) = %q, %v", a, b, got, err)
		}
		if _, err := after(cursor(a, b), 1); err == nil {
			t.Errorf("after(cursor(%q, %q), 1) takes a cursor of another list", a, b)
		}
	})
}

// Whatever is sent for a cursor is one, or is refused as the sender's mistake.
func FuzzBrokenCursor(f *testing.F) {
	for _, s := range []string{"", "A", "AAAA", "LTE", "Lg", *cursor("7"), *cursor("-7"), *cursor("9223372036854775808"), *cursor("00000000-0000-4000-8000-000000000000", "3"), *cursor("a", "b", "c"), "_-_-", "====", "AA\nAA"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		parts, err := after(&s, 1)
		wantInvalid(t, s, err)
		if err == nil {
			if again, err := after(cursor(parts...), 1); err != nil || !slices.Equal(again, parts) {
				t.Errorf("after(%q) = %q, which reads back as %q, %v", s, parts, again, err)
			}
		}
		n, err := afterNumber(&s)
		wantInvalid(t, s, err)
		if n < 0 || err != nil && n != 0 {
			t.Errorf("afterNumber(%q) = %d, %v", s, n, err)
		}
		ref, err := afterRow(&s)
		wantInvalid(t, s, err)
		if ref.Learner != "" && !isUUID(string(ref.Learner)) {
			t.Errorf("afterRow(%q) = %v", s, ref)
		}
		place, err := afterWork(&s)
		wantInvalid(t, s, err)
		if place.Learner != "" && !isUUID(string(place.Learner)) {
			t.Errorf("afterWork(%q) = %v", s, place)
		}
		if again, err := afterWork(workCursor(place)); place.Learner != "" && (err != nil || again != place) {
			t.Errorf("afterWork(%q) = %v, which reads back as %v, %v", s, place, again, err)
		}
	})
}

func wantInvalid(t *testing.T, s string, err error) {
	t.Helper()
	if err != nil && !errors.Is(err, creditbank.ErrInvalid) {
		t.Errorf("of the cursor %q: %v", s, err)
	}
}

// HTTP Basic reads back as what a client writes, whatever is in its parts.
func FuzzBasicAuth(f *testing.F) {
	f.Add("i06-registry", "s3cret")
	f.Add("a:b", "c:d%2F +")
	f.Add("学", "密 码")
	f.Add("", "")
	f.Fuzz(func(t *testing.T, id, secret string) {
		if strings.ContainsRune(id+secret, 0) || !utf8.ValidString(id) || !utf8.ValidString(secret) {
			return // no client and no secret is so
		}
		header := "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id)+":"+url.QueryEscape(secret)))
		gotID, gotSecret, ok := basicAuth(&http.Request{Header: http.Header{"Authorization": {header}}})
		if gotID != id || gotSecret != secret || !ok {
			t.Errorf("basicAuth(%q) = %q, %q, %t; want %q, %q", header, gotID, gotSecret, ok, id, secret)
		}
	})
}

// A header that is broken names no client and has no secret: nobody is let in by
// half of one.
func FuzzBrokenBasicAuth(f *testing.F) {
	for _, s := range []string{"", "Basic", "Basic ", "basic YTpi", "Bearer x", "Basic !", "Basic " + base64.StdEncoding.EncodeToString([]byte("a%zz:b")), "Basic " + base64.StdEncoding.EncodeToString([]byte("a:b%zz")), "Basic YQ=="} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		id, secret, ok := basicAuth(&http.Request{Header: http.Header{"Authorization": {header}}})
		scheme, sent, _ := strings.Cut(header, " ")
		if ok != strings.EqualFold(scheme, "Basic") {
			t.Errorf("basicAuth(%q) is Basic: %t", header, ok)
		}
		if id == "" && secret == "" {
			return
		}
		plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(sent))
		user, pass, _ := strings.Cut(string(plain), ":")
		wantID, errID := url.QueryUnescape(user)
		wantSecret, errSecret := url.QueryUnescape(pass)
		if err != nil || errID != nil || errSecret != nil || id != wantID || secret != wantSecret {
			t.Errorf("basicAuth(%q) = %q, %q", header, id, secret)
		}
	})
}

// Nobody chooses the address that they are counted by: what stands in
// X-Forwarded-For in front of what a trusted proxy added makes no difference, and
// without such a proxy nothing of it does.
func FuzzPeer(f *testing.F) {
	f.Add("10.0.0.1:80", "1.2.3.4", "6.6.6.6")
	f.Add("[::ffff:10.0.0.1]:80", "1.2.3.4, 10.0.0.2", "10.0.0.9")
	f.Add("10.0.0.1:80", "::ffff:10.0.0.3,fe80::1%a", "x,,")
	f.Add("1.2.3.4:80", "10.0.0.1", "")
	f.Add("nonsense", "1.2.3.4", "10.0.0.1")
	f.Add("10.0.0.1", "", ",")
	trusting := &Server{c: Config{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}}}
	f.Fuzz(func(t *testing.T, remote, forwarded, forged string) {
		of := func(s *Server, header string) netip.Addr {
			return s.peer(&http.Request{RemoteAddr: remote, Header: http.Header{"X-Forwarded-For": {header}}})
		}
		direct := of(&Server{}, "")
		if got := of(&Server{}, forwarded); got != direct {
			t.Errorf("from %q, X-Forwarded-For %q makes %v of %v without a trusted proxy", remote, forwarded, got, direct)
		}
		peer := of(trusting, forwarded)
		if peer.Is4In6() {
			t.Errorf("peer of %q through %q = %v, which counts apart from the same in four bytes", remote, forwarded, peer)
		}
		if trusting.trusted(peer) {
			return // nothing but proxies: what stands in front is believed
		}
		if got := of(trusting, forged+","+forwarded); got != peer {
			t.Errorf("from %q, %q in front of %q makes %v of %v", remote, forged, forwarded, got, peer)
		}
	})
}

// The address of a status list reads back as whose it is and which.
func FuzzStatusPath(f *testing.F) {
	f.Add("i06", 1)
	f.Add("社区", 1000000)
	f.Add("a b%2F", 7)
	f.Add("..", 3)
	f.Fuzz(func(t *testing.T, issuer string, list int) {
		if issuer == "" || strings.Contains(issuer, "/") || list < 1 {
			return
		}
		address := (&url.URL{Scheme: "https", Host: "credits.example.edu", Path: "/issuers/" + issuer + "/status/"}).String() + strconv.Itoa(list)
		gotIssuer, gotList, ok := statusPath(address)
		if gotIssuer != issuer || gotList != list || !ok {
			t.Errorf("statusPath(%q) = %q, %d, %t; want %q, %d", address, gotIssuer, gotList, ok, issuer, list)
		}
	})
}

// Whatever a certificate names as its status list: what is looked up is one list
// of one issuer.
func FuzzBrokenStatusPath(f *testing.F) {
	for _, s := range []string{"", "/issuers/i06/status/1", "https://x/issuers/i06/status/0", "https://x/issuers/i06/status/-1", "https://x/issuers//status/1", "://", "https://x/issuers/a%2Fb/status/1",
		"https://x/issuers/a/status/99999999999999999999", "https://x/issuers/a/status/1#b", "https://x//issuers/a/status/1/", "issuers/i06/status/1", "\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, address string) {
		issuer, list, ok := statusPath(address)
		if ok && (issuer == "" || list < 1 || strings.Contains(issuer, "/")) {
			t.Errorf("statusPath(%q) = %q, %d", address, issuer, list)
		}
	})
}
