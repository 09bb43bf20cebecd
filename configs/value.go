package configs

import (
	"fmt"
	"log/slog"
	"net/netip"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"creditbank/creditbank"
)

const day = 24 * time.Hour

// parse reads text as a value of the type of v and sets v to it.
func parse(v reflect.Value, text string) *creditbank.InputError {
	switch v.Interface().(type) {
	case string, Address:
		v.SetString(text)
		return nil
	case int:
		return set(v, text, strconv.Atoi, "应为整数", "is no whole number")
	case bool:
		return set(v, text, parseBool, "应为true或false", "is neither true nor false")
	case float64:
		return set(v, text, parseDecimal, "应为小数，如0.05", "is no decimal such as 0.05")
	case time.Duration:
		return set(v, text, parseDuration, "应为时长，如500ms、30s、15m、12h、7d", "is no duration such as 500ms, 30s, 15m, 12h or 7d")
	case slog.Level:
		return set(v, text, parseLevel, "应为以下之一：debug、info、warn、error", "is none of debug, info, warn, error")
	case netip.Prefix:
		return set(v, text, parseNetwork, "应为网段，如10.0.0.0/8或::1/128", "is no network such as 10.0.0.0/8 or ::1/128")
	}
	return creditbank.Invalid(creditbank.CodeMalformed, "", "不支持的类型", fmt.Sprintf("values of type %v cannot be read", v.Type()))
}

// set sets v to what parse makes of text, or says why it cannot.
func set[T any](v reflect.Value, text string, parse func(string) (T, error), zh, en string) *creditbank.InputError {
	value, err := parse(text)
	if err != nil {
		return creditbank.Invalid(creditbank.CodeMalformed, "", fmt.Sprintf("“%.60s”%s", text, zh), fmt.Sprintf("%.60q %s", text, en))
	}
	v.Set(reflect.ValueOf(value))
	return nil
}

func parseBool(s string) (bool, error) {
	if s != "true" && s != "false" {
		return false, fmt.Errorf("%q", s)
	}
	return s == "true", nil
}

var decimal = regexp.MustCompile(`^[0-9]{1,6}(\.[0-9]{1,9})?$`)

func parseDecimal(s string) (float64, error) {
	if !decimal.MatchString(s) {
		return 0, fmt.Errorf("%q", s)
	}
	return strconv.ParseFloat(s, 64)
}

var days = regexp.MustCompile(`^[0-9]{1,5}d$`)

// parseDuration reads what [time.ParseDuration] does, and whole days of 24 hours.
func parseDuration(s string) (time.Duration, error) {
	if days.MatchString(s) {
		n, err := strconv.Atoi(strings.TrimSuffix(s, "d"))
		return time.Duration(n) * day, err
	}
	return time.ParseDuration(s)
}

func parseLevel(s string) (slog.Level, error) {
	for _, l := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
		if s == formatLevel(l) {
			return l, nil
		}
	}
	return 0, fmt.Errorf("%q", s)
}

// parseNetwork reads a network. One with bits past its length, 10.1.2.3/8, is
// probably not what was meant.
func parseNetwork(s string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(s)
	if err == nil && p != p.Masked() {
		return p, fmt.Errorf("%q is not masked", s)
	}
	return p, err
}

// format writes a value in the form that parse reads.
func format(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case time.Duration:
		return formatDuration(x)
	case slog.Level:
		return formatLevel(x)
	case float64:
		return strconv.FormatFloat(x, 'f', -1, 64)
	default:
		return fmt.Sprint(x)
	}
}

func formatDuration(d time.Duration) string {
	if d > 0 && d%day == 0 {
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func formatLevel(l slog.Level) string { return strings.ToLower(l.String()) }
