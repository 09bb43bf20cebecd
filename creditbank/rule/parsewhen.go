package rule

import (
	"fmt"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"

	"creditbank/creditbank/strictyaml"
)

// when reads the conditions of a conversion.
func (p *parser) when(n strictyaml.Node) []Condition {
	var all []Condition
	for _, item := range n.List() {
		f := item.Map("if", "message")
		c := Condition{If: f.Need("if").Text(), Message: title(f.Need("message"))}
		if c.If != "" {
			p.compile(f.Get("if"), &c)
		}
		all = append(all, c)
	}
	return all
}

// compile checks an expression and makes it ready to be evaluated.
func (p *parser) compile(n strictyaml.Node, c *Condition) {
	env, err := p.expressions()
	if err != nil {
		n.Fail("无法编译条件表达式："+err.Error(), "cannot compile expressions: "+err.Error())
		return
	}
	checked, issues := env.Compile(c.If)
	if issues.Err() != nil {
		for _, e := range issues.Errors() {
			n.FailWithin(e.Location.Line(), e.Location.Column(), "条件表达式有误："+e.Message, "the expression is wrong: "+e.Message)
		}
		return
	}
	if !checked.OutputType().IsExactType(cel.BoolType) {
		n.Fail("条件表达式应为真或假", fmt.Sprintf("the expression is of type %s; a condition is true or false", checked.OutputType()))
		return
	}
	if line, column, found := double(checked.NativeRep()); found {
		n.FailWithin(line, column, "不允许浮点数；学分以百分之一为单位的整数计", "floating-point numbers are not allowed; credits are whole hundredths")
		return
	}
	cost, err := env.EstimateCost(checked, estimator{})
	if err != nil || cost.Max > maxEstimate {
		n.Fail(fmt.Sprintf("条件表达式的计算量过大（估计%d，最多%d）", cost.Max, maxEstimate), fmt.Sprintf("the expression costs too much: an estimate of %d, at most %d", cost.Max, maxEstimate))
		return
	}
	c.source = names(checked.NativeRep(), "source")
	c.program, err = env.Program(checked, cel.CostLimit(maxCost), cel.CostTracking(estimator{}))
	if err != nil {
		n.Fail("条件表达式有误："+err.Error(), "the expression is wrong: "+err.Error())
	}
}

// expressions returns the environment, made once for a file.
func (p *parser) expressions() (*cel.Env, error) {
	if p.env != nil {
		return p.env, nil
	}
	var err error
	p.env, err = expressions()
	return p.env, err
}

// double returns where an expression has to do with floating-point numbers, the
// first of its text.
func double(a *ast.AST) (line, column int, found bool) {
	var ids []int64
	for id, t := range a.TypeMap() {
		if hasDouble(t) {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return 0, 0, false
	}
	slices.SortFunc(ids, func(x, y int64) int { return int(x - y) })
	at := a.SourceInfo().GetStartLocation(ids[0])
	return at.Line(), at.Column(), true
}

func hasDouble(t *types.Type) bool {
	return t.Kind() == types.DoubleKind || slices.ContainsFunc(t.Parameters(), hasDouble)
}

// names reports whether an expression names a variable.
func names(a *ast.AST, variable string) bool {
	for _, r := range a.ReferenceMap() {
		if r.Name == variable {
			return true
		}
	}
	return false
}
