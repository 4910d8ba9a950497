package labtest

import (
	"net"

	"golang.org/x/sys/unix"
)

// QuickAck makes the kernel acknowledge at once what has come; it likes to wait for 40 ms.
func QuickAck(c *net.TCPConn) {
	if rc, err := c.SyscallConn(); err == nil {
		_ = rc.Control(func(fd uintptr) { _ = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_QUICKACK, 1) })
	}
}
