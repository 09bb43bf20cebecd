package trial_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"creditbank/creditbank"
	"creditbank/creditbank/trial"
)

// hiding writes rows as key and how much of each is hidden.
func hiding(rows []trial.Row) string {
	var all []string
	for _, r := range rows {
		all = append(all, fmt.Sprint(r.Key, r.Hidden))
	}
	return strings.Join(all, " ")
}

// row returns a row with so many learners: behind it, with a change, who gain
// and who lose.
func row(key string, of, changed, gainers, losers int) trial.Row {
	return trial.Row{Table: trial.ByRegion, Key: key, Tally: trial.Tally{Of: of, Learners: changed, Gainers: gainers, Losers: losers, Before: 700, After: 800}}
}

func TestSuppress(t *testing.T) {
	for name, tt := range map[string]struct {
		rows []trial.Row
		want string // 0 nothing, 1 who gains and loses, 2 all
	}{
		"large":                         {[]trial.Row{row("a", 9, 9, 5, 0), row("b", 5, 0, 0, 0)}, "a0 b0"},
		"few behind two rows":           {[]trial.Row{row("a", 4, 0, 0, 0), row("b", 1, 1, 1, 0), row("c", 50, 9, 5, 0)}, "a2 b2 c0"},
		"one small row, the next too":   {[]trial.Row{row("a", 4, 0, 0, 0), row("b", 30, 9, 5, 0), row("c", 20, 9, 5, 0)}, "a2 b0 c2"},
		"few whom something changes":    {[]trial.Row{row("a", 40, 4, 4, 0), row("b", 41, 3, 3, 0), row("c", 50, 9, 9, 0)}, "a2 b2 c0"},
		"few who lose":                  {[]trial.Row{row("a", 40, 9, 8, 1), row("b", 41, 9, 9, 0)}, "a1 b0"},
		"nobody to hide behind":         {[]trial.Row{row("a", 4, 0, 0, 0)}, "a2"},
		"another table is no neighbour": {[]trial.Row{row("a", 4, 0, 0, 0), {Table: trial.ByRule, Key: "b", Tally: trial.Tally{Of: 9}}}, "a2 b0"},
	} {
		r := trial.Report{Areas: []trial.AreaReport{{Rows: tt.rows}}}
		r.Suppress(5)
		if got := hiding(r.Areas[0].Rows); got != tt.want {
			t.Errorf("%s: %s, want %s", name, got, tt.want)
		}
	}
}

// What is hidden is not in the JSON, nor is anything it could be told from.
func TestHiddenIsNull(t *testing.T) {
	r := trial.Report{
		Learners: 30, Verdicts: []trial.VerdictRow{{Verdict: trial.Better, Learners: 3}, {Verdict: trial.Worse}, {Verdict: trial.Unchanged, Learners: 27}},
		Areas: []trial.AreaReport{{
			Area: trial.Today, All: trial.Tally{Of: 30, Learners: 8, Gainers: 7, Losers: 1, Cases: 60, Changed: 9, Gained: 123, Lost: 45, Before: 700, After: 778},
			Rows:      []trial.Row{row("a", 3, 3, 3, 0), row("b", 27, 5, 5, 0)},
			Reasons:   []trial.ReasonRow{{Rule: "R", Reason: creditbank.CapReached, Appears: 3, Learners: 3}},
			Histogram: []trial.Bucket{{Learners: 3}, {Learners: 27}},
		}},
	}
	r.Suppress(5)
	got, err := json.Marshal(r)
	must(t, err)
	const want = `{"rule_set":0,"date":"","learners":30,"verdicts":[{"learners":null,"verdict":"better"},{"learners":0,"verdict":"worse"},{"learners":null,"verdict":"unchanged"}],` +
		`"areas":[{"area":"today","all":{"after":"7.78","before":"7.0","cases":60,"changed":9,"gained":null,"gainers":null,"learners":8,"losers":null,"lost":null,"of":30},"rows":[` +
		`{"key":"a","table":"region","after":null,"before":null,"cases":null,"changed":null,"gained":null,"gainers":null,"learners":null,"losers":null,"lost":null,"of":null},` +
		`{"key":"b","table":"region","after":null,"before":null,"cases":null,"changed":null,"gained":null,"gainers":null,"learners":null,"losers":null,"lost":null,"of":null}],` +
		`"reasons":[{"appears":null,"learners":null,"reason":"CAP_REACHED","rule":"R","vanishes":null}],"histogram":[{"learners":null},{"learners":null}]}],"least":5}`
	if string(got) != want {
		t.Errorf("tells\n%s\nwant\n%s", got, want)
	}
}
