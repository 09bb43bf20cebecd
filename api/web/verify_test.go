package web_test

import (
	"bytes"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"creditbank/api/apitest"
	"creditbank/api/web"
	"creditbank/certify"
	"creditbank/certify/issuance"
)

// certified returns a certificate of the learner.
func (w *town) certified(t testing.TB) issuance.Handout {
	t.Helper()
	fill(t, w)
	_, err := w.Office.CatchUp(t.Context())
	must(t, err)
	issued, err := w.Office.List(t.Context(), w.learner)
	must(t, err)
	h, err := w.Office.Fetch(t.Context(), issued[0].ID)
	must(t, err)
	return h
}

// upload sends a file with the form of the page.
func (b *browser) upload(file []byte, fields map[string]string) *browser {
	b.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "证书.json")
	must(b.t, err)
	_, err = part.Write(file)
	must(b.t, err)
	for name, value := range fields {
		must(b.t, form.WriteField(name, value))
	}
	must(b.t, form.Close())
	r, err := http.NewRequestWithContext(b.t.Context(), http.MethodPost, b.base+"/verify", &body)
	must(b.t, err)
	r.Header.Set("Content-Type", form.FormDataContentType())
	return b.do(r)
}

func TestVerify(t *testing.T) {
	w := newTown(t, web.Config{}, apitest.Options{})
	h := w.certified(t)
	good := h.Bundle.Credential
	b := newBrowser(t, w.World)
	// No witness is configured, so the last check cannot be made.
	says := []string{"不能确认", w.name, "青禾开放大学", "格式 通过", "签名 通过", "签发者 通过", "撤销状态 通过", "有效期 通过", "透明日志 通过", "见证方 未检查", "撤销名单日期"}
	b.get("/verify").submit("/verify", map[string]string{"text": string(good)}).want(200, "/verify", says...)
	b.upload(good, nil).want(200, "/verify", says...)
	b.upload(append([]byte("\ufeff"), append(good, " \r\n"...)...), map[string]string{"text": "ignored"}).want(200, "/verify", says...)
	b.upload(nil, map[string]string{"text": string(good)}).want(200, "/verify", says...)

	// So is what the operation answers with.
	handed, err := json.Marshal(map[string]any{
		"certificate": map[string]string{}, "credential": json.RawMessage(good), "proof": string(h.Bundle.Proof), "status_list": json.RawMessage(h.Bundle.Status),
	})
	must(t, err)
	b.upload(handed, nil).want(200, "/verify", says...)
	self := w.As(w.LearnerToken(w.learner))
	r, err := self.GetCertificateWithResponse(t.Context(), h.Certificate.ID, nil)
	must(t, err)
	b.upload(r.Body, nil).want(200, "/verify", says...)

	bad := bytes.Replace(good, []byte(w.name), []byte("李建囯"), 1)
	b.upload(bad, nil).want(200, "/verify", "无效：请勿采信", "以下内容不可采信", "签名 未通过", "透明日志 未通过")
	b.upload([]byte("{}"), nil).want(200, "/verify", "无效", "格式 未通过", "签名 未检查")
	b.upload([]byte("no JSON at all <script>"), nil).want(200, "/verify", "格式 未通过")
	b.get("/verify").submit("/verify", nil).want(400, "/verify", "请选择证书文件，或粘贴证书内容")
	if strings.Contains(b.body, "证书所载") {
		t.Error("there is a report of nothing")
	}

	b.get("/verify").submit("/language", map[string]string{"to": "en"})
	b.upload(good, nil).want(200, "/verify", "Not confirmed", "Signature passed", "Witnesses not checked")
}

// A certificate that the bank revoked is told from one that stands.
func TestVerifyRevoked(t *testing.T) {
	w := newTown(t, web.Config{}, apitest.Options{})
	h := w.certified(t)
	_, err := w.Bank.VoidCertificate(t.Context(), w.change(), h.Certificate.Seq, "lost")
	must(t, err)
	_, err = w.Office.CatchUp(t.Context())
	must(t, err)
	newBrowser(t, w.World).upload(h.Bundle.Credential, nil).want(200, "/verify", "无效：请勿采信", "证书已被撤销", "签名 通过")
}

// What strangers wrote steers nothing.
func TestVerifyShowsStrangersAsWritten(t *testing.T) {
	w := newTown(t, web.Config{}, apitest.Options{})
	h := w.certified(t)
	evil := bytes.Replace(h.Bundle.Credential, []byte(w.name), []byte("\u202e<b onclick=x>"), 1)
	b := newBrowser(t, w.World).upload(evil, nil).want(200, "/verify", "无效")
	if strings.Contains(b.body, "\u202e") {
		t.Error("a stranger turns the page around")
	}
}

func TestVerifyIsBounded(t *testing.T) {
	w := newTown(t, web.Config{}, apitest.Options{})
	b := newBrowser(t, w.World)
	b.upload(bytes.Repeat([]byte("a"), certify.MaxSize+1), nil).want(413, "/verify", "提交的内容过大")
	b.get("/verify")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL+"/verify", strings.NewReader("{}"))
	must(t, err)
	r.Header.Set("Content-Type", "application/json")
	b.do(r).want(415, "/verify")
	r = postForm(t, w.URL+"/verify", nil)
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	b.do(r).want(400, "/verify", "请求的内容不完整")
}
