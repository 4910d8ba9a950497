package picturetest

import (
	"cmp"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A Drawing is what a picture or a page has of a map: its ruler, and the classes and outlines of the shapes of each row.
type Drawing struct {
	Ticks [][2]string
	Rows  [][][2]string
}

var (
	outline = regexp.MustCompile(`M([0-9.]+) [^M]*`)
	reach   = regexp.MustCompile(`H([0-9.]+)`)
)

// Read reads the marks of all rows.
func (d Drawing) Read(t *testing.T) []Row {
	t.Helper()
	require.Greater(t, len(d.Ticks), 1)
	first, last := d.Ticks[0], d.Ticks[len(d.Ticks)-1]
	from, left := Number(t, first[0]), Number(t, first[1])
	perByte := (Number(t, last[1]) - left) / (Number(t, last[0]) - from)
	const binWidth, precision = 7, 0.2
	clear := perByte > binWidth
	offset := func(x float64) float64 {
		if at := from + (x-left)/perByte; !clear || math.Abs(at-math.Round(at))*perByte > precision {
			return at
		}
		return math.Round(from + (x-left)/perByte)
	}
	var all []Row
	for _, shapes := range d.Rows {
		row := Row{Close: (binWidth + precision) / perByte}
		for _, shape := range shapes {
			if shape[0] == "box" || shape[0] == "size" {
				continue
			}
			for _, path := range outline.FindAllStringSubmatch(shape[1], -1) {
				at := offset(Number(t, path[1]))
				p := Place{at, at, shape[0]}
				if to := reach.FindStringSubmatch(path[0]); to != nil {
					p.To = offset(Number(t, to[1]))
				}
				row.Places = append(row.Places, p)
			}
		}
		slices.SortStableFunc(row.Places, func(a, b Place) int { return cmp.Compare(a.From, b.From) })
		all = append(all, row)
	}
	return all
}

// Number reads one that may have commas between its thousands.
func Number(t *testing.T, s string) float64 {
	t.Helper()
	n, err := strconv.ParseFloat(strings.ReplaceAll(s, ",", ""), 64)
	require.NoError(t, err, s)
	return n
}
