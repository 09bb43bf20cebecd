package sqlite

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"creditbank/creditbank"
	"creditbank/creditbank/storetest"
)

// smallDiskEnv names a folder that the test binary puts a small disk on. Only
// it sees the disk, which goes when it ends.
const smallDiskEnv = "CREDITBANK_SQLITE_SMALL_DISK"

const smallDisk = 4 << 20

// enterSmallDisk mounts the small disk if this process was started for that.
func enterSmallDisk() {
	dir := os.Getenv(smallDiskEnv)
	if dir == "" {
		return
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d", smallDisk)); err != nil {
		fmt.Fprintf(os.Stderr, "mount: %v\n", err)
		os.Exit(1)
	}
}

// A disk that is full at COMMIT is a certain error: nothing was written, not
// even for somebody who comes after a crash. Where no disk can be made, which a
// container may forbid to anybody, [TestFullDisk] is what there is.
func TestDiskFullAtCommit(t *testing.T) {
	if dir := os.Getenv(smallDiskEnv); dir != "" {
		testDiskFullAtCommit(t, dir)
		return
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestDiskFullAtCommit$", "-test.v")
	cmd.Env = append(os.Environ(), smallDiskEnv+"="+t.TempDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}
	if os.Getuid() != 0 {
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	out, err := cmd.CombinedOutput()
	var failed *exec.ExitError
	switch {
	case err != nil && !errors.As(err, &failed), strings.HasPrefix(string(out), "mount: "):
		t.Logf("this machine makes no disk for a test: %v\n%s", err, out)
	case err != nil:
		t.Errorf("on a small disk: %v\n%s", err, out)
	}
}

func testDiskFullAtCommit(t *testing.T, dir string) {
	path := filepath.Join(dir, "bank.db")
	s := open(t, path)
	books := storetest.Open(t, s, storetest.Learners(40)...)
	var before []creditbank.History
	var writes []creditbank.Write
	for _, b := range books {
		before = append(before, b.Clone().History)
		b.Post("a", creditbank.Credit)
		b.Request(strings.Repeat("long", 30), creditbank.ActEnrolled, creditbank.ActBody{Programme: "P1"})
		writes = append(writes, b.Write())
	}
	atCommit := 0
	for room := 0; ; room += 4 << 10 { // up to what the last frame needs
		checkpoint(t, s) // so that each try begins the log anew
		filler := fill(t, dir, room)
		_, err := s.Append(t.Context(), storetest.NewFeed(), writes)
		if err == nil {
			break
		}
		if errors.Is(err, creditbank.ErrOutcomeUnknown) || room > smallDisk {
			t.Fatalf("Append with room for %d bytes: %v, want a certain error", room, err)
		}
		if strings.Contains(err.Error(), "commit: ") {
			atCommit++
		}
		crashed := crash(t, path)
		if err := os.Remove(filler); err != nil {
			t.Fatal(err)
		}
		for _, h := range before {
			storetest.WantHistory(t, s, h)
			storetest.WantHistory(t, crashed, h)
		}
		wantIntact(t, crashed)
	}
	if t.Logf("the disk was full at COMMIT %d times", atCommit); atCommit == 0 {
		t.Error("the disk was never full at COMMIT")
	}
	for _, b := range books {
		storetest.WantHistory(t, s, b.History)
	}
	wantIntact(t, s)
}

// checkpoint empties the write-ahead log.
func checkpoint(t *testing.T, s *Store) {
	t.Helper()
	if err := s.Exec(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		t.Fatal(err)
	}
}

// fill fills the disk up but for some room.
func fill(t *testing.T, dir string, room int) string {
	t.Helper()
	name := filepath.Join(dir, "filler")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	page := make([]byte, 4096)
	var size int64
	for {
		n, err := f.Write(page)
		size += int64(n)
		if errors.Is(err, syscall.ENOSPC) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Truncate(size - int64(room)); err != nil {
		t.Fatal(err)
	}
	return name
}

// crash opens what would be found after a crash: the file and its log as they
// are on the disk.
func crash(t *testing.T, path string) *Store {
	t.Helper()
	copied := newPath(t) // on another disk
	if strings.HasPrefix(copied, filepath.Dir(path)) {
		t.Fatal("the copy is on the full disk")
	}
	for _, suffix := range []string{"", "-wal"} {
		data, err := os.ReadFile(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(copied+suffix, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return open(t, copied)
}
