// Gotest runs go test and prints what a person wants to read of it: a line
// for each package, the whole output of what failed, the reason of every
// skip, and a count. On CI (CI=true) a skipped test is a failure: it would
// pass for success there.
//
//	go run .ci/gotest.go [flags and packages of go test]
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// An event is a line of go test -json; see go doc test2json.
type event struct {
	Action      string
	Package     string
	ImportPath  string // in place of Package, for the output of a build
	Test        string // empty for what concerns the package
	Output      string
	FailedBuild string
}

// A unit is a test, a package without test, or a build.
type unit struct{ pkg, test string }

// A report sums up events as they come.
type report struct {
	out                     io.Writer
	output                  map[unit]*strings.Builder // of units that have not ended
	passed, failed, skipped int
}

func main() {
	ok, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "gotest:", err)
	}
	if !ok || err != nil {
		os.Exit(1)
	}
}

// run runs go test and reports whether all is well.
func run(args []string) (ok bool, err error) {
	cmd := exec.Command("go", append([]string{"test", "-json"}, args...)...)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return false, err
	}
	if err := cmd.Start(); err != nil {
		return false, err
	}
	r := report{out: os.Stdout, output: make(map[unit]*strings.Builder)}
	readErr := r.read(json.NewDecoder(stdout))
	if readErr != nil {
		io.Copy(os.Stdout, stdout) // or go test would wait for a reader for ever
	}
	waitErr := cmd.Wait()
	fmt.Printf("%d passed, %d failed, %d skipped\n", r.passed, r.failed, r.skipped)

	switch {
	case readErr != nil:
		return false, readErr
	case waitErr != nil:
		return false, nil // go test has said why
	case r.passed == 0:
		return false, errors.New("no test ran")
	case r.skipped > 0 && os.Getenv("CI") == "true":
		return false, errors.New("on CI every test must run, none may skip")
	}
	return true, nil
}

// read takes in all events.
func (r *report) read(events *json.Decoder) error {
	for {
		var e event
		err := events.Decode(&e)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the output of go test: %w", err)
		}
		r.take(e)
	}
}

// take prints output that concerns a package at once, and keeps that of a
// test until its end tells whether anybody wants to see it.
func (r *report) take(e event) {
	u := unit{e.Package, e.Test}
	switch e.Action {
	case "build-output":
		fmt.Fprint(r.out, e.Output)
	case "output":
		switch {
		case e.Test != "":
			if r.output[u] == nil {
				r.output[u] = new(strings.Builder)
			}
			r.output[u].WriteString(e.Output)
		case e.Output != "PASS\n":
			fmt.Fprint(r.out, e.Output)
		}
	case "pass", "fail", "skip":
		r.end(e.Action, u)
	}
}

// end counts a unit that has ended. A package counts by its tests, but for
// one that failed before it could say which test did: it does not count, and
// go test's exit status tells.
func (r *report) end(action string, u unit) {
	said := r.output[u]
	delete(r.output, u)
	if u.test == "" {
		if action == "fail" {
			r.unfinished(u.pkg)
		}
		return
	}
	switch action {
	case "pass":
		r.passed++
		return
	case "skip":
		r.skipped++
	case "fail":
		r.failed++
	}
	if said != nil {
		fmt.Fprintf(r.out, "%s %s\n%s", u.pkg, u.test, said)
	}
}

// unfinished prints what the tests of a package said that panicked or was
// ended, and so never told how they went.
func (r *report) unfinished(pkg string) {
	for u, said := range r.output {
		if u.pkg == pkg {
			fmt.Fprintf(r.out, "%s %s did not end\n%s", u.pkg, u.test, said)
			delete(r.output, u)
		}
	}
}
