// Package fuzz calls every operation of the contract, validly and brokenly, as
// everybody who may call and many who may not, and holds every answer against
// what must hold of each.
package fuzz

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"creditbank/api"
	"creditbank/api/apitest/generate"
)

const (
	workers     = 6
	spoiltShare = 35               // of a hundred
	leftShare   = 1                // of a hundred senders go away before the answer
	againShare  = 10               // of a hundred writes that succeed are sent again
	patience    = 15 * time.Second // with one request
)

// weights say how often an operation is called; 10 where nothing is said. What
// builds up the accounts comes often, what costs much or tells little seldom.
var weights = map[string]int{
	"postOutcome": 30, "postOutcomes": 12, "streamOutcomes": 15, "convert": 40, "reviewConversion": 20, "conferAward": 14, "decideCase": 14, "openLearner": 14, "giveConsent": 12,
	"revokeOutcome": 8, "issueCertificate": 14, "addClientSecret": 12, "addClientKey": 12, "activateAccount": 14, "openAccount": 14,
	"publishRuleSet": 2, "tryRules": 2, "rerecognise": 3, "previewRerecognition": 3, "streamEvents": 3, "putCourse": 5, "putRegion": 3, "putInstitution": 4, "getHealth": 2, "getReadiness": 2, "getMetrics": 3,
	"getContract": 3, "getProblem": 4, "getJWKS": 3, "getAuthorizationServer": 3, "listRuleSets": 3, "freeze": 5, "unfreeze": 8, "getTrust": 4,
	"createRuleDraft": 4, "reviseRuleDraft": 4, "submitRuleDraft": 4, "reviewRuleDraft": 4, "withdrawRuleDraft": 4, "objectToRuleDraft": 4,
	"answerRuleObjection": 5, "publishRuleDraft": 5, "suspendRules": 3, "resumeRules": 6, "retireRules": 2, "listRuleDrafts": 4, "getRuleDraft": 4,
	"disableAccount": 4, "disableClient": 4, "listAudit": 6, "listAccounts": 6, "listClients": 6, "listCourses": 6, "listApplications": 6,
	"petition": 14, "addEvidence": 14, "listOpenPetitions": 6,
}

// Run sends n requests to a service of its own, as the seed has it and as far as
// the time allows. It fails the test if an answer is not as the contract says,
// tells who somebody is, or does not come; if an operation was never brought to
// succeed; or if the bank does not add up in the end. What is sent depends on what
// was answered, so the seed repeats the choices but not each id.
func Run(t *testing.T, n int, within time.Duration, seed uint64) {
	doc, err := openapi3.NewLoader().LoadFromData(api.Contract)
	must(t, err)
	ops := generate.Operations(doc)
	s := newScene(t)
	j := newJudge(s, doc)
	j.listen()
	began := time.Now()
	var wait sync.WaitGroup
	for worker := range workers {
		wait.Go(func() { s.work(j, ops, generate.NewRand(seed, uint64(worker)), n/workers, began.Add(within)) })
	}
	wait.Wait()
	t.Logf("took %v: %s", time.Since(began), j.report(ops))
	j.reached(ops)
	for _, line := range s.loud.heard() {
		t.Errorf("logged as a fault: %.1000s", line)
	}
	s.whole()
}

// work sends so many requests, unless the time is up before.
func (s *scene) work(j *judge, ops []*generate.Operation, r generate.Rand, n int, until time.Time) {
	client := &http.Client{
		Transport:     &http.Transport{MaxIdleConnsPerHost: 4, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	defer client.CloseIdleConnections()
	var deck []*generate.Operation
	for range n {
		if time.Now().After(until) {
			return
		}
		if len(deck) == 0 {
			deck = shuffled(r, ops)
		}
		op := deck[0]
		deck = deck[1:]
		d := s.request(r, op, s.who(r, op))
		if r.Chance(spoiltShare) {
			generate.Spoil(r, d.q)
		}
		s.send(j, client, d)
	}
}

// shuffled returns the operations, each as often as it weighs.
func shuffled(r generate.Rand, ops []*generate.Operation) []*generate.Operation {
	var deck []*generate.Operation
	for _, op := range ops {
		weight, ok := weights[op.ID]
		if !ok {
			weight = 10
		}
		for range weight {
			deck = append(deck, op)
		}
	}
	r.Shuffle(len(deck), func(a, b int) { deck[a], deck[b] = deck[b], deck[a] })
	return deck
}

// send sends a request and has its answer judged. Some that succeed are sent
// again at once.
func (s *scene) send(j *judge, client *http.Client, d *draw) {
	leaves := d.Chance(leftShare)
	status, ok := s.sendOnce(j, client, d, leaves)
	if !ok || status >= 300 || d.q.Method != d.q.Op.Method || d.q.Op.Reads() || len(d.q.Spoilt) > 0 || !d.Chance(againShare) || slices.Contains(notAgain, d.q.Op.ID) {
		return
	}
	again, ok := s.sendOnce(j, client, d, false)
	if ok && again >= 300 && again != http.StatusServiceUnavailable {
		j.fault("again", d, again, nil, "answered %d first, and when sent again %d", status, again)
	}
}

// notAgain are what cannot be done twice: a session ends once, a code and a
// password serve once, an assertion too. What only looks into an account is no
// write, and others may end meanwhile the basis on which staff look.
var notAgain = []string{"logIn", "logOut", "activateAccount", "changePassword", "createToken", "previewConversions", "previewPetition"}

// sendOnce sends a request once, and returns the status of its answer, false if
// there was none.
func (s *scene) sendOnce(j *judge, client *http.Client, d *draw, leaves bool) (int, bool) {
	wait := patience
	if leaves {
		wait = time.Duration(d.IntN(5000)) * time.Microsecond
	}
	ctx, cancel := context.WithTimeout(s.t.Context(), wait)
	defer cancel()
	r, err := d.q.HTTP(ctx, s.URL)
	if err != nil {
		return 0, false // an address that no client can send
	}
	resp, err := client.Do(r)
	if err != nil {
		j.unanswered(d, leaves, err)
		return 0, false
	}
	defer resp.Body.Close()
	body, err := s.read(resp)
	if err != nil {
		j.unanswered(d, leaves, err)
		return 0, false
	}
	j.judge(d, r, resp.StatusCode, resp.Header, body)
	if resp.StatusCode < 300 && r.Method == d.q.Op.Method && d.q.Suffix == "" {
		d.harvest(resp.Header, body)
	}
	return resp.StatusCode, true
}

// unanswered judges a request that got no whole answer. A sender that went away,
// or whose request cannot be sent as it is, gets none; a file that holds too
// much is broken off.
func (j *judge) unanswered(d *draw, leaves bool, err error) {
	switch {
	case errors.Is(err, context.DeadlineExceeded) && !leaves:
		j.fault("hang", d, 0, nil, "no answer within %v", patience)
	case errors.Is(err, context.DeadlineExceeded), strings.Contains(err.Error(), "net/http: invalid "):
	default:
		j.fault("broken off", d, 0, nil, "%v", err)
	}
}

// read reads an answer. Of a stream that does not end it reads what comes at
// once, and goes away.
func (s *scene) read(resp *http.Response) ([]byte, error) {
	if resp.Header.Get("Content-Type") != "text/event-stream" {
		return io.ReadAll(io.LimitReader(resp.Body, 8<<20))
	}
	body := make([]byte, 16<<10)
	n := 0
	for n < len(body) {
		enough := time.AfterFunc(30*time.Millisecond, func() { resp.Body.Close() })
		m, err := resp.Body.Read(body[n:])
		enough.Stop()
		if n += m; err != nil {
			break // nothing more for now
		}
	}
	return body[:n], nil
}
