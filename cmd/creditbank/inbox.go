package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"creditbank/cmd/creditbank/internal/term"
	"creditbank/creditbank"
)

func (p *program) inboxCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "inbox LEARNER",
		Short: "收件箱 what happened to an account, told to the learner",
		Long: "由新到旧；未读的以 ● 标出。--read 把全部标为已读。\n" +
			"The newest first; what is unread has a ●. --read marks all of it as read.",
		Example: "  creditbank inbox L2\n  creditbank inbox L2 --limit 5 --read",
		Args:    exactly("LEARNER"),
	}
	limit := c.Flags().Int("limit", 20, "最多列出多少条; how many at most")
	before := c.Flags().Int64("before", 0, "只列此序号之前的; only those before `SEQ`")
	read := c.Flags().Bool("read", false, "全部标为已读; mark all as read")
	c.RunE = p.onBank(func(ctx context.Context, s *session, args []string) error {
		if *limit < 1 || *before < 0 {
			return creditbank.Invalid(codeUsage, "--limit", "--limit 至少为1，--before 不能为负", "--limit is at least 1, --before not negative")
		}
		l, err := s.learner(ctx, args[0])
		if err != nil {
			return err
		}
		in, err := s.Inbox(ctx, l.ID, *before, *limit)
		if err != nil {
			return err
		}
		if *read {
			if err := s.MarkRead(ctx, l.ID, in.Version); err != nil {
				return err
			}
		}
		v := newInboxView(l, in)
		return p.show(v, func(out *term.Screen) { writeInbox(out, v) })
	})
	return c
}

// An inboxView is a page of a learner's notices.
type inboxView struct {
	Learner learnerView  `json:"learner"`
	Read    int64        `json:"read"`
	Unread  int          `json:"unread"`
	Notices []noticeView `json:"notices"`
	Next    int64        `json:"next,omitempty"`
}

// A noticeView is a notice.
type noticeView struct {
	Seq     int64             `json:"seq"`
	Day     creditbank.Date   `json:"day"`
	Kind    string            `json:"kind"`
	Of      int64             `json:"of,omitempty"`
	Text    creditbank.Text   `json:"text"`
	Details []creditbank.Text `json:"details"`
	Note    string            `json:"note,omitempty"`
	Unread  bool              `json:"unread"`
}

func newInboxView(l learnerView, in creditbank.Inbox) inboxView {
	v := inboxView{Learner: l, Read: in.Read, Unread: in.Unread, Notices: []noticeView{}, Next: in.Next}
	for _, n := range in.Notices {
		v.Notices = append(v.Notices, noticeView{n.Seq, n.Day, n.Kind, n.Of, n.Text, orEmpty(n.Details), n.Note, n.Seq > in.Read})
	}
	return v
}

func writeInbox(out *term.Screen, v inboxView) {
	out.Title(tx(v.Learner.heading(), v.Learner.heading()))
	out.Say(0, txf("未读%d条", "%d unread", v.Unread))
	for _, n := range v.Notices {
		mark, style := "·", term.Dim
		if n.Unread {
			mark, style = "●", term.Accent
		}
		out.Mark(0, mark, style, tx(fmt.Sprintf("%s %s", n.Day, n.Text.ZH), fmt.Sprintf("%s %s", n.Day, n.Text.EN)))
		for _, d := range n.Details {
			out.Say(4, d)
		}
		if n.Note != "" {
			out.Say(4, tx("说明："+n.Note, "note: "+n.Note))
		}
	}
	if v.Next != 0 {
		out.Say(0, txf("更早的：--before %d", "earlier ones: --before %d", v.Next))
	}
}

func (p *program) concernsCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "concerns INSTITUTION",
		Short: "机构收件箱 what an institution is told of revocations, reversals and cases",
		Long: "由新到旧：与该机构登记的成果、开设的专业、授予的证书有关的更正、撤销、冲正与复核。\n" +
			"The newest first: corrections, revocations, reversals and cases about outcomes that it posted, its programmes and its awards.",
		Example: "  creditbank concerns I01",
		Args:    exactly("INSTITUTION"),
	}
	limit := c.Flags().Int("limit", 50, "最多列出多少条; how many at most")
	c.RunE = p.onBank(func(ctx context.Context, s *session, args []string) error {
		institution, ok := s.Catalogue().Institutions[creditbank.InstitutionID(args[0])]
		if !ok {
			return creditbank.NotFound(creditbank.CodeUnknownInstitution, "INSTITUTION", fmt.Sprintf("机构 %s 不存在", args[0]), fmt.Sprintf("institution %s does not exist", args[0]))
		}
		all, err := s.Concerns(ctx, institution.ID, creditbank.ConcernRef{}, max(1, *limit))
		if err != nil {
			return err
		}
		v := struct {
			Institution creditbank.InstitutionID `json:"institution"`
			Concerns    []concernView            `json:"concerns"`
		}{institution.ID, []concernView{}}
		for _, told := range all {
			l, err := s.called(ctx, told.Learner)
			if err != nil {
				return err
			}
			v.Concerns = append(v.Concerns, concernView{l, told.Seq, string(told.Kind), told.Day, told.Of, told.Since, told.Programme, told.Source, told.ExternalID})
		}
		return p.show(v, func(out *term.Screen) {
			out.Title(tx(args[0]+" "+institution.Name, args[0]+" "+institution.Name))
			if len(v.Concerns) == 0 {
				out.Say(0, tx("没有需要知悉的事项", "there is nothing to be told of"))
			}
			writeConcerns(out, v.Concerns)
		})
	})
	return c
}

// A concernView is what an institution is told of.
type concernView struct {
	Learner   creditbank.AccountNumber `json:"account"`
	Seq       int64                    `json:"seq"`
	Kind      string                   `json:"kind"`
	Day       creditbank.Date          `json:"day"`
	Of        int64                    `json:"of,omitempty"`
	Since     int64                    `json:"since,omitempty"`
	Programme creditbank.ProgrammeID   `json:"programme,omitempty"`
	PostedBy  creditbank.InstitutionID `json:"posted_by,omitempty"`
	External  string                   `json:"external_id,omitempty"`
}

// called returns the account number of a learner.
func (s *session) called(ctx context.Context, id creditbank.LearnerID) (creditbank.AccountNumber, error) {
	l, err := s.Learner(ctx, id)
	return l.Account, err
}

func writeConcerns(out *term.Screen, all []concernView) {
	var rows [][]term.Cell
	for _, c := range all {
		outcome := ""
		if c.External != "" {
			outcome = string(c.PostedBy) + "/" + c.External
		}
		rows = append(rows, []term.Cell{
			term.Of(c.Day.String()), term.Of(out.Stack(creditbank.ActKind(c.Kind).Text())), term.Of(string(c.Learner)),
			{Text: fmt.Sprint(c.Seq), Style: term.Dim}, term.Of(string(c.Programme)), term.Of(outcome),
		})
	}
	out.Table(0, []term.Column{
		{Head: headDay}, {Head: tx("事项", "entry")}, {Head: tx("账号", "account")}, {Head: headNo, Right: true}, {Head: tx("专业", "programme")}, {Head: tx("成果", "outcome"), Flex: true},
	}, rows)
}
