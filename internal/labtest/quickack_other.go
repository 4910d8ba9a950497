//go:build !linux

package labtest

import "net"

func QuickAck(*net.TCPConn) {}
