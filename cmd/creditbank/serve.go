package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"

	"github.com/spf13/cobra"

	"creditbank/api/telemetry"
	"creditbank/cmd/creditbank/internal/embedded"
	"creditbank/cmd/creditbank/internal/serving"
	"creditbank/configs"
	"creditbank/creditbank"
)

func (p *program) serveCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "serve",
		Short: "提供HTTP服务 serve the bank over HTTP",
		Long: "按配置文件提供服务；不给 --config 时，在本机 8080 端口提供 --bank 文件夹中的学分银行。收到停止信号后处理完手头的请求再退出。\n" +
			"Serves as a configuration file says; without --config, the bank in the folder --bank on port 8080 of this machine.\n" +
			"On a signal to stop, what is under way is answered and what was accepted is written first.",
		Example: "  creditbank serve --bank ./bank\n  creditbank serve --config /etc/creditbank/creditbank.yaml\n  creditbank serve --example > creditbank.yaml",
		Args:    exactly(),
	}
	path := c.Flags().String("config", "", "配置文件; configuration `FILE`")
	example := c.Flags().Bool("example", false, "打印完整的配置示例; print a whole configuration, with comments")
	check := c.Flags().Bool("check", false, "只检查配置; only check the configuration")
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		if *example {
			_, err := p.stdout.Write(configs.Example())
			return err
		}
		config, err := p.configuration(*path)
		if err != nil {
			return err
		}
		for _, w := range config.Warnings() {
			fmt.Fprintf(p.stderr, "%s\n%s\n", w.ZH, w.EN)
		}
		if *check {
			_, err := config.Secrets()
			return err
		}
		return p.serve(cmd.Context(), config)
	}
	return c
}

// configuration reads the configuration, or makes one for the bank in the
// folder.
func (p *program) configuration(path string) (configs.Config, error) {
	if path != "" {
		return configs.Load(path, p.getenv)
	}
	settings, err := embedded.Read(p.bankDir)
	if err != nil {
		return configs.Config{}, err
	}
	if settings.Elsewhere {
		return configs.Config{}, creditbank.Invalid(codeUsage, "--config", "账本在PostgreSQL中的学分银行须用 --config 说明", "a bank whose ledger is in PostgreSQL is served with --config")
	}
	// The folder says what the bank is; the environment may say the rest.
	c, err := configs.Parse(p.bankDir, []byte(folderConfig), p.getenv)
	if err != nil {
		return c, err
	}
	ledger, keys, anchor := embedded.Paths(p.bankDir)
	c.Database, c.KeysDir, c.Host = configs.Address("sqlite:"+ledger), keys, settings.Host
	c.Certificates.Anchor, c.Certificates.AnchorFile = configs.AnchorLocal, anchor
	return c, nil
}

// folderConfig configures the service of a bank in a folder. Whoever has the
// folder may publish rules directly, so the service lets them too.
const folderConfig = "public_url: http://127.0.0.1:8080\nsessions: {insecure_cookies: true}\nrules: {quorum: 0, publicity_days: 0}\n"

// serve serves until the context ends.
func (p *program) serve(ctx context.Context, c configs.Config) error {
	log := telemetry.NewLogger(p.stderr, c.Telemetry)
	slog.SetDefault(log)
	s, err := serving.Open(ctx, serving.Options{Config: c, Log: log, Clock: p.world.Now})
	if err != nil {
		return inUse(err, c.Listen)
	}
	return s.Run(ctx, func(net.Addr) {})
}

// inUse says what to do about an address that is taken.
func inUse(err error, address string) error {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "listen" {
		return creditbank.Conflict("ADDRESS_IN_USE", "listen", fmt.Sprintf("地址 %s 不可用（%v）；请换一个端口", address, op.Err),
			fmt.Sprintf("the address %s cannot be used (%v): choose another port", address, op.Err))
	}
	return err
}
