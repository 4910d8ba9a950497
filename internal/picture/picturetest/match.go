package picturetest

import (
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"echolab/internal/streammap"
	"echolab/internal/terminal"
)

// A Place is where a mark is drawn: at one offset, or from one to another.
type Place struct {
	From, To float64
	Kind     string
}

// A Row is what is drawn of one.
type Row struct {
	Places []Place
	Close  float64 // how many bytes are so close that they may share a mark
}

// Marks are the layout's marks, each a place.
func Marks(lane streammap.Lane) []Place {
	var all []Place
	for m := range lane.Marks() {
		all = append(all, Place{float64(m.At), float64(m.At), m.Kind.String()})
	}
	return all
}

// Same asserts that the places are those, of which there may be too many to show all that differ.
func Same(t *testing.T, want, got []Place, where string) {
	t.Helper()
	for i := range min(len(want), len(got)) {
		require.Equal(t, want[i], got[i], "number %d of %s", i, where)
	}
	require.Equal(t, len(want), len(got), where)
}

// Matches holds what is drawn against the layout.
func (s Scene) Matches(t *testing.T, rows []Row) {
	t.Helper()
	lanes := s.Map.Whole().Lanes
	require.Len(t, rows, len(lanes))
	for i, lane := range lanes {
		if s.Clear {
			Same(t, Marks(lane), rows[i].Places, lane.Label()+" in\n"+terminal.String(s.Map))
			continue
		}
		rows[i].hides(t, lane)
		rows[i].invents(t, lane)
	}
}

// hides asserts that each mark of the layout is drawn, by itself or with others.
func (p Row) hides(t *testing.T, lane streammap.Lane) {
	t.Helper()
	for m := range lane.Marks() {
		at, kind := float64(m.At), m.Kind.String()
		require.True(t, slices.ContainsFunc(p.Places, func(d Place) bool {
			if at < d.From-p.Close || at > d.To+p.Close {
				return false
			}
			switch d.Kind {
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
		require.True(t, slices.ContainsFunc(p.Places, func(d Place) bool {
			return d.Kind == "unknown" && math.Abs(d.From-float64(from)) <= p.Close && math.Abs(d.To-float64(to)) <= p.Close
		}), "what lies beyond %d of %s", from, lane.Label())
	}
}

// invents asserts that what is drawn is in the layout.
func (p Row) invents(t *testing.T, lane streammap.Lane) {
	t.Helper()
	marks := slices.Collect(lane.Marks())
	for _, d := range p.Places {
		var near, inner streammap.Tally // in the place and close to it, and well inside
		for _, m := range marks {
			at := float64(m.At)
			if d.From-p.Close <= at && at <= d.To+p.Close {
				near[m.Kind]++
			}
			if d.From+p.Close < at && at < d.To-p.Close {
				inner[m.Kind]++
			}
		}
		ok := false
		switch d.Kind {
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
				return m.Kind.String() == d.Kind && d.From-p.Close <= float64(m.At) && float64(m.At) <= d.To+p.Close
			})
		}
		require.True(t, ok, "%+v of %s, where there is %v", d, lane.Label(), near)
	}
}
