//go:build unix

package pgtest

import (
	"cmp"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// ErrMissing means that no PostgreSQL server is installed here.
var ErrMissing = errors.New("pgtest: no PostgreSQL server is installed: " +
	"on Debian and Ubuntu run `apt-get install postgresql`, on Fedora `dnf install postgresql-server`, " +
	"on macOS `brew install postgresql`; elsewhere put its initdb and postgres on the PATH")

// packaged are the places where packages put the server's programs, a folder
// for each major version.
var packaged = []string{
	"/usr/lib/postgresql/*/bin",          // Debian, Ubuntu
	"/usr/pgsql-*/bin",                   // PostgreSQL's own RPMs
	"/opt/homebrew/opt/postgresql@*/bin", // macOS, Apple silicon
	"/usr/local/opt/postgresql@*/bin",    // macOS, Intel
}

// findPrograms returns the folder of a PostgreSQL that can run a server: the
// one the PATH names, else the newest that a package installed.
func findPrograms() (string, error) {
	var dirs []string
	// pg_config alone proves nothing: it comes with the client library.
	if out, err := exec.Command("pg_config", "--bindir").Output(); err == nil {
		dirs = append(dirs, strings.TrimSpace(string(out)))
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		dirs = append(dirs, filepath.Dir(path))
	}
	for _, pattern := range packaged {
		found, _ := filepath.Glob(pattern) // fails on bad patterns only
		slices.SortFunc(found, func(a, b string) int { return cmp.Compare(major(b), major(a)) })
		dirs = append(dirs, found...)
	}
	for _, dir := range dirs {
		if executable(filepath.Join(dir, "initdb")) && executable(filepath.Join(dir, "postgres")) {
			return dir, nil
		}
	}
	return "", ErrMissing
}

var number = regexp.MustCompile(`\d+`)

// major returns the major version that the path of a folder of programs
// names, so that 9 comes before 15.
func major(dir string) int {
	n, _ := strconv.Atoi(number.FindString(dir)) // no number: the oldest
	return n
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode().Perm()&0o111 != 0
}
