//go:build unix

package local

import (
	"os"
	"syscall"
)

// lock takes the file for this process. The lock ends with the process, so
// kill -9 leaves nothing to clean up.
func lock(f *os.File) error {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}
