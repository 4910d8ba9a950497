//go:build !linux

package lab

import (
	"errors"
	"fmt"
	"net"
	"syscall"
)

// segments does not know: this system does not report segment counts.
func segments(syscall.Conn) segmentCount { return segmentCount{} }

// listedState cannot be told: this system has no list to be read.
func listedState(_, _ net.Addr) (string, error) {
	return "", fmt.Errorf("the sockets in TIME-WAIT: %w", errors.ErrUnsupported)
}
