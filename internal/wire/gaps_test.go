package wire_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/capture/capturetest"
	"echolab/internal/event"
	"echolab/internal/text/texttest"
)

func TestHolesAreGapsWhenTheConnectionEnds(t *testing.T) {
	for name, end := range map[string]func(c *capturetest.Conn){
		"the capture ends": func(*capturetest.Conn) {},
		"closed":           func(c *capturetest.Conn) { c.FIN(c2s); c.FIN(s2c); c.ACK(c2s) },
		"reset by the client": func(c *capturetest.Conn) {
			c.RST(c2s)
		},
	} {
		s, c := handshaken()
		c.Send(c2s, "hello ")
		c.Skip(c2s, 6)
		c.Send(c2s, "lovely ")
		c.Skip(c2s, 6)
		c.Send(c2s, "world")
		end(c)
		r := follow(s.Packets)
		assert.Equal(t, "hello ??????lovely ??????world", r.stream(t, 1, c2s), name)
		assert.Len(t, r.streams.of(event.Gap), 2)
		assert.Equal(t, []string{name}, r.ended)
	}
}

func TestAHoleIsAGapWhenItIsAcknowledgedAndNothingComes(t *testing.T) {
	s, c := handshaken()
	c.Skip(c2s, 5)
	c.Send(c2s, "world")
	for range 100 {
		c.ACK(s2c)
	}
	r := newRun()
	for _, p := range s.Packets {
		assert.Empty(t, r.streams, "before packet %d", p.Number)
		r.f.Packet(p)
	}
	assert.Empty(t, r.streams)
	c.ACK(s2c)
	r.f.Packet(s.Packets[len(s.Packets)-1])
	assert.Equal(t, "?????world", r.stream(t, 1, c2s))
	texttest.Says(t, r.streams.of(event.Gap)[0].Text, "not in the capture … acknowledged … arrived")

	late := c.At(c2s, 0, "hello")
	r.f.Packet(late)
	assert.Equal(t, []event.Mark{event.OutOfOrder}, r.on(late.Number).Marks)
	texttest.Says(t, r.on(late.Number).Text, "5 bytes at 0 … too late … missing … ignored")
	half := c.At(c2s, 3, "lowo")
	r.f.Packet(half)
	texttest.Says(t, r.on(half.Number).Text, "4 bytes at 3 … 2 … too late … missing")
	assert.Equal(t, "?????world", r.stream(t, 1, c2s))
}

func TestAHoleThatIsNotAcknowledgedIsNotYetAGap(t *testing.T) {
	s, c := handshaken()
	c.Skip(c2s, 5)
	c.Send(c2s, "world")
	for range 500 {
		ack(c.ACK(s2c), 0)
	}
	c.At(c2s, 0, "hello")
	assert.Equal(t, "helloworld", follow(s.Packets).stream(t, 1, c2s))
}

func TestAHoleIsAGapWhenTooMuchWaitsBehindIt(t *testing.T) {
	s, c := handshaken()
	c.Send(c2s, "hello")
	c.Skip(c2s, 7)
	r := newRun()
	for _, p := range s.Packets {
		r.f.Packet(p)
	}
	const size = 50_000
	sent := 0
	for len(r.streams.of(event.Gap)) == 0 {
		r.f.Packet(c.Send(c2s, strings.Repeat("x", size)))
		sent += size
		require.Less(t, sent, 2<<20)
	}
	assert.Greater(t, sent, 1<<20-size)
	assert.Equal(t, "hello???????"+strings.Repeat("x", sent), r.stream(t, 1, c2s))
	texttest.Says(t, r.streams.of(event.Gap)[0].Text, "not in the capture … nothing … arrived")
}

func TestTheEndOfAStreamMayBeAllThatIsMissing(t *testing.T) {
	s, c := handshaken()
	c.Send(c2s, "hello")
	c.Skip(c2s, 7)
	c.ACK(s2c)
	r := follow(s.Packets)
	assert.Equal(t, "hello???????", r.stream(t, 1, c2s))
	texttest.Says(t, r.streams.of(event.Gap)[0].Text, "not in the capture … acknowledged … FIN … not … byte")

	s, c = handshaken()
	c.Send(c2s, "hello")
	c.Skip(c2s, 1)
	c.ACK(s2c)
	assert.Equal(t, "hello", follow(s.Packets).stream(t, 1, c2s), "more likely a FIN than a byte: nothing is claimed")
}

func TestACaptureThatLacksALotGoesOn(t *testing.T) {
	s, c := handshaken()
	c.Send(c2s, "hello")
	c.ACK(s2c)
	c.Skip(c2s, 300<<20)
	c.Send(c2s, "first")
	c.Send(c2s, "second")
	r := follow(s.Packets)
	assert.Equal(t, []event.Mark{event.Outside}, r.on(6).Marks)
	assert.Equal(t, []event.Mark{event.Ahead}, r.on(7).Marks)
	gaps := r.streams.of(event.Gap)
	require.Len(t, gaps, 1)
	assert.Equal(t, event.Span{Off: 5, N: 300<<20 + 5}, *gaps[0].Span, "the first one after it was not taken in")
}
