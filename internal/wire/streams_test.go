package wire_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/capture/capturetest"
	"echolab/internal/event"
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
			require.Len(t, r.packets.of(event.Segment), 5)
			require.Empty(t, r.streams.of(event.Gap))
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
				require.Equal(t, string(want), r.stream(t, 1, c2s), "%d to %d after %d", from, to, delivered)
			}
		}
	}
}

func TestAStreamGoesOnWhereItsNumbersBeginAgain(t *testing.T) {
	const size, count = 60_000, 80_000 // 4.8 GB
	r := newRun()
	r.f.Packets = nil
	var end int64
	r.f.Streams = recorderFunc(func(e event.Event) {
		assert.Equal(t, event.Segment, e.Ev)
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

type recorderFunc func(e event.Event)

func (f recorderFunc) Record(e event.Event) { f(e) }

func TestStreamsAreRecordedBeforeThePacketThatBringsThem(t *testing.T) {
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
	for _, e := range all.of(event.Segment) {
		told = append(told, fmt.Sprintf("%d %s", e.Number, e.Bytes))
	}
	assert.Equal(t, []string{"4 world", "5 hello", "4 world", "5 hello"}, told)
	assert.Equal(t, capturetest.Start.Add(3*1e6), all.of(event.Segment)[2].Time, "its own packet's time")
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
