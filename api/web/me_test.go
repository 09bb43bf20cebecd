package web_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"creditbank/api/apitest"
	"creditbank/api/contract"
	"creditbank/api/web"
	"creditbank/certify/pdf"
	"creditbank/creditbank"
)

func pause() { time.Sleep(100 * time.Millisecond) }

// fill gives the learner a history: what the city posted about L2, a conversion
// that is approved and one that is not, consents, and somebody who looked.
func fill(t testing.TB, w *town) {
	t.Helper()
	file, err := os.Open(filepath.Join("..", "..", "creditbank", "scenario", "testdata", "qinghe", "outcomes.csv"))
	must(t, err)
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	must(t, err)
	learner := string(w.learner)
	for _, row := range rows[1:] {
		if row[2] != "L2" {
			continue
		}
		p := contract.Posting{ExternalId: row[0], Institution: row[1], Learner: &learner, Course: row[3], IssuedOn: row[4], Score: &row[5]}
		if row[6] != "" {
			hours, err := creditbank.ParseHours(row[6])
			must(t, err)
			p.AttendedHours = &hours
		}
		r, err := w.As(w.Token(row[1], "poster institution:"+row[1])).PostOutcomeWithResponse(t.Context(), p)
		if err != nil || r.JSON201 == nil {
			t.Fatalf("post %s: %v %s", row[0], err, r.Body)
		}
	}
	me := w.change()
	must(t, w.Bank.Enrol(t.Context(), me, "P1"))
	for _, rule := range []creditbank.RuleID{"R03", "R05"} {
		_, err := w.Bank.Convert(t.Context(), me, []creditbank.RuleID{rule})
		must(t, err)
	}
	for _, to := range []creditbank.InstitutionID{"I04", "I08"} {
		_, err = w.Bank.Consent(t.Context(), me, creditbank.Consent{
			Recipient: to, Purpose: creditbank.PurposeEmployment, Fields: []creditbank.Field{creditbank.FieldBalance, creditbank.FieldCertificates},
			TextVersion: creditbank.ConsentTextVersion, Until: creditbank.DateOf(time.Now().AddDate(1, 0, 0)),
		})
		must(t, err)
	}
	a, err := w.Bank.Account(t.Context(), w.learner)
	must(t, err)
	must(t, w.Bank.Disclose(t.Context(), creditbank.Caller{ID: "user:somebody"}, creditbank.Disclosure{
		Learner: w.learner, Recipient: "I08", Fields: []creditbank.Field{creditbank.FieldBalance}, Basis: creditbank.BasisConsent, Consent: a.Consents[1].Seq,
	}))
}

// change is what the learner asks for.
func (w *town) change() creditbank.Change {
	return creditbank.Change{By: creditbank.Caller{ID: "learner:" + string(w.learner)}, Learner: w.learner}
}

func TestMe(t *testing.T) {
	w := newTown(t, web.Config{}, apitest.Options{})
	fill(t, w)
	_, err := w.Office.CatchUp(t.Context())
	must(t, err)
	b := w.activated(t)
	b.want(200, "/me", w.name, "所在地区 南浦区", "学历教育 0.0 非学历教育 5.5", "社区管理与服务（专科） 在读 青禾开放大学 6.0（专业总学分80.0）",
		"转换批准 社区管理与服务（专科） 自考社区管理学转换 6.0", "不予转换 社区管理与服务（专科） 数字技能系列课程转换信息技术应用 缺少“短视频制作与信息安全",
		"登记并认定 社区管理学（自考） 青禾市自考办 +6.0", "开户", "青禾开放大学 有效，", "滨江街道社区学校 招聘与人事 学分余额、证书",
		"滨江街道社区学校 学分余额 招聘与人事 学习者同意")
	if title := text(b.find(func(n *html.Node) bool { return n.Data == "title" })); strings.Contains(title, w.name) {
		t.Errorf("the title names the learner: %s", title)
	}
	told, err := w.Bank.Disclosures(t.Context(), w.learner, "", 10)
	must(t, err)
	if len(told) != 1 {
		t.Errorf("looking at one's own data is on record: %d disclosures", len(told))
	}
	b.submit("/language", map[string]string{"to": "en"}).want(200, "/me", "non-formal 5.5", "6.0 of 80.0", "conversion denied", "the learner consents")
	if !strings.Contains(b.body, `<span lang="zh-CN">青禾开放大学</span>`) {
		t.Error("Chinese is not said to be")
	}
}

// A statement that is long is cut, and says so.
func TestStatementIsCut(t *testing.T) {
	w := newTown(t, web.Config{}, apitest.Options{})
	for range 15 {
		must(t, w.Bank.Enrol(t.Context(), w.change(), "P1"))
		must(t, w.Bank.Leave(t.Context(), w.change(), "P1"))
	}
	b := w.activated(t).want(200, "/me", "另有更早的11项。")
	if n := strings.Count(b.text(), "退出专业"); n != 10 {
		t.Errorf("%d of the newest 20 entries are shown", 2*n)
	}
}

func TestCertificatesOnTheirWay(t *testing.T) {
	w := newTown(t, web.Config{}, apitest.Options{})
	w.Office.Halt(errors.New("so that nothing is issued"))
	fill(t, w)
	b := w.activated(t).want(200, "/me", "社区管理与服务（专科） 正在签发，请稍后刷新")

	// What is void before it was issued is on its way no more.
	a, err := w.Bank.Account(t.Context(), w.learner)
	must(t, err)
	_, err = w.Bank.VoidCertificate(t.Context(), w.change(), a.Conversions[0].Certified(), "a mistake")
	must(t, err)
	if b.get("/me").want(200, "/me", "还没有证书"); strings.Contains(b.text(), "正在签发") {
		t.Error("a void certificate is on its way")
	}
	posted := a.Lots[0].Seq
	_, err = w.Bank.RequestCertificate(t.Context(), w.change(), posted)
	must(t, err)
	b.get("/me").want(200, "/me", "社区管理学（自考） 正在签发")
	_, err = w.Bank.VoidCertificate(t.Context(), w.change(), posted, "a mistake")
	must(t, err)
	b.get("/me").want(200, "/me", "还没有证书")
}

func TestCertificateOfOnesOwn(t *testing.T) {
	w := newTown(t, web.Config{}, apitest.Options{})
	fill(t, w)
	_, err := w.Office.CatchUp(t.Context())
	must(t, err)
	issued, err := w.Office.List(t.Context(), w.learner)
	must(t, err)
	want, err := w.Office.Fetch(t.Context(), issued[0].ID)
	must(t, err)
	b := w.activated(t)
	link := attr(b.find(func(n *html.Node) bool {
		return strings.HasPrefix(attr(n, "href"), "/me/certificate") && !strings.Contains(attr(n, "href"), "as=pdf")
	}), "href")
	printed := attr(b.find(func(n *html.Node) bool { return strings.HasSuffix(attr(n, "href"), "&as=pdf") }), "href")
	b.get(printed)
	if credential, _, _, err := pdf.Extract([]byte(b.body)); err != nil || !bytes.Equal(credential, want.Bundle.Credential) ||
		b.header.Get("Content-Type") != "application/pdf" || !strings.HasPrefix(b.header.Get("Content-Disposition"), "attachment") {
		t.Errorf("PDF: %d %v %v", b.status, b.header, err)
	}
	b.get(link)
	if b.status != 200 || b.body != string(want.Bundle.Credential) || !strings.HasPrefix(b.header.Get("Content-Disposition"), "attachment") {
		t.Errorf("%d %v %s", b.status, b.header, b.body)
	}

	stranger := &town{World: w.World, learner: w.ids["L3"]}
	stranger.open(t)
	other := stranger.activated(t).get(link)
	none := newBrowser(t, w.World)
	other.want(404, "/me/certificate")
	there := strings.ReplaceAll(other.body, other.header.Get("X-Request-Id"), "")
	other.get("/me/certificate?id=nonsense").want(404, "/me/certificate")
	if strings.ReplaceAll(other.body, other.header.Get("X-Request-Id"), "") != there {
		t.Error("another's certificate is told from none")
	}
	none.get(link).want(200, "/login")

	_, err = w.Bank.VoidCertificate(t.Context(), creditbank.Change{By: creditbank.Caller{ID: "operator:test"}, Learner: w.learner}, issued[0].Seq, "made out wrongly")
	must(t, err)
	_, err = w.Office.CatchUp(t.Context())
	must(t, err)
	b.get("/me").want(200, "/me", "撤销")
}

// open gives another learner an account to log in with.
func (w *town) open(t testing.TB) {
	t.Helper()
	w.LearnerToken(w.learner)
	p, err := w.Bank.Person(t.Context(), w.learner)
	must(t, err)
	l, err := w.Bank.Learner(t.Context(), w.learner)
	must(t, err)
	a, err := w.Registry.AccountByNumber(t.Context(), l.Account)
	must(t, err)
	w.account, w.name = l.Account, p.Name
	w.code, err = w.Registry.NewCode(t.Context(), w.Owner(), a.ID)
	must(t, err)
}

func TestWithdraw(t *testing.T) {
	w := newTown(t, web.Config{}, apitest.Options{})
	fill(t, w)
	a, err := w.Bank.Account(t.Context(), w.learner)
	must(t, err)
	newest := a.Consents[1].Seq
	b := w.activated(t)
	b.submit("/me/withdraw", nil).want(200, "/me", "已于", "撤回同意 滨江街道社区学校") // the first form is the newest's
	a, err = w.Bank.Account(t.Context(), w.learner)
	must(t, err)
	if a.GivenConsent(newest).WithdrawnOn == 0 || a.Consents[0].WithdrawnOn != 0 {
		t.Errorf("%+v %+v", a.Consents[0], a.Consents[1])
	}
	version := a.Version
	b.submit("/me/withdraw", map[string]string{"seq": "4711"}).want(404, "/me/withdraw", "没有这项同意")

	// Pressed twice, it is done once.
	again := seq(newest)
	r := postForm(t, w.URL+"/me/withdraw", again)
	b.do(r).want(200, "/me")
	a, err = w.Bank.Account(t.Context(), w.learner)
	must(t, err)
	if a.Version != version {
		t.Errorf("withdrawing twice made version %d of %d", a.Version, version)
	}

	// Nobody withdraws for another.
	stranger := &town{World: w.World, learner: w.ids["L3"]}
	stranger.open(t)
	other := stranger.activated(t)
	first := a.Consents[0].Seq
	other.do(postForm(t, w.URL+"/me/withdraw", seq(first))).want(404, "/me/withdraw")
	newBrowser(t, w.World).do(postForm(t, w.URL+"/me/withdraw", seq(first))).want(200, "/login")
	a, err = w.Bank.Account(t.Context(), w.learner)
	must(t, err)
	if a.Consents[0].WithdrawnOn != 0 {
		t.Error("a consent was withdrawn by another")
	}
}

// A page of errors does not hold what was sent.
func TestNothingIsEchoed(t *testing.T) {
	w := newTown(t, web.Config{}, apitest.Options{})
	resp, err := http.Get(w.URL + "/login?next=/%3Cscript%3Ealert(1)%3C/script%3E")
	must(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	must(t, err)
	if strings.Contains(string(body), "<script") {
		t.Errorf("%s", body)
	}
}

func seq(n int64) url.Values { return url.Values{"seq": {strconv.FormatInt(n, 10)}} }
