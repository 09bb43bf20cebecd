package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"creditbank/certify"
	"creditbank/certify/issuance"
	"creditbank/cmd/creditbank/internal/embedded"
	"creditbank/cmd/creditbank/internal/term"
	"creditbank/creditbank"
)

func (p *program) certifyCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "certify LEARNER",
		Short: "证书 issue and write the learner's certificates, each with its proof",
		Long: "按账本签发（或吊销）证书，登记日志并存证，再把该学习者的证书写入文件夹：证书 .json、日志证明 .tlog-proof、\n" +
			"verify 子文件夹中是撤销名单与信任名单。certverify 可离线核验。\n" +
			"Issues and revokes what the ledger calls for, logs and anchors it, and writes the learner's certificates, with\n" +
			"everything needed to check them offline; the folder verify holds what they share.",
		Example: "  creditbank certify L2 --out certificates\n  creditbank certify L2 --outcome I15/O006\n  creditbank certify L2 --form jwt,sd-jwt --disclose nothing",
		Args:    exactly("LEARNER"),
	}
	out := c.Flags().String("out", "certificates", "写入的文件夹; folder `DIR` to write to")
	forms := c.Flags().StringSlice("form", nil, "另写JWT或SD-JWT; also write `FORM`s: jwt, sd-jwt")
	disclose := c.Flags().StringSlice("disclose", nil, "SD-JWT中出示哪些内容（默认全部；nothing则不出示）; what an SD-JWT shows of "+strings.Join(certify.Disclosable(), ", ")+"; all if left out, or `nothing`")
	outcome := c.Flags().String("outcome", "", "另为一项成果出具证书; also certify the outcome `INSTITUTION/ID`")
	c.RunE = p.onBank(func(ctx context.Context, s *session, args []string) error {
		also, err := newTokenForms(*forms, *disclose)
		if err != nil {
			return err
		}
		l, err := s.learner(ctx, args[0])
		if err != nil {
			return err
		}
		v, err := s.certify(ctx, l, *outcome, *out, also)
		if err != nil {
			return err
		}
		return p.show(v, func(screen *term.Screen) { writeCertified(screen, v) })
	})
	return c
}

// A certifiedView says which certificates were written.
type certifiedView struct {
	Learner      *learnerView      `json:"learner,omitempty"`
	Fingerprint  string            `json:"trust_fingerprint"`
	Certificates []certificateView `json:"certificates"`
}

// A certificateView is a certificate with the files that were written of it.
type certificateView struct {
	Holder      string                   `json:"holder"` // alias or account
	ID          string                   `json:"id"`
	Kind        string                   `json:"kind"`
	Seq         int64                    `json:"seq"` // of the entry that it certifies
	Rule        creditbank.RuleID        `json:"rule,omitempty"`
	Institution creditbank.InstitutionID `json:"institution"`
	LogIndex    int64                    `json:"log_index"`
	Revoked     bool                     `json:"revoked"`
	Credential  string                   `json:"credential"`       // path
	JWT         string                   `json:"jwt,omitempty"`    // path
	SDJWT       string                   `json:"sd_jwt,omitempty"` // path
	Proof       string                   `json:"proof"`            // path
	StatusList  string                   `json:"status_list"`      // path
	Trust       string                   `json:"trust"`            // path

	list int
}

func (s *session) certify(ctx context.Context, l learnerView, outcome, dir string, also tokenForms) (certifiedView, error) {
	office, err := s.Office(ctx)
	if err != nil {
		return certifiedView{}, err
	}
	if outcome != "" {
		seq, err := s.outcome(ctx, l.ID, outcome)
		if err != nil {
			return certifiedView{}, err
		}
		if _, err := office.IssueOutcome(ctx, l.ID, seq); err != nil {
			return certifiedView{}, err
		}
	}
	done, err := office.CatchUp(ctx)
	if err != nil {
		return certifiedView{}, err
	}
	for _, f := range done.Failed {
		fmt.Fprintf(s.p.stderr, "creditbank: certificates of learner %s: %v\n", f.Learner, f.Err)
	}
	v, err := s.writeCertificates(ctx, office, []learnerView{l}, dir, also)
	v.Learner = &l
	return v, err
}

// follow revokes and issues what the ledger calls for since, in a bank that
// issues certificates at all.
func (s *session) follow(ctx context.Context) error {
	state, err := s.Store.Certificates().State(ctx)
	if err != nil || state.LogKey == "" {
		return err
	}
	office, err := s.Office(ctx)
	if err != nil {
		return err
	}
	_, err = office.CatchUp(ctx)
	return err
}

// outcome returns the entry that posted INSTITUTION/ID, in its newest revision.
func (s *session) outcome(ctx context.Context, id creditbank.LearnerID, name string) (int64, error) {
	institution, external, ok := strings.Cut(name, "/")
	a, err := s.Account(ctx, id)
	if err != nil {
		return 0, err
	}
	for _, l := range slices.Backward(a.Lots) {
		if ok && l.Institution == creditbank.InstitutionID(institution) && l.ExternalID == external {
			return l.Seq, nil
		}
	}
	return 0, creditbank.NotFound(creditbank.CodeUnknownOutcome, "--outcome", fmt.Sprintf("没有成果 %s（应写成 机构/编号）", name),
		fmt.Sprintf("there is no outcome %s (write INSTITUTION/ID)", name))
}

// writeCertificates writes all certificates of the learners to dir.
func (s *session) writeCertificates(ctx context.Context, office *embedded.Office, learners []learnerView, dir string, also tokenForms) (certifiedView, error) {
	trust, parsed, err := office.Trust(ctx)
	if err != nil {
		return certifiedView{}, err
	}
	v := certifiedView{Fingerprint: parsed.Fingerprint(), Certificates: []certificateView{}}
	for _, l := range learners {
		all, err := s.certificates(ctx, office, l)
		if err != nil {
			return v, err
		}
		v.Certificates = append(v.Certificates, all...)
	}
	w := &certificateWriter{office: office, dir: dir, trust: trust, done: map[string]bool{}, also: also}
	for i := range v.Certificates {
		if err := w.write(ctx, &v.Certificates[i]); err != nil {
			return v, err
		}
	}
	if also.any() { // its keys may have been made for it
		if _, parsed, err = office.Trust(ctx); err != nil {
			return v, err
		}
		v.Fingerprint = parsed.Fingerprint()
	}
	return v, nil
}

// certificates lists the certificates of a learner.
func (s *session) certificates(ctx context.Context, office *embedded.Office, l learnerView) ([]certificateView, error) {
	all, err := office.List(ctx, l.ID)
	if err != nil {
		return nil, err
	}
	h, err := s.History(ctx, l.ID)
	if err != nil {
		return nil, err
	}
	views := make([]certificateView, 0, len(all))
	for _, c := range all {
		views = append(views, newCertificateView(h, l, c))
	}
	return views, nil
}

func newCertificateView(h creditbank.History, l learnerView, c issuance.Certificate) certificateView {
	v := certificateView{Holder: l.called(), ID: c.ID, Kind: string(c.Kind), Seq: c.Seq, Institution: c.Institution, LogIndex: c.Index, Revoked: !c.Valid(), list: c.Status.List}
	for _, a := range h.Acts {
		if a.Seq == c.Seq && a.Body.Decision != nil {
			v.Rule = a.Body.Decision.Rule
		}
	}
	return v
}

// A certificateWriter writes certificates with what belongs to them.
type certificateWriter struct {
	office *embedded.Office
	dir    string
	trust  []byte
	done   map[string]bool // status lists and trust files written
	also   tokenForms
}

func (w *certificateWriter) write(ctx context.Context, c *certificateView) error {
	h, err := w.office.Fetch(ctx, c.ID)
	if err != nil {
		return err
	}
	// What certificates share stands in a folder where certverify looks for it,
	// so that they stand alone in theirs. Each issuer signs each status list.
	shared := filepath.Join(w.dir, "verify")
	if err := os.MkdirAll(shared, 0o755); err != nil {
		return err
	}
	name := fmt.Sprintf("%s-%s-%d", c.Holder, cmp.Or(string(c.Rule), "outcome"), c.Seq)
	c.Credential, c.Proof = filepath.Join(w.dir, safeName(name)+".json"), filepath.Join(w.dir, safeName(name)+".tlog-proof")
	c.StatusList = filepath.Join(shared, safeName(fmt.Sprintf("status-%s-%d.json", c.Institution, c.list)))
	c.Trust = filepath.Join(shared, "trust.json")
	if err := w.tokens(ctx, c, filepath.Join(w.dir, safeName(name))); err != nil {
		return err
	}
	return errors.Join(
		replaceFile(c.Credential, h.Bundle.Credential), replaceFile(c.Proof, h.Bundle.Proof),
		w.once(c.StatusList, h.Bundle.Status), w.writeTrust(ctx, c.Trust))
}

// writeTrust writes the trust file: anew where a token was signed, whose key may
// have been made for it.
func (w *certificateWriter) writeTrust(ctx context.Context, path string) error {
	if !w.also.any() {
		return w.once(path, w.trust)
	}
	trust, _, err := w.office.Trust(ctx)
	if err != nil {
		return err
	}
	return replaceFile(path, trust)
}

// once writes a file that several certificates share.
func (w *certificateWriter) once(path string, data []byte) error {
	if w.done[path] {
		return nil
	}
	w.done[path] = true
	return replaceFile(path, data)
}

// safeName returns s as the name of a file.
func safeName(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, s)
}

// replaceFile writes a file in one piece: whoever opens it finds the old or the
// new.
func replaceFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	_, werr := f.Write(data)
	err = errors.Join(werr, f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", path, err), os.Remove(f.Name()))
	}
	return nil
}

func writeCertified(out *term.Screen, v certifiedView) {
	if v.Learner != nil {
		out.Title(tx(v.Learner.heading(), v.Learner.heading()))
	}
	if len(v.Certificates) == 0 {
		out.Say(0, tx("没有证书：尚无批准的转换", "no certificates: no conversion was approved"))
		return
	}
	var rows [][]term.Cell
	for _, c := range v.Certificates {
		state, style := tx("有效", "valid"), term.Good
		if c.Revoked {
			state, style = tx("已吊销", "revoked"), term.Bad
		}
		rows = append(rows, []term.Cell{term.Of(fmt.Sprint(c.Seq)), term.Of(string(c.Rule)), term.Of(string(c.Institution)), {Text: out.Pick(state), Style: style}, term.Of(c.Credential)})
	}
	out.Table(0, []term.Column{{Head: headNo, Right: true}, {Head: headRule}, {Head: tx("签发", "issuer")}, {Head: tx("状态", "state")}, {Head: tx("文件", "file"), Flex: true}}, rows)
	out.Blank()
	out.Say(0, tx("信任名单指纹（请与公布的核对）", "fingerprint of the trust file, to compare with the published one"))
	out.Line("  " + v.Fingerprint)
	out.Blank()
	out.Line("  certverify " + quote(v.Certificates[0].Credential))
}
