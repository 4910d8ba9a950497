package picture

import "echolab/internal/streammap"

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

// A view is a layout on a ruler: the offsets From..To, from left to right.
type view struct {
	*streammap.Layout
	width float64 // of the ruler
}

func newView(l *streammap.Layout) *view {
	width := trackWidth
	if n := l.To - l.From; n < trackWidth/widestByte {
		width = int(n) * widestByte
	}
	return &view{l, float64(width)}
}

// x is the place of an offset in From..To.
func (v *view) x(offset int64) float64 {
	return trackLeft + float64(offset-v.From)/float64(v.To-v.From)*v.width
}

// perByte is the width of one byte.
func (v *view) perByte() float64 { return v.width / float64(v.To-v.From) }

func (v *view) showsBytes() bool { return v.perByte() >= leastByte }

// bins is how many parts the ruler has in which boundaries are counted, if they are too many to be drawn one by one.
func (v *view) bins() int { return int(v.width)/binWidth + 1 }

func (v *view) bin(offset int64) int { return int(v.x(offset)-trackLeft) / binWidth }

// A bin has the marks of a row that fall into it.
type bin struct {
	streammap.Tally
	at     int64 // the last boundary of the row
	lostAt int64 // the last one that is lost
}

// count puts a row's marks into bins.
func (v *view) count(lane streammap.Lane) []bin {
	bins := make([]bin, v.bins())
	for mark := range lane.Marks() {
		b := &bins[v.bin(mark.At)]
		b.Tally[mark.Kind]++
		if mark.Kind == streammap.Lost {
			b.lostAt = mark.At
		} else {
			b.at = mark.At
		}
	}
	return bins
}

// several are the marks for more than one of a kind.
var several = map[streammap.Kind]streammap.Kind{
	streammap.Cut: streammap.Mixed, streammap.Lost: streammap.Sparse,
	streammap.Agree: streammap.Dense, streammap.Part: streammap.Dense, streammap.Alone: streammap.Dense,
}

// marksOf are the marks of the bins: one boundary among several of its kind is drawn like them.
func marksOf(bins []bin) []streammap.Kind {
	all := make([]streammap.Kind, len(bins))
	for i, b := range bins {
		all[i] = b.Kind()
		more, ok := several[all[i]]
		if ok && (i > 0 && bins[i-1].Kind() == more || i+1 < len(bins) && bins[i+1].Kind() == more) {
			all[i] = more
		}
	}
	return all
}

// A box is a stretch of a row, or several that are too narrow to be drawn one by one.
type box struct {
	streammap.Stretch
	single bool
}

// boxes are a row's spans.
func (v *view) boxes(lane streammap.Lane) []box {
	var all []box
	for s := range lane.Stretches() {
		narrow := v.x(s.To)-v.x(s.From) < binWidth
		if last := len(all) - 1; narrow && last >= 0 && !all[last].single && all[last].To == s.From {
			all[last].To = s.To
			continue
		}
		all = append(all, box{s, !narrow})
	}
	return all
}
