package picture_test

import (
	"encoding/json"
	"math"
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
	"echolab/internal/terminal"
)

// A scene is a map that text, picture and page must draw alike. In a clear one every mark has a place of its own.
type scene struct {
	name  string
	clear bool
	m     *streammap.Map
}

// scenes have every kind of mark, and every reason for one.
func scenes() []scene {
	gaps := maptest.Stream(eventtest.Greeting, maptest.Sent(20, 13), maptest.Writes(33))
	gaps.Row(streammap.Reads).Add(event.Span{Off: 5, N: 8})
	gaps.Row(streammap.Reads).Add(event.Span{Off: 20, N: 10})
	late := maptest.Stream(eventtest.Greeting, maptest.Segments(5, 15, 13))
	late.Row(streammap.Sent).Add(event.Span{Off: 8, N: 12})
	late.Row(streammap.Sent).Add(event.Span{Off: 20, N: 5})
	control := maptest.Spoken([]int{20, 20, 10}, eventtest.Fragment(event.OpText, "hello, "),
		eventtest.Whole(event.OpPing, "are you there?"), eventtest.Whole(event.OpContinuation, "world"),
		eventtest.Whole(event.OpText, "bye"), eventtest.Whole(event.OpClose, "\x03\xe8done"))
	many := maptest.Stream("", maptest.Sent(1000), maptest.Reads(1000))
	for range 500 {
		many.AddFrame(event.Span{Off: many.Row(streammap.Frames).End, N: 2}, event.FrameHeader{Opcode: event.OpBinary}, nil)
	}
	const kept = 1 << 18
	return []scene{
		{"lost", true, maptest.Stream(eventtest.Greeting, maptest.Sent(5, 15, 13), maptest.Writes(5, 15, 13), maptest.Reads(33))},
		{"each kind", true, maptest.Stream(eventtest.Greeting, maptest.Sent(5, 15, 13), maptest.Writes(5, 28),
			maptest.Reads(5, 8, 20), maptest.Received(5, 15))},
		{"cut frames", true, maptest.Spoken([]int{8, 8, 35}, texts("hello", "안녕하세요", "goodbye, TCP!")...)},
		{"parts and control frames", true, control},
		{"gaps", true, gaps},
		{"no message known", true, maptest.Stream(eventtest.Greeting, maptest.Writes(5, 15, 13), maptest.Reads(33))},
		{"messages known late, and not to the end", true, late},
		{"empty spans and an empty row", true, maptest.Stream("abcdef", maptest.Sent(0, 3, 0, 0, 3, 0), maptest.Writes(6, 0), maptest.Reads())},
		{"dense", false, maptest.Stream("", maptest.Sent(maptest.Times(200, 5, 0)...), maptest.Writes(maptest.Times(500, 2, 0)...),
			maptest.Segments(1000), maptest.Reads(maptest.Times(142, 7, 1000)...))},
		{"one cut beside many boundaries", false, maptest.Stream("", maptest.Sent(maptest.Times(200, 5, 0)...),
			maptest.Writes(append(maptest.Times(101, 5, 0), 8, 487)...))},
		{"many parts", false, many},
		{"more than are kept", false, maptest.Stream("", maptest.Sent(maptest.Times(kept+50_000, 2, 0)...),
			maptest.Reads(maptest.Times(20, 32_768, 2*(kept+50_000))...))},
	}
}

// A place is where a mark is drawn: at one offset, or from one to another.
type place struct {
	from, to float64
	kind     string
}

// A pictured row is what is drawn of one, and how many bytes are so close that they may share a mark.
type pictured struct {
	places []place
	close  float64
}

func TestTheTextDrawsTheLayout(t *testing.T) {
	for _, s := range scenes() {
		t.Run(s.name, func(t *testing.T) { s.matches(t, textRows(t, s.m)) })
	}
}

func TestThePictureDrawsTheLayout(t *testing.T) {
	for _, s := range scenes() {
		t.Run(s.name, func(t *testing.T) { s.matches(t, pictureRows(t, s.m)) })
	}
}

func TestTheTextAndThePictureDrawTheLayoutOfAnySmallMap(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	for range 100 {
		n := 2 + random.IntN(40)
		sizes := func() []int {
			var all []int
			for left := n; left > 0; {
				all = append(all, 1+random.IntN(left))
				left -= all[len(all)-1]
			}
			return all
		}
		s := scene{"any", true, maptest.Stream("", maptest.Sent(sizes()...), maptest.Writes(sizes()...),
			maptest.Segments(sizes()...), maptest.Reads(sizes()...))}
		s.matches(t, textRows(t, s.m))
		s.matches(t, pictureRows(t, s.m))
	}
}

func TestThePageHasTheLayout(t *testing.T) {
	for _, s := range scenes() {
		t.Run(s.name, func(t *testing.T) {
			p := pageOf(t, picture.Figure{ToServer: s.m}).Figures[0].Maps[0]
			assert.Equal(t, s.m.Reference() != nil, p.Judged)
			for i, lane := range s.m.Whole().Lanes {
				var got []place
				at := p.Start
				for _, run := range p.Rows[i].Marks {
					for range run.More + 1 {
						at += int64(run.N)
						got = append(got, place{float64(at), float64(at), run.Kind})
					}
				}
				same(t, want(lane), got, lane.Label())
			}
		})
	}
}

func TestThePageDrawsTheLayout(t *testing.T) {
	t.Parallel()
	all := scenes()
	last := len(all) - 1 // which takes the room that a page has for spans, by itself
	for _, scenes := range [][]scene{all[:last], all[last:]} {
		for i, d := range pageDrawings(t, scenes) {
			t.Run(scenes[i].name, func(t *testing.T) { scenes[i].matches(t, d.pictured(t)) })
		}
	}
}

// pageDrawings are what a browser draws in a page of the scenes, one for each.
func pageDrawings(t *testing.T, scenes []scene) []drawing {
	t.Helper()
	var figures []picture.Figure
	for i, s := range scenes {
		figures = append(figures, picture.Figure{Conn: i + 1, ToServer: s.m})
	}
	told := act(t, "", []string{`JSON.stringify([...doc.querySelectorAll("svg[role=slider]")].map(svg => ({
		ticks: [...svg.querySelectorAll(".tick")].map(tick => [tick.textContent, tick.getAttribute("x")]),
		rows: [...svg.querySelectorAll("g.row, g.message")].map(g =>
			[...g.querySelectorAll("path")].map(path => [path.getAttribute("class"), path.getAttribute("d")])),
	})))`}, figures...)
	var drawings []drawing
	require.NoError(t, json.Unmarshal([]byte(told[0]), &drawings), told[0])
	require.Len(t, drawings, len(scenes))
	return drawings
}

// want are the layout's marks, each a place.
func want(lane streammap.Lane) []place {
	var all []place
	for m := range lane.Marks() {
		all = append(all, place{float64(m.At), float64(m.At), m.Kind.String()})
	}
	return all
}

// same asserts that the places are those, of which there may be too many to show all that differ.
func same(t *testing.T, want, got []place, where string) {
	t.Helper()
	for i := range min(len(want), len(got)) {
		require.Equal(t, want[i], got[i], "number %d of %s", i, where)
	}
	require.Equal(t, len(want), len(got), where)
}

// matches holds what is drawn against the layout.
func (s scene) matches(t *testing.T, rows []pictured) {
	t.Helper()
	lanes := s.m.Whole().Lanes
	require.Len(t, rows, len(lanes))
	for i, lane := range lanes {
		if s.clear {
			same(t, want(lane), rows[i].places, lane.Label()+" in\n"+terminal.String(s.m))
			continue
		}
		rows[i].hides(t, lane)
		rows[i].invents(t, lane)
	}
}

// hides asserts that each mark of the layout is drawn, by itself or with others.
func (p pictured) hides(t *testing.T, lane streammap.Lane) {
	t.Helper()
	for m := range lane.Marks() {
		at, kind := float64(m.At), m.Kind.String()
		require.True(t, slices.ContainsFunc(p.places, func(d place) bool {
			if at < d.from-p.close || at > d.to+p.close {
				return false
			}
			switch d.kind {
			case kind, "mixed", "caption":
				return true
			case "dense":
				return kind != "cut"
			case "sparse", "lost":
				return kind == "agree" || kind == "lost"
			}
			return kind == "lost" // beside a boundary of the row
		}), "%s at %d of %s is not drawn", kind, m.At, lane.Label())
	}
	if from, to := lane.Beyond(); from < to {
		require.True(t, slices.ContainsFunc(p.places, func(d place) bool {
			return d.kind == "unknown" && math.Abs(d.from-float64(from)) <= p.close && math.Abs(d.to-float64(to)) <= p.close
		}), "what lies beyond %d of %s", from, lane.Label())
	}
}

// invents asserts that what is drawn is in the layout.
func (p pictured) invents(t *testing.T, lane streammap.Lane) {
	t.Helper()
	marks := slices.Collect(lane.Marks())
	for _, d := range p.places {
		var near, inner streammap.Tally // in the place and close to it, and well inside
		for _, m := range marks {
			at := float64(m.At)
			if d.from-p.close <= at && at <= d.to+p.close {
				near[m.Kind]++
			}
			if d.from+p.close < at && at < d.to-p.close {
				inner[m.Kind]++
			}
		}
		ok := false
		switch d.kind {
		case "caption":
			ok = true
		case "dense":
			ok = near.Own() > 1 && inner[streammap.Cut] == 0
		case "mixed":
			ok = near.Own() > 1 && near[streammap.Cut] > 0
		case "sparse":
			ok = near[streammap.Lost] > 1 && inner[streammap.Cut] == 0
		case "unknown":
			ok = inner == streammap.Tally{}
		default:
			ok = slices.ContainsFunc(marks, func(m streammap.Mark) bool {
				return m.Kind.String() == d.kind && d.from-p.close <= float64(m.At) && float64(m.At) <= d.to+p.close
			})
		}
		require.True(t, ok, "%+v of %s, where there is %v", d, lane.Label(), near)
	}
}

// glyphs are the marks of the text.
var glyphs = map[rune]string{
	'┼': "agree", '│': "alone", '╳': "cut", '┴': "part", '╎': "lost", '▓': "dense", '▒': "mixed", '░': "sparse", '┄': "unknown",
}

// textRows reads the rows of the text map.
func textRows(t *testing.T, m *streammap.Map) []pictured {
	t.Helper()
	lines := strings.Split(terminal.String(m), "\n")
	ruler := lines[1]
	label := strings.IndexAny(ruler, "0123456789")
	n, room := float64(m.Size()-m.Start), 79-label
	perByte := float64(min(4, room/int(n)))
	cols := perByte * n
	if perByte == 0 {
		cols = float64(room)
	}
	offset := func(col int) float64 { return float64(m.Start) + float64(col)*n/cols }
	plain := "agree"
	if m.Reference() == nil { // ends are drawn as ends, whatever they are
		plain = "alone"
	}
	var all []pictured
	for _, r := range m.Rows {
		i := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line+" ", r.Label()+" ") })
		row := pictured{close: n / cols}
		if perByte > 0 {
			row.close = 0
		}
		cells := []rune(lines[i])
		for c, cell := range cells[min(label, len(cells)):] {
			kind := glyphs[cell]
			switch {
			case cell == '├' || cell == '┤':
				kind = plain
			case kind == "" && perByte == 0 && cell != '─': // the sizes of a dense row, or a gap
				kind = "caption"
			case kind == "":
				continue
			}
			at := place{offset(c), offset(c), kind}
			if perByte == 0 {
				at.to = offset(c + 1)
			}
			if last := len(row.places) - 1; last >= 0 && kind == "unknown" && row.places[last].kind == kind {
				row.places[last].to = at.to
				continue
			}
			row.places = append(row.places, at)
		}
		all = append(all, row)
	}
	return all
}
