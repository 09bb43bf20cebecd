//go:build unix && !linux

package redistest

import "syscall"

// attributes are those of a server. There is no Pdeathsig here, so the server
// stays in the test's process group, where the terminal's Ctrl-C ends both.
func attributes() *syscall.SysProcAttr { return nil }
