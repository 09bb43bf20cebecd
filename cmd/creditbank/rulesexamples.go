package main

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"creditbank/cmd/creditbank/internal/rulefolder"
	"creditbank/cmd/creditbank/internal/term"
	"creditbank/configs/rules"
	"creditbank/creditbank"
	"creditbank/creditbank/rule"
)

func (p *program) rulesExamplesCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "examples [NAME DIR]",
		Short: "示例规则 rule sets to start from, after real credit banks",
		Long: "列出随程序附带的规则集；给出名称与文件夹时，把其中一套（规则、专业、课程、机构、说明）写入该文件夹，供修改、\n" +
			"检查。机构与课程均为虚构；标有“假定”的数值须自定。\n" +
			"Lists the rule sets that ship with the program; with a name and a folder it writes one of them there, with its\n" +
			"programmes, courses, institutions and README, to be changed and checked. Institutions and courses are made up,\n" +
			"and what is marked as an assumption is yours to decide.",
		Example: "  creditbank rules examples\n  creditbank rules examples guangdong ./my-rules",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				return creditbank.Invalid(codeUsage, "", "缺少参数 DIR", "DIR is missing")
			}
			return noMore(args, 2)
		},
	}
	c.RunE = func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return p.listExamples()
		}
		return p.writeExample(args[0], args[1])
	}
	return c
}

func (p *program) listExamples() error {
	v := struct {
		Examples []rules.Example `json:"examples"`
	}{rules.Examples()}
	return p.show(v, func(out *term.Screen) {
		var rows [][]term.Cell
		for _, e := range v.Examples {
			rows = append(rows, []term.Cell{{Text: e.Name, Style: term.Accent}, term.Of(out.Stack(e.Title))})
		}
		out.Table(0, []term.Column{{Head: tx("名称", "name")}, {Head: tx("内容", "what it holds"), Flex: true}}, rows)
	})
}

func (p *program) writeExample(name, dir string) error {
	files, err := rules.Files(name)
	if err != nil {
		return err
	}
	if exists(filepath.Join(dir, rule.RulesFile)) || exists(filepath.Join(dir, rule.ProgrammesFile)) {
		return creditbank.Conflict(creditbank.CodeState, "", "文件夹 "+dir+" 中已有规则，不会覆盖；请另选文件夹",
			"there are rules in "+dir+" already, which are not written over; name another folder")
	}
	if err := rulefolder.Write(files, dir); err != nil {
		return fmt.Errorf("write %s: %w", dir, err)
	}
	v := struct {
		Example string `json:"example"`
		Folder  string `json:"folder"`
	}{name, dir}
	return p.show(v, func(out *term.Screen) {
		check := p.command("rules", "check", dir)
		out.Mark(0, "✓", term.Good, txf("示例 %s 已写入 %s；先读其中的 README.md，改后运行 %s", "example %s written into %s; read its README.md, change it, then run %s", name, dir, check))
	})
}
