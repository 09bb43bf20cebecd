// Package rulefolder writes folders of rules that are compiled into the program,
// to be changed and tried.
package rulefolder

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"creditbank/configs"
)

// Write writes the files of a folder, and the schemas of rule files beside them,
// into dir, which it makes where there is none. Files of the same names are
// written over.
func Write(files fs.FS, dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		data, err := fs.ReadFile(files, e.Name())
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
