package streammap_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"echolab/internal/streammap"
	"echolab/internal/streammap/maptest"
	"echolab/internal/terminal"
	"echolab/internal/text"
)

// A twin is a layer as a set of boundaries: slow, and too simple to be wrong.
type twin struct {
	bounds map[int]bool
	end    int
	empty  bool
}

func newTwin(l maptest.Layer) twin {
	w := twin{bounds: map[int]bool{0: len(l.Sizes) > 0}, empty: len(l.Sizes) == 0}
	for _, n := range l.Sizes {
		w.end += n
		w.bounds[w.end] = true
	}
	return w
}

// mark is what a row with these boundaries has at an offset, if the messages have those of ref.
func (w twin) mark(offset int, ref twin) rune {
	switch {
	case w.empty || offset > w.end:
		return ' '
	case !w.bounds[offset] && ref.bounds[offset]:
		return '╎'
	case !w.bounds[offset]:
		return '─'
	case !ref.empty && offset <= ref.end && !ref.bounds[offset]:
		return '╳'
	case !ref.empty && offset > ref.end:
		return '│'
	case offset == 0:
		return '├'
	case offset == w.end:
		return '┤'
	case ref.empty:
		return '│'
	}
	return '┼'
}

// compare is what Map.Compare counts.
func (w twin) compare(ref twin) (agree, cut, lost int) {
	for offset := 1; offset <= ref.end; offset++ {
		switch {
		case w.bounds[offset] && ref.bounds[offset]:
			agree++
		case w.bounds[offset]:
			cut++
		case ref.bounds[offset]:
			lost++
		}
	}
	return agree, cut, lost
}

func TestEveryMarkIsWhatTheBoundariesSay(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 13))
	for range 500 {
		layers := []maptest.Layer{maptest.Sent(randomSizes(rng)...), maptest.Writes(randomSizes(rng)...), maptest.Reads(randomSizes(rng)...), maptest.Received(randomSizes(rng)...)}
		m := maptest.Stream(maptest.RandomBytes(rng, 60), layers...)
		if m.Size() == 0 {
			continue
		}
		lines := strings.Split(maptest.Drawn(t, m), "\n")
		ref := newTwin(layers[0])
		for i, l := range layers {
			row := []rune(lines[len(lines)-legendLines(lines)-len(layers)+i])
			assertMarks(t, []rune(lines[1]), row, newTwin(l), ref, int(m.Size()))
		}
		agree, cut, lost := m.Compare(streammap.Reads)
		wantAgree, wantCut, wantLost := newTwin(layers[2]).compare(ref)
		require.Equal(t, [3]int{wantAgree, wantCut, wantLost}, [3]int{agree, cut, lost}, terminal.String(m))
	}
}

// assertMarks holds a row of a picture against its twin, at the columns that the ruler gives to the offsets.
func assertMarks(t *testing.T, ruler, row []rune, w, ref twin, size int) {
	t.Helper()
	zero := strings.IndexByte(string(ruler), '0')
	perByte := min(4, (text.Width-1-zero)/size)
	for offset := range size + 1 {
		got := ' '
		if col := zero + offset*perByte; col < len(row) {
			got = row[col]
		}
		want := w.mark(offset, ref)
		if want == '─' && (got >= '0' && got <= '9') { // part of a size
			continue
		}
		if got != want {
			require.Equal(t, string(want), string(got), "at offset %d of:\n%s\n%s", offset, string(ruler), string(row))
		}
	}
}

// legendLines is how many lines stand below the rows, counting the empty piece after the last line break.
func legendLines(lines []string) int {
	n := 1
	for strings.Contains("┼│▓╳▒╎░┄", string([]rune(lines[len(lines)-n-1])[0])) {
		n++
	}
	return n
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
