package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"creditbank/cmd/creditbank/internal/term"
	"creditbank/creditbank"
)

// A petitionView is a petition as the commands show it.
type petitionView struct {
	Learner     learnerView              `json:"learner"`
	Seq         int64                    `json:"seq"`
	Institution creditbank.InstitutionID `json:"institution"`
	Course      creditbank.CourseCode    `json:"course,omitempty"`
	Title       string                   `json:"title,omitempty"`
	Text        string                   `json:"text,omitempty"`
	IssuedOn    creditbank.Date          `json:"issued_on"`
	ValidUntil  creditbank.Date          `json:"valid_until,omitempty"` // the certificate's own last day
	State       creditbank.PetitionState `json:"state"`
	Since       creditbank.Date          `json:"since"`
	Evidence    []evidenceView           `json:"evidence"`
	Said        []saidView               `json:"said,omitempty"`
	Outcome     int64                    `json:"outcome,omitempty"`
	Reason      string                   `json:"reason,omitempty"`
}

// An evidenceView is a file of evidence, unopened.
type evidenceView struct {
	Seq   int64                `json:"seq"`
	At    time.Time            `json:"at"`
	Type  creditbank.MediaType `json:"type"`
	Bytes int64                `json:"bytes"`
}

func newPetitionView(l learnerView, q *creditbank.Petition) petitionView {
	v := petitionView{
		Learner: l, Seq: q.Seq, Institution: q.Claim.Institution, Course: q.Claim.Course, IssuedOn: q.Claim.IssuedOn, ValidUntil: q.Claim.ValidUntil, State: q.State, Since: q.Since,
		Evidence: []evidenceView{}, Outcome: q.Outcome, Reason: q.Reason,
	}
	for _, e := range q.Evidence {
		v.Evidence = append(v.Evidence, evidenceView{e.Seq, e.At, e.Type, e.Bytes})
	}
	return v
}

// showPetition shows a petition as it stands, with what was written about it: to who
// may see it alone.
func (p *program) showPetition(ctx context.Context, s *session, l learnerView, seq int64) error {
	a, err := s.Account(ctx, l.ID)
	if err != nil {
		return err
	}
	q := a.Petition(seq)
	if q == nil {
		return noPetition()
	}
	v := newPetitionView(l, q)
	if !q.Recused(s.by) {
		words, err := s.PetitionWords(ctx, l.ID, q.Words)
		if err != nil {
			return err
		}
		v.Title, v.Text = words.Title, words.Text
		for _, letter := range q.Letters {
			text, err := s.Words(ctx, l.ID, letter.Sealed)
			if err != nil {
				return err
			}
			v.Said = append(v.Said, saidView{Seq: letter.Seq, Kind: letter.Kind, At: letter.At, By: letter.By.ID, Text: letter.Note + text})
		}
	}
	return p.show(v, func(out *term.Screen) { writePetition(out, v) })
}

func writePetition(out *term.Screen, v petitionView) {
	head := fmt.Sprintf("%s  %d", v.Learner.heading(), v.Seq)
	out.Title(tx(head, head))
	state, what := v.State.Text(), strings.Join(strings.Fields(fmt.Sprintf("%s %s %s", v.Institution, v.Course, v.Title)), " ")
	out.Mark(0, "·", term.Accent, tx(fmt.Sprintf("%s：%s", what, state.ZH), fmt.Sprintf("%s: %s", what, state.EN)))
	out.Say(4, txf("取得日期 %s，%s 送达", "issued on %s; with the institution since %s", v.IssuedOn, v.Since))
	if v.ValidUntil != 0 {
		out.Say(4, txf("证书有效期至%s", "the certificate is valid through %s", v.ValidUntil))
	}
	if v.Text != "" {
		out.Say(4, tx(v.Text, v.Text))
	}
	for _, e := range v.Evidence {
		line := fmt.Sprintf("%d %s %d", e.Seq, e.Type, e.Bytes)
		out.Mark(4, "·", term.Dim, tx(line+"字节", line+" bytes"))
	}
	for _, one := range v.Said {
		kind := one.Kind.Text()
		out.Mark(4, "·", term.Dim, tx(fmt.Sprintf("%d %s %s %s", one.Seq, kind.ZH, one.By, one.Text), fmt.Sprintf("%d %s %s %s", one.Seq, kind.EN, one.By, one.Text)))
	}
	if v.Reason != "" {
		out.Say(4, tx(v.Reason, v.Reason))
	}
	if v.Outcome != 0 {
		out.Say(4, txf("已登记为第%d项", "posted as entry %d", v.Outcome))
	}
}

func (p *program) petitionsShowCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "show LEARNER N", Short: "详情 a petition, what was said, and its evidence", Args: exactly("LEARNER", "N"),
		Example: "  creditbank petitions show L2 41",
	}
	c.RunE = p.onBank(func(ctx context.Context, s *session, args []string) error {
		l, seq, err := s.numbered(ctx, args)
		if err != nil {
			return err
		}
		return p.showPetition(ctx, s, l, seq)
	})
	return c
}

func (p *program) petitionsListCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "list", Short: "待认定清单 open petitions, those that wait longest in front", Args: exactly(),
		Example: "  creditbank petitions list --state submitted",
	}
	state := c.Flags().String("state", "", "状态: submitted or returned; both if left out")
	c.RunE = p.onBank(func(ctx context.Context, s *session, _ []string) error {
		if *state != "" {
			if _, err := oneOf(*state, string(creditbank.PetitionSubmitted), string(creditbank.PetitionReturned)); err != nil {
				return err
			}
		}
		views, err := s.openPetitions(ctx, creditbank.PetitionState(*state))
		if err != nil {
			return err
		}
		v := struct {
			Petitions []petitionView `json:"petitions"`
		}{views}
		return p.show(v, func(out *term.Screen) { writePetitions(out, views) })
	})
	return c
}

// openPetitions returns the open petitions to every institution, but those from which
// whoever asks recused themselves.
func (s *session) openPetitions(ctx context.Context, state creditbank.PetitionState) ([]petitionView, error) {
	q := creditbank.PetitionQuery{State: state, Limit: 100}
	for id := range s.Catalogue().Institutions {
		q.Institutions = append(q.Institutions, id)
	}
	views := []petitionView{}
	for {
		items, next, err := s.Petitions(ctx, q)
		if err != nil {
			return nil, err
		}
		for _, item := range items {
			l, err := s.learnerView(ctx, item.Learner)
			if err != nil {
				return nil, err
			}
			a, err := s.Account(ctx, item.Learner)
			if err != nil {
				return nil, err
			}
			if one := a.Petition(item.Seq); one != nil && one.Open() && !one.Recused(s.by) {
				views = append(views, newPetitionView(l, one))
			}
		}
		if next == nil {
			return views, nil
		}
		q.After = *next
	}
}

func writePetitions(out *term.Screen, views []petitionView) {
	if len(views) == 0 {
		out.Say(0, tx("没有待办的认定申请", "there is none"))
		return
	}
	rows := make([][]term.Cell, 0, len(views))
	for _, v := range views {
		rows = append(rows, []term.Cell{
			{Text: v.Learner.called(), Style: term.Accent}, term.Of(fmt.Sprint(v.Seq)), term.Of(string(v.Institution)), term.Of(string(v.Course)),
			term.Of(out.Pick(v.State.Text())), term.Of(v.Since.String()), term.Of(fmt.Sprint(len(v.Evidence))),
		})
	}
	out.Table(0, []term.Column{
		{Head: tx("学习者", "learner")}, {Head: tx("序", "no."), Right: true}, {Head: tx("机构", "institution")}, {Head: tx("课程", "course")},
		{Head: tx("状态", "state"), Flex: true}, {Head: tx("送达", "since")}, {Head: tx("材料", "files"), Right: true},
	}, rows)
}
