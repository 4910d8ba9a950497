package client_test

import (
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/framing"
	"echolab/internal/client"
	"echolab/internal/labtest"
	"echolab/internal/server"
	"echolab/internal/text/texttest"
)

func TestTheVerdictSaysWhatBecameOfTheBoundaries(t *testing.T) {
	labtest.OnLinux(t) // elsewhere it is luck how many reads there are
	cases := []struct {
		name     string
		cl       client.Client
		messages []string
		want     string
	}{
		{"three in one", client.Client{}, three,
			"3 messages … 3 writes … 1 read … 15 bytes … no boundary"},
		{"glued", client.Client{Glue: true}, three,
			"3 messages … 1 write … 1 read … 15 bytes … no boundary"},
		{"a single one", client.Client{}, []string{"hello"},
			"1 message … 1 write … 1 read … 5 bytes … single message … no boundary"},
		{"a single one in bytes", client.Client{Chunk: 1}, []string{"hello"},
			"1 message … 5 writes … 1 read … 5 bytes … single message … no boundary"},
		{"luck", client.Client{ReadBuffer: 5}, three,
			"3 messages … 3 writes … 3 reads … 15 bytes … one message each … 3 boundaries … luck … none"},
		{"cut once", client.Client{ReadBuffer: 4}, []string{"hello"},
			"1 message … 1 write … 2 reads … 5 bytes … once … inside a message … no boundary"},
		{"cut twice", client.Client{ReadBuffer: 6}, three,
			"3 messages … 3 writes … 3 reads … 15 bytes … twice … inside a message … 2 boundaries … lost … no boundary"},
		{"cut often", client.Client{ReadBuffer: 1}, []string{"hello", "world"},
			"2 messages … 2 writes … 10 reads … 10 bytes … 8 times … inside a message … no boundary"},
		{"not cut", client.Client{ReadBuffer: 10}, three,
			"3 messages … 3 writes … 2 reads … 15 bytes … no read … inside a message … 1 boundary … lost … no boundary"},
		{"nothing", client.Client{}, nil,
			"0 messages … 0 writes … no byte"},
		{"only empty ones", client.Client{}, []string{"", ""},
			"2 messages … 0 writes … no byte"},
		{"an empty one beside another", client.Client{}, []string{"hello", ""},
			"2 messages … 1 write … 1 read … 5 bytes … no boundary"},
		{"a framing", client.Client{Codec: framing.Lines{}}, three,
			"3 messages … 3 writes … 1 read … 18 bytes … framing (lines) … 3 messages"},
		{"a framing, in pieces", client.Client{Codec: framing.LengthPrefix{}, Chunk: 2, ReadBuffer: 1}, []string{"hello"},
			"1 message … 5 writes … 9 reads … 9 bytes … framing (length) … 1 message"},
		{"a framing, empty", client.Client{Codec: framing.Fixed(3)}, nil,
			"0 messages … 0 writes … no byte"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, &server.Server{Codec: c.cl.Codec})
			r, err := c.cl.Run(labtest.Bounded(t), s.addr, of(c.messages...))
			require.NoError(t, err)
			verdict := r.Verdict(c.cl.Codec)
			texttest.Says(t, verdict, c.want)
			for _, word := range []string{"luck", "lost", "inside", "once", "twice", "single", "framing"} {
				assert.Equal(t, strings.Contains(c.want, word), strings.Contains(verdict, word), "%q in %q", word, verdict)
			}
		})
	}
}

func TestTheVerdictOnAFailureOnlyCounts(t *testing.T) {
	labtest.OnLinux(t)
	half := fake(t, answering(func(b []byte) []byte { return b[:6] }))
	r, err := client.Client{}.Run(labtest.Bounded(t), half, of(three...))
	require.Error(t, err)
	assert.Equal(t, "3 messages sent in 3 writes; 1 read returned all 6 bytes.", r.Verdict(nil))

	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, nobody.Close())
	r, err = client.Client{}.Run(labtest.Bounded(t), nobody.Addr().String(), of(three...))
	require.Error(t, err)
	assert.Equal(t, "0 messages sent in 0 writes; 0 reads returned 0 bytes.", r.Verdict(framing.Lines{}))
}
