package picture_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/event"
	"echolab/internal/event/eventtest"
	"echolab/internal/picture"
	"echolab/internal/streammap"
	"echolab/internal/streammap/maptest"
	"echolab/internal/text"
)

// worst is a map with as many different things to draw as there is room for, of a stream of that many bytes.
func worst(random *rand.Rand, size int) *streammap.Map {
	m := &streammap.Map{Title: "client → server"}
	data := make([]byte, min(size, 1<<17))
	for i := range data {
		data[i] = byte(random.Uint32())
	}
	m.Keep(0, data)
	for l := streammap.Sent; l <= streammap.Received; l++ {
		r := m.Row(l)
		for r.End < int64(size) {
			s := event.Span{Off: r.End, N: random.IntN(1 + max(1, size/40))}
			if random.IntN(10) == 0 {
				s.Off += int64(random.IntN(3))
			}
			if l == streammap.Frames {
				m.AddFrame(s, event.FrameHeader{Opcode: byte(random.IntN(16)), Payload: int64(s.N)}, nil)
			} else {
				r.Add(s)
			}
		}
	}
	return m
}

func TestAPictureIsSmallWhateverItShows(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for _, size := range []int{1, 80, 82, 500, 5000, 1 << 20} {
		f := picture.Figure{Title: "worst", ToServer: worst(random, size), ToClient: worst(random, size)}
		parse(t, drawn(t, f)) // which looks at its size
	}
	ones := maptest.Times(1<<18+10, 1, 0)
	f := picture.Figure{
		Title:    strings.Repeat("<", 10_000),
		Notes:    slices.Repeat([]string{strings.Repeat("& ", 10_000)}, 1000),
		ToServer: maptest.Stream(strings.Repeat("<", 1<<17), maptest.Sent(ones...), maptest.Reads(ones...)),
	}
	parse(t, drawn(t, f))
}

func TestFiguresThatHaveNoRoomAreCounted(t *testing.T) {
	f := picture.Figure{Title: "one of many", ToServer: maptest.Stream(eventtest.Greeting, maptest.Sent(5, 15, 13), maptest.Reads(maptest.Times(33, 1, 0)...))}
	figures := make([]picture.Figure, 300)
	for i := range figures {
		figures[i] = f
	}
	texts := parse(t, drawn(t, figures...)).texts()
	shown := 0
	for _, text := range texts {
		if text == f.Title {
			shown++
		}
	}
	assert.Greater(t, shown, 10)
	assert.Contains(t, texts, text.Number(int64(300-shown))+" more connections, not in this picture")
}

func TestAnyMapHasAPictureAndAPage(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 100 {
		m := worst(random, 1+random.IntN(1<<random.IntN(16)))
		if random.IntN(2) == 0 {
			m.Begin(random.Int64N(m.Size() + 1))
		}
		f := picture.Figure{Conn: 1, ToServer: m}
		parse(t, drawn(t, f))
		pageOf(t, f)
	}
}

func TestHugeOffsetsHaveAPicture(t *testing.T) {
	for _, size := range []int{1 << 40, 1 << 62} {
		f := picture.Figure{ToServer: maptest.Stream("", maptest.Sent(size/2, size-size/2), maptest.Reads(size/3, size-size/3))}
		require.Contains(t, parse(t, drawn(t, f)).texts(), text.Number(int64(size/3)))
		pageOf(t, f)
	}
}
