package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"creditbank/api/telemetry"
	"creditbank/cmd/creditbank/internal/demo"
	"creditbank/cmd/creditbank/internal/embedded"
	"creditbank/cmd/creditbank/internal/qinghe"
	"creditbank/cmd/creditbank/internal/serving"
	"creditbank/cmd/creditbank/internal/term"
	"creditbank/configs"
	"creditbank/creditbank"
	"creditbank/creditbank/scenario"
)

// demoHost names the issuers and the log of the demo: a name that is nobody's.
const demoHost = "qinghe.example"

func (p *program) demoCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "demo",
		Short: "演示 a city's bank, served on this machine, with logins to try",
		Long: "在本机启动一个学分银行，载入青禾市（机构、课程、规则、学习者、一年的成果与转换），打印登录账号和三件可以试试的事。\n" +
			"只需要 Go；数据在一个文件夹里，再次用同一文件夹启动会接着用。按 Ctrl-C 停止。\n" +
			"Serves a bank on this machine with the city of Qinghe in it, loaded over its own API, and prints logins and three things\n" +
			"to try. It needs nothing but Go; the data is in a folder, and started again with the same one it goes on. Ctrl-C stops it.",
		Example: "  creditbank demo\n  creditbank demo --dir ./demo --listen 127.0.0.1:9000 --lang en",
		Args:    exactly(),
	}
	dir := c.Flags().String("dir", "", "数据所在文件夹; folder `DIR` of the data (a new one in the system's folder for temporary files)")
	listen := c.Flags().String("listen", "", "监听地址; `ADDRESS` to listen on (127.0.0.1:8080, or the next port that is free)")
	c.RunE = func(cmd *cobra.Command, _ []string) error { return p.demo(cmd.Context(), *dir, *listen) }
	return c
}

// demo serves the demo until the context ends.
func (p *program) demo(ctx context.Context, dir, listen string) error {
	out, err := p.screen()
	if err != nil {
		return err
	}
	if dir == "" {
		if dir, err = os.MkdirTemp("", "creditbank-demo-"); err != nil {
			return err
		}
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	city, err := scenario.Read(qinghe.City())
	if err != nil {
		return err
	}
	p.bankDir = filepath.Join(dir, "bank")
	if err := p.demoBank(ctx, city); err != nil {
		return err
	}
	clock := demo.NewClock(p.wall)
	shown := &demo.Shown{}
	s, err := p.openDemo(ctx, listen, clock, shown)
	if err != nil {
		return err
	}
	return p.runDemo(ctx, out, demo.Loader{
		URL: "http://" + s.Addr().String(), Registry: s.Registry, Bank: s.Bank, Clock: clock, Random: rand.Reader, Dir: dir, Shown: shown,
	}, city, s)
}

// demoBank makes a bank that knows the regions, unless there is one. It is made on
// the day on which the city's year begins.
func (p *program) demoBank(ctx context.Context, city *scenario.City) error {
	if _, err := embedded.Read(p.bankDir); !errors.Is(err, creditbank.ErrNotFound) {
		return err
	}
	world := p.world
	world.Host = demoHost
	world.Now = func() time.Time { return city.Noon(city.Day) } // its time does not run backwards
	bank, err := embedded.Create(ctx, p.bankDir, world)
	if err != nil {
		return err
	}
	regions := creditbank.Reference{Regions: city.Reference.Regions}
	return errors.Join(bank.Publish(ctx, creditbank.Caller{ID: "operator:demo"}, regions), bank.Close())
}

// openDemo opens the service.
func (p *program) openDemo(ctx context.Context, listen string, clock *demo.Clock, shown *demo.Shown) (*serving.Service, error) {
	c, err := p.configuration("")
	if err != nil {
		return nil, err
	}
	// Everybody logs in from this machine while the city is loaded.
	many := configs.Rate{Burst: 1000, Refill: 1000, Per: time.Second}
	c.Limits.Login, c.Limits.LoginFrom, c.Limits.Anonymous, c.Certificates.Interval, c.Drain = many, many, many, time.Second, 0
	c.Telemetry.LogLevel, c.Telemetry.LogFormat = slog.LevelError, configs.LogText
	for _, address := range addresses(listen) {
		var s *serving.Service
		c.Listen, c.PublicURL = address, configs.Address("http://"+address)
		s, err = serving.Open(ctx, serving.Options{Config: c, Log: telemetry.NewLogger(p.stderr, c.Telemetry), Clock: clock.Now, Demo: shown.Logins})
		if err == nil {
			return s, nil
		}
		var op *net.OpError
		if !errors.As(err, &op) || op.Op != "listen" {
			return nil, err
		}
	}
	return nil, inUse(err, c.Listen)
}

// addresses are those to try: the one that was asked for, or the first of some
// that is free.
func addresses(listen string) []string {
	if listen != "" {
		return []string{listen}
	}
	var all []string
	for port := 8080; port < 8100; port++ {
		all = append(all, fmt.Sprintf("127.0.0.1:%d", port))
	}
	return all
}

// runDemo runs the service, loads the city once it answers, and says what there
// is to try.
func (p *program) runDemo(ctx context.Context, out *term.Screen, loader demo.Loader, city *scenario.City, s *serving.Service) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	loaded := make(chan error, 1)
	serving := false
	err := s.Run(ctx, func(net.Addr) {
		serving = true
		go func() {
			made, err := loader.Load(ctx, city)
			if err == nil {
				err = p.tellDemo(ctx, out, loader.Dir, loader.URL, made)
			}
			if err != nil {
				cancel()
			}
			loaded <- err
		}()
	})
	cancel()
	if !serving {
		return err
	}
	if failed := <-loaded; !errors.Is(failed, context.Canceled) {
		err = errors.Join(err, failed)
	}
	return err
}

// tellDemo prints how to log in and what to try.
func (p *program) tellDemo(ctx context.Context, out *term.Screen, dir, url string, made *demo.City) error {
	certificate, err := demo.Certificate(ctx, url, dir, made, "L2")
	if err != nil {
		return err
	}
	out.Title(txf("学分银行演示：%s", "the credit bank's demo: %s", url))
	if !loopback(url) {
		out.Say(0, tx("注意：其他机器也能访问这里，而首页写着所有人的密码", "take care: other machines may reach this, and its first page shows everybody's password"))
	}
	out.Say(0, txf("数据在 %s；按 Ctrl-C 停止，再次启动：", "the data is in %s; Ctrl-C stops it, and this starts it again:", dir))
	out.Line("  " + p.self() + " demo --dir " + quote(dir))
	out.Blank()
	out.Say(0, txf("登录 %s/login ，密码都是：", "log in at %s/login; everybody's password is", url))
	out.Line("  " + made.Password)
	var rows [][]term.Cell
	for _, l := range made.Logins {
		n := string(l.Account)
		rows = append(rows, []term.Cell{term.Of(n[:4] + " " + n[4:8] + " " + n[8:]), term.Of(out.Pick(l.Who))})
	}
	out.Table(2, []term.Column{{Head: tx("账号", "account")}, {Head: tx("身份", "who"), Flex: true}}, rows)
	out.Blank()
	out.Say(0, tx("试试这三件事", "three things to try"))
	out.Say(0, tx("1. 学习者：以 L2 李建国登录，看余额、对账单、证书和谁看过我的信息", "1. a learner: log in as L2, and see the balance, the statement, the certificates and who looked"))
	out.Line("  " + url + "/me")
	out.Say(0, tx("2. 机构：以东岭县社区教育学院的客户端取得令牌，登记一项成果", "2. an institution: get a token as Dongling's machine, and post an outcome"))
	for _, line := range postCommands(url, made) {
		out.Line("  " + line)
	}
	out.Say(0, tx("3. 任何人：核验 L2 的证书", "3. anyone: verify L2's certificate"))
	out.Line(fmt.Sprintf("  curl -s %s/v1/certificates/verify -H 'Content-Type: application/json' -d @%s", url, quote(certificate)))
	out.Blank()
	out.Say(0, txf("接口契约 %s/openapi.yaml", "the contract: %s/openapi.yaml", url))
	return out.Err()
}

// loopback reports whether only this machine reaches the address.
func loopback(address string) bool {
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}

// postCommands get a token and post an outcome of the learner L1.
func postCommands(url string, made *demo.City) []string {
	account := ""
	for _, l := range made.Logins {
		if l.Alias == "L1" {
			account = string(l.Account)
		}
	}
	body := fmt.Sprintf(`{"external_id":"DEMO-1","institution":"I04","account":"%s","course":"S03","issued_on":"2026-05-20","score":"88","attended_hours":"32"}`, account)
	return []string{
		fmt.Sprintf(`TOKEN=$(curl -s -u %s:%s -d grant_type=client_credentials %s/oauth/token | sed 's/.*"access_token":"\([^"]*\)".*/\1/')`, made.Client, made.Secret, url),
		fmt.Sprintf(`curl -s %s/v1/outcomes -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '%s'`, url, body),
	}
}
