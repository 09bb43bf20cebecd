package strictyaml_test

import (
	"fmt"
	"strings"
	"testing"

	"creditbank/creditbank"
	"creditbank/creditbank/strictyaml"
)

func TestLeaves(t *testing.T) {
	const file = `
id: R1
source: {all: [{course: S1, min_grade: "70"}, {course: S2}, {course: S1}]}
basis: [a, b]
none: []
grant:
  - {slot: A, credits: 4}
  - {credits: {min: [source, "8"]}}
  - [x, {y: z}]
`
	var problems creditbank.Problems
	var got []string
	for _, l := range strictyaml.Parse("f", []byte(file), &problems).Leaves("slot", "course") {
		got = append(got, fmt.Sprintf("%s=%s", l.Path, l.Text))
	}
	want := `id=R1
source.all[S1].course=S1
source.all[S1].min_grade=70
source.all[S2].course=S2
source.all[S1#2].course=S1
basis=a, b
none=
grant[A].slot=A
grant[A].credits=4
grant[2].credits.min=source, 8
grant[3][1]=x
grant[3][2].y=z`
	if s := strings.Join(got, "\n"); s != want || problems.Err() != nil {
		t.Errorf("Leaves:\n%s\nwant\n%s\n%v", s, want, problems.Err())
	}
	if got := (strictyaml.Node{}).Leaves(); got != nil {
		t.Errorf("of a missing node: %v", got)
	}
	var keys []string
	for _, k := range strictyaml.Parse("f", []byte(file), &problems).Keys() {
		keys = append(keys, k.Name)
	}
	if got := strings.Join(keys, " "); got != "id source basis none grant" {
		t.Errorf("Keys: %s", got)
	}
}
