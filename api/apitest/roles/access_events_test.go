package roles_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"creditbank/creditbank"
)

// A listener hears events.
type listener struct {
	s      *scene
	events chan event // closed when the stream ends
	stop   context.CancelFunc
}

// An event is one that was heard.
type event struct{ id, kind, learner string }

// listen opens an event stream, after a place in the feed if that is not "".
func (s *scene) listen(token, cookie, after string) *listener {
	s.t.Helper()
	ctx, stop := context.WithCancel(s.t.Context())
	a := ask{method: "GET", path: "/v1/events", cookie: cookie}
	if after != "" {
		a.header = map[string]string{"Last-Event-ID": after}
	}
	resp := s.send(ctx, token, a)
	if resp.StatusCode != http.StatusOK {
		s.t.Fatalf("events: %d", resp.StatusCode)
	}
	l := &listener{s, make(chan event, 100), stop}
	go l.read(resp.Body)
	s.t.Cleanup(func() {
		stop()
		for range l.events { // until it has ended
		}
	})
	return l
}

// read reads events until the stream ends.
func (l *listener) read(body io.ReadCloser) {
	defer close(l.events)
	defer body.Close()
	var e event
	for lines := bufio.NewScanner(body); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch name {
		case "id":
			e.id = value
		case "event":
			e.kind = value
		case "data":
			var data struct{ Learner string }
			if json.Unmarshal([]byte(value), &data) == nil {
				e.learner = data.Learner
			}
		case "":
			if e.kind != "" {
				l.events <- e
			}
			e = event{}
		}
	}
}

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// next returns the next event.
func (l *listener) next() event {
	l.s.t.Helper()
	select {
	case e, open := <-l.events:
		if !open {
			l.s.t.Fatal("the stream has ended")
		}
		return e
	case <-time.After(patience):
		l.s.t.Fatal("no event came")
	}
	return event{}
}

// hear returns the next n events, as "L2 posted".
func (l *listener) hear(n int) []string {
	l.s.t.Helper()
	var heard []string
	for range n {
		heard = append(heard, l.s.named(l.next()))
	}
	return heard
}

// named names an event by the learner's alias.
func (s *scene) named(e event) string {
	for alias, id := range s.ids {
		if string(id) == e.learner {
			return alias + " " + e.kind
		}
	}
	return e.learner + " " + e.kind
}

// over fails unless the stream ends without a word.
func (l *listener) over(what string) {
	l.s.t.Helper()
	select {
	case e, open := <-l.events:
		if open {
			l.s.t.Errorf("%s: heard %s, want the end", what, l.s.named(e))
		}
	case <-time.After(patience):
		l.s.t.Errorf("%s: the stream goes on", what)
	}
}

// postHours posts an outcome by attendance alone, whatever comes of it.
func (s *scene) postHours(alias, institution, course string) {
	s.t.Helper()
	p := s.posting(alias, institution, course, "合格")
	p["attended_hours"] = "4"
	if got := s.do(s.poster, ask{method: "POST", path: "/v1/outcomes", body: p}); got.status != http.StatusCreated {
		s.t.Fatalf("post: %v", got)
	}
}

// Each hears of what concerns them, and of nothing else.
func TestEventsConcern(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	self := s.learner("L2")
	who := map[string]*listener{}
	for name, token := range map[string]string{
		"L2": self.token, "L1": s.learner("L1").token,
		"I06": s.staff("I06", "poster institution:I06").token, "I09": s.staff("I09", "clerk institution:I09").token,
		"I01": s.staff("I01", "reviewer institution:I01").token, "I12": s.staff("I12", "auditor institution:I12").token,
		"990101": s.staff("", "operator region:990101").token, "990102": s.staff("", "operator region:990102").token,
		"9901": s.staff("", "auditor region:9901").token,
	} {
		who[name] = s.listen(token, "", "")
	}
	s.post("L2", "I06", "S01", "80")
	application := s.apply(self, "L2", "R20")
	s.postHours("L1", "I09", "S12")
	consent := s.give(self, "I12", "ADMISSION", "2027-01-01", "BALANCE")
	_, err := s.Bank.Review(t.Context(), s.change("L2"), application, creditbank.Verdict{Note: "x"})
	s.must(err)
	s.do(self.token, ask{method: "POST", path: s.about("L2", fmt.Sprintf("/consents/%d/withdraw", consent))})
	s.post("L2", "I06", "S01", "80")
	s.postHours("L1", "I09", "S12")
	ofL2 := []string{"L2 posted", "L2 applied", "L2 consented", "L2 decided", "L2 withdrawn", "L2 posted"}
	for name, want := range map[string][]string{
		"L2": ofL2, "990102": ofL2, "L1": {"L1 posted", "L1 posted"}, "990101": {"L1 posted", "L1 posted"}, "I09": {"L1 posted", "L1 posted"},
		"I06": {"L2 posted", "L2 posted"}, "I01": {"L2 applied", "L2 decided"}, "I12": {"L2 consented", "L2 withdrawn"},
		"9901": {"L2 posted", "L2 applied", "L1 posted", "L2 consented", "L2 decided", "L2 withdrawn", "L2 posted", "L1 posted"},
	} {
		if got := who[name].hear(len(want)); !slices.Equal(got, want) {
			t.Errorf("%s heard %v, want %v", name, got, want)
		}
	}
}

// Whoever reconnects with the last id misses nothing and hears nothing twice,
// also where a row of theirs is not the last of its entry.
func TestEventsResume(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	counties := []string{"990101", "990102"}
	listeners, tokens := map[string]*listener{}, map[string]string{}
	for _, c := range counties {
		tokens[c] = s.staff("", "operator region:"+c).token
		listeners[c] = s.listen(tokens[c], "", "")
	}
	// Each pair is one entry of the feed, one row for each county.
	const pairs = 4
	alias := map[string][]string{}
	open := func() {
		t.Helper()
		var both []creditbank.Opening
		for _, c := range counties {
			both = append(both, s.person(c))
		}
		opened, errs := s.Bank.Open(t.Context(), creditbank.Caller{ID: "operator:test"}, both)
		for i, c := range counties {
			s.must(errs[i])
			name := fmt.Sprint("P", s.number())
			s.ids[name] = opened[i].Learner.ID
			alias[c] = append(alias[c], name+" opened")
		}
	}
	heard := map[string][]string{}
	for range pairs {
		open()
		for _, c := range counties {
			e := listeners[c].next()
			heard[c] = append(heard[c], s.named(e))
			if e.id == "" {
				t.Fatalf("%s heard an event without an id", c)
			}
			listeners[c].stop()
			listeners[c] = s.listen(tokens[c], "", e.id)
		}
	}
	// What happens while nobody listens is told afterwards.
	open()
	last := map[string]string{}
	for _, c := range counties {
		e := listeners[c].next()
		heard[c], last[c] = append(heard[c], s.named(e)), e.id
		listeners[c].stop()
	}
	open()
	open()
	for _, c := range counties {
		heard[c] = append(heard[c], s.listen(tokens[c], "", last[c]).hear(2)...)
		if !slices.Equal(heard[c], alias[c]) {
			t.Errorf("%s heard %v\nwant %v", c, heard[c], alias[c])
		}
	}
}

// A stream ends with what it stands on, and says nothing more.
func TestEventsEnd(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil)
	manager := s.staff("I06", "manager institution:I06")
	revoked, disabled, out, replaced, goes := s.staff("I06", "poster institution:I06"), s.staff("I06", "poster institution:I06"),
		s.staff("I06", "poster institution:I06"), s.staff("I06", "poster institution:I06"), s.staff("I06", "poster institution:I06")
	cookie, other := s.logIn(out), s.logIn(replaced)
	ending := map[string]*listener{
		"its token is revoked": s.listen(revoked.token, "", ""), "its account is disabled": s.listen(disabled.token, "", ""),
		"its session is over": s.listen("", cookie, ""), "its password is replaced": s.listen("", other, ""),
	}
	going := s.listen(goes.token, "", "")
	s.post("L2", "I06", "S01", "80")
	for what, l := range ending {
		if got := l.hear(1); got[0] != "L2 posted" {
			t.Errorf("before %s: heard %v", what, got)
		}
	}
	going.hear(1)
	s.wants("revoke", s.do(revoked.token, ask{method: "POST", path: "/oauth/revoke", kind: "application/x-www-form-urlencoded", body: form("token", revoked.token)}), 200, "")
	s.wants("disable", s.do(manager.token, ask{method: "POST", path: "/v1/accounts/" + string(disabled.account.ID) + "/disable"}), 200, "")
	s.wants("log out", s.do("", ask{method: "DELETE", path: "/v1/session", cookie: cookie}), 204, "")
	s.wants("replace", s.do("", ask{method: "PUT", path: "/v1/password", cookie: other, body: map[string]any{"old": firstPassword, "new": "another long phrase"}}), 204, "")
	s.post("L2", "I06", "S01", "80")
	for what, l := range ending {
		l.over(what)
	}
	going.hear(1)
	s.ahead(2 * time.Hour)
	s.poster = s.Token("", "poster region:9901")
	s.post("L2", "I06", "S01", "80")
	going.over("its token has expired")
}
