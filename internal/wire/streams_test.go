package wire_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/capture"
	"echolab/internal/capture/capturetest"
	"echolab/internal/trace"
)

// permute calls f with every order of 0 to n-1.
func permute(n int, f func(order []int)) {
	order := make([]int, n)
	var place func(k int, used uint)
	place = func(k int, used uint) {
		if k == n {
			f(order)
			return
		}
		for i := range n {
			if used&(1<<i) == 0 {
				order[k] = i
				place(k+1, used|1<<i)
			}
		}
	}
	place(0, 0)
}

func TestAnyOrderOfSegmentsMakesTheSameStream(t *testing.T) {
	const stream = "abcdefghijklmno"
	for _, isn := range []uint32{1000, 1<<32 - 8, 1<<31 - 8} {
		permute(5, func(order []int) {
			s := new(capturetest.Script)
			c := s.Conn("[2001:db8::1]:40000", "[2001:db8::2]:80")
			c.ClientISN = isn
			c.Handshake()
			for _, i := range order {
				c.At(c2s, int64(3*i), stream[3*i:3*i+3])
			}
			r := follow(s.Packets)
			require.Equal(t, stream, r.stream(t, 1, c2s), "%v", order)
			require.Len(t, r.packets.of(trace.Segment), 5)
			require.Empty(t, r.streams.of(trace.Gap))
		})
	}
}

func TestTheFirstBytesWin(t *testing.T) {
	const size = 6
	for from := 0; from < size; from++ {
		for to := from + 1; to <= size; to++ {
			for _, delivered := range []int{0, 1, 3} {
				s, c := handshaken()
				c.At(c2s, 0, "abcdef"[:delivered])
				c.At(c2s, 4, "ef")
				c.At(c2s, int64(from), "ABCDEF"[from:to])
				c.At(c2s, 0, "......")
				want := []byte("......")
				copy(want[from:], "ABCDEF"[from:to])
				copy(want[4:], "ef")
				copy(want, "abcdef"[:delivered])
				r := follow(s.Packets)
				require.Equal(t, string(want), r.stream(t, 1, c2s), "%d to %d behind %d", from, to, delivered)
			}
		}
	}
}

func TestAStreamGoesOnWhereItsNumbersBeginAgain(t *testing.T) {
	const size, count = 60_000, 80_000 // 4.8 GB
	r := newRun()
	r.f.Packets = nil
	var end int64
	r.f.Streams = recorderFunc(func(e trace.Event) {
		assert.Equal(t, trace.Segment, e.Ev)
		assert.Equal(t, end, e.Off)
		end += int64(e.N)
	})
	s := new(capturetest.Script)
	c := s.Conn("192.0.2.1:40000", "192.0.2.2:80")
	p := *c.Send(c2s, strings.Repeat("x", size))
	a := *c.ACK(s2c)
	for range count {
		r.f.Packet(&p)
		p.Seq += size
		a.Ack = p.Seq
		r.f.Packet(&a)
	}
	assert.EqualValues(t, size*count, end)
	assert.Greater(t, end, int64(1)<<32)
}

// recorderFunc is a Recorder that is a function.
type recorderFunc func(e trace.Event)

func (f recorderFunc) Record(e trace.Event) { f(e) }

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
		assert.Len(t, r.streams.of(trace.Gap), 2)
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
	assert.Equal(t, "not in the capture, but acknowledged: they arrived", r.streams.of(trace.Gap)[0].Text)

	late := c.At(c2s, 0, "hello")
	r.f.Packet(late)
	assert.Equal(t, []trace.Mark{trace.OutOfOrder}, r.on(late.Number).Marks)
	assert.Equal(t, "5 bytes at 0, too late: they were given up as missing, and are not taken in", r.on(late.Number).Text)
	half := c.At(c2s, 3, "lowo")
	r.f.Packet(half)
	assert.Equal(t, "4 bytes at 3; 2 of them are too late: they were given up as missing", r.on(half.Number).Text)
	assert.Equal(t, "?????world", r.stream(t, 1, c2s))
}

func TestAHoleThatNobodyAcknowledgesIsNoGapYet(t *testing.T) {
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
	for len(r.streams.of(trace.Gap)) == 0 {
		r.f.Packet(c.Send(c2s, strings.Repeat("x", size)))
		sent += size
		require.Less(t, sent, 2<<20)
	}
	assert.Greater(t, sent, 1<<20-size)
	assert.Equal(t, "hello???????"+strings.Repeat("x", sent), r.stream(t, 1, c2s))
	assert.Equal(t, "not in the capture, and nothing shows that they arrived", r.streams.of(trace.Gap)[0].Text)
}

func TestTheEndOfAStreamMayBeAllThatIsMissing(t *testing.T) {
	s, c := handshaken()
	c.Send(c2s, "hello")
	c.Skip(c2s, 7)
	c.ACK(s2c)
	r := follow(s.Packets)
	assert.Equal(t, "hello???????", r.stream(t, 1, c2s))
	assert.Equal(t, "not in the capture, but acknowledged; the last of them may be a FIN and no byte",
		r.streams.of(trace.Gap)[0].Text)

	s, c = handshaken()
	c.Send(c2s, "hello")
	c.Skip(c2s, 1)
	c.ACK(s2c)
	assert.Equal(t, "hello", follow(s.Packets).stream(t, 1, c2s), "more likely a FIN than a byte: nothing is claimed")
}

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
	require.Equal(t, trace.Connection, opening.Ev)
	assert.True(t, opening.Guessed)
	assert.Equal(t, "192.0.2.1:40000", opening.Client.String())
	assert.Equal(t, "192.0.2.2:80", opening.Server.String())
	assert.Equal(t, "its start is not in the capture: offset 0 of each direction is its first byte here, "+
		"and port 80 is taken for the server's", opening.Text)
	assert.Equal(t, "hello", r.stream(t, 1, c2s))
	assert.Equal(t, "world", r.stream(t, 1, s2c))
	assert.Equal(t, "ACK: the server's kernel has all bytes up to 5; whether the program has read them, it does not say",
		r.on(3).Text)
	assert.Equal(t, "5 bytes in front of offset 0, the first byte here: not taken in", r.on(4).Text)
}

func TestASYNACKTellsWhoIsTheClient(t *testing.T) {
	s := new(capturetest.Script)
	c := s.Conn("192.0.2.1:80", "192.0.2.2:40000") // ports that would mislead
	c.SYN(c2s)
	c.SYN(s2c)
	c.ACK(c2s)
	c.Skip(c2s, 3)
	c.Send(c2s, "hello")
	r := follow(s.Packets[1:])
	require.Equal(t, trace.Connection, r.packets[0].Ev)
	assert.False(t, r.packets[0].Guessed)
	assert.Equal(t, "its SYN is not in the capture, but the answer to it is", r.packets[0].Text)
	assert.Equal(t, "???hello", r.stream(t, 1, c2s), "the ACK in it tells where the client's stream begins")
}

func TestAMissingSYNACKIsSaid(t *testing.T) {
	s, c := handshaken()
	c.Send(s2c, "hello")
	s.Packets = append(s.Packets[:1], s.Packets[2:]...)
	r := follow(s.Packets)
	assert.Equal(t, "5 bytes at 0; the server's SYN is not in the capture: offset 0 is its first byte here", r.on(4).Text)
}

func TestOffsetsBeginAnewWithTheFirstByte(t *testing.T) {
	s := new(capturetest.Script)
	c := s.Conn("192.0.2.1:40000", "192.0.2.2:80")
	c.ACK(s2c)
	c.Skip(c2s, 100)
	c.Send(c2s, "hello")
	c.ACK(s2c)
	r := follow(s.Packets)
	assert.Equal(t, "ACK: the server's kernel has all that came in front of this capture", r.on(1).Text)
	assert.Equal(t, "hello", r.stream(t, 1, c2s))
	assert.Equal(t, "ACK: the server's kernel has all bytes up to 5; whether the program has read them, it does not say",
		r.on(3).Text)

	s = new(capturetest.Script) // what was offered moves with offset 0
	c = s.Conn("192.0.2.1:40000", "192.0.2.2:80")
	c.SYN(c2s).WindowScale = -1
	ack(c.ACK(c2s), 10<<20)
	c.At(s2c, 0, "hello")
	c.At(s2c, 10<<20+1000, "world").Flags &^= capture.ACK
	assert.Equal(t, []trace.Mark{trace.Ahead}, follow(s.Packets).on(4).Marks)
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
	assert.Equal(t, []string{"its addresses are used again", "closed", "the capture ends"}, r.ended)
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
	assert.Equal(t, "SYN ACK again, 2,000 µs after the first", r.on(3).Text)
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

func TestACaptureThatLacksALotGoesOn(t *testing.T) {
	s, c := handshaken()
	c.Send(c2s, "hello")
	c.ACK(s2c)
	c.Skip(c2s, 300<<20)
	c.Send(c2s, "first")
	c.Send(c2s, "second")
	r := follow(s.Packets)
	assert.Equal(t, []trace.Mark{trace.Outside}, r.on(6).Marks)
	assert.Equal(t, []trace.Mark{trace.Ahead}, r.on(7).Marks)
	gaps := r.streams.of(trace.Gap)
	require.Len(t, gaps, 1)
	assert.Equal(t, trace.Span{Off: 5, N: 300<<20 + 5}, *gaps[0].Span, "the first one behind it was not taken in")
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

func TestStreamsAreToldBeforeThePacketThatBringsThem(t *testing.T) {
	s, c := handshaken()
	c.At(c2s, 5, "world")
	c.Send(c2s, "hello")
	var all events
	r := newRun()
	r.f.Packets, r.f.Streams = &all, &all
	for _, p := range s.Packets {
		r.f.Packet(p)
	}
	var told []string
	for _, e := range all.of(trace.Segment) {
		told = append(told, fmt.Sprintf("%d %s", e.Number, e.Bytes))
	}
	assert.Equal(t, []string{"4 world", "5 hello", "4 world", "5 hello"}, told)
	assert.Equal(t, capturetest.Start.Add(3*1e6), all.of(trace.Segment)[2].Time, "its own packet's time")
}

// A stream is cut, repeated, shuffled and lost at random; what is told of it is the stream.
func TestRandomCapturesTellTheStream(t *testing.T) {
	for seed := range uint64(2000) {
		rnd := rand.New(rand.NewPCG(seed, 1))
		stream := make([]byte, 1+rnd.IntN(200))
		for i := range stream {
			stream[i] = byte('a' + rnd.IntN(26))
		}
		s := new(capturetest.Script)
		c := s.Conn("192.0.2.1:40000", "192.0.2.2:80")
		c.ClientISN = rnd.Uint32()
		c.Handshake()
		known := make([]bool, len(stream))
		for range rnd.IntN(40) {
			from := rnd.IntN(len(stream))
			to := from + 1 + rnd.IntN(min(20, len(stream)-from))
			c.At(c2s, int64(from), string(stream[from:to]))
			for i := from; i < to; i++ {
				known[i] = true
			}
		}
		c.Skip(c2s, len(stream))
		c.FIN(c2s)
		want := make([]byte, len(stream))
		for i, b := range stream {
			if want[i] = b; !known[i] {
				want[i] = '?'
			}
		}
		got := follow(s.Packets).stream(t, 1, c2s)
		require.Equal(t, string(want), got, "seed %d", seed)
	}
}
