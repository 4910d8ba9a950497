package tshark

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/capture"
)

// A Recording is a capture in the making: tcpdump watches ports of this machine.
type Recording struct {
	t      testing.TB
	port   uint16 // the first of them
	file   string
	cmd    *exec.Cmd
	ctx    context.Context // of the process
	passed chan struct{}   // closed when what [Recording.End] sends has been captured
	read   chan error      // what became of the copy into the file
	stderr *bufio.Reader
	// dropped is what tcpdump had dropped before it began. Until its filter is set it gets what others send too, and on
	// a busy interface that is more than it can hold.
	dropped string
}

// sentinel is an address that nobody else on loopback connects from.
var sentinel = netip.MustParseAddr("127.0.0.2")

// Record has the packets of some TCP ports captured on loopback, from now on. It needs Linux, tcpdump and the right to use it; where
// they are missing, see [Missing].
func Record(t testing.TB, ports ...uint16) *Recording {
	t.Helper()
	// There is a place for each of some 1,000 packets of loopback's longest, so that none is lost if tcpdump has to wait.
	return RecordWith(t, []string{"-i", "lo", "--snapshot-length=66000", "--buffer-size=131072"}, ports...)
}

// RecordWith is Record with other options for tcpdump. Its buffer costs time, about as much as tshark for 100 MB; where
// packets are known to be short it holds more of them.
func RecordWith(t testing.TB, options []string, ports ...uint16) *Recording {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("captures are made on Linux, where all of 127.0.0.0/8 is this machine")
	}
	find(t, "tcpdump", "tcpdump")
	r := &Recording{
		t: t, port: ports[0], file: filepath.Join(t.TempDir(), "made.pcap"),
		passed: make(chan struct{}), read: make(chan error, 1),
	}
	var filter []string
	for _, port := range ports {
		filter = append(filter, fmt.Sprint("tcp port ", port))
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	r.ctx = ctx
	args := append([]string{"-n", "-U", "-w", "-", "--immediate-mode"}, options...)
	r.cmd = exec.CommandContext(ctx, "tcpdump", append(args, strings.Join(filter, " or "))...)
	stdout, err := r.cmd.StdoutPipe()
	require.NoError(t, err)
	stderr, err := r.cmd.StderrPipe()
	require.NoError(t, err)
	r.stderr = bufio.NewReader(stderr)
	require.NoError(t, r.cmd.Start())
	t.Cleanup(func() {
		cancel()
		_ = r.cmd.Wait() // an error, if End has done it
	})
	go func() { r.read <- r.copy(stdout) }()
	r.awaitListening()
	r.dropped = r.countDropped()
	return r
}

// awaitListening waits until tcpdump has begun.
func (r *Recording) awaitListening() {
	r.t.Helper()
	for said := ""; ; {
		line, err := r.stderr.ReadString('\n')
		said += line
		if strings.Contains(line, "listening on") {
			return
		}
		if err != nil {
			<-r.read
			_ = r.cmd.Wait() // what it said says it
			Missing(r.t, "tcpdump may not capture here: "+said)
		}
	}
}

// countDropped asks tcpdump how many packets it has dropped, and returns its words.
func (r *Recording) countDropped() string {
	r.t.Helper()
	const sigusr1 = syscall.Signal(10) // on Linux, where this runs; not every system has the name
	require.NoError(r.t, r.cmd.Process.Signal(sigusr1))
	said, err := r.stderr.ReadString('\n')
	require.NoError(r.t, err)
	return droppedIn(r.t, said)
}

var dropped = regexp.MustCompile(`[0-9]+ packets? dropped by kernel`)

func droppedIn(t testing.TB, said string) string {
	t.Helper()
	words := dropped.FindString(said)
	require.NotEmpty(t, words, "tcpdump does not say what it dropped: %s", said)
	return words
}

// copy writes what tcpdump captures to the file, and watches for the sentinel in it.
func (r *Recording) copy(stdout io.Reader) error {
	f, err := os.Create(r.file)
	if err != nil {
		return err
	}
	defer f.Close()
	packets, err := capture.NewReader(io.TeeReader(stdout, f))
	for err == nil {
		var p *capture.Packet
		if p, err = packets.Next(); err == nil && p.Src.Addr() == sentinel {
			close(r.passed)
			_, err = io.Copy(f, stdout)
			return err
		}
	}
	return err
}

// End ends the capture and returns its file. All packets that were sent before are in it, and one more connection,
// which comes from 127.0.0.2: it is how End knows.
func (r *Recording) End() (file string) {
	r.t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: sentinel.AsSlice()}}
	to := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), r.port)
	if conn, err := dialer.DialContext(r.ctx, "tcp", to.String()); err == nil {
		conn.Close()
	} // else nobody listens any more, but the SYN was sent
	select {
	case <-r.passed:
	case err := <-r.read:
		require.FailNow(r.t, "tcpdump ended before it saw what was sent", "%v", err)
	}
	require.NoError(r.t, r.cmd.Process.Signal(os.Interrupt))
	said, err := io.ReadAll(r.stderr)
	require.NoError(r.t, err)
	require.NoError(r.t, <-r.read)
	require.NoError(r.t, r.cmd.Wait(), "%s", said)
	assert.Equal(r.t, r.dropped, droppedIn(r.t, string(said)), "a capture with holes proves nothing")
	return r.file
}
