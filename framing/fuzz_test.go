package framing_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"runtime/metrics"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"echolab/framing"
)

// fuzzed are the codecs that the fuzz tests choose from by number.
var fuzzed = []struct{ sender, receiver framing.Codec }{
	{framing.Lines{}, framing.Lines{}},
	{framing.Fixed(1), framing.Fixed(1)},
	{framing.Fixed(16), framing.Fixed(16)},
	{framing.LengthPrefix{}, framing.LengthPrefix{}},
	{framing.LengthPrefix{Width: 2, Little: true}, framing.LengthPrefix{Width: 2, Little: true}},
	{framing.LengthPrefix{Varint: true}, framing.LengthPrefix{Varint: true}},
	{framing.Delimiter{Text: "\r\n"}, framing.Delimiter{Text: "\r\n"}},
	{client, server},
	{server, client},
	{framing.WebSocket{Side: framing.ClientSide, Text: true}, framing.WebSocket{Text: true}},
	{framing.WebSocket{Text: true}, framing.WebSocket{Side: framing.ClientSide, Text: true}},
}

// FuzzRoundTrip frames any message, cuts the stream anywhere, and reads with any limit.
func FuzzRoundTrip(f *testing.F) {
	for i := range fuzzed {
		f.Add(uint8(i), []byte("hello, hello 16b"), uint16(400), uint16(400), false)     // whole, within the limit
		f.Add(uint8(i), []byte("hello, hello 16b"), uint16(16), uint16(15), true)        // one byte over the limit
		f.Add(uint8(i), []byte("hello, hello 16b"), uint16(0), uint16(16), false)        // nothing has come
		f.Add(uint8(i), []byte("hello, hello 16b"), uint16(1), uint16(16), true)         // one byte has come
		f.Add(uint8(i), []byte(""), uint16(400), uint16(0), false)                       // an empty message, no byte allowed
		f.Add(uint8(i), []byte("x"), uint16(400), uint16(1), false)                      // the size that fixed=1 carries
		f.Add(uint8(i), bytes.Repeat([]byte{0xff}, 126), uint16(130), uint16(200), true) // cut after a longer header
		f.Add(uint8(i), []byte("ends in\r"), uint16(400), uint16(8), false)              // what lines must refuse
	}
	f.Fuzz(func(t *testing.T, codec uint8, msg []byte, cut, limit uint16, slow bool) {
		c := fuzzed[int(codec)%len(fuzzed)]
		given := bytes.Clone(msg)
		wire, err := c.sender.Append([]byte("before"), msg)
		require.Equal(t, given, msg, "msg must not change")
		require.Equal(t, "before", string(wire[:6]))
		if err != nil {
			require.ErrorIs(t, err, framing.ErrUnframable)
			require.Len(t, wire, 6)
			return
		}
		wire = wire[6:]
		arrived := wire[:min(int(cut), len(wire))]
		var stream io.Reader = bytes.NewReader(arrived)
		if slow {
			stream = iotest.OneByteReader(stream)
		}
		r := bufio.NewReaderSize(stream, 16+int(limit)%64)
		got, err := c.receiver.Read(r, int(limit))
		switch {
		case len(arrived) == 0:
			require.Equal(t, io.EOF, err)
		case len(msg) > int(limit) && errors.Is(err, framing.ErrTooLarge):
		case len(arrived) < len(wire):
			require.Equal(t, io.ErrUnexpectedEOF, err)
		default:
			require.NoError(t, err)
			require.True(t, bytes.Equal(msg, got))
			require.LessOrEqual(t, len(got), int(limit))
			_, err = c.receiver.Read(r, int(limit))
			require.Equal(t, io.EOF, err)
			return
		}
		require.Nil(t, got)
	})
}

// seedsOfStreams are streams worth changing, for the fuzz tests that read any bytes.
func seedsOfStreams(t testing.TB) [][]byte {
	return [][]byte{
		nil,
		[]byte("one\ntwo\r\n\nunfinished"), // lines, also an empty one and one without its end
		draw(t, "00000005 | 'hello' 00000000 0000"),                 // a message, an empty one, half a prefix
		draw(t, "ffffffff 7fffffff 80000000"),                       // lengths that are hostile as 32-bit numbers
		draw(t, "81 05 | 'Hello' 82 00 88 02 03e8"),                 // text, empty binary, Close 1000: not masked
		draw(t, "81 85 37fa213d 7f9f4d5158 88 80 00000000"),         // text, empty Close: masked
		draw(t, "01 03 | 'Hel' 89 01 '?' 80 02 'lo'"),               // fragments around a ping
		draw(t, "02 81 00000000 | 'a' 80 ff 7fffffffffffffff 0000"), // fragments whose sum is near the largest length
		draw(t, "01 02 | eab0 00 00 80 01 bd"),                      // a character cut by fragments, an empty one between
		draw(t, "82 7e 0100 82 7e 0005 82 7f 00000000ffffffff"),     // lengths in 16 and 64 bits, also not the shortest
		draw(t, "c1 01 61 83 00 09 00 89 7e 007e"),                  // a reserved bit and opcode, a cut ping, a long one
		draw(t, "88 01 03 88 04 03ed ffff 88 02 0bb7"),              // Close: 1 byte, codes that are not sent
		bytes.Repeat([]byte{0xff}, 20),
	}
}

// FuzzRead gives any bytes to every codec.
func FuzzRead(f *testing.F) {
	for _, stream := range seedsOfStreams(f) {
		for _, limit := range []int16{-1, 0, 5, 1000} {
			f.Add(stream, limit, uint8(0), false)
		}
		f.Add(stream, int16(100), uint8(16), true)
	}
	f.Fuzz(func(t *testing.T, stream []byte, limit int16, buffer uint8, slow bool) {
		for _, c := range fuzzed {
			readAnything(t, c.receiver, stream, int(limit), int(buffer), slow)
		}
	})
}

// readAnything wants from every codec: no panic, no message over the limit, an end, an error that the contract names,
// and memory for no more than the limit and what arrived, four times over because buffers that grow are copied.
func readAnything(t *testing.T, c framing.Codec, stream []byte, limit, buffer int, slow bool) {
	const spare = 16 << 10
	allowed := uint64(4*(max(limit, 0)+len(stream)) + spare)
	var took uint64
	for range 50 { // others in this process allocate too
		var source io.Reader = bytes.NewReader(stream)
		if slow {
			source = iotest.OneByteReader(source)
		}
		r := bufio.NewReaderSize(source, buffer)
		before := allocatedSoFar()
		messages, largest, err := readAll(c, r, limit, len(stream))
		if took = allocatedSoFar() - before; took > allowed {
			continue
		}
		require.LessOrEqual(t, messages, len(stream), "every message takes a byte at least")
		require.LessOrEqual(t, largest, max(limit, 0))
		requireKnownError(t, err, limit)
		return
	}
	require.LessOrEqual(t, took, allowed, "%v: bytes allocated", c)
}

func readAll(c framing.Codec, r *bufio.Reader, limit, enough int) (messages, largest int, err error) {
	for messages <= enough {
		msg, err := c.Read(r, limit)
		largest = max(largest, len(msg))
		if err != nil {
			return messages, largest, err
		}
		messages++
	}
	return messages, largest, nil
}

func requireKnownError(t *testing.T, err error, limit int) {
	var size *framing.SizeError
	var broken *framing.ProtocolError
	var closed *framing.CloseError
	switch {
	case err == io.EOF, err == io.ErrUnexpectedEOF:
	case errors.As(err, &size):
		require.Equal(t, max(limit, 0), size.Max)
		require.Greater(t, size.Length, uint64(size.Max))
	case errors.As(err, &broken):
		require.Contains(t, []int{1002, 1007}, broken.Code)
	case errors.As(err, &closed):
		require.True(t, closed.Code >= 1000 && closed.Code < 5000)
		require.LessOrEqual(t, len(closed.Reason), 123)
	case strings.HasPrefix(err.Error(), "length=varint: the prefix is longer"):
	default:
		require.Fail(t, "an error that the contract does not name", "%v (%T)", err, err)
	}
}

func allocatedSoFar() uint64 {
	sample := [1]metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample[:])
	return sample[0].Value.Uint64()
}
