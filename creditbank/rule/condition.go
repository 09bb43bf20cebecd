package rule

import (
	"math"
	"reflect"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/ext"

	"creditbank/creditbank"
)

// A Condition is what a conversion asks for beyond the fixed vocabulary: an
// expression in CEL (https://cel.dev) that has to be true, and what to say where
// it is not.
//
//	when:
//	  - if: credits(held.filter(o, o.category == "NON_FORMAL" && o.issued >= date("2024-01-01"))) >= 600
//	    message: {zh: 2024年以来的社区学习不足6学分, en: fewer than 6 credits of community learning since 2024}
//
// An expression sees
//
//	day        int                the day of the application, as 20260315
//	programme  string             the programme's id
//	slots      list of string     the slots the rule fills
//	source     list of outcome    what the conversion takes
//	held       list of outcome    what the learner holds that day, consumed or not
//	lines      list of line       what stands in the programme by conversion
//
// An outcome has course, institution, category, family (strings), level, credits,
// available, hours, issued, expires (integers; expires 0 is never), points (an
// integer, -1 without a score) and score (a string). A line has slot (a string),
// category (a string) and credits (an integer). Credits, hours and points are
// counted in hundredths: 6 credits are 600. Dates are integers that compare.
//
// Beside CEL's own functions and macros there are credits(list), the sum of the
// credits of outcomes or lines; date("2026-03-15"); and after(day, "P5Y"), the day
// a period later.
//
// There are no floating-point numbers: an expression with a double anywhere in it
// is refused, and so is one whose estimated cost for 200 outcomes is beyond
// maxEstimate. One that comes to more than maxCost steps for some learner, or
// fails, as by an index out of range, is not met; that comes out the same each
// time. An expression that names source is not asked where the source is missing.
type Condition struct {
	If      string
	Message creditbank.Text

	program cel.Program
	source  bool // the expression names source
}

const (
	maxEstimate = 100_000
	maxCost     = 1_000_000
)

// outcomeFacts is an outcome as expressions see it.
type outcomeFacts struct {
	Course      string `cel:"course"`
	Institution string `cel:"institution"`
	Category    string `cel:"category"`
	Family      string `cel:"family"`
	Level       int64  `cel:"level"`
	Credits     int64  `cel:"credits"`
	Available   int64  `cel:"available"`
	Hours       int64  `cel:"hours"`
	Issued      int64  `cel:"issued"`
	Expires     int64  `cel:"expires"`
	Points      int64  `cel:"points"`
	Score       string `cel:"score"`
}

// lineFacts is a line as expressions see it.
type lineFacts struct {
	Slot     string `cel:"slot"`
	Category string `cel:"category"`
	Credits  int64  `cel:"credits"`
}

// conditions checks the rule's expressions.
func (e *evaluation) conditions() {
	if len(e.conv.When) == 0 {
		return
	}
	facts := e.facts()
	for _, c := range e.conv.When {
		if c.source && e.unknown {
			continue
		}
		if met, why := c.met(facts); !met {
			e.denyOnce(creditbank.Finding{Code: creditbank.ConditionUnmet, Subject: "when", Have: why, Need: c.If, Text: c.Message})
		}
	}
}

// met evaluates the expression. Where it cannot be evaluated, why says "cost" or
// "error".
func (c Condition) met(facts map[string]any) (met bool, why string) {
	v, _, err := c.program.Eval(facts)
	switch {
	case err != nil && strings.Contains(err.Error(), "cost limit"):
		return false, "cost"
	case err != nil:
		return false, "error"
	}
	return v == types.True, ""
}

// facts returns what expressions see.
func (e *evaluation) facts() map[string]any {
	source, held, lines := []*outcomeFacts{}, []*outcomeFacts{}, []*lineFacts{}
	for _, s := range e.d.Sources {
		if l := e.lotOf(s); l != nil {
			source = append(source, e.outcomeFacts(l))
		}
	}
	for _, l := range e.account.Lots {
		if e.holds(l) {
			held = append(held, e.outcomeFacts(l))
		}
	}
	e.eachLine(func(l creditbank.Line, _ *creditbank.Decision) {
		lines = append(lines, &lineFacts{string(l.Slot), string(l.Category), int64(l.Credits)})
	})
	slots := []string{}
	for _, g := range e.conv.Grants {
		slots = append(slots, string(g.Slot))
	}
	return map[string]any{
		"day": int64(e.day), "programme": string(e.programme.ID), "slots": slots, "source": source, "held": held, "lines": lines,
	}
}

func (e *evaluation) outcomeFacts(l *creditbank.Lot) *outcomeFacts {
	points, graded := l.Score.Points()
	if !graded {
		points = -1
	}
	return &outcomeFacts{
		string(l.Course), string(l.Institution), string(l.Category), l.Family, int64(l.Level), int64(l.Credits), int64(l.Usable(e.day)),
		int64(l.Scheduled), int64(l.IssuedOn), int64(l.ExpiresOn), points, l.Score.String(),
	}
}

// expressions returns what expressions are compiled in.
func expressions() (*cel.Env, error) {
	outcome, line := cel.ObjectType("rule.outcomeFacts"), cel.ObjectType("rule.lineFacts")
	return cel.NewEnv(
		ext.NativeTypes(reflect.TypeFor[*outcomeFacts](), reflect.TypeFor[*lineFacts](), ext.ParseStructTags(true)),
		cel.Variable("day", cel.IntType),
		cel.Variable("programme", cel.StringType),
		cel.Variable("slots", cel.ListType(cel.StringType)),
		cel.Variable("source", cel.ListType(outcome)),
		cel.Variable("held", cel.ListType(outcome)),
		cel.Variable("lines", cel.ListType(line)),
		cel.Function("credits",
			cel.Overload("credits_outcomes", []*cel.Type{cel.ListType(outcome)}, cel.IntType),
			cel.Overload("credits_lines", []*cel.Type{cel.ListType(line)}, cel.IntType),
			cel.SingletonUnaryBinding(sumCredits)),
		cel.Function("date", cel.Overload("date_string", []*cel.Type{cel.StringType}, cel.IntType, cel.UnaryBinding(dateOf))),
		cel.Function("after", cel.Overload("after_int_string", []*cel.Type{cel.IntType, cel.StringType}, cel.IntType, cel.BinaryBinding(periodAfter))),
	)
}

// sumCredits implements credits(list).
func sumCredits(v ref.Val) ref.Val {
	list, ok := v.(traits.Lister)
	if !ok {
		return types.MaybeNoSuchOverloadErr(v)
	}
	sum := creditbank.Credits(0)
	for it := list.Iterator(); it.HasNext() == types.True; {
		var c int64
		switch item := it.Next().Value().(type) {
		case *outcomeFacts:
			c = item.Credits
		case *lineFacts:
			c = item.Credits
		}
		if sum, ok = sum.Add(creditbank.Credits(c)); !ok && c != 0 {
			return types.NewErr("credits beyond 64 bits")
		}
	}
	return types.Int(sum)
}

// dateOf implements date("2026-03-15").
func dateOf(v ref.Val) ref.Val {
	s, _ := v.Value().(string)
	d, err := creditbank.ParseDate(s)
	if err != nil {
		return types.NewErr("no date: %q", s)
	}
	return types.Int(d)
}

// periodAfter implements after(day, "P5Y").
func periodAfter(day, period ref.Val) ref.Val {
	n, _ := day.Value().(int64)
	s, _ := period.Value().(string)
	p, err := creditbank.ParsePeriod(s)
	if err != nil || n < 1_01_01 || n > 9999_12_31 {
		return types.NewErr("no date and period: %d, %q", n, s)
	}
	return types.Int(p.After(creditbank.Date(n)))
}

// An estimator bounds the sizes of what expressions see and the cost of credits.
type estimator struct{}

// EstimateSize implements [cost.Estimator].
func (estimator) EstimateSize(element cost.AstNode) *cost.SizeEstimate {
	sizes := map[string]uint64{"held": 200, "lines": 100, "source": 64, "slots": 20}
	path := element.Path()
	if len(path) == 1 {
		if most, ok := sizes[path[0]]; ok {
			return &cost.SizeEstimate{Min: 0, Max: most}
		}
	}
	if element.Type() != nil && element.Type().Kind() == types.StringKind {
		return &cost.SizeEstimate{Min: 0, Max: 64}
	}
	return nil
}

// EstimateCallCost implements [cost.Estimator].
func (estimator) EstimateCallCost(function, _ string, _ *cost.AstNode, _ []cost.AstNode) *cost.CallEstimate {
	if function != "credits" {
		return nil
	}
	return &cost.CallEstimate{CostEstimate: cost.Estimate{Min: 1, Max: 200}}
}

// CallCost implements [cost.ActualCostEstimator].
func (estimator) CallCost(function, _ string, args []ref.Val, _ ref.Val) *uint64 {
	if function != "credits" || len(args) != 1 {
		return nil
	}
	list, ok := args[0].(traits.Sizer)
	if !ok {
		return nil
	}
	n, _ := list.Size().Value().(int64)
	steps := uint64(min(max(n, 1), math.MaxInt32))
	return &steps
}
