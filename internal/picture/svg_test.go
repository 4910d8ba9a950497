package picture_test

import (
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/event"
	"echolab/internal/event/eventtest"
	"echolab/internal/picture"
	"echolab/internal/streammap"
	"echolab/internal/streammap/maptest"
)

func TestEverySpanOfASmallMapIsInThePicture(t *testing.T) {
	layers := []maptest.Layer{maptest.Sent(5, 15, 13), maptest.Writes(5, 28), maptest.Segments(33), maptest.Reads(8, 8, 17), maptest.Received(5, 15, 13)}
	root := parse(t, svgOf(t, maptest.Stream(eventtest.Greeting, layers...)))
	x := scale(t, root)
	rows := root.rows()
	require.Len(t, rows, len(layers))
	for i, l := range layers {
		drawn := boxes(t, rows[i])
		require.Len(t, drawn, len(l.Sizes))
		texts, off := rows[i].texts(), 0
		for j, n := range l.Sizes {
			assert.InDelta(t, x(off)+1, drawn[j][0], 0.2)
			assert.InDelta(t, x(off+n)-1, drawn[j][1], 0.2)
			assert.Contains(t, texts, strconv.Itoa(n))
			off += n
		}
	}
}

func TestThereIsNoBoxInAGap(t *testing.T) {
	m := maptest.Stream(eventtest.Greeting, maptest.Writes(33))
	m.Row(streammap.Segments).Add(event.Span{Off: 3, N: 7})
	m.Row(streammap.Segments).Add(event.Span{Off: 20, N: 5})
	root := parse(t, svgOf(t, m))
	x := scale(t, root)
	drawn := boxes(t, root.rows()[1])
	require.Len(t, drawn, 2)
	assert.InDeltaSlice(t, []float64{x(3) + 1, x(10) - 1}, drawn[0][:], 0.2)
	assert.InDeltaSlice(t, []float64{x(20) + 1, x(25) - 1}, drawn[1][:], 0.2)
}

func TestBytesAreShownAsTheyReadWithoutTheirMask(t *testing.T) {
	root := parse(t, svgOf(t, maptest.Spoken([]int{15}, eventtest.Texts("Hi 안녕")...)))
	var chars, hex []string
	for _, g := range root.all("byte") {
		chars = append(chars, g.texts()...)
	}
	for _, g := range root.all("hex") {
		hex = append(hex, g.texts()...)
	}
	assert.Equal(t, "······Hi안녕", strings.Join(chars, ""), "a space needs no text")
	assert.Equal(t, "818937fa213d7f93", strings.Join(hex, "")[:16])
	assert.Len(t, hex, 15)
}

func TestNothingInAStreamBecomesMarkup(t *testing.T) {
	const hostile = "</svg><script>alert(1)</script>\x00\x1b[2J\u202e\ufffe\xff<!--]]>&amp;\""
	m := maptest.Stream(hostile, maptest.Sent(len(hostile)), maptest.Reads(len(hostile)))
	m.Title = hostile
	root := parse(t, drawn(t, picture.Figure{Title: hostile, Notes: []string{hostile}, ToServer: m}))
	assert.Contains(t, root.all("title")[0].Text, "</svg><script>alert(1)</script>··[2J", "it is text")
	assert.Equal(t, "<", root.all("byte")[0].texts()[0])
}

func TestALongStreamIsShownAsAWholeAndCloser(t *testing.T) {
	const size = 10 << 20
	messages := maptest.Times(size/50, 50, size)
	cut := parse(t, svgOf(t, maptest.Stream(strings.Repeat("x", 1<<17), maptest.Sent(messages...), maptest.Reads(maptest.Times(160, 65536, size)...))))
	assert.Contains(t, cut.texts(), "closer, around the first cut inside a message, at offset 65,536")
	assert.Contains(t, cut.texts(), "read 2", "a part of a span has its number")
	assert.Contains(t, cut.texts(), "10 to 50 bytes")
	assert.Len(t, cut.rows(), 4)
	assert.NotEmpty(t, cut.rows()[0].all("dense"))
	assert.NotEmpty(t, cut.rows()[1].all("mixed"))

	parts := maptest.Stream("", maptest.Sent(size))
	for _, n := range messages {
		parts.AddFrame(event.Span{Off: parts.Row(streammap.Frames).End, N: n}, event.FrameHeader{Opcode: 2}, nil)
	}
	frames := parse(t, svgOf(t, parts)).rows()[1]
	assert.NotEmpty(t, frames.all("dense"), "parts of a message are no cuts")
	assert.Empty(t, frames.all("mixed"))

	none := parse(t, svgOf(t, maptest.Stream("", maptest.Sent(messages...), maptest.Reads(size))))
	assert.Len(t, none.rows(), 2)
	assert.NotEmpty(t, none.rows()[1].all("sparse"))
}

func TestWhatWasNotKeptIsSaid(t *testing.T) {
	root := parse(t, svgOf(t, maptest.Stream("", maptest.Sent(maptest.Times(1<<18+1000, 2, 0)...), maptest.Reads(2*(1<<18+1000)))))
	assert.Contains(t, root.texts(), "not drawn: more than were kept")
	assert.NotEmpty(t, root.rows()[0].all("unknown"))
	assert.Contains(t, strings.Join(root.rows()[1].texts(), " "), "so far")
}

func TestTheLegendHasTheMarksThatWereUsed(t *testing.T) {
	agreed := parse(t, svgOf(t, maptest.Stream(eventtest.Greeting, maptest.Sent(33), maptest.Reads(33)))).texts()
	assert.Contains(t, agreed, "boundary of a message")
	assert.NotContains(t, agreed, "cut inside a message")
	assert.Contains(t, parse(t, svgOf(t, maptest.Stream(eventtest.Greeting, maptest.Sent(33), maptest.Reads(20, 13)))).texts(), "cut inside a message")
}

func TestAnEmptyMapIsALine(t *testing.T) {
	root := parse(t, drawn(t, picture.Figure{ToServer: maptest.Stream(""), ToClient: new(streammap.Map)}))
	assert.Contains(t, root.texts(), "client → server: no byte")
	assert.Empty(t, root.rows())
	parse(t, drawn(t, picture.Figure{}))
	parse(t, drawn(t))
}

func TestThePictureIsToldInWords(t *testing.T) {
	root := parse(t, drawn(t, picture.Figure{
		Title: "a → b", Notes: []string{"3 writes, 1 read"}, ToServer: maptest.Stream(eventtest.Greeting, maptest.Sent(5, 15, 13), maptest.Reads(8, 25)),
	}))
	assert.Equal(t, "Stream map of a → b", root.Nodes[0].Text)
	assert.Equal(t, "a → b\n3 writes, 1 read\nclient → server, 33 bytes.\n3 messages.\n2 reads: 1 cut, 2 lost.\n",
		root.Nodes[1].Text)
}

func TestTheSameFiguresGiveTheSamePicture(t *testing.T) {
	f := picture.Figure{
		ToServer: maptest.Spoken([]int{5, 6}, eventtest.Texts("hello")...), ToClient: maptest.Stream(eventtest.Greeting, maptest.Sent(33)),
	}
	assert.Equal(t, drawn(t, f), drawn(t, f))
}

func TestAPictureIsWrittenOnceAndTheErrorReturned(t *testing.T) {
	for _, write := range []func(io.Writer) error{
		func(w io.Writer) error {
			return picture.SVG(w, picture.Figure{ToServer: maptest.Stream(eventtest.Greeting, maptest.Sent(33))})
		},
		func(w io.Writer) error {
			return picture.HTML(w, "maps", picture.Figure{ToServer: maptest.Stream(eventtest.Greeting, maptest.Sent(33))})
		},
	} {
		w := &failing{err: errors.New("broken")}
		assert.Equal(t, w.err, write(w))
		assert.Equal(t, 1, w.writes)
	}
}

// failing is a Writer that always fails.
type failing struct {
	writes int
	err    error
}

func (f *failing) Write([]byte) (int, error) {
	f.writes++
	return 0, f.err
}
