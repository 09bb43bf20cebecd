package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"creditbank/cmd/creditbank/internal/term"
	"creditbank/creditbank"
)

func (p *program) statementCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "statement LEARNER",
		Short:   "对账单 everything on record, in order, with amounts and reasons",
		Example: "  creditbank statement L2\n  creditbank statement L2 --json",
		Args:    exactly("LEARNER"),
	}
	brief := c.Flags().Bool("brief", false, "不列分录; without the transfers of the ledger")
	c.RunE = p.onBank(func(ctx context.Context, s *session, args []string) error {
		l, err := s.learner(ctx, args[0])
		if err != nil {
			return err
		}
		h, err := s.History(ctx, l.ID)
		if err != nil {
			return err
		}
		entries, err := statement(s.Catalogue(), h)
		if err != nil {
			return err
		}
		v := struct {
			Learner learnerView `json:"learner"`
			Entries []entryView `json:"entries"`
		}{l, entries}
		return p.show(v, func(out *term.Screen) {
			out.Title(tx(l.heading(), l.heading()))
			writeStatement(out, entries, !*brief)
		})
	})
	return c
}

// statement returns the entries of a history in order.
func statement(cat *creditbank.Catalogue, h creditbank.History) ([]entryView, error) {
	account, err := creditbank.NewAccount(h)
	if err != nil {
		return nil, err
	}
	movements, err := h.Movements()
	if err != nil {
		return nil, err
	}
	moves := map[int64][]creditbank.Transfer{}
	for _, m := range movements {
		moves[m.Seq] = append(moves[m.Seq], m.Transfer)
	}
	entries := make([]entryView, 0, len(h.Outcomes)+len(h.Acts))
	for _, o := range h.Outcomes {
		lot := newLotView(cat, account.Lot(o.Seq), creditbank.DateOf(o.PostedAt))
		day := creditbank.DateOf(o.PostedAt)
		if cat.Rules != nil {
			day = creditbank.DateOf(o.PostedAt.In(cat.Rules.Location()))
		}
		entries = append(entries, entryView{Seq: o.Seq, Kind: "posted", Day: day, At: o.PostedAt, By: o.By.ID, Outcome: &lot, Moves: newMoves(moves[o.Seq])})
	}
	for _, a := range h.Acts {
		e := entryView{Seq: a.Seq, Kind: string(a.Kind), Day: a.Day, At: a.At, By: a.By.ID, Of: a.Body.Of, Since: a.Body.Since,
			Programme: string(a.Body.Programme), Reason: a.Body.Reason, Consent: newConsentView(cat, a.Body.Consent), Moves: newMoves(moves[a.Seq])}
		if a.Body.Decision != nil {
			d := newDecisionView(cat, a.Seq, a.Body.Decision)
			e.Decision = &d
		}
		if c := account.Conversion(a.Seq); c != nil && c.Stands() {
			e.InCase = account.UnderCase(c.Seq)
		}
		if e.Award, e.Case = a.Body.Award, a.Body.Case; e.Award != nil {
			e.Programme = string(e.Award.Programme)
		}
		entries = append(entries, e)
	}
	slices.SortFunc(entries, func(a, b entryView) int { return int(a.Seq - b.Seq) })
	return entries, nil
}

func writeStatement(out *term.Screen, entries []entryView, moves bool) {
	var rows [][]term.Cell
	for _, e := range entries {
		what, style, amount := entryHead(e)
		detail := entryDetail(out, e)
		if moves {
			for _, m := range e.Moves {
				detail = append(detail, fmt.Sprintf("%s → %s  %s", m.From, m.To, m.Credits))
			}
		}
		rows = append(rows, []term.Cell{
			{Text: strconv.FormatInt(e.Seq, 10), Style: term.Dim}, term.Of(e.Day.String()), {Text: out.Stack(what), Style: style},
			term.Of(strings.Join(detail, "\n")), {Text: amount, Style: style},
		})
	}
	out.Table(0, []term.Column{
		{Head: headNo, Right: true}, {Head: headDay}, {Head: tx("事项", "entry")}, {Head: tx("说明", "what it says"), Flex: true}, {Head: headCredits, Right: true},
	}, rows)
}

// entryHead says what an entry is, how to paint it, and the amount.
func entryHead(e entryView) (what creditbank.Text, style term.Style, amount string) {
	switch {
	case e.Outcome != nil && e.Outcome.State == "rejected":
		return tx("登记，未认定", "posted, rejected"), term.Bad, e.Outcome.Credits.String()
	case e.Outcome != nil && e.Outcome.Revision > 1:
		return tx("修订登记", "revised"), term.Good, "+" + e.Outcome.Credits.String()
	case e.Outcome != nil:
		return tx("登记并认定", "recognised"), term.Good, "+" + e.Outcome.Credits.String()
	case e.Kind == string(creditbank.ActDecided) && e.Decision.Decision == "approve":
		return tx("转换批准", "converted"), term.Accent, e.Decision.granted().String()
	case e.Kind == string(creditbank.ActApplied):
		return tx("申请转换，待审核", "applied, to be reviewed"), term.Warn, ""
	case e.Kind == string(creditbank.ActDecided):
		return tx("不予转换", "denied"), term.Warn, ""
	case e.Award != nil:
		return creditbank.ActKind(e.Kind).Text(), term.Good, e.Award.Credits.String()
	}
	return creditbank.ActKind(e.Kind).Text(), term.Plain, ""
}

// granted returns the sum of the lines.
func (d decisionView) granted() creditbank.Credits {
	var sum creditbank.Credits
	for _, l := range d.Lines {
		sum += l.Credits
	}
	return sum
}

// entryDetail says what an entry is about.
func entryDetail(out *term.Screen, e entryView) []string {
	var lines []string
	if o := e.Outcome; o != nil {
		lines = append(lines, fmt.Sprintf("%s %s", o.Course, o.Title), fmt.Sprintf("%s/%s %s %s", o.Institution, o.ExternalID, o.IssuedOn, o.Score))
		if o.ValidUntil != 0 {
			lines = append(lines, out.Pick(txf("证书有效期至%s", "the certificate is valid through %s", o.ValidUntil)))
		}
		for _, t := range o.Explained {
			lines = append(lines, out.Pick(t))
		}
	}
	if d := e.Decision; d != nil {
		lines = append(lines, string(d.Rule)+" "+out.Stack(d.Title))
		for _, l := range d.Lines {
			lines = append(lines, fmt.Sprintf("%s/%s %s %s", d.Programme, l.Slot, l.Credits, gradeText(l.Grade)))
		}
		for _, t := range d.Explained {
			lines = append(lines, out.Stack(t))
		}
	}
	if c := e.Consent; c != nil {
		lines = append(lines, fmt.Sprintf("%s %s", c.Recipient, c.Name), out.Stack(c.Purpose.Text()))
		for _, f := range c.Fields {
			lines = append(lines, out.Pick(f.Text()))
		}
		lines = append(lines, out.Pick(txf("至%s", "until %s", c.Until)))
	}
	if w := e.Award; w != nil {
		lines = append(lines, out.Stack(w.Kind.Text()))
	}
	if k := e.Case; k != nil && k.Award != 0 {
		lines = append(lines, out.Pick(txf("授予第%d项以此为据", "award %d hangs on it", k.Award)))
	} else if k != nil && k.Upheld {
		lines = append(lines, out.Pick(tx("维持转换", "the conversion is upheld")))
	} else if k != nil {
		lines = append(lines, out.Pick(tx("不予维持", "not upheld")))
	}
	if e.InCase != 0 {
		lines = append(lines, out.Pick(txf("复核中（第%d项）", "in question by case %d", e.InCase)))
	}
	if e.Of != 0 {
		lines = append(lines, out.Pick(txf("针对第%d项", "of entry %d", e.Of)))
	}
	if e.Since != 0 {
		lines = append(lines, out.Pick(txf("因第%d项", "because of entry %d", e.Since)))
	}
	for _, text := range []string{e.Programme, e.Reason} {
		if text != "" {
			lines = append(lines, text)
		}
	}
	return lines
}
