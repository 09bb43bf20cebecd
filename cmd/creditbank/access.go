package main

import (
	"context"
	"crypto/rand"
	"errors"

	"github.com/spf13/cobra"

	"creditbank/cmd/creditbank/internal/serving"
	"creditbank/cmd/creditbank/internal/term"
	"creditbank/creditbank"
	"creditbank/creditbank/access"
	"creditbank/creditbank/access/password"
)

func (p *program) accessCommand() *cobra.Command {
	return group("access", "访问 who may use the service: the first operator, lost codes",
		"  creditbank access bootstrap --bank ./bank --name 张敏\n  creditbank access code 123456789015 --bank ./bank", p.bootstrapCommand(), p.codeCommand())
}

// An accessView is an account with the code that activates it.
type accessView struct {
	Account creditbank.AccountNumber `json:"account"`
	Code    string                   `json:"code"`
}

func (p *program) bootstrapCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "bootstrap",
		Short: "首位运营员 make the account of the first operator",
		Long: "为整个学分银行的首位运营员开通账户，打印账号和一次性激活码（14天内有效）。只能进行一次；激活码丢失时用 access code 重开。\n" +
			"Makes the account of the first operator, of the whole bank, and prints its number and the one-time code, good for 14 days.\n" +
			"It can be done once; for a code that was lost, see access code.",
		Example: "  creditbank access bootstrap --bank ./bank --name 张敏\n  creditbank access bootstrap --config creditbank.yaml --name 张敏",
		Args:    exactly(),
	}
	path := c.Flags().String("config", "", "服务的配置文件（代替 --bank）; the service's configuration `FILE`, instead of --bank")
	name := c.Flags().String("name", "", "运营员姓名; `NAME` of the operator")
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		return p.withRegistry(cmd.Context(), *path, func(ctx context.Context, r *access.Registry, _ *creditbank.Catalogue) error {
			by, err := creditbank.NewCaller(p.caller)
			if err != nil {
				return err
			}
			a, code, err := r.Bootstrap(ctx, by, *name)
			if err != nil {
				return err
			}
			return p.showAccess(accessView{a.Number, code})
		})
	}
	return c
}

func (p *program) codeCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "code ACCOUNT",
		Short: "新激活码 a new one-time code for an account, as whoever holds this machine",
		Long: "为账户重开一次性激活码；用于首位运营员丢失激活码或密码。其他账户请由其管理员在服务中办理。\n" +
			"Makes a new one-time code for an account: for an operator who has lost theirs. Others get one from who manages them.",
		Example: "  creditbank access code 123456789015 --bank ./bank",
		Args:    exactly("ACCOUNT"),
	}
	path := c.Flags().String("config", "", "服务的配置文件（代替 --bank）; the service's configuration `FILE`, instead of --bank")
	c.RunE = func(cmd *cobra.Command, args []string) error {
		return p.withRegistry(cmd.Context(), *path, func(ctx context.Context, r *access.Registry, cat *creditbank.Catalogue) error {
			number, err := creditbank.ParseAccountNumber(args[0])
			if err != nil {
				return err
			}
			a, err := r.AccountByNumber(ctx, number)
			if err != nil {
				return err
			}
			code, err := r.NewCode(ctx, access.By{Principal: access.Owner(cat)}, a.ID)
			if err != nil {
				return err
			}
			return p.showAccess(accessView{a.Number, code})
		})
	}
	return c
}

func (p *program) showAccess(v accessView) error {
	return p.show(v, func(out *term.Screen) {
		n := string(v.Account)
		out.Say(0, txf("账号 %s", "account %s", n[:4]+" "+n[4:8]+" "+n[8:]))
		out.Say(0, txf("激活码 %s （只显示这一次，14天内有效）", "code %s (shown this once, good for 14 days)", v.Code))
		out.Blank()
		out.Say(0, tx("下一步：启动服务，在 /activate 用账号、姓名和激活码设置密码", "next: start the service, and choose a password at /activate with account number, name and code"))
	})
}

// withRegistry opens the registry of the bank in the folder, or of a
// configuration.
func (p *program) withRegistry(ctx context.Context, path string, f func(context.Context, *access.Registry, *creditbank.Catalogue) error) (err error) {
	passwords := password.New(rand.Reader, 1)
	if path == "" {
		return p.withBank(ctx, func(s *session) error {
			r, err := s.Registry(passwords)
			if err != nil {
				return err
			}
			return f(ctx, r, s.Catalogue())
		})
	}
	config, err := p.configuration(path)
	if err != nil {
		return err
	}
	config.Listen = "127.0.0.1:0" // nothing is served
	s, err := serving.Open(ctx, serving.Options{Config: config, Log: quiet(), Clock: p.world.Now})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close(ctx)) }()
	if len(s.Bank.Catalogue().Regions) == 0 {
		return creditbank.Conflict(creditbank.CodeState, "", "尚无地区；请先用 rules publish 载入基础数据", "there are no regions yet: load the reference data first")
	}
	return f(ctx, s.Registry, s.Bank.Catalogue())
}
