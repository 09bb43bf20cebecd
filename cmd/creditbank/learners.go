package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"creditbank/cmd/creditbank/internal/term"
	"creditbank/creditbank"
	"creditbank/creditbank/posting"
)

func (p *program) learnersCommand() *cobra.Command {
	return group("learners", "账户 open and list accounts", "  creditbank learners add learners.csv\n  creditbank learners list",
		p.learnersAddCommand(), p.learnersListCommand())
}

// learnerColumns are those of a file of accounts to open.
func learnerColumns() []posting.Column {
	return []posting.Column{
		{Name: "id", Title: "代号", Optional: true}, {Name: "name", Title: "姓名"}, {Name: "id_number", Title: "身份证号"},
		{Name: "region", Title: "地区"}, {Name: "programmes", Title: "专业", Optional: true},
	}
}

func (p *program) learnersAddCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "add FILE",
		Short: "开户 open accounts, each person's once for life",
		Long: "列：name 姓名、id_number 身份证号、region 地区，可有 id 代号、programmes 注册的专业（以 | 分隔）。已有账户的人得回原账号。\n" +
			"Columns: name, id_number, region; id (an alias) and programmes (separated by |) may be left out. Who has an account gets it back.\n" +
			"FILE - reads CSV from standard input.",
		Example: "  creditbank learners add learners.csv\n  creditbank learners add learners.xlsx --json",
		Args:    exactly("FILE"),
	}
	c.RunE = p.onBank(func(ctx context.Context, s *session, args []string) error {
		src, err := p.openSource(args[0])
		if err != nil {
			return err
		}
		defer src.close()
		table, err := posting.Open(posting.Source{Name: src.name, Reader: src.file, Format: posting.FormatOf(args[0])}, learnerColumns())
		if err != nil {
			return err
		}
		defer table.Close()
		return p.openAccounts(ctx, s, table)
	})
	return c
}

// An applicant is a row of the file of accounts to open.
type applicant struct {
	row        posting.Row
	alias      string
	opening    creditbank.Opening
	programmes []creditbank.ProgrammeID
}

// An openedView is an account that was opened, or was there.
type openedView struct {
	learnerView
	Existed bool `json:"existed"`
}

// openBatch is how many accounts are opened in one transaction.
const openBatch = 200

func (p *program) openAccounts(ctx context.Context, s *session, table *posting.Table) error {
	var problems creditbank.Problems
	var opened []openedView
	var batch []applicant
	flush := func() {
		opened = append(opened, s.openBatch(ctx, batch, &problems)...)
		batch = nil
	}
	for row, err := range table.Rows() {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		a, also := readApplicant(row)
		if err := errors.Join(err, also); err != nil {
			problems.Add(row.Place(), err)
			continue
		}
		if batch = append(batch, a); len(batch) == openBatch {
			flush()
		}
	}
	flush()
	problems.Add(creditbank.Place{}, table.Err())
	v := struct {
		Opened   []openedView  `json:"opened"`
		Problems []problemView `json:"problems"`
	}{orEmpty(opened), newProblems(problems.List())}
	if err := p.show(v, func(out *term.Screen) { writeOpened(out, opened) }); err != nil {
		return err
	}
	return p.report(problems.List())
}

func readApplicant(row posting.Row) (applicant, error) {
	var problems creditbank.Problems
	a := applicant{row: row, alias: row.Get("id")}
	a.opening = creditbank.Opening{
		Person: creditbank.Person{Name: row.Get("name"), IDNumber: posting.Value(row, "id_number", &problems, posting.ParseIDNumber)},
		Region: creditbank.RegionCode(row.Get("region")),
	}
	for _, c := range []string{"name", "id_number", "region"} {
		if row.Get(c) == "" {
			problems.Add(row.PlaceOf(c), creditbank.Invalid(creditbank.CodeMissing, c, "不能为空", "is empty"))
		}
	}
	for id := range strings.SplitSeq(row.Get("programmes"), "|") {
		if id = strings.TrimSpace(id); id != "" {
			a.programmes = append(a.programmes, creditbank.ProgrammeID(id))
		}
	}
	return a, problems.Err()
}

// openBatch opens accounts, enrols their owners and keeps their aliases.
func (s *session) openBatch(ctx context.Context, batch []applicant, problems *creditbank.Problems) []openedView {
	openings := make([]creditbank.Opening, len(batch))
	for i, a := range batch {
		openings[i] = a.opening
	}
	opened, errs := s.Open(ctx, s.by, openings)
	var views []openedView
	for i, a := range batch {
		if errs[i] != nil {
			addAt(problems, a.row, errs[i])
			continue
		}
		l := opened[i].Learner
		if a.alias != "" {
			addAt(problems, a.row, s.Aliases.Add(a.alias, l.Account))
		}
		for _, id := range a.programmes {
			addAt(problems, a.row, s.Enrol(ctx, creditbank.Change{By: s.by, Learner: l.ID}, id))
		}
		views = append(views, openedView{learnerView{l.ID, l.Account, s.Aliases.Of(l.Account), a.opening.Name, l.Region}, opened[i].Existed})
	}
	return views
}

// addAt notes an error at the cell of a row that it is about.
func addAt(problems *creditbank.Problems, row posting.Row, err error) {
	var input *creditbank.InputError
	if errors.As(err, &input) {
		field := input.Field
		if field == "programme" {
			field = "programmes"
		}
		problems.Add(row.PlaceOf(field), err)
		return
	}
	problems.Add(row.Place(), err)
}

func writeOpened(out *term.Screen, opened []openedView) {
	var rows [][]term.Cell
	for _, o := range opened {
		state, style := tx("新开户", "opened"), term.Good
		if o.Existed {
			state, style = tx("已有账户", "had one"), term.Dim
		}
		rows = append(rows, []term.Cell{term.Of(o.Alias), term.Of(string(o.Account)), term.Of(o.Name), term.Of(string(o.Region)), {Text: out.Pick(state), Style: style}})
	}
	out.Table(0, learnerHeads(), rows)
	out.Blank()
	out.Say(0, txf("%d个账户", "%d accounts", len(opened)))
}

func learnerHeads() []term.Column {
	return []term.Column{{Head: tx("代号", "alias")}, {Head: tx("账号", "account")}, {Head: tx("姓名", "name"), Flex: true}, {Head: tx("地区", "region")}, {}}
}

func (p *program) learnersListCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "list",
		Short:   "账户名单 the accounts, a page at a time",
		Example: "  creditbank learners list\n  creditbank learners list --limit 1000 --json",
		Args:    exactly(),
	}
	limit := c.Flags().Int("limit", 50, "每页账户数; accounts on a page")
	after := c.Flags().String("after", "", "从此 `ID` 之后开始; begin after this id")
	c.RunE = p.onBank(func(ctx context.Context, s *session, _ []string) error {
		ids, err := s.Learners(ctx, creditbank.LearnerID(*after), max(*limit, 1))
		if err != nil {
			return err
		}
		views := make([]learnerView, 0, len(ids))
		for _, id := range ids {
			v, err := s.learnerView(ctx, id)
			if err != nil {
				return err
			}
			views = append(views, v)
		}
		return p.show(struct {
			Learners []learnerView `json:"learners"`
		}{views}, func(out *term.Screen) { p.writeLearners(out, views, len(ids) == *limit) })
	})
	return c
}

func (p *program) writeLearners(out *term.Screen, views []learnerView, more bool) {
	if len(views) == 0 {
		out.Say(0, tx("没有账户", "there are no accounts"))
		out.Line("  " + p.command("learners", "add", "FILE.csv"))
		return
	}
	var rows [][]term.Cell
	for _, v := range views {
		rows = append(rows, []term.Cell{term.Of(v.Alias), term.Of(string(v.Account)), term.Of(v.Name), term.Of(string(v.Region)), {}})
	}
	out.Table(0, learnerHeads(), rows)
	if more {
		out.Blank()
		out.Line("  " + p.command("learners", "list", "--after", fmt.Sprint(views[len(views)-1].ID)))
	}
}
