package telemetry

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strconv"

	"creditbank/configs"
)

// NewLogger returns a log that writes to w in the form and from the level that
// c says, through [Redact].
func NewLogger(w io.Writer, c configs.Telemetry) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.LogLevel, ReplaceAttr: Redact}
	if c.LogFormat == configs.LogText {
		return slog.New(slog.NewTextHandler(w, options))
	}
	return slog.New(slog.NewJSONHandler(w, options))
}

// Redact masks what looks like a resident identity number (GB 11643) in the
// message, keys and values of a log line. It is the last line of defence:
// personal data should not get this far. It is a ReplaceAttr of
// [slog.HandlerOptions]; the names of groups do not pass it.
func Redact(_ []string, a slog.Attr) slog.Attr {
	a.Key = mask(a.Key)
	switch a.Value.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(mask(a.Value.String()))
	case slog.KindInt64, slog.KindUint64:
		if s := a.Value.String(); mask(s) != s {
			a.Value = slog.StringValue(mask(s))
		}
	case slog.KindAny:
		if s, found := maskAny(a.Value.Any()); found {
			a.Value = slog.StringValue(s)
		}
	}
	return a
}

// maskAny returns the text of v with numbers masked, if there are any. Handlers
// print values in ways of their own, as text or JSON, and either may show what
// the other hides.
func maskAny(v any) (text string, found bool) {
	defer func() {
		if recover() != nil { // a method of v; the handler will meet it too, and knows what to do
			text, found = "", false
		}
	}()
	var shown []string
	switch v := v.(type) {
	case error:
		shown = []string{v.Error()}
	case []byte:
		shown = []string{string(v)}
	default:
		shown = []string{fmt.Sprintf("%+v", v)}
		if body, err := json.Marshal(v); err == nil {
			shown = append(shown, string(body))
		}
	}
	for _, s := range shown {
		if m := mask(s); m != s {
			return m, true
		}
	}
	return "", false
}

// masked stands where a number was.
const masked = "******************"

// idWeights are the weights of ISO 7064 MOD 11-2.
var idWeights = [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}

// isIDNumber reports whether 18 characters are an identity number: a date where
// one belongs, and the check character.
func isIDNumber(s string) bool {
	sum := 0
	for i, w := range idWeights {
		sum += int(s[i]-'0') * w
	}
	year, _ := strconv.Atoi(s[6:10])
	month, _ := strconv.Atoi(s[10:12])
	dayOfMonth, _ := strconv.Atoi(s[12:14])
	return s[17] == "10X98765432"[sum%11] && 1850 <= year && year < 2150 &&
		1 <= month && month <= 12 && 1 <= dayOfMonth && dayOfMonth <= 31
}
