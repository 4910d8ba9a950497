package sock

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

const keepIdle = unix.TCP_KEEPALIVE

// states are numbered as in macOS's netinet/tcp_fsm.h.
var states = []string{
	StateClose, StateListen, StateSynSent, StateSynReceived, StateEstablished, StateCloseWait, StateFinWait1,
	StateClosing, StateLastAck, StateFinWait2, StateTimeWait,
}

// family takes what the address says: macOS answers no question for either.
func family(_, fromAddress int) (domain int, protocol string) {
	return fromAddress, ""
}

// isTCP returns an error if fd is not a TCP socket, going by its type and its address.
func isTCP(fd int) error {
	kind, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
	if err != nil {
		return os.NewSyscallError("getsockopt SO_TYPE", err)
	}
	local, _ := unix.Getsockname(fd) // nil once the connection is gone
	if _, local := local.(*unix.SockaddrUnix); kind != unix.SOCK_STREAM || local {
		return fmt.Errorf("the socket is not TCP: %w", unix.EOPNOTSUPP)
	}
	return nil
}

func unread(fd int) (int, error) {
	return queue(fd, unix.SO_NREAD, "SO_NREAD")
}

func unacked(fd int) (int, error) {
	if err := isTCP(fd); err != nil {
		return 0, err
	}
	return queue(fd, unix.SO_NWRITE, "SO_NWRITE")
}

// queue refuses listening sockets, as Linux does.
func queue(fd, option int, name string) (int, error) {
	if listening, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN); err == nil && listening != 0 {
		return 0, errors.New("a listening socket has no queue of bytes")
	}
	n, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, option)
	return n, os.NewSyscallError("getsockopt "+name, err)
}

func state(fd int) (string, error) {
	if err := isTCP(fd); err != nil {
		return "", err
	}
	tcp, err := unix.GetsockoptTCPConnectionInfo(fd, unix.IPPROTO_TCP, unix.TCP_CONNECTION_INFO)
	if err != nil {
		return "", os.NewSyscallError("getsockopt TCP_CONNECTION_INFO", err)
	}
	return stateName(states, tcp.State), nil
}

// connection adds what TCP_CONNECTION_INFO says.
func connection(fd int, i *Info) {
	tcp, err := unix.GetsockoptTCPConnectionInfo(fd, unix.IPPROTO_TCP, unix.TCP_CONNECTION_INFO)
	if err != nil {
		return
	}
	i.State = stateName(states, tcp.State)
	if i.State == StateListen {
		return
	}
	i.Retransmits = int(tcp.Txretransmitpackets)
	if tcp.Maxseg > 0 {
		i.MSS = int(tcp.Maxseg)
	}
	if tcp.Srtt > 0 {
		i.RTT = time.Duration(tcp.Srtt) * time.Millisecond
	}
}
