package trace_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"echolab/internal/trace"
)

// of is a header of a text frame with so many bytes of payload.
func of(payload int64) trace.FrameHeader {
	return trace.FrameHeader{Opcode: opText, Fin: true, Payload: payload}
}

// contentOf is the line of the picture that has the payload or the bytes.
func contentOf(t *testing.T, m *trace.Map) string {
	t.Helper()
	for line := range strings.Lines(drawn(t, m)) {
		if strings.HasPrefix(line, "payload ") || strings.HasPrefix(line, "bytes ") {
			return strings.Join(strings.Fields(line), " ")
		}
	}
	return ""
}

func TestOnlyFramesThatFollowEachOtherAreShown(t *testing.T) {
	m := stream("..hey-----..you", reads(15))
	m.AddFrame(trace.Span{Off: 0, N: 5}, of(3), []byte("HEY"))
	m.AddFrame(trace.Span{Off: 10, N: 5}, of(3), []byte("YOU"))
	assert.Equal(t, "payload · · H E Y - - - - - . . y o u", contentOf(t, m))
}

func TestAPayloadIsNoLongerThanItsFrame(t *testing.T) {
	m := stream("..hey", reads(5))
	m.AddFrame(trace.Span{Off: 0, N: 5}, of(3), []byte("HEYYYYYY"))
	m.AddFrame(trace.Span{Off: 5, N: 5}, of(3), []byte("YOU"))
	assert.Equal(t, "payload · · H E Y · · Y O U", contentOf(t, m))

	m = stream("..hey", reads(5))
	m.AddFrame(trace.Span{Off: 0, N: 5}, of(6), []byte("HEYHEY"))
	m.AddFrame(trace.Span{Off: 0, N: 5}, of(-1), []byte("HEY"))
	assert.Equal(t, "bytes . . h e y", contentOf(t, m), "frames that cannot be")
}

func TestPayloadsInFrontOfTheStartAreForgotten(t *testing.T) {
	m := stream("..hey..you", reads(10))
	m.AddFrame(trace.Span{Off: 0, N: 5}, of(3), []byte("HEY"))
	m.Begin(5)
	assert.Equal(t, "bytes . . y o u", contentOf(t, m))
	m.AddFrame(trace.Span{Off: 5, N: 5}, of(3), []byte("YOU"))
	assert.Equal(t, "payload · · Y O U", contentOf(t, m))
}

func TestPayloadsAreKeptAsFarAsTheBytesAre(t *testing.T) {
	const kept = 128 << 10
	m := stream("", sent(kept+100), reads(kept-8, 108))
	m.AddFrame(trace.Span{Off: 0, N: kept - 4}, of(kept-14), []byte(strings.Repeat("x", kept-14)))
	m.AddFrame(trace.Span{Off: kept - 4, N: 104}, of(102), []byte(strings.Repeat("y", 102)))
	assert.Equal(t, "payload "+strings.Repeat("x", 34)+"··yy", contentOf(t, m), "the closer look")
}

func TestACopyOfAMapHasFramesOfItsOwn(t *testing.T) {
	var maps trace.Maps
	hello := whole(opText, "hello")
	for i := range int64(6) { // with room for more in what they are kept in
		maps.Record(hello.at(trace.Client, 10*i)) // 7 bytes each: with gaps
	}
	m := maps.Map(1, trace.ClientToServer)
	m.AddFrame(trace.Span{Off: 60, N: 7}, of(5), []byte("world"))
	picture := trace.String(m)
	maps.Record(whole(opPing, "again").at(trace.Client, 62))
	assert.Equal(t, picture, trace.String(m))
}

func TestTheSizesOfMoreSpansThanAreKeptStayKnown(t *testing.T) {
	m := stream("", reads(append(times(1<<18, 2, 0), 1, 9)...))
	m.Begin(100)
	row := m.Row(trace.Reads)
	assert.Equal(t, [3]int{1<<18 + 2 - 50, 1, 9}, [3]int{row.Count, row.Min, row.Max})
}
