package picture

import (
	"slices"

	"echolab/internal/streammap"
)

// Places in a picture, in its own units: pixels, as long as it is not scaled.
const (
	pictureWidth = 860
	margin       = 16
	labelWidth   = 122
	sideWidth    = 132 // what stands to the right of a row
	trackLeft    = margin + labelWidth
	trackWidth   = pictureWidth - 2*margin - labelWidth - sideWidth

	widestByte = 34 // keeps a few bytes from being spread over the whole picture
	leastByte  = 7  // a byte's character needs
	hexByte    = 14 // a byte's two hexadecimal digits need
	binWidth   = 7  // boundaries need that much room each, to be drawn one by one
)

// A view is a part of a map on a ruler: the offsets from..to, from left to right.
type view struct {
	m        *streammap.Map
	from, to int64
	known    int64   // beyond it, boundaries were not kept
	width    float64 // of the ruler
}

func newView(m *streammap.Map, from, to int64) *view {
	width := trackWidth
	if n := to - from; n < trackWidth/widestByte {
		width = int(n) * widestByte
	}
	return &view{m: m, from: from, to: to, known: min(m.Known(), to), width: float64(width)}
}

// x is the place of an offset in from..to.
func (v *view) x(offset int64) float64 {
	return trackLeft + float64(offset-v.from)/float64(v.to-v.from)*v.width
}

// perByte is the width of one byte.
func (v *view) perByte() float64 { return v.width / float64(v.to-v.from) }

func (v *view) showsBytes() bool { return v.perByte() >= leastByte }

// bins is how many parts the ruler has in which boundaries are counted, if they are too many to be drawn one by one.
func (v *view) bins() int { return int(v.width)/binWidth + 1 }

func (v *view) bin(offset int64) int { return int(v.x(offset)-trackLeft) / binWidth }

// A bin has the boundaries of a row that fall into it: so many of each verdict, and those of messages that are lost.
type bin struct {
	verdicts [streammap.Alone + 1]int
	lost     int
	at       int64 // the last boundary of the row
	lostAt   int64 // the last one that is lost
}

func (b bin) count() int {
	n := 0
	for _, of := range b.verdicts {
		n += of
	}
	return n
}

// mark is how a bin is to be drawn.
func (b bin) mark() mark {
	switch n := b.count(); {
	case n > 1 && b.verdicts[streammap.Cuts] == 0:
		return dense
	case n > 1:
		return mixed
	case b.verdicts[streammap.Cuts] == 1:
		return cut
	case b.verdicts[streammap.Parts] == 1:
		return part
	case b.verdicts[streammap.Alone] == 1:
		return alone
	case b.verdicts[streammap.Agrees] == 1 && b.lost == 0:
		return agree
	case b.lost > 1:
		return sparse
	case b.lost == 1:
		return lost
	}
	return nothing
}

// several is the mark for more than one of m.
func (m mark) several() mark {
	switch m {
	case cut:
		return mixed
	case agree, part, alone:
		return dense
	case lost:
		return sparse
	}
	return m
}

// marksOf are the marks of the bins: one boundary among several of its kind is drawn like them.
func marksOf(bins []bin) []mark {
	all := make([]mark, len(bins))
	for i, b := range bins {
		all[i] = b.mark()
		several := all[i].several()
		if i > 0 && bins[i-1].mark() == several || i+1 < len(bins) && bins[i+1].mark() == several {
			all[i] = several
		}
	}
	return all
}

// count puts a row's boundaries into bins.
func (v *view) count(r *streammap.Row, bounds []int64) []bin {
	bins := make([]bin, v.bins())
	for _, at := range bounds {
		b := &bins[v.bin(at)]
		b.verdicts[v.m.Verdict(r, at)]++
		b.at = at
	}
	for _, at := range v.m.Lost(r, v.from, v.known) {
		b := &bins[v.bin(at)]
		b.lost++
		b.lostAt = at
	}
	return bins
}

// A box is a span of a row, or the part of one that is in view, or several that are too narrow to be drawn one by one.
type box struct {
	from, to int64
	open     [2]bool // it goes on in front of the view, behind the view
	single   bool
}

// boxes are a row's spans.
func (v *view) boxes(r *streammap.Row, bounds []int64) []box {
	var all []box
	add := func(b box) {
		narrow := v.x(b.to)-v.x(b.from) < binWidth
		if last := len(all) - 1; narrow && last >= 0 && !all[last].single && all[last].to == b.from {
			all[last].to, all[last].open[1] = b.to, b.open[1]
			return
		}
		b.single = !narrow
		all = append(all, b)
	}
	end := min(r.End, v.known)
	points := slices.Clone(bounds)
	if len(points) == 0 || points[0] != v.from {
		points = slices.Insert(points, 0, v.from)
	}
	if points[len(points)-1] < end {
		points = append(points, end)
	}
	for i := 1; i < len(points); i++ {
		if from, to := points[i-1], points[i]; r.Covers(to) {
			add(box{from: from, to: to, open: [2]bool{!r.Has(from), !r.Has(to)}})
		}
	}
	return all
}
