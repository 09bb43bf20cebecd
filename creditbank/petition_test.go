package creditbank_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"creditbank/creditbank"
)

// jpegFile, pngFile and pdfFile are the least of their kinds.
func jpegFile(t testing.TB) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, image.NewGray(image.Rect(0, 0, 40, 30)), nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pngFile(t testing.TB) []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 40, 30))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pdfFile(size int) []byte {
	head, tail := "%PDF-1.4\n1 0 obj<<>>endobj\n", "\nstartxref\n9\n%%EOF\n"
	return []byte(head + strings.Repeat("x", max(0, size-len(head)-len(tail))) + tail)
}

func TestSniff(t *testing.T) {
	jpg, pic := jpegFile(t), pngFile(t)
	huge := bytes.Clone(pic)
	binary.BigEndian.PutUint32(huge[16:], 1<<20)
	binary.BigEndian.PutUint32(huge[20:], 1<<20)
	binary.BigEndian.PutUint32(huge[29:], crc32.ChecksumIEEE(huge[12:29]))
	for name, tt := range map[string]struct {
		file []byte
		want creditbank.MediaType
		code creditbank.Code
	}{
		"a JPEG":                            {jpg, creditbank.JPEG, ""},
		"a JPEG with a telephone's trailer": {append(bytes.Clone(jpg), "SEFT trailer"...), creditbank.JPEG, ""},
		"a PNG":                             {pic, creditbank.PNG, ""},
		"a PDF":                             {pdfFile(0), creditbank.PDF, ""},
		"10 MB to the byte":                 {pdfFile(creditbank.MaxEvidenceBytes), creditbank.PDF, ""},
		"10 MB and a byte":                  {pdfFile(creditbank.MaxEvidenceBytes + 1), "", creditbank.CodeEvidenceTooLarge},
		"nothing":                           {nil, "", creditbank.CodeMissing},
		"HTML":                              {[]byte("<html><script>alert(1)</script>"), "", creditbank.CodeEvidenceType},
		"a GIF":                             {[]byte("GIF89a"), "", creditbank.CodeEvidenceType},
		"SVG":                               {[]byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), "", creditbank.CodeEvidenceType},
		"a PDF behind HTML":                 {append([]byte("<html>"), pdfFile(0)...), "", creditbank.CodeEvidenceType},
		"HTML behind the head of a JPEG":    {[]byte("\xff\xd8\xff\xe0<html><script>alert(1)</script>"), "", creditbank.CodeEvidenceDamaged},
		"HTML behind the head of a PNG":     {[]byte("\x89PNG\r\n\x1a\n<html>"), "", creditbank.CodeEvidenceDamaged},
		"HTML behind the head of a PDF":     {[]byte("%PDF-1.7\n<html>"), "", creditbank.CodeEvidenceDamaged},
		"a PDF without a trailer":           {[]byte("%PDF-1.7\nx%%EOF"), "", creditbank.CodeEvidenceDamaged},
		"a PDF of no version":               {append([]byte("%PDF-x.y"), pdfFile(0)[8:]...), "", creditbank.CodeEvidenceDamaged},
		"a ZIP behind a PNG":                {append(bytes.Clone(pic), "PK\x03\x04"...), "", creditbank.CodeEvidenceDamaged},
		"a PNG with a bit turned":           {append(append(bytes.Clone(pic[:30]), pic[30]^1), pic[31:]...), "", creditbank.CodeEvidenceDamaged},
		"a PNG of a terapixel":              {huge, "", creditbank.CodeEvidenceTooLarge},
		"half a JPEG":                       {jpg[:len(jpg)/2], "", creditbank.CodeEvidenceDamaged},
		"a JPEG without its last byte":      {jpg[:len(jpg)-1], "", creditbank.CodeEvidenceDamaged},
		"half a PNG":                        {pic[:len(pic)/2], "", creditbank.CodeEvidenceDamaged},
		"half a PDF":                        {pdfFile(5000)[:2500], "", creditbank.CodeEvidenceDamaged},
		"three bytes of a JPEG":             {[]byte("\xff\xd8\xff"), "", creditbank.CodeEvidenceDamaged},
	} {
		got, err := creditbank.Sniff(tt.file)
		if tt.code == "" {
			if err != nil || got != tt.want {
				t.Errorf("%s: Sniff = %q, %v; want %q", name, got, err, tt.want)
			}
			continue
		}
		wantCode(t, name, err, creditbank.ErrInvalid, tt.code)
	}
}

// No file makes it fail otherwise, and what is cut short anywhere is no image.
func FuzzSniff(f *testing.F) {
	for _, b := range [][]byte{jpegFile(f), pngFile(f), pdfFile(100), []byte("\xff\xd8\xff\xda\x00\x02\xff\xd9")} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if kind, err := creditbank.Sniff(b); err == nil && kind == creditbank.PNG {
			if _, err := creditbank.Sniff(b[:len(b)-1]); err == nil {
				t.Error("a PNG without its last byte passes")
			}
		}
	})
}

// petition applies for what S1 is, and shows a file for it.
func (c *city) petition(l creditbank.LearnerID, day string) (int64, int64) {
	c.t.Helper()
	on, err := creditbank.ParseDate(day)
	must(c.t, err)
	score, err := creditbank.ParseScore("80")
	must(c.t, err)
	course := c.Catalogue().Courses["S1"]
	act, err := c.Petition(c.t.Context(), acting("applicant", l), creditbank.Petitioning{
		Claimed:       creditbank.Claimed{Institution: course.Institution, Course: "S1", IssuedOn: on, Score: score},
		PetitionWords: creditbank.PetitionWords{Title: "张三书法一等奖", Text: "见附件"},
	})
	must(c.t, err)
	file, err := c.AddEvidence(c.t.Context(), acting("applicant", l), act.Seq, pdfFile(100))
	must(c.t, err)
	return act.Seq, file.Seq
}

func TestPetitionLife(t *testing.T) {
	c := newCity(t)
	l := c.stranger(1)
	p, file := c.petition(l, "2025-01-01")
	ctx := t.Context()
	got, err := c.OpenEvidence(ctx, l, p, file)
	if err != nil || got.Type != creditbank.PDF || !bytes.Equal(got.Data, pdfFile(100)) {
		t.Errorf("OpenEvidence = %q, %v", got.Type, err)
	}
	stored, err := c.store.Evidence(ctx, l, file)
	must(t, err)
	if bytes.Contains(stored.Sealed, []byte("%PDF")) || bytes.Contains(stored.Sealed, []byte("endobj")) {
		t.Error("the evidence is stored in the clear")
	}
	_, err = c.ReturnPetition(ctx, acting("r1", l), p, "缺少背面")
	must(t, err)
	_, err = c.AcceptPetition(ctx, acting("r1", l), p, creditbank.Findings{})
	wantCode(t, "accept while returned", err, creditbank.ErrConflict, creditbank.CodeState)
	_, err = c.SupplementPetition(ctx, acting("applicant", l), p, "已补")
	must(t, err)
	preview, err := c.PreviewPetition(ctx, creditbank.Caller{ID: "r1"}, l, p, creditbank.Findings{})
	must(t, err)
	before := c.version(l)
	change := creditbank.Change{By: creditbank.Caller{ID: "r1"}, Learner: l, Key: "accept"}
	o, err := c.AcceptPetition(ctx, change, p, creditbank.Findings{})
	must(t, err)
	if o.Granted != preview.Granted || o.Credits != preview.Credits || o.Posting != preview.Posting || !o.Granted {
		t.Errorf("accepted %+v, previewed %+v", o, preview)
	}
	if o.ExternalID != creditbank.PetitionNumber(l, p) || c.version(l) != before+2 {
		t.Errorf("posted as %s at version %d", o.ExternalID, c.version(l))
	}
	again, err := c.AcceptPetition(ctx, change, p, creditbank.Findings{})
	if err != nil || again.Seq != o.Seq || c.version(l) != before+2 {
		t.Errorf("sent again: %d, %v", again.Seq, err)
	}
	h, err := c.History(ctx, l)
	must(t, err)
	a, err := creditbank.NewAccount(h)
	must(t, err)
	if q := a.Petition(p); q.State != creditbank.PetitionAccepted || q.Outcome != o.Seq || len(a.OpenPetitions()) != 0 {
		t.Errorf("the petition is %s, outcome %d", q.State, q.Outcome)
	}
	for _, act := range h.Acts {
		if strings.Contains(string(act.Body.Encode()), "张三") {
			t.Errorf("act %d has the learner's words in the clear", act.Seq)
		}
	}
	words, err := c.PetitionWords(ctx, l, a.Petition(p).Words)
	if err != nil || words.Title != "张三书法一等奖" {
		t.Errorf("PetitionWords = %v, %v", words, err)
	}
	c.replayAll(l)
}

// Who recused themselves neither decides nor sees; who applied does not decide; and
// what came to nothing is shown to nobody who decides.
func TestPetitionRecusal(t *testing.T) {
	c := newCity(t)
	l := c.stranger(1)
	p, _ := c.petition(l, "2025-01-01")
	ctx := t.Context()
	_, err := c.RecusePetition(ctx, acting("r1", l), p, "")
	wantCode(t, "without a reason", err, creditbank.ErrInvalid, creditbank.CodeMissing)
	_, err = c.RecusePetition(ctx, acting("applicant", l), p, "亲属")
	wantCode(t, "the applicant", err, creditbank.ErrConflict, creditbank.CodeState)
	_, err = c.RecusePetition(ctx, acting("r1", l), p, "亲属")
	must(t, err)
	for name, do := range map[string]func() (creditbank.Act, error){
		"recuse again": func() (creditbank.Act, error) { return c.RecusePetition(ctx, acting("r1", l), p, "亲属") },
		"return":       func() (creditbank.Act, error) { return c.ReturnPetition(ctx, acting("r1", l), p, "缺页") },
		"refuse":       func() (creditbank.Act, error) { return c.RefusePetition(ctx, acting("r1", l), p, "不符") },
		"accept": func() (creditbank.Act, error) {
			_, err := c.AcceptPetition(ctx, acting("r1", l), p, creditbank.Findings{})
			return creditbank.Act{}, err
		},
	} {
		_, err := do()
		wantCode(t, name, err, creditbank.ErrConflict, creditbank.CodeReviewerExcluded)
	}
	shown := func(want map[string]bool) {
		t.Helper()
		for who, want := range want {
			if got := c.accountOf(l).Petition(p).Shown(creditbank.Caller{ID: who}); got != want {
				t.Errorf("%s is shown it: %v, want %v", who, got, want)
			}
		}
	}
	shown(map[string]bool{"r1": false, "r2": true, "applicant": false})
	_, err = c.AcceptPetition(ctx, acting("r2", l), p, creditbank.Findings{})
	must(t, err)
	shown(map[string]bool{"r1": false, "r2": true, "applicant": false})
	p, _ = c.petition(l, "2025-02-01")
	_, err = c.RefusePetition(ctx, acting("r2", l), p, "不符")
	must(t, err)
	shown(map[string]bool{"r1": false, "r2": false})
	c.replayAll(l)
}

// The learner hears of each step but what reviewers do among themselves, the
// institution of what others do; neither is told the sealed words.
func TestPetitionNotices(t *testing.T) {
	c := newCity(t)
	l := c.stranger(1)
	ctx := t.Context()
	p, _ := c.petition(l, "2025-01-01")
	_, err := c.RecusePetition(ctx, acting("r9", l), p, "亲属")
	must(t, err)
	_, err = c.ReturnPetition(ctx, acting("r1", l), p, "缺少背面")
	must(t, err)
	_, err = c.SupplementPetition(ctx, acting("applicant", l), p, "已补张三")
	must(t, err)
	_, err = c.AcceptPetition(ctx, acting("r1", l), p, creditbank.Findings{})
	must(t, err)
	q, _ := c.petition(l, "2025-02-01")
	_, err = c.RefusePetition(ctx, acting("r1", l), q, "不符")
	must(t, err)
	q, _ = c.petition(l, "2025-03-01")
	_, err = c.WithdrawPetition(ctx, acting("applicant", l), q, "")
	must(t, err)
	in, err := c.Inbox(ctx, l, 0, 100)
	must(t, err)
	var kinds []string
	for _, n := range in.Notices {
		kinds = append(kinds, n.Kind)
		if strings.Contains(n.Text.ZH+n.Text.EN+n.Note, "张三") || strings.Contains(n.Text.ZH+n.Text.EN, "%!") || strings.Contains(n.Text.ZH, "r9") {
			t.Errorf("notice %d: %v", n.Seq, n.Text)
		}
	}
	want := "petition_withdrawn evidenced petitioned petition_refused evidenced petitioned petition_accepted posted petition_supplemented petition_returned evidenced petitioned opened"
	if got := strings.Join(kinds, " "); !strings.HasPrefix(got, want[:len(want)-len(" opened")]) {
		t.Errorf("notices: %s, want %s", got, want)
	}
	concerns, err := c.Concerns(ctx, c.accountOf(l).Petition(p).Claim.Institution, creditbank.ConcernRef{}, 100)
	must(t, err)
	var told []string
	for _, n := range concerns {
		told = append(told, string(n.Kind))
	}
	if got, want := strings.Join(told, " "), "petition_withdrawn petitioned petitioned petition_supplemented petitioned"; got != want {
		t.Errorf("concerns: %s, want %s", got, want)
	}
}

// What is accepted is recognised as any posting, repeats too: of a course of which the
// better result counts, the one before gives way, and a worse one counts for nothing.
func TestAcceptedPetitionsAreRepeats(t *testing.T) {
	c := repeatCity(t, creditbank.RepeatBest)
	l := c.open(0)
	first := c.post(l, "O1", "S1", "2024-01-01", "70").Seq
	for _, tt := range []struct {
		day     string
		granted bool
	}{{"2025-01-01", true}, {"2025-02-01", false}} { // 80 both times
		p, _ := c.petition(l, tt.day)
		preview, err := c.PreviewPetition(t.Context(), creditbank.Caller{ID: "r1"}, l, p, creditbank.Findings{})
		must(t, err)
		change := acting("r1", l)
		change.Key = "accept " + tt.day
		o, err := c.AcceptPetition(t.Context(), change, p, creditbank.Findings{})
		must(t, err)
		again, err := c.AcceptPetition(t.Context(), change, p, creditbank.Findings{})
		if err != nil || again.Seq != o.Seq || o.Granted != tt.granted || preview.Granted != tt.granted {
			t.Errorf("%s: previewed %v, accepted %v as %d, again as %d, %v; want %v", tt.day, preview.Granted, o.Granted, o.Seq, again.Seq, err, tt.granted)
		}
	}
	if c.accountOf(l).Lot(first).Granted {
		t.Error("the outcome before still counts")
	}
	c.replayAll(l)
}

// Every state, everything that can be asked: done, or refused with nothing on
// record.
func TestPetitionStates(t *testing.T) {
	type ask = func(c *city, l creditbank.LearnerID, p int64) error
	returned := func(c *city, l creditbank.LearnerID, p int64) error {
		_, err := c.ReturnPetition(t.Context(), acting("r1", l), p, "缺页")
		return err
	}
	accept := func(c *city, l creditbank.LearnerID, p int64) error {
		_, err := c.AcceptPetition(t.Context(), acting("r1", l), p, creditbank.Findings{})
		return err
	}
	refuse := func(c *city, l creditbank.LearnerID, p int64) error {
		_, err := c.RefusePetition(t.Context(), acting("r1", l), p, "不符")
		return err
	}
	withdraw := func(c *city, l creditbank.LearnerID, p int64) error {
		_, err := c.WithdrawPetition(t.Context(), acting("applicant", l), p, "")
		return err
	}
	asks := map[string]ask{
		"return": returned, "accept": accept, "refuse": refuse, "withdraw": withdraw,
		"supplement": func(c *city, l creditbank.LearnerID, p int64) error {
			_, err := c.SupplementPetition(t.Context(), acting("applicant", l), p, "补")
			return err
		},
		"recuse": func(c *city, l creditbank.LearnerID, p int64) error {
			_, err := c.RecusePetition(t.Context(), acting("r8", l), p, "亲属")
			return err
		},
		"evidence": func(c *city, l creditbank.LearnerID, p int64) error {
			_, err := c.AddEvidence(t.Context(), acting("applicant", l), p, pdfFile(200))
			return err
		},
	}
	n := 0
	c := newCity(t)
	for state, tt := range map[string]struct {
		reach   ask
		allowed string
	}{
		"submitted": {func(*city, creditbank.LearnerID, int64) error { return nil }, "return accept refuse withdraw evidence recuse"},
		"returned":  {returned, "supplement refuse withdraw evidence recuse"},
		"accepted":  {accept, ""},
		"refused":   {refuse, ""},
		"withdrawn": {withdraw, ""},
	} {
		for name, do := range asks {
			n++
			l := c.stranger(n)
			p, _ := c.petition(l, "2025-01-01")
			must(t, tt.reach(c, l, p))
			before := c.version(l)
			err := do(c, l, p)
			if strings.Contains(" "+tt.allowed+" ", " "+name+" ") {
				if err != nil || c.version(l) == before {
					t.Errorf("%s, %s: %v", state, name, err)
				}
			} else {
				wantCode(t, state+", "+name, err, creditbank.ErrConflict, creditbank.CodeState)
				if c.version(l) != before {
					t.Errorf("%s, %s: something is on record", state, name)
				}
			}
			c.replayAll(l)
		}
	}
	l := c.stranger(n + 1)
	for name, do := range asks {
		wantCode(t, name+" of nothing", do(c, l, 99), creditbank.ErrNotFound, creditbank.CodeUnknownPetition)
	}
}

func TestPetitionRefusals(t *testing.T) {
	c := newCity(t)
	l := c.stranger(1)
	p, _ := c.petition(l, "2025-01-01")
	ctx := t.Context()
	claim := c.accountOf(l).Petition(p).Claim
	ask := func(edit func(*creditbank.Petitioning)) error {
		r := creditbank.Petitioning{Claimed: claim}
		r.IssuedOn = 20250202
		edit(&r)
		_, err := c.Petition(ctx, acting("applicant", l), r)
		return err
	}
	wantCode(t, "twice", ask(func(r *creditbank.Petitioning) { r.IssuedOn = claim.IssuedOn }), creditbank.ErrConflict, creditbank.CodeState)
	wantCode(t, "nameless", ask(func(r *creditbank.Petitioning) { r.Course = "" }), creditbank.ErrInvalid, creditbank.CodeMissing)
	wantCode(t, "course", ask(func(r *creditbank.Petitioning) { r.Course = "X" }), creditbank.ErrNotFound, creditbank.CodeUnknownCourse)
	wantCode(t, "institution", ask(func(r *creditbank.Petitioning) { r.Institution, r.Course, r.Title = "X", "", "奖" }), creditbank.ErrNotFound, creditbank.CodeUnknownInstitution)
	wantCode(t, "future", ask(func(r *creditbank.Petitioning) { r.IssuedOn = 29990101 }), creditbank.ErrInvalid, creditbank.CodeDateInFuture)
	_, err := c.AcceptPetition(ctx, acting("applicant", l), p, creditbank.Findings{})
	wantCode(t, "applicant accepts", err, creditbank.ErrConflict, creditbank.CodeState)
	_, err = c.RefusePetition(ctx, acting("r1", l), p, "")
	wantCode(t, "no reason", err, creditbank.ErrInvalid, creditbank.CodeMissing)
	must(t, ask(func(r *creditbank.Petitioning) { r.Course, r.Title = "", "劳动技能竞赛一等奖" }))
	named := c.version(l)
	_, err = c.AcceptPetition(ctx, acting("r1", l), named, creditbank.Findings{})
	wantCode(t, "no course", err, creditbank.ErrInvalid, creditbank.CodeMissing)
	course := creditbank.CourseCode("S1")
	_, err = c.AcceptPetition(ctx, acting("r1", l), named, creditbank.Findings{Course: &course})
	must(t, err)
	for i := len(c.accountOf(l).Petition(p).Evidence); i < creditbank.MaxEvidence; i++ {
		_, err := c.AddEvidence(ctx, acting("applicant", l), p, pdfFile(100+i))
		must(t, err)
	}
	_, err = c.AddEvidence(ctx, acting("applicant", l), p, pdfFile(999))
	wantCode(t, "an eleventh file", err, creditbank.ErrConflict, creditbank.CodeEvidenceLimit)
	for i := range creditbank.MaxOpenPetitions {
		err = ask(func(r *creditbank.Petitioning) { r.Course, r.Title = "", fmt.Sprint("奖", i) })
	}
	wantCode(t, "a sixth petition", err, creditbank.ErrConflict, creditbank.CodePetitionLimit)
}

func (c *city) accountOf(l creditbank.LearnerID) *creditbank.Account {
	c.t.Helper()
	a, err := c.Account(c.t.Context(), l)
	must(c.t, err)
	return a
}

// Once the key of a person is gone, so is what they showed.
func TestEvidenceGoesWithTheKey(t *testing.T) {
	c := newCity(t)
	l := c.stranger(1)
	p, file := c.petition(l, "2025-01-01")
	b := c.another(keyless{c.store}, rand.Reader)
	if got, err := b.OpenEvidence(t.Context(), l, p, file); err == nil || len(got.Data) > 0 {
		t.Errorf("OpenEvidence without the key = %q, %v", got.Data, err)
	}
}

// keyless is a store in which the keys of persons are destroyed.
type keyless struct{ creditbank.Store }

func (s keyless) Learner(ctx context.Context, id creditbank.LearnerID) (creditbank.Learner, error) {
	l, err := s.Store.Learner(ctx, id)
	l.Key = nil
	return l, err
}
