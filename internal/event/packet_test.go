package event_test

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"echolab/internal/event"
	"echolab/internal/event/eventtest"
)

func TestASegmentStandsInItsLine(t *testing.T) {
	var b bytes.Buffer
	e := eventtest.Crossed(155, "hello")
	e.Time = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	e.Captured, e.Marks = 5, []event.Mark{event.Retransmission}
	event.NewJSON(&b).Record(e)
	assert.Equal(t, `{"time":"2026-11-22T12:00:00Z","ev":"segment","at":"wire","conn":1,"dir":"c2s","off":155,"n":5,`+
		`"packet":4,"seq":1000,"ack":2000,"flags":"PSH ACK","win":65536,"captured":5,"marks":["retransmission"],`+
		`"data":"\"hello\""}`+"\n", b.String())
}

func TestAConnectionStandsInItsLine(t *testing.T) {
	var b bytes.Buffer
	e := event.Event{Time: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), Ev: event.Connection, At: event.Wire, Conn: 1,
		Ends: &event.Ends{Client: netip.MustParseAddrPort("[::1]:40000"), Server: netip.MustParseAddrPort("[::1]:9000")}}
	event.NewJSON(&b).Record(e)
	assert.Equal(t, `{"time":"2026-11-22T12:00:00Z","ev":"connection","at":"wire","conn":1,"client":"[::1]:40000",`+
		`"server":"[::1]:9000"}`+"\n", b.String())
}

func TestAPacketHasItsFlags(t *testing.T) {
	h := &event.PacketHeader{Flags: "FIN ACK"}
	assert.True(t, h.Has(event.FIN))
	assert.False(t, h.Has(event.SYN))
	assert.False(t, (*event.PacketHeader)(nil).Has(event.FIN))
}
