package client_test

import (
	"fmt"
	"iter"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/framing"
	"echolab/internal/client"
	"echolab/internal/event"
	"echolab/internal/labtest"
	"echolab/internal/server"
)

func TestMain(m *testing.M) { labtest.Main(m) }

// served is a server of the lab that runs.
type served struct {
	*server.Server
	addr string
}

// serve runs srv on a port of its own until the test ends.
func serve(t testing.TB, srv *server.Server) *served {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- srv.Serve(ln) }()
	t.Cleanup(func() {
		srv.Close()
		assert.ErrorIs(t, <-done, server.ErrServerClosed)
	})
	return &served{srv, ln.Addr().String()}
}

// of is an input of these messages, each of which is valid until the next only.
func of(messages ...string) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		var buf []byte
		for _, msg := range messages {
			buf = append(buf[:0], msg...)
			if !yield(buf, nil) {
				return
			}
		}
		clear(buf)
	}
}

// then is an input that goes on after another.
func then(first, second iter.Seq2[[]byte, error]) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for msg, err := range first {
			if !yield(msg, err) {
				return
			}
		}
		second(yield)
	}
}

// fails is an input that cannot be read.
func fails(err error) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) { yield(nil, err) }
}

// repeat is an input of n times the same message.
func repeat(n int, msg string) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for range n {
			if !yield([]byte(msg), nil) {
				return
			}
		}
	}
}

// waiting is an input that waits when it is asked for a message, having closed waits, until it is released. Then it yields
// one more.
func waiting() (input iter.Seq2[[]byte, error], waits chan struct{}, release func()) {
	waits, released := make(chan struct{}), make(chan struct{})
	return func(yield func([]byte, error) bool) {
		close(waits)
		<-released
		yield([]byte("too late"), nil)
	}, waits, func() { close(released) }
}

// A load is what a client sends, and how many bytes that takes in a codec's framing.
type load struct {
	name     string
	messages []string
}

// loads is one that the client sends before it reads anything, and one that it has to read meanwhile.
func loads(codec framing.Codec) []load {
	short := []string{"hello", "", "안녕하세요", "goodbye, TCP!"}
	size := 0
	if fixed, ok := codec.(framing.Fixed); ok {
		size = int(fixed)
		for i, msg := range short {
			short[i] = (msg + strings.Repeat(".", size))[:size]
		}
	}
	var long []string
	for i, left := 0, 18<<10; left > 0; i++ {
		n := size
		if n == 0 {
			n = 40 * i % 1999
		}
		long = append(long, strings.Repeat(string(rune('a'+i%26)), n))
		left -= n
	}
	return []load{{"little", short}, {"much", long}}
}

// writes is what the sizes of a client's writes must be.
func writes(t *testing.T, c client.Client, messages []string) []int {
	var sizes []int
	all := 0
	for _, msg := range messages {
		framed, err := c.Codec.Append(nil, []byte(msg))
		require.NoError(t, err)
		if len(framed) > 0 {
			sizes = append(sizes, len(framed))
		}
		all += len(framed)
	}
	switch {
	case c.Glue:
		return []int{all}
	case c.Chunk > 0:
		sizes = slices.Repeat([]int{c.Chunk}, all/c.Chunk)
		if rest := all % c.Chunk; rest > 0 {
			sizes = append(sizes, rest)
		}
	}
	return sizes
}

func TestEverythingComesBackHoweverItIsWrittenAndRead(t *testing.T) {
	t.Parallel()
	ways := map[string]client.Client{
		"a write a message": {}, "chunks of 1": {Chunk: 1}, "chunks of 3": {Chunk: 3}, "chunks of 7": {Chunk: 7},
		"glued": {Glue: true}, "held back by Nagle": {Nagle: true},
	}
	for _, codec := range []framing.Codec{framing.Raw{}, framing.Lines{}, framing.Fixed(16), framing.LengthPrefix{}} {
		s := serve(t, &server.Server{Codec: codec})
		for way, cl := range ways {
			for _, buffer := range []int{1, 5, 64 << 10} {
				for _, load := range loads(codec) {
					slow := load.name == "much" && (buffer == 1 || cl.Chunk == 1 || labtest.UnderRace && buffer == 5)
					if slow && (cl.Chunk != 1 || buffer != 1 || codec != framing.LengthPrefix{}) {
						continue // one of these tells as much as all
					}
					t.Run(fmt.Sprintf("%v/%s/reads of %d/%s", codec, way, buffer, load.name), func(t *testing.T) {
						cl.Codec, cl.ReadBuffer, cl.Timeout = codec, buffer, labtest.Watchdog
						runs(t, cl, s.addr, load)
					})
				}
			}
		}
	}
}

// runs sends a load and looks at everything that the client says of it.
func runs(t *testing.T, cl client.Client, addr string, load load) {
	rec := new(labtest.Account)
	cl.Recorder = rec
	progress := int64(0)
	cl.Progress = func(received int64) { progress = received }
	r, err := cl.Run(labtest.Bounded(t), addr, of(load.messages...))
	require.NoError(t, err)
	assert.True(t, r.OK)
	assert.Empty(t, r.Error)

	want := writes(t, cl, load.messages)
	sent := rec.All(event.Write)
	assert.Equal(t, want, labtest.Lengths(sent), "the writes are as they were asked for")
	assert.Equal(t, len(want), r.Writes)
	assert.Equal(t, labtest.Total(sent), r.BytesSent)
	assert.Equal(t, len(load.messages), r.MessagesSent)
	assert.Len(t, rec.All(event.Message, event.ClientToServer), r.MessagesSent)

	read := rec.All(event.Read)
	assert.Equal(t, r.BytesSent, r.BytesReceived)
	assert.Equal(t, r.BytesReceived, labtest.Total(read))
	assert.Equal(t, r.BytesReceived, progress)
	assert.Len(t, read, r.Reads)
	assert.LessOrEqual(t, slices.Max(labtest.Lengths(read)), cl.ReadBuffer)
	if load.name == "little" && cl.ReadBuffer != 5 { // a codec's reader may have room for less than 5
		full := int(r.BytesReceived) / cl.ReadBuffer
		if int(r.BytesReceived)%cl.ReadBuffer > 0 {
			full++
		}
		assert.Equal(t, full, r.Reads, "nothing is read before all is there")
	}

	received := rec.All(event.Message, event.ServerToClient)
	assert.Len(t, received, r.MessagesReceived)
	if _, raw := cl.Codec.(framing.Raw); raw {
		assert.Equal(t, r.Reads, r.MessagesReceived)
	} else {
		assert.Equal(t, load.messages, texts(received))
	}
	assert.EqualValues(t, r.BytesSent, r.Sent.Size())
	assert.EqualValues(t, r.BytesReceived, r.Echoed.Size())
}

// texts is what the events' bytes say.
func texts(events []event.Event) []string {
	var all []string
	for _, e := range events {
		all = append(all, string(e.Bytes))
	}
	return all
}

func TestTheAccountOfAClient(t *testing.T) {
	labtest.OnLinux(t)
	s := serve(t, new(server.Server))
	rec := new(labtest.Account)
	_, err := client.Client{Recorder: rec}.Run(labtest.Bounded(t), s.addr, of("hello", "world"))
	require.NoError(t, err)
	assert.Equal(t, []event.Kind{
		event.Socket, event.Connect, event.Message, event.Write, event.Message, event.Write, event.Shutdown,
		event.Wait, event.Read, event.Message, event.End,
	}, rec.Kinds())
	for _, e := range rec.Events {
		assert.Equal(t, event.Client, e.At)
		assert.False(t, e.Time.IsZero())
	}
	assert.Equal(t, "the kernel holds the whole echo: 10 bytes, not read yet", rec.All(event.Wait)[0].Text)
}

func TestNagleIsOffUnlessItIsAskedFor(t *testing.T) {
	labtest.OnLinux(t)
	s := serve(t, new(server.Server))
	for _, nagle := range []bool{false, true} {
		rec := new(labtest.Account)
		_, err := client.Client{Nagle: nagle, Recorder: rec}.Run(labtest.Bounded(t), s.addr, of("hello"))
		require.NoError(t, err)
		assert.Equal(t, !nagle, rec.All(event.Connect)[0].Sock.NoDelay)
	}
}

func TestAClientOfRawBytesCountsReadsForMessages(t *testing.T) {
	s := serve(t, new(server.Server))
	r, err := client.Client{MaxMessage: 4}.Run(labtest.Bounded(t), s.addr, of("abcd", "efgh", "ij"))
	require.NoError(t, err)
	assert.Equal(t, r.Reads, r.MessagesReceived, "bytes have no messages, and no limit of them")
}

func TestAClientSpeaksWebSocketFrames(t *testing.T) {
	s := serve(t, &server.Server{Codec: framing.WebSocket{}})
	cl := client.Client{Codec: framing.WebSocket{Side: framing.ClientSide}, Timeout: labtest.Watchdog}
	for _, load := range loads(cl.Codec) {
		t.Run(load.name, func(t *testing.T) {
			r, err := cl.Run(labtest.Bounded(t), s.addr, of(load.messages...))
			require.NoError(t, err)
			assert.Equal(t, len(load.messages), r.MessagesReceived)
			assert.EqualValues(t, r.BytesSent-4*int64(len(load.messages)), r.BytesReceived, "an echo has no mask")
		})
	}
}
