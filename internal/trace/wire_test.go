package trace_test

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/trace"
)

// crossed is a segment of the client's stream on connection 1, as a capture has it.
func crossed(off int64, data string) trace.Event {
	e := span(trace.Segment, off, data)
	e.At, e.PacketHeader = trace.Wire, &trace.PacketHeader{Number: 4, Seq: 1000, Ack: 2000, Flags: "PSH ACK", Window: 65536}
	return e
}

func TestASegmentStandsInItsLine(t *testing.T) {
	var b bytes.Buffer
	e := crossed(155, "hello")
	e.Time = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	e.Captured, e.Marks = 5, []trace.Mark{trace.Retransmission}
	trace.NewJSON(&b).Record(e)
	assert.Equal(t, `{"time":"2026-11-22T12:00:00Z","ev":"segment","at":"wire","conn":1,"dir":"c2s","off":155,"n":5,`+
		`"packet":4,"seq":1000,"ack":2000,"flags":"PSH ACK","win":65536,"captured":5,"marks":["retransmission"],`+
		`"data":"\"hello\""}`+"\n", b.String())
}

func TestAConnectionStandsInItsLine(t *testing.T) {
	var b bytes.Buffer
	e := trace.Event{Time: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), Ev: trace.Connection, At: trace.Wire, Conn: 1,
		Ends: &trace.Ends{Client: netip.MustParseAddrPort("[::1]:40000"), Server: netip.MustParseAddrPort("[::1]:9000")}}
	trace.NewJSON(&b).Record(e)
	assert.Equal(t, `{"time":"2026-11-22T12:00:00Z","ev":"connection","at":"wire","conn":1,"client":"[::1]:40000",`+
		`"server":"[::1]:9000"}`+"\n", b.String())
}

func TestSegmentsHaveTheirRowBetweenWritesAndReads(t *testing.T) {
	var wire, account trace.Maps
	wire.Record(crossed(0, "hello world"))
	k := &talk{rec: &account}
	k.write([]byte("hello "))
	k.write([]byte("world"))
	k.tell(trace.Message, trace.Client, 0, 6)
	k.tell(trace.Message, trace.Client, 6, 5)
	k.reads(4, 7)
	m := wire.Map(1, trace.ClientToServer)
	m.Adopt(account.Map(1, trace.ClientToServer))
	draws(t, m, `
client → server, 11 bytes
offset      0       2       4       6       8       10
bytes        h   e   l   l   o       w   o   r   l   d
hex          68  65  6c  6c  6f  20  77  6f  72  6c  64
2 messages  ├───────────6───────────┼─────────5─────────┤
2 writes    ├───────────6───────────┼─────────5─────────┤
1 segment   ├────────────────────11─╎───────────────────┤
2 reads     ├───────4───────╳───────╎─────7─────────────┤
┼ boundary of a message   ╳ cut inside a message
╎ message boundary, lost in this row
`)
}

func TestOnTheWireOnlyAnUpgradeBeginsTheMap(t *testing.T) {
	var maps trace.Maps
	maps.Record(crossed(0, "GET / HTTP/1.1\r\n\r\n"))
	request := crossed(0, "GET / HTTP/1.1\r\n\r\n")
	request.Ev = trace.Request
	maps.Record(request)
	assert.Zero(t, maps.Map(1, trace.ClientToServer).Start)
	request.Ev = trace.Upgrade
	maps.Record(request)
	assert.EqualValues(t, 18, maps.Map(1, trace.ClientToServer).Start)
}

func TestAdoptedRowsBeginWhereTheMapDoes(t *testing.T) {
	var wire, account trace.Maps
	k := &talk{rec: &account}
	k.handshake(187)
	k.frames(whole(opText, "hello").masked())
	k.reads(5, 6)
	wire.Record(crossed(0, string(k.sent[:190])))
	wire.Record(crossed(190, string(k.sent[190:])))
	theirs := account.Map(1, trace.ClientToServer)
	m := wire.Map(1, trace.ClientToServer)
	m.Adopt(theirs)
	assert.EqualValues(t, 187, m.Start)
	assert.Equal(t, 2, m.Count(trace.Segments), "of the first, what lies behind the handshake")
	assert.Equal(t, 1, m.Count(trace.Frames))
	assert.Equal(t, 2, m.Count(trace.Reads))
	m.Row(trace.Reads).Add(trace.Span{Off: 198, N: 1})
	assert.Equal(t, 2, theirs.Count(trace.Reads), "it is a copy")
	require.Equal(t, []byte("hello")[:0], m.Bytes(198, 0))
	assert.Nil(t, m.Bytes(197, 2))
	assert.Nil(t, m.Bytes(-1, 2))
	assert.Equal(t, k.sent[187:198], m.Bytes(187, 11))
}

func TestAPacketHasItsFlags(t *testing.T) {
	h := &trace.PacketHeader{Flags: "FIN ACK"}
	assert.True(t, h.Has(trace.FIN))
	assert.False(t, h.Has(trace.SYN))
	assert.False(t, (*trace.PacketHeader)(nil).Has(trace.FIN))
}
