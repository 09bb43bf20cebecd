package pgtest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// attributes are those of a server that runs as u. Pdeathsig has the kernel
// shut it down when the thread that started it ends, which is when the test
// ends or is killed; a process group of its own keeps the terminal's Ctrl-C,
// meant for the test, from reaching it first.
func attributes(u *syscall.Credential) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Credential: u, Pdeathsig: syscall.SIGQUIT, Setpgid: true}
}

// children returns the processes that pid started and that still run.
func children(pid int) []int {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // fails on bad patterns only
	var pids []int
	for _, path := range stats {
		child, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			continue
		}
		if _, parent := status(child); parent == pid {
			pids = append(pids, child)
		}
	}
	return pids
}

// alive reports whether pid runs. A dead process that its parent has not
// waited for does not.
func alive(pid int) bool {
	state, _ := status(pid)
	return state != 0 && state != 'Z' && state != 'X'
}

// status returns the state letter and the parent of a process, or zeros if
// there is none; see proc(5). The name in parentheses may hold anything.
func status(pid int) (state byte, parent int) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0
	}
	_, err = fmt.Sscanf(string(stat[bytes.LastIndexByte(stat, ')')+1:]), " %c %d", &state, &parent)
	if err != nil {
		return 0, 0
	}
	return state, parent
}
