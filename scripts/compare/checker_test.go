package main

import (
	"encoding/binary"
	"slices"
	"testing"

	"github.com/gobwas/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// echoes is what a server sends back for the first n messages, each cut into frames of at most that size.
func echoes(p *prepared, n, frame int) (echo []byte) {
	for i := range n {
		payload := p.payloads[i%distinct]
		if !p.framed {
			echo = append(echo, payload...)
			continue
		}
		op := ws.OpBinary
		for len(payload) > frame {
			echo = append(echo, ws.MustCompileFrame(ws.NewFrame(op, false, payload[:frame]))...)
			payload, op = payload[frame:], ws.OpContinuation
		}
		echo = append(echo, ws.MustCompileFrame(ws.NewFrame(op, true, payload))...)
	}
	return echo
}

// feedAll feeds the echo in pieces of that size.
func feedAll(c *checker, echo []byte, piece int) (done int, err error) {
	for b := range slices.Chunk(echo, piece) {
		n, err := c.feed(b)
		done += n
		if err != nil {
			return done, err
		}
	}
	return done, nil
}

func TestAnEchoIsAcceptedHoweverItIsCut(t *testing.T) {
	for _, size := range []int{1, 2, 125, 126, 127, 300, 65535, 65536, 70000} {
		for _, framed := range []bool{false, true} {
			p := prepare(load{1, size, 1}, 1, framed)
			for _, frame := range []int{1 << 20, 65536, 126, 100, 1} {
				if frame*1000 < size {
					continue // too many frames to be interesting
				}
				echo := echoes(p, 9, frame)
				for _, piece := range []int{1, 2, 3, 7, 64, 1000, len(echo)} {
					c := checker{sent: p}
					done, err := feedAll(&c, echo, piece)
					require.NoError(t, err)
					require.Equal(t, 9, done)
					require.False(t, c.amid())
				}
			}
		}
	}
}

func TestAnEmptyLastFrameEndsAMessage(t *testing.T) {
	p := prepare(load{1, 5, 1}, 1, true)
	echo := ws.MustCompileFrame(ws.NewFrame(ws.OpBinary, false, p.payloads[0]))
	c := checker{sent: p}
	done, err := c.feed(echo)
	require.NoError(t, err)
	assert.Zero(t, done)
	assert.True(t, c.amid())
	done, err = c.feed(ws.MustCompileFrame(ws.NewFrame(ws.OpContinuation, true, nil)))
	require.NoError(t, err)
	assert.Equal(t, 1, done)
	assert.False(t, c.amid())
}

func TestEveryFlippedBitOfAnEchoIsFound(t *testing.T) {
	for _, framed := range []bool{false, true} {
		p := prepare(load{1, 130, 1}, 1, framed)
		echo := echoes(p, 3, 100)
		for i := range echo {
			for bit := range 8 {
				wrong := slices.Clone(echo)
				wrong[i] ^= 1 << bit
				c := checker{sent: p}
				done, err := feedAll(&c, wrong, len(wrong))
				assert.True(t, err != nil || done < 3 || c.amid(), "byte %d, bit %d", i, bit)
			}
		}
	}
}

func TestWhatIsNoEchoIsNamed(t *testing.T) {
	p := prepare(load{1, 300, 1}, 1, true)
	message := p.payloads[0]
	huge := binary.BigEndian.AppendUint64([]byte{0x82, 127}, 1<<63)
	frame := func(op ws.OpCode, fin bool, payload []byte) []byte {
		return ws.MustCompileFrame(ws.NewFrame(op, fin, payload))
	}
	twice := append(frame(ws.OpBinary, false, message[:9]), frame(ws.OpBinary, true, message[9:])...)
	for says, echo := range map[string][]byte{
		"what came back from byte 0 on is not":  frame(ws.OpBinary, true, p.payloads[1]),
		"299 of 300 bytes came back":            frame(ws.OpBinary, true, message[:299]),
		"a frame of 301 bytes where 300":        frame(ws.OpBinary, true, append(slices.Clone(message), 0)),
		"a frame of 9223372036854775808 bytes":  huge,
		"0x81 in its first byte, which must ha": frame(ws.OpText, true, message),
		"0x89 in its first byte, which must ha": frame(ws.OpPing, true, nil),
		"0x88 in its first byte, which must ha": frame(ws.OpClose, true, nil),
		"0x80 in its first byte, which must ha": frame(ws.OpContinuation, true, message),
		"0x82 in its first byte, which must ha": twice,
		"0xc2 in its first byte, which must ha": {0xc2, 0},
		"the server masked a frame":             ws.MustCompileFrame(ws.MaskFrame(ws.NewBinaryFrame(message))),
	} {
		c := checker{sent: p}
		_, err := c.feed(echo)
		assert.ErrorContains(t, err, says)
		assert.ErrorContains(t, err, "message 0: ")
	}
}

func TestPreparedMessagesAreMaskedFramesInTurn(t *testing.T) {
	const window = 7
	p := prepare(load{1, 200, window}, 3, true)
	for first := range 2 * distinct {
		for n := range window + 1 {
			b := p.run(first, n)
			require.Len(t, b, n*p.size)
			for i := range n {
				header, payload := b[:8], slices.Clone(b[8:p.size])
				assert.Equal(t, []byte{0x82, 0x80 | 126, 0, 200}, header[:4])
				ws.Cipher(payload, [4]byte(header[4:]), 0)
				require.Equal(t, p.payloads[(first+i)%distinct], payload)
				b = b[p.size:]
			}
		}
	}
}

func TestEveryConnectionSendsSomethingElse(t *testing.T) {
	seen := map[string]bool{}
	for number := range 70 {
		for _, payload := range prepare(load{1, 64, 1}, number, false).payloads {
			assert.False(t, seen[string(payload)])
			seen[string(payload)] = true
			assert.GreaterOrEqual(t, payload[0], byte(0x80), "no request begins so")
		}
	}
}
