package streammap_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"echolab/internal/event"
	"echolab/internal/event/eventtest"
	"echolab/internal/streammap"
	"echolab/internal/streammap/maptest"
	"echolab/internal/terminal"
)

// of is a header of a text frame with so many bytes of payload.
func of(payload int64) event.FrameHeader {
	return event.FrameHeader{Opcode: event.OpText, Fin: true, Payload: payload}
}

// contentOf is the line of the picture that has the payload or the bytes.
func contentOf(t *testing.T, m *streammap.Map) string {
	t.Helper()
	for line := range strings.Lines(maptest.Drawn(t, m)) {
		if strings.HasPrefix(line, "payload ") || strings.HasPrefix(line, "bytes ") {
			return strings.Join(strings.Fields(line), " ")
		}
	}
	return ""
}

func TestOnlyFramesThatFollowEachOtherAreShown(t *testing.T) {
	m := maptest.Stream("..hey-----..you", maptest.Reads(15))
	m.AddFrame(event.Span{Off: 0, N: 5}, of(3), []byte("HEY"))
	m.AddFrame(event.Span{Off: 10, N: 5}, of(3), []byte("YOU"))
	assert.Equal(t, "payload · · H E Y - - - - - . . y o u", contentOf(t, m))
}

func TestAPayloadIsNoLongerThanItsFrame(t *testing.T) {
	m := maptest.Stream("..hey", maptest.Reads(5))
	m.AddFrame(event.Span{Off: 0, N: 5}, of(3), []byte("HEYYYYYY"))
	m.AddFrame(event.Span{Off: 5, N: 5}, of(3), []byte("YOU"))
	assert.Equal(t, "payload · · H E Y · · Y O U", contentOf(t, m))

	m = maptest.Stream("..hey", maptest.Reads(5))
	m.AddFrame(event.Span{Off: 0, N: 5}, of(6), []byte("HEYHEY"))
	m.AddFrame(event.Span{Off: 0, N: 5}, of(-1), []byte("HEY"))
	assert.Equal(t, "bytes . . h e y", contentOf(t, m), "frames that cannot be")
}

func TestPayloadsInFrontOfTheStartAreForgotten(t *testing.T) {
	m := maptest.Stream("..hey..you", maptest.Reads(10))
	m.AddFrame(event.Span{Off: 0, N: 5}, of(3), []byte("HEY"))
	m.Begin(5)
	assert.Equal(t, "bytes . . y o u", contentOf(t, m))
	m.AddFrame(event.Span{Off: 5, N: 5}, of(3), []byte("YOU"))
	assert.Equal(t, "payload · · Y O U", contentOf(t, m))
}

func TestPayloadsAreKeptAsFarAsTheBytesAre(t *testing.T) {
	const kept = 128 << 10
	m := maptest.Stream("", maptest.Sent(kept+100), maptest.Reads(kept-8, 108))
	m.AddFrame(event.Span{Off: 0, N: kept - 4}, of(kept-14), []byte(strings.Repeat("x", kept-14)))
	m.AddFrame(event.Span{Off: kept - 4, N: 104}, of(102), []byte(strings.Repeat("y", 102)))
	assert.Equal(t, "payload "+strings.Repeat("x", 34)+"··yy", contentOf(t, m), "the closer look")
}

func TestACopyOfAMapHasFramesOfItsOwn(t *testing.T) {
	var maps streammap.Maps
	hello := eventtest.Whole(event.OpText, "hello")
	for i := range int64(6) { // with room for more in what they are kept in
		maps.Record(hello.At(event.Client, 10*i)) // 7 bytes each: with gaps
	}
	m := maps.Map(1, event.ClientToServer)
	m.AddFrame(event.Span{Off: 60, N: 7}, of(5), []byte("world"))
	picture := terminal.String(m)
	maps.Record(eventtest.Whole(event.OpPing, "again").At(event.Client, 62))
	assert.Equal(t, picture, terminal.String(m))
}

func TestTheSizesOfMoreSpansThanAreKeptStayKnown(t *testing.T) {
	m := maptest.Stream("", maptest.Reads(append(maptest.Times(1<<18, 2, 0), 1, 9)...))
	m.Begin(100)
	row := m.Row(streammap.Reads)
	assert.Equal(t, [3]int{1<<18 + 2 - 50, 1, 9}, [3]int{row.Count, row.Min, row.Max})
}
