//go:build !linux

package echo_test

import "net"

func quickAck(*net.TCPConn) {}
