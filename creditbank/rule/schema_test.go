package rule_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"creditbank/creditbank"
	"creditbank/creditbank/rule"
)

// schemaDir holds the schemas that are shipped.
const schemaDir = "../../configs/schema"

// schemaOf returns the schema of rules.yaml or programmes.yaml as it is written.
func schemaOf(t testing.TB, file string) map[string]any {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(schemaDir, strings.Replace(file, ".yaml", ".schema.json", 1)))
	must(t, err)
	var schema map[string]any
	must(t, json.Unmarshal(data, &schema))
	return schema
}

// validator returns what an editor does with the schema.
func validator(t testing.TB, file string) func(text string) error {
	t.Helper()
	c := jsonschema.NewCompiler()
	must(t, c.AddResource("schema.json", schemaOf(t, file)))
	schema, err := c.Compile("schema.json")
	must(t, err)
	return func(text string) error {
		var doc yaml.Node
		if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
			return err
		}
		return schema.Validate(plain(doc.Content[0]))
	}
}

// plain returns a YAML value as an editor sees it: dates are texts, numbers keep
// their digits.
func plain(n *yaml.Node) any {
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			m[n.Content[i].Value] = plain(n.Content[i+1])
		}
		return m
	case yaml.SequenceNode:
		list := []any{}
		for _, c := range n.Content {
			list = append(list, plain(c))
		}
		return list
	}
	switch {
	case n.Tag == "!!null":
		return nil
	case n.Tag == "!!bool":
		return n.Value == "true"
	case (n.Tag == "!!int" || n.Tag == "!!float") && json.Valid([]byte(n.Value)):
		return json.Number(n.Value)
	}
	return n.Value
}

// every returns the files that have every key.
func every(t testing.TB) rule.Files {
	t.Helper()
	read := func(name string) []byte {
		data, err := os.ReadFile(filepath.Join("testdata", "every", name))
		must(t, err)
		return data
	}
	return rule.Files{Rules: read(rule.RulesFile), Programmes: read(rule.ProgrammesFile)}
}

func everyCatalogue(t testing.TB) *creditbank.Catalogue {
	cat := catalogue(t, "S1 FORMAL 5 32 6", "S2 FORMAL 5 80 2", "S4 FORMAL 4 16 3", "N5 NON_FORMAL 4 80 0 - craft", "X9 FORMAL 1 0 1")
	must(t, cat.AddInstitution(creditbank.Institution{ID: "I03", Name: "驾校", Kinds: []string{"other"}, Region: "9901"}))
	return cat
}

// groups are the nodes of a source's tree, which are all alike.
var groups = regexp.MustCompile(`\.source(\.(all|any|at_least\.of)\[\])+`)

var index = regexp.MustCompile(`\[\d+\]`)

// The parser knows a key at some place exactly if the schema does. Whoever adds
// a key to the language adds it to the parser, to the schema, and to
// testdata/every.
func TestSchemaAndParserKnowTheSameKeys(t *testing.T) {
	known := map[string]map[string]map[string]bool{rule.RulesFile: {}, rule.ProgrammesFile: {}}
	rule.KnownKeys(every(t), func(file, path string, keys []string) {
		path = groups.ReplaceAllString(index.ReplaceAllString(path, "[]"), ".source.*")
		if known[file][path] == nil {
			known[file][path] = map[string]bool{}
		}
		for _, k := range keys {
			known[file][path][k] = true
		}
	})
	for file, parser := range known {
		schema := map[string]map[string]bool{}
		walkSchema(schemaOf(t, file), schema)
		for _, path := range slices.Sorted(maps.Keys(parser)) {
			if schema[path]["*"] {
				continue // keys of the file's own choice
			}
			if _, ok := schema[path]; !ok {
				t.Errorf("%s: the parser reads a mapping at %q, the schema knows none there", file, path)
				continue
			}
			if diff := cmp.Diff(slices.Sorted(maps.Keys(parser[path])), slices.Sorted(maps.Keys(schema[path]))); diff != "" {
				t.Errorf("%s at %q: (-parser +schema)\n%s", file, path, diff)
			}
		}
		for _, path := range slices.Sorted(maps.Keys(schema)) {
			if parser[path] == nil && !schema[path]["*"] {
				t.Errorf("%s: the schema knows a mapping at %q which the parser never read: is there none in testdata/every?", file, path)
			}
		}
	}
}

// walkSchema notes the keys of each mapping that a schema describes, by its
// path. A definition that contains itself is gone into twice.
func walkSchema(root map[string]any, into map[string]map[string]bool) {
	var walk func(node any, path string, within []string)
	walk = func(node any, path string, within []string) {
		schema, ok := node.(map[string]any)
		if !ok {
			return
		}
		if ref, ok := schema["$ref"].(string); ok && !again(within, ref) {
			name := strings.TrimPrefix(ref, "#/$defs/")
			walk(root["$defs"].(map[string]any)[name], path, append(slices.Clone(within), ref))
		}
		for _, key := range []string{"allOf", "anyOf", "oneOf"} {
			list, _ := schema[key].([]any)
			for _, each := range list {
				walk(each, path, within)
			}
		}
		for _, key := range []string{"then", "else"} {
			walk(schema[key], path, within)
		}
		if items, ok := schema["items"]; ok {
			walk(items, path+"[]", within)
		}
		properties, ok := schema["properties"].(map[string]any)
		if free, any := schema["additionalProperties"].(map[string]any); any && !ok && free != nil {
			into[path] = map[string]bool{"*": true}
		}
		if !ok {
			return
		}
		at := groups.ReplaceAllString(path, ".source.*")
		if into[at] == nil {
			into[at] = map[string]bool{}
		}
		for key, value := range properties {
			into[at][key] = true
			walk(value, strings.TrimPrefix(path+"."+key, "."), within)
		}
	}
	walk(root, "", nil)
}

// again reports whether a definition is gone into for the third time.
func again(within []string, ref string) bool {
	n := 0
	for _, w := range within {
		if w == ref {
			n++
		}
	}
	return n > 1
}

// Every key says in both languages what it is.
func TestSchemaSpeaksBothLanguages(t *testing.T) {
	han := regexp.MustCompile(`\p{Han}`)
	latin := regexp.MustCompile(`[A-Za-z]{2}`)
	for _, file := range []string{rule.RulesFile, rule.ProgrammesFile} {
		root := schemaOf(t, file)
		defs := root["$defs"].(map[string]any)
		var walk func(at string, node any)
		walk = func(at string, node any) {
			switch node := node.(type) {
			case map[string]any:
				for name, p := range asMap(node["properties"]) {
					schema := asMap(p)
					title, _ := schema["title"].(string)
					if ref, ok := schema["$ref"].(string); ok && title == "" {
						title, _ = asMap(defs[strings.TrimPrefix(ref, "#/$defs/")])["title"].(string)
					}
					if schema["const"] == nil && (!han.MatchString(title) || !latin.MatchString(title)) {
						t.Errorf("%s: %s.%s has the title %q", file, at, name, title)
					}
				}
				for k, v := range node {
					if k != "if" {
						walk(at+"/"+k, v)
					}
				}
			case []any:
				for _, v := range node {
					walk(at, v)
				}
			}
		}
		walk("", root)
	}
}

func asMap(v any) map[string]any {
	m, _ := v.(map[string]any)
	return m
}

// What is shipped is accepted by both.
func TestSchemaAcceptsWhatTheParserAccepts(t *testing.T) {
	rules, programmes := validator(t, rule.RulesFile), validator(t, rule.ProgrammesFile)
	all := every(t)
	if problems := rule.Check(all, everyCatalogue(t)).Problems(); problems.Err() != nil {
		t.Errorf("testdata/every: %v", problems.Err())
	}
	accept := func(name string, err error) {
		if err != nil {
			t.Errorf("%s is refused by the schema: %v", name, err)
		}
	}
	accept("every/rules.yaml", rules(string(all.Rules)))
	accept("every/programmes.yaml", programmes(string(all.Programmes)))
	folders, err := filepath.Glob("../../configs/rules/*")
	must(t, err)
	for _, dir := range append(folders, "../../cmd/creditbank/internal/qinghe/city", "../scenario/testdata/qinghe") {
		for file, check := range map[string]func(string) error{rule.RulesFile: rules, rule.ProgrammesFile: programmes} {
			if data, err := os.ReadFile(filepath.Join(dir, file)); err == nil {
				accept(filepath.Join(dir, file), check(string(data)))
			}
		}
	}
	accept("the good rule", rules(timezone+goodRule))
	accept("the checked rules", rules(checkedRules))
	accept("the checked programmes", programmes(checkedProgrammes))
}

// Each case spoils one thing. Both refuse it, but for what only the parser can
// know: what stands elsewhere, and what a pattern cannot say.
func TestSchemaRefusesWhatTheParserRefuses(t *testing.T) {
	check := map[string]func(string) error{rule.RulesFile: validator(t, rule.RulesFile), rule.ProgrammesFile: validator(t, rule.ProgrammesFile)}
	cat := everyCatalogue(t)
	const rules, programmes = rule.RulesFile, rule.ProgrammesFile
	for name, tt := range map[string]struct {
		file, old, new string
		beyond         string // why a schema cannot see it
	}{
		"misspelt key":              {rules, "min_grade: \"70\"", "min_grad: \"70\"", ""},
		"unknown key of a rule":     {rules, "    exceed: deny\n", "    sunshine: yes\n", ""},
		"key of another kind":       {rules, "    exceed: deny\n", "    valid_for: P5Y\n", ""},
		"kind of nobody":            {rules, "kind: conversion\n    title:\n", "kind: conversation\n    title:\n", ""},
		"no kind":                   {rules, "    kind: conversion\n    title:\n", "    title:\n", ""},
		"no title in English":       {rules, "      en: two courses\n", "", ""},
		"no window":                 {rules, "    effective: {from: 2015-01-01}\n", "", ""},
		"bad date":                  {rules, "2015-01-01, to", "2015-1-1, to", ""},
		"day that does not exist":   {rules, "2027-08-31", "2027-02-29", "a calendar"},
		"backward window":           {rules, "2027-08-31", "2019-12-31", "two values compared"},
		"wrong type":                {rules, "source: {category: FORMAL}", "source: [FORMAL]", ""},
		"category of nobody":        {rules, "source: {category: FORMAL}", "source: {category: FORMALITY}", ""},
		"two sources":               {rules, "source: {course: S4, ", "source: {all: [{course: S1}], course: S4, ", ""},
		"no source":                 {rules, "source: {course: S4, min_grade: 60, max_grade: {scale: pct, value: 100}, family_highest: false}", "source: {}", ""},
		"grade of a pool":           {rules, "split: true}", "min_grade: \"60\"}", ""},
		"split of a course":         {rules, "family_highest: false}", "split: true}", ""},
		"no course":                 {rules, "{all: [{course: S1, min_grade: \"70\", family_highest: true}, {course: S2}]}", "{all: []}", ""},
		"course that is not there":  {rules, "source: {course: S4", "source: {course: S9", "a catalogue"},
		"slot that is not there":    {rules, "grant: [{slot: K", "grant: [{slot: Z", "another file"},
		"programme of nobody":       {rules, "enrolled: [P1], frozen", "enrolled: [P9], frozen", "another file"},
		"third decimal":             {rules, `min_credits: "12"`, `min_credits: "12.125"`, ""},
		"third decimal, bare":       {rules, `min_credits: "12"`, `min_credits: 12.125`, "floats in editors"},
		"negative":                  {rules, `min_credits: "12"`, `min_credits: "-12"`, ""},
		"negative, bare":            {rules, `min_credits: "12"`, `min_credits: -12`, ""},
		"nothing":                   {rules, `min_credits: "12"`, `min_credits: "0.00"`, ""},
		"amount of another world":   {rules, `min_credits: "12"`, `min_credits: "10000.01"`, ""},
		"empty amount":              {rules, `min_credits: "12"`, `min_credits: ""`, ""},
		"no amount":                 {rules, `min_credits: "12"`, `min_credits: `, ""},
		"share above one":           {rules, `overlap: "0.80"`, `overlap: "1.01"`, ""},
		"share above one, bare":     {rules, `overlap: "0.80"`, `overlap: 1.01`, ""},
		"points above a hundred":    {rules, `min_grade: "70"`, `min_grade: "100.5"`, ""},
		"no period":                 {rules, "P5Y6M", "5Y", ""},
		"empty period":              {rules, "P5Y6M", "P", ""},
		"no step to round to":       {rules, `round: "0.1"`, `round: "0"`, ""},
		"reviewer of nobody":        {rules, "approval: reviewer", "approval: computer", ""},
		"two reviewers":             {rules, "reviewers: 3", "reviewers: 2", ""},
		"too few for the case":      {rules, "reviewers: 3", "reviewers: 1", "two values compared"},
		"a case of no kind":         {rules, "template: new", "template: novel", ""},
		"approval by nobody":        {rules, "approval: {reviewers: 3, template: new, ", "approval: {", ""},
		"publicity of no days":      {rules, "publicity: {days: 5, working: true}", "publicity: {days: 0, working: true}", ""},
		"a term in words":           {rules, "decide_within: {days: 20, working: true}", "decide_within: 20 working days", ""},
		"an appeal without a term":  {rules, "appeal: {file_within: {days: 15}, ", "appeal: {", ""},
		"appeals without end":       {rules, "levels: 2", "levels: 6", ""},
		"no line":                   {rules, "grant: [{slot: K, credits: \"8\", grade: exempt}]", "grant: []", ""},
		"least of nothing":          {rules, `{min: [source, "4"]}`, `{min: []}`, ""},
		"carry of many":             {rules, "excess, grade: exempt", "excess, grade: carry", "two values compared"},
		"no hours to go by":         {rules, "hours: attended, ", "", ""},
		"rounding of half a word":   {rules, "mode: half_up", "mode: half", ""},
		"cap of another category":   {rules, "- {of: {category: NON_FORMAL}, credits: \"10\"", "- {of: {category: FORMAL}, credits: \"10\"", "two values compared"},
		"cap of a week":             {rules, "calendar_year", "calendar_week", ""},
		"no such zone":              {rules, "Asia/Shanghai", "Asia/Peking", "a list of zones"},
		"no zone":                   {rules, "timezone: Asia/Shanghai\n", "", ""},
		"true in words":             {rules, "frozen: true", "frozen: very", ""},
		"nothing expected":          {rules, "expect: {decision: deny}", "expect: {}", ""},
		"both reasons":              {rules, "reason: PERIOD_CAP_TRUNCATED", "reason: PERIOD_CAP_TRUNCATED, reasons: []", ""},
		"reason of nobody":          {rules, "reason: PERIOD_CAP_TRUNCATED", "reason: TOO_MUCH", ""},
		"pending recognition":       {rules, "decision: approve, reason", "decision: pending, reason", ""},
		"score of nobody":           {rules, "score: 合格", "score: 及格", "scales"},
		"rule twice":                {rules, "id: B\n", "id: L\n", "two values compared"},
		"code with a blank":         {rules, "id: B\n", "id: B B\n", ""},
		"empty code":                {rules, "id: B\n", "id: \"\"\n", ""},
		"another root":              {rules, "rules:\n", "rule:\n", ""},
		"no branch":                 {rules, "at_least: {n: 1, of: [{course: S2}, {course: S4}]}", "at_least: {n: 1, of: []}", ""},
		"more than there are":       {rules, "at_least: {n: 1, of: [{course: S2}", "at_least: {n: 3, of: [{course: S2}", "two values compared"},
		"none of them":              {rules, "at_least: {n: 1, of: [{course: S2}", "at_least: {n: 0, of: [{course: S2}", ""},
		"two kinds of branch":       {rules, "- {course: S2}\n            - all", "- {course: S2, any: [{course: S4}]}\n            - all", ""},
		"relation of nobody":        {rules, "relation: ge", "relation: gt", ""},
		"level match without one":   {rules, "{relation: ge, below: 3, ", "{", ""},
		"below with equal":          {rules, "relation: ge, below: 3", "relation: equal, below: 3", "two values compared"},
		"evidence of nothing":       {rules, `{course: S2, overlap: "0.85"}`, `{overlap: "0.85"}`, ""},
		"two preconditions in one":  {rules, "- {account: active}", "- {account: active, real_name: true}", ""},
		"an anonymous account":      {rules, "real_name: true", "real_name: false", ""},
		"no precondition":           {rules, "- {account: active}", "- {}", ""},
		"credits of no lines":       {rules, "from_level: 5}}\n    when", "from_level: 5, credits: \"1\"}}\n    when", ""},
		"condition without words":   {rules, `, message: {zh: 算术, en: arithmetic}`, "", ""},
		"condition of no sense":     {rules, "1 + 1 == 2", "1 + 1 ==", "an expression"},
		"condition of half a point": {rules, "1 + 1 == 2", "0.5 + 0.5 == 1.0", "an expression"},
		"excess for somebody":       {rules, "excess: forfeit", "excess: donate", ""},
		"excess without a slot":     {rules, "excess: {slot: E, ", "excess: {", ""},
		"shortfall of nobody":       {rules, "shortfall: partial", "shortfall: lend", ""},
		"rule time of nobody":       {rules, "rule_time: application", "rule_time: graduation", ""},
		"version nought":            {rules, "version: 1\n    owner", "version: 0\n    owner", ""},
		"priority in words":         {rules, "priority: 2", "priority: high", ""},
		"expired all the same":      {rules, "honour_source_expiry: true", "honour_source_expiry: false", ""},
		"excluded category":         {rules, "categories: [INFORMAL], institutions: [I03], names: [驾驶]}\nsubjects", "categories: [INFORMAT], institutions: [I03], names: [驾驶]}\nsubjects", ""},
		"substitute for nothing":    {rules, "[[高等数学, 工程数学]]", "[[高等数学]]", ""},
		"share of somebody":         {programmes, "share_of: compulsory", "share_of: electives", ""},
		"rounding of credits":       {programmes, `of: {slots: [A, E], categories: [FORMAL, NON_FORMAL]}, lines: 8`, `of: {slots: [A, E]}, credits: "8", round: {mode: down, step: "1"}`, ""},
		"empty scope":               {programmes, "of: {institution: I02}", "of: {}", ""},
		"one and several":           {programmes, "of: {institution: I02}", "of: {institution: I02, institutions: [I01]}", ""},
		"no lines at all":           {programmes, "lines: 8", "lines: 0", ""},
		"floor of everybody":        {programmes, "of: own", "of: all", ""},
		"floor above the programme": {programmes, `{of: own, credits: "1"}`, `{of: own, credits: "41"}`, "two values compared"},
		"period of no calendar":     {programmes, "{calendar: calendar_year, by: issued_on}", "{by: issued_on}", ""},
		"scale without an end":      {rules, "{id: gpa4, min: 0, max: \"4.3\", ", "{id: gpa4, min: 0, ", ""},
		"labels and numbers":        {rules, "    pass: B\n", "    pass: B\n    max: 4\n", ""},
		"label of nothing":          {rules, "{label: B, points: 80, from", "{label: B, from", ""},
		"scale in capitals":         {rules, "id: gpa4", "id: GPA4", ""},
		"scale of nobody":           {rules, "min_grade: {scale: letter, value: B}, max_grade: \"100\"", "min_grade: {scale: words, value: B}", "another place"},
		"distribution of nothing":   {rules, "grades: [{grade: 90, share: 30}, {grade: 60, share: 60}]", "grades: []", ""},
		"distribution of nobody":    {rules, "{from: D1, to: D2, take: min}", "{from: D1, to: D3, take: min}", "another place"},
		"taken at will":             {rules, "{from: D1, to: D2, take: min}", "{from: D1, to: D2, take: best}", ""},
		"year without a day":        {rules, "year: 09-01", "year: September", ""},
		"list of nothing":           {rules, "deny_sources: [{tag: banned, ", "deny_sources: [{", ""},
		"two worths":                {rules, "credits: {ratio:", "credits: {hours_per_credit: 16, ratio:", ""},
		"no hours for nothing":      {rules, "hours: \"50\"}", "hours: \"0\"}", ""},
		"table with hours":          {rules, "      most: \"6\"\n", "      most: \"6\"\n      hours: scheduled\n", ""},
		"stated falsely":            {rules, "{stated: true,", "{stated: false,", ""},
		"cap without a day":         {rules, "per: calendar_year, by: issued_on", "per: calendar_year", ""},
		"cap for ever":              {rules, "per: ever}", "per: century, by: issued_on}", ""},
		"grade of two kinds":        {rules, "{fixed: \"90\"}", "{fixed: \"90\", scale: letter}", ""},
		"row of two kinds":          {rules, "{is: 合格, grade: B}", "{is: 合格, from: 60, grade: B}", ""},
		"take without a scale":      {rules, "{fixed: \"90\"}", "{fixed: \"90\", take: top}", ""},
		"grade of no kind":          {rules, "grade: {fixed: \"90\"}", "grade: {}", ""},
		"line without a slot":       {rules, "{line: {programme: P2, slot: B, min_grade: {scale: letter, value: B}}}", "{line: {programme: P2}}", ""},
		"line and course":           {rules, "- {course: S1, min_grade: {scale: letter", "- {line: {programme: P2, slot: B}, course: S1, min_grade: {scale: letter", ""},
		"line of its own programme": {rules, "{line: {programme: P2, slot: B, min_grade: {scale: letter, value: B}}}", "{line: {programme: P1, slot: A}}", "two values compared"},
		"programme without credits": {programmes, "    credits: 40\n", "", ""},
		"both bounds":               {programmes, `share: "0.50"`, `share: "0.50", credits: "4"`, ""},
		"no bound":                  {programmes, `, share: "0.50"`, "", ""},
		"cap of some":               {programmes, "of: all", "of: some", ""},
		"cap of nothing":            {programmes, "{of: all, ", "{", ""},
		"level of another world":    {programmes, "level: 5", "level: 11", ""},
		"level in words":            {programmes, "level: 5", "level: five", ""},
		"institution of nobody":     {programmes, "institution: I01", "institution: I99", "a catalogue"},
		"slot twice":                {programmes, "id: X", "id: K", "two values compared"},
		"half convertible":          {programmes, "convertible: false", "convertible: 0.5", ""},
		"per learner":               {programmes, "per: source", "per: learner", ""},
	} {
		files := every(t)
		text := map[string]*[]byte{rules: &files.Rules, programmes: &files.Programmes}[tt.file]
		if n := strings.Count(string(*text), tt.old); n == 0 {
			t.Fatalf("%s: %s has no %q", name, tt.file, tt.old)
		}
		spoiled := strings.Replace(string(*text), tt.old, tt.new, 1)
		*text = []byte(spoiled)
		if _, _, problems := rule.Draft(files, cat); problems.Err() == nil {
			t.Errorf("%s: the parser accepts it", name)
		}
		if err := check[tt.file](spoiled); (err == nil) != (tt.beyond != "") {
			t.Errorf("%s: the schema says %v; beyond it: %q", name, err, tt.beyond)
		}
	}
}

// The reasons that a schema lists are those there are.
func TestSchemaListsReasons(t *testing.T) {
	var want []any
	for _, r := range creditbank.Reasons()[1:] {
		want = append(want, r.String())
	}
	got := asMap(asMap(schemaOf(t, rule.RulesFile)["$defs"])["reason"])["enum"]
	if diff := cmp.Diff(any(want), got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
