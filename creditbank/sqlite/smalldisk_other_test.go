//go:build !linux

package sqlite

// enterSmallDisk does nothing: the test of a full disk is for Linux.
func enterSmallDisk() {}
