package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"creditbank/creditbank"
)

// complain says on stderr why a command could not run, and what to do next.
func (p *program) complain(ctx context.Context, cmd *cobra.Command, err error) {
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		fmt.Fprintln(p.stderr, "已中断；凡已应答的都已落盘，可原样重新运行\ninterrupted; whatever was acknowledged is on disk, run it again as it is")
		return
	}
	var problems creditbank.Problems
	problems.Add(creditbank.Place{}, err)
	hints := map[string]bool{}
	for _, e := range problems.List() {
		writeProblem(p.stderr, e)
		if hint := p.hint(cmd, e); hint != "" && !hints[hint] {
			hints[hint] = true
			defer fmt.Fprintln(p.stderr, "  → "+hint)
		}
	}
}

// writeProblem writes a problem on two lines: where, what and which code in
// Chinese, and the English beneath.
func writeProblem(w io.Writer, e *creditbank.PlacedError) {
	where := "creditbank"
	if e.File != "" {
		where = e.Place.String()
	}
	what := ""
	if e.Field != "" {
		what = e.Field + ": "
	}
	if e.Reason.ZH == e.Reason.EN { // no input error: a fault of the machine, in English only
		fmt.Fprintf(w, "%s: %s%s\n", where, what, e.Reason.EN)
		return
	}
	fmt.Fprintf(w, "%s: %s%s [%s]\n", where, what, e.Reason.ZH, e.Code)
	fmt.Fprintf(w, "  %s\n", e.Reason.EN)
}

// report writes everything in problems to stderr and returns errReported if
// there is anything.
func (p *program) report(problems []*creditbank.PlacedError) error {
	for _, e := range problems {
		writeProblem(p.stderr, e)
	}
	if len(problems) > 0 {
		return errReported
	}
	return nil
}

// A problemView is a problem with its place.
type problemView struct {
	creditbank.Place
	Field   string          `json:"field"`
	Code    creditbank.Code `json:"code"`
	Message creditbank.Text `json:"message"`
}

func newProblems(problems []*creditbank.PlacedError) []problemView {
	views := make([]problemView, 0, len(problems))
	for _, e := range problems {
		views = append(views, problemView{e.Place, e.Field, e.Code, e.Reason})
	}
	return views
}

// hint returns what to type next after a problem.
func (p *program) hint(cmd *cobra.Command, e *creditbank.PlacedError) string {
	if e.File != "" {
		return "" // the file is what is to be mended
	}
	switch e.Code {
	case codeUsage:
		return p.self() + strings.TrimPrefix(cmd.CommandPath(), "creditbank") + " --help"
	case creditbank.CodeUnknownLearner, creditbank.CodeAccountNumber:
		return p.command("learners", "list")
	case creditbank.CodeUnknownRule, creditbank.CodeUnknownProgramme:
		return p.command("rules", "list")
	case creditbank.CodeUnknownOutcome:
		return p.command("statement", "LEARNER")
	}
	if e.Code == creditbank.CodeMalformed && cmd != nil && cmd.HasParent() {
		return p.self() + strings.TrimPrefix(cmd.CommandPath(), "creditbank") + " --help"
	}
	return ""
}

// quote returns s as one word of a shell.
func quote(s string) string {
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool { return strings.ContainsRune(" \t\n'\"\\$`!*?[](){}<>|&;#~", r) }) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
