package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"creditbank/cmd/creditbank/internal/term"
	"creditbank/creditbank"
)

// A changeView is a difference between two versions of the rules.
type changeView struct {
	Kind   string                `json:"kind"`
	ID     string                `json:"id,omitempty"`
	Change creditbank.ChangeKind `json:"change"`
	Text   creditbank.Text       `json:"text"`
	Title  creditbank.Text       `json:"title"`
	Fields []fieldView           `json:"fields"`
}

// A fieldView is a field that says something else.
type fieldView struct {
	Path  string          `json:"path"`
	Label creditbank.Text `json:"label"`
	Old   string          `json:"old,omitempty"`
	New   string          `json:"new,omitempty"`
}

func newChangeViews(changes []creditbank.RuleChange) []changeView {
	views := make([]changeView, 0, len(changes))
	for _, c := range changes {
		v := changeView{c.Kind, c.ID, c.Change, c.Text(), c.Title, make([]fieldView, 0, len(c.Fields))}
		for _, f := range c.Fields {
			v.Fields = append(v.Fields, fieldView(f))
		}
		views = append(views, v)
	}
	return views
}

// writeChanges writes differences, those of a rule that comes or goes without its
// fields.
func writeChanges(out *term.Screen, changes []changeView) {
	marks := map[creditbank.ChangeKind]string{creditbank.ChangeAdded: "+", creditbank.ChangeRemoved: "-", creditbank.ChangeChanged: "~"}
	styles := map[creditbank.ChangeKind]term.Style{creditbank.ChangeAdded: term.Good, creditbank.ChangeRemoved: term.Bad, creditbank.ChangeChanged: term.Warn}
	for _, c := range changes {
		out.Mark(0, marks[c.Change], styles[c.Change], tx(c.Text.ZH+" "+c.Title.ZH, c.Text.EN+" "+c.Title.EN))
		if c.Change != creditbank.ChangeChanged {
			continue
		}
		for _, f := range c.Fields {
			out.Say(4, tx(fmt.Sprintf("%s：%s → %s", f.Label.ZH, dash(f.Old), dash(f.New)), fmt.Sprintf("%s: %s → %s", f.Label.EN, dash(f.Old), dash(f.New))))
		}
	}
	if len(changes) == 0 {
		out.Say(0, tx("没有差异", "no differences"))
	}
}

func dash(s string) string {
	if s == "" {
		return "—"
	}
	return s
}

func (p *program) rulesDiffCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "diff FROM TO",
		Short:   "版本差异 what differs between two versions of the rules, rule by rule and field by field",
		Example: "  creditbank rules diff 1 2\n  creditbank rules diff 0 1 --json",
		Args:    exactly("FROM", "TO"),
	}
	c.RunE = p.onBank(func(_ context.Context, s *session, args []string) error {
		var versions [2]int
		for i, arg := range args {
			var err error
			if versions[i], err = strconv.Atoi(arg); err != nil {
				return creditbank.Invalid(codeUsage, "", fmt.Sprintf("“%s”不是版本号", arg), fmt.Sprintf("%q is no version", arg))
			}
		}
		changes, err := s.RuleChanges(versions[0], versions[1])
		if err != nil {
			return err
		}
		v := struct {
			From    int          `json:"from"`
			To      int          `json:"to"`
			Changes []changeView `json:"changes"`
		}{versions[0], versions[1], newChangeViews(changes)}
		return p.show(v, func(out *term.Screen) { writeChanges(out, v.Changes) })
	})
	return c
}

// A versionView is a published version of the rules.
type versionView struct {
	Version int       `json:"version"`
	At      time.Time `json:"at"`
	By      string    `json:"by"`
	Origin  string    `json:"origin"` // direct, or what was done
	Draft   int       `json:"draft,omitempty"`
	Note    string    `json:"note,omitempty"`
}

func (p *program) rulesVersionsCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "versions",
		Short:   "历次版本 every published version of the rules: when, by whom, from what",
		Example: "  creditbank rules versions",
		Args:    exactly(),
	}
	c.RunE = p.onBank(func(_ context.Context, s *session, _ []string) error {
		v := struct {
			Versions []versionView `json:"versions"`
		}{[]versionView{}}
		origins := map[string]creditbank.Text{"direct": tx("直接发布", "published directly")}
		for _, set := range s.Catalogue().RuleSets {
			view := versionView{Version: set.Version(), At: set.At, By: set.By.ID, Origin: "direct"}
			if set.Act != nil {
				view.Origin, view.Draft, view.Note = string(set.Act.Body.Kind), set.Act.Body.Draft, set.Act.Body.Note
				origins[view.Origin] = set.Act.Body.Kind.Text()
			}
			v.Versions = append(v.Versions, view)
		}
		return p.show(v, func(out *term.Screen) {
			var rows [][]term.Cell
			for _, one := range v.Versions {
				from := out.Inline(origins[one.Origin])
				if one.Draft > 0 {
					from += " " + out.Inline(txf("草案%d", "draft %d", one.Draft))
				}
				rows = append(rows, []term.Cell{
					{Text: strconv.Itoa(one.Version), Style: term.Accent}, term.Of(one.At.Format(time.DateOnly)), term.Of(one.By), term.Of(from), term.Of(one.Note),
				})
			}
			out.Table(0, []term.Column{
				{Head: tx("版", "version")}, {Head: headDay}, {Head: tx("何人", "by")}, {Head: tx("来由", "from")}, {Head: tx("说明", "note"), Flex: true},
			}, rows)
		})
	})
	return c
}

// A targetFlags names what is suspended, resumed or retired.
type targetFlags struct {
	rule, programme string
	all             bool
}

func (f *targetFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.rule, "rule", "", "一条规则 one `RULE`")
	c.Flags().StringVar(&f.programme, "programme", "", "一个专业的规则; the rules of a `PROGRAMME`")
	c.Flags().BoolVar(&f.all, "all", false, "全部规则 all rules")
}

func (f *targetFlags) target() (creditbank.RuleTarget, error) {
	named := 0
	for _, given := range []bool{f.rule != "", f.programme != "", f.all} {
		if given {
			named++
		}
	}
	if named != 1 {
		return creditbank.RuleTarget{}, creditbank.Invalid(codeUsage, "", "请给出 --rule、--programme、--all 之一", "give one of --rule, --programme and --all")
	}
	return creditbank.RuleTarget{Rule: creditbank.RuleID(f.rule), Programme: creditbank.ProgrammeID(f.programme)}, nil
}

// restandingCommand is a command that publishes the rules in force with another
// standing.
func (p *program) restandingCommand(c *cobra.Command, change func(context.Context, *session, creditbank.RuleTarget, string) (creditbank.RuleSet, error)) *cobra.Command {
	var f targetFlags
	f.add(c)
	c.Args = exactly("REASON")
	c.RunE = p.onBank(func(ctx context.Context, s *session, args []string) error {
		target, err := f.target()
		if err != nil {
			return err
		}
		set, err := change(ctx, s, target, args[0])
		if err != nil {
			return err
		}
		v := versionView{Version: set.Version(), At: set.At, By: set.By.ID, Origin: string(set.Act.Body.Kind), Note: set.Act.Body.Note}
		return p.show(v, func(out *term.Screen) {
			what, of := set.Act.Body.Kind.Text(), target.Text()
			if last := set.Act.Body.Until; last != 0 {
				what = txf("自%s之后停止使用", "in force through %s", last)
			}
			out.Mark(0, "✓", term.Good, tx(fmt.Sprintf("%s%s；现行规则集第%d版", of.ZH, what.ZH, v.Version), fmt.Sprintf("%s: %s; rule set %d is in force", of.EN, what.EN, v.Version)))
		})
	})
	return p.addKey(c)
}

func (p *program) rulesSuspendCommand() *cobra.Command {
	return p.restandingCommand(&cobra.Command{
		Use:     "suspend REASON",
		Short:   "暂停规则 suspend conversion rules at once",
		Example: "  creditbank rules suspend '发现冒用成绩' --rule R05\n  creditbank rules suspend '核查' --programme P1",
	}, func(ctx context.Context, s *session, t creditbank.RuleTarget, reason string) (creditbank.RuleSet, error) {
		return s.SuspendRules(ctx, s.asked(), t, reason)
	})
}

func (p *program) rulesResumeCommand() *cobra.Command {
	return p.restandingCommand(&cobra.Command{
		Use:     "resume REASON",
		Short:   "恢复规则 end a suspension of the same rules",
		Example: "  creditbank rules resume '已查清' --rule R05",
	}, func(ctx context.Context, s *session, t creditbank.RuleTarget, reason string) (creditbank.RuleSet, error) {
		return s.ResumeRules(ctx, s.asked(), t, reason)
	})
}

func (p *program) rulesRetireCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "retire REASON",
		Short:   "停用规则 give rules a last day in force",
		Example: "  creditbank rules retire '课程停开' --rule R05 --through 2026-12-31",
	}
	through := c.Flags().String("through", "", "最后一日 last `DAY` in force")
	return p.restandingCommand(c, func(ctx context.Context, s *session, t creditbank.RuleTarget, reason string) (creditbank.RuleSet, error) {
		day, err := creditbank.ParseDate(*through)
		if err != nil {
			return creditbank.RuleSet{}, creditbank.Invalid(codeUsage, "--through", "请用 --through 给出日期，如2026-12-31", "give a day with --through, such as 2026-12-31")
		}
		return s.RetireRules(ctx, s.asked(), t, day, reason)
	})
}
