package main

import (
	"context"

	"github.com/spf13/cobra"

	"creditbank/cmd/creditbank/internal/embedded"
	"creditbank/cmd/creditbank/internal/term"
	"creditbank/creditbank"
	"creditbank/creditbank/scenario"
)

func (p *program) doctorCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "doctor",
		Short: "体检 add every account up anew and compare with what is stored",
		Long: "逐户重新相加，核对分录、余额、合计、认定申请及其证明材料；核对证书日志；--replay 另将每项决定复算一遍。只读，不作改动。\n" +
			"Adds every account up anew and compares transfers, lots, totals, petitions and evidence with what is stored; checks the log of\n" +
			"certificates; with --replay every decision is reached again. It changes nothing.",
		Example: "  creditbank doctor\n  creditbank doctor --replay --json",
		Args:    exactly(),
	}
	replay := c.Flags().Bool("replay", false, "复算每项决定; decide every decision again")
	c.RunE = p.onBank(func(ctx context.Context, s *session, _ []string) error {
		return p.examine(ctx, s, *replay)
	})
	return c
}

func (p *program) examine(ctx context.Context, s *session, replay bool) error {
	bar := p.steps()
	e, err := s.Examine(ctx, replay, func(n int) { bar.step(scenario.Progress{Step: "accounts", Done: n, Of: n + 1}) })
	bar.finish()
	if err != nil {
		return err
	}
	if err := p.show(e, func(out *term.Screen) { writeExamination(out, e) }); err != nil {
		return err
	}
	if len(e.Faults) > 0 {
		return errReported
	}
	return nil
}

func writeExamination(out *term.Screen, e embedded.Examination) {
	out.Title(txf("体检：%d个账户、%d项成果、%d项决定", "%d accounts, %d outcomes, %d decisions examined", e.Accounts, e.Outcomes, e.Decisions))
	writeChecks(out, e)
	if len(e.Faults) > 0 {
		out.Blank()
		out.Say(0, txf("发现%d处问题。请停止写入，保留文件夹原样，并与最近的备份比对。",
			"%d faults. Stop writing, keep the folder as it is, and compare it with the newest backup.", len(e.Faults)))
	}
}

// maxShown is how many faults are listed for people.
const maxShown = 20

// writeChecks writes what is in order, then what is not.
func writeChecks(out *term.Screen, e embedded.Examination) {
	faulty := map[string]bool{}
	for _, f := range e.Faults {
		faulty[f.Check] = true
	}
	line := func(check string, ok creditbank.Text) {
		if !faulty[check] {
			out.Note(0, "✓", term.Good, ok)
		}
	}
	line(embedded.CheckHistory, tx("各账户记录完整、连续，未被改动", "every history is complete, in order and undamaged"))
	line(embedded.CheckState, tx("账户状态与记录一致", "the state kept with each account follows from its rows"))
	line(embedded.CheckTransfers, txf("账本%d笔分录与记录一致", "the ledger's %d transfers are those that the rows call for", e.Transfers))
	line(embedded.CheckLots, tx("没有透支的批次，余额相符", "no lot is below zero, and each holds what its rows say"))
	line(embedded.CheckZero, tx("各类别账户合计为零", "all accounts of each category sum to zero"))
	line(embedded.CheckPerson, tx("学习者身份可读（主密钥无误）", "who the learners are can be read: the master key is right"))
	line(embedded.CheckWork, tx("办理清单与各户未办结的申请相符", "the worklist has each open application, and nothing else"))
	line(embedded.CheckPetitions, tx("待认定清单与各户未办结的认定申请相符", "the list of petitions has each open one, and nothing else"))
	if e.Evidence > 0 {
		line(embedded.CheckEvidence, txf("%d份证明材料完整可读", "%d files of evidence are whole and can be opened", e.Evidence))
	}
	if e.Replayed > 0 {
		line(embedded.CheckReplay, txf("%d项决定复算结果逐字节相同", "%d decisions came out again byte for byte", e.Replayed))
	}
	if e.Log.Records > 0 {
		line(embedded.CheckLog, txf("证书日志%d条，与%d份证书（已吊销%d）逐条相符", "the log's %d records are those of %d certificates (%d revoked)", e.Log.Records, e.Log.Certificates, e.Log.Revoked))
		line(embedded.CheckAnchor, txf("日志延续已存证的%d条", "the log extends the %d records that are anchored", e.Log.Anchored))
	}
	if e.Log.Behind > 0 && e.Log.Records > 0 {
		out.Mark(0, "·", term.Dim, txf("账本另有%d项变动尚未处理证书；certify 会接着处理", "%d entries of the ledger were not looked at for certificates yet; certify goes on with them", e.Log.Behind))
	}
	for i, f := range e.Faults {
		if i == maxShown {
			out.Mark(0, "✗", term.Bad, txf("……另有%d处，见 --json", "… and %d more, see --json", len(e.Faults)-i))
			break
		}
		zh, en := f.Message.ZH, f.Message.EN
		if f.Account != "" {
			zh, en = "账户 "+string(f.Account)+"："+zh, "account "+string(f.Account)+": "+en
		}
		out.Mark(0, "✗", term.Bad, tx(zh, en))
	}
}
