package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/gobwas/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// echoes is what a server sends back for the first n messages, each cut into frames of at most that size.
func echoes(p *prepared, n, frame int) (back []byte) {
	for i := range n {
		payload := p.payloads[i%distinct]
		if !p.framed {
			back = append(back, payload...)
			continue
		}
		op := ws.OpBinary
		for len(payload) > frame {
			back = append(back, ws.MustCompileFrame(ws.NewFrame(op, false, payload[:frame]))...)
			payload, op = payload[frame:], ws.OpContinuation
		}
		back = append(back, ws.MustCompileFrame(ws.NewFrame(op, true, payload))...)
	}
	return back
}

// hear reads n messages of an echo, and then its end.
func hear(p *prepared, back io.Reader, n int) error {
	r := bufio.NewReaderSize(back, minRead)
	e := newEcho(r, p)
	for range n {
		if err := e.next(); err != nil {
			return err
		}
	}
	if _, err := r.Peek(1); err != io.EOF {
		return errors.New("something is left")
	}
	return nil
}

// twoReads returns some bytes, and then the others.
func twoReads(b []byte, cut int) io.Reader {
	return io.MultiReader(bytes.NewReader(b[:cut]), bytes.NewReader(b[cut:]))
}

func TestAnEchoIsAcceptedHoweverItIsCut(t *testing.T) {
	const messages = distinct + 1
	for _, size := range []int{1, 2, 125, 126, 127, 300, 65535, 65536, 70000} {
		for _, framed := range []bool{false, true} {
			p := prepare(load{1, size, 1}, 1, framed)
			for _, frame := range []int{1 << 20, 65536, 126, 100, 1} {
				if frame*1000 < size {
					continue // too many frames to be interesting
				}
				back := echoes(p, messages, frame)
				if frame >= size {
					require.Len(t, back, messages*p.back)
				}
				require.NoError(t, hear(p, bytes.NewReader(back), messages))
				for cut := range min(20, len(back)) {
					require.NoError(t, hear(p, twoReads(back, cut), messages))
				}
				if size <= 300 {
					require.NoError(t, hear(p, iotest.OneByteReader(bytes.NewReader(back)), messages))
				}
			}
		}
	}
}

func TestAnEmptyLastFrameEndsAMessage(t *testing.T) {
	p := prepare(load{1, 5, 1}, 1, true)
	back := ws.MustCompileFrame(ws.NewFrame(ws.OpBinary, false, p.payloads[0]))
	assert.ErrorIs(t, hear(p, bytes.NewReader(back), 1), io.ErrUnexpectedEOF)
	back = append(back, ws.MustCompileFrame(ws.NewFrame(ws.OpContinuation, true, nil))...)
	assert.NoError(t, hear(p, bytes.NewReader(back), 1))
}

func TestAnEchoThatEndsAnywhereButAfterItsLastMessageIsAnError(t *testing.T) {
	for _, framed := range []bool{false, true} {
		p := prepare(load{1, 130, 1}, 1, framed)
		back := echoes(p, 3, 100)
		for cut := range back {
			assert.ErrorIs(t, hear(p, bytes.NewReader(back[:cut]), 3), io.ErrUnexpectedEOF, "%d bytes", cut)
		}
	}
}

func TestEveryFlippedBitOfAnEchoIsFound(t *testing.T) {
	for _, framed := range []bool{false, true} {
		p := prepare(load{1, 130, 1}, 1, framed)
		back := echoes(p, 3, 100)
		for i := range back {
			for bit := range 8 {
				wrong := slices.Clone(back)
				wrong[i] ^= 1 << bit
				assert.Error(t, hear(p, bytes.NewReader(wrong), 3), "byte %d, bit %d", i, bit)
			}
		}
	}
}

func TestWhatIsNoEchoIsNamed(t *testing.T) {
	p := prepare(load{1, 300, 1}, 1, true)
	message := p.payloads[0]
	frame := func(op ws.OpCode, fin bool, payload []byte) []byte {
		return ws.MustCompileFrame(ws.NewFrame(op, fin, payload))
	}
	twice := append(frame(ws.OpBinary, false, message[:9]), frame(ws.OpBinary, true, message[9:])...)
	for says, back := range map[string][]byte{
		"what came back is not what was sent": frame(ws.OpBinary, true, p.payloads[1]),
		"299 of 300 bytes came back":          frame(ws.OpBinary, true, message[:299]),
		"a frame of 301 bytes where 300":      frame(ws.OpBinary, true, append(slices.Clone(message), 0)),
		"a frame of 9223372036854775807 byte": {0x82, 127, 0x7f, 255, 255, 255, 255, 255, 255, 255},
		ws.ErrHeaderLengthMSB.Error():         {0x82, 127, 0x80, 0, 0, 0, 0, 0, 0, 0},
		"opcode 0x1,":                         frame(ws.OpText, true, message),
		"opcode 0x9,":                         frame(ws.OpPing, true, nil),
		"opcode 0x8,":                         frame(ws.OpClose, true, nil),

		ws.ErrProtocolContinuationUnexpected.Error(): frame(ws.OpContinuation, true, message),
		ws.ErrProtocolContinuationExpected.Error():   twice,
		ws.ErrProtocolNonZeroRsv.Error():             {0xc2, 0},
		ws.ErrProtocolMaskUnexpected.Error():         ws.MustCompileFrame(ws.MaskFrame(ws.NewBinaryFrame(message))),
	} {
		err := hear(p, bytes.NewReader(back), 1)
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
