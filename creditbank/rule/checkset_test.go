package rule_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"creditbank/creditbank"
	"creditbank/creditbank/rule"
)

func TestCyclesAreFound(t *testing.T) {
	type s = []creditbank.SlotID
	type w = [2][]creditbank.SlotID
	for name, tt := range map[string]struct {
		wires []w
		want  [][]int
	}{
		"nothing":                {nil, nil},
		"a chain":                {[]w{{nil, s{"A"}}, {s{"A"}, s{"B"}}, {s{"B"}, s{"C"}}}, nil},
		"a source shared by two": {[]w{{nil, s{"A"}}, {s{"A"}, s{"B"}}, {s{"A"}, s{"C"}}, {s{"B", "C"}, s{"D"}}}, nil},
		"itself":                 {[]w{{s{"A"}, s{"A"}}}, [][]int{{0}}},
		"two":                    {[]w{{s{"A"}, s{"B"}}, {s{"B"}, s{"A"}}}, [][]int{{0, 1}}},
		"three, behind a chain":  {[]w{{nil, s{"A"}}, {s{"A", "D"}, s{"B"}}, {s{"B"}, s{"C"}}, {s{"C"}, s{"D"}}}, [][]int{{1, 2, 3}}},
		"two apart":              {[]w{{s{"A"}, s{"A"}}, {s{"B"}, s{"C"}}, {s{"C"}, s{"B"}}}, [][]int{{0}, {1, 2}}},
		"the short way round":    {[]w{{s{"C"}, s{"A"}}, {s{"A"}, s{"B"}}, {s{"B"}, s{"C"}}, {s{"A"}, s{"C"}}}, [][]int{{0, 3}, {1, 2, 0}}},
	} {
		if diff := cmp.Diff(tt.want, rule.Cycles(tt.wires...)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
}
