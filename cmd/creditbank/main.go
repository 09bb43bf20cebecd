// Command creditbank is the program of a learner credit bank (学分银行).
//
//	creditbank demo                       a city's bank, served on this machine
//	creditbank tour                       a city's year, told on this terminal
//	creditbank simulate DIR --json        a city's rules tried on its own data
//	creditbank init, post, balance, …     a bank in a folder
//	creditbank serve --config FILE        the service
//
// It exits 0 when all is well, 1 when it ran to its end and reported something
// (a row refused, a finding), and 2 when it could not do what was asked.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"

	_ "time/tzdata" // time zones on a machine that has none installed
)

func main() { os.Exit(process()) }

// process is the program as a process: a signal asks it to stop, a second one
// ends it.
func process() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)
	return run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
}

// run is the whole program. It returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	p := &program{stdin: stdin, stdout: stdout, stderr: stderr, getenv: os.Getenv}
	return p.run(ctx, args)
}
