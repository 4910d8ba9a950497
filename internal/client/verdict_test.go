package client_test

import (
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/framing"
	"echolab/internal/client"
	"echolab/internal/labtest"
	"echolab/internal/server"
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
			"3 messages sent in 3 writes; 1 read returned all 15 bytes: raw TCP kept no boundary."},
		{"glued", client.Client{Glue: true}, three,
			"3 messages sent in 1 write; 1 read returned all 15 bytes: raw TCP kept no boundary."},
		{"a single one", client.Client{}, []string{"hello"},
			"1 message sent in 1 write; 1 read returned all 5 bytes, a single message: there was no boundary to lose. Send more."},
		{"a single one in bytes", client.Client{Chunk: 1}, []string{"hello"},
			"1 message sent in 5 writes; 1 read returned all 5 bytes, a single message: there was no boundary to lose. Send more."},
		{"luck", client.Client{ReadBuffer: 5}, three,
			"3 messages sent in 3 writes; 3 reads returned 15 bytes, one message each: all 3 boundaries agree, by luck. Raw TCP promises none."},
		{"cut once", client.Client{ReadBuffer: 4}, []string{"hello"},
			"1 message sent in 1 write; 2 reads returned 5 bytes; once a read ended inside a message. Raw TCP keeps no boundary."},
		{"cut twice", client.Client{ReadBuffer: 6}, three,
			"3 messages sent in 3 writes; 3 reads returned 15 bytes; twice a read ended inside a message, and 2 boundaries were lost: raw TCP kept no boundary."},
		{"cut often", client.Client{ReadBuffer: 1}, []string{"hello", "world"},
			"2 messages sent in 2 writes; 10 reads returned 10 bytes; 8 times a read ended inside a message. Raw TCP keeps no boundary."},
		{"not cut", client.Client{ReadBuffer: 10}, three,
			"3 messages sent in 3 writes; 2 reads returned 15 bytes; no read ended inside a message, and 1 boundary was lost: raw TCP kept no boundary."},
		{"nothing", client.Client{}, nil,
			"0 messages sent in 0 writes; there was no byte to echo."},
		{"only empty ones", client.Client{}, []string{"", ""},
			"2 messages sent in 0 writes; there was no byte to echo."},
		{"an empty one beside another", client.Client{}, []string{"hello", ""},
			"2 messages sent in 1 write; 1 read returned all 5 bytes: raw TCP kept no boundary."},
		{"a framing", client.Client{Codec: framing.Lines{}}, three,
			"3 messages sent in 3 writes; 1 read returned all 18 bytes, and the framing (lines) gave back 3 messages."},
		{"a framing, in pieces", client.Client{Codec: framing.LengthPrefix{}, Chunk: 2, ReadBuffer: 1}, []string{"hello"},
			"1 message sent in 5 writes; 9 reads returned 9 bytes, and the framing (length) gave back 1 message."},
		{"a framing, empty", client.Client{Codec: framing.Fixed(3)}, nil,
			"0 messages sent in 0 writes; there was no byte to echo."},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, &server.Server{Codec: c.cl.Codec})
			r, err := c.cl.Run(labtest.Bounded(t), s.addr, of(c.messages...))
			require.NoError(t, err)
			assert.Equal(t, c.want, r.Verdict(c.cl.Codec))
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
