package generate

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"pgregory.net/rapid"
)

// Values supplies values that exist, by the name of a parameter or of a field of
// a body. It returns false where it has none: then one is made of the schema.
type Values func(r Rand, name string) (any, bool)

// Value returns a value that fits a schema.
func Value(r Rand, s *openapi3.Schema, name string, known Values) any {
	if v, ok := known(r, name); ok {
		return v
	}
	switch {
	case len(s.Enum) > 0:
		return Pick(r, s.Enum...)
	case s.Type.Is("object"):
		return object(r, s, known)
	case s.Type.Is("array"):
		return array(r, s, name, known)
	case s.Type.Is("integer"):
		return integer(r, s)
	case s.Type.Is("boolean"):
		return r.Chance(50)
	}
	return text(r, s)
}

// object leaves out about half of what may be left out.
func object(r Rand, s *openapi3.Schema, known Values) map[string]any {
	o := map[string]any{}
	for _, name := range sortedKeys(s.Properties) {
		if slices.Contains(s.Required, name) || r.Chance(50) {
			o[name] = Value(r, s.Properties[name].Value, name, known)
		}
	}
	return o
}

func array(r Rand, s *openapi3.Schema, name string, known Values) []any {
	n := r.Between(int(s.MinItems), int(s.MinItems)+2)
	if s.MaxItems != nil {
		n = min(n, int(*s.MaxItems))
	}
	list := []any{}
	for range n {
		v := Value(r, s.Items.Value, name, known)
		if s.UniqueItems && slices.Contains(list, v) {
			continue
		}
		list = append(list, v)
	}
	return list
}

func integer(r Rand, s *openapi3.Schema) json.Number {
	low, high := int64(math.MinInt32), int64(math.MaxInt32)
	if s.Min != nil {
		low = int64(*s.Min)
	}
	if s.Max != nil {
		high = int64(*s.Max)
	}
	return json.Number(fmt.Sprint(Draw(r, rapid.Int64Range(low, high))))
}

// words are texts without a pattern, of people who write this and that.
var words = rapid.StringOfN(rapid.RuneFrom([]rune("学分银行社区课程青禾东岭南浦abcXYZ019 -.·，（）é😀")), 1, 30, 60)

// patterns are the generators of patterns, which take a while to make.
var patterns sync.Map

func text(r Rand, s *openapi3.Schema) string {
	most := math.MaxInt
	if s.MaxLength != nil {
		most = int(*s.MaxLength)
	}
	var v string
	switch {
	case s.Format == "date-time":
		return time.Unix(int64(r.Between(0, 2e9)), 0).UTC().Format(time.RFC3339)
	case s.Pattern != "":
		g, ok := patterns.Load(s.Pattern)
		if !ok {
			g, _ = patterns.LoadOrStore(s.Pattern, rapid.StringMatching(s.Pattern))
		}
		v = Draw(r, g.(*rapid.Generator[string]))
	default:
		v = Draw(r, words)
	}
	if s.Pattern == "" {
		v = strings.TrimSpace(v)
	}
	for len([]rune(v)) < int(s.MinLength) {
		v += string(rune('a' + r.IntN(26)))
	}
	if runes := []rune(v); len(runes) > most {
		v = strings.TrimSpace(string(runes[:most]))
	}
	return v
}

func sortedKeys[T any](m map[string]T) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
