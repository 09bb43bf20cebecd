package creditbank_test

import (
	"fmt"
	"strings"
	"testing"

	"creditbank/creditbank"
)

// eventful is a learner to whom everything happened.
func eventful(t *testing.T) (*city, creditbank.LearnerID) {
	t.Helper()
	c, l := chainCity(t)
	change := creditbank.Change{By: operator, Learner: l}
	c.post(l, "O0", "S1", "2025-01-01", "50")       // refused
	n0 := c.post(l, "N0", "N3", "2025-01-01", "80") // expires
	o1 := c.post(l, "O1", "S1", "2025-01-01", "80") // recognised
	c.convert(l, "R3")                              // denied
	c.grants(l, "R1", "R11")                        // approved, carried on
	c.revise(l, "O1", "S1", "2025-01-01", "82", 2)  // regrades both
	c.revise(l, "O1", "S1", "2025-01-02", "82", 3)  // relinks
	_, err := c.RequestCertificate(t.Context(), change, n0.Seq)
	must(t, err)
	_, err = c.VoidCertificate(t.Context(), change, n0.Seq, "姓名有误")
	must(t, err)
	award := c.confer(l, "P1")
	c.revoke(l, "O1") // opens a case
	c.decideCase(l, c.account(l).Cases[0].Seq, creditbank.CaseRuling{Withdraw: true})
	must(t, c.Freeze(t.Context(), change, "调查"))
	must(t, c.Unfreeze(t.Context(), change, ""))
	must(t, c.Leave(t.Context(), change, "P3"))
	given, err := c.Consent(t.Context(), change, creditbank.Consent{
		Recipient: "I02", Purpose: creditbank.PurposeAdmission, Fields: []creditbank.Field{creditbank.FieldBalance}, TextVersion: creditbank.ConsentTextVersion, Until: 20260601,
	})
	must(t, err)
	_, err = c.WithdrawConsent(t.Context(), change, given.Seq)
	must(t, err)
	if o1.Seq == 0 || award.Seq == 0 {
		t.Fatal("nothing happened")
	}
	return c, l
}

func TestNotices(t *testing.T) {
	c, l := eventful(t)
	h, err := c.History(t.Context(), l)
	must(t, err)
	all, err := h.Notices(c.Catalogue(), 0, 1000)
	must(t, err)
	byKind := map[string]creditbank.Notice{}
	for i, n := range all {
		byKind[n.Kind] = n
		if i > 0 && n.Seq >= all[i-1].Seq {
			t.Errorf("notice %d does not come before %d", n.Seq, all[i-1].Seq)
		}
		for _, text := range append(n.Details, n.Text) {
			if text.ZH == "" || text.EN == "" || strings.Contains(text.ZH+text.EN, "%!") || strings.Contains(text.EN, "，") {
				t.Errorf("%s: %+v", n.Kind, text)
			}
		}
	}
	for kind, want := range map[string]struct{ zh, en string }{
		"opened":          {"学习账户已开立", "was opened"},
		"enrolled":        {"社区管理（专科）", "you are enrolled in Community Management"},
		"left":            {"已退出“社会工作（硕士）”", "what was converted stays"},
		"refused":         {"未获认定", "was not recognised"},
		"posted":          {"认定3.0学分", "recognised as 3.0 credits"},
		"revised":         {"修订2", "revision 2"},
		"decided":         {"转换未获批准：规则R3", "conversion denied: rule R3"},
		"regraded":        {"“甲 A”4.0学分（成绩82）", "4.0 credits in A A (grade 82)"},
		"relinked":        {"转换保持不变", "stands as it was"},
		"requested":       {"成果证书", "certificate of"},
		"voided":          {"证书已作废", "was voided"},
		"awarded":         {"授予毕业证书，共20.0学分", "a diploma was conferred on you, for 20.0 credits"},
		"case_opened":     {"已立案复核", "is under review"},
		"revoked":         {"撤销了“甲课 S1”的成果", "revoked the outcome of 甲课 S1"},
		"reversed":        {"转换已冲正：规则R1", "conversion reversed: rule R1"},
		"award_withdrawn": {"毕业证书已撤销", "the diploma was withdrawn"},
		"case_decided":    {"转换冲正", "the conversion is reversed"},
		"frozen":          {"账户已冻结", "was frozen"},
		"unfrozen":        {"账户已解冻", "no longer frozen"},
		"consented":       {"社区学院", "you let 社区学院 be told"},
		"withdrawn":       {"撤回", "you withdrew your consent"},
	} {
		n, ok := byKind[kind]
		if !ok || !strings.Contains(n.Text.ZH, want.zh) || !strings.Contains(n.Text.EN, want.en) {
			t.Errorf("%s: %+v (%v), want %q and %q", kind, n.Text, ok, want.zh, want.en)
		}
	}
	if _, told := byKind["replaced"]; told {
		t.Error("what a revision replaced is told beside the revision")
	}
	for kind, want := range map[string]string{"refused": "成绩为50，及格线为60", "case_opened": "被青禾开放大学撤销", "decided": "可用学分不足", "posted": "可用至2030-01-01"} {
		if got := fmt.Sprint(byKind[kind].Details); !strings.Contains(got, want) {
			t.Errorf("%s: details %s, want %q", kind, got, want)
		}
	}
	if n := byKind["case_decided"]; n.Note != "复核意见" {
		t.Errorf("the reason of the decision is %q", n.Note)
	}
}

// Pages and marks: the newest first, each once, whatever was read.
func TestInbox(t *testing.T) {
	c, l := eventful(t)
	whole, err := c.Inbox(t.Context(), l, 0, 1000)
	must(t, err)
	if whole.Next != 0 || whole.Read != 0 || whole.Unread != len(whole.Notices) {
		t.Errorf("the whole inbox: next %d, read %d, %d of %d unread", whole.Next, whole.Read, whole.Unread, len(whole.Notices))
	}
	var seqs []int64
	for before := int64(0); ; {
		in, err := c.Inbox(t.Context(), l, before, 7)
		must(t, err)
		for _, n := range in.Notices {
			seqs = append(seqs, n.Seq)
		}
		if before = in.Next; before == 0 {
			break
		}
	}
	if len(seqs) != len(whole.Notices) || seqs[0] != whole.Notices[0].Seq || seqs[len(seqs)-1] != 1 {
		t.Errorf("pages of 7 hold %v", seqs)
	}
	for _, tt := range []struct {
		through int64
		unread  int
	}{{whole.Notices[2].Seq, 2}, {1, 2}, {1 << 40, 0}} {
		must(t, c.MarkRead(t.Context(), l, tt.through))
		in, err := c.Inbox(t.Context(), l, 0, 5)
		must(t, err)
		if in.Unread != tt.unread || in.Version != whole.Version || in.Read > in.Version {
			t.Errorf("read through %d: %d unread, want %d; read %d of version %d", tt.through, in.Unread, tt.unread, in.Read, in.Version)
		}
	}
	wantCode(t, "a negative mark", c.MarkRead(t.Context(), l, -1), creditbank.ErrInvalid, creditbank.CodeMalformed)
	wantCode(t, "a mark of nobody", c.MarkRead(t.Context(), "00000000-0000-4000-8000-000000000000", 1), creditbank.ErrNotFound, creditbank.CodeUnknownLearner)
	c.post(l, "O9", "S2", "2025-01-01", "80")
	if in, err := c.Inbox(t.Context(), l, 0, 5); err != nil || in.Unread != 1 {
		t.Errorf("after another posting %d are unread, %v", in.Unread, err)
	}
}

// A kind of act that nobody wrote words for is told by its name.
func TestNoticeOfAnyKind(t *testing.T) {
	c, l := eventful(t)
	h, err := c.History(t.Context(), l)
	must(t, err)
	n := 0
	for _, act := range h.Acts {
		if act.Kind != creditbank.ActReplaced {
			n++
		}
	}
	all, err := h.Notices(creditbank.NewCatalogue(), 0, 1000) // without any rules
	must(t, err)
	if len(all) != n+len(h.Outcomes) {
		t.Errorf("%d notices of %d rows", len(all), n+len(h.Outcomes))
	}
}

// Both ends of a chain are told what was undone, in the write that undid it.
func TestConcernsAreTold(t *testing.T) {
	c, l := chainCity(t)
	c.post(l, "O1", "S1", "2025-01-01", "80")
	c.grants(l, "R1", "R11")
	c.post(l, "O2", "S2", "2025-01-01", "80") // nobody is told of a posting
	c.revoke(l, "O1")
	for institution, want := range map[creditbank.InstitutionID]string{"I01": "revoked reversed reversed", "I02": "reversed", "I03": ""} {
		all, err := c.Concerns(t.Context(), institution, creditbank.ConcernRef{}, 10)
		must(t, err)
		var got []string
		for _, told := range all {
			got = append(got, string(told.Kind))
			if told.ExternalID != "O1" || told.Source != "I01" {
				t.Errorf("%s is told of %s/%s", institution, told.Source, told.ExternalID)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s is told %v, want %s", institution, got, want)
		}
	}
}
