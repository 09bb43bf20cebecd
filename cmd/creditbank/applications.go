package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"creditbank/cmd/creditbank/internal/term"
	"creditbank/creditbank"
)

func (p *program) applicationsCommand() *cobra.Command {
	return group("applications", "申请 applications that reviewers decide, step by step",
		"  creditbank applications list\n  creditbank applications review L2 9 approve --as reviewer:zhang",
		p.applicationsListCommand(), p.applicationsShowCommand(),
		p.stepCommand("claim", "认领 take an application up: a vote is kept for you for seven days", nil, func(ctx context.Context, s *session, st step) (creditbank.Act, error) {
			return s.Claim(ctx, st.change, st.seq, st.flag("for"))
		}, "for"),
		p.stepCommand("release", "放弃认领 let it go", nil, func(ctx context.Context, s *session, st step) (creditbank.Act, error) {
			return s.Release(ctx, st.change, st.seq)
		}),
		p.stepCommand("recuse", "回避 have no say in it", nil, func(ctx context.Context, s *session, st step) (creditbank.Act, error) {
			return s.Recuse(ctx, st.change, st.seq, st.flag("reason"))
		}, "reason"),
		p.stepCommand("review", "审核 vote: approve or reject", []string{"approve|reject"}, reviewStep, "note", "for"),
		p.stepCommand("return", "退回补正 ask the applicant for a supplement; the clock stops", nil, returnStep, "reason", "days", "working", "for"),
		p.stepCommand("supplement", "补正 bring it back; the clock runs on", nil, supplementStep, "text", "confirm-forfeited"),
		p.stepCommand("withdraw", "撤回 withdraw it, until it takes effect", nil, func(ctx context.Context, s *session, st step) (creditbank.Act, error) {
			return s.Retract(ctx, st.change, st.seq, st.flag("reason"))
		}, "reason"),
		p.stepCommand("object", "异议 object to an approval that is shown", nil, func(ctx context.Context, s *session, st step) (creditbank.Act, error) {
			return s.ObjectTo(ctx, st.change, st.seq, st.flag("text"))
		}, "text"),
		p.stepCommand("answer", "答复异议 answer an objection", []string{"OBJECTION", "uphold|overrule"}, answerStep, "text", "for"),
		p.stepCommand("appeal", "申诉 have a refusal decided anew, by others", nil, func(ctx context.Context, s *session, st step) (creditbank.Act, error) {
			return s.Appeal(ctx, st.change, st.seq, st.flag("text"))
		}, "text"),
		p.applicationsDueCommand(), p.deputyCommand())
}

// A step is something done about one application.
type step struct {
	change creditbank.Change
	seq    int64
	args   []string // beyond learner and number
	flags  map[string]*string
}

func (st step) flag(name string) string { return *st.flags[name] }

// stepFlags are the flags of steps.
var stepFlags = map[string]string{
	"for":               "代理谁 `WHO` you vote for, as a deputy",
	"reason":            "理由，记录在案; the reason, for the record",
	"note":              "审核意见，记录在案; a note, for the record",
	"text":              "内容，加密保存; what is said, kept encrypted",
	"days":              "补正期限（天） `N` days to supplement",
	"working":           "期限按工作日计: yes counts working days",
	"confirm-forfeited": "确认放弃的学分 `CREDITS` you agree to forfeit",
}

// stepCommand returns a command that does something about one application, and
// shows how it stands then.
func (p *program) stepCommand(name, short string, more []string, do func(context.Context, *session, step) (creditbank.Act, error), flags ...string) *cobra.Command {
	names := append([]string{"LEARNER", "N"}, more...)
	use, example := name, "  creditbank applications "+name+" L2 9"
	for _, n := range names {
		use += " " + n
	}
	c := &cobra.Command{Use: use, Short: short, Example: example, Args: exactly(names...)}
	values := map[string]*string{}
	for _, f := range flags {
		values[f] = c.Flags().String(f, "", stepFlags[f])
	}
	c.RunE = p.onBank(func(ctx context.Context, s *session, args []string) error {
		l, seq, err := s.numbered(ctx, args)
		if err != nil {
			return err
		}
		if _, err := do(ctx, s, step{s.change(l.ID), seq, args[2:], values}); err != nil {
			return err
		}
		return p.showApplication(ctx, s, l, seq)
	})
	return p.addKey(c)
}

// numbered reads a learner and the number of an entry.
func (s *session) numbered(ctx context.Context, args []string) (learnerView, int64, error) {
	seq, err := strconv.ParseInt(args[1], 10, 64)
	if err != nil {
		return learnerView{}, 0, creditbank.Invalid(codeUsage, "N", fmt.Sprintf("“%s”不是序号", args[1]), fmt.Sprintf("%q is no number of an entry", args[1]))
	}
	l, err := s.learner(ctx, args[0])
	return l, seq, err
}

// oneOf reads an argument that is one of two words.
func oneOf(word, yes, no string) (bool, error) {
	if word != yes && word != no {
		return false, creditbank.Invalid(codeUsage, "", fmt.Sprintf("“%s”应为 %s 或 %s", word, yes, no), fmt.Sprintf("%q is neither %s nor %s", word, yes, no))
	}
	return word == yes, nil
}

func reviewStep(ctx context.Context, s *session, st step) (creditbank.Act, error) {
	approve, err := oneOf(st.args[0], "approve", "reject")
	if err != nil {
		return creditbank.Act{}, err
	}
	return s.Review(ctx, st.change, st.seq, creditbank.Verdict{Approve: approve, Note: st.flag("note"), For: st.flag("for")})
}

func returnStep(ctx context.Context, s *session, st step) (creditbank.Act, error) {
	r := creditbank.Returning{Reason: st.flag("reason"), For: st.flag("for")}
	if days := st.flag("days"); days != "" {
		n, err := strconv.Atoi(days)
		if err != nil {
			return creditbank.Act{}, creditbank.Invalid(codeUsage, "days", fmt.Sprintf("“%s”不是天数", days), fmt.Sprintf("%q is no number of days", days))
		}
		if r.Within, err = creditbank.WorkingDays(n); err != nil {
			return creditbank.Act{}, err
		}
		if st.flag("working") != "yes" {
			r.Within = creditbank.Term{Period: creditbank.Period{Days: n}}
		}
	}
	return s.Return(ctx, st.change, st.seq, r)
}

func supplementStep(ctx context.Context, s *session, st step) (creditbank.Act, error) {
	supplement := creditbank.Supplement{Text: st.flag("text")}
	if agreed := st.flag("confirm-forfeited"); agreed != "" {
		credits, err := creditbank.ParseCredits(agreed)
		if err != nil {
			return creditbank.Act{}, err
		}
		supplement.Forfeit = &credits
	}
	return s.Supplement(ctx, st.change, st.seq, supplement)
}

func answerStep(ctx context.Context, s *session, st step) (creditbank.Act, error) {
	objection, err := strconv.ParseInt(st.args[0], 10, 64)
	if err != nil {
		return creditbank.Act{}, creditbank.Invalid(codeUsage, "OBJECTION", "不是序号", "is no number of an entry")
	}
	uphold, err := oneOf(st.args[1], "uphold", "overrule")
	if err != nil {
		return creditbank.Act{}, err
	}
	return s.Answer(ctx, st.change, st.seq, creditbank.Answer{Objection: objection, Uphold: uphold, Text: st.flag("text"), For: st.flag("for")})
}

func (p *program) applicationsListCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "list", Short: "办理清单 open applications, those due first in front", Args: exactly(),
		Example: "  creditbank applications list --filter overdue",
	}
	filter := c.Flags().String("filter", "", "筛选: unclaimed, mine, overdue, returned, publicity or all; what awaits reviewers if left out")
	c.RunE = p.onBank(func(ctx context.Context, s *session, _ []string) error {
		known := []creditbank.WorkFilter{
			creditbank.WorkWaiting, creditbank.WorkUnclaimed, creditbank.WorkMine, creditbank.WorkOverdue, creditbank.WorkReturned, creditbank.WorkShown, creditbank.WorkAll,
		}
		if !slices.Contains(known, creditbank.WorkFilter(*filter)) {
			return creditbank.Invalid(codeUsage, "filter", "没有这种筛选", fmt.Sprintf("%q is no filter", *filter))
		}
		views, err := s.worklist(ctx, creditbank.WorkFilter(*filter))
		if err != nil {
			return err
		}
		v := struct {
			Applications []applicationView `json:"applications"`
		}{views}
		return p.show(v, func(out *term.Screen) { writeWorklist(out, views) })
	})
	return c
}

// worklist returns the open applications for every programme there ever was.
func (s *session) worklist(ctx context.Context, filter creditbank.WorkFilter) ([]applicationView, error) {
	q := creditbank.WorkQuery{Filter: filter, By: s.by, Limit: 100}
	for _, set := range s.Catalogue().RuleSets {
		for _, p := range set.Programmes() {
			if !slices.Contains(q.Programmes, p.ID) {
				q.Programmes = append(q.Programmes, p.ID)
			}
		}
	}
	views := []applicationView{}
	for {
		items, next, err := s.Worklist(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, w := range items {
			l, err := s.learnerView(ctx, w.Learner)
			if err != nil {
				return nil, err
			}
			a, err := s.Account(ctx, w.Learner)
			if err != nil {
				return nil, err
			}
			if p := a.Application(w.Seq); p != nil {
				views = append(views, s.applicationView(l, p))
			}
		}
		if next == nil {
			return views, nil
		}
		q.After = *next
	}
}

func (p *program) applicationsShowCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "show LEARNER N", Short: "办理情况 how an application is being decided", Args: exactly("LEARNER", "N"),
		Example: "  creditbank applications show L2 9",
	}
	c.RunE = p.onBank(func(ctx context.Context, s *session, args []string) error {
		l, seq, err := s.numbered(ctx, args)
		if err != nil {
			return err
		}
		return p.showApplication(ctx, s, l, seq)
	})
	return c
}

func (p *program) applicationsDueCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "due", Short: "办理到期事项 do now what the clock calls for", Args: exactly(),
		Long: "公示期满的通过生效，逾期未补正的失效；可随时重复运行。\n" +
			"Approvals whose publicity is over take effect, applications not supplemented in time lapse; run it as often as you like.",
		Example: "  creditbank applications due",
	}
	c.RunE = p.onBank(func(ctx context.Context, s *session, _ []string) error {
		done, err := s.ApplicationsDue(ctx, s.by, 1_000_000)
		v := struct {
			Done []dueView `json:"done"`
		}{[]dueView{}}
		for _, d := range done {
			l, lost := s.learnerView(ctx, d.Learner)
			if lost != nil {
				return lost
			}
			v.Done = append(v.Done, dueView{l, d.Application, d.Act.Seq, string(d.Act.Kind)})
		}
		if shown := p.show(v, func(out *term.Screen) { writeDue(out, v.Done) }); shown != nil {
			return shown
		}
		return err
	})
	return c
}

func (p *program) deputyCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "deputy NAME WHO FROM TO", Short: "代理 name who stands in for you (--as) for a while", Args: exactly("NAME", "WHO", "FROM", "TO"),
		Example: "  creditbank applications deputy leave reviewer:wang 2026-07-01 2026-07-15 --as reviewer:zhang",
	}
	reason := c.Flags().String("reason", "", "原因; the reason, for the record")
	c.RunE = p.onBank(func(ctx context.Context, s *session, args []string) error {
		d := creditbank.Deputation{ID: args[0], Reviewer: s.by.ID, Deputy: args[1], Reason: *reason}
		var err error
		if d.From, err = creditbank.ParseDate(args[2]); err != nil {
			return err
		}
		if d.To, err = creditbank.ParseDate(args[3]); err != nil {
			return err
		}
		if err := s.Publish(ctx, s.by, creditbank.Reference{Deputations: []creditbank.Deputation{d}}); err != nil {
			return err
		}
		return p.show(d, func(out *term.Screen) {
			out.Mark(0, "✓", term.Good, txf("%s 至 %s 由 %s 代理 %s", "from %s through %s %s stands in for %s", d.From, d.To, d.Deputy, d.Reviewer))
		})
	})
	return c
}
