package client_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/client"
	"echolab/internal/event"
	"echolab/internal/labtest"
	"echolab/internal/server"
	"echolab/internal/streammap"
)

func TestMessagesComeBackAsFrames(t *testing.T) {
	t.Parallel()
	ways := map[string]client.Client{
		"a write a message": {}, "chunks of 1": {Chunk: 1}, "chunks of 7": {Chunk: 7}, "glued": {Glue: true},
		"reads of 1": {ReadBuffer: 1}, "reads of 5": {ReadBuffer: 5, Chunk: 3},
	}
	frames := map[string]client.Frames{
		"frames": {}, "fragments of 1": {Fragment: 1}, "fragments of 6 with pings": {Fragment: 6, Ping: true},
		"pings": {Ping: true}, "compressed": {Deflate: true},
		"compressed, in fragments, with pings": {Deflate: true, Fragment: 5, Ping: true, Close: 3000},
	}
	s := webEcho(t, &server.Web{Deflate: true})
	messages := map[string][]string{
		"little":       {"hello", "", "안녕하세요", "\xff\xfe binary", "goodbye, TCP!"},
		"much":         {strings.Repeat("much of it ", 400), "", strings.Repeat("\xff", 9000), strings.Repeat("안녕", 3000), "end"},
		"one":          {"hello"},
		"an empty one": {""},
		"none":         nil,
	}
	for way, cl := range ways {
		for kind, f := range frames {
			for size, load := range messages {
				small := cl.Chunk > 0 || cl.ReadBuffer > 0
				if size == "much" && (cl.Chunk == 1 || cl.ReadBuffer == 1 || f.Fragment == 1 || small && (f.Fragment > 0 || labtest.UnderRace)) {
					continue // the others tell as much
				}
				t.Run(fmt.Sprint(way, "/", kind, "/", size), func(t *testing.T) {
					cl.Frames, cl.Timeout = &f, labtest.Watchdog
					runsFrames(t, cl, s.addr, load)
				})
			}
		}
	}
}

// runsFrames sends messages, and looks at everything that the client says of them.
func runsFrames(t *testing.T, cl client.Client, addr string, messages []string) {
	rec := new(labtest.Account)
	cl.Recorder = rec
	r, err := cl.Run(labtest.Bounded(t), addr, of(messages...))
	require.NoError(t, err)
	assert.True(t, r.OK)
	assert.Equal(t, len(messages), r.MessagesSent)
	assert.Equal(t, len(messages), r.MessagesReceived)
	assert.Equal(t, r.CloseSent, r.CloseReceived)
	assert.Equal(t, r.Pings, r.Pongs)
	assert.Equal(t, cl.Frames.Deflate, r.Compressed)

	for _, dir := range []event.Dir{event.ClientToServer, event.ServerToClient} {
		assert.Equal(t, messages, texts(rec.All(event.Message, dir)))
		frames := rec.All(event.Frame, dir)
		at := frames[0].Off
		for _, f := range frames {
			assert.Equal(t, at, f.Off, "frames follow each other")
			assert.Equal(t, dir == event.ClientToServer, f.Masked)
			at += int64(f.N)
		}
	}
	sent := rec.All(event.Frame, event.ClientToServer)
	assert.Len(t, sent, r.FramesSent)
	assert.Len(t, rec.All(event.Frame, event.ServerToClient), r.FramesReceived)
	last := sent[len(sent)-1]
	assert.EqualValues(t, 8, last.Opcode)
	assert.Equal(t, labtest.Total(sent)-int64(last.N), r.BytesSent, "all but the Close")
	for _, f := range sent {
		if limit := cl.Frames.Fragment; limit > 0 && f.Opcode < 8 {
			assert.LessOrEqual(t, f.Payload, int64(limit))
		}
	}
	if cl.Glue && r.BytesSent > 0 {
		assert.Equal(t, 1, r.Writes)
	}
	assert.EqualValues(t, r.BytesReceived, r.Echoed.Size()-r.Echoed.Start-4, "all but the Close")
}

func TestThreeMessagesAreOneReadEveryTime(t *testing.T) {
	labtest.OnLinux(t)
	s := webEcho(t, new(server.Web))
	for _, cl := range []client.Client{{}, overWebSocket(client.Frames{}), overWebSocket(client.Frames{Fragment: 3, Ping: true})} {
		for range 50 {
			r, err := cl.Run(labtest.Bounded(t), s.addr, of("hello", "안녕하세요", "goodbye, TCP!"))
			require.NoError(t, err)
			require.Equal(t, 1, r.Reads)
			require.Equal(t, 3, r.Writes)
		}
	}
}

func TestTheAccountOfAWebSocket(t *testing.T) {
	labtest.OnLinux(t)
	s := webEcho(t, new(server.Web))
	rec := new(labtest.Account)
	cl := overWebSocket(client.Frames{Ping: true, Close: 4000})
	cl.Recorder = rec
	_, err := cl.Run(labtest.Bounded(t), s.addr, of("hello", "\xff"))
	require.NoError(t, err)
	assert.Equal(t, []event.Kind{
		event.Socket, event.Connect, event.Write, event.Request, event.Read, event.Response,
		event.Message, event.Frame, event.Write, event.Frame, event.Message, event.Frame, event.Write,
		event.Wait,
		event.Read, event.Frame, event.Message, event.Frame, event.Frame, event.Message,
		event.Frame, event.Write, event.Read, event.Frame,
		event.End, event.Close,
	}, rec.Kinds())
	request, response := rec.All(event.Request)[0], rec.All(event.Response)[0]
	assert.Contains(t, string(request.Bytes), "GET /ws HTTP/1.1\r\nHost: "+s.addr+"\r\n")
	assert.Contains(t, response.Text, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11\nSHA-1 = ")
	sent := rec.All(event.Frame, event.ClientToServer)
	assert.Equal(t, []string{"hello", "ping 1", "\xff", "\x0f\xa0"}, texts(sent))
	var opcodes []byte
	for _, f := range sent {
		opcodes = append(opcodes, f.Opcode)
		assert.Len(t, f.Key, 8)
	}
	assert.Equal(t, []byte{1, 9, 2, 8}, opcodes)
	assert.Equal(t, int64(request.N), sent[0].Off, "the frames begin after the request")
	assert.Equal(t, "the kernel holds the whole echo: 18 bytes, not read yet", rec.All(event.Wait)[0].Text)
}

func TestEveryFrameHasAMaskOfItsOwn(t *testing.T) {
	s := webEcho(t, new(server.Web))
	rec := new(labtest.Account)
	cl := overWebSocket(client.Frames{})
	cl.Recorder = rec
	_, err := cl.Run(labtest.Bounded(t), s.addr, of(slices.Repeat([]string{"hello"}, 100)...))
	require.NoError(t, err)
	keys := make(map[string]bool)
	for _, f := range rec.All(event.Frame, event.ClientToServer) {
		keys[f.Key] = true
	}
	assert.Greater(t, len(keys), 95)
}

func TestAServerThatDoesNotWantToCompressNeedNot(t *testing.T) {
	s := webEcho(t, new(server.Web))
	rec := new(labtest.Account)
	cl := overWebSocket(client.Frames{Deflate: true})
	cl.Recorder = rec
	r, err := cl.Run(labtest.Bounded(t), s.addr, of(three...))
	require.NoError(t, err)
	assert.True(t, r.Declined)
	assert.False(t, r.Compressed)
	assert.Contains(t, string(rec.All(event.Request)[0].Bytes), "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n")
	assert.Contains(t, rec.All(event.Wait)[0].Text, "nothing is compressed")
	for _, f := range rec.All(event.Frame) {
		assert.Zero(t, f.RSV)
	}
}

func TestTheMapsOfAWebSocketBeginAfterTheHandshake(t *testing.T) {
	labtest.OnLinux(t)
	s := webEcho(t, new(server.Web))
	cl := overWebSocket(client.Frames{})
	cl.Glue = true
	r, err := cl.Run(labtest.Bounded(t), s.addr, of("hello", "안녕하세요", "goodbye, TCP!"))
	require.NoError(t, err)
	assert.Positive(t, r.Sent.Start)
	assert.Positive(t, r.Echoed.Start)
	for _, rows := range []struct {
		of   *streammap.Map
		want map[streammap.Layer]int
	}{
		{r.Sent, map[streammap.Layer]int{streammap.Sent: 3, streammap.Writes: 2, streammap.Frames: 4}},
		{r.Echoed, map[streammap.Layer]int{streammap.Reads: 2, streammap.Frames: 4, streammap.Received: 3}},
	} {
		for layer, n := range rows.want {
			assert.Equal(t, n, rows.of.Row(layer).Count)
		}
	}
	agree, cut, lost := r.Echoed.Compare(streammap.Frames)
	assert.Equal(t, []int{3, 0, 0}, []int{agree, cut, lost}, "the frames tell the messages apart")
	agree, cut, lost = r.Echoed.Compare(streammap.Reads)
	assert.Equal(t, []int{1, 0, 2}, []int{agree, cut, lost}, "of the read, only the end is one of a message")
}

func TestTheVerdictOnFrames(t *testing.T) {
	labtest.OnLinux(t)
	s := webEcho(t, &server.Web{Deflate: true})
	off := webEcho(t, new(server.Web))
	for _, c := range []struct {
		cl       client.Client
		frames   client.Frames
		addr     string
		messages []string
		want     string
	}{
		{client.Client{Glue: true}, client.Frames{}, s.addr, three,
			"3 messages sent in 1 write; 1 read returned all 21 bytes, and the frames in it gave back 3 messages."},
		{client.Client{}, client.Frames{}, s.addr, three,
			"3 messages sent in 3 writes; 1 read returned all 21 bytes, and the frames in it gave back 3 messages."},
		{client.Client{ReadBuffer: 5}, client.Frames{}, s.addr, three,
			"3 messages sent in 3 writes; 5 reads returned 21 bytes, and the frames in them gave back 3 messages."},
		{client.Client{}, client.Frames{Fragment: 2, Ping: true}, s.addr, []string{"hello"},
			"1 message in 3 frames and 2 Pings sent in 1 write; 1 read returned all 23 bytes, and the frames in it gave back 1 message and 2 Pongs."},
		{client.Client{}, client.Frames{Deflate: true}, s.addr, []string{strings.Repeat("m", 1000)},
			"compressed on the way."},
		{client.Client{}, client.Frames{Deflate: true}, off.addr, nil,
			"0 messages sent in 0 writes; there was no byte to echo."},
	} {
		c.cl.Frames, c.cl.Timeout = &c.frames, labtest.Watchdog
		r, err := c.cl.Run(labtest.Bounded(t), c.addr, of(c.messages...))
		require.NoError(t, err)
		assert.Contains(t, r.Verdict(nil), c.want)
	}
}
