package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"creditbank/cmd/creditbank/internal/embedded"
	"creditbank/cmd/creditbank/internal/term"
	"creditbank/creditbank"
	"creditbank/creditbank/scenario"
)

// simulation holds the flags of simulate.
type simulation struct {
	certificates string
	store        string
}

func (p *program) simulateCommand() *cobra.Command {
	var o simulation
	c := &cobra.Command{
		Use:   "simulate DIR",
		Short: "试算 play a city's folder on a fresh bank, and report",
		Long: "把一个城市的文件夹（机构、课程、学员、成果、专业、规则、时间线）放到一个全新的学分银行里走一遍，不影响任何现有数据。\n" +
			"有误的行逐条报告（文件:行:列），其余照常录入。\n" +
			"Plays a city's folder on a fresh bank and touches nothing else. Rows that are wrong are reported with file, line and\n" +
			"column, and the others go in. Exit code 0: clean; 1: something was reported; 2: it could not run.",
		Example: "  creditbank simulate ./qinghe\n  creditbank simulate ./qinghe --json --certificates out",
		Args:    exactly("DIR"),
	}
	f := c.Flags()
	f.StringVar(&o.certificates, "certificates", "", "证书写入的文件夹; folder `DIR` for the certificates")
	f.StringVar(&o.store, "store", "sqlite", "存储 store: sqlite or postgres")
	c.RunE = func(cmd *cobra.Command, args []string) error { return p.simulate(cmd.Context(), args[0], o) }
	return c
}

func (p *program) simulate(ctx context.Context, dir string, o simulation) (err error) {
	if _, err := p.screen(); err != nil {
		return err
	}
	ledger, err := p.emptyLedger(ctx, o)
	if err != nil {
		return err
	}
	city, err := readCity(dir)
	if err != nil && ledger != nil {
		return errors.Join(err, ledger.Close())
	}
	if err != nil {
		return err
	}
	temp, err := os.MkdirTemp("", "creditbank-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(temp)) }()
	bar := p.steps()
	defer bar.finish()
	perf, err := p.perform(ctx, city, stage{dir: filepath.Join(temp, "bank"), ledger: ledger, progress: bar.step})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, perf.Close()) }()
	var certified certifiedView
	if o.certificates != "" {
		if certified, _, err = perf.issue(ctx, o.certificates); err != nil {
			return err
		}
	}
	bar.finish()
	if err := p.show(perf.result, func(out *term.Screen) { perf.report(ctx, out, certified) }); err != nil {
		return err
	}
	return p.report(within(dir, placedProblems(perf.result.Problems)))
}

// emptyLedger opens the ledger that a city is to be played on: nil for SQLite.
func (p *program) emptyLedger(ctx context.Context, o simulation) (embedded.Ledger, error) {
	switch {
	case o.store == "sqlite" && p.dsn == "":
		return nil, nil
	case o.store == "sqlite":
		return nil, creditbank.Invalid(codeUsage, "--dsn", "--dsn 只用于 --store postgres", "--dsn is for --store postgres")
	case o.store != "postgres":
		return nil, creditbank.Invalid(codeUsage, "--store", fmt.Sprintf("“%s”应为 sqlite 或 postgres", o.store), fmt.Sprintf("%q is neither sqlite nor postgres", o.store))
	}
	store, err := p.openLedger(ctx)
	if err != nil {
		return nil, err
	}
	if store == nil {
		return nil, creditbank.Invalid(codeUsage, "--dsn", "请用 --dsn 或 CREDITBANK_DSN 给出一个空数据库", "name an empty database with --dsn or CREDITBANK_DSN")
	}
	docs, err := store.Documents(ctx, 0)
	if err == nil && len(docs) > 0 {
		err = creditbank.Conflict(creditbank.CodeState, "--dsn", "数据库中已有学分银行；试算需要一个空数据库", "there is a bank in the database already; a simulation needs an empty one")
	}
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return store, nil
}

// placedProblems returns the problems of a result as errors.
func placedProblems(problems []scenario.Problem) []*creditbank.PlacedError {
	out := make([]*creditbank.PlacedError, 0, len(problems))
	for _, e := range problems {
		out = append(out, &creditbank.PlacedError{Place: e.Place, InputError: creditbank.Invalid(e.Code, e.Field, e.Message.ZH, e.Message.EN)})
	}
	return out
}
