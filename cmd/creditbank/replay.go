package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"creditbank/cmd/creditbank/internal/term"
	"creditbank/creditbank"
)

func (p *program) replayCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "replay LEARNER N",
		Short: "复算 decide entry N once more, as of then, and compare",
		Long: "用当时的规则、当时的账户、当时的时钟重新计算第N项决定；结果应逐字节相同。\n" +
			"Reaches decision N again with the rules, the account and the clock of then; it must come out byte for byte.",
		Example: "  creditbank statement L2 --brief\n  creditbank replay L2 9",
		Args:    exactly("LEARNER", "N"),
	}
	c.RunE = p.onBank(func(ctx context.Context, s *session, args []string) error {
		seq, err := strconv.ParseInt(args[1], 10, 64)
		if err != nil {
			return creditbank.Invalid(codeUsage, "N", fmt.Sprintf("“%s”不是序号", args[1]), fmt.Sprintf("%q is no number of an entry", args[1]))
		}
		l, err := s.learner(ctx, args[0])
		if err != nil {
			return err
		}
		r, err := s.Replay(ctx, l.ID, seq)
		if err != nil {
			return err
		}
		v := struct {
			Learner learnerView     `json:"learner"`
			Seq     int64           `json:"seq"`
			Same    bool            `json:"same"`
			Hash    creditbank.Hash `json:"hash"`
			Stored  json.RawMessage `json:"stored"`
			Again   json.RawMessage `json:"again"`
		}{l, seq, r.Equal(), r.Hash, r.Stored, r.Again}
		err = p.show(v, func(out *term.Screen) { writeReplay(out, l, seq, r) })
		if err == nil && !v.Same {
			return errReported
		}
		return err
	})
	return c
}

func writeReplay(out *term.Screen, l learnerView, seq int64, r creditbank.Replay) {
	head := l.heading() + "  " + out.Pick(txf("第%d项", "entry %d", seq))
	out.Title(tx(head, head))
	if r.Equal() {
		out.Mark(0, "✓", term.Good, tx("复算结果与存档逐字节相同", "decided again: byte for byte the same"))
		out.Line("  SHA-256 " + r.Hash.String())
		return
	}
	out.Mark(0, "✗", term.Bad, tx("复算结果与存档不同：数据受损，或程序对规则的理解已变", "decided again it differs: damaged data, or this program reads the rules otherwise"))
	out.Line("  - " + string(r.Stored))
	out.Line("  + " + string(r.Again))
}
