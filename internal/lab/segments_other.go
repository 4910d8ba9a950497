//go:build !linux

package lab

import "net"

// segments does not know: this system does not report segment counts.
func segments(*net.TCPConn) segmentCount { return segmentCount{} }
