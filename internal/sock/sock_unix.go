//go:build linux || darwin

package sock

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// inspect fails only where fd is no socket at all; any other question that gets no answer leaves its field unknown.
func inspect(fd int) (Info, error) {
	i := unknown(fd)
	kind, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
	if err != nil {
		return Info{}, os.NewSyscallError("getsockopt", err)
	}
	switch kind {
	case unix.SOCK_STREAM:
		i.Type = "stream"
	case unix.SOCK_DGRAM:
		i.Type = "datagram"
	default:
		i.Type = "type " + strconv.Itoa(kind)
	}
	var domain int
	local, err := unix.Getsockname(fd)
	if err == nil {
		i.Local, domain = address(local)
	}
	if remote, err := unix.Getpeername(fd); err == nil { // ENOTCONN: it has none
		i.Remote, _ = address(remote)
	}
	domain, i.Protocol = family(fd, domain)
	switch domain {
	case 0:
	case unix.AF_INET:
		i.Family = "IPv4"
	case unix.AF_INET6:
		i.Family = "IPv6"
	default:
		i.Family = "family " + strconv.Itoa(domain)
	}

	on := func(level, option int) bool {
		value, err := unix.GetsockoptInt(fd, level, option)
		return err == nil && value != 0
	}
	number := func(level, option int) int {
		value, err := unix.GetsockoptInt(fd, level, option)
		if err != nil {
			return -1
		}
		return value
	}
	i.Listening = on(unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
	i.RecvBuffer = number(unix.SOL_SOCKET, unix.SO_RCVBUF)
	i.SendBuffer = number(unix.SOL_SOCKET, unix.SO_SNDBUF)
	if n, err := unread(fd); err == nil {
		i.Unread = n
	}
	if isTCP(fd) != nil {
		return i, nil
	}
	seconds := func(option int) time.Duration {
		if n := number(unix.IPPROTO_TCP, option); n >= 0 {
			return time.Duration(n) * time.Second
		}
		return -1
	}
	i.NoDelay = on(unix.IPPROTO_TCP, unix.TCP_NODELAY)
	i.KeepAlive = on(unix.SOL_SOCKET, unix.SO_KEEPALIVE)
	i.KeepIdle = seconds(keepIdle)
	i.KeepInterval = seconds(unix.TCP_KEEPINTVL)
	i.KeepCount = number(unix.IPPROTO_TCP, unix.TCP_KEEPCNT)
	if n, err := unacked(fd); err == nil {
		i.Unacked = n
	}
	connection(fd, &i)
	return i, nil
}

// address returns the address in sa, unless its port is 0, and the number of its family, unless that is unknown here.
func address(sa unix.Sockaddr) (addr netip.AddrPort, domain int) {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		domain = unix.AF_INET
		addr = netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port))
	case *unix.SockaddrInet6:
		domain = unix.AF_INET6
		addr = netip.AddrPortFrom(netip.AddrFrom16(sa.Addr).WithZone(zone(sa.ZoneId)), uint16(sa.Port))
	case *unix.SockaddrUnix:
		domain = unix.AF_UNIX
	}
	if addr.Port() == 0 {
		addr = netip.AddrPort{}
	}
	return addr, domain
}

// zone names the interface of a link-local address as package net does.
func zone(index uint32) string {
	if index == 0 {
		return ""
	}
	if link, err := net.InterfaceByIndex(int(index)); err == nil {
		return link.Name
	}
	return strconv.Itoa(int(index))
}

func setBacklog(fd, n int) error {
	// listen(2) would make a listening socket of one that is only bound.
	listening, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
	if err != nil {
		return os.NewSyscallError("getsockopt", err)
	}
	if listening == 0 {
		return errors.New("the socket is not listening")
	}
	return os.NewSyscallError("listen", unix.Listen(fd, n))
}

func stateName(names []string, number uint8) string {
	if int(number) < len(names) && names[number] != "" {
		return names[number]
	}
	return fmt.Sprintf("state %d", number)
}

func peek(fd int, p []byte) (int, error) {
	n, _, err := unix.Recvfrom(fd, p, unix.MSG_PEEK|unix.MSG_DONTWAIT)
	if err != nil {
		return 0, os.NewSyscallError("recvfrom", err)
	}
	return n, nil
}
