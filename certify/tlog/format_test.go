package tlog

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/note"
)

const origin = "credits.example.edu/certlog"

func testKey(b byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{b}, ed25519.SeedSize))
}

func public(k ed25519.PrivateKey) ed25519.PublicKey { return k.Public().(ed25519.PublicKey) }

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func logKeys(t testing.TB, name string, b byte) (note.Signer, note.Verifier) {
	t.Helper()
	s := must[note.Signer](t)(NewSigner(name, testKey(b)))
	vkey := must[string](t)(VerifierKey(name, public(testKey(b))))
	return s, must[note.Verifier](t)(note.NewVerifier(vkey))
}

var cosignedAt = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

func cosignerKeys(t testing.TB, name string, b byte) (note.Signer, note.Verifier) {
	t.Helper()
	s := must[note.Signer](t)(NewCosigner(name, testKey(b), func() time.Time { return cosignedAt }))
	vkey := must[string](t)(CosignerKey(name, public(testKey(b))))
	return s, must[note.Verifier](t)(NewCosignatureVerifier(vkey))
}

func TestProofFromLogToVerifier(t *testing.T) {
	m, _ := grow(t, 300, 7)
	ls, lv := logKeys(t, origin, 1)
	cs, cv := cosignerKeys(t, "anchor.example/org1", 2)
	_, other := cosignerKeys(t, "anchor.example/org2", 3)
	signed := must[[]byte](t)(Checkpoint{Origin: origin, Head: m.head}.Sign(ls))
	line := must[[]byte](t)(Cosign(signed, lv, cs))
	both := must[[]byte](t)(AddSignatures(signed, line))
	both = must[[]byte](t)(AddSignatures(both, line)) // a second time changes nothing
	p := Proof{Index: 7, Hashes: must[[]Hash](t)(ProveInclusion(m.head, 7, m.read)), Checkpoint: both}
	text := must[[]byte](t)(p.Format())
	got := must[Proof](t)(ParseProof(text))
	if d := cmp.Diff(p, got); d != "" {
		t.Errorf("ParseProof(Format) (-want +got):\n%s", d)
	}
	o := must[Opened](t)(got.Verify(record(7), lv, cv, other))
	want := Opened{Checkpoint{origin, m.head}, []Cosignature{{"anchor.example/org1", cosignedAt}}}
	if d := cmp.Diff(want, o); d != "" {
		t.Errorf("Verify (-want +got):\n%s", d)
	}
	if _, err := got.Verify(record(8), lv); !errors.Is(err, ErrProof) {
		t.Errorf("Verify of another record: error %v, want ErrProof", err)
	}
	for i := range text { // one bit anywhere in the text
		bad := bytes.Clone(text)
		bad[i] ^= 1
		q, err := ParseProof(bad)
		if err != nil {
			continue
		}
		o, err := q.Verify(record(7), lv, cv)
		if err == nil && len(o.Cosignatures) == 1 {
			t.Fatalf("proof with a flipped bit at %d (%q) verifies", i, bad[max(0, i-5):i+1])
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	ls, lv := logKeys(t, origin, 1)
	otherS, otherV := logKeys(t, "other.example/log", 4)
	_, forged := logKeys(t, origin, 5) // the same name, another key
	c := Checkpoint{Origin: origin, Head: EmptyHead()}
	good := must[[]byte](t)(c.Sign(ls))
	foreign := must[[]byte](t)(c.Sign(otherS))
	text := must[[]byte](t)(note.Sign(&note.Note{Text: "hello\n"}, ls))
	tests := map[string]struct {
		msg []byte
		log note.Verifier
	}{
		"another log's key":                {good, otherV},
		"a key of the same name":           {good, forged},
		"signed under another name":        {foreign, otherV},
		"signed by another log only":       {foreign, lv},
		"not a checkpoint":                 {text, lv},
		"size changed":                     {bytes.Replace(good, []byte("\n0\n"), []byte("\n1\n"), 1), lv},
		"signature missing":                {good[:bytes.Index(good, []byte("— "))], lv},
		"empty":                            {nil, lv},
		"extension line, signed":           {must[[]byte](t)(note.Sign(&note.Note{Text: c.Text() + "more\n"}, ls)), lv},
		"size with leading zero, signed":   {must[[]byte](t)(note.Sign(&note.Note{Text: strings.Replace(c.Text(), "\n0\n", "\n00\n", 1)}, ls)), lv},
		"negative size, signed":            {must[[]byte](t)(note.Sign(&note.Note{Text: strings.Replace(c.Text(), "\n0\n", "\n-1\n", 1)}, ls)), lv},
		"root without its padding, signed": {must[[]byte](t)(note.Sign(&note.Note{Text: strings.Replace(c.Text(), "=", "", 1)}, ls)), lv},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if o, err := Open(test.msg, test.log); err == nil {
				t.Errorf("Open = %+v, want an error", o)
			}
		})
	}
	if _, err := Open(good, lv); err != nil {
		t.Errorf("Open of the good one: %v", err)
	}
}

// The key and the cosignature in the text of C2SP tlog-cosignature are not
// reproducible (no private key is given); what can be held against the text is
// the layout.
func TestCosignatureLayout(t *testing.T) {
	cs, cv := cosignerKeys(t, "witness.example.com/w1", 9)
	text := []byte("example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n")
	sig := must[[]byte](t)(cs.Sign(text))
	msg := "cosignature/v1\ntime 1795420800\n" + string(text)
	if !ed25519.Verify(public(testKey(9)), []byte(msg), sig[8:]) {
		t.Error("the signature is not over the message of tlog-cosignature")
	}
	if !cv.Verify(text, sig) || cs.KeyHash() != cv.KeyHash() {
		t.Error("the verifier does not accept it")
	}
	for i := range sig {
		bad := bytes.Clone(sig)
		bad[i] ^= 1
		if cv.Verify(text, bad) {
			t.Errorf("verifies with a flipped bit in byte %d", i)
		}
	}
	if cv.Verify(text, sig[:len(sig)-1]) || cv.Verify(text, nil) {
		t.Error("verifies when cut short")
	}
}

func TestCosignerKeyRefuses(t *testing.T) {
	log := must[string](t)(VerifierKey("w.example", public(testKey(1))))
	good := must[string](t)(CosignerKey("w.example", public(testKey(1))))
	for name, key := range map[string]string{
		"a log's key": log, "empty": "", "cut": good[:len(good)-4], "renamed": "v" + good[1:],
		"no hash": strings.Replace(good, "+", "", 1), "a space": " " + good, "upper case id": strings.ToUpper(good),
	} {
		if _, err := NewCosignatureVerifier(key); !errors.Is(err, ErrMalformed) {
			t.Errorf("NewCosignatureVerifier of %s (%q): error %v, want ErrMalformed", name, key, err)
		}
	}
}

func TestLeaf(t *testing.T) {
	l := Leaf{Kind: KindCredential, SHA256: [32]byte{0xab, 1}}
	const want = `{"kind":"credential","sha256":"ab01000000000000000000000000000000000000000000000000000000000000","v":1}`
	if got := string(l.Record()); got != want {
		t.Errorf("Record() = %s, want %s", got, want)
	}
	a := must[Leaf](t)(RevocationLeaf(l, cosignedAt))
	b := must[Leaf](t)(RevocationLeaf(l, cosignedAt.Add(time.Millisecond).In(time.FixedZone("", 3600))))
	c := must[Leaf](t)(RevocationLeaf(l, cosignedAt.Add(time.Second)))
	if a != b || a == c || a.Kind != KindRevocation {
		t.Errorf("RevocationLeaf: %v %v %v", a, b, c)
	}
	if _, err := RevocationLeaf(a, cosignedAt); err == nil {
		t.Error("RevocationLeaf of a revocation: no error")
	}
}

func TestTilePath(t *testing.T) {
	for _, test := range []struct {
		id    TileID
		width int
		want  string
	}{
		{TileID{0, 0}, 1, "tile/0/000.p/1"},
		{TileID{0, 1234067}, 256, "tile/0/x001/x234/067"},
		{TileID{EntriesLevel, 273}, 112, "tile/entries/273.p/112"},
		{TileID{5, 7}, 255, "tile/5/007.p/255"},
	} {
		if got := test.id.Path(test.width); got != test.want {
			t.Errorf("%v.Path(%d) = %s, want %s", test.id, test.width, got, test.want)
		}
		id, width, err := ParseTilePath(test.want)
		if id != test.id || width != test.width || err != nil {
			t.Errorf("ParseTilePath(%s) = %v, %d, %v", test.want, id, width, err)
		}
	}
}

func FuzzParseCheckpoint(f *testing.F) {
	f.Add(Checkpoint{Origin: origin, Head: EmptyHead()}.Text())
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := ParseCheckpoint(text); err == nil && c.Text() != text {
			t.Errorf("ParseCheckpoint(%q).Text() = %q", text, c.Text())
		}
	})
}

func FuzzParseProof(f *testing.F) {
	f.Add([]byte("c2sp.org/tlog-proof@v1\nextra YWI=\nindex 0\nsFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=\n\nx\n"))
	_, lv := logKeys(f, origin, 1)
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := ParseProof(text)
		if err != nil {
			return
		}
		if got, err := p.Format(); err != nil || !bytes.Equal(got, text) {
			t.Errorf("Format(ParseProof(%q)) = %q, %v", text, got, err)
		}
		if _, err := p.Verify([]byte("x"), lv); err == nil {
			t.Error("a proof without a key verifies")
		}
	})
}

func FuzzParseLeaf(f *testing.F) {
	f.Add(Leaf{Kind: KindReport}.Record())
	f.Fuzz(func(t *testing.T, data []byte) {
		if l, err := ParseLeaf(data); err == nil && !bytes.Equal(l.Record(), data) {
			t.Errorf("ParseLeaf(%q).Record() = %q", data, l.Record())
		}
	})
}

func FuzzParseEntries(f *testing.F) {
	f.Add([]byte{0, 1, 'a', 0, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		rs, err := ParseEntries(data)
		if err != nil {
			return
		}
		if got, err := FormatEntries(rs); err != nil || !bytes.Equal(got, data) {
			t.Errorf("FormatEntries(ParseEntries(%q)) = %q, %v", data, got, err)
		}
	})
}

func FuzzParseTilePath(f *testing.F) {
	f.Add("tile/entries/x001/234.p/5")
	f.Add("tile/0/000")
	f.Fuzz(func(t *testing.T, path string) {
		if id, w, err := ParseTilePath(path); err == nil && id.Path(w) != path {
			t.Errorf("ParseTilePath(%q).Path = %q", path, id.Path(w))
		}
	})
}

func FuzzCosignerKey(f *testing.F) {
	k, _ := CosignerKey("w.example", public(testKey(1)))
	f.Add(k)
	f.Fuzz(func(t *testing.T, vkey string) {
		v, err := NewCosignatureVerifier(vkey)
		if err == nil && !strings.HasPrefix(vkey, v.Name()+"+") {
			t.Errorf("NewCosignatureVerifier(%q).Name() = %q", vkey, v.Name())
		}
	})
}
