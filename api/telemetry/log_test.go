package telemetry_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"creditbank/api/telemetry"
	"creditbank/configs"
	"creditbank/creditbank"
)

// Numbers of nobody: region 9901 does not exist.
const (
	number = "990101199001010289"
	withX  = "99010119900101006X"
)

func TestNumbersAreOfTheKindTheDomainKnows(t *testing.T) {
	for _, n := range []string{number, withX} {
		if _, err := creditbank.ParseIDNumber(n); err != nil {
			t.Errorf("%s: %v", n, err)
		}
	}
}

const stars = "******************"

func TestRedactTexts(t *testing.T) {
	wide := strings.NewReplacer("0", "０", "1", "１", "2", "２", "8", "８", "9", "９", "X", "ｘ")
	for text, want := range map[string]string{
		number:                                   stars,
		"learner " + number + " not found":       "learner " + stars + " not found",
		"身份证号" + withX + "有误":                    "身份证号" + stars + "有误",
		strings.ToLower(withX):                   stars,
		wide.Replace(withX):                      stars,
		"990101 19900101 0289":                   stars,
		"990101-19900101-006x":                   stars,
		"ID" + number + "L2":                     "ID" + stars + "L2",
		"/v1/learners/" + number + "?x=" + withX: "/v1/learners/" + stars + "?x=" + stars,
		"on 2026-11-05 " + number:                "on 2026-11-05 " + stars,
		"13800138000" + number:                   "13800138000" + stars,
		number + "13800138000":                   stars + "13800138000",
		number + number:                          stars + stars,
		number + " " + withX:                     stars + " " + stars,
		"the 990101199013010281":                 "the " + stars, // mistyped, and still somebody's
		"2026-11-05 990101199013010281 5":        "2026-11-05 " + stars + " 5",
		"12345678901234567":                      "12345678901234567",
		"1234567890123456789":                    "1234567890123456789", // nanoseconds
		"12 345 678":                             "12 345 678",
		"4bf92f3577b34da6a3ce929d0e0e4736":       "4bf92f3577b34da6a3ce929d0e0e4736",
		"990101 19901301 0289":                   stars,
		"1 23456789 0123456789 2":                "1 23456789 0123456789 2",
		"9901011234010102875":                    "9901011234010102875", // of the year 1234
		"599010020190507010601":                  "5" + stars,           // two that overlap
		"a123456789012345678":                    "a123456789012345678",
		"a123456789012345678b":                   "a123456789012345678b", // hexadecimal
		"123456789012345678bc":                   "123456789012345678bc",
		"a" + number + "b":                       "a" + stars + "b",
		"2026-11-05T12:04:35.123456789Z":         "2026-11-05T12:04:35.123456789Z",
		"xxxx":                                   "xxxx",
		"\xff" + number + "\xff":                 "\xff" + stars + "\xff",
		"":                                       "",
	} {
		if got := telemetry.Redact(nil, slog.String("k", text)).Value.String(); got != want {
			t.Errorf("%q is logged as %q, want %q", text, got, want)
		}
	}
}

type holder struct{ Number string }

type valuer struct{}

func (valuer) LogValue() slog.Value {
	return slog.GroupValue(slog.String("inside", number), slog.Any("error", errors.New(number)))
}

type hidden struct{}

func (hidden) MarshalJSON() ([]byte, error) { return json.Marshal(number) }
func (hidden) String() string               { return "hidden" }

type panics struct{}

func (*panics) MarshalJSON() ([]byte, error) { panic("no") }

func TestLogMasksNumbersWhereverTheyAre(t *testing.T) {
	for _, form := range []string{configs.LogJSON, configs.LogText} {
		for name, value := range map[string]any{
			"text": number, "error": fmt.Errorf("wrapped: %w", errors.New(number)), "integer": int64(990101199001010289),
			"unsigned": uint64(990101199001010289), "struct": holder{number}, "pointer": &holder{number}, "deep": []*holder{{number}},
			"map": map[string]string{number: "x"}, "bytes": []byte(number), "value": valuer{}, "JSON": hidden{},
			"group": slog.GroupValue(slog.String("a", number)), "domain": creditbank.IDNumber(number), "raw": json.RawMessage(`"` + number + `"`),
		} {
			var out bytes.Buffer
			log := telemetry.NewLogger(&out, configs.Telemetry{LogFormat: form})
			log.With("before", value).WithGroup("g").Info("of "+number, "value", value, "key"+number, 1)
			if strings.Contains(out.String(), number) || !strings.Contains(out.String(), stars) || strings.Count(out.String(), "\n") != 1 {
				t.Errorf("%s in %s: %s", name, form, out.String())
			}
		}
	}
}

func TestLogLeavesOtherValues(t *testing.T) {
	var out bytes.Buffer
	log := telemetry.NewLogger(&out, configs.Telemetry{LogFormat: configs.LogJSON, LogLevel: slog.LevelWarn})
	log.Info("not this")
	log.Warn("this", "n", 7, "s", holder{"L2"}, "panics", &panics{})
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	if line["n"] != 7.0 || line["s"].(map[string]any)["Number"] != "L2" || line["msg"] != "this" || line["level"] != "WARN" {
		t.Errorf("logged %s", out.String())
	}
	out.Reset()
	telemetry.NewLogger(&out, configs.Telemetry{LogFormat: configs.LogText}).Info("a b")
	if !strings.Contains(out.String(), `level=INFO msg="a b"`) {
		t.Errorf("text is %s", out.String())
	}
}

// Whatever stands around a number, it is masked; and too few digits are none.
func FuzzRedact(f *testing.F) {
	f.Add("on 2026-11-05 ", " 5")
	f.Add("a", "b")
	f.Add("１２", "Ｘ")
	f.Fuzz(func(t *testing.T, before, after string) {
		if got := telemetry.Redact(nil, slog.String("k", before+number+after)).Value.String(); strings.Contains(got, number) {
			t.Errorf("%q shows the number", got)
		}
		few := before[:min(len(before), 17)]
		if got := telemetry.Redact(nil, slog.String("k", few)).Value.String(); got != few {
			t.Errorf("%q becomes %q", few, got)
		}
	})
}
