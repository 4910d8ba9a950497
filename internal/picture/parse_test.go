package picture_test

import (
	"cmp"
	"encoding/xml"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"echolab/internal/streammap"
)

// A node is an element of a picture.
type node struct {
	XMLName xml.Name
	Attrs   []xml.Attr `xml:",any,attr"`
	Nodes   []node     `xml:",any"`
	Text    string     `xml:",chardata"`
}

func (n node) attr(name string) string {
	for _, a := range n.Attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// all are the elements with that class, at any depth.
func (n node) all(class string) []node {
	var found []node
	for _, inner := range n.Nodes {
		if inner.attr("class") == class {
			found = append(found, inner)
		}
		found = append(found, inner.all(class)...)
	}
	return found
}

// texts are all texts in the picture, in order.
func (n node) texts() []string {
	var all []string
	for _, inner := range n.Nodes {
		if inner.XMLName.Local == "text" {
			all = append(all, inner.Text)
		}
		all = append(all, inner.texts()...)
	}
	return all
}

// rows are the layers that the picture shows.
func (n node) rows() []node {
	var rows []node
	for _, inner := range n.Nodes {
		if class := inner.attr("class"); class == "row" || class == "message" {
			rows = append(rows, inner)
		}
	}
	return rows
}

// parse reads a picture, and asserts what must be true of every one.
func parse(t *testing.T, picture string) node {
	t.Helper()
	require.Less(t, len(picture), 200<<10)
	var root node
	decoder := xml.NewDecoder(strings.NewReader(picture))
	require.NoError(t, decoder.Decode(&root))
	_, err := decoder.Token()
	if err == nil { // the line break at the end
		_, err = decoder.Token()
	}
	require.Equal(t, io.EOF, err, "one element")
	require.Equal(t, xml.Name{Space: "http://www.w3.org/2000/svg", Local: "svg"}, root.XMLName)
	tame(t, root)
	return root
}

var (
	elements   = []string{"svg", "title", "desc", "style", "defs", "pattern", "rect", "path", "circle", "g", "text"}
	attributes = []string{
		"xmlns", "viewBox", "width", "height", "role", "aria-labelledby", "id", "class", "x", "y", "rx", "d", "cx",
		"cy", "r", "patternUnits", "transform", "textLength", "lengthAdjust",
	}
	finite = regexp.MustCompile(`^[-0-9.MHVLhvlmz ]*$`)
)

// tame asserts that there is nothing in a picture but shapes and text: nothing that runs, and nothing from elsewhere.
func tame(t *testing.T, n node) {
	t.Helper()
	require.Contains(t, elements, n.XMLName.Local)
	for _, a := range n.Attrs {
		require.Contains(t, attributes, a.Name.Local)
		if slices.Contains([]string{"x", "y", "d", "width", "height"}, a.Name.Local) {
			require.Regexp(t, finite, a.Value)
		}
	}
	for _, inner := range n.Nodes {
		tame(t, inner)
	}
}

// scale is the place of an offset, as the picture's first ruler has it.
func scale(t *testing.T, root node) func(offset int) float64 {
	t.Helper()
	ticks := root.all("tick")
	require.Greater(t, len(ticks), 1)
	first, last := ticks[0], ticks[len(ticks)-1]
	from, left := number(t, first.Text), number(t, first.attr("x"))
	perByte := (number(t, last.attr("x")) - left) / (number(t, last.Text) - from)
	return func(offset int) float64 { return left + (float64(offset)-from)*perByte }
}

var boxPath = regexp.MustCompile(`M(\S+) \S+H([0-9.]+)v\d+H[0-9.]+z`)

// boxes are where the boxes of a row begin and end.
func boxes(t *testing.T, row node) [][2]float64 {
	t.Helper()
	var all [][2]float64
	for _, path := range row.all("box") {
		for _, m := range boxPath.FindAllStringSubmatch(path.attr("d"), -1) {
			all = append(all, [2]float64{number(t, m[1]), number(t, m[2])})
		}
	}
	return all
}

// number reads one that may have commas between its thousands.
func number(t *testing.T, s string) float64 {
	t.Helper()
	n, err := strconv.ParseFloat(strings.ReplaceAll(s, ",", ""), 64)
	require.NoError(t, err, s)
	return n
}

// A drawing is what a picture or a page has of a map: its ruler, and the classes and outlines of the shapes of each row.
type drawing struct {
	Ticks [][2]string
	Rows  [][][2]string
}

// pictureRows reads the rows of the picture that show all of the map.
func pictureRows(t *testing.T, m *streammap.Map) []pictured {
	t.Helper()
	root := parse(t, svgOf(t, m))
	var d drawing
	for _, tick := range root.all("tick") {
		d.Ticks = append(d.Ticks, [2]string{tick.Text, tick.attr("x")})
		if at := len(d.Ticks) - 1; at > 0 && number(t, d.Ticks[at][1]) < number(t, d.Ticks[at-1][1]) {
			d.Ticks = d.Ticks[:at] // the ruler of the closer look
			break
		}
	}
	for _, row := range root.rows()[:len(m.Rows)] {
		var paths [][2]string
		for _, shape := range row.Nodes {
			paths = append(paths, [2]string{shape.attr("class"), shape.attr("d")})
		}
		d.Rows = append(d.Rows, paths)
	}
	return d.pictured(t)
}

var (
	outline = regexp.MustCompile(`M([0-9.]+) [^M]*`)
	reach   = regexp.MustCompile(`H([0-9.]+)`)
)

// pictured reads the marks of all rows.
func (d drawing) pictured(t *testing.T) []pictured {
	t.Helper()
	require.Greater(t, len(d.Ticks), 1)
	first, last := d.Ticks[0], d.Ticks[len(d.Ticks)-1]
	from, left := number(t, first[0]), number(t, first[1])
	perByte := (number(t, last[1]) - left) / (number(t, last[0]) - from)
	const binWidth, precision = 7, 0.2
	clear := perByte > binWidth
	offset := func(x float64) float64 {
		if at := from + (x-left)/perByte; !clear || math.Abs(at-math.Round(at))*perByte > precision {
			return at
		}
		return math.Round(from + (x-left)/perByte)
	}
	var all []pictured
	for _, shapes := range d.Rows {
		row := pictured{close: (binWidth + precision) / perByte}
		for _, shape := range shapes {
			if shape[0] == "box" || shape[0] == "size" {
				continue
			}
			for _, path := range outline.FindAllStringSubmatch(shape[1], -1) {
				at := offset(number(t, path[1]))
				p := place{at, at, shape[0]}
				if to := reach.FindStringSubmatch(path[0]); to != nil {
					p.to = offset(number(t, to[1]))
				}
				row.places = append(row.places, p)
			}
		}
		slices.SortStableFunc(row.places, func(a, b place) int { return cmp.Compare(a.from, b.from) })
		all = append(all, row)
	}
	return all
}
