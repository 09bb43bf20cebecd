package main

import (
	"context"
	"fmt"
	"time"

	"creditbank/cmd/creditbank/internal/term"
	"creditbank/creditbank"
)

// An applicationView is an application as the commands show it.
type applicationView struct {
	Learner    learnerView                 `json:"learner"`
	Seq        int64                       `json:"seq"`
	Number     string                      `json:"number"` // in public
	Rule       creditbank.RuleID           `json:"rule"`
	Title      creditbank.Text             `json:"title"`
	State      creditbank.ApplicationState `json:"state"`
	Level      int                         `json:"level"`
	Due        creditbank.Date             `json:"due"`
	Assumed    []int                       `json:"assumed_years,omitempty"`
	Reviewers  int                         `json:"reviewers"`
	Votes      int                         `json:"votes"`
	Unclaimed  int                         `json:"unclaimed"`
	Appealable bool                        `json:"appealable"`
	Expected   creditbank.Credits          `json:"expected"` // that approval would grant
	Forfeited  creditbank.Credits          `json:"forfeited"`
	Said       []saidView                  `json:"said,omitempty"`
}

// A saidView is something that was said about an application.
type saidView struct {
	Seq  int64              `json:"seq"`
	Kind creditbank.ActKind `json:"kind"`
	At   time.Time          `json:"at"`
	By   string             `json:"by"`
	For  string             `json:"for,omitempty"`
	Yes  *bool              `json:"approve,omitempty"`
	Text string             `json:"text"`
}

func (s *session) applicationView(l learnerView, p *creditbank.Application) applicationView {
	today := s.Today()
	v := applicationView{
		Learner: l, Seq: p.Seq, Number: p.Number(), Rule: p.Decision.Rule, State: p.State, Level: p.Level, Due: p.Due, Assumed: p.Assumed,
		Reviewers: p.Process.Votes(), Votes: len(p.Votes()), Unclaimed: max(0, p.Seats(today)), Appealable: p.Appealable(today),
		Expected: p.Expected().Granted(), Forfeited: p.Expected().Forfeited,
	}
	v.Title, _, _ = s.Catalogue().Rules.RuleTitle(p.Decision.Rule)
	return v
}

// said gathers what was said about an application, in order.
func (s *session) said(ctx context.Context, id creditbank.LearnerID, p *creditbank.Application) ([]saidView, error) {
	h, err := s.History(ctx, id)
	if err != nil {
		return nil, err
	}
	var all []saidView
	for _, act := range h.Acts {
		if act.Body.Of != p.Seq {
			continue
		}
		v := saidView{Seq: act.Seq, Kind: act.Kind, At: act.At, By: act.By.ID, Text: act.Body.Reason}
		if st := act.Body.Step; st != nil {
			words, err := s.Words(ctx, id, st.Sealed)
			if err != nil {
				return nil, err
			}
			v.Text, v.For = v.Text+words, st.For
			if act.Kind == creditbank.ActOpined {
				v.Yes = &st.Approve
			}
		}
		all = append(all, v)
	}
	return all, nil
}

// showApplication shows an application as it stands.
func (p *program) showApplication(ctx context.Context, s *session, l learnerView, seq int64) error {
	a, err := s.Account(ctx, l.ID)
	if err != nil {
		return err
	}
	app := a.Application(seq)
	if app == nil {
		return creditbank.NotFound(creditbank.CodeUnknownApplication, "N", "没有这项申请", "there is no such application")
	}
	v := s.applicationView(l, app)
	if v.Said, err = s.said(ctx, l.ID, app); err != nil {
		return err
	}
	return p.show(v, func(out *term.Screen) { writeApplication(out, v) })
}

func writeApplication(out *term.Screen, v applicationView) {
	head := fmt.Sprintf("%s  %d", v.Learner.heading(), v.Seq)
	out.Title(tx(head, head))
	state := v.State.Text()
	out.Mark(0, "·", term.Accent, tx(fmt.Sprintf("%s %s：%s", v.Rule, v.Title.ZH, state.ZH), fmt.Sprintf("%s %s: %s", v.Rule, v.Title.EN, state.EN)))
	if v.Due != 0 {
		out.Say(4, txf("期限 %s", "through %s", v.Due))
	}
	for _, year := range v.Assumed {
		out.Mark(4, "!", term.Warn, txf("尚未导入%d年的工作日历，按周一至周五推算", "no calendar of %d was imported: Monday to Friday was assumed", year))
	}
	out.Say(4, txf("已投%d票，共%d票；通过可得%v学分，放弃%v学分", "%d of %d votes cast; approval would grant %v credits and forfeit %v", v.Votes, v.Reviewers, v.Expected, v.Forfeited))
	for _, one := range v.Said {
		kind, by := one.Kind.Text(), one.By
		if one.For != "" {
			by += " → " + one.For
		}
		mark := "·"
		if one.Yes != nil {
			mark = map[bool]string{true: "✓", false: "✗"}[*one.Yes]
		}
		out.Mark(4, mark, term.Dim, tx(fmt.Sprintf("%d %s %s %s", one.Seq, kind.ZH, by, one.Text), fmt.Sprintf("%d %s %s %s", one.Seq, kind.EN, by, one.Text)))
	}
	if v.Appealable {
		out.Say(4, tx("可以申诉", "it can be appealed"))
	}
}

func writeWorklist(out *term.Screen, views []applicationView) {
	if len(views) == 0 {
		out.Say(0, tx("没有申请", "there is none"))
		return
	}
	rows := make([][]term.Cell, 0, len(views))
	for _, v := range views {
		rows = append(rows, []term.Cell{
			{Text: v.Learner.called(), Style: term.Accent}, term.Of(fmt.Sprint(v.Seq)), term.Of(string(v.Rule)), term.Of(out.Stack(v.Title)),
			term.Of(out.Pick(v.State.Text())), term.Of(v.Due.String()), term.Of(fmt.Sprintf("%d/%d", v.Votes, v.Reviewers)), term.Of(fmt.Sprint(v.Unclaimed)),
		})
	}
	out.Table(0, []term.Column{
		{Head: tx("学习者", "learner")}, {Head: tx("序", "no."), Right: true}, {Head: headRule}, {Head: tx("名称", "title"), Flex: true},
		{Head: tx("状态", "state")}, {Head: tx("期限", "through")}, {Head: tx("票", "votes")}, {Head: tx("未认领", "free"), Right: true},
	}, rows)
}

// A dueView is something that came due.
type dueView struct {
	Learner     learnerView `json:"learner"`
	Application int64       `json:"application"`
	Entry       int64       `json:"entry"`
	Kind        string      `json:"kind"`
}

func writeDue(out *term.Screen, done []dueView) {
	if len(done) == 0 {
		out.Mark(0, "=", term.Dim, tx("没有到期事项", "nothing is due"))
		return
	}
	for _, d := range done {
		kind := creditbank.ActKind(d.Kind).Text()
		out.Mark(0, "✓", term.Good, tx(fmt.Sprintf("%s 第%d项：%s", d.Learner.heading(), d.Application, kind.ZH), fmt.Sprintf("%s application %d: %s", d.Learner.heading(), d.Application, kind.EN)))
	}
}
