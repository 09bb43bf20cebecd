// Package qinghe holds the city of Qinghe (青禾), which the demo plays: no real
// city, no real people, and answers worked out by hand in expected.yaml.
package qinghe

import (
	"embed"
	"io/fs"

	"creditbank/cmd/creditbank/internal/rulefolder"
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
func WriteTo(dir string) error { return rulefolder.Write(City(), dir) }
