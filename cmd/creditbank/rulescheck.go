package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"creditbank/cmd/creditbank/internal/embedded"
	"creditbank/cmd/creditbank/internal/term"
	"creditbank/configs"
	"creditbank/creditbank"
	"creditbank/creditbank/rule"
	"creditbank/creditbank/scenario"
)

// A checkView is the answer of rules check.
type checkView struct {
	Rules      int           `json:"rules"`
	Programmes int           `json:"programmes"`
	Examples   int           `json:"tests"`
	Against    string        `json:"checked_against"` // folder, bank or nothing
	Findings   []findingView `json:"findings"`

	WithoutRepeat []creditbank.CourseCode `json:"courses_without_repeat"` // warned of
}

// A findingView is something wrong or doubtful, with its place and the place it
// collides with.
type findingView struct {
	Severity rule.Severity `json:"severity"`
	creditbank.Place
	Field   string            `json:"field"`
	Code    creditbank.Code   `json:"code"`
	Message creditbank.Text   `json:"message"`
	Other   *creditbank.Place `json:"other,omitempty"`
}

// findings returns what was found, at the paths that the user knows.
func (f ruleFiles) findings(found []rule.Finding) []findingView {
	views := make([]findingView, 0, len(found))
	for _, e := range found {
		v := findingView{e.Severity, f.place(e.Place), e.Field, e.Code, e.Reason, nil}
		if e.Other != (creditbank.Place{}) {
			other := f.place(e.Other)
			v.Other = &other
		}
		views = append(views, v)
	}
	return views
}

// places returns problems at the paths that the user knows.
func (f ruleFiles) places(problems []*creditbank.PlacedError) []*creditbank.PlacedError {
	out := make([]*creditbank.PlacedError, 0, len(problems))
	for _, e := range problems {
		moved := *e
		moved.Place = f.place(e.Place)
		out = append(out, &moved)
	}
	return out
}

func (f ruleFiles) place(at creditbank.Place) creditbank.Place {
	if path, ok := f.path[at.File]; ok {
		at.File = path
	}
	return at
}

func (v checkView) count(severity rule.Severity) int {
	n := 0
	for _, f := range v.Findings {
		if f.Severity == severity {
			n++
		}
	}
	return n
}

func (p *program) rulesCheckCommand() *cobra.Command {
	var strict bool
	c := &cobra.Command{
		Use:   "check DIR|RULES.yaml PROGRAMMES.yaml",
		Short: "检查规则 find what is wrong with rules, each with file, line and column",
		Long: "检查格式、规则之间及规则与专业、课程之间的矛盾，并运行规则自带的示例。课程与机构对照同一文件夹的\n" +
			"courses.csv、institutions.csv，表中的错误一并指出；没有时对照 --bank 的学分银行。\n" +
			"Checks the form, whether the rules agree with each other, with their programmes and with the courses, and runs\n" +
			"the examples that stand with the rules. What they name is looked up in the CSV files of the same folder, whose\n" +
			"own faults are told as well, else in the bank. Exit code: 0 nothing but warnings, 1 errors (with --strict: or warnings), 2 it could not be checked.",
		Example: "  creditbank rules check ./qinghe\n  creditbank rules check rules.yaml programmes.yaml --bank ./bank",
		Args:    atLeast("DIR"),
	}
	c.Flags().BoolVar(&strict, "strict", false, "提醒也算问题; warnings count as errors")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		files, err := readRuleFiles(args)
		if err != nil {
			return err
		}
		cat, against, faults, err := p.catalogueFor(cmd.Context(), args)
		if err != nil {
			return err
		}
		checked := rule.Check(files.Files, cat)
		v := checkView{Against: against, Findings: append(tableFindings(args[0], faults), files.findings(checked.Findings)...), WithoutRepeat: []creditbank.CourseCode{}}
		if cat != nil {
			v.WithoutRepeat = orEmpty(cat.WithoutRepeat())
		}
		if checked.Set != nil {
			v.Rules, v.Programmes = len(checked.Set.Rules()), len(checked.Set.Programmes())
			for _, r := range checked.Set.Rules() {
				v.Examples += len(r.Examples())
			}
		}
		if err := p.showCheck(v); err != nil {
			return err
		}
		if v.count(rule.Error) > 0 || strict && len(v.Findings) > 0 {
			return errReported
		}
		return nil
	}
	return c
}

// What rules were checked against.
const (
	againstFolder  = "folder"
	againstBank    = "bank"
	againstNothing = "nothing"
)

// catalogueFor returns the courses and institutions to check rules against:
// those of the same folder, with what is wrong with its tables, else those of the
// bank, else none.
func (p *program) catalogueFor(ctx context.Context, args []string) (cat *creditbank.Catalogue, against string, faults []*creditbank.PlacedError, err error) {
	if info, err := os.Stat(args[0]); err == nil && info.IsDir() && exists(filepath.Join(args[0], "courses.csv")) {
		city, err := scenario.Read(os.DirFS(args[0]))
		if city == nil {
			return nil, "", nil, err
		}
		cat = creditbank.NewCatalogue()
		for _, i := range city.Reference.Institutions {
			cat.Institutions[i.ID] = i
		}
		for _, c := range city.Reference.Courses {
			cat.Courses[c.Code] = c
		}
		return cat, againstFolder, tableFaults(city.Problems.List()), nil
	}
	bank, err := p.openBank(ctx, embedded.Open)
	if errors.Is(err, creditbank.ErrNotFound) {
		return nil, againstNothing, nil, nil
	}
	if err != nil {
		return nil, "", nil, err
	}
	return bank.Catalogue(), againstBank, nil, bank.Close()
}

// tableFaults returns what is wrong with the tables that rules are checked
// against, each table before those that name what is in it: a row that is wrong is
// left out, and what names it seems wrong, too.
func tableFaults(problems []*creditbank.PlacedError) []*creditbank.PlacedError {
	var faults []*creditbank.PlacedError
	for _, table := range []string{"regions.csv", "institutions.csv", "courses.csv"} {
		for _, e := range problems {
			if e.File == table {
				faults = append(faults, e)
			}
		}
	}
	return faults
}

// tableFindings returns faults of the tables of a folder as what was found.
func tableFindings(dir string, faults []*creditbank.PlacedError) []findingView {
	views := make([]findingView, 0, len(faults))
	for _, e := range within(dir, faults) {
		views = append(views, findingView{rule.Error, e.Place, e.Field, e.Code, e.Reason, nil})
	}
	return views
}

func (p *program) showCheck(v checkView) error {
	return p.show(v, func(out *term.Screen) {
		for _, f := range v.Findings {
			writeFinding(out, f)
		}
		if v.Against == againstNothing {
			out.Mark(0, "!", term.Warn, tx("没有课程与机构目录：未检查规则所引用的课程与机构，也未运行示例", "no catalogue at hand: courses and institutions were not looked at, and no examples run"))
		}
		warnRepeat(out, v.WithoutRepeat)
		errs, warnings := v.count(rule.Error), v.count(rule.Warning)
		switch {
		case errs > 0 && warnings > 0:
			out.Mark(0, "✗", term.Bad, txf("发现%d处问题，另有%d处提醒", "%d errors and %d warnings", errs, warnings))
		case errs > 0:
			out.Mark(0, "✗", term.Bad, txf("发现%d处问题", "%d errors", errs))
		case warnings > 0:
			out.Mark(0, "✓", term.Good, txf("%d条规则、%d个专业，没有错误，有%d处提醒", "%d rules, %d programmes: no errors, %d warnings", v.Rules, v.Programmes, warnings))
		default:
			out.Mark(0, "✓", term.Good, txf("%d条规则、%d个专业，未发现问题", "%d rules, %d programmes: nothing to complain about", v.Rules, v.Programmes))
		}
		if v.Examples > 0 && errs == 0 && v.Against != againstNothing {
			out.Mark(0, "✓", term.Good, txf("示例全部通过：%d个", "all tests pass: %d", v.Examples))
		}
	})
}

// writeFinding writes a finding as compilers do, so that editors find the place;
// what it collides with stands on a line of its own.
func writeFinding(out *term.Screen, f findingView) {
	style, kind := term.Bad, tx("错误", "error")
	if f.Severity == rule.Warning {
		style, kind = term.Warn, tx("提醒", "warning")
	}
	what := ""
	if f.Field != "" {
		what = f.Field + ": "
	}
	message, more, both := strings.Cut(out.Stack(f.Message), "\n")
	out.Line(fmt.Sprintf("%s %s %s%s [%s]", out.Paint(term.Head, f.Place.String()+":"), out.Paint(style, out.Pick(kind)), what, message, f.Code))
	if both {
		out.Line("  " + more)
	}
	if f.Other != nil {
		out.Line("  ↔ " + out.Paint(term.Head, f.Other.String()))
	}
}

func (p *program) rulesSchemaCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "schema rules|programmes",
		Short: "规则文件的JSON Schema the JSON Schema of a file, for editors",
		Long: "编辑器据此补全、检查 rules.yaml 与 programmes.yaml。\n" +
			"Editors complete and check the files by it, when it stands beside them and their first line is\n" +
			"  # yaml-language-server: $schema=rules.schema.json",
		Example: "  creditbank rules schema rules > rules.schema.json",
		Args:    exactly("rules|programmes"),
	}
	c.RunE = func(_ *cobra.Command, args []string) error {
		data, err := configs.RuleSchema(args[0])
		if err != nil {
			return creditbank.NotFound(codeUsage, "", "只有 rules 和 programmes 的schema", "there are schemas of rules and of programmes")
		}
		_, err = p.stdout.Write(data)
		return err
	}
	return c
}
