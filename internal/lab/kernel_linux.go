package lab

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"echolab/internal/sock"
)

// segments asks the kernel for the counts of TCP_INFO.
func segments(c syscall.Conn) (n segmentCount) {
	raw, err := c.SyscallConn()
	if err != nil {
		return n
	}
	_ = raw.Control(func(fd uintptr) { // an error leaves n untold
		info, err := unix.GetsockoptTCPInfo(int(fd), unix.IPPROTO_TCP, unix.TCP_INFO)
		if err != nil {
			return
		}
		n.sent = int(info.Data_segs_out) - int(info.Total_retrans)
		n.received = int(info.Data_segs_in)
		n.told = info.Data_segs_out > 0 // old kernels do not count them
	})
	return n
}

// timeWait is TIME-WAIT in /proc/net/tcp.
const timeWait = "06"

// listedState is the state in the kernel's list of the IPv4 socket with these addresses, "" if the list has none. Only
// this list has what is left of a socket after its program has closed it.
func listedState(local, remote net.Addr) (string, error) {
	f, err := os.Open("/proc/net/tcp")
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%w: %w", err, errors.ErrUnsupported)
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	want := [2]string{listed(local), listed(remote)}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		// Each begins with a number, the local address, the remote address and the state.
		fields := strings.Fields(lines.Text())
		if len(fields) < 4 || [2]string(fields[1:3]) != want {
			continue
		}
		if fields[3] == timeWait {
			return sock.StateTimeWait, nil
		}
		return "state " + fields[3], nil
	}
	return "", lines.Err()
}

// listed is an address as that list has it: the bytes of the address as a number in the machine's order, then the port.
func listed(addr net.Addr) string {
	tcp := addr.(*net.TCPAddr)
	return fmt.Sprintf("%08X:%04X", binary.NativeEndian.Uint32(tcp.IP.To4()), tcp.Port)
}
