package echo_test

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/framing"
	"echolab/internal/echo"
	"echolab/internal/event"
)

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
func writes(t *testing.T, c echo.Client, messages []string) []int {
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
	ways := map[string]echo.Client{
		"a write a message": {}, "chunks of 1": {Chunk: 1}, "chunks of 3": {Chunk: 3}, "chunks of 7": {Chunk: 7},
		"glued": {Glue: true}, "held back by Nagle": {Nagle: true},
	}
	for _, codec := range []framing.Codec{framing.Raw{}, framing.Lines{}, framing.Fixed(16), framing.LengthPrefix{}} {
		s := serve(t, &echo.Server{Codec: codec}, nil)
		for way, client := range ways {
			for _, buffer := range []int{1, 5, 64 << 10} {
				for _, load := range loads(codec) {
					slow := load.name == "much" && (buffer == 1 || client.Chunk == 1 || underRace && buffer == 5)
					if slow && (client.Chunk != 1 || buffer != 1 || underRace && codec != framing.LengthPrefix{}) {
						continue // a few of these tell as much as all
					}
					t.Run(fmt.Sprintf("%v/%s/reads of %d/%s", codec, way, buffer, load.name), func(t *testing.T) {
						client.Codec, client.ReadBuffer, client.Timeout = codec, buffer, watchdog
						runs(t, client, s.addr, load)
					})
				}
			}
		}
	}
}

// runs sends a load and looks at everything that the client says of it.
func runs(t *testing.T, client echo.Client, addr string, load load) {
	rec := new(account)
	client.Recorder = rec
	progress := int64(0)
	client.Progress = func(received int64) { progress = received }
	r, err := client.Run(bounded(t), addr, of(load.messages...))
	require.NoError(t, err)
	assert.True(t, r.OK)
	assert.Empty(t, r.Error)

	want := writes(t, client, load.messages)
	sent := rec.all(event.Write)
	assert.Equal(t, want, lengths(sent), "the writes are as they were asked for")
	assert.Equal(t, len(want), r.Writes)
	assert.Equal(t, total(sent), r.BytesSent)
	assert.Equal(t, len(load.messages), r.MessagesSent)
	assert.Len(t, rec.all(event.Message, event.ClientToServer), r.MessagesSent)

	read := rec.all(event.Read)
	assert.Equal(t, r.BytesSent, r.BytesReceived)
	assert.Equal(t, r.BytesReceived, total(read))
	assert.Equal(t, r.BytesReceived, progress)
	assert.Len(t, read, r.Reads)
	assert.LessOrEqual(t, slices.Max(lengths(read)), client.ReadBuffer)
	if load.name == "little" && client.ReadBuffer != 5 { // a codec's reader may have room for less than 5
		full := int(r.BytesReceived) / client.ReadBuffer
		if int(r.BytesReceived)%client.ReadBuffer > 0 {
			full++
		}
		assert.Equal(t, full, r.Reads, "nothing is read before all is there")
	}

	received := rec.all(event.Message, event.ServerToClient)
	assert.Len(t, received, r.MessagesReceived)
	if _, raw := client.Codec.(framing.Raw); raw {
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
	onLinux(t)
	s := serve(t, new(echo.Server), nil)
	rec := new(account)
	_, err := echo.Client{Recorder: rec}.Run(bounded(t), s.addr, of("hello", "world"))
	require.NoError(t, err)
	assert.Equal(t, []event.Kind{
		event.Socket, event.Connect, event.Message, event.Write, event.Message, event.Write, event.Shutdown,
		event.Wait, event.Read, event.Message, event.End,
	}, rec.kinds())
	for _, e := range rec.events {
		assert.Equal(t, event.Client, e.At)
		assert.False(t, e.Time.IsZero())
	}
	assert.Equal(t, "the kernel holds the whole echo: 10 bytes, not read yet", rec.all(event.Wait)[0].Text)
}

func TestThreeRawMessagesAreOneReadEveryTime(t *testing.T) {
	onLinux(t)
	s := serve(t, new(echo.Server), nil)
	for range 100 {
		r, err := echo.Client{}.Run(bounded(t), s.addr, of("hello", "안녕하세요", "goodbye, TCP!"))
		require.NoError(t, err)
		require.Equal(t, 3, r.Writes)
		require.Equal(t, 1, r.Reads)
		require.Equal(t, 1, r.MessagesReceived)
	}
}

func TestNagleIsOffUnlessItIsAskedFor(t *testing.T) {
	onLinux(t)
	s := serve(t, new(echo.Server), nil)
	for _, nagle := range []bool{false, true} {
		rec := new(account)
		_, err := echo.Client{Nagle: nagle, Recorder: rec}.Run(bounded(t), s.addr, of("hello"))
		require.NoError(t, err)
		assert.Equal(t, !nagle, rec.all(event.Connect)[0].Sock.NoDelay)
	}
}

func TestAClientOfRawBytesCountsReadsForMessages(t *testing.T) {
	s := serve(t, new(echo.Server), nil)
	r, err := echo.Client{MaxMessage: 4}.Run(bounded(t), s.addr, of("abcd", "efgh", "ij"))
	require.NoError(t, err)
	assert.Equal(t, r.Reads, r.MessagesReceived, "bytes have no messages, and no limit of them")
}

func TestAClientSpeaksWebSocketFrames(t *testing.T) {
	s := serve(t, &echo.Server{Codec: framing.WebSocket{}}, nil)
	client := echo.Client{Codec: framing.WebSocket{Side: framing.ClientSide}, Timeout: watchdog}
	for _, load := range loads(client.Codec) {
		t.Run(load.name, func(t *testing.T) {
			r, err := client.Run(bounded(t), s.addr, of(load.messages...))
			require.NoError(t, err)
			assert.Equal(t, len(load.messages), r.MessagesReceived)
			assert.EqualValues(t, r.BytesSent-4*int64(len(load.messages)), r.BytesReceived, "an echo has no mask")
		})
	}
}

func TestTheZeroClientHasDefaults(t *testing.T) {
	assert.Equal(t, 10*time.Second, echo.DefaultTimeout)
	s := serve(t, new(echo.Server), nil)
	r, err := echo.Client{}.Run(bounded(t), s.addr, of("hello"))
	require.NoError(t, err)
	assert.True(t, r.OK)
}
