package wire_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/capture"
	"echolab/internal/capture/capturetest"
	"echolab/internal/event"
	"echolab/internal/text/texttest"
)

func TestAConnectionWithoutItsStartIsFollowed(t *testing.T) {
	s := new(capturetest.Script)
	c := s.Conn("192.0.2.1:40000", "192.0.2.2:80")
	c.Skip(c2s, 1<<20)
	c.Skip(s2c, 1<<30)
	c.Send(s2c, "world")
	c.Send(c2s, "hello")
	c.ACK(s2c)
	c.At(c2s, 1<<20-5, "older")
	r := follow(s.Packets)
	opening := r.packets[0]
	require.Equal(t, event.Connection, opening.Ev)
	assert.True(t, opening.Guessed)
	assert.Equal(t, "192.0.2.1:40000", opening.Client.String())
	assert.Equal(t, "192.0.2.2:80", opening.Server.String())
	texttest.Says(t, opening.Text, "start … not … capture … offset 0 … first byte … 80 … server's")
	assert.Equal(t, "hello", r.stream(t, 1, c2s))
	assert.Equal(t, "world", r.stream(t, 1, s2c))
	texttest.Says(t, r.on(3).Text, "ACK … server's kernel has all bytes … 5 … program … not")
	texttest.Says(t, r.on(4).Text, "5 bytes before offset 0 … first byte … ignored")
}

func TestASYNACKShowsWhichEndIsTheClient(t *testing.T) {
	s := new(capturetest.Script)
	c := s.Conn("192.0.2.1:80", "192.0.2.2:40000") // ports that would mislead
	c.SYN(c2s)
	c.SYN(s2c)
	c.ACK(c2s)
	c.Skip(c2s, 3)
	c.Send(c2s, "hello")
	r := follow(s.Packets[1:])
	require.Equal(t, event.Connection, r.packets[0].Ev)
	assert.False(t, r.packets[0].Guessed)
	texttest.Says(t, r.packets[0].Text, "SYN … not … capture … answer … is")
	assert.Equal(t, "???hello", r.stream(t, 1, c2s), "the ACK in it tells where the client's stream begins")
}

func TestAHandshakeWithOnlyItsSYNIsReported(t *testing.T) {
	s, c := handshaken()
	c.Send(s2c, "hello")
	s.Packets = append(s.Packets[:1], s.Packets[3:]...)
	r := follow(s.Packets)
	assert.Contains(t, r.on(4).Marks, event.Unplaced)
	texttest.Says(t, r.on(4).Text, "5 bytes at 0 … server's SYN … not in the capture … offset 0 … first byte")
}

func TestOffsetsBeginWithTheFirstByte(t *testing.T) {
	s := new(capturetest.Script)
	c := s.Conn("192.0.2.1:40000", "192.0.2.2:80")
	c.ACK(s2c)
	c.Skip(c2s, 100)
	c.Send(c2s, "hello")
	c.ACK(s2c)
	r := follow(s.Packets)
	texttest.Says(t, r.on(1).Text, "ACK … server's kernel has everything … before … capture")
	assert.Equal(t, "hello", r.stream(t, 1, c2s))
	texttest.Says(t, r.on(3).Text, "ACK … server's kernel has all bytes … 5 … program … not")

	s = new(capturetest.Script) // what was offered moves with offset 0
	c = s.Conn("192.0.2.1:40000", "192.0.2.2:80")
	c.SYN(c2s).WindowScale = -1
	ack(c.ACK(c2s), 10<<20)
	c.At(s2c, 0, "hello")
	c.At(s2c, 10<<20+1000, "world").Flags &^= capture.ACK
	assert.Equal(t, []event.Mark{event.Ahead}, follow(s.Packets).on(4).Marks)
}

func TestWindowsAreScaledIfBothHaveAgreed(t *testing.T) {
	for _, c := range []struct{ client, server, want int }{
		{7, 7, 502 << 7}, {0, 7, 502}, {15, 7, 502 << 14}, {7, -1, 502}, {-1, 7, 502},
	} {
		s := new(capturetest.Script)
		conn := s.Conn("192.0.2.1:40000", "192.0.2.2:80")
		conn.SYN(c2s).WindowScale = c.client
		conn.SYN(s2c).WindowScale = c.server
		conn.ACK(c2s)
		r := follow(s.Packets)
		assert.Equal(t, 502, r.on(1).Window, "a SYN's is never scaled")
		assert.Equal(t, 502, r.on(2).Window)
		assert.Equal(t, c.want, r.on(3).Window, "%+v", c)
		conn.RST(s2c)
		late := conn.ACK(c2s)
		assert.Equal(t, c.want, follow(s.Packets).on(late.Number).Window, "%+v, after the end", c)
		assert.Equal(t, 502, follow(s.Packets[2:]).on(3).Window, "without the SYNs nothing is known")
	}
}

func TestPortsAreUsedAgain(t *testing.T) {
	s, c := handshaken()
	c.Send(c2s, "first")
	c = s.Conn("192.0.2.1:40000", "192.0.2.2:80")
	c.ClientISN, c.ServerISN = 77_000, 99_000
	p := c.SYN(c2s)
	again(c, c2s, p)
	c.SYN(s2c)
	c.ACK(c2s)
	c.Send(c2s, "second")
	c.FIN(c2s)
	c.FIN(s2c)
	c.ACK(c2s)
	c = s.Conn("192.0.2.1:40000", "192.0.2.2:80") // its SYN is missing
	c.ClientISN, c.ServerISN = 1<<30, 1<<31
	c.Send(c2s, "third")
	r := follow(s.Packets)
	assert.Equal(t, "first", r.stream(t, 1, c2s))
	assert.Equal(t, "second", r.stream(t, 2, c2s))
	assert.Equal(t, "third", r.stream(t, 3, c2s))
	assert.Equal(t, []string{"its addresses are reused", "closed", "the capture ends"}, r.ended)
}

func TestARefusedClientMayAskAgain(t *testing.T) {
	s := new(capturetest.Script)
	c := s.Conn("192.0.2.1:40000", "192.0.2.2:80")
	syn := c.SYN(c2s)
	c.RST(s2c).Seq = 0
	again(c, c2s, syn)
	r := follow(s.Packets)
	assert.Equal(t, 2, r.on(3).Conn)
	assert.Equal(t, []string{"reset by the server", "the capture ends"}, r.ended)
}

func TestBothMayAskAtOnce(t *testing.T) {
	s := new(capturetest.Script)
	c := s.Conn("192.0.2.1:40000", "192.0.2.2:80")
	c.SYN(c2s)
	p := c.SYN(s2c)
	p.Flags, p.Ack = capture.SYN, 0
	again(c, c2s, s.Packets[0])
	s.Packets[2].Flags, s.Packets[2].Ack = capture.SYN|capture.ACK, 5001
	c.ACK(s2c)
	c.ACK(c2s)
	c.Send(c2s, "hello")
	c.Send(s2c, "world")
	r := follow(s.Packets)
	assert.Equal(t, "hello", r.stream(t, 1, c2s))
	assert.Equal(t, "world", r.stream(t, 1, s2c))
	texttest.Says(t, r.on(3).Text, "SYN ACK again … 2,000 µs after … first")
}

func TestOnlyThePortAskedForIsFollowed(t *testing.T) {
	s := new(capturetest.Script)
	s.Conn("192.0.2.1:70", "192.0.2.2:9000").Send(c2s, "hello")
	s.Conn("192.0.2.1:70", "192.0.2.2:9001").Send(c2s, "hello")
	r := newRun()
	r.f.Port = 9000
	for _, p := range s.Packets {
		r.f.Packet(p)
	}
	require.Equal(t, 1, r.f.Open())
	assert.Equal(t, "192.0.2.2:9000", r.packets[0].Server.String(), "though its port is the higher one")
}

func TestAConnectionWithItselfIsFollowed(t *testing.T) {
	s := new(capturetest.Script)
	c := s.Conn("192.0.2.1:4000", "192.0.2.1:4000")
	c.ServerISN = c.ClientISN
	c.Handshake()
	c.Send(c2s, "hello")
	r := follow(s.Packets)
	assert.Equal(t, "hello", r.stream(t, 1, c2s))
}

func TestTheAnswerMayStandInFrontOfTheSYN(t *testing.T) {
	s, c := handshaken()
	c.Send(c2s, "hello")
	s.Packets[0], s.Packets[1] = s.Packets[1], s.Packets[0]
	r := follow(s.Packets)
	assert.Equal(t, "hello", r.stream(t, 1, c2s))
	texttest.Says(t, r.on(1).Text, "SYN … client … MSS 1,460 … window scale 7")
	assert.Equal(t, []string{"the capture ends"}, r.ended)
}

func TestANewHandshakeIsNotPartOfTheOldConnection(t *testing.T) {
	s := new(capturetest.Script)
	c := s.Conn("192.0.2.1:40000", "192.0.2.2:80")
	c.Skip(c2s, 1<<20)
	c.Send(c2s, "old")
	c = s.Conn("192.0.2.1:40000", "192.0.2.2:80")
	c.SYN(c2s)
	c.SYN(s2c)
	c.ACK(c2s)
	c.Send(c2s, "new")
	for _, packets := range [][]*capture.Packet{s.Packets, append(s.Packets[:1:1], s.Packets[2:]...)} {
		r := follow(packets)
		assert.Equal(t, "old", r.stream(t, 1, c2s))
		assert.Equal(t, "new", r.stream(t, 2, c2s))
	}
}

func TestASYNACKOfOtherNumbersIsAnotherConnection(t *testing.T) {
	s, c := handshaken()
	c.Send(c2s, "first")
	c = s.Conn("192.0.2.1:40000", "192.0.2.2:80")
	c.ClientISN, c.ServerISN = 77_000, 99_000
	c.SYN(c2s)
	c.SYN(s2c)
	c.Send(c2s, "second")
	s.Packets = append(s.Packets[:4], s.Packets[5:]...)
	r := follow(s.Packets)
	assert.Equal(t, "first", r.stream(t, 1, c2s))
	assert.Equal(t, "second", r.stream(t, 2, c2s))
}

// A SYN whose options a snap length cut leaves the scale of the windows unknown: they are told as they stand there.
func TestWindowsAreNotScaledByAnOptionThatWasCut(t *testing.T) {
	s := new(capturetest.Script)
	c := s.Conn("192.0.2.1:40000", "192.0.2.2:9000")
	c.Handshake()
	for _, p := range s.Packets[:2] {
		p.WindowScale, p.OptionsCut = -1, true
	}
	r := follow(s.Packets)
	assert.Contains(t, r.packets[1].Text, "the capture lacks some of its options")
	assert.Equal(t, int(s.Packets[2].Window), r.packets[3].Window)
}

// The SYN ACK and the server's first bytes are not in the capture. The client's first ACK fixes offset 0 all the same.
func TestTheHandshakesLastACKPlacesTheServersStream(t *testing.T) {
	s := new(capturetest.Script)
	c := s.Conn("192.0.2.1:40000", "192.0.2.2:9000")
	c.Handshake()
	c.Skip(s2c, 129)
	c.Send(s2c, "hello")
	s.Packets = append(s.Packets[:1], s.Packets[2:]...)
	r := follow(s.Packets)
	last := r.packets[len(r.packets)-1]
	assert.EqualValues(t, 129, last.Off)
	assert.NotContains(t, last.Marks, event.Unplaced)
	assert.Equal(t, event.Span{Off: 0, N: 129}, *r.streams[0].Span)
	assert.Equal(t, event.Gap, r.streams[0].Ev)
}
