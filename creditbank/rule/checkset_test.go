package rule_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"creditbank/creditbank"
	"creditbank/creditbank/rule"
)

func TestVersionsDoNotOverlap(t *testing.T) {
	type w = [2]creditbank.Date
	for name, tt := range map[string]struct {
		windows []w
		want    []string
	}{
		"one after the other": {[]w{{20200101, 20211231}, {20220101, 0}}, nil},
		"a day in common":     {[]w{{20200101, 20220101}, {20220101, 0}}, []string{"OVERLAPPING_VERSIONS two versions of rule R are in force at once: 2022-01-01… and 2020-01-01…2022-01-01"}},
		"one without end":     {[]w{{20220101, 20221231}, {20200101, 0}}, []string{"OVERLAPPING_VERSIONS two versions of rule R are in force at once: 2020-01-01… and 2022-01-01…2022-12-31"}},
		"one since ever":      {[]w{{0, 20221231}, {20230101, 0}}, nil},
		"the last two of three": {[]w{{20200101, 20201231}, {20210101, 20211231}, {20211231, 0}}, []string{
			"OVERLAPPING_VERSIONS two versions of rule R are in force at once: 2021-12-31… and 2021-01-01…2021-12-31"}},
	} {
		if diff := cmp.Diff(tt.want, rule.Overlaps(tt.windows...)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
}

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
