package capture_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/gopacket/gopacket/layers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/capture"
	"echolab/internal/capture/capturetest"
	"echolab/internal/tshark"
)

var fields = []string{
	"frame.number", "frame.time_epoch", "ip.src", "ipv6.src", "tcp.srcport", "ip.dst", "ipv6.dst", "tcp.dstport",
	"tcp.seq_raw", "tcp.ack_raw", "tcp.flags", "tcp.window_size_value", "tcp.len", "tcp.options.mss_val",
	"tcp.options.wscale.shift",
}

// values are a packet's fields as tshark shows them.
func values(p *capture.Packet) []string {
	number := func(n, none int) string {
		if n == none {
			return ""
		}
		return strconv.Itoa(n)
	}
	v := []string{strconv.Itoa(p.Number), fmt.Sprintf("%d.%09d", p.Time.Unix(), p.Time.Nanosecond())}
	for _, end := range []netip.AddrPort{p.Src, p.Dst} {
		address := []string{end.Addr().String(), ""}
		if end.Addr().Is6() {
			slices.Reverse(address)
		}
		v = append(append(v, address...), strconv.Itoa(int(end.Port())))
	}
	return append(v, fmt.Sprint(p.Seq), fmt.Sprint(p.Ack), fmt.Sprintf("0x%04x", int(p.Flags)), fmt.Sprint(p.Window),
		strconv.Itoa(p.Length), number(p.MSS, 0), number(p.WindowScale, -1))
}

// areReadAsTsharkReadsThem holds what is read of captures, one after the other, against what tshark reads of them.
func areReadAsTsharkReadsThem(t *testing.T, files ...string) (packets []*capture.Packet) {
	t.Helper()
	var ours [][]string
	for _, file := range files {
		b, err := os.ReadFile(file)
		require.NoError(t, err)
		got, _ := read(t, b)
		require.NotEmpty(t, got)
		for _, p := range got {
			p.Number += len(packets)
			ours = append(ours, values(p))
		}
		packets = append(packets, got...)
	}
	assert.Equal(t, tshark.Fields(t, tshark.Join(t, files...), fields...), ours)
	return packets
}

// keep writes a capture into a file.
func keep(t *testing.T, capture []byte) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "capture")
	require.NoError(t, os.WriteFile(file, capture, 0o600))
	return file
}

func TestTsharkReadsTheSame(t *testing.T) {
	var files []string
	order := binary.BigEndian
	pcapng := capturetest.Section(order)
	for i, link := range links {
		packets := append(v4(), v6()...)
		files = append(files, keep(t, capturetest.Pcap(t, link, packets)))
		pcapng = append(pcapng, capturetest.Interface(order, link, 0)...)
		for _, p := range packets {
			frame, captured := capturetest.Frame(t, link, p)
			at := uint64(p.Time.UnixMicro())
			pcapng = append(pcapng, capturetest.EnhancedPacket(order, uint32(i), at, frame[:captured], len(frame))...)
		}
	}
	areReadAsTsharkReadsThem(t, append(files, keep(t, pcapng), cutHeaders(t, v4()), cutHeaders(t, v6()))...)
}

// cutHeaders is a capture of packets with every snap length within their TCP headers.
func cutHeaders(t *testing.T, packets []*capture.Packet) (file string) {
	t.Helper()
	b := capturetest.PcapHeader(binary.LittleEndian, time.Nanosecond, layers.LinkTypeRaw)
	for _, p := range packets {
		frame, _ := capturetest.Frame(t, layers.LinkTypeRaw, p)
		headers := 40
		if p.Src.Addr().Is6() {
			headers = 60
		}
		for n := headers; n <= len(frame) && n <= headers+20; n++ {
			b = append(b, capturetest.PcapRecord(binary.LittleEndian, time.Nanosecond, p.Time, frame[:n], len(frame))...)
		}
	}
	return keep(t, b)
}

// What tcpdump captures of a real connection, live, is what tshark finds in the same bytes later. The recording ends
// when it has read of a pipe what was sent last.
func TestTcpdumpLive(t *testing.T) {
	var files []string
	for _, options := range [][]string{
		{"-i", "lo", "-s", "9000"},
		{"-i", "any", "-s", "9000"},
		{"-i", "any", "-s", "9000", "-y", "LINUX_SLL"},
		{"-i", "lo", "-s", "9000", "--time-stamp-precision=nano"},
		{"-i", "lo", "-s", "80"},
	} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer listener.Close()
		recording := tshark.RecordWith(t, options, listener.Addr().(*net.TCPAddr).AddrPort().Port())
		talk(t, listener)
		files = append(files, recording.End())
	}
	n := 0
	for _, p := range areReadAsTsharkReadsThem(t, files...) {
		n += p.Length
	}
	assert.GreaterOrEqual(t, n, len(files)*2*5000, "there and back")
}

// talk has 5,000 bytes sent to the listener, and back.
func talk(t *testing.T, listener net.Listener) {
	t.Helper()
	client, err := net.Dial("tcp", listener.Addr().String())
	require.NoError(t, err)
	defer client.Close()
	server, err := listener.Accept()
	require.NoError(t, err)
	defer server.Close()
	for from, to := range map[net.Conn]net.Conn{client: server, server: client} {
		_, err := from.Write(make([]byte, 5000)) // less than what the socket holds
		require.NoError(t, err)
		require.NoError(t, from.(*net.TCPConn).CloseWrite())
		got, err := io.ReadAll(to)
		require.NoError(t, err)
		assert.Len(t, got, 5000)
	}
}
