package capture_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/capture"
	"echolab/internal/capture/capturetest"
)

// missing skips a test that this machine cannot run. In CI it fails.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		require.Fail(t, what)
	}
	t.Skip(what)
}

func needsTool(t *testing.T, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		missing(t, name+" is not installed")
	}
}

// tshark lists the TCP packets of a file, a line for each.
func tshark(t *testing.T, file string) []string {
	t.Helper()
	cmd := exec.Command("tshark", "-n", "-r", file, "-Y", "tcp", "-T", "fields", "-E", "separator=|", "-E", "occurrence=f")
	for _, field := range []string{
		"frame.number", "frame.time_epoch", "ip.src", "ipv6.src", "tcp.srcport", "ip.dst", "ipv6.dst", "tcp.dstport",
		"tcp.seq_raw", "tcp.ack_raw", "tcp.flags", "tcp.window_size_value", "tcp.len", "tcp.options.mss_val",
		"tcp.options.wscale.shift",
	} {
		cmd.Args = append(cmd.Args, "-e", field)
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	return strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
}

// line is a packet as tshark lists it.
func line(p *capture.Packet) string {
	number := func(n, none int) string {
		if n == none {
			return ""
		}
		return strconv.Itoa(n)
	}
	address := func(a net.IP) string {
		if a.To4() != nil {
			return a.String() + "|"
		}
		return "|" + a.String()
	}
	return fmt.Sprintf("%d|%d.%09d|%s|%d|%s|%d|%d|%d|0x%04x|%d|%d|%s|%s", p.Number,
		p.Time.Unix(), p.Time.Nanosecond(), address(p.Src.Addr().AsSlice()), p.Src.Port(),
		address(p.Dst.Addr().AsSlice()), p.Dst.Port(), p.Seq, p.Ack, int(p.Flags), p.Window, p.Length,
		number(p.MSS, 0), number(p.WindowScale, -1))
}

func lines(packets []*capture.Packet) []string {
	var s []string
	for _, p := range packets {
		s = append(s, line(p))
	}
	return s
}

func TestTsharkReadsTheSame(t *testing.T) {
	needsTool(t, "tshark")
	order := binary.BigEndian
	pcapng := capturetest.Section(order)
	for i, link := range links {
		packets := append(v4(), v6()...)
		for i, p := range packets {
			p.Number = i + 1
		}
		same(t, capturetest.Pcap(t, link, packets))
		pcapng = append(pcapng, capturetest.Interface(order, link, 0)...)
		for _, p := range packets {
			frame, captured := capturetest.Frame(t, link, p)
			at := uint64(p.Time.UnixMicro())
			pcapng = append(pcapng, capturetest.EnhancedPacket(order, uint32(i), at, frame[:captured], len(frame))...)
		}
	}
	same(t, pcapng)
}

// same holds what is read of a file against what tshark reads.
func same(t *testing.T, file []byte) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "capture")
	require.NoError(t, os.WriteFile(path, file, 0o600))
	got, _ := read(t, file)
	assert.Equal(t, tshark(t, path), lines(got))
}

// What tcpdump captures of a real connection, live, is what tshark finds in the same bytes later.
func TestTcpdumpLive(t *testing.T) {
	needsTool(t, "tshark")
	needsTool(t, "tcpdump")
	if os.Geteuid() != 0 {
		missing(t, "capturing needs root")
	}
	// Of all interfaces at once tcpdump keeps few packets, unless it is told that they are short.
	for name, options := range map[string][]string{
		"loopback":        {"-i", loopback(t)},
		"every interface": {"-i", "any", "-s", "9000"},
		"Linux cooked v1": {"-i", "any", "-s", "9000", "-y", "LINUX_SLL"},
		"nanoseconds":     {"-i", loopback(t), "--time-stamp-precision=nano"},
		"snap length":     {"-i", loopback(t), "-s", "80"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "live.pcap")
			got := live(t, path, options)
			assert.Equal(t, tshark(t, path), lines(got))
			n := 0
			for _, p := range got {
				n += p.Length
			}
			assert.GreaterOrEqual(t, n, 2*5000, "there and back")
		})
	}
}

// loopback is the name of the interface of 127.0.0.1.
func loopback(t *testing.T) string {
	t.Helper()
	interfaces, err := net.Interfaces()
	require.NoError(t, err)
	for _, i := range interfaces {
		if i.Flags&net.FlagLoopback != 0 {
			return i.Name
		}
	}
	missing(t, "there is no loopback interface")
	return ""
}

// live captures a connection, from a pipe until both ends have sent FIN. The capture is kept in a file as well.
func live(t *testing.T, path string, options []string) []*capture.Packet {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	port := strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
	args := append([]string{"-n", "--immediate-mode", "-B", "16384", "-U", "-w", "-"}, options...)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second) // a packet that tcpdump lost would be waited for
	defer cancel()
	cmd := exec.CommandContext(ctx, "tcpdump", append(args, "tcp", "port", port)...)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	stderr, err := cmd.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	defer cmd.Wait()
	defer cancel()
	require.True(t, listening(stderr), "tcpdump does not listen")
	go io.Copy(io.Discard, stderr)

	file, err := os.Create(path)
	require.NoError(t, err)
	defer file.Close()
	go echo(l)
	go talk(l.Addr().String())

	r, err := capture.NewReader(io.TeeReader(stdout, file))
	require.NoError(t, err)
	var packets []*capture.Packet
	ended := make(map[string]bool)
	for {
		p, err := r.Next()
		if err == io.EOF {
			require.Contains(t, ended, "told", "not both FINs were captured")
			return packets
		}
		require.NoError(t, err)
		own := *p
		packets = append(packets, &own)
		if p.Flags&capture.FIN != 0 {
			ended[p.Src.String()] = true
		}
		if len(ended) == 2 {
			ended["told"] = true
			require.NoError(t, cmd.Process.Signal(os.Interrupt))
		}
	}
}

// listening waits until tcpdump says that it is.
func listening(stderr io.Reader) bool {
	var said []byte
	b := make([]byte, 256)
	for {
		n, err := stderr.Read(b)
		said = append(said, b[:n]...)
		if strings.Contains(string(said), "listening on") {
			return true
		}
		if err != nil {
			return false
		}
	}
}

func echo(l net.Listener) {
	c, err := l.Accept()
	if err != nil {
		return
	}
	defer c.Close()
	io.Copy(c, c)
}

// talk sends 5,000 bytes, ends its stream and waits for the end of the answer.
func talk(address string) {
	c, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer c.Close()
	c.Write(make([]byte, 5000))
	c.(*net.TCPConn).CloseWrite()
	io.Copy(io.Discard, c)
}
