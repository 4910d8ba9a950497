package picture

import "fmt"

// A mark says what there is at a place of a row. Each has a shape of its own, so that colour only repeats it.
type mark int

const (
	nothing mark = iota
	agree
	alone
	cut
	part
	lost
	dense
	mixed
	sparse
	unknown
)

// marks have a class in the style sheet each, and an entry of the legend, in the words of the map for terminals.
var marks = [...]struct{ class, text string }{
	agree:   {"agree", "boundary of a message"},
	alone:   {"alone", "boundary where no message is known"},
	cut:     {"cut", "cut inside a message"},
	part:    {"part", "a frame ends, the message goes on"},
	lost:    {"lost", "message boundary, lost in this row"},
	dense:   {"dense", "several boundaries"},
	mixed:   {"mixed", "several, some inside messages"},
	sparse:  {"sparse", "several boundaries lost"},
	unknown: {"unknown", "not drawn: more than were kept"},
}

// Sizes of a row.
const (
	rowHeight = 20
	overlap   = 3 // of a boundary's line, above and below its row
)

// path is the outline of a mark of one place, on a row whose top is at y. Marks that fill a part of a row have none.
func (m mark) path(x, y float64) string {
	const height = rowHeight + 2*overlap
	switch m {
	case agree, alone, lost:
		return fmt.Sprintf("M%s %sv%d", num(x), num(y-overlap), height)
	case cut:
		return fmt.Sprintf("M%s %sv%dm-4 %dl8 8m0 -8l-8 8", num(x), num(y-overlap), height, -height/2-4)
	case part:
		return fmt.Sprintf("M%s %sv%dm-4 0h8", num(x), num(y), rowHeight)
	}
	return ""
}

// fills says whether the mark fills a part of a row.
func (m mark) fills() bool { return m >= dense }

// A legendEntry is a mark with what it means, on a sample 18 wide and 26 high.
type legendEntry struct{ Class, Path, Text string }

// legend explains all marks.
func legend() []legendEntry {
	var all []legendEntry
	for m := agree; m <= unknown; m++ {
		all = append(all, legendEntry{marks[m].class, m.sample(), marks[m].text})
	}
	return all
}

// sample is the mark's outline in the legend.
func (m mark) sample() string {
	switch {
	case m == unknown:
		return "M0 13h18"
	case m.fills():
		return "M0 6h18v14h-18z"
	}
	return m.path(9, overlap)
}
