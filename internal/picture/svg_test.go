package picture_test

import (
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/event"
	"echolab/internal/picture"
	"echolab/internal/streammap"
	"echolab/internal/terminal"
)

func TestEverySpanOfASmallMapIsInThePicture(t *testing.T) {
	layers := []layer{sent(5, 15, 13), writes(5, 28), segments(33), reads(8, 8, 17), received(5, 15, 13)}
	root := parse(t, svgOf(t, stream(greeting, layers...)))
	x := scale(t, root)
	rows := root.rows()
	require.Len(t, rows, len(layers))
	for i, l := range layers {
		drawn := boxes(t, rows[i])
		require.Len(t, drawn, len(l.sizes))
		texts, off := rows[i].texts(), 0
		for j, n := range l.sizes {
			assert.InDelta(t, x(off)+1, drawn[j][0], 0.2)
			assert.InDelta(t, x(off+n)-1, drawn[j][1], 0.2)
			assert.Contains(t, texts, strconv.Itoa(n))
			off += n
		}
	}
}

func TestAMarkStandsAtItsOffset(t *testing.T) {
	root := parse(t, svgOf(t, stream(greeting, sent(5, 15, 13), reads(8, 12, 13))))
	x, row := scale(t, root), root.rows()[1]
	for class, offsets := range map[string][]int{"agree": {0, 20, 33}, "cut": {8}, "lost": {5}} {
		var want, got []float64
		for _, offset := range offsets {
			want = append(want, x(offset))
		}
		for _, m := range markPath.FindAllStringSubmatch(row.all(class)[0].attr("d"), -1) {
			at, err := strconv.ParseFloat(m[1], 64)
			require.NoError(t, err)
			got = append(got, at)
		}
		assert.InDeltaSlice(t, want, got, 0.2, class)
	}
}

func TestThereIsNoBoxInAGap(t *testing.T) {
	m := stream(greeting, writes(33))
	m.Row(streammap.Segments).Add(span(3, 7))
	m.Row(streammap.Segments).Add(span(20, 5))
	root := parse(t, svgOf(t, m))
	x := scale(t, root)
	drawn := boxes(t, root.rows()[1])
	require.Len(t, drawn, 2)
	assert.InDeltaSlice(t, []float64{x(3) + 1, x(10) - 1}, drawn[0][:], 0.2)
	assert.InDeltaSlice(t, []float64{x(20) + 1, x(25) - 1}, drawn[1][:], 0.2)
}

func TestThePictureHasTheMarksOfTheTextMap(t *testing.T) {
	gap := stream(greeting, sent(20, 13), writes(33))
	gap.Row(streammap.Reads).Add(event.Span{Off: 5, N: 8})
	gap.Row(streammap.Reads).Add(event.Span{Off: 20, N: 10})
	for name, m := range map[string]*streammap.Map{
		"one read":    stream(greeting, sent(5, 15, 13), writes(5, 15, 13), reads(33)),
		"cuts":        stream(greeting, sent(5, 15, 13), writes(5, 28), reads(5, 8, 20), received(5, 15, 13)),
		"bytes":       stream(greeting, sent(33), segments(times(33, 1, 0)...), received(33)),
		"behind":      stream(greeting, sent(5, 15), writes(5, 15, 13), reads(8, 20, 5)),
		"no messages": stream(greeting, writes(5, 15, 13), reads(33)),
		"gap":         gap,
		"frames":      spoken([]frame{whole(opText, "hello"), whole(opText, "안녕")}, segments(23), reads(8, 15)),
		"fragments": spoken([]frame{part(opText, "hello, "), whole(opContinuation, "world"), whole(opPing, "?")},
			reads(37)),
	} {
		t.Run(name, func(t *testing.T) { sameMarks(t, m) })
	}
}

// sameMarks asserts that each row of the picture has as many marks of each kind as that of the text map.
func sameMarks(t *testing.T, m *streammap.Map) {
	t.Helper()
	rows := parse(t, svgOf(t, m)).rows()
	require.Len(t, rows, len(m.Rows))
	lines := strings.Split(terminal.String(m), "\n")
	for i, r := range m.Rows {
		line := lines[slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, r.Label()+" ") })]
		count := func(marks string) (n int) {
			for _, mark := range marks {
				n += strings.Count(line, string(mark))
			}
			return n
		}
		want := map[string]int{
			"agree": count("┼├┤"), "cut": count("╳"), "part": count("┴"), "lost": count("╎"), "alone": count("│"),
		}
		if m.Reference() == nil { // ends are drawn as ends, whatever they are
			want["agree"], want["alone"] = 0, want["agree"]+want["alone"]
		}
		got := map[string]int{}
		for class := range want {
			got[class] = 0
			for _, path := range rows[i].all(class) {
				got[class] += strings.Count(path.attr("d"), "M")
			}
		}
		assert.Equal(t, want, got, "%s in\n%s", r.Label(), m)
	}
}

func TestBytesAreShownAsTheyReadWithoutTheirMask(t *testing.T) {
	root := parse(t, svgOf(t, spoken([]frame{whole(opText, "Hi 안녕")}, reads(15))))
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
	m := stream(hostile, sent(len(hostile)), reads(len(hostile)))
	m.Title = hostile
	root := parse(t, drawn(t, picture.Figure{Title: hostile, Notes: []string{hostile}, ToServer: m}))
	assert.Contains(t, root.all("title")[0].Text, "</svg><script>alert(1)</script>··[2J", "it is text")
	assert.Equal(t, "<", root.all("byte")[0].texts()[0])
}

func TestALongStreamIsShownAsAWholeAndCloser(t *testing.T) {
	const size = 10 << 20
	messages := times(size/50, 50, size)
	cut := parse(t, svgOf(t, stream(strings.Repeat("x", 1<<17), sent(messages...), reads(times(160, 65536, size)...))))
	assert.Contains(t, cut.texts(), "closer, around the first cut inside a message, at offset 65,536")
	assert.Contains(t, cut.texts(), "read 2", "a part of a span has its number")
	assert.Contains(t, cut.texts(), "10 to 50 bytes")
	assert.Len(t, cut.rows(), 4)
	assert.NotEmpty(t, cut.rows()[0].all("dense"))
	assert.NotEmpty(t, cut.rows()[1].all("mixed"))

	parts := stream("", sent(size))
	for _, n := range messages {
		parts.AddFrame(event.Span{Off: parts.Row(streammap.Frames).End, N: n}, event.FrameHeader{Opcode: 2}, nil)
	}
	frames := parse(t, svgOf(t, parts)).rows()[1]
	assert.NotEmpty(t, frames.all("dense"), "parts of a message are no cuts")
	assert.Empty(t, frames.all("mixed"))

	none := parse(t, svgOf(t, stream("", sent(messages...), reads(size))))
	assert.Len(t, none.rows(), 2)
	assert.NotEmpty(t, none.rows()[1].all("sparse"))
}

func TestWhatWasNotKeptIsSaid(t *testing.T) {
	root := parse(t, svgOf(t, stream("", sent(times(1<<18+1000, 2, 0)...), reads(2*(1<<18+1000)))))
	assert.Contains(t, root.texts(), "not drawn: more than were kept")
	assert.NotEmpty(t, root.rows()[0].all("unknown"))
	assert.Contains(t, strings.Join(root.rows()[1].texts(), " "), "so far")
}

func TestTheLegendHasTheMarksThatWereUsed(t *testing.T) {
	agreed := parse(t, svgOf(t, stream(greeting, sent(33), reads(33)))).texts()
	assert.Contains(t, agreed, "boundary of a message")
	assert.NotContains(t, agreed, "cut inside a message")
	assert.Contains(t, parse(t, svgOf(t, stream(greeting, sent(33), reads(20, 13)))).texts(), "cut inside a message")
}

func TestAnEmptyMapIsALine(t *testing.T) {
	root := parse(t, drawn(t, picture.Figure{ToServer: stream(""), ToClient: new(streammap.Map)}))
	assert.Contains(t, root.texts(), "client → server: no byte")
	assert.Empty(t, root.rows())
	parse(t, drawn(t, picture.Figure{}))
	parse(t, drawn(t))
}

func TestThePictureIsToldInWords(t *testing.T) {
	root := parse(t, drawn(t, picture.Figure{
		Title: "a → b", Notes: []string{"3 writes, 1 read"}, ToServer: stream(greeting, sent(5, 15, 13), reads(8, 25)),
	}))
	assert.Equal(t, "Stream map of a → b", root.Nodes[0].Text)
	assert.Equal(t, "a → b\n3 writes, 1 read\nclient → server, 33 bytes.\n3 messages.\n2 reads: 1 cut, 2 lost.\n",
		root.Nodes[1].Text)
}

func TestTheSameFiguresGiveTheSamePicture(t *testing.T) {
	f := picture.Figure{
		ToServer: spoken([]frame{whole(opText, "hello")}, reads(5, 6)), ToClient: stream(greeting, sent(33)),
	}
	assert.Equal(t, drawn(t, f), drawn(t, f))
}

func TestAPictureIsWrittenOnceAndTheErrorReturned(t *testing.T) {
	for _, write := range []func(io.Writer) error{
		func(w io.Writer) error { return picture.SVG(w, picture.Figure{ToServer: stream(greeting, sent(33))}) },
		func(w io.Writer) error {
			return picture.HTML(w, "maps", picture.Figure{ToServer: stream(greeting, sent(33))})
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
