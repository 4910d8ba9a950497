package main

import (
	"io"
	"net"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/gobwas/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// listen serves each connection with handle, and returns the address.
func listen(t *testing.T, handle func(c *net.TCPConn)) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				haveSmallBuffers(c)
				handle(c.(*net.TCPConn))
			}()
		}
	}()
	return ln.Addr().String()
}

// large is more than the buffers of a connection hold once they are small.
const large = 2 << 20

func haveSmallBuffers(c net.Conn) {
	c.(*net.TCPConn).SetReadBuffer(32 << 10)
	c.(*net.TCPConn).SetWriteBuffer(32 << 10)
}

// A tape is a connection on which a fixed stream comes back, a few bytes with each Read, and then its end.
type tape struct {
	net.Conn
	back  []byte
	reads int // bytes, at most
}

func (*tape) Write(b []byte) (int, error) { return len(b), nil }

func (c *tape) Read(b []byte) (int, error) {
	if len(c.back) == 0 {
		return 0, io.EOF
	}
	n := copy(b, c.back[:min(c.reads, len(c.back))])
	c.back = c.back[n:]
	return n, nil
}

func (*tape) Close() error { return nil }

// hear sends a window of messages of that size, and is answered with what back makes of the right echo.
func hear(size, window, reads int, framed bool, change func(back []byte) []byte) error {
	var ph phase
	ph.stopping.Store(true)
	c := &tape{reads: reads}
	e := newExchange(c, 1, load{1, size, window}, framed, &ph)
	for i := range window {
		c.back = append(c.back, e.back.piece(i*e.back.size, e.back.size)...)
	}
	c.back = change(c.back)
	return e.run()
}

func asItIs(back []byte) []byte { return back }

// exchangeWith sends one window to a server, and wants its echo.
func exchangeWith(t *testing.T, l load, handle func(c *net.TCPConn)) error {
	t.Helper()
	c, err := dial(t.Context(), listen(t, handle), 0, false)
	require.NoError(t, err)
	defer c.Close()
	haveSmallBuffers(c)
	require.NoError(t, c.SetDeadline(time.Now().Add(watchdog)))
	var ph phase
	ph.stopping.Store(true)
	return newExchange(c, 0, l, false, &ph).run()
}

func TestAnEchoIsAcceptedHoweverItIsCut(t *testing.T) {
	for _, size := range []int{1, 2, 125, 126, 127, 300, 65535, 65536, 70000} {
		for _, framed := range []bool{false, true} {
			for _, reads := range []int{1, 7, size, size + 3, maxRead} {
				if size > 1000*reads {
					continue // too many reads to be interesting
				}
				require.NoError(t, hear(size, distinct+1, reads, framed, asItIs), "%d bytes, %d a read", size, reads)
			}
		}
	}
}

func TestAnEchoThatEndsAnywhereButAfterItsLastMessageIsAnError(t *testing.T) {
	for _, framed := range []bool{false, true} {
		for cut := range 3 * 130 {
			err := hear(130, 3, maxRead, framed, func(back []byte) []byte { return back[:cut] })
			assert.ErrorIs(t, err, io.ErrUnexpectedEOF, "%d bytes", cut)
		}
	}
}

// So every rule for frames is held to: an echo that breaks one differs from the right one.
func TestEveryFlippedBitOfAnEchoIsFound(t *testing.T) {
	for _, framed := range []bool{false, true} {
		for i := range 3 * 130 {
			for bit := range 8 {
				err := hear(130, 3, 50, framed, func(back []byte) []byte {
					back[i] ^= 1 << bit
					return back
				})
				assert.ErrorIs(t, err, errNotSent, "byte %d, bit %d", i, bit)
			}
		}
	}
}

func TestWhatIsNoEchoIsShown(t *testing.T) {
	const size = 300
	for shown, frame := range map[string]ws.Frame{
		"message 1: what came back is not what was sent: from its byte 0 on 88 02 03 e9 instead of 82 7e 01 2c": ws.NewCloseFrame(
			ws.NewCloseFrameBody(ws.StatusGoingAway, "")),
		"byte 0 on 81 7e 01 2c ":         ws.NewTextFrame(make([]byte, size)),
		"byte 0 on 02 7e 01 2c ":         ws.NewFrame(ws.OpBinary, false, make([]byte, size)),
		"byte 3 on 2b 00 00 00 00 00 00": ws.NewBinaryFrame(make([]byte, size-1)),
	} {
		err := hear(size, 2, maxRead, true, func(back []byte) []byte {
			return append(back[:len(back)/2:len(back)/2], ws.MustCompileFrame(frame)...)
		})
		assert.ErrorContains(t, err, shown)
		assert.ErrorContains(t, err, "after ")
	}
}

func TestMoreThanWasSentIsAnError(t *testing.T) {
	for _, framed := range []bool{false, true} {
		for _, more := range []int{1, 10} { // what would come next
			err := hear(10, distinct, maxRead, framed, func(back []byte) []byte { return append(back, back[:more]...) })
			assert.ErrorContains(t, err, "more came back than was sent")
		}
	}
}

// A server that echoes as it reads stops reading when its echo is not read.
func TestALargeWindowIsReadWhileItIsWritten(t *testing.T) {
	require.NoError(t, exchangeWith(t, load{1, large, 3}, func(c *net.TCPConn) { io.Copy(c, c) }))
}

func TestAnEchoThatIsCutShortIsAnError(t *testing.T) {
	for _, size := range []int{10, large} {
		err := exchangeWith(t, load{1, size, 2}, func(c *net.TCPConn) {
			io.CopyN(c, c, int64(size)+5)
			c.CloseWrite()
			io.Copy(io.Discard, c)
		})
		require.ErrorIs(t, err, io.ErrUnexpectedEOF)
		assert.ErrorContains(t, err, "after 1 of 2 messages")
	}
}

func TestAWrongEchoIsAnErrorEvenIfTheServerReadsNothing(t *testing.T) {
	err := exchangeWith(t, load{1, large, 1}, func(c *net.TCPConn) {
		c.Write([]byte("hello"))
		<-t.Context().Done()
	})
	assert.ErrorIs(t, err, errNotSent)
}

func TestARoundTripBeginsWithTheWriteThatSentTheMessage(t *testing.T) {
	began := time.Now()
	ph := &phase{trips: hdrhistogram.New(1, int64(longestTrip), 3)}
	e := &exchange{phase: ph, batches: []batch{{began, 3}, {began.Add(time.Second), 2}, {began.Add(2 * time.Second), 1}}}
	require.NoError(t, e.arrived(1, began.Add(3*time.Second)))
	assert.Zero(t, ph.trips.TotalCount(), "nothing is measured yet")

	ph.measuring.Store(true)
	require.NoError(t, e.arrived(3, began.Add(4*time.Second)))
	assert.Equal(t, []batch{{began.Add(time.Second), 1}, {began.Add(2 * time.Second), 1}}, e.batches)
	assert.Equal(t, int64(3), ph.trips.TotalCount())
	assert.InEpsilon(t, 4*time.Second, ph.trips.ValueAtPercentile(100), 0.001)
	assert.InEpsilon(t, 4*time.Second, ph.trips.ValueAtPercentile(50), 0.001)
	assert.InEpsilon(t, 3*time.Second, ph.trips.ValueAtPercentile(33), 0.001)
}
