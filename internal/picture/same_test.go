package picture_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"echolab/internal/picture"
	"echolab/internal/picture/picturetest"
	"echolab/internal/streammap"
	"echolab/internal/streammap/maptest"
	"echolab/internal/terminal"
)

func TestTheTextDrawsTheLayout(t *testing.T) {
	for _, s := range picturetest.Scenes() {
		t.Run(s.Name, func(t *testing.T) { s.Matches(t, textRows(t, s.Map)) })
	}
}

func TestThePictureDrawsTheLayout(t *testing.T) {
	for _, s := range picturetest.Scenes() {
		t.Run(s.Name, func(t *testing.T) { s.Matches(t, pictureRows(t, s.Map)) })
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
		s := picturetest.Scene{Name: "any", Clear: true, Map: maptest.Stream("", maptest.Sent(sizes()...), maptest.Writes(sizes()...),
			maptest.Segments(sizes()...), maptest.Reads(sizes()...))}
		s.Matches(t, textRows(t, s.Map))
		s.Matches(t, pictureRows(t, s.Map))
	}
}

func TestThePageHasTheLayout(t *testing.T) {
	for _, s := range picturetest.Scenes() {
		t.Run(s.Name, func(t *testing.T) {
			p := pageOf(t, picture.Figure{ToServer: s.Map}).Figures[0].Maps[0]
			assert.Equal(t, s.Map.Reference() != nil, p.Judged)
			for i, lane := range s.Map.Whole().Lanes {
				var got []picturetest.Place
				at := p.Start
				for _, run := range p.Rows[i].Marks {
					for range run.More + 1 {
						at += int64(run.N)
						got = append(got, picturetest.Place{From: float64(at), To: float64(at), Kind: run.Kind})
					}
				}
				picturetest.Same(t, picturetest.Marks(lane), got, lane.Label())
			}
		})
	}
}

// glyphs are the marks of the text.
var glyphs = map[rune]string{
	'┼': "agree", '│': "alone", '╳': "cut", '┴': "part", '╎': "lost", '▓': "dense", '▒': "mixed", '░': "sparse", '┄': "unknown",
}

// textRows reads the rows of the text map.
func textRows(t *testing.T, m *streammap.Map) []picturetest.Row {
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
	var all []picturetest.Row
	for _, r := range m.Rows {
		i := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line+" ", r.Label()+" ") })
		row := picturetest.Row{Close: n / cols}
		if perByte > 0 {
			row.Close = 0
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
			at := picturetest.Place{From: offset(c), To: offset(c), Kind: kind}
			if perByte == 0 {
				at.To = offset(c + 1)
			}
			if last := len(row.Places) - 1; last >= 0 && kind == "unknown" && row.Places[last].Kind == kind {
				row.Places[last].To = at.To
				continue
			}
			row.Places = append(row.Places, at)
		}
		all = append(all, row)
	}
	return all
}
