package redistest

import "syscall"

// attributes are those of a server. Pdeathsig has the kernel end it when the
// thread that started it ends, which is when the test ends or is killed; a
// process group of its own keeps the terminal's Ctrl-C, meant for the test,
// from reaching it first.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
