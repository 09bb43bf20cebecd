package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"creditbank/cmd/creditbank/internal/embedded"
	"creditbank/cmd/creditbank/internal/term"
	"creditbank/creditbank"
	"creditbank/creditbank/scenario"
)

// An initView says what a new bank holds.
type initView struct {
	Bank         string `json:"bank"`
	Regions      int    `json:"regions"`
	Institutions int    `json:"institutions"`
	Courses      int    `json:"courses"`
	RuleSet      int    `json:"rule_set"` // 0 where none is published

	WithoutRepeat []creditbank.CourseCode `json:"courses_without_repeat"` // warned of
}

func (p *program) initCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "init",
		Short: "新建学分银行 make a bank in a folder",
		Long: "建立文件夹、账本和密钥；--from 载入地区、机构、课程、专业与规则（scenario 格式的文件夹）。\n" +
			"Makes the folder, the ledger and the keys; --from loads regions, institutions, courses, programmes and rules.",
		Example: "  creditbank init --bank ./bank\n  creditbank init --bank ./bank --from ./qinghe",
		Args:    exactly(),
	}
	from := c.Flags().String("from", "", "载入基础数据的文件夹; folder `DIR` of reference data")
	c.Flags().StringVar(&p.world.Host, "host", embedded.DefaultHost, "签发机构以此 `HOST` 命名，签发后不可更改; names issuers and the log, for ever")
	c.RunE = func(cmd *cobra.Command, _ []string) error { return p.initialise(cmd.Context(), *from) }
	return c
}

func (p *program) initialise(ctx context.Context, from string) (err error) {
	by, err := creditbank.NewCaller(p.caller)
	if err != nil {
		return err
	}
	var city *scenario.City
	if from != "" {
		if city, err = readCity(from); err != nil { // before anything is made
			return err
		}
	}
	bank, err := p.openBank(ctx, embedded.Create)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bank.Close()) }()
	if city != nil {
		if err := bank.Publish(ctx, by, city.Reference); err != nil {
			return err
		}
	}
	cat := bank.Catalogue()
	v := initView{p.bankDir, len(cat.Regions), len(cat.Institutions), len(cat.Courses), 0, orEmpty(cat.WithoutRepeat())}
	if cat.Rules != nil {
		v.RuleSet = cat.Rules.Version()
	}
	if err := p.show(v, func(out *term.Screen) { p.writeInit(out, v, from) }); err != nil || city == nil {
		return err
	}
	return p.report(within(from, city.Problems.List()))
}

func (p *program) writeInit(out *term.Screen, v initView, from string) {
	out.Mark(0, "✓", term.Good, tx("已建立学分银行："+v.Bank, "there is a bank now: "+v.Bank))
	out.Say(2, tx("密钥在 "+filepath.Join(v.Bank, "keys")+"，请另行备份；丢失主密钥就再也读不出姓名",
		"the keys are in "+filepath.Join(v.Bank, "keys")+": keep a copy elsewhere, without the master key no name can be read again"))
	if v.Institutions > 0 {
		out.Say(2, txf("地区%d个，机构%d个，课程%d门，规则集第%d版", "%d regions, %d institutions, %d courses, rule set %d", v.Regions, v.Institutions, v.Courses, v.RuleSet))
		warnRepeat(out, v.WithoutRepeat)
	}
	out.Blank()
	out.Say(0, tx("下一步", "next"))
	switch {
	case from == "":
		out.Line("  " + p.command("rules", "publish", "DIR") + "   # regions, institutions, courses, programmes, rules")
	case exists(filepath.Join(from, "learners.csv")):
		out.Line("  " + p.command("learners", "add", quote(filepath.Join(from, "learners.csv"))))
		if exists(filepath.Join(from, "outcomes.csv")) {
			out.Line("  " + p.command("post", quote(filepath.Join(from, "outcomes.csv"))))
		}
	default:
		out.Line("  " + p.command("learners", "add", "FILE.csv"))
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// readCity reads the folder of a city. The error is all that keeps it from
// being used; what was left out is in its problems.
func readCity(dir string) (*scenario.City, error) {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, creditbank.NotFound(codeNoFolder, "", "没有文件夹 "+dir, "there is no folder "+dir)
	}
	city, err := scenario.Read(os.DirFS(dir))
	if err == nil {
		return city, nil
	}
	var problems creditbank.Problems
	problems.Add(creditbank.Place{}, err)
	var placed creditbank.Problems
	for _, e := range within(dir, problems.List()) {
		placed.Add(e.Place, e)
	}
	return nil, placed.Err()
}

// codeNoFolder is the code of a folder or file that is not there.
const codeNoFolder creditbank.Code = "NO_SUCH_FILE"

// within returns problems with the folder in front of their files' names, so
// that they can be opened from where the program was started.
func within(dir string, problems []*creditbank.PlacedError) []*creditbank.PlacedError {
	out := make([]*creditbank.PlacedError, 0, len(problems))
	for _, e := range problems {
		moved := *e
		if moved.File != "" {
			moved.File = filepath.Join(dir, moved.File)
		}
		out = append(out, &moved)
	}
	return out
}
