package main

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"creditbank/cmd/creditbank/internal/term"
	"creditbank/creditbank"
)

// A sweptView says what a job of the sweep did.
type sweptView struct {
	Job    string `json:"job"`
	Done   int    `json:"done"`
	Looked int    `json:"looked"`
	Behind int64  `json:"behind_seconds"` // for how long what is left has been due
}

// jobText says what the pieces of work of a job are.
func jobText(job string) creditbank.Text {
	switch job {
	case creditbank.JobDrafts:
		return tx("公示期满发布的规则草案", "drafts of rules whose publicity has ended")
	case creditbank.JobApplications:
		return tx("公示期满生效、逾期未补正失效的申请", "applications that took effect after their publicity, or lapsed")
	case creditbank.JobExpiry:
		return tx("到期失效的批次", "lots that expired")
	}
	return tx(job, job)
}

func (p *program) sweepCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "sweep",
		Short: "到期处理 do once what comes due by the clock",
		Long: "把到期而尚未记账的事项记入账本（如学分失效）。余额与决定从不等它：它只补记分录。可随时中断、重复执行，\n" +
			"多处同时执行也只记一次；服务运行时（serve）自动执行。\n" +
			"Puts on record what came due by the clock, such as credits that expired. No balance and no decision waits for it.\n" +
			"It may be stopped, repeated, and run in several places: each thing is done once. A running service does it by itself.",
		Example: "  creditbank sweep\n  creditbank sweep --json",
		Args:    exactly(),
	}
	batch := c.Flags().Int("batch", 256, "每批几项; pieces of work done `N` at a time")
	c.RunE = p.onBank(func(ctx context.Context, s *session, _ []string) error {
		if *batch < 1 || *batch > 10_000 {
			return creditbank.Invalid(codeUsage, "batch", "每批应为1至10000项", "a batch is of 1 to 10000 pieces")
		}
		views, err := p.sweep(ctx, s, *batch)
		if err != nil {
			return err
		}
		return p.show(views, func(out *term.Screen) { writeSwept(out, views) })
	})
	return c
}

// sweep does what is due. Where people read the answer, each batch that did
// something is told of.
func (p *program) sweep(ctx context.Context, s *session, batch int) ([]sweptView, error) {
	out, err := p.screen()
	if err != nil {
		return nil, err
	}
	sweeper := creditbank.NewSweeper(creditbank.SweeperConfig{Jobs: s.Jobs(), Batch: batch, Report: func(job string, done creditbank.Swept, err error) {
		if !p.asJSON && err == nil && done.Done > 0 && done.More {
			out.Say(0, txf("%s：%d项，继续", "%s: %d, more to do", job, done.Done))
		}
	}})
	done, err := sweeper.Once(ctx)
	views := make([]sweptView, 0, len(done))
	for job, d := range done {
		views = append(views, sweptView{job, d.Done, d.Looked, int64(d.Behind / time.Second)})
	}
	slices.SortFunc(views, func(a, b sweptView) int {
		return slices.Index(creditbank.JobNames(), a.Job) - slices.Index(creditbank.JobNames(), b.Job)
	})
	return views, err
}

func writeSwept(out *term.Screen, views []sweptView) {
	for _, v := range views {
		what := jobText(v.Job)
		if v.Done == 0 {
			out.Mark(0, "=", term.Dim, tx(what.ZH+"：没有到期未记的", what.EN+": nothing is due"))
			continue
		}
		out.Mark(0, "✓", term.Good, txf(what.ZH+"：已记账%d项", what.EN+": %d put on record", v.Done))
	}
}
