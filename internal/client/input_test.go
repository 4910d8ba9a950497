package client_test

import (
	"errors"
	"iter"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/framing"
	"echolab/internal/client"
	"echolab/internal/labtest"
	"echolab/internal/server"
)

func TestAnEmptyInputIsEchoedToo(t *testing.T) {
	for _, codec := range []framing.Codec{nil, framing.Lines{}, framing.Fixed(5), framing.LengthPrefix{}} {
		s := serve(t, &server.Server{Codec: codec})
		for _, cl := range []client.Client{{}, {Chunk: 3}, {Glue: true}} {
			cl.Codec = codec
			r, err := cl.Run(labtest.Bounded(t), s.addr, of())
			require.NoError(t, err)
			assert.True(t, r.OK)
			assert.Zero(t, r.MessagesSent+r.MessagesReceived+r.Writes+r.Reads)
			assert.Zero(t, r.Sent.Size())
		}
	}
}

var errInput = errors.New("the disk is gone")

// broken are inputs that do not come to their end, with what is sent before: of little, the echo is not read before the end; of much, it is.
var broken = map[string]iter.Seq2[[]byte, error]{
	"at once":    fails(errInput),
	"early":      then(of("one", "two"), fails(errInput)),
	"on the way": then(repeat(200, flood[:1000]), fails(errInput)),
}

func TestAnErrorOfTheInputIsTheError(t *testing.T) {
	t.Parallel()
	for name, input := range broken {
		t.Run(name, func(t *testing.T) {
			for _, codec := range []framing.Codec{framing.Raw{}, framing.LengthPrefix{}, nil} {
				s := serve(t, &server.Server{Codec: codec, Web: new(server.Web)})
				for _, cl := range []client.Client{{}, {Chunk: 997}, {Glue: true}} {
					if cl.Codec = codec; codec == nil {
						cl.Frames = new(client.Frames)
					}
					for range 5 { // whoever sees an end first
						r, err := cl.Run(labtest.Bounded(t), s.addr, input)
						require.ErrorIs(t, err, errInput)
						require.Equal(t, errInput.Error(), r.Error)
						require.False(t, r.OK)
						if cl.Frames != nil {
							require.Equal(t, 1001, r.CloseSent, "in good order")
						}
					}
				}
			}
		})
	}
}

func TestAMessageThatCannotBeSentIsNamed(t *testing.T) {
	t.Parallel()
	fits := strings.Repeat("x", 10)
	cases := map[string]struct {
		cl   client.Client
		msg  string
		is   error
		says string
	}{
		"over the limit": {client.Client{Codec: framing.LengthPrefix{}, MaxMessage: 10}, fits + "x", framing.ErrTooLarge,
			"a message of 11 bytes is over the limit of 10"},
		"over the limit of raw": {client.Client{MaxMessage: 10}, fits + "x", framing.ErrTooLarge,
			"a message of 11 bytes is over the limit of 10"},
		"not framable": {client.Client{Codec: framing.Lines{}}, "two\nlines", framing.ErrUnframable,
			"lines: this framing cannot carry the message: it has a line feed at byte 3, which would end it there"},
		"of another size": {client.Client{Codec: framing.Fixed(10)}, "short", framing.ErrUnframable,
			"fixed=10: this framing cannot carry the message: it has 5 bytes"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := serve(t, &server.Server{Codec: c.cl.Codec})
			for prefix, before := range map[string]int{"message 1: ": 0, "message 3: ": 2, "message 5001: ": 5000} {
				r, err := c.cl.Run(labtest.Bounded(t), s.addr, then(repeat(before, fits), of(c.msg, fits)))
				assert.ErrorIs(t, err, c.is)
				want := client.HintMaxMessage
				if c.is == framing.ErrUnframable {
					want = client.HintUnframable
				}
				assert.Equal(t, want, hint(err))
				assert.Equal(t, err.Error(), r.Error)
				assert.True(t, strings.HasPrefix(r.Error, prefix+c.says), r.Error)
				assert.Equal(t, before, r.MessagesSent)
			}
		})
	}
}

func TestTheLimitOfAMessageMayBeNone(t *testing.T) {
	s := serve(t, &server.Server{Codec: framing.LengthPrefix{}, MaxMessage: math.MaxInt})
	cl := client.Client{Codec: framing.LengthPrefix{}, MaxMessage: math.MaxInt}
	for _, load := range loads(cl.Codec) {
		t.Run(load.name, func(t *testing.T) {
			_, err := cl.Run(labtest.Bounded(t), s.addr, of(load.messages...))
			assert.NoError(t, err)
		})
	}
}

func TestAnInputMayBeSilentForLongerThanTheTimeout(t *testing.T) {
	t.Parallel()
	const timeout = time.Second                                                       // more than a busy machine stands still
	silence := func(yield func([]byte, error) bool) { <-time.After(3 * timeout / 2) } // it is time that this is about
	s := serve(t, &server.Server{Codec: framing.LengthPrefix{}})
	for name, cl := range map[string]client.Client{
		"a write a message":           {},
		"a chunk that is not full":    {Chunk: 997},
		"nothing written yet (glued)": {Glue: true},
		"a live input":                {Live: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := 5000
			if cl.Live {
				n = 1
			}
			some := repeat(n, "hello")
			cl.Codec, cl.Timeout = framing.LengthPrefix{}, timeout
			r, err := cl.Run(labtest.Bounded(t), s.addr, then(some, then(silence, some)))
			require.NoError(t, err)
			assert.Equal(t, 2*n, r.MessagesReceived)
		})
	}
}
