package server_test

import (
	"bytes"
	"compress/flate"
	"io"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A takeover is what the messages of one direction may refer to: the last bytes before them.
type takeover struct {
	bits int
	none bool // no context takeover
	past string
}

func (c *takeover) keep(msg string) {
	if c.past += msg; c.none {
		c.past = ""
	}
	c.past = c.past[len(c.past)-min(len(c.past), 1<<c.bits):]
}

// pack compresses a message with the standard library, and refers to what was before it as far as the window goes.
func (c *takeover) pack(t testing.TB, msg string) string {
	t.Helper()
	past := c.past[len(c.past)-min(len(c.past), max(0, 1<<c.bits-len(msg))):]
	var b bytes.Buffer
	w, err := flate.NewWriterDict(&b, flate.BestCompression, []byte(past))
	require.NoError(t, err)
	_, err = io.WriteString(w, msg)
	require.NoError(t, err)
	require.NoError(t, w.Flush())
	c.keep(msg)
	return strings.TrimSuffix(b.String(), "\x00\x00\xff\xff")
}

// unpack inflates a payload, with no more of the past than was agreed.
func (c *takeover) unpack(payload string) (string, error) {
	r := flate.NewReaderDict(strings.NewReader(payload+"\x00\x00\xff\xff\x01\x00\x00\xff\xff"), []byte(c.past))
	msg, err := io.ReadAll(r)
	c.keep(string(msg))
	return string(msg), err
}

// packed is a compressed message in one frame.
func (c *takeover) packed(t testing.TB, first byte, msg string) string {
	return sends(first|0x40, c.pack(t, msg))
}

// A deflated is a client that has negotiated.
type deflated struct {
	*net.TCPConn
	atServer *net.TCPConn
	toServer takeover
	toClient takeover
	sizes    []int // of the compressed payloads that came
}

// ask is the handshake with an offer; agree says what came of it.
func ask(offer string) string {
	return request{changes: []string{"Sec-WebSocket-Extensions: " + offer}}.String()
}

// agree reads the 101 and returns the parameters of the extension, sorted, nil if there is none.
func agree(t *testing.T, c net.Conn) []string {
	t.Helper()
	for _, header := range readHeader(t, c) {
		if answer, ok := strings.CutPrefix(header, "Sec-WebSocket-Extensions: "); ok {
			list := strings.Split(answer, "; ")
			slices.Sort(list[1:])
			return list
		}
	}
	return nil
}

func connectDeflated(t *testing.T, s *served, offer string, clientBits, serverBits int) *deflated {
	t.Helper()
	client, atServer := s.connect(t)
	write(t, client, []byte(ask(offer)))
	agreed := agree(t, client)
	require.NotEmpty(t, agreed)
	return &deflated{TCPConn: client, atServer: atServer,
		toServer: takeover{bits: clientBits, none: slices.Contains(agreed, "client_no_context_takeover")},
		toClient: takeover{bits: serverBits, none: slices.Contains(agreed, "server_no_context_takeover")}}
}

// hears reads to the end of the stream: messages, inflated, whatever frames and RSV1 they came with.
func (d *deflated) hears(t *testing.T, want []string, name string) {
	t.Helper()
	stream := []byte(readAll(t, d))
	var got []string
	for len(stream) > 0 {
		first, payload, rest, err := serverFrame(stream)
		require.NoError(t, err, name)
		if first&0x40 != 0 {
			d.sizes = append(d.sizes, len(payload))
			payload, err = d.toClient.unpack(payload)
			require.NoError(t, err, name)
		}
		got, stream = append(got, line(first&^0x40, payload)), rest
	}
	require.Equal(t, append([]string(nil), want...), got, name)
	d.Close()
}

// assertMessages puts fragments together.
func (d *deflated) assertMessages(t *testing.T, stream []byte, want []string) {
	t.Helper()
	var got []string
	var begun byte
	var whole strings.Builder
	for len(stream) > 0 {
		first, payload, rest, err := serverFrame(stream)
		require.NoError(t, err)
		if stream = rest; first&0x0f != 0 {
			begun = first
		}
		if whole.WriteString(payload); first&0x80 == 0 {
			continue
		}
		msg := whole.String()
		if begun&0x40 != 0 {
			msg, err = d.toClient.unpack(msg)
			require.NoError(t, err)
		}
		got = append(got, line(begun&^0x40|0x80, msg))
		whole.Reset()
	}
	require.Equal(t, want, got)
}
