package sock

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

const keepIdle = unix.TCP_KEEPIDLE

// states are numbered as in Linux's include/net/tcp_states.h.
var states = []string{
	1: StateEstablished, StateSynSent, StateSynReceived, StateFinWait1, StateFinWait2, StateTimeWait, StateClose,
	StateCloseWait, StateLastAck, StateListen, StateClosing,
}

// family asks the socket itself for its family and protocol: its address names only families that x/sys knows.
func family(fd, fromAddress int) (domain int, protocol string) {
	domain, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_DOMAIN)
	if err != nil {
		domain = fromAddress
	}
	number, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PROTOCOL)
	if err != nil {
		return domain, ""
	}
	switch number {
	case unix.IPPROTO_TCP:
		protocol = "TCP"
	case unix.IPPROTO_MPTCP:
		protocol = "MPTCP"
	case unix.IPPROTO_UDP:
		protocol = "UDP"
	}
	return domain, protocol
}

// isTCP returns an error if fd is not a TCP socket. An MPTCP socket, as Go's listeners are, is one: it answers for its
// TCP connection.
func isTCP(fd int) error {
	protocol, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PROTOCOL)
	if err == nil && protocol != unix.IPPROTO_TCP && protocol != unix.IPPROTO_MPTCP {
		err = fmt.Errorf("the socket is not TCP: %w", unix.EOPNOTSUPP)
	}
	return err
}

func unread(fd int) (int, error) {
	n, err := queue(fd, unix.SIOCINQ, "SIOCINQ")
	if n > 0 && countsEnd(fd, n) {
		n--
	}
	return n, err
}

// countsEnd tells whether one of n unread bytes is none: Linux counts the end of an MPTCP stream as one, and says 1 of
// an MPTCP socket that is not connected. Only poll(2) tells that without taking anything from the socket, be it the
// error of a reset; after one, the bytes that came before it stay, and no end is counted with them.
func countsEnd(fd, n int) bool {
	protocol, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_PROTOCOL)
	if err != nil || protocol != unix.IPPROTO_MPTCP {
		return false
	}
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLRDHUP}}
	if _, err := unix.Poll(fds, 0); err != nil {
		return false
	}
	said := fds[0].Revents
	return said&(unix.POLLHUP|unix.POLLRDHUP) != 0 && (n == 1 || said&unix.POLLERR == 0)
}

func unacked(fd int) (int, error) {
	if err := isTCP(fd); err != nil { // SIOCOUTQ of UDP is memory, not bytes of data
		return 0, err
	}
	return queue(fd, unix.SIOCOUTQ, "SIOCOUTQ")
}

func queue(fd int, request uint, name string) (int, error) {
	n, err := unix.IoctlGetUint32(fd, request)
	if err == nil && int32(n) < 0 { // a listening MPTCP socket: the errno in the place of the answer
		n, err = 0, unix.Errno(-int32(n))
	}
	return int(n), os.NewSyscallError("ioctl "+name, err)
}

func state(fd int) (string, error) {
	if err := isTCP(fd); err != nil {
		return "", err
	}
	tcp, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
	if err != nil {
		return "", os.NewSyscallError("getsockopt TCP_INFO", err)
	}
	return stateName(states, tcp.State), nil
}

// connection adds what TCP_INFO says.
func connection(fd int, i *Info) {
	tcp, err := unix.GetsockoptTCPInfo(fd, unix.IPPROTO_TCP, unix.TCP_INFO)
	if err != nil {
		return
	}
	i.State = stateName(states, tcp.State)
	if i.State == StateListen { // where these two fields have another meaning, and those below none
		i.Backlog, i.BacklogMax = int(tcp.Unacked), int(tcp.Sacked)
		return
	}
	i.Retransmits = int(tcp.Total_retrans)
	if tcp.Snd_mss > 0 {
		i.MSS = int(tcp.Snd_mss)
	}
	if tcp.Rtt > 0 {
		i.RTT = time.Duration(tcp.Rtt) * time.Microsecond
	}
}
