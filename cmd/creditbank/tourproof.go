package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"creditbank/certify"
	"creditbank/cmd/creditbank/internal/term"
)

// certificate issues the certificates, verifies the newest one from the
// written files, then changes it and sees it refused.
func (d *tour) certificate(ctx context.Context) (err error) {
	d.out.Title(tx("六、证书", "6. certificates"))
	if d.issued, d.office, err = d.issue(ctx, filepath.Join(d.dir, "certificates")); err != nil {
		return err
	}
	if len(d.issued.Certificates) == 0 {
		return errors.New("no certificate was issued")
	}
	c := d.chosen()
	d.out.Say(0, txf("为%d项批准的转换签发证书，登记透明日志并存证。其中一份：", "%d certificates of the approved conversions were logged, signed and anchored. One of them:", len(d.issued.Certificates)))
	d.out.Line("  " + d.out.Paint(term.Accent, c.Credential))
	d.out.Blank()
	d.out.Say(0, tx("离线核验（只用文件夹里的文件，不联网、不问学分银行）：", "verified offline, from the files alone, without the bank:"))
	report, err := d.p.verify(c)
	if err != nil {
		return err
	}
	d.checks(report)
	return d.tamper(c)
}

// chosen returns the certificate to look at: the last that was decided.
func (d *tour) chosen() certificateView {
	i := 0
	last := d.result.Decisions[len(d.result.Decisions)-1]
	if n := slices.IndexFunc(d.issued.Certificates, func(c certificateView) bool { return c.Holder == last.Learner && c.Rule == last.Rule }); n >= 0 {
		i = n
	}
	return d.issued.Certificates[i]
}

// verify checks a certificate as a stranger would, from its files.
func (p *program) verify(c certificateView) (certify.Report, error) {
	var b certify.Bundle
	var trustFile []byte
	for _, f := range []struct {
		path string
		into *[]byte
	}{{c.Credential, &b.Credential}, {c.Proof, &b.Proof}, {c.StatusList, &b.Status}, {c.Trust, &trustFile}} {
		var err error
		if *f.into, err = os.ReadFile(f.path); err != nil {
			return certify.Report{}, err
		}
	}
	trust, err := certify.ParseTrust(trustFile)
	if err != nil {
		return certify.Report{}, err
	}
	return certify.Verify(b, trust, p.wall()), nil
}

// checks writes a report line by line.
func (d *tour) checks(r certify.Report) {
	for _, c := range r.Checks {
		mark, style := "✓", term.Good
		switch c.Result {
		case certify.Failed:
			mark, style = "✗", term.Bad
		case certify.NotChecked:
			mark, style = "?", term.Warn
		}
		d.out.Note(2, mark, style, tx(c.Zh, c.En))
	}
	verdict, style := tx("有效", "valid"), term.Good
	switch r.Verdict {
	case certify.Invalid:
		verdict, style = tx("无效，拒绝采信", "invalid, refused"), term.Bad
	case certify.Incomplete:
		verdict, style = tx("未能全部核验", "not everything could be checked"), term.Warn
	}
	d.out.Line("  " + d.out.Paint(term.Bold, "= ") + d.out.Paint(style, d.out.Inline(verdict)))
}

var creditsEarned = regexp.MustCompile(`("creditsEarned":\s*)([0-9.]+)`)

// tamper changes the credits of a certificate, in a folder beside, and has it
// verified again.
func (d *tour) tamper(c certificateView) error {
	dir := filepath.Join(d.dir, "tampered")
	if err := os.MkdirAll(filepath.Join(dir, "verify"), 0o755); err != nil {
		return err
	}
	for _, path := range []*string{&c.Credential, &c.Proof, &c.StatusList, &c.Trust} {
		data, err := os.ReadFile(*path)
		if err != nil {
			return err
		}
		if path == &c.Credential {
			changed := creditsEarned.ReplaceAll(data, []byte("${1}${2}0"))
			if bytes.Equal(changed, data) {
				return fmt.Errorf("%s names no credits", *path)
			}
			data = changed
		}
		name, err := filepath.Rel(filepath.Join(d.dir, "certificates"), *path)
		if err != nil {
			return err
		}
		*path = filepath.Join(dir, name)
		if err := replaceFile(*path, data); err != nil {
			return err
		}
	}
	report, err := d.p.verify(c)
	if err != nil {
		return err
	}
	d.out.Blank()
	d.out.Say(0, tx("有人把学分改成十倍，再核验：", "somebody multiplies the credits by ten; verified again:"))
	d.checks(report)
	return nil
}

// audit adds everything up anew.
func (d *tour) audit(ctx context.Context) error {
	e, err := d.Examine(ctx, true, func(int) {})
	if err != nil {
		return err
	}
	d.out.Title(tx("七、体检", "7. everything is added up anew"))
	writeChecks(d.out, e)
	return nil
}

// next says what to type now.
func (d *tour) next(context.Context) error {
	last := d.result.Decisions[len(d.result.Decisions)-1]
	c := d.chosen()
	on := last.At.String()
	d.out.Title(tx("接下来可以试试", "what to type next"))
	for _, line := range []struct{ zh, en, command string }{
		{"任何一天的余额", "a balance on any day", d.p.command("balance", c.Holder, "--on", on)},
		{"对账单：每一笔及其分录", "everything on record", d.p.command("statement", c.Holder)},
		{"试算一次转换，列出全部理由", "what would be decided, and every reason", d.p.command("convert", "L1", "R10", "--preview")},
		{"最优转换方案", "the best plan", d.p.command("plan", "L5", "P1")},
		{"当时的决定，逐字节复算", "a decision reached again, byte for byte", d.p.command("replay", c.Holder, fmt.Sprint(c.Seq))},
		{"改规则，再走一遍这一年", "change the rules and play the year again", d.p.self() + " simulate " + quote(filepath.Join(d.dir, "qinghe"))},
		{"离线核验证书", "verify a certificate offline", d.p.sibling("certverify") + " " + quote(c.Credential)},
	} {
		d.out.Line(d.out.Paint(term.Dim, "# "+d.out.Pick(tx(line.zh, line.en))))
		d.out.Line("  " + line.command)
	}
	return nil
}
