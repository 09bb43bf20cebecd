package creditbank_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// The arrows of the architecture: what each package of the module may import
// of the module. A package that is not listed is an error, so that this table
// stays whole.
var arrows = map[string][]string{
	"creditbank":                       {},
	"creditbank/strictyaml":            {"creditbank"},
	"creditbank/rule":                  {"creditbank", "creditbank/strictyaml"},
	"creditbank/trial":                 {"creditbank", "creditbank/rule"},
	"creditbank/vault":                 {"creditbank"},
	"creditbank/posting":               {"creditbank"},
	"creditbank/access":                {"creditbank"},
	"creditbank/access/password":       {},
	"creditbank/access/accesstest":     {"creditbank", "creditbank/access", "creditbank/access/password", "creditbank/storetest", "creditbank/vault"},
	"creditbank/scenario":              {"creditbank", "creditbank/posting", "creditbank/rule", "creditbank/strictyaml"},
	"creditbank/scenario/scenariotest": {"creditbank", "creditbank/rule", "creditbank/scenario", "creditbank/vault"},
	"creditbank/storetest":             {"creditbank"},
	"creditbank/sqlite":                {"creditbank", "creditbank/access", "creditbank/column", "certify/issuance", "certify/tlog", "chain"},
	"creditbank/postgres":              {"creditbank", "creditbank/access", "creditbank/column", "certify/issuance", "certify/tlog", "chain"},
	"creditbank/column":                {},
	"creditbank/postgres/pgtest":       {},
	"certify":                          {"certify/tlog"},
	"certify/tlog":                     {},
	"certify/issuance":                 {"creditbank", "certify", "certify/tlog", "chain"},
	"certify/issuance/issuancetest":    {"creditbank", "certify", "certify/tlog", "certify/issuance", "chain", "certify/keyfile", "creditbank/storetest", "creditbank/rule", "creditbank/vault"},
	"certify/certifytest":              {"certify", "certify/tlog"},
	"certify/foreign":                  {},
	"certify/sm2":                      {"certify"},
	"certify/pdf":                      {"certify", "certify/tlog"},
	"certify/pdf/pdftest":              {"certify/pdf"},
	"certify/keyfile":                  {"certify", "certify/issuance", "certify/tlog"},
	"chain":                            {},
	"chain/chaintest":                  {"chain", "certify/tlog"},
	"chain/local":                      {"chain", "certify/tlog"},
	"api/replica":                      {},
	"api/replica/replicatest":          {"api/replica"},
	"api/redis":                        {"api/replica"},
	"api/redis/redistest":              {},
	"configs":                          {"creditbank", "creditbank/strictyaml"},
	"configs/rules":                    {"creditbank"},
	"api/telemetry":                    {"configs"},
	"cmd/certverify":                   {"certify"},
	"api":                              {"api/contract", "api/replica", "api/token", "certify", "certify/issuance", "certify/pdf", "chain", "creditbank", "creditbank/access", "creditbank/posting", "creditbank/rule", "creditbank/trial"},
	"api/apitest":                      {"api", "api/contract", "api/host", "api/replica", "certify/keyfile", "certify/pdf/pdftest", "chain", "creditbank", "creditbank/access", "creditbank/posting", "creditbank/rule", "creditbank/scenario", "creditbank/sqlite", "creditbank/vault"},
	"api/apitest/roles":                {},
	"api/apitest/fuzz":                 {"api", "api/apitest", "api/apitest/generate", "api/contract", "certify", "creditbank", "creditbank/access", "creditbank/rule", "creditbank/sqlite"},
	"api/apitest/generate":             {},
	"api/contract":                     {"creditbank"},
	"api/contract/internal/sums":       {},
	"api/host":                         {"api", "api/token", "certify", "certify/issuance", "chain", "creditbank", "creditbank/access", "creditbank/rule"},
	"api/token":                        {},
	"api/oidc":                         {"creditbank"},
	"api/play":                         {"api/contract", "creditbank", "creditbank/access", "creditbank/rule", "creditbank/scenario"},
	"api/web":                          {"api", "api/oidc", "certify", "certify/issuance", "certify/pdf", "creditbank", "creditbank/access", "creditbank/rule"},
}

// commands tie everything together and are not restricted.
const commands = "cmd/creditbank"

func TestArrows(t *testing.T) {
	const module = "creditbank/"
	for _, pkg := range list(t, module+"...") {
		name := strings.TrimPrefix(pkg, module)
		if name == commands || strings.HasPrefix(name, commands+"/") {
			continue
		}
		may, ok := arrows[name]
		if !ok {
			t.Errorf("%s has no place among the arrows", name)
			continue
		}
		for _, dep := range list(t, "-f", `{{join .Imports "\n"}}`, pkg) {
			if own, ok := strings.CutPrefix(dep, module); ok && !slices.Contains(may, own) {
				t.Errorf("%s imports %s", name, own)
			}
		}
	}
}

// The domain touches nothing of the machine.
func TestDomainIsPure(t *testing.T) {
	impure := []string{"database/sql", "net", "net/http", "os", "os/exec", "log", "log/slog", "math/rand", "math/rand/v2", "crypto/rand", "syscall"}
	for _, pkg := range []string{"creditbank/creditbank", "creditbank/creditbank/rule", "creditbank/creditbank/trial", "creditbank/creditbank/strictyaml", "creditbank/creditbank/vault", "creditbank/creditbank/access"} {
		for _, dep := range list(t, "-f", `{{join .Imports "\n"}}`, pkg) {
			if slices.Contains(impure, dep) {
				t.Errorf("%s imports %s; the domain is pure", pkg, dep)
			}
		}
	}
	if deps := list(t, "-f", `{{join .Imports "\n"}}`, "creditbank/chain"); slices.ContainsFunc(deps, func(d string) bool { return strings.Contains(d, ".") }) {
		t.Errorf("chain is to need the standard library only, and imports %v", deps)
	}
}

func list(t *testing.T, args ...string) []string {
	t.Helper()
	cmd := exec.Command("go", append([]string{"list"}, args...)...)
	cmd.Dir = ".." // the module's root
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %v: %v", args, err)
	}
	return strings.Fields(string(out))
}
