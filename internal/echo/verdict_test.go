package echo_test

import (
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/framing"
	"echolab/internal/echo"
)

func TestTheVerdictSaysWhatBecameOfTheBoundaries(t *testing.T) {
	onLinux(t) // elsewhere it is luck how many reads there are
	cases := []struct {
		name     string
		client   echo.Client
		messages []string
		want     string
	}{
		{"three in one", echo.Client{}, three,
			"3 messages sent in 3 writes; 1 read returned all 15 bytes: raw TCP kept no boundary."},
		{"glued", echo.Client{Glue: true}, three,
			"3 messages sent in 1 write; 1 read returned all 15 bytes: raw TCP kept no boundary."},
		{"a single one", echo.Client{}, []string{"hello"},
			"1 message sent in 1 write; 1 read returned all 5 bytes, a single message: there was no boundary to lose. Send more."},
		{"a single one in bytes", echo.Client{Chunk: 1}, []string{"hello"},
			"1 message sent in 5 writes; 1 read returned all 5 bytes, a single message: there was no boundary to lose. Send more."},
		{"luck", echo.Client{ReadBuffer: 5}, three,
			"3 messages sent in 3 writes; 3 reads returned 15 bytes, one message each: all 3 boundaries agree, by luck. Raw TCP promises none."},
		{"cut once", echo.Client{ReadBuffer: 4}, []string{"hello"},
			"1 message sent in 1 write; 2 reads returned 5 bytes; once a read ended inside a message. Raw TCP keeps no boundary."},
		{"cut twice", echo.Client{ReadBuffer: 6}, three,
			"3 messages sent in 3 writes; 3 reads returned 15 bytes; twice a read ended inside a message, and 2 boundaries were lost: raw TCP kept no boundary."},
		{"cut often", echo.Client{ReadBuffer: 1}, []string{"hello", "world"},
			"2 messages sent in 2 writes; 10 reads returned 10 bytes; 8 times a read ended inside a message. Raw TCP keeps no boundary."},
		{"not cut", echo.Client{ReadBuffer: 10}, three,
			"3 messages sent in 3 writes; 2 reads returned 15 bytes; no read ended inside a message, and 1 boundary was lost: raw TCP kept no boundary."},
		{"nothing", echo.Client{}, nil,
			"0 messages sent in 0 writes; there was no byte to echo."},
		{"only empty ones", echo.Client{}, []string{"", ""},
			"2 messages sent in 0 writes; there was no byte to echo."},
		{"an empty one beside another", echo.Client{}, []string{"hello", ""},
			"2 messages sent in 1 write; 1 read returned all 5 bytes: raw TCP kept no boundary."},
		{"a framing", echo.Client{Codec: framing.Lines{}}, three,
			"3 messages sent in 3 writes; 1 read returned all 18 bytes, and the framing (lines) gave back 3 messages."},
		{"a framing, in pieces", echo.Client{Codec: framing.LengthPrefix{}, Chunk: 2, ReadBuffer: 1}, []string{"hello"},
			"1 message sent in 5 writes; 9 reads returned 9 bytes, and the framing (length) gave back 1 message."},
		{"a framing, empty", echo.Client{Codec: framing.Fixed(3)}, nil,
			"0 messages sent in 0 writes; there was no byte to echo."},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, &echo.Server{Codec: c.client.Codec}, nil)
			r, err := c.client.Run(bounded(t), s.addr, of(c.messages...))
			require.NoError(t, err)
			assert.Equal(t, c.want, r.Verdict(c.client.Codec))
		})
	}
}

func TestTheVerdictOnAFailureOnlyCounts(t *testing.T) {
	onLinux(t)
	half := fake(t, answering(func(b []byte) []byte { return b[:6] }))
	r, err := echo.Client{}.Run(bounded(t), half, of(three...))
	require.Error(t, err)
	assert.Equal(t, "3 messages sent in 3 writes; 1 read returned all 6 bytes.", r.Verdict(nil))

	nobody, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, nobody.Close())
	r, err = echo.Client{}.Run(bounded(t), nobody.Addr().String(), of(three...))
	require.Error(t, err)
	assert.Equal(t, "0 messages sent in 0 writes; 0 reads returned 0 bytes.", r.Verdict(framing.Lines{}))
}
