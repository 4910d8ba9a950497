package main

import (
	"bytes"
	"io"
	"testing"

	"github.com/gobwas/ws"
	"github.com/gopacket/gopacket/layers"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/capture/capturetest"
	"echolab/internal/event"
	"echolab/internal/labtest"
	"echolab/internal/websocket"
)

// What is kept of a capture does not grow with it. scripts/interop measures the process, on a capture of 250 MB.
func TestALongCaptureTakesNoMoreMemoryThanAShortOne(t *testing.T) {
	const rounds = 400 // of 100 frames each: 40 MB in all
	s := new(capturetest.Script)
	c := s.Conn(client, server)
	c.Handshake()
	key := websocket.NewKey()
	c.Send(event.ClientToServer, string(websocket.Request("a.example", "/", key, "")))
	c.Send(event.ServerToClient, string(websocket.Response(key, "")))
	begin := capturetest.Pcap(t, layers.LinkTypeEthernet, s.Packets)
	frame := websocket.AppendFrame(nil, ws.Header{Fin: true, OpCode: ws.OpBinary, Masked: true}, make([]byte, 1000))
	round, early, late := 0, int64(0), int64(0)
	more := readerFunc(func(b []byte) (int, error) {
		switch round++; round {
		case rounds / 4:
			early = labtest.Heap()
		case rounds:
			late = labtest.Heap()
			return 0, io.EOF
		}
		s.Packets = s.Packets[:0]
		for range 100 {
			c.Send(event.ClientToServer, string(frame))
		}
		c.ACK(event.ServerToClient)
		return copy(b, capturetest.Pcap(t, layers.LinkTypeEthernet, s.Packets)[24:]), nil // without the header
	})
	got := runOn(t, io.MultiReader(bytes.NewReader(begin), more), "-")
	require.Zero(t, got.status, got.stderr)
	assert.Contains(t, got.stdout, "39,900 frames")
	assert.Less(t, late-early, int64(4<<20))
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(b []byte) (int, error) { return f(b) }
