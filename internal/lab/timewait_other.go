//go:build !linux

package lab

import (
	"errors"
	"fmt"
	"net"
)

// listedState cannot be told: this system has no list to be read.
func listedState(_, _ net.Addr) (string, error) {
	return "", fmt.Errorf("the sockets in TIME-WAIT: %w", errors.ErrUnsupported)
}
