package web_test

import (
	"net/url"
	"testing"

	"creditbank/api/apitest"
	"creditbank/api/web"
	"creditbank/certify"
	"creditbank/certify/pdf/pdftest"
)

// Whoever holds a printed certificate scans its code or types it.
func TestVerifyByCode(t *testing.T) {
	w := newTown(t, web.Config{}, apitest.Options{})
	h := w.certified(t)
	code := certify.CodeOf(h.Certificate.Leaf.SHA256)
	b := newBrowser(t, w.World).get("/verify?code=" + code.Compact())
	b.want(200, "/verify", code.String(), "本系统签发过这张证书", "学分转换证书", "不显示姓名和内容")
	b.get("/verify?"+url.Values{"code": {"１２"}}.Encode()).want(400, "/verify", "核验码共 16 个字符，输入了 2 个")
	b.get("/verify?code=WERC8GMRZGE196Y9").want(400, "/verify", "校验字符不符")
	b.get("/verify?code=WERC8GMRZGE196Y8").want(404, "/verify", "没有核验码为 WERC-8GMR-ZGE1-96Y8 的证书")

	_, err := w.Bank.VoidCertificate(t.Context(), w.change(), h.Certificate.Seq, "lost")
	must(t, err)
	_, err = w.Office.CatchUp(t.Context())
	must(t, err)
	b.get("/verify?code="+code.Compact()).want(200, "/verify", "吊销：请勿采信")
}

func TestVerifyPDF(t *testing.T) {
	w := newTown(t, web.Config{}, apitest.Options{})
	h := w.certified(t)
	printed, err := pdftest.Renderer(t).Render(h.Bundle)
	must(t, err)
	b := newBrowser(t, w.World)
	b.upload(printed, nil).want(200, "/verify", "签名 通过", "透明日志 通过")
	b.upload([]byte("%PDF-1.7\n"), nil).want(400, "/verify", "这个 PDF 里没有证书")
	b.upload([]byte("%PDF-1.7\n1 0 obj<</UF(credential.json)/EF<</F 2 0 R>>>>endobj"), nil).want(400, "/verify", "无法读取这个 PDF")
}
