package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"creditbank/api"
	"creditbank/api/apitest"
	"creditbank/api/contract"
	"creditbank/creditbank"
)

// aPDF is a file of so many bytes that passes for a PDF.
func aPDF(size int) string {
	head, tail := "%PDF-1.4\n1 0 obj<<>>endobj\n", "\nstartxref\n9\n%%EOF\n"
	return head + strings.Repeat("x", max(0, size-len(head)-len(tail))) + tail
}

// A petitioner is a learner of Qinghe who has petitioned I15 for S07.
type petitioner struct {
	*scene
	reviewer string
	seq      string
}

// newPetitioner opens a service with an open petition.
func newPetitioner(t *testing.T) *petitioner {
	p := &petitioner{scene: newScene(t)}
	p.reviewer = p.Token("I15", "reviewer institution:I15")
	p.seq = p.petition("2024-05-06")
	return p
}

// petition petitions I15 for S07, as of a day.
func (s *scene) petition(day string) string {
	s.t.Helper()
	return s.must(sent{path: s.at("/petitions"), token: s.self, body: petitioning(day)}, "seq")
}

func petitioning(day string) string {
	return `{"institution":"I15","course":"S07","issued_on":"` + day + `","score":"72","title":"欧阳氏刺绣一等奖","text":"见附件"}`
}

// evidence returns a request to upload a file to a petition.
func (s *scene) evidence(seq, file string) sent {
	return sent{method: "POST", path: s.at("/petitions/" + seq + "/evidence"), token: s.self, kind: "application/octet-stream", body: file}
}

// step returns a request for a step of the petition.
func (p *petitioner) step(name, token, body string) sent {
	return sent{path: p.at("/petitions/" + p.seq + "/" + name), token: token, body: body}
}

// do sends a request with a key of its own.
func (s *scene) do(r sent) answer {
	s.t.Helper()
	if r.header == nil && r.method != "GET" {
		r.header = http.Header{"Idempotency-Key": {apitest.Key(s.t)}}
	}
	return r.to(s.t, s.World)
}

// disclosed returns what was told about the learner to others, the newest first.
func (s *scene) disclosed() []creditbank.Disclosure {
	s.t.Helper()
	all, err := s.Bank.Disclosures(s.t.Context(), creditbank.LearnerID(s.learner), "", 100)
	if err != nil {
		s.t.Fatal(err)
	}
	return all
}

// The life of a petition: submitted, returned, supplemented, previewed, accepted; and
// what was posted is an outcome as any.
func TestPetitionLife(t *testing.T) {
	p := newPetitioner(t)
	file := p.must(p.evidence(p.seq, aPDF(1000)), "version")
	read := sent{method: "GET", path: p.at("/petitions/" + p.seq), token: p.reviewer}
	var got contract.Petition
	a := p.do(read)
	if err := json.Unmarshal(a.body, &got); err != nil || a.status != 200 || *got.Title != "欧阳氏刺绣一等奖" || len(got.Evidence) != 1 || got.Evidence[0].Bytes != 1000 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if d := p.disclosed()[0]; d.Recipient != "I15" || d.Basis != creditbank.BasisTarget || fmt.Sprint(d.Fields) != "[OUTCOMES]" {
		t.Errorf("on record as told: %+v", d)
	}
	before := len(p.disclosed())
	a = p.do(sent{method: "GET", path: p.at("/petitions/" + p.seq + "/evidence/" + file), token: p.reviewer})
	if a.status != 200 || string(a.body) != aPDF(1000) {
		t.Fatalf("%d %.100s", a.status, a.body)
	}
	for name, want := range map[string]string{
		"Content-Type": "application/pdf", "Content-Disposition": `attachment; filename="evidence-` + file + `.pdf"`, "X-Content-Type-Options": "nosniff",
		"Content-Security-Policy": "default-src 'none'; sandbox", "Cache-Control": "no-store",
	} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if all := p.disclosed(); len(all) != before+1 || fmt.Sprint(all[0].Fields) != "[EVIDENCE]" {
		t.Errorf("on record as told: %+v", all[0])
	}
	for _, r := range []sent{p.step("return", p.reviewer, `{"reason":"缺少背面"}`), p.step("supplement", p.self, `{"text":"已补"}`)} {
		if a := p.do(r); a.status != 200 {
			t.Fatalf("%s: %d %s", r.path, a.status, a.body)
		}
	}
	var preview contract.PetitionPreview
	a = p.do(sent{path: p.at("/petitions/" + p.seq + "/preview"), token: p.reviewer, body: `{"score":"90"}`, header: http.Header{}})
	if err := json.Unmarshal(a.body, &preview); err != nil || a.status != 200 || !preview.Recognised {
		t.Fatalf("%d %s", a.status, a.body)
	}
	var accepted contract.AcceptedPetition
	a = p.do(p.step("accept", p.reviewer, `{"score":"90"}`))
	if err := json.Unmarshal(a.body, &accepted); err != nil || a.status != 200 || accepted.Petition.State != contract.PetitionStateAccepted ||
		*accepted.Outcome.Score != "90" || accepted.Outcome.Credits != preview.Credits || *accepted.Petition.Outcome != accepted.Outcome.Seq {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if accepted.Petition.Title != nil || bytes.Contains(a.body, []byte("欧阳")) {
		t.Errorf("what the reviewer did is answered with the learner's words, which is not on record: %s", a.body)
	}
	if a := p.do(sent{method: "GET", path: p.at(fmt.Sprint("/outcomes/", accepted.Outcome.Seq)), token: p.self}); a.status != 200 {
		t.Errorf("the outcome: %d %s", a.status, a.body)
	}
}

// Who may see and decide: nobody else, and neither who recused themselves nor anybody
// once it came to nothing.
func TestPetitionsAreForTheApplicantAndThoseWhoDecide(t *testing.T) {
	p := newPetitioner(t)
	file := p.must(p.evidence(p.seq, aPDF(100)), "version")
	ids := p.Open()
	others := map[string]string{
		"another reviewer":       p.Token("I12", "reviewer institution:I12"),
		"a clerk of the place":   p.Token("I15", "clerk institution:I15", "poster institution:I15", "manager institution:I15", "auditor institution:I15"),
		"the operator":           p.Token("", "operator region:9901", "auditor region:9901"),
		"another learner":        p.LearnerToken(ids["L1"]),
		"nobody":                 "",
		"who is to have no part": p.Token("I15", "reviewer institution:I15"),
	}
	a := p.do(p.step("recuse", others["who is to have no part"], `{"reason":"亲属"}`))
	if a.status != 200 {
		t.Fatalf("recuse: %d %s", a.status, a.body)
	}
	before := len(p.disclosed())
	list := func(token string) string {
		return string(p.do(sent{method: "GET", path: "/v1/petitions", token: token}).body)
	}
	for name, token := range others {
		for _, path := range []string{"", "/evidence/" + file} {
			a := p.do(sent{method: "GET", path: p.at("/petitions/" + p.seq + path), token: token})
			if a.status != 403 && a.status != 401 || bytes.Contains(a.body, []byte("%PDF")) {
				t.Errorf("%s reads %q: %d %s", name, path, a.status, a.body)
			}
		}
		if strings.Contains(list(token), p.learner) {
			t.Errorf("%s is shown it in the list", name)
		}
		if name == "who is to have no part" {
			continue
		}
		for step, body := range map[string]string{"accept": `{}`, "refuse": `{"reason":"不符"}`, "return": `{"reason":"不符"}`, "preview": `{}`, "withdraw": `{"reason":"误"}`} {
			if a := p.do(p.step(step, token, body)); a.status != 403 && a.status != 401 {
				t.Errorf("%s: %s: %d %s", name, step, a.status, a.body)
			}
		}
	}
	for step, body := range map[string]string{"accept": `{}`, "refuse": `{"reason":"不符"}`, "return": `{"reason":"不符"}`} {
		p.do(p.step(step, others["who is to have no part"], body)).refused(t, p.World, false, refusal{409, "conflict", "REVIEWER_EXCLUDED", "/petition"})
	}
	if n := len(p.disclosed()); n != before {
		t.Errorf("%d disclosures, though nothing was told", n-before)
	}
	if !strings.Contains(list(p.reviewer), p.learner) || len(p.disclosed()) != before+1 {
		t.Error("it is not in the reviewer's list, or that is not on record")
	}
	if a := p.do(p.step("refuse", p.reviewer, `{"reason":"材料不符"}`)); a.status != 200 {
		t.Fatalf("refuse: %d %s", a.status, a.body)
	}
	for _, path := range []string{"", "/evidence/" + file} {
		p.do(sent{method: "GET", path: p.at("/petitions/" + p.seq + path), token: p.reviewer}).refused(t, p.World, false, refusal{403, "forbidden", "OUT_OF_SCOPE", ""})
		if a := p.do(sent{method: "GET", path: p.at("/petitions/" + p.seq + path), token: p.self}); a.status != 200 {
			t.Errorf("the learner: %d", a.status)
		}
	}
}

// What is no evidence is refused with nothing on record.
func TestUploadsThatAreRefused(t *testing.T) {
	p := newPetitioner(t)
	version := p.done()
	for name, tt := range map[string]struct {
		seq, file string
		want      refusal
	}{
		"HTML":                   {p.seq, "<html><script>alert(1)</script></html>", refusal{400, "invalid", "EVIDENCE_TYPE", ""}},
		"a short text":           {p.seq, "x", refusal{400, "invalid", "EVIDENCE_TYPE", ""}},
		"half a PDF":             {p.seq, aPDF(1000)[:500], refusal{400, "invalid", "EVIDENCE_DAMAGED", ""}},
		"the head of a PNG":      {p.seq, "\x89PNG\r\n\x1a\n", refusal{400, "invalid", "EVIDENCE_DAMAGED", ""}},
		"more than 10 MiB":       {p.seq, aPDF(creditbank.MaxEvidenceBytes + 1), refusal{413, "too-large", "TOO_LARGE", ""}},
		"to what is no petition": {"1", aPDF(100), refusal{404, "not-found", "UNKNOWN_PETITION", "seq"}},
	} {
		t.Run(name, func(t *testing.T) { p.do(p.evidence(tt.seq, tt.file)).refused(t, p.World, false, tt.want) })
	}
	r := p.evidence(p.seq, "")
	r.header = http.Header{"Idempotency-Key": {apitest.Key(t)}, "Content-Type": {"application/octet-stream"}}
	r.to(t, p.World).refused(t, p.World, false, refusal{400, "invalid", "MISSING", ""})
	if p.done() != version {
		t.Error("something is on record")
	}
	if a := p.do(p.evidence(p.seq, aPDF(creditbank.MaxEvidenceBytes))); a.status != 201 {
		t.Errorf("10 MiB to the byte: %d %s", a.status, a.body)
	}
}

// An upload that breaks off, stalls, drips or lies about its length leaves nothing,
// and gives its place back; progress gives no more time.
func TestUploadsThatDoNotCome(t *testing.T) {
	w := apitest.New(t, apitest.Options{City: reviewed(t), Limits: api.Limits{UploadTimeout: 700 * time.Millisecond, Timeout: time.Second, HeaderTimeout: time.Second}})
	s := &scene{World: w, t: t}
	ids := w.Open()
	s.learner, s.self = string(ids["L2"]), w.LearnerToken(ids["L2"])
	act, err := w.Bank.Petition(t.Context(), creditbank.Change{By: creditbank.Caller{ID: "learner:" + s.learner}, Learner: ids["L2"]}, creditbank.Petitioning{
		Claimed: creditbank.Claimed{Institution: "I15", Course: "S07", IssuedOn: 20240506}, PetitionWords: creditbank.PetitionWords{Text: "附"},
	})
	if err != nil {
		t.Fatal(err)
	}
	seq := fmt.Sprint(act.Seq)
	start := func(more ...string) string {
		h := head("POST", s.at("/petitions/"+seq+"/evidence"), s.self, append([]string{"Idempotency-Key: " + apitest.Key(t)}, more...)...)
		return strings.Replace(h, "application/json", "application/octet-stream", 1)
	}
	whole := aPDF(5000)
	broken := refusal{400, "invalid", "BODY_BROKEN_OFF", ""}
	for _, tt := range []struct {
		name, head string
		then       func(net.Conn)
		want       refusal
	}{
		{"breaks off", start("Content-Length: 5000", "\r\n"+whole[:2500]), hangUp, broken},
		{"breaks off before a byte", start("Content-Length: 5000", "\r\n"), hangUp, broken},
		{"breaks off in a chunk", start("Transfer-Encoding: chunked", "\r\n1388\r\n"+whole[:2500]), hangUp, broken},
		{"stalls", start("Content-Length: 5000", "\r\n"+whole[:4999]), nil, broken},
		{"drips", start("Content-Length: 5000", "\r\n"+whole[:100]), drip(whole[100:]), broken},
		{"says it is a terabyte", start("Content-Length: 1099511627776", "\r\n"), nil, refusal{413, "too-large", "TOO_LARGE", ""}},
		{"has chunks without end", start("Transfer-Encoding: chunked", "\r\n8\r\n%PDF-1.4\r\n"), flood("4000\r\n" + strings.Repeat("x", 0x4000) + "\r\n"), refusal{413, "too-large", "TOO_LARGE", ""}},
		{"is HTML that would go on", start("Content-Length: 5000", "\r\n<html><b"), nil, refusal{400, "invalid", "EVIDENCE_TYPE", ""}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := dial(t, w)
			if _, err := io.WriteString(c, tt.head); err != nil {
				t.Fatal(err)
			}
			if tt.then != nil {
				go tt.then(c)
			}
			began := time.Now()
			a := readAnswer(t, c)
			a.refused(t, w, false, tt.want)
			if took := time.Since(began); took > 4*time.Second {
				t.Errorf("it was waited for %v", took)
			}
		})
	}
	if v, err := w.Bank.Version(t.Context(), ids["L2"]); err != nil || v != act.Seq {
		t.Errorf("version %d, want %d: something is on record", v, act.Seq)
	}
	if a := s.do(s.evidence(seq, whole)); a.status != 201 { // no place was lost
		t.Errorf("afterwards: %d %s", a.status, a.body)
	}
}

// A caller has two uploads under way at once, and a third when one is done.
func TestUploadsOfOneCaller(t *testing.T) {
	p := newPetitioner(t)
	start := strings.Replace(head("POST", p.at("/petitions/"+p.seq+"/evidence"), p.self, "Idempotency-Key: "+apitest.Key(t), "Content-Length: 1000", "\r\n%PDF-1.4"), "application/json", "application/octet-stream", 1)
	var open []net.Conn
	var a answer
	for range 100 { // one that comes while another is answered may be refused
		c := dial(t, p.World)
		if _, err := io.WriteString(c, start); err != nil {
			t.Fatal(err)
		}
		open = append(open, c)
		time.Sleep(20 * time.Millisecond)
		if a = p.do(p.evidence(p.seq, "no evidence")); a.status == 429 {
			break
		}
	}
	a.refused(t, p.World, false, refusal{429, "rate-limited", "TOO_MANY_UPLOADS", ""})
	var wait sync.WaitGroup
	for _, c := range open {
		wait.Go(func() { hangUp(c) })
	}
	wait.Wait()
	for range 100 {
		if a = p.do(p.evidence(p.seq, aPDF(100))); a.status == 201 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("afterwards: %d %s", a.status, a.body)
}
