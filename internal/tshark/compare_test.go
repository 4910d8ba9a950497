package tshark

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gobwas/ws"
	"github.com/gopacket/gopacket/layers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/capture/capturetest"
	"echolab/internal/event"
)

const (
	// The key and its answer are those of RFC 6455 section 1.3.
	request = "GET /ws HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	response = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
		"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
)

// frames of a client, in a packet.
func frames(t *testing.T, all ...ws.Frame) string {
	t.Helper()
	var b strings.Builder
	for _, f := range all {
		require.NoError(t, ws.WriteFrame(&b, ws.MaskFrameWith(f, [4]byte{1, 2, 3, 4})))
	}
	return b.String()
}

// sample is a small capture: a WebSocket with two frames in one packet and a third in two.
func sample(t *testing.T) (file string) {
	t.Helper()
	s := new(capturetest.Script)
	c := s.Conn("192.0.2.1:40000", "192.0.2.2:80")
	c.Handshake()
	c.Send(event.ClientToServer, request)
	c.Send(event.ServerToClient, response)
	c.Send(event.ClientToServer, frames(t, ws.NewTextFrame([]byte("hello")), ws.NewPingFrame([]byte("?"))))
	third := frames(t, ws.NewBinaryFrame(make([]byte, 300)))
	c.Send(event.ClientToServer, third[:100])
	c.Send(event.ClientToServer, third[100:])
	c.ACK(event.ServerToClient)
	file = filepath.Join(t.TempDir(), "sample.pcap")
	require.NoError(t, os.WriteFile(file, capturetest.Pcap(t, layers.LinkTypeEthernet, s.Packets), 0o600))
	return file
}

func TestTheSameIsNotADifference(t *testing.T) {
	assert.Equal(t, Counts{Connections: 1, Packets: 9, Segments: 5, Frames: 3}, Compare(t, sample(t)))
	assert.Equal(t, Counts{Connections: 1, Packets: 9, Segments: 5}, ComparePackets(t, sample(t)))
}

// Whatever tshark says otherwise is told, and so is what only one of the two has found.
func TestEveryDifferenceIsReported(t *testing.T) {
	file := sample(t)
	ours, packets, frames := read(t, file), Packets(t, file), Frames(t, file)
	for want, change := range map[string]func(p []Packet, f []Frame) ([]Packet, []Frame){
		"packet 80: the number":   changed(func(p *Packet, _ *Frame) { p.Number = 80 }),
		"the connection":          changed(func(p *Packet, _ *Frame) { p.Stream++ }),
		"the source":              changed(func(p *Packet, _ *Frame) { p.Src = p.Dst }),
		"the destination":         changed(func(p *Packet, _ *Frame) { p.Dst = p.Src }),
		"the sequence number":     changed(func(p *Packet, _ *Frame) { p.Seq++ }),
		"the acknowledgement":     changed(func(p *Packet, _ *Frame) { p.Ack++ }),
		"the flags":               changed(func(p *Packet, _ *Frame) { p.Flags ^= 1 }),
		"the window":              changed(func(p *Packet, _ *Frame) { p.Window++ }),
		"packet 8: the length":    changed(func(p *Packet, _ *Frame) { p.Len++ }),
		"the captured length":     changed(func(p *Packet, _ *Frame) { p.Payload = p.Payload[1:] }),
		"packet 8: the payload":   changed(func(p *Packet, _ *Frame) { p.Payload = make([]byte, len(p.Payload)) }),
		"packet 8: the offset":    changed(func(p *Packet, _ *Frame) { p.Rel++ }),
		"BEHIND THE NEWEST BYTE":  changed(func(p *Packet, _ *Frame) { p.Analysis = Analysis{"out_of_order": true} }),
		"ZERO WINDOW":             changed(func(p *Packet, _ *Frame) { p.Analysis = Analysis{"zero_window": true} }),
		"a hole in front of it":   changed(func(p *Packet, _ *Frame) { p.Analysis = Analysis{"lost_segment": true} }),
		"bytes that are not":      changed(func(p *Packet, _ *Frame) { p.Analysis = Analysis{"ack_lost_segment": true} }),
		"frame 2: the packet":     changed(func(_ *Packet, f *Frame) { f.Number-- }),
		"frame 2: FIN":            changed(func(_ *Packet, f *Frame) { f.Fin = !f.Fin }),
		"frame 2: RSV":            changed(func(_ *Packet, f *Frame) { f.RSV = 4 }),
		"frame 2: the opcode":     changed(func(_ *Packet, f *Frame) { f.Opcode++ }),
		"frame 2: MASK":           changed(func(_ *Packet, f *Frame) { f.Masked = false }),
		"frame 2: the key":        changed(func(_ *Packet, f *Frame) { f.Key = "00000000" }),
		"2: the payload's length": changed(func(_ *Packet, f *Frame) { f.Length++ }),
		"frame 2: the length":     changed(func(_ *Packet, f *Frame) { f.Header++ }),
		"frame 2: the payload":    changed(func(_ *Packet, f *Frame) { f.Payload = []byte("!") }),
		"frame 3: the offset":     changed(func(_ *Packet, f *Frame) { f.Header++ }),
		"the offset in its":       changed(func(_ *Packet, f *Frame) { f.Off++ }),
		"it ends in the packet":   changed(func(_ *Packet, f *Frame) { f.Number++ }),
		"packets is 9, tshark says 8": func(p []Packet, f []Frame) ([]Packet, []Frame) {
			return p[:8], f
		},
		"frames is 3, tshark says 0": func(p []Packet, _ []Frame) ([]Packet, []Frame) { return p, nil },
		"frames is 0, tshark says 1": func(p []Packet, f []Frame) ([]Packet, []Frame) {
			f[1].Number = 5 // of the server
			return p, f
		},
	} {
		t.Run(want, func(t *testing.T) {
			d := differences{}
			theirs := newVerdict(change(slices.Clone(packets), slices.Clone(frames)))
			d.packets(ours, theirs)
			d.frames(ours, theirs)
			assert.Contains(t, strings.Join(d, "\n"), want)
		})
	}
}

// changed changes the last packet with bytes, or the second frame.
func changed(change func(*Packet, *Frame)) func([]Packet, []Frame) ([]Packet, []Frame) {
	return func(p []Packet, f []Frame) ([]Packet, []Frame) {
		change(&p[7], &f[1])
		return p, f
	}
}
