package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"creditbank/cmd/creditbank/internal/embedded"
	"creditbank/cmd/creditbank/internal/term"
	"creditbank/creditbank"
	"creditbank/creditbank/postgres"
)

// Exit codes.
const (
	exitOK       = 0
	exitReported = 1 // it ran to its end, and something was reported
	exitFailed   = 2 // it could not do what was asked
)

// errReported ends a command that ran and has reported something already.
var errReported = errors.New("something was reported")

// A program is one run of the command: what it takes from the world, and the
// flags all commands share.
type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
	world          embedded.World // zero: the real one
	name           string         // what to type to start it; found out where empty

	bankDir string
	dsn     string // of the ledger, if it is not in the folder
	caller  string
	asJSON  bool
	lang    string
	key     string // idempotency key of a change
}

func (p *program) run(ctx context.Context, args []string) int {
	root := p.rootCommand()
	root.SetArgs(args)
	root.SetIn(p.stdin)
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	cmd, err := root.ExecuteContextC(ctx)
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errReported):
		return exitReported
	}
	p.complain(ctx, cmd, err)
	return exitFailed
}

// rootCommand returns the tree of commands.
func (p *program) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "creditbank",
		Short: "学分银行 a learner credit bank",
		Long: "学分银行：登记学习成果，认定、积累、转换学分，签发可验证的证书。\n" +
			"A learner credit bank: posts what people learned, recognises it as credits, keeps and converts them,\n" +
			"and issues certificates that anyone can verify.",
		Example:           "  creditbank demo\n  creditbank init --bank ./bank\n  creditbank balance 123456789015",
		SilenceErrors:     true,
		SilenceUsage:      true,
		CompletionOptions: cobra.CompletionOptions{HiddenDefaultCmd: true},
		Args:              noSuchCommand,
		RunE:              showHelp,
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		return creditbank.Invalid(codeUsage, "", "命令行有误："+err.Error(), err.Error())
	})
	f := root.PersistentFlags()
	f.StringVar(&p.bankDir, "bank", "./bank", "学分银行所在文件夹 `DIR` of the bank")
	f.StringVar(&p.dsn, "dsn", "", "账本所在的PostgreSQL数据库（文件夹中只存密钥）`URL` of the ledger in PostgreSQL; the folder then holds the keys (or CREDITBANK_DSN)")
	f.StringVar(&p.caller, "as", "operator:local", "以谁的名义操作 `WHO` acts, as recorded")
	f.BoolVar(&p.asJSON, "json", false, "输出JSON; print JSON")
	f.StringVar(&p.lang, "lang", "both", "语言 language: zh, en or both")
	root.AddGroup(
		&cobra.Group{ID: "start", Title: "入门 To begin"},
		&cobra.Group{ID: "learner", Title: "学习者 Learners"},
		&cobra.Group{ID: "operate", Title: "运营 Running a bank"},
	)
	p.addCommands(root)
	return root
}

// addCommands adds every command to its group.
func (p *program) addCommands(root *cobra.Command) {
	add := func(group string, commands ...*cobra.Command) {
		for _, c := range commands {
			c.GroupID = group
			root.AddCommand(c)
		}
	}
	add("start", p.demoCommand(), p.tourCommand(), p.initCommand(), p.simulateCommand())
	add("learner", p.balanceCommand(), p.statementCommand(), p.lotsCommand(), p.planCommand(), p.convertCommand(),
		p.certifyCommand(), p.certificateCommand(), p.enrolCommand(), p.leaveCommand(), p.freezeCommand(), p.unfreezeCommand(), p.revokeCommand(), p.awardCommand(), p.inboxCommand(), p.replayCommand(), p.applicationsCommand(), p.petitionsCommand())
	add("operate", p.postCommand(), p.learnersCommand(), p.rulesCommand(), p.concernsCommand(), p.calendarCommand(), p.rerecogniseCommand(), p.keysCommand(), p.doctorCommand(), p.sweepCommand(), p.serveCommand(), p.accessCommand())
	root.AddCommand(p.benchCommand())
	root.SetHelpCommandGroupID("start")
}

// group returns a command that only holds others.
func group(use, short, example string, commands ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Example: example, Args: noSuchCommand, RunE: showHelp}
	c.AddCommand(commands...)
	return c
}

func showHelp(cmd *cobra.Command, _ []string) error { return cmd.Help() }

// codeUsage is the code of a command line that means nothing.
const codeUsage creditbank.Code = "USAGE"

// noSuchCommand refuses arguments of a command that only holds others.
func noSuchCommand(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	zh, en := fmt.Sprintf("没有命令“%s %s”", cmd.CommandPath(), args[0]), fmt.Sprintf("there is no command %q", cmd.CommandPath()+" "+args[0])
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		zh += fmt.Sprintf("，是否想用“%s %s”？", cmd.CommandPath(), near[0])
		en += fmt.Sprintf("; did you mean %q?", cmd.CommandPath()+" "+near[0])
	}
	return creditbank.NotFound(codeUsage, "", zh, en)
}

// exactly refuses a number of arguments other than those named.
func exactly(names ...string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) < len(names) {
			return creditbank.Invalid(codeUsage, "", "缺少参数 "+names[len(args)], names[len(args)]+" is missing")
		}
		return noMore(args, len(names))
	}
}

// atLeast refuses fewer arguments than those named.
func atLeast(names ...string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) < len(names) {
			return creditbank.Invalid(codeUsage, "", "缺少参数 "+names[len(args)], names[len(args)]+" is missing")
		}
		return nil
	}
}

func noMore(args []string, n int) error {
	if len(args) > n {
		return creditbank.Invalid(codeUsage, "", fmt.Sprintf("多余的参数“%s”", args[n]), fmt.Sprintf("argument %q is too much", args[n]))
	}
	return nil
}

// screen returns stdout for people.
func (p *program) screen() (*term.Screen, error) {
	lang, err := term.ParseLanguage(p.lang)
	if err != nil {
		return nil, err
	}
	return term.New(p.stdout, lang, p.getenv), nil
}

// show prints v as JSON if that is asked for, else what text writes of it.
func (p *program) show(v any, text func(*term.Screen)) error {
	if p.asJSON {
		return printJSON(p.stdout, v)
	}
	s, err := p.screen()
	if err != nil {
		return err
	}
	text(s)
	return s.Err()
}

func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// A session is a command at work on a bank.
type session struct {
	*embedded.Bank
	p  *program
	by creditbank.Caller
}

// onBank returns a command's run function that opens the bank first and closes
// it last.
func (p *program) onBank(f func(ctx context.Context, s *session, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		return p.withBank(cmd.Context(), func(s *session) error { return f(cmd.Context(), s, args) })
	}
}

// openBank opens the bank, or makes it, with its ledger.
func (p *program) openBank(ctx context.Context, open func(context.Context, string, embedded.World) (*embedded.Bank, error)) (*embedded.Bank, error) {
	world := p.world
	ledger, err := p.openLedger(ctx)
	if err != nil {
		return nil, err
	}
	if ledger == nil {
		return open(ctx, p.bankDir, world)
	}
	world.Ledger = ledger
	bank, err := open(ctx, p.bankDir, world)
	if err != nil {
		return nil, errors.Join(err, ledger.Close())
	}
	return bank, nil
}

// openLedger opens the ledger that --dsn or the environment names; nil if there
// is none.
func (p *program) openLedger(ctx context.Context) (embedded.Ledger, error) {
	dsn := cmp.Or(p.dsn, p.getenv("CREDITBANK_DSN"))
	if dsn == "" {
		return nil, nil
	}
	return postgres.Open(ctx, dsn)
}

func (p *program) withBank(ctx context.Context, f func(*session) error) (err error) {
	by, err := creditbank.NewCaller(p.caller)
	if err != nil {
		return err
	}
	if _, err := term.ParseLanguage(p.lang); err != nil {
		return err
	}
	bank, err := p.openBank(ctx, embedded.Open)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, bank.Close()) }()
	if bank.Behind > time.Minute {
		fmt.Fprintf(p.stderr, "注意：本机时钟比账本最新记录慢%[1]v，以账本为准\nnote: the clock of this machine is %[1]v behind the newest entry of the ledger; the ledger's time is used\n",
			bank.Behind.Round(time.Minute))
	}
	return f(&session{bank, p, by})
}

// learner finds the learner that an argument names.
func (s *session) learner(ctx context.Context, name string) (learnerView, error) {
	id, err := s.Find(ctx, name)
	if err != nil {
		return learnerView{}, err
	}
	return s.learnerView(ctx, id)
}

// change returns the request to change something about a learner.
func (s *session) change(id creditbank.LearnerID) creditbank.Change {
	return creditbank.Change{By: s.by, Learner: id, Key: s.p.key}
}

// addKey adds the flag of the idempotency key.
func (p *program) addKey(c *cobra.Command) *cobra.Command {
	c.Flags().StringVar(&p.key, "key", "", "幂等键：同一请求可放心重发; idempotency `KEY`: sent again it has no second effect")
	return c
}
