//go:build unix && !linux

package pgtest

import (
	"bufio"
	"bytes"
	"fmt"
	"os/exec"
	"syscall"
)

// attributes are those of a server that runs as u. There is no Pdeathsig
// here, so the server stays in the test's process group, where the
// terminal's Ctrl-C ends both.
func attributes(u *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: u}
}

// children returns the processes that pid started and that still run.
func children(pid int) []int {
	out, err := exec.Command("ps", "-A", "-o", "pid=,ppid=").Output()
	if err != nil {
		return nil
	}
	var pids []int
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		var child, parent int
		if _, err := fmt.Sscan(lines.Text(), &child, &parent); err == nil && parent == pid {
			pids = append(pids, child)
		}
	}
	return pids
}

// alive reports whether pid runs.
func alive(pid int) bool { return syscall.Kill(pid, 0) != syscall.ESRCH }
