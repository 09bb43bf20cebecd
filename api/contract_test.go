package api

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/gorilla/mux"

	"creditbank/creditbank/access"
)

var update = flag.Bool("update", false, "write the table of the readme anew")

func loadContract(t *testing.T) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(Contract)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		t.Fatal(err)
	}
	return doc
}

// Every operation of the contract is routed, and nothing else is.
func TestRoutesMatchContract(t *testing.T) {
	want := map[string]bool{}
	for path, item := range loadContract(t).Paths.Map() {
		for method := range item.Operations() {
			want[method+" "+path] = true
		}
	}
	got := map[string]bool{}
	err := new(Server).router().(*mux.Router).Walk(func(route *mux.Route, _ *mux.Router, _ []*mux.Route) error {
		path, err := route.GetPathTemplate()
		if err != nil {
			return err
		}
		methods, err := route.GetMethods()
		for _, m := range methods {
			// Tiles have slashes in their names, which the contract cannot say.
			got[m+" "+strings.Replace(path, "{tile:.+}", "{tile}", 1)] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(got, want) {
		t.Errorf("routes:\n got %v\nwant %v", slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)))
	}
}

// The contract says in x-roles what permission.go says, and lets in without a
// token exactly where anyone may.
func TestPermissionsMatchContract(t *testing.T) {
	seen := map[string]bool{}
	for path, item := range loadContract(t).Paths.Map() {
		for method, op := range item.Operations() {
			seen[op.OperationID] = true
			if got, want := rolesOf(t, op), permissions[op.OperationID]; !slices.Equal(got, want) {
				t.Errorf("%s %s: x-roles of %s are %v, the table of permissions has %v", method, path, op.OperationID, got, want)
			}
			open := op.Security != nil && len(*op.Security) == 0
			public := slices.Contains(permissions[op.OperationID], access.Anyone)
			if open != public {
				t.Errorf("%s %s: security is empty: %t, anyone may: %t", method, path, open, public)
			}
			if public && len(permissions[op.OperationID]) > 1 {
				t.Errorf("%s %s: roles beside anyone mean nothing", method, path)
			}
		}
	}
	for id := range permissions {
		if !seen[id] {
			t.Errorf("the table of permissions has %s, which the contract does not know", id)
		}
	}
}

func rolesOf(t *testing.T, op *openapi3.Operation) []access.Role {
	t.Helper()
	list, ok := op.Extensions["x-roles"].([]any)
	if !ok || len(list) == 0 {
		t.Errorf("%s has no x-roles", op.OperationID)
	}
	roles := make([]access.Role, 0, len(list))
	for _, r := range list {
		roles = append(roles, access.Role(fmt.Sprint(r)))
	}
	return roles
}

// Between these lines of the readme stands what the table of permissions says.
const (
	tableBegins = "<!-- permissions: written by go test ./api -run TestReadmeHasPermissions -update -->\n"
	tableEnds   = "<!-- permissions end -->\n"
)

func TestReadmeHasPermissions(t *testing.T) {
	const name = "../README.md"
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, begins := strings.Cut(string(data), tableBegins)
	got, after, ends := strings.Cut(rest, tableEnds)
	if !begins || !ends {
		t.Fatalf("%s has no table of permissions", name)
	}
	want := permissionTable(loadContract(t))
	switch {
	case got == want:
	case *update:
		if err := os.WriteFile(name, []byte(before+tableBegins+want+tableEnds+after), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("the readme says who may do what as\n%s\nand the table of permissions\n%s\nrun go test ./api -run TestReadmeHasPermissions -update", got, want)
	}
}

// permissionTable returns the operations in the order of the contract's tags,
// those that the same roles may call in one row.
func permissionTable(doc *openapi3.T) string {
	columns := access.Roles()
	var b strings.Builder
	b.WriteString("| operations 操作 |")
	for _, r := range columns {
		fmt.Fprintf(&b, " %s %s |", r.Text().ZH, r)
	}
	b.WriteString("\n|---|" + strings.Repeat(":-:|", len(columns)) + "\n")
	for _, tag := range doc.Tags {
		rows, order := map[string][]string{}, []string{}
		for _, op := range tagged(doc, tag.Name) {
			marks := marksOf(permissions[op], columns)
			if rows[marks] == nil {
				order = append(order, marks)
			}
			rows[marks] = append(rows[marks], op)
		}
		title, _, _ := strings.Cut(tag.Description, " ")
		for _, marks := range order {
			fmt.Fprintf(&b, "| %s: %s |%s\n", title, strings.Join(rows[marks], ", "), marks)
		}
	}
	return b.String()
}

func marksOf(roles, columns []access.Role) string {
	var b strings.Builder
	for _, r := range columns {
		switch {
		case slices.Contains(roles, access.Anyone):
			b.WriteString(" ○ |")
		case slices.Contains(roles, r):
			b.WriteString(" ● |")
		default:
			b.WriteString("  |")
		}
	}
	return b.String()
}

// tagged returns the operations whose first tag is the given one, as they stand
// in the contract.
func tagged(doc *openapi3.T, tag string) []string {
	var ops []string
	for _, m := range regexp.MustCompile(`operationId: (\w+)\n\s+tags: \[(\w+)`).FindAllStringSubmatch(string(Contract), -1) {
		if m[2] == tag {
			ops = append(ops, m[1])
		}
	}
	return ops
}

// The table has every operation, though it is read from the text.
func TestTableIsWhole(t *testing.T) {
	doc := loadContract(t)
	var got []string
	for _, tag := range doc.Tags {
		got = append(got, tagged(doc, tag.Name)...)
	}
	slices.Sort(got)
	if want := slices.Sorted(maps.Keys(permissions)); !slices.Equal(got, want) {
		t.Errorf("the table has\n%v\nof\n%v", got, want)
	}
}

// What only this package can get wrong: a method that is none of the contract's.
func TestContractUsesFourMethods(t *testing.T) {
	for path, item := range loadContract(t).Paths.Map() {
		for method := range item.Operations() {
			if !slices.Contains([]string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete}, method) {
				t.Errorf("%s %s: methodNotAllowed does not know %s", path, method, method)
			}
		}
	}
}
