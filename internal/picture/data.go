package picture

import (
	"echolab/internal/event"
	"echolab/internal/streammap"
)

// Bounds of a page, shared by the streams in it: it takes a few megabytes at most, and its script not much more.
const (
	pageFigures = 200
	pageSpans   = 2_000_000
	pageRuns    = 150_000
	pageBytes   = 1 << 20
	rowRuns     = 1 << 14   // of the spans of one row, at most, and as many of its marks
	mapBytes    = 128 << 10 // of one stream, at most
)

// pageData is what the script draws from.
type pageData struct {
	Figures []figureData `json:"figures"`
	More    int          `json:"more"` // figures that are not in the page
}

type figureData struct {
	Conn  int       `json:"conn"`
	Title string    `json:"title"`
	Notes []string  `json:"notes"`
	Maps  []mapData `json:"maps"`
}

type mapData struct {
	Dir     event.Dir `json:"dir"`
	Title   string    `json:"title"`
	Heading string    `json:"heading"`
	Start   int64     `json:"start"`
	Size    int64     `json:"size"`
	Known   int64     `json:"known"`   // the spans and marks of all rows are in the page up to there
	Judged  bool      `json:"judged"`  // messages are known: marks say how boundaries compare with them
	Wire    []byte    `json:"wire"`    // the first bytes from Start on
	Payload []byte    `json:"payload"` // the same, decoded
	Rows    []rowData `json:"rows"`
}

type rowData struct {
	Noun     string `json:"noun"`
	Label    string `json:"label"`
	Compared string `json:"compared"`
	Rating   string `json:"rating"` // the class of that
	Count    int    `json:"count"`
	End      int64  `json:"end"`
	Spans    runs   `json:"spans"` // from Start on; one of a negative length is a gap
	Marks    runs   `json:"marks"` // each as far after the one before, or after Start, as it is long
}

// A run is lengths and kinds that are the same, and follow each other: so many more than one.
type run struct {
	N        int64    `json:"n"`
	More     int      `json:"more,omitempty"`
	Kind     string   `json:"kind,omitempty"`     // of frames, and of marks
	Captions []string `json:"captions,omitempty"` // what to write on a span, the best first, if that is not its length alone
}

type runs []run

// add appends one more, and returns its run.
func (all *runs) add(n int64, kind string) *run {
	last := len(*all) - 1
	if last >= 0 && (*all)[last].N == n && (*all)[last].Kind == kind {
		(*all)[last].More++
	} else {
		*all = append(*all, run{N: n, Kind: kind})
		last++
	}
	return &(*all)[last]
}

func dataOf(figures []Figure) pageData {
	kept := figures[:min(len(figures), pageFigures)]
	limits := limitsFor(kept)
	data := pageData{Figures: []figureData{}, More: len(figures) - len(kept)}
	for _, f := range kept {
		fd := figureData{Conn: f.Conn, Title: plain(f.Title), Notes: f.notes(), Maps: []mapData{}}
		for _, m := range f.maps() {
			fd.Maps = append(fd.Maps, limits.stream(m))
		}
		data.Figures = append(data.Figures, fd)
	}
	return data
}

// limits are how many spans of a row, how many runs of them, and how many bytes of a stream, are in a page.
type limits struct{ spans, runs, bytes int }

func limitsFor(figures []Figure) limits {
	streams, rows := 1, 1
	for _, f := range figures {
		for _, m := range f.maps() {
			streams++
			rows += len(m.Rows)
		}
	}
	return limits{
		spans: pageSpans / rows,
		runs:  min(rowRuns, pageRuns/(2*rows)),
		bytes: min(mapBytes, pageBytes/streams),
	}
}

func (l limits) stream(m named) mapData {
	to := min(m.Size(), m.Start+int64(l.bytes))
	layout := m.Whole()
	data := mapData{
		Dir: m.dir, Title: plain(m.Title), Heading: plain(m.Heading()), Start: m.Start, Size: m.Size(), Known: layout.Known,
		Judged: layout.Reference != nil, Wire: m.Wire(m.Start, to), Payload: m.Decoded(m.Start, to), Rows: []rowData{},
	}
	for _, lane := range layout.Lanes {
		row := rowData{
			Noun: lane.Layer.Noun(), Label: lane.Label(), Compared: compared(m.Map, lane.Row), Count: lane.Count, End: lane.End,
		}
		row.Rating = rating(row.Compared)
		if lane.Count > 0 {
			row.Label += ", " + lane.Sizes()
		}
		var spans, marks int64
		row.Spans, spans = l.spansOf(lane, m.Start, m.Size())
		row.Marks, marks = l.marksOf(lane, m.Start, m.Size())
		data.Known = min(data.Known, spans, marks)
		data.Rows = append(data.Rows, row)
	}
	return data
}

// spansOf are the row's spans from start on, as far as the limits allow, and the offset up to which there are no others.
func (l limits) spansOf(lane streammap.Lane, start, size int64) (all runs, known int64) {
	all = runs{}
	end, n := start, 0
	for p := range lane.Pieces(start) {
		if n++; n > l.spans || len(all) >= l.runs {
			return all, end
		}
		if p.Off > end {
			all.add(end-p.Off, "")
		}
		if r := all.add(int64(p.N), p.Kind); r.More == 0 && p.Kind != "" {
			r.Captions = p.Captions()
		}
		end = p.End()
	}
	return all, size
}

// marksOf are the row's marks, in the same way.
func (l limits) marksOf(lane streammap.Lane, start, size int64) (all runs, known int64) {
	all = runs{}
	at, n := start, 0
	for mark := range lane.Marks() {
		if n++; n > l.spans || len(all) >= l.runs {
			return all, at
		}
		all.add(mark.At-at, mark.Kind.String())
		at = mark.At
	}
	return all, size
}
