package main

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"creditbank/cmd/creditbank/internal/term"
	"creditbank/creditbank"
)

// A doneView is the answer to a change that has no other.
type doneView struct {
	Learner learnerView `json:"learner"`
	Version int64       `json:"version"` // of the account, after it
	Changed bool        `json:"changed"` // false where the account was so already
}

// standingCommand returns a command that changes how an account stands.
func (p *program) standingCommand(c *cobra.Command, did creditbank.Text, act func(ctx context.Context, s *session, ch creditbank.Change, args []string) error) *cobra.Command {
	c.RunE = p.onBank(func(ctx context.Context, s *session, args []string) error {
		l, err := s.learner(ctx, args[0])
		if err != nil {
			return err
		}
		before, err := s.Account(ctx, l.ID)
		if err != nil {
			return err
		}
		if err := act(ctx, s, s.change(l.ID), args); err != nil {
			return err
		}
		after, err := s.Account(ctx, l.ID)
		if err != nil {
			return err
		}
		v := doneView{l, after.Version, after.Version != before.Version}
		return p.show(v, func(out *term.Screen) {
			if !v.Changed {
				out.Mark(0, "=", term.Dim, tx(l.heading()+"：已是如此，未作改动", l.heading()+": so already, nothing was changed"))
				return
			}
			out.Mark(0, "✓", term.Good, tx(l.heading()+"："+did.ZH, l.heading()+": "+did.EN))
		})
	})
	return p.addKey(c)
}

func (p *program) enrolCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "enrol LEARNER PROGRAMME", Aliases: []string{"enroll"}, Args: exactly("LEARNER", "PROGRAMME"),
		Short:   "注册专业 enrol in a programme, which conversions into it need",
		Example: "  creditbank enrol L1 P1",
	}
	return p.standingCommand(c, tx("已注册", "enrolled"), func(ctx context.Context, s *session, ch creditbank.Change, args []string) error {
		return s.Enrol(ctx, ch, creditbank.ProgrammeID(args[1]))
	})
}

func (p *program) leaveCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "leave LEARNER PROGRAMME", Args: exactly("LEARNER", "PROGRAMME"),
		Short:   "退出专业 leave a programme; what was converted stays",
		Example: "  creditbank leave L1 P1",
	}
	return p.standingCommand(c, tx("已退出", "left"), func(ctx context.Context, s *session, ch creditbank.Change, args []string) error {
		return s.Leave(ctx, ch, creditbank.ProgrammeID(args[1]))
	})
}

func (p *program) freezeCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "freeze LEARNER", Args: exactly("LEARNER"),
		Short:   "冻结 freeze an account: conversions wait, balances stay readable",
		Example: "  creditbank freeze L2 --reason 身份核验",
	}
	reason := c.Flags().String("reason", "", "原因，记入账户; the reason, for the record")
	return p.standingCommand(c, tx("已冻结", "frozen"), func(ctx context.Context, s *session, ch creditbank.Change, _ []string) error {
		return s.Freeze(ctx, ch, *reason)
	})
}

func (p *program) unfreezeCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "unfreeze LEARNER", Args: exactly("LEARNER"),
		Short:   "解冻 lift a freeze",
		Example: "  creditbank unfreeze L2 --reason 核验完毕",
	}
	reason := c.Flags().String("reason", "", "原因，记入账户; the reason, for the record")
	return p.standingCommand(c, tx("已解冻", "unfrozen"), func(ctx context.Context, s *session, ch creditbank.Change, _ []string) error {
		return s.Unfreeze(ctx, ch, *reason)
	})
}

func (p *program) revokeCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "revoke LEARNER INSTITUTION/ID",
		Short: "撤销成果 void an outcome; conversions that used it are reversed",
		Long: "撤销后，用过该成果的转换及其下游转换一律冲正，相关证书吊销；已授予毕业证书的立案复核。记录保留。\n" +
			"Conversions that used the outcome, and those that carried their lines on, are reversed and their certificates revoked;\n" +
			"where a diploma hangs on one, a case is opened instead. The history keeps all of it.",
		Example: "  creditbank revoke L2 I15/O006 --reason 成绩复核",
		Args:    exactly("LEARNER", "INSTITUTION/ID"),
	}
	reason := c.Flags().String("reason", "", "原因，记入账户; the reason, for the record")
	c.RunE = p.onBank(func(ctx context.Context, s *session, args []string) error {
		institution, external, ok := strings.Cut(args[1], "/")
		if !ok {
			return creditbank.Invalid(codeUsage, "INSTITUTION/ID", "应写成 机构/编号，如 I15/O006", "write the institution and its key, such as I15/O006")
		}
		l, err := s.learner(ctx, args[0])
		if err != nil {
			return err
		}
		acts, err := s.Revoke(ctx, s.change(l.ID), creditbank.Revoking{Institution: creditbank.InstitutionID(institution), ExternalID: external, Reason: *reason})
		if err != nil {
			return err
		}
		return errors.Join(p.showActs(ctx, s, l, acts), s.follow(ctx))
	})
	return p.addKey(c)
}

// showActs shows the entries that acts made.
func (p *program) showActs(ctx context.Context, s *session, l learnerView, acts []creditbank.Act) error {
	h, err := s.History(ctx, l.ID)
	if err != nil {
		return err
	}
	all, err := statement(s.Catalogue(), h)
	if err != nil {
		return err
	}
	made := map[int64]bool{}
	for _, a := range acts {
		made[a.Seq] = true
	}
	entries := []entryView{}
	for _, e := range all {
		if made[e.Seq] {
			entries = append(entries, e)
		}
	}
	v := struct {
		Learner learnerView `json:"learner"`
		Entries []entryView `json:"entries"`
	}{l, entries}
	return p.show(v, func(out *term.Screen) {
		out.Title(tx(l.heading(), l.heading()))
		writeStatement(out, entries, true)
	})
}
