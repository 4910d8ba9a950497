package wire_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"echolab/internal/capture"
	"echolab/internal/capture/capturetest"
	"echolab/internal/event"
	"echolab/internal/wire"
)

const (
	c2s = event.ClientToServer
	s2c = event.ServerToClient
)

// events is a Recorder that keeps everything.
type events []event.Event

func (e *events) Record(ev event.Event) {
	ev.Bytes = bytes.Clone(ev.Bytes)
	*e = append(*e, ev)
}

// of returns those of a kind.
func (e events) of(kinds ...event.Kind) (list events) {
	for _, ev := range e {
		if slices.Contains(kinds, ev.Ev) {
			list = append(list, ev)
		}
	}
	return list
}

// A run is what a Follower made of packets.
type run struct {
	f                *wire.Follower
	packets, streams events
	ended            []string
}

func newRun() *run {
	r := new(run)
	r.f = &wire.Follower{Packets: &r.packets, Streams: &r.streams,
		Ended: func(_ int, how string) { r.ended = append(r.ended, how) }}
	return r
}

// follow runs packets through a Follower, to the end of the capture.
func follow(packets []*capture.Packet) *run {
	r := newRun()
	for _, p := range packets {
		r.f.Packet(p)
	}
	r.f.End()
	return r
}

// on returns what was told of a packet.
func (r *run) on(number int) event.Event {
	for _, e := range r.packets {
		if e.PacketHeader != nil && e.Number == number {
			return e
		}
	}
	return event.Event{}
}

// stream puts a stream together of what was told of it: a question mark stands for a byte that is missing. Nothing may
// be told twice or left out.
func (r *run) stream(t *testing.T, conn int, dir event.Dir) string {
	t.Helper()
	var b strings.Builder
	for _, e := range r.streams.of(event.Segment, event.Gap) {
		if e.Conn != conn || e.Dir != dir {
			continue
		}
		require.EqualValues(t, b.Len(), e.Off, "each begins where the one before ends")
		require.Positive(t, e.N)
		require.LessOrEqual(t, len(e.Bytes), e.N)
		b.Write(e.Bytes)
		b.WriteString(strings.Repeat("?", e.N-len(e.Bytes)))
	}
	return b.String()
}

// handshaken is a connection whose handshake was made, in a script of its own.
func handshaken() (*capturetest.Script, *capturetest.Conn) {
	s := new(capturetest.Script)
	c := s.Conn("192.0.2.1:40000", "192.0.2.2:80")
	c.Handshake()
	return s, c
}
