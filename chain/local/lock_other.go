//go:build !unix

package local

import (
	"errors"
	"os"
)

// lock has no implementation here; better no anchor than two writers.
func lock(*os.File) error { return errors.New("file locks are not supported on this system") }
