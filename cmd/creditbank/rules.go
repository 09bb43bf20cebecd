package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"creditbank/cmd/creditbank/internal/term"
	"creditbank/creditbank"
	"creditbank/creditbank/rule"
)

func (p *program) rulesCommand() *cobra.Command {
	return group("rules", "规则 check, try, draft, review, publish, suspend and list rules", "  creditbank rules check ./qinghe\n  creditbank rules list",
		p.rulesCheckCommand(), p.rulesPublishCommand(), p.rulesTrialCommand(), p.rulesListCommand(), p.rulesShowCommand(), p.rulesSchemaCommand(), p.rulesExamplesCommand(),
		p.rulesDraftCommand(), p.rulesReviseCommand(), p.rulesSubmitCommand(), p.rulesReviewCommand(), p.rulesObjectCommand(), p.rulesAnswerCommand(),
		p.rulesWithdrawCommand(), p.rulesPublishDueCommand(), p.rulesDraftsCommand(),
		p.rulesVersionsCommand(), p.rulesDiffCommand(), p.rulesSuspendCommand(), p.rulesResumeCommand(), p.rulesRetireCommand())
}

// A ruleFiles is a rule set to check: where its files stand, and what they hold.
type ruleFiles struct {
	rule.Files
	path map[string]string // of each of the two files
}

// readRuleFiles reads a folder with rules.yaml and programmes.yaml, or the two
// files themselves.
func readRuleFiles(args []string) (ruleFiles, error) {
	f := ruleFiles{path: map[string]string{}}
	switch info, err := os.Stat(args[0]); {
	case err != nil:
		return f, noFile(args[0], err)
	case info.IsDir():
		f.path[rule.RulesFile], f.path[rule.ProgrammesFile] = filepath.Join(args[0], rule.RulesFile), filepath.Join(args[0], rule.ProgrammesFile)
	case len(args) < 2:
		return f, creditbank.Invalid(codeUsage, "", "请给出规则与专业两个文件，或它们所在的文件夹", "name both files, the rules and the programmes, or their folder")
	default:
		f.path[rule.RulesFile], f.path[rule.ProgrammesFile] = args[0], args[1]
		if filepath.Base(args[0]) == rule.ProgrammesFile {
			f.path[rule.RulesFile], f.path[rule.ProgrammesFile] = args[1], args[0]
		}
	}
	var err error
	if f.Rules, err = os.ReadFile(f.path[rule.RulesFile]); err != nil {
		return f, noFile(f.path[rule.RulesFile], err)
	}
	if f.Programmes, err = os.ReadFile(f.path[rule.ProgrammesFile]); err != nil {
		return f, noFile(f.path[rule.ProgrammesFile], err)
	}
	return f, nil
}

func noFile(path string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return creditbank.NotFound(codeNoFolder, "", "没有文件 "+path, "there is no file "+path)
	}
	return fmt.Errorf("read %s: %w", path, err)
}

func (p *program) rulesPublishCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "publish DIR|--draft DRAFT",
		Short: "发布 publish regions, institutions, courses and rules of a folder, or an approved draft",
		Long: "只发布新增或有变化的内容；规则有变化时成为新的一版，已作的决定仍按当时的版本复算。\n" +
			"Publishes what is new; changed rules become the next version, and decisions keep the version of their time.\n" +
			"从文件夹直接发布的版本在目录中注明；已通过并公示期满的草案用 --draft 发布。\n" +
			"A version that is published directly, from a folder, is marked as such; --draft publishes one that was approved and made public.",
		Example: "  creditbank rules publish ./qinghe\n  creditbank rules publish --draft 1",
		Args:    cobra.ArbitraryArgs,
	}
	draft := c.Flags().Int("draft", 0, "发布草案; publish a `DRAFT`")
	c.RunE = p.onBank(func(ctx context.Context, s *session, args []string) error {
		if *draft != 0 {
			return errors.Join(noMore(args, 0), p.publishDraft(ctx, s, *draft))
		}
		if err := exactly("DIR")(c, args); err != nil {
			return err
		}
		city, err := readCity(args[0])
		if err != nil {
			return err
		}
		before := s.Catalogue().Version
		if err := s.Publish(ctx, s.by, city.Reference); err != nil {
			return err
		}
		cat := s.Catalogue()
		v := initView{p.bankDir, len(cat.Regions), len(cat.Institutions), len(cat.Courses), cat.Rules.Version(), orEmpty(cat.WithoutRepeat())}
		err = p.show(v, func(out *term.Screen) {
			out.Mark(0, "✓", term.Good, txf("发布%d项；现行规则集第%d版", "%d documents published; rule set %d is in force", cat.Version-before, v.RuleSet))
			if n := len(city.Warnings()); n > 0 {
				out.Mark(0, "!", term.Warn, txf("规则有%d处提醒，见 "+p.command("rules", "check", args[0]), "%d warnings about the rules: "+p.command("rules", "check", args[0]), n))
			}
			warnRepeat(out, v.WithoutRepeat)
		})
		return errors.Join(err, p.report(within(args[0], city.Problems.List())))
	})
	return p.addKey(c)
}

// A ruleView is a rule of the set in force.
type ruleView struct {
	ID        creditbank.RuleID      `json:"id"`
	Kind      string                 `json:"kind"`
	Title     creditbank.Text        `json:"title"`
	Programme creditbank.ProgrammeID `json:"programme,omitempty"`
	From      creditbank.Date        `json:"from"`
	To        creditbank.Date        `json:"to"`

	Suspended creditbank.Date `json:"suspended,omitzero"` // since
}

func (p *program) rulesListCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "list",
		Short:   "现行规则 the rules and programmes in force",
		Example: "  creditbank rules list\n  creditbank rules list --json",
		Args:    exactly(),
	}
	c.RunE = p.onBank(func(_ context.Context, s *session, _ []string) error {
		set, ok := s.Catalogue().Rules.(*rule.Set)
		if !ok {
			return creditbank.NotFound(creditbank.CodeState, "", "尚未发布任何规则；先运行 "+p.command("rules", "publish", "DIR"),
				"no rules have been published yet; publish some with "+p.command("rules", "publish", "DIR"))
		}
		v := struct {
			Version    int                    `json:"version"`
			Timezone   string                 `json:"timezone"`
			Rules      []ruleView             `json:"rules"`
			Programmes []creditbank.Programme `json:"programmes"`
		}{set.Version(), set.Location().String(), []ruleView{}, orEmpty(set.Programmes())}
		for _, r := range set.Rules() {
			_, programme, _ := set.RuleTitle(r.ID)
			suspended, _ := set.Standing().Suspension(r.ID, programme)
			v.Rules = append(v.Rules, ruleView{r.ID, r.Kind, r.Title, programme, r.From, r.To, suspended.Since})
		}
		return p.show(v, func(out *term.Screen) { writeRules(out, v.Version, v.Rules, v.Programmes) })
	})
	return c
}

func writeRules(out *term.Screen, version int, rules []ruleView, programmes []creditbank.Programme) {
	out.Title(txf("规则集第%d版", "rule set %d", version))
	var rows [][]term.Cell
	for _, r := range rules {
		kind := tx("认定", "recognition")
		if r.Kind != "recognition" {
			kind = tx("转换", "conversion")
		}
		rows = append(rows, []term.Cell{
			{Text: string(r.ID), Style: term.Accent}, term.Of(out.Pick(kind)), term.Of(out.Stack(r.Title)), term.Of(string(r.Programme)),
			term.Of(r.From.String()), term.Of(r.To.String()), {Text: r.Suspended.String(), Style: term.Bad},
		})
	}
	out.Table(0, []term.Column{
		{Head: headRule}, {Head: tx("种类", "kind")}, {Head: tx("名称", "title"), Flex: true}, {Head: tx("专业", "prog.")},
		{Head: tx("自", "from")}, {Head: tx("至", "through")}, {Head: tx("暂停自", "suspended since")},
	}, rows)
	rows = nil
	for _, pr := range programmes {
		for i, slot := range pr.Slots {
			first := []term.Cell{{}, {}}
			if i == 0 {
				first = []term.Cell{{Text: string(pr.ID), Style: term.Accent}, term.Of(out.Stack(pr.Title) + "  " + pr.Credits.String())}
			}
			note := ""
			if slot.Closed {
				note = out.Pick(tx("不可转换", "closed"))
			}
			rows = append(rows, append(first, term.Of(string(slot.ID)), term.Of(out.Stack(slot.Title)), term.Of(slot.Credits.String()), term.Of(note)))
		}
	}
	out.Blank()
	out.Table(0, []term.Column{
		{Head: tx("专业", "prog.")}, {Flex: true}, {Head: tx("课程位", "slot")}, {Flex: true}, {Head: headCredits, Right: true}, {},
	}, rows)
}
