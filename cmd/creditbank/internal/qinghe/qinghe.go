// Package qinghe holds the city of Qinghe (青禾), which the demo plays: no real
// city, no real people, and answers worked out by hand in expected.yaml.
package qinghe

import (
	"embed"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"creditbank/configs"
)

//go:embed city
var files embed.FS

// City returns the city's files.
func City() fs.FS {
	city, err := fs.Sub(files, "city")
	if err != nil {
		panic("qinghe: " + err.Error()) // the folder is compiled in
	}
	return city
}

// WriteTo writes the city's files into a folder, to be changed and tried.
func WriteTo(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	entries, err := fs.ReadDir(City(), ".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		data, err := fs.ReadFile(City(), e.Name())
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, e.Name()), withSchemaBeside(data), 0o644); err != nil {
			return err
		}
	}
	return writeSchemas(dir)
}

// modeline names the schema of a file to editors. Where the files stand in this
// repository the schemas are far away; where they are copied to, beside them.
var modeline = regexp.MustCompile(`^(# yaml-language-server: \$schema=)[./]*/configs/schema/`)

func withSchemaBeside(data []byte) []byte { return modeline.ReplaceAll(data, []byte("$1")) }

func writeSchemas(dir string) error {
	for _, name := range configs.RuleSchemas() {
		data, err := configs.RuleSchema(name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name+".schema.json"), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}
