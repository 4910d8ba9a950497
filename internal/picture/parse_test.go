package picture_test

import (
	"encoding/xml"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"echolab/internal/picture/picturetest"
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
	from, left := picturetest.Number(t, first.Text), picturetest.Number(t, first.attr("x"))
	perByte := (picturetest.Number(t, last.attr("x")) - left) / (picturetest.Number(t, last.Text) - from)
	return func(offset int) float64 { return left + (float64(offset)-from)*perByte }
}

var boxPath = regexp.MustCompile(`M(\S+) \S+H([0-9.]+)v\d+H[0-9.]+z`)

// boxes are where the boxes of a row begin and end.
func boxes(t *testing.T, row node) [][2]float64 {
	t.Helper()
	var all [][2]float64
	for _, path := range row.all("box") {
		for _, m := range boxPath.FindAllStringSubmatch(path.attr("d"), -1) {
			all = append(all, [2]float64{picturetest.Number(t, m[1]), picturetest.Number(t, m[2])})
		}
	}
	return all
}

// pictureRows reads the rows of the picture that show all of the map.
func pictureRows(t *testing.T, m *streammap.Map) []picturetest.Row {
	t.Helper()
	root := parse(t, svgOf(t, m))
	var d picturetest.Drawing
	for _, tick := range root.all("tick") {
		d.Ticks = append(d.Ticks, [2]string{tick.Text, tick.attr("x")})
		if at := len(d.Ticks) - 1; at > 0 && picturetest.Number(t, d.Ticks[at][1]) < picturetest.Number(t, d.Ticks[at-1][1]) {
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
	return d.Read(t)
}
