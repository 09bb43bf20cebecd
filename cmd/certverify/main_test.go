package main

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"creditbank/certify"
	"creditbank/certify/certifytest"
)

// folder writes a certificate with all that belongs to it and returns its path.
func folder(t *testing.T, change func(files map[string][]byte)) string {
	t.Helper()
	w := certifytest.New(t)
	b := w.Issue(certifytest.Outcome(1))
	trust, err := certify.NewTrust(w.Trust)
	if err != nil {
		t.Fatal(err)
	}
	data, err := trust.JSON()
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{"cert.json": b.Credential, "cert.tlog-proof": b.Proof, "status.json": b.Status, "trust.json": data}
	if change != nil {
		change(files)
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "verify"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "cert.json")
}

// tokens puts the other forms of the certificate beside it.
func tokens(t *testing.T, files map[string][]byte, sd bool, change func([]byte) []byte) {
	t.Helper()
	w := certifytest.New(t)
	rs256, es256 := w.Tokens()
	trust, err := certify.NewTrust(w.Trust)
	if err != nil {
		t.Fatal(err)
	}
	if files["trust.json"], err = trust.JSON(); err != nil {
		t.Fatal(err)
	}
	p, err := certify.Prepare(certifytest.Outcome(1))
	if err != nil {
		t.Fatal(err)
	}
	name, data := "cert.jwt", []byte(nil)
	if sd {
		name = "cert.sd-jwt"
		data, err = p.SDJWT(es256, certifytest.Now(), rand.Reader)
	} else {
		data, err = p.JWT(rs256)
	}
	if err != nil {
		t.Fatal(err)
	}
	files[name] = change(data)
}

func call(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(args, &out, &errs, certifytest.Now)
	return code, out.String(), errs.String()
}

func TestExitCodes(t *testing.T) {
	good := folder(t, nil)
	dir := filepath.Dir(good)
	remove := func(name string) string {
		return folder(t, func(f map[string][]byte) { delete(f, name) })
	}
	rename := folder(t, func(f map[string][]byte) {
		f["status-a-1.json"], f["verify/status-b-1.json"], f["verify/trust.json"] = []byte("{}"), f["status.json"], f["trust.json"]
		f["status.json"] = []byte("rubbish")
		delete(f, "trust.json")
	})
	forged := folder(t, func(f map[string][]byte) {
		f["cert.json"] = bytes.Replace(f["cert.json"], []byte("3.5"), []byte("9.5"), 1)
	})
	token := func(sd bool, change func([]byte) []byte) string {
		path := folder(t, func(f map[string][]byte) { tokens(t, f, sd, change) })
		return strings.TrimSuffix(path, ".json") + map[bool]string{false: ".jwt", true: ".sd-jwt"}[sd]
	}
	nameless := func(b []byte) []byte {
		shown, err := certify.Disclose(b, certify.DiscloseGrade)
		if err != nil {
			t.Fatal(err)
		}
		return shown
	}
	asIs := func(b []byte) []byte { return b }
	tests := map[string]struct {
		args []string
		code int
		out  string // must be in stdout, or for code 2 in stderr
	}{
		"all beside":                      {[]string{good}, exitValid, "有效 VALID"},
		"trust beside is said":            {[]string{good}, exitValid, "worth what its sender is worth"},
		"trust named":                     {[]string{"--trust", filepath.Join(dir, "trust.json"), good}, exitValid, "信任名单 trust file: "},
		"all named":                       {[]string{"--trust", filepath.Join(dir, "trust.json"), "--proof", filepath.Join(dir, "cert.tlog-proof"), "--status", filepath.Join(dir, "status.json"), good}, exitValid, "VALID"},
		"status by id in a folder beside": {[]string{rename}, exitValid, "VALID"},
		"a JWT":                           {[]string{token(false, asIs)}, exitValid, "有效 VALID"},
		"a JWT, a line after it":          {[]string{token(false, func(b []byte) []byte { return append(b, '\n') })}, exitValid, "有效 VALID"},
		"a JWT, changed":                  {[]string{token(false, func(b []byte) []byte { return bytes.Replace(b, []byte(".ey"), []byte(".fy"), 1) })}, exitInvalid, "✗"},
		"an SD-JWT":                       {[]string{token(true, asIs)}, exitValid, "有效 VALID"},
		"an SD-JWT shows what it shows":   {[]string{token(true, asIs)}, exitValid, "  grade: 91\n  hours: 64\n"},
		"an SD-JWT without a name":        {[]string{token(true, nameless)}, exitValid, "清河市学分银行 · 3.5\n  grade: 91\n  urn:"},
		"an SD-JWT cut":                   {[]string{token(true, func(b []byte) []byte { return b[:len(b)-1] })}, exitInvalid, "✗"},
		"no status":                       {[]string{remove("status.json")}, exitIncomplete, "– 没有提供撤销名单"},
		"no proof":                        {[]string{remove("cert.tlog-proof")}, exitIncomplete, "– 没有提供日志证明"},
		"no trust":                        {[]string{remove("trust.json")}, exitIncomplete, "没有信任名单"},
		"forged":                          {[]string{forged}, exitInvalid, "✗ 签名不正确"},
		"forged and good":                 {[]string{good, forged}, exitInvalid, "有效 VALID"},
		"expired":                         {[]string{"--at", "2037-01-01", good}, exitInvalid, "✗ 已过有效期"},
		"before it was valid":             {[]string{"--at", "2026-11-21", good}, exitInvalid, "✗ 尚未生效"},
		"on its day, by time":             {[]string{"--at", "2026-11-23T08:00:00Z", good}, exitValid, "VALID"},
		"no file":                         {nil, exitUnreadable, "arg"},
		"file missing":                    {[]string{filepath.Join(dir, "none.json")}, exitUnreadable, "none.json"},
		"trust missing":                   {[]string{"--trust", filepath.Join(dir, "none"), good}, exitUnreadable, "none"},
		"trust damaged":                   {[]string{"--trust", good, good}, exitUnreadable, "trust"},
		"date wrong":                      {[]string{"--at", "yesterday", good}, exitUnreadable, "yesterday"},
		"flag unknown":                    {[]string{"--fast", good}, exitUnreadable, "fast"},
		"one proof, two":                  {[]string{"--proof", good, good, good}, exitUnreadable, "--proof"},
		"a folder":                        {[]string{dir}, exitUnreadable, "certverify: "},
		"rubbish is a bad document":       {[]string{filepath.Join(filepath.Dir(rename), "status.json")}, exitInvalid, "✗ 文件损坏"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := call(t, test.args...)
			text := stdout
			if test.code == exitUnreadable {
				text = stderr
				if stdout != "" {
					t.Errorf("stdout %q, want nothing", stdout)
				}
			}
			if code != test.code || !strings.Contains(text, test.out) {
				t.Errorf("run(%q) = %d, want %d with %q\n%s%s", test.args, code, test.code, test.out, stdout, stderr)
			}
		})
	}
}

func TestJSON(t *testing.T) {
	code, stdout, _ := call(t, "--json", folder(t, nil))
	var got struct {
		Certificates []struct {
			File  string
			Trust struct {
				Fingerprint string
				Beside      bool
			}
			Verdict string
			At      time.Time
			Checks  []certify.Check
		}
	}
	if err := json.Unmarshal([]byte(stdout), &got); err != nil {
		t.Fatalf("%v\n%s", err, stdout)
	}
	c := got.Certificates[0]
	if code != 0 || c.Verdict != "valid" || len(c.Checks) != 7 || !c.Trust.Beside || c.Trust.Fingerprint == "" || !c.At.Equal(certifytest.Now()) {
		t.Errorf("run --json = %d, %+v", code, c)
	}
}

func TestTextCannotSteerTheTerminal(t *testing.T) {
	forged := folder(t, func(f map[string][]byte) {
		f["cert.json"] = bytes.Replace(f["cert.json"], []byte("王"), []byte(`\u202e\u009b31m`), 1)
	})
	code, stdout, _ := call(t, forged)
	if code != exitInvalid || strings.ContainsAny(stdout, "\u202e\u009b\x1b") {
		t.Errorf("run = %d\n%q", code, stdout)
	}
}

// The verifier is the proof that checking needs no server: it must not even be
// able to open a connection of its own accord.
func TestImportsCertifyOnly(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for dep := range strings.Lines(string(out)) {
		dep = strings.TrimSpace(dep)
		if own, ok := strings.CutPrefix(dep, "creditbank/"); ok && own != "cmd/certverify" && own != "certify" && own != "certify/tlog" {
			t.Errorf("certverify depends on %s", dep)
		}
	}
}
