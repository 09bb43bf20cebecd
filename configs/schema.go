package configs

import (
	"embed"
	"fmt"
)

//go:embed schema/rules.schema.json schema/programmes.schema.json
var schemas embed.FS

// RuleSchemas lists the files of which [RuleSchema] has a JSON Schema: the two
// files of a rule set.
func RuleSchemas() []string { return []string{"rules", "programmes"} }

// RuleSchema returns the JSON Schema (draft 2020-12) of rules.yaml or of
// programmes.yaml, by the name without its ending. Editors complete and check
// the files by it; what takes more than the file to know, `creditbank rules
// check` finds.
func RuleSchema(name string) ([]byte, error) {
	data, err := schemas.ReadFile("schema/" + name + ".schema.json")
	if err != nil {
		return nil, fmt.Errorf("schema %q: there is none", name)
	}
	return data, nil
}
