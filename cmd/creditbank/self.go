package main

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// self returns how to start this program again from where it was started.
func (p *program) self() string {
	if p.name == "" {
		p.name = invocation("")
	}
	return p.name
}

// sibling returns how to start another program of this module.
func (p *program) sibling(name string) string {
	if p.name == "creditbank" {
		return name
	}
	return invocation(name)
}

// command returns a command line that works when copied.
func (p *program) command(args ...string) string {
	line := p.self() + " " + strings.Join(args, " ")
	if p.bankDir != "./bank" {
		line += " --bank " + quote(p.bankDir)
	}
	return line
}

// invocation returns what to type to start a program of this module, or this
// one where name is empty: its name where that finds it, else its path, else go
// run.
func invocation(name string) string {
	executable, err := os.Executable()
	if err != nil {
		return cmp.Or(name, "creditbank")
	}
	underGoRun := strings.Contains(filepath.ToSlash(executable), "/go-build")
	beside := executable
	if name != "" {
		beside = filepath.Join(filepath.Dir(executable), name+filepath.Ext(executable))
	}
	if name = cmp.Or(name, "creditbank"); !underGoRun && isFile(beside) {
		if found, err := exec.LookPath(filepath.Base(beside)); err == nil && found == beside {
			return filepath.Base(beside)
		}
		return quote(beside)
	}
	// A program that go run has built is gone when it ends.
	dir, err := os.Getwd()
	switch {
	case err != nil || !inModule(dir):
		return name
	case isFile(filepath.Join(dir, "go.mod")):
		return "go run ./cmd/" + name
	}
	return "go run creditbank/cmd/" + name
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// inModule reports whether dir lies in the source of this module.
func inModule(dir string) bool {
	for {
		data, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil {
			first, _, _ := strings.Cut(string(data), "\n")
			return strings.TrimSpace(first) == "module creditbank"
		}
		up := filepath.Dir(dir)
		if up == dir {
			return false
		}
		dir = up
	}
}
