package certify_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"creditbank/certify"
	"creditbank/certify/certifytest"
)

func TestCodeFindsEveryWrongAndEveryExchangedCharacter(t *testing.T) {
	const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	rapid.Check(t, func(t *rapid.T) {
		var hash [32]byte
		copy(hash[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "hash"))
		code := certify.CodeOf(hash)
		s := code.Compact()
		for i := range s {
			for j := range alphabet {
				wrong := s[:i] + alphabet[j:j+1] + s[i+1:]
				if _, err := certify.ParseCode(wrong); (err == nil) != (wrong == s) {
					t.Fatalf("ParseCode(%s), for %s: %v", wrong, s, err)
				}
			}
			for j := range i {
				wrong := []byte(s)
				wrong[i], wrong[j] = wrong[j], wrong[i]
				if _, err := certify.ParseCode(string(wrong)); (err == nil) != (string(wrong) == s) {
					t.Fatalf("ParseCode(%s), for %s: %v", wrong, s, err)
				}
			}
		}
	})
}

func TestCodeRange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var hash [32]byte
		copy(hash[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "hash"))
		code := certify.CodeOf(hash)
		least, greatest := code.Range()
		if bytes.Compare(least[:], hash[:]) > 0 || bytes.Compare(hash[:], greatest[:]) > 0 {
			t.Fatalf("%x is not in the range of its code: %x…%x", hash, least, greatest)
		}
		if certify.CodeOf(least) != code || certify.CodeOf(greatest) != code {
			t.Fatalf("the ends of the range of %s have other codes", code)
		}
		back, err := certify.ParseCode(code.String())
		if err != nil || back != code {
			t.Fatalf("ParseCode(%s) = %s, %v", code, back, err)
		}
	})
}

func TestParseCodeAsPeopleType(t *testing.T) {
	// The hash of nothing, so that the code can be computed by hand.
	code := certify.CodeOf(sha256.Sum256(nil))
	if got, want := code.String(), "WERC-8GMR-ZGE1-96Y8"; got != want {
		t.Fatalf("code of the hash of nothing: %s, want %s", got, want)
	}
	for _, typed := range []string{
		"werc8gmrzge196y8", " WERC 8GMR ZGE1 96Y8 ", "WERC—8GMR–ZGE1−96Y8", "ＷＥＲＣ－８ＧＭＲ－ＺＧＥ１－９６Ｙ８", "wErC-8gMr\u3000zGe1\n96Y8",
	} {
		if got, err := certify.ParseCode(typed); err != nil || got != code {
			t.Errorf("ParseCode(%q) = %s, %v", typed, got, err)
		}
	}
	zeros := certify.CodeOf([32]byte{0: 0x08}) // 1 and 0, which people write as letters
	for _, typed := range []string{strings.ReplaceAll(zeros.String(), "0", "o"), strings.ReplaceAll(zeros.String(), "1", "l"), strings.ReplaceAll(zeros.String(), "1", "I")} {
		if got, err := certify.ParseCode(typed); err != nil || got != zeros {
			t.Errorf("ParseCode(%q) = %s, %v", typed, got, err)
		}
	}
}

func TestParseCodeSaysWhatIsWrong(t *testing.T) {
	for _, c := range []struct{ name, typed, zh, en string }{
		{"nothing", " - ", "请输入核验码", "type the code"},
		{"too short", "WERC-8GMR-ZGE1-96Y", "输入了 15 个", "this has 15"},
		{"too long", "WERC-8GMR-ZGE1-96Y8J", "输入了 17 个", "this has 17"},
		{"a letter that is in none", "UERC-8GMR-ZGE1-96Y8", "没有“U”", `no 'U' in any`},
		{"Chinese", "核验码", "没有“核”", `no '核' in any`},
		{"a wrong character", "WERC-8GMR-ZGE1-96Y9", "校验字符不符", "mistyped"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := certify.ParseCode(c.typed)
			var wrong *certify.CodeError
			if !errors.As(err, &wrong) || !errors.Is(err, certify.ErrMalformed) || !strings.Contains(wrong.Zh, c.zh) || !strings.Contains(wrong.En, c.en) {
				t.Errorf("ParseCode(%q): %+v, want %s, %s", c.typed, err, c.zh, c.en)
			}
		})
	}
}

func TestCodeOfCredentialIsThatOfItsRecord(t *testing.T) {
	w := certifytest.New(t)
	p, err := certify.Prepare(certifytest.Outcome(1))
	if err != nil {
		t.Fatal(err)
	}
	code, err := certify.CodeOfCredential(w.Issue(certifytest.Outcome(1)).Credential)
	if want := certify.CodeOf(p.Leaf().SHA256); err != nil || code != want {
		t.Errorf("code of the signed credential: %s, %v; want %s", code, err, want)
	}
	if _, err := certify.CodeOfCredential([]byte(`{"a":`)); !errors.Is(err, certify.ErrMalformed) {
		t.Errorf("code of damaged bytes: %v", err)
	}
}

func FuzzParseCode(f *testing.F) {
	f.Add("WERC-8GMR-ZGE1-96Y8")
	f.Add("ｗｅｒｃ")
	f.Fuzz(func(t *testing.T, typed string) {
		code, err := certify.ParseCode(typed)
		if err != nil {
			return
		}
		if back, err := certify.ParseCode(code.String()); err != nil || back != code {
			t.Errorf("ParseCode(%s) = %s, %v", code, back, err)
		}
	})
}
