package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"creditbank/cmd/creditbank/internal/embedded"
	"creditbank/cmd/creditbank/internal/qinghe"
	"creditbank/cmd/creditbank/internal/term"
	"creditbank/creditbank"
	"creditbank/creditbank/scenario"
)

func (p *program) tourCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "tour",
		Short: "导览 the year of a small city, told on this terminal",
		Long: "在一个全新的学分银行里演示青禾市的一年：登记、认定、余额、转换及其理由、证书与离线核验。不需要网络和任何服务。\n" +
			"Tells the year of the city of Qinghe from a fresh bank: outcomes, recognition, balances, conversions with their\n" +
			"reasons, a certificate verified offline. It needs no network and no services, and keeps the folder.",
		Example: "  creditbank tour\n  creditbank tour --dir ./tour --lang en",
		Args:    exactly(),
	}
	dir := c.Flags().String("dir", "", "保留在哪个文件夹; folder `DIR` to keep it in (a new one in the system's folder for temporary files)")
	c.RunE = func(cmd *cobra.Command, _ []string) error { return p.tour(cmd.Context(), *dir) }
	return c
}

// A tour is the story being told.
type tour struct {
	*performance
	out    *term.Screen
	dir    string
	cat    *creditbank.Catalogue
	people []*person
	office *embedded.Office
	issued certifiedView
}

// A person is a learner of the story with what is on record.
type person struct {
	learnerView
	history creditbank.History
	account *creditbank.Account
	before  *creditbank.Account // before the first decision, enrolments in
}

func (p *program) tour(ctx context.Context, dir string) (err error) {
	out, err := p.screen()
	if err == nil && p.asJSON {
		err = creditbank.Invalid(codeUsage, "--json", "导览是给人看的；要JSON请用 simulate DIR --json", "the tour is for people; simulate DIR --json prints JSON")
	}
	if err != nil {
		return err
	}
	if dir == "" {
		dir, err = os.MkdirTemp("", "creditbank-tour-")
	}
	if err != nil {
		return err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	city, err := scenario.Read(qinghe.City())
	if err != nil {
		return err
	}
	p.bankDir = filepath.Join(dir, "bank")
	perf, err := p.perform(ctx, city, stage{dir: p.bankDir, host: "qinghe.example", progress: func(scenario.Progress) {}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, perf.Close()) }()
	if err := errors.Join(qinghe.WriteTo(filepath.Join(dir, "qinghe")), p.report(placedProblems(perf.result.Problems))); err != nil {
		return err
	}
	d := &tour{performance: perf, out: out, dir: dir, cat: perf.Catalogue()}
	return d.tell(ctx)
}

// tell tells the story from beginning to end.
func (d *tour) tell(ctx context.Context) error {
	for _, l := range d.learners {
		who, err := d.person(ctx, l)
		if err != nil {
			return err
		}
		d.people = append(d.people, who)
	}
	d.title()
	for _, chapter := range []func(context.Context) error{d.introduce, d.outcomes, d.balances, d.decisions, d.certificate, d.audit, d.next} {
		if err := chapter(ctx); err != nil {
			return err
		}
	}
	return d.out.Err()
}

// person reads what is on record about a learner.
func (d *tour) person(ctx context.Context, l learnerView) (*person, error) {
	h, err := d.History(ctx, l.ID)
	if err != nil {
		return nil, err
	}
	account, err := creditbank.NewAccount(h)
	if err != nil {
		return nil, err
	}
	first := account.Version + 1
	for _, a := range h.Acts {
		if a.Kind == creditbank.ActDecided {
			first = min(first, a.Seq)
		}
	}
	before, err := h.At(first - 1)
	return &person{l, h, account, before}, err
}

// wall returns the time outside the story.
func (p *program) wall() time.Time {
	if p.world.Now != nil {
		return p.world.Now()
	}
	return time.Now()
}
