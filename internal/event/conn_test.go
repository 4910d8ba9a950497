package event_test

import (
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/event"
	"echolab/internal/event/eventtest"
)

// scripted is a connection whose reads and writes do what its lists say.
type scripted struct {
	net.Conn
	reads  []step
	writes []step
}

// step is what one call does: the bytes of a read, or how many bytes of a write are taken, and the error.
type step struct {
	data string
	n    int
	err  error
}

func (s *scripted) Read(p []byte) (int, error) {
	step := s.reads[0]
	s.reads = s.reads[1:]
	return copy(p, step.data), step.err
}

func (s *scripted) Write([]byte) (int, error) {
	step := s.writes[0]
	s.writes = s.writes[1:]
	return step.n, step.err
}

func TestEveryReadIsRecordedWithItsOffset(t *testing.T) {
	var told eventtest.List
	c := event.Wrap(&scripted{reads: []step{{data: "hello"}, {data: "안"}, {data: "!"}}}, &told, 7, event.Client)
	buf := make([]byte, 5)
	before := time.Now()
	for _, want := range []string{"hello", "안", "!"} {
		n, err := c.Read(buf)
		assert.NoError(t, err)
		assert.Equal(t, want, string(buf[:n]))
	}
	require.Len(t, told.Events, 3)
	for i, want := range []struct {
		off  int64
		data string
	}{{0, "hello"}, {5, "안"}, {8, "!"}} {
		e := told.Events[i]
		assert.WithinRange(t, e.Time, before, time.Now())
		e.Time = time.Time{}
		assert.Equal(t, event.Event{
			Ev: event.Read, At: event.Client, Conn: 7, Dir: event.ServerToClient,
			Span: &event.Span{Off: want.off, N: len(want.data)}, Bytes: []byte(want.data),
		}, e)
	}
}

func TestEachSideReadsOneStreamAndWritesTheOther(t *testing.T) {
	for side, dirs := range map[event.Side][2]event.Dir{
		event.Client: {event.ServerToClient, event.ClientToServer},
		event.Server: {event.ClientToServer, event.ServerToClient},
	} {
		var told eventtest.List
		c := event.Wrap(&scripted{reads: []step{{data: "in"}}, writes: []step{{n: 3}}}, &told, 1, side)
		_, _ = c.Read(make([]byte, 2))
		_, _ = c.Write([]byte("out"))
		require.Len(t, told.Events, 2)
		assert.Equal(t, dirs, [2]event.Dir{told.Events[0].Dir, told.Events[1].Dir})
		assert.Equal(t, [2]int64{0, 0}, [2]int64{told.Events[0].Off, told.Events[1].Off}, "each stream counts by itself")
		assert.Equal(t, [2]event.Kind{event.Read, event.Write}, [2]event.Kind{told.Events[0].Ev, told.Events[1].Ev})
	}
}

func TestACallThatMovesNoByteIsNotRecorded(t *testing.T) {
	var told eventtest.List
	broken := errors.New("broken")
	c := event.Wrap(&scripted{
		reads:  []step{{err: io.EOF}, {err: broken}, {}},
		writes: []step{{err: broken}, {}},
	}, &told, 1, event.Client)
	for _, want := range []error{io.EOF, broken, nil} {
		n, err := c.Read(make([]byte, 8))
		assert.Zero(t, n)
		assert.True(t, err == want, "%v is not %v itself", err, want)
	}
	for _, want := range []error{broken, nil} {
		n, err := c.Write([]byte("x"))
		assert.Zero(t, n)
		assert.True(t, err == want, "%v is not %v itself", err, want)
	}
	assert.Empty(t, told.Events)
}

func TestWhatMovedBeforeAnErrorIsRecorded(t *testing.T) {
	var told eventtest.List
	broken := errors.New("broken")
	c := event.Wrap(&scripted{
		reads:  []step{{data: "hel", err: io.EOF}},
		writes: []step{{n: 4, err: broken}, {n: 2}},
	}, &told, 1, event.Server)

	n, err := c.Read(make([]byte, 8))
	assert.Equal(t, 3, n)
	assert.True(t, err == io.EOF)
	n, err = c.Write([]byte("goodbye"))
	assert.Equal(t, 4, n)
	assert.True(t, err == broken)
	_, err = c.Write([]byte("by"))
	assert.NoError(t, err)

	require.Len(t, told.Events, 3)
	assert.Equal(t, "hel", string(told.Events[0].Bytes))
	assert.Equal(t, event.Span{Off: 0, N: 4}, *told.Events[1].Span, "only what was taken")
	assert.Equal(t, "good", string(told.Events[1].Bytes))
	assert.Equal(t, event.Span{Off: 4, N: 2}, *told.Events[2].Span)
}

func TestWithoutARecorderThereIsNoConn(t *testing.T) {
	c := net.Conn(&scripted{})
	assert.Same(t, c, event.Wrap(c, nil, 1, event.Client))
	assert.Same(t, c, event.Wrap(c, event.Tee(nil, nil), 1, event.Client))
	assert.Zero(t, testing.AllocsPerRun(100, func() { event.Wrap(c, nil, 1, event.Client) }))
}

func TestCopyingDoesNotGoAroundTheRecorder(t *testing.T) {
	// A TCPConn has ReadFrom and WriteTo, with which io.Copy lets the kernel move the bytes, unseen.
	c := event.Wrap(new(net.TCPConn), &eventtest.List{}, 1, event.Client)
	_, readerFrom := c.(io.ReaderFrom)
	_, writerTo := c.(io.WriterTo)
	assert.False(t, readerFrom)
	assert.False(t, writerTo)
}

func TestConcurrentWritesNeverShareAnOffset(t *testing.T) {
	const writers, each = 8, 100
	var told eventtest.List
	c := event.Wrap(discard{}, &told, 1, event.Client)
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for range each {
				_, _ = io.WriteString(c, strings.Repeat("x", w+1))
			}
		})
	}
	wg.Wait()
	starts := make(map[int64]int)
	for _, e := range told.Events {
		starts[e.Off] = e.N
	}
	assert.Len(t, starts, writers*each)
	var off int64
	for range writers * each {
		require.Contains(t, starts, off)
		off += int64(starts[off])
	}
	assert.EqualValues(t, each*(1+2+3+4+5+6+7+8), off)
}

// discard is a connection that takes every write.
type discard struct{ net.Conn }

func (discard) Write(p []byte) (int, error) { return len(p), nil }
