package api

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"strings"

	"golang.org/x/text/language"

	"creditbank/api/token"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
)

// A call is one request on its way. It travels in the request's context up to
// the handler; who acts is handed to the domain as a parameter.
type call struct {
	id       string // of the request, end to end
	request  *http.Request
	peer     netip.Addr // who asks, seen through trusted proxies
	language language.Tag
	op       *operation // nil for an address that is none of ours
	page     bool       // it is for a page, not an operation of the contract
	head     bool       // HEAD, which is answered as GET without a body
	leave    func()     // gives up the place among the requests under way

	principal     access.Principal
	authenticated bool
	claims        token.Claims // of the access token, where there was one
	session       string       // the token of the browser's session, where there was one

	checked bool // the scope was asked about
}

type callKey struct{}

// callOf returns the call that a context belongs to.
func callOf(ctx context.Context) *call {
	c, ok := ctx.Value(callKey{}).(*call)
	if !ok {
		return &call{language: language.Chinese}
	}
	return c
}

// by returns who acts, as it is recorded.
func (c *call) by() creditbank.Caller { return c.principal.Caller() }

// pick returns t in the language of the call.
func (c *call) pick(t creditbank.Text) string {
	if c.language == language.English {
		return t.EN
	}
	return t.ZH
}

// name returns the operation, for logs and metrics.
func (c *call) name() string {
	if c.op == nil {
		return "unknown"
	}
	return c.op.id
}

var languages = language.NewMatcher([]language.Tag{language.Chinese, language.English})

// preferred returns the language that the request asks for, Chinese if it is
// all the same.
func preferred(r *http.Request) language.Tag {
	tags, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err != nil {
		return language.Chinese
	}
	_, i, _ := languages.Match(tags...)
	return []language.Tag{language.Chinese, language.English}[i]
}

// requestID are the ids that are taken over from the peer.
var requestID = regexp.MustCompile(`^[0-9A-Za-z._-]{8,64}$`)

// identify begins a call.
func (s *Server) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := &call{id: r.Header.Get("X-Request-Id"), peer: s.peer(r), language: preferred(r), head: r.Method == http.MethodHead, leave: func() {}}
		if !requestID.MatchString(c.id) {
			c.id = newRequestID()
		}
		w.Header().Set("X-Request-Id", c.id)
		c.request = r.WithContext(context.WithValue(r.Context(), callKey{}, c))
		next.ServeHTTP(w, c.request)
	})
}

func newRequestID() string {
	var b [12]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// peer returns the address that the request comes from. Of the addresses in
// X-Forwarded-For, those that trusted proxies added are believed: counted from
// the end, the first that is no such proxy.
func (s *Server) peer(r *http.Request) netip.Addr {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && s.trusted(addr); i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		addr = hop
	}
	return addr.Unmap()
}

func (s *Server) trusted(a netip.Addr) bool {
	for _, p := range s.c.TrustedProxies {
		if p.Contains(a.Unmap()) {
			return true
		}
	}
	return false
}
