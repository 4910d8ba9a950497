package picture

import (
	"slices"

	"echolab/internal/event"
	"echolab/internal/streammap"
)

// Bounds of a page, shared by the streams in it: it takes a few megabytes at most, and its script not much more.
const (
	pageFigures = 200
	pageSpans   = 2_000_000
	pageRuns    = 150_000
	pageBytes   = 1 << 20
	rowRuns     = 1 << 14   // of one row, at most
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
	Dir       event.Dir `json:"dir"`
	Title     string    `json:"title"`
	Heading   string    `json:"heading"`
	Start     int64     `json:"start"`
	Size      int64     `json:"size"`
	Known     int64     `json:"known"`     // the spans of all rows are in the page up to there
	Reference int       `json:"reference"` // the row that the others are held against; -1 if there is none
	Wire      []byte    `json:"wire"`      // the first bytes from Start on
	Payload   []byte    `json:"payload"`   // the same, decoded
	Rows      []rowData `json:"rows"`
}

type rowData struct {
	Noun     string `json:"noun"`
	Label    string `json:"label"`
	Compared string `json:"compared"`
	Rating   string `json:"rating"` // the class of that
	Count    int    `json:"count"`
	End      int64  `json:"end"`
	Runs     []run  `json:"runs"`
}

// A run is spans of one length and kind that follow each other; one of a negative length is a gap.
type run struct {
	N     int64  `json:"n"`
	Times int    `json:"times"`
	Kind  string `json:"kind,omitempty"` // of frames
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

// limits are how many spans and runs of a row, and how many bytes of a stream, are in a page.
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
		runs:  min(rowRuns, pageRuns/rows),
		bytes: min(mapBytes, pageBytes/streams),
	}
}

func (l limits) stream(m named) mapData {
	to := min(m.Size(), m.Start+int64(l.bytes))
	data := mapData{
		Dir: m.dir, Title: plain(m.Title), Heading: heading(m.Map), Start: m.Start, Size: m.Size(), Known: m.Known(),
		Reference: slices.Index(m.Rows, m.Reference()), Wire: m.Wire(m.Start, to), Payload: m.Decoded(m.Start, to),
		Rows: []rowData{},
	}
	for _, r := range m.Rows {
		row := rowData{
			Noun: r.Layer.Noun(), Label: r.Label(), Compared: compared(m.Map, r), Count: r.Count, End: r.End,
		}
		row.Rating = rating(row.Compared)
		if r.Count > 0 {
			row.Label += ", " + sizes(r)
		}
		var known int64
		row.Runs, known = l.runsOf(r, m.Start, m.Size())
		data.Known = min(data.Known, known)
		data.Rows = append(data.Rows, row)
	}
	return data
}

// runsOf are the row's spans from start on, as far as the limits allow, and the offset up to which there are no others.
func (l limits) runsOf(r *streammap.Row, start, size int64) (runs []run, known int64) {
	runs = []run{}
	add := func(next run) {
		if last := len(runs) - 1; last >= 0 && runs[last].N == next.N && runs[last].Kind == next.Kind {
			runs[last].Times++
			return
		}
		next.Times = 1
		runs = append(runs, next)
	}
	end, n := start, 0
	for p := range r.Pieces(start) {
		if n++; n > l.spans || len(runs) >= l.runs {
			return runs, end
		}
		if p.Off > end {
			add(run{N: end - p.Off})
		}
		add(run{N: int64(p.N), Kind: p.Kind})
		end = p.Off + int64(p.N)
	}
	return runs, size
}
