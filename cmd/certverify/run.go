package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"creditbank/certify"
)

// Exit codes.
const (
	exitValid      = 0
	exitInvalid    = 1
	exitUnreadable = 2
	exitIncomplete = 3
)

// options are the flags.
type options struct {
	trust, status, proof string
	json                 bool
	at                   string
}

// run is the program without its process.
func run(args []string, stdout, stderr io.Writer, now func() time.Time) int {
	var o options
	code := exitValid
	cmd := &cobra.Command{
		Use:           "certverify [flags] FILE…",
		Short:         "Check certificates of the credit bank, offline · 离线核验学分银行证书",
		Args:          cobra.MinimumNArgs(1),
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(_ *cobra.Command, files []string) (err error) {
			code, err = verify(o, files, stdout, now)
			return err
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.trust, "trust", "", "trust file: issuers, logs and anchors to believe (default: trust.json beside the certificate)")
	f.StringVar(&o.status, "status", "", "signed status list (default: beside the certificate)")
	f.StringVar(&o.proof, "proof", "", "tlog-proof, for one certificate (default: <name>.tlog-proof)")
	f.BoolVar(&o.json, "json", false, "print JSON")
	f.StringVar(&o.at, "at", "", "check as of a date or time: 2026-11-23 or 2026-11-23T08:00:00Z (default: now)")
	cmd.SetArgs(args)
	cmd.SetOut(stdout)
	cmd.SetErr(stderr)
	if err := cmd.Execute(); err != nil {
		fmt.Fprintf(stderr, "certverify: %v\n", err)
		return exitUnreadable
	}
	return code
}

// verify checks the files and prints the answer. Nothing is printed if a file
// cannot be read: an answer about some of them would be taken for all.
func verify(o options, files []string, out io.Writer, now func() time.Time) (int, error) {
	at, err := parseTime(o.at, now)
	if err != nil {
		return 0, err
	}
	if o.proof != "" && len(files) > 1 {
		return 0, errors.New("--proof is of one certificate, several were given")
	}
	answers := make([]answer, 0, len(files))
	for _, name := range files {
		in, err := gather(o, name)
		if err != nil {
			return 0, err
		}
		answers = append(answers, answer{
			File: name, Trust: in.trusted, Report: certify.Verify(in.bundle, in.trust, at),
		})
	}
	if o.json {
		err = printJSON(out, answers)
	} else {
		err = printText(out, answers)
	}
	return exitCode(answers), err
}

// exitCode is that of the worst answer.
func exitCode(answers []answer) int {
	code := exitValid
	for _, a := range answers {
		switch a.Verdict {
		case certify.Invalid:
			return exitInvalid
		case certify.Incomplete:
			code = exitIncomplete
		}
	}
	return code
}

// parseTime reads --at. A date stands for its end in UTC, so that what began
// on that day counts.
func parseTime(s string, now func() time.Time) (time.Time, error) {
	if s == "" {
		return now(), nil
	}
	if t, err := time.Parse(time.DateOnly, s); err == nil {
		return t.Add(24*time.Hour - time.Second), nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("--at %q is neither a date nor a time", s)
	}
	return t, nil
}
