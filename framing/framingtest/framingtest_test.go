package framingtest_test

import (
	"bytes"
	"fmt"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gobwas/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/framing"
	"echolab/framing/framingtest"
)

func TestTheFramingsKeepTheContract(t *testing.T) {
	for _, c := range []framing.Codec{
		framing.Lines{}, framing.LengthPrefix{}, framing.Fixed(1), framing.Fixed(16), framing.Fixed(33),
	} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			t.Parallel()
			assert.NoError(t, framingtest.TestCodec(c))
		})
	}
}

func TestASizeOfOnesOwnIsTried(t *testing.T) {
	t.Parallel()
	assert.NoError(t, framingtest.TestCodec(framing.Fixed(5000), 5000))
	assert.ErrorContains(t, framingtest.TestCodec(framing.Fixed(5000)), "pass a size that this codec carries")
	assert.ErrorContains(t, framingtest.TestCodec(rawAbove4999{}, 5000), "text of 5000 bytes")
}

// rawAbove4999 is wrong only for messages that the suite does not try by itself.
type rawAbove4999 struct{ framing.Raw }

func (rawAbove4999) Append(dst, msg []byte) ([]byte, error) {
	if len(msg) != 5000 {
		return dst, framing.ErrUnframable
	}
	return append(dst, msg...), nil
}

func TestWebSocketOfOneSideDoesNotUnderstandItself(t *testing.T) {
	t.Parallel()
	err := framingtest.TestCodec(framing.WebSocket{Side: framing.ClientSide})
	assert.Contains(t, rulesIn(err), "round trip")
}

// The thesis is two tests: a stream has no messages in it until both ends agree on a framing. WebSocket, on gobwas/ws, is
// such a framing and keeps the contract; raw, which takes one read for one message, is none and breaks it.

func TestWebSocketKeepsTheContractInBothDirections(t *testing.T) {
	for _, text := range []bool{false, true} {
		client := framing.WebSocket{Side: framing.ClientSide, Text: text}
		server := framing.WebSocket{Side: framing.ServerSide, Text: text}
		t.Run(fmt.Sprintf("client to server, text %v", text), func(t *testing.T) {
			t.Parallel()
			assert.NoError(t, framingtest.TestPair(client, server))
		})
		t.Run(fmt.Sprintf("server to client, text %v", text), func(t *testing.T) {
			t.Parallel()
			assert.NoError(t, framingtest.TestPair(server, client))
		})
	}
}

// TestRawIsNoFraming is the exhibit: what goes wrong when one read is taken for one message.
func TestRawIsNoFraming(t *testing.T) {
	t.Parallel()
	err := framingtest.TestCodec(framing.Raw{})
	require.Error(t, err)
	assert.Equal(t, []string{"round trip", "delivery", "glued", "end inside", "limit", "read error"}, rulesIn(err))
	assert.Contains(t, err.Error(), "\nFix the first one first: others may follow from it.\n")
	for what, example := range map[string]string{
		"three messages glued together came as one": `
  - 3 messages of 5, 1, 12 bytes; read 1; in one read; bufio.Reader of 4096 bytes; max 12
      came: a message of 12 bytes, "\w{12}"
      want: the message that was sent: 5 bytes, "\w{5}"`,
		"a message cut in two came as two": `
  - text of 2 bytes; one byte at a time; bufio.Reader of 4096 bytes; max 2
      came: a message of 1 byte, "\w"
      want: the message that was sent: 2 bytes, "\w{2}"`,
		"half a message was handed over as whole": `
  - text of 2 bytes; the stream ends after 1 of 2 bytes; in one read; bufio.Reader of 4096 bytes; max 2
      came: a message of 1 byte, "\w"
      want: io.ErrUnexpectedEOF: 1 byte of a message had come`,
		"an empty message cannot be seen": `
  - text of 0 bytes
      came: Append made 0 bytes of it`,
	} {
		assert.Regexp(t, example, err.Error(), what)
	}
	assert.Less(t, len(err.Error()), 8000, "thousands of findings must not flood the reader")
	assert.Equal(t, err.Error(), framingtest.TestCodec(framing.Raw{}).Error(), "two runs must say the same")
}

// TestWhatOthersAllocateIsNotTheCodecsFault: memory can only be counted for the whole program.
func TestWhatOthersAllocateIsNotTheCodecsFault(t *testing.T) {
	stop := make(chan struct{})
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					sink.Store(new([128 << 10]byte))
				}
			}
		})
	}
	assert.NoError(t, framingtest.TestCodec(framing.LengthPrefix{}))
	close(stop)
	group.Wait()
}

var sink atomic.Pointer[[128 << 10]byte]

func TestMisuseIsAnError(t *testing.T) {
	assert.ErrorContains(t, framingtest.TestCodec(nil), "the codec is nil")
	assert.ErrorContains(t, framingtest.TestPair(framing.Lines{}, nil), "the codec is nil")
	assert.ErrorContains(t, framingtest.TestCodec(framing.Lines{}, -1), "no message has a size of -1 bytes")
}

// rulesIn lists the rules that an error of the suite names.
func rulesIn(err error) (names []string) {
	if err == nil {
		return nil
	}
	for _, match := range regexp.MustCompile(`(?m)^([a-z][a-z ,]*): `).FindAllStringSubmatch(err.Error(), -1) {
		if match[1] != "framingtest" {
			names = append(names, match[1])
		}
	}
	return names
}

// pingMask is the client's codec with one mask of four 0x89. Bytes of 0x89 without an end, which the suite makes of it,
// are masked Pings one after the other.
type pingMask struct{ framing.WebSocket }

func (c pingMask) Append(dst, msg []byte) ([]byte, error) {
	start := len(dst)
	dst, err := c.WebSocket.Append(dst, msg)
	if err != nil {
		return dst, err
	}
	frame := dst[start:]
	h, err := ws.ReadHeader(bytes.NewReader(frame))
	if err != nil {
		return dst, err
	}
	size := ws.HeaderSize(h)
	ws.Cipher(frame[size:], h.Mask, 0)
	mask := [4]byte{0x89, 0x89, 0x89, 0x89}
	copy(frame[size-4:], mask[:])
	ws.Cipher(frame[size:], mask, 0)
	return dst, nil
}

func TestACodecMayPassOverPingsWithoutAnEnd(t *testing.T) {
	client := pingMask{framing.WebSocket{Side: framing.ClientSide}}
	require.NoError(t, framingtest.TestPair(client, framing.WebSocket{}))
}
