package streammap_test

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"echolab/internal/event"
	"echolab/internal/streammap"
	"echolab/internal/streammap/maptest"
	"echolab/internal/terminal"
	"echolab/internal/text"
)

// A lane is a layer whose spans may have gaps between them, as it is after the start of its map: for each offset,
// whether a span begins or ends there, and whether one covers the byte after it. It is slow, and too simple to be wrong.
type lane struct {
	streammap.Layer
	start, end      int
	sizes           []int
	bounds, covered map[int]bool
}

func newLane(l streammap.Layer, start int, spans []event.Span) lane {
	w := lane{Layer: l, start: start, end: start, bounds: make(map[int]bool), covered: make(map[int]bool)}
	for _, s := range spans {
		from, to := int(s.Off), int(s.Off)+s.N
		if from < start && to <= start {
			continue
		}
		from = max(from, start)
		w.sizes = append(w.sizes, to-from)
		w.bounds[from], w.bounds[to], w.end = true, true, to
		for at := from; at < to; at++ {
			w.covered[at] = true
		}
	}
	return w
}

// inside says whether an offset lies inside a span.
func (w lane) inside(at int) bool { return !w.bounds[at] && w.covered[at-1] && w.covered[at] }

// mark is what the row has at an offset, if the messages are those of ref.
func (w lane) mark(at int, ref lane) rune {
	known := len(ref.sizes) > 0
	switch {
	case len(w.sizes) == 0 || at > w.end:
		return ' '
	case !w.bounds[at] && ref.bounds[at]:
		return '╎'
	case !w.bounds[at] && (w.covered[at] || w.covered[at-1]):
		return '─'
	case !w.bounds[at]:
		return ' '
	case known && ref.inside(at) && w.Layer == streammap.Frames:
		return '┴'
	case known && ref.inside(at):
		return '╳'
	case known && !ref.bounds[at] && at != w.start:
		return '│'
	case at == w.start:
		return '├'
	case at == w.end:
		return '┤'
	case !w.covered[at-1]:
		return '├'
	case !w.covered[at]:
		return '┤'
	case !known:
		return '│'
	}
	return '┼'
}

func (w lane) compare(ref lane) (agree, cut, lost int) {
	for at := w.start + 1; at <= ref.end; at++ {
		switch {
		case w.bounds[at] && ref.bounds[at]:
			agree++
		case w.bounds[at] && ref.inside(at):
			cut++
		case ref.bounds[at]:
			lost++
		}
	}
	return agree, cut, lost
}

// firstCut is the first boundary that lies inside a message of ref, or -1.
func firstCut(lanes []lane, ref lane) int {
	for at := ref.start + 1; at < ref.end; at++ {
		for _, w := range lanes {
			if w.Layer != streammap.Frames && w.bounds[at] && ref.inside(at) {
				return at
			}
		}
	}
	return -1
}

// randomSizes is at most 60 bytes in spans, some of them empty.
func randomSizes(rng *rand.Rand) []int {
	var sizes []int
	longest := 1 + rng.IntN(30)
	for left := rng.IntN(61); left > 0; {
		n := min(left, rng.IntN(longest+1))
		sizes = append(sizes, n)
		left -= n
	}
	return sizes
}

// randomSpans are at most 60 bytes, some of them with gaps between them, some of them empty.
func randomSpans(rng *rand.Rand) []event.Span {
	var spans []event.Span
	off, gaps := 0, rng.IntN(2) == 0
	for _, n := range randomSizes(rng) {
		if gaps && rng.IntN(4) == 0 {
			off += rng.IntN(5)
		}
		if off+n > 60 {
			break
		}
		spans = append(spans, event.Span{Off: int64(off), N: n})
		off += n
	}
	return spans
}

func TestEveryMarkIsWhatTheBoundariesSayWhereverTheMapBegins(t *testing.T) {
	rng := rand.New(rand.NewPCG(29, 13))
	for range 1000 {
		start := max(0, rng.IntN(60)-20)
		var m streammap.Map
		begin := rng.IntN(6)
		var lanes []lane
		for l := streammap.Sent; l <= streammap.Received; l++ {
			if int(l) == begin {
				m.Begin(int64(start)) // the rows so far are cut; those to come begin there
			}
			row, spans := m.Row(l), randomSpans(rng)
			lanes = append(lanes, newLane(l, start, spans))
			for _, s := range spans {
				row.Add(s)
			}
		}
		m.Begin(int64(start))
		assertLanes(t, &m, lanes)
	}
}

// captions are what stands on the spans: what kind of frame it is, and its size.
var captions = regexp.MustCompile(`[a-z]+ \d+|[a-z]+|\d+`)

func assertLanes(t *testing.T, m *streammap.Map, lanes []lane) {
	t.Helper()
	ref := lanes[streammap.Sent]
	if len(ref.sizes) == 0 && len(lanes[streammap.Frames].sizes) > 0 {
		ref = lanes[streammap.Received]
	}
	for _, w := range lanes {
		row := m.Row(w.Layer)
		require.Equal(t, [2]int{len(w.sizes), w.end}, [2]int{row.Count, int(row.End)}, "layer %d", w.Layer)
		if len(w.sizes) > 0 {
			require.Equal(t, [2]int{slices.Min(w.sizes), slices.Max(w.sizes)}, [2]int{row.Min, row.Max}, "layer %d", w.Layer)
		}
	}
	agree, cut, lost := m.Compare(streammap.Reads)
	wantAgree, wantCut, wantLost := lanes[streammap.Reads].compare(ref)
	if len(ref.sizes) == 0 {
		wantAgree, wantCut, wantLost = 0, 0, 0
	}
	require.Equal(t, [3]int{wantAgree, wantCut, wantLost}, [3]int{agree, cut, lost}, terminal.String(m))
	offset, ok := m.FirstCut()
	want := firstCut(lanes, ref)
	require.Equal(t, want >= 0, ok, terminal.String(m))
	if ok {
		require.EqualValues(t, want, offset, terminal.String(m))
	}
	picture := maptest.Drawn(t, m)
	if m.Size() == m.Start {
		return
	}
	lines := strings.Split(picture, "\n")
	zero := len("offset") + strings.IndexFunc(lines[1][len("offset"):], func(r rune) bool { return r != ' ' })
	perByte := min(4, (text.Width-1-zero)/int(m.Size()-m.Start))
	for i, w := range lanes {
		row := []rune(captions.ReplaceAllStringFunc(lines[2+i], func(s string) string { return strings.Repeat("─", len(s)) }))
		for at := w.start; at <= int(m.Size()); at++ {
			got := ' '
			if col := zero + (at-w.start)*perByte; col < len(row) {
				got = row[col]
			}
			require.Equal(t, string(w.mark(at, ref)), string(got), "at offset %d of layer %d in\n%s", at, w.Layer, picture)
		}
	}
}
