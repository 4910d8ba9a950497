package framing_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/framing"
	"echolab/internal/labtest"
)

// A pair is the two ends of a connection.
type pair struct{ sender, receiver framing.Codec }

// pairs are all codecs by name, for messages of n bytes.
func pairs(n int) map[string]pair {
	return map[string]pair{
		"raw":                         {framing.Raw{}, framing.Raw{}},
		"lines":                       {framing.Lines{}, framing.Lines{}},
		"fixed":                       {framing.Fixed(n), framing.Fixed(n)},
		"length":                      {framing.LengthPrefix{}, framing.LengthPrefix{}},
		"websocket, client to server": {client, server},
		"websocket, server to client": {server, client},
	}
}

// growth is two under the race detector: slices.Grow then allocates what it adds twice over.
var growth = map[bool]int{false: 1, true: 2}[labtest.UnderRace]

// allocated is how many bytes f allocates. The tests that ask are not parallel, so that nobody else does meanwhile;
// and of a few tries the least counts.
func allocated(f func()) uint64 {
	least := ^uint64(0)
	for range 3 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f()
		runtime.ReadMemStats(&after)
		least = min(least, after.TotalAlloc-before.TotalAlloc)
	}
	return least
}

// TestAClaimedLengthCostsNothing has headers of up to 14 bytes that claim gigabytes. Over the limit they cost an
// error; within it, a first step of 64 KiB, because nothing more has arrived.
func TestAClaimedLengthCostsNothing(t *testing.T) {
	const plenty = 1 << 40 // more than the machine has
	for _, test := range []struct {
		name  string
		codec framing.Codec
		wire  string
	}{
		{"4 GiB after a prefix of 4 bytes", framing.LengthPrefix{}, "ffffffff"},
		{"1 TiB, not masked", client, "1.000.0010 0.1111111 0000010000000000"},
		{"1 TiB, masked", server, "1.000.0010 1.1111111 0000010000000000 37fa213d"},
		{"1 TiB in the second fragment", client, "0.000.0010 0.0000001 'a'  1.000.0000 0.1111111 0000010000000000"},
		{"1 TiB of fixed size", framing.Fixed(1 << 40), "'a'"},
	} {
		t.Run(test.name, func(t *testing.T) {
			wire := draw(t, test.wire)
			r := bufio.NewReader(nil)
			read := func(limit int, want error) func() {
				return func() {
					r.Reset(bytes.NewReader(wire))
					_, err := test.codec.Read(r, limit)
					assert.ErrorIs(t, err, want)
				}
			}
			assert.Less(t, allocated(read(1<<20, framing.ErrTooLarge)), uint64(4<<10))
			assert.Less(t, allocated(read(plenty+1, io.ErrUnexpectedEOF)), uint64(growth*64<<10+8<<10))
		})
	}
}

// TestTheLargestClaims are over any limit, also over the largest one.
func TestTheLargestClaims(t *testing.T) {
	for wire, claimed := range map[string]uint64{
		"1.000.0010 0.1111111 4000000000000000": 1 << 62,
		"1.000.0010 0.1111111 7fffffffffffffff": 1<<63 - 1,
	} {
		_, err := client.Read(reader(draw(t, wire)), 1<<20)
		var size *framing.SizeError
		require.ErrorAs(t, err, &size)
		assert.Equal(t, framing.SizeError{Length: claimed, Max: 1 << 20}, *size)
	}
}

// TestMemoryGrowsWithWhatArrives: a sender that stops in the middle has cost a few times what it sent.
func TestMemoryGrowsWithWhatArrives(t *testing.T) {
	claim := draw(t, "40000000") // 1 GiB
	for _, sent := range []int{0, 1 << 10, 100 << 10, 1 << 20} {
		wire := append(bytes.Clone(claim), make([]byte, sent)...)
		took := allocated(func() {
			_, err := framing.LengthPrefix{}.Read(reader(wire), 1<<30)
			assert.Equal(t, io.ErrUnexpectedEOF, err)
		})
		assert.Less(t, took, uint64(growth*(8*sent+64<<10)+8<<10), "%d bytes sent", sent)
	}
}

// TestManySmallFragmentsCostNoMoreThanTheirSum: a message in fragments of one byte each must not be copied for every
// one of them.
func TestManySmallFragmentsCostNoMoreThanTheirSum(t *testing.T) {
	const n = 50_000
	wire := frames(client, binFirst, "x")
	for range n {
		wire = append(wire, more, 1, 'x')
	}
	wire = append(wire, frames(client, last, "x")...)
	took := allocated(func() {
		msg, err := client.Read(reader(wire), 1<<20)
		assert.NoError(t, err)
		assert.Len(t, msg, n+2)
	})
	assert.Less(t, took, uint64(growth*(8*n+64<<10)))
}

// TestLongLinesGrowSlowly has lines much longer than the reader's buffer.
func TestLongLinesGrowSlowly(t *testing.T) {
	line := append(bytes.Repeat([]byte{'x'}, 1<<20), '\n')
	took := allocated(func() {
		r := bufio.NewReaderSize(bytes.NewReader(line), 16)
		msg, err := framing.Lines{}.Read(r, 1<<20)
		assert.NoError(t, err)
		assert.Len(t, msg, 1<<20)
	})
	assert.Less(t, took, uint64(growth*8<<20))
}

// TestSmallMessagesAllocateLittle: appended to a buffer that is used again, and read through one that holds them, they
// cost nothing; but for WebSocket, where gobwas/ws writes and reads headers through interfaces: Append a buffer and a
// header, Read one header's buffer for each message.
func TestSmallMessagesAllocateLittle(t *testing.T) {
	if labtest.UnderRace {
		t.Skip("under the race detector a sync.Pool drops things at random")
	}
	for _, size := range []int{64, 4096} {
		for name, pair := range pairs(size) {
			t.Run(fmt.Sprintf("%s, %d bytes", name, size), func(t *testing.T) {
				var appends, reads float64
				if _, ok := pair.sender.(framing.WebSocket); ok {
					appends, reads = 2, 1
				}
				msg := bytes.Repeat([]byte{'x'}, size)
				wire, err := pair.sender.Append(nil, msg)
				require.NoError(t, err)
				buffer := make([]byte, 0, 2*size+64)
				assert.LessOrEqual(t, testing.AllocsPerRun(100, func() {
					buffer, err = pair.sender.Append(buffer[:0], msg)
				}), appends, "Append")
				require.NoError(t, err)

				r := bufio.NewReaderSize(&endless{data: wire}, 16<<10)
				assert.LessOrEqual(t, testing.AllocsPerRun(100, func() {
					msg, err = pair.receiver.Read(r, size)
				}), reads, "Read")
				require.NoError(t, err)
				assert.Len(t, msg, size)
			})
		}
	}
}

// TestPingsAndFragmentsAllocateNoMoreThanTheirMessage: the count is for each message, not for each frame.
func TestPingsAndFragmentsAllocateNoMoreThanTheirMessage(t *testing.T) {
	if labtest.UnderRace {
		t.Skip("under the race detector a sync.Pool drops things at random")
	}
	wire := bytes.Repeat(frames(server, ping, "?", pong, ""), 1000)
	wire = append(wire, frameFor(server, bin, "hello")...)
	r := bufio.NewReaderSize(&endless{data: wire}, 16<<10)
	assert.LessOrEqual(t, testing.AllocsPerRun(10, func() {
		msg, err := server.Read(r, 5)
		assert.NoError(t, err)
		assert.Equal(t, "hello", string(msg))
	}), float64(10), "2,000 control frames in front of a message")
}
