package fuzz

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"maps"
	"net/http"
	"regexp"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"creditbank/api/apitest/generate"
	"creditbank/api/contract"
)

// A judge holds answers against what must hold of every one, and counts them.
type judge struct {
	scene *scene
	row   *openapi3.Schema // of an answer to a row of a file
	event *openapi3.Schema

	mu     sync.Mutex
	counts map[string]map[int]int    // answers by operation and status
	valid  map[string][2]int         // unspoilt requests and their successes, by operation
	codes  map[string]map[string]int // of problems of unspoilt requests, by operation
	writes int
	sent   int
	told   map[string]int // faults by what they are about, so that one is not told a thousand times
}

func newJudge(s *scene, doc *openapi3.T) *judge {
	schema := func(name string) *openapi3.Schema { return doc.Components.Schemas[name].Value }
	return &judge{
		scene: s, row: schema("PostingAnswer"), event: schema("Event"), counts: map[string]map[int]int{}, valid: map[string][2]int{},
		codes: map[string]map[string]int{}, told: map[string]int{},
	}
}

// listen has what the HTTP server itself complains of fail the test.
func (j *judge) listen() {
	before := log.Writer()
	log.SetOutput(complaints{j.scene.t})
	j.scene.t.Cleanup(func() { log.SetOutput(before) })
}

type complaints struct{ t testing.TB }

// Write implements [io.Writer].
func (c complaints) Write(b []byte) (int, error) {
	c.t.Errorf("the HTTP server says: %s", b)
	return len(b), nil
}

// fault reports what is wrong with an answer, the first few times.
func (j *judge) fault(what string, d *draw, status int, body []byte, format string, args ...any) {
	j.mu.Lock()
	key := d.q.Op.ID + " " + what
	j.told[key]++
	n := j.told[key]
	j.mu.Unlock()
	if what == "hang" && n == 1 {
		var stacks bytes.Buffer
		if err := pprof.Lookup("goroutine").WriteTo(&stacks, 1); err == nil {
			j.scene.t.Logf("what goes on meanwhile:\n%s", stacks.Bytes())
		}
	}
	if n <= 2 {
		j.scene.t.Errorf("%s: %s\nby %q: %v\nanswer: %d %.1500s", key, fmt.Sprintf(format, args...), d.c.name, d.q, status, body)
		return
	}
	j.scene.t.Fail()
}

// count notes an answer.
func (j *judge) count(d *draw, status int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	op := d.q.Op
	if j.counts[op.ID] == nil {
		j.counts[op.ID] = map[int]int{}
	}
	j.counts[op.ID][status]++
	j.sent++
	if !op.Reads() && !slices.Contains([]string{"previewConversions", "findLearner", "verifyCertificate", "tryRules", "previewPetition"}, op.ID) {
		j.writes++
	}
	if len(d.q.Spoilt) == 0 {
		v := j.valid[op.ID]
		v[0]++
		if status < 300 {
			v[1]++
		}
		j.valid[op.ID] = v
	}
}

// judge judges an answer.
func (j *judge) judge(d *draw, r *http.Request, status int, header http.Header, body []byte) {
	op := d.q.Op
	ours := d.q.Method == op.Method && d.q.Suffix == "" // else the address may be another's, or nobody's
	if ours {
		j.count(d, status)
	}
	if status >= 500 && status != http.StatusServiceUnavailable {
		j.fault("5xx", d, status, body, "a fault of the service")
	}
	kind, _, _ := strings.Cut(header.Get("Content-Type"), ";")
	if kind != "text/event-stream" {
		if err := j.scene.Check(r, status, header, body); err != nil {
			j.fault("contract", d, status, body, "not as the contract has it: %.600v", err)
		}
	}
	switch {
	case status >= 400 && d.q.Method != http.MethodHead && !ownForm(op, status, kind):
		j.problem(d, status, kind, body)
	case kind == "text/event-stream":
		j.events(d, body)
	case op.ID == "streamOutcomes" && status == http.StatusOK:
		j.rows(d, body)
	case op.ID == "postOutcomes" && status == http.StatusOK:
		j.private(d, status, body)
	}
}

// ownForm reports an answer of refusal that RFC 6749 or the contract gives a
// form of its own.
func ownForm(op *generate.Operation, status int, kind string) bool {
	return kind == "application/json" && (op.ID == "createToken" && status < 402 || op.ID == "getReadiness")
}

// problem judges a problem.
func (j *judge) problem(d *draw, status int, kind string, body []byte) {
	var p contract.Problem
	dec := json.NewDecoder(bytes.NewReader(body))
	if err := dec.Decode(&p); kind != "application/problem+json" || err != nil {
		j.fault("problem", d, status, body, "no problem but %q: %v", kind, err)
		return
	}
	if p.Status != status || p.Code == "" || p.Title == "" || p.Message.Zh == "" || p.Message.En == "" || !strings.Contains(p.Type, "/problems/") {
		j.fault("problem", d, status, body, "it does not say enough")
	}
	if strings.Contains(p.Message.En, "%!") || strings.Contains(p.Message.Zh, "%!") {
		j.fault("problem", d, status, body, "badly formatted")
	}
	// In a service that is well, what is not available is what was asked for.
	if status == http.StatusServiceUnavailable && !slices.Contains([]string{"VERSION_NOT_REACHED", "BUSY", "TOO_MANY_STREAMS", "TRIAL_UNDER_WAY"}, p.Code) {
		j.fault("503", d, status, body, "not available, though nothing is amiss")
	}
	j.private(d, status, body)
	j.mu.Lock()
	if len(d.q.Spoilt) == 0 {
		if j.codes[d.q.Op.ID] == nil {
			j.codes[d.q.Op.ID] = map[string]int{}
		}
		j.codes[d.q.Op.ID][p.Code]++
	}
	j.mu.Unlock()
}

var ownKey = regexp.MustCompile(`"external_id":"(?:[^"\\]|\\.)*"`)

// private reports what says who somebody is. What a row names as its own key is
// the sender's to choose.
func (j *judge) private(d *draw, status int, body []byte) {
	j.scene.mu.Lock()
	personal := slices.Clone(j.scene.personal)
	j.scene.mu.Unlock()
	text := ownKey.ReplaceAllString(string(body), "")
	for _, secret := range personal {
		if strings.Contains(text, secret) {
			j.fault("personal data", d, status, body, "it holds %q", secret)
		}
	}
}

// rows judges the answers to a file.
func (j *judge) rows(d *draw, body []byte) {
	lines := bufio.NewScanner(bytes.NewReader(body))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var v any
		err := json.Unmarshal(lines.Bytes(), &v)
		if err == nil {
			err = j.row.VisitJSON(v)
		}
		if err != nil {
			j.fault("row", d, 200, lines.Bytes(), "not as the contract has it: %v", err)
		}
	}
	if err := lines.Err(); err != nil {
		j.fault("row", d, 200, body, "%v", err)
	}
	j.private(d, 200, body)
}

// events judges a stream of events, as far as it was read.
func (j *judge) events(d *draw, body []byte) {
	whole := body[:max(0, bytes.LastIndexByte(body, '\n'))]
	for line := range strings.SplitSeq(string(whole), "\n") {
		field, value, _ := strings.Cut(line, ":")
		switch field {
		case "", "retry", "event", "id":
			continue
		case "data":
			var v any
			err := json.Unmarshal([]byte(value), &v)
			if err == nil {
				err = j.event.VisitJSON(v)
			}
			if err == nil {
				continue
			}
		}
		j.fault("event", d, 200, body, "%q is no line of an event", line)
	}
}

// report says what was answered, and what was never reached.
func (j *judge) report(ops []*generate.Operation) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d requests, %d of them writes\n", j.sent, j.writes)
	for _, op := range ops {
		v := j.valid[op.ID]
		fmt.Fprintf(&b, "%-24s valid %4d, succeeded %4d", op.ID, v[0], v[1])
		for _, status := range slices.Sorted(maps.Keys(j.counts[op.ID])) {
			fmt.Fprintf(&b, "  %d×%d", status, j.counts[op.ID][status])
		}
		for _, code := range slices.Sorted(maps.Keys(j.codes[op.ID])) {
			fmt.Fprintf(&b, "  %s×%d", code, j.codes[op.ID][code])
		}
		b.WriteString("\n")
	}
	return b.String()
}

// reached reports operations that no request has succeeded at, though the
// contract provides for success: they were not put to the test.
func (j *judge) reached(ops []*generate.Operation) {
	for _, op := range ops {
		ok := !op.Succeeds()
		for status, n := range j.counts[op.ID] {
			ok = ok || status < 300 && n > 0
		}
		if !ok {
			j.scene.t.Errorf("%s never succeeded: a hole in this test", op.ID)
		}
	}
	if share := 100 * j.writes / max(1, j.sent); share < 30 {
		j.scene.t.Errorf("%d of a hundred requests were writes, too few", share)
	}
}
