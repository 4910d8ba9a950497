package decode

import (
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/framing"
	"echolab/internal/client"
	"echolab/internal/event"
	"echolab/internal/server"
)

// A listener hears what a program tells of its reads and writes, and hands their bytes to a Conversation.
type listener struct {
	mu   sync.Mutex
	talk *Conversation
	said tape // the program's own account
}

func (l *listener) Record(e event.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch e.Ev {
	case event.Read, event.Write:
		l.talk.Bytes(e.Time, e.Dir, e.Off, e.Bytes, e.N)
	case event.Frame, event.Message:
		l.said.Record(e)
	}
}

func TestTheBytesSayWhatTheClientSays(t *testing.T) {
	messages := []string{"one", "", "drei", strings.Repeat("four ", 300), strings.Repeat("\x00\xff", 40_000), "six"}
	for name, c := range map[string]struct {
		codec  framing.Codec
		frames *client.Frames
	}{
		"lines":                    {framing.Lines{}, nil},
		"a length prefix":          {framing.LengthPrefix{}, nil},
		"frames":                   {nil, &client.Frames{}},
		"fragments":                {nil, &client.Frames{Fragment: 100, Ping: true}},
		"compressed":               {nil, &client.Frames{Deflate: true}},
		"compressed, in fragments": {nil, &client.Frames{Deflate: true, Fragment: 7, Close: 4000}},
	} {
		t.Run(name, func(t *testing.T) {
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			srv := &server.Server{Codec: c.codec, Web: &server.Web{Deflate: true}}
			served := make(chan error, 1)
			go func() { served <- srv.Serve(ln) }()

			var heard tape
			l := &listener{talk: New(1, c.codec, &heard)}
			cl := client.Client{Codec: c.codec, Frames: c.frames, Recorder: l}
			_, err = cl.Run(t.Context(), ln.Addr().String(), func(yield func([]byte, error) bool) {
				for _, msg := range messages {
					if !yield([]byte(msg), nil) {
						return
					}
				}
			})
			require.NoError(t, err)
			srv.Close()
			<-served
			l.talk.End(noon, c2s)
			l.talk.End(noon, s2c)

			for _, dir := range []event.Dir{c2s, s2c} {
				assert.Len(t, heard.of(dir, event.Message), len(messages))
				assert.Empty(t, heard.of(dir, event.Failed))
				for _, kind := range []event.Kind{event.Frame, event.Message} {
					heard, said := heard.of(dir, kind), l.said.of(dir, kind)
					require.Equal(t, len(said), len(heard), "%s of %s", kind, dir)
					for i := range said {
						compare(t, said[i], heard[i])
					}
				}
			}
		})
	}
}

// compare holds an event against the one that its program told.
func compare(t *testing.T, said, heard event.Event) {
	t.Helper()
	assert.Equal(t, said.Span, heard.Span)
	assert.Equal(t, said.FrameHeader, heard.FrameHeader)
	n := min(len(said.Bytes), len(heard.Bytes)) // both may tell only the beginning
	assert.Equal(t, string(said.Bytes[:n]), string(heard.Bytes[:n]))
	assert.True(t, n > 0 || len(said.Bytes) == 0)
}
