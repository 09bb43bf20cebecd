package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"creditbank/cmd/creditbank/internal/term"
)

// The tour tells what is true of Qinghe, as worked out by hand.
func TestDemo(t *testing.T) {
	s := newShell(t)
	out := s.must(t, "tour", "--dir", "kept")
	for _, fact := range []string{
		"王桂兰", "李建国", "陈晓梅", "赵强", "刘敏",
		"34项学习成果：认定32项，未认定2项",
		"O003 王桂兰 “智能手机应用进阶”（2024-11-05）：出勤学时不足，出勤18/24学时",
		"O032 刘敏 “老年护理基础”（2025-01-15）：成绩未达到及格线，成绩58",
		"6.5 credits by hours, the year's cap left 6.0, so 0.5",
		"3.0 available, 8.0 needed, 5.0 short",
		"P1: 36.0 of at most 40.0", "P1: 40.0 of at most 40.0",
		"2.0 credits are forfeited",
		"T-A3 信息技术应用  4.0学分  80.9",
		"= 有效  valid", "= 无效，拒绝采信  invalid, refused",
		"18 decisions came out again byte for byte",
	} {
		if !strings.Contains(out, fact) {
			t.Errorf("the tour does not say %q", fact)
		}
	}
	for line := range strings.Lines(out) {
		if line = strings.TrimSuffix(line, "\n"); term.Width(line) > 80 && !strings.Contains(line, "kept") {
			t.Errorf("%q has %d cells", line, term.Width(line))
		}
	}
	if strings.Contains(out, "\x1b") {
		t.Error("the tour colours a pipe")
	}
}

// Every command that the tour prints works as it stands.
func TestDemoCommandsWork(t *testing.T) {
	s := newShell(t)
	out := s.must(t, "tour", "--dir", "it's kept", "--lang", "en")
	commands := regexp.MustCompile(`(?m)^  creditbank (.*)$`).FindAllStringSubmatch(out, -1)
	if len(commands) < 5 {
		t.Fatalf("the tour prints %d commands:\n%s", len(commands), out)
	}
	for _, c := range commands {
		args := split(strings.ReplaceAll(c[1], `'\''`, "\x00"))
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], "\x00", "'")
		}
		s.must(t, args...)
	}
	if files, err := filepath.Glob("it's kept/tampered/*.json"); err != nil || len(files) != 1 {
		t.Errorf("kept of the tampered certificate: %v, %v", files, err)
	}
}

func TestDemoKeepsWhatIsThere(t *testing.T) {
	s := newShell(t)
	s.must(t, "tour", "--dir", "kept")
	before, err := os.ReadFile("kept/bank/bank.json")
	if err != nil {
		t.Fatal(err)
	}
	code, _, stderr := s.run(t, "tour", "--dir", "kept")
	after, err := os.ReadFile("kept/bank/bank.json")
	if code != exitFailed || !strings.Contains(stderr, "BANK_EXISTS") || err != nil || string(before) != string(after) {
		t.Errorf("a second tour in the same folder: exit code %d, %s", code, stderr)
	}
}
