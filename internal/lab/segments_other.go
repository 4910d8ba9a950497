//go:build !linux

package lab

import "syscall"

// segments does not know: this system does not report segment counts.
func segments(syscall.Conn) segmentCount { return segmentCount{} }
