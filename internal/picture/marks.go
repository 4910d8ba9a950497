package picture

import (
	"fmt"

	"echolab/internal/streammap"
)

// Each mark has a shape of its own, so that colour, which its name has in the style sheet, only repeats it.

// Sizes of a row.
const (
	rowHeight = 20
	overlap   = 3 // of a boundary's line, above and below its row
)

// outline is that of a mark of one place, on a row whose top is at y. Marks that fill a part of a row have none.
func outline(k streammap.Kind, x, y float64) string {
	const height = rowHeight + 2*overlap
	switch k {
	case streammap.Agree, streammap.Alone, streammap.Lost:
		return fmt.Sprintf("M%s %sv%d", num(x), num(y-overlap), height)
	case streammap.Cut:
		return fmt.Sprintf("M%s %sv%dm-4 %dl8 8m0 -8l-8 8", num(x), num(y-overlap), height, -height/2-4)
	case streammap.Part:
		return fmt.Sprintf("M%s %sv%dm-4 0h8", num(x), num(y), rowHeight)
	}
	return ""
}

// fills says whether the mark fills a part of a row.
func fills(k streammap.Kind) bool { return k >= streammap.Dense }

// A legendEntry is a mark with what it means, on a sample 18 wide and 26 high.
type legendEntry struct{ Class, Path, Text string }

// legend explains all marks.
func legend() []legendEntry {
	var all []legendEntry
	for k := streammap.Agree; k <= streammap.Unknown; k++ {
		all = append(all, legendEntry{k.String(), sample(k), k.Meaning()})
	}
	return all
}

// sample is the mark's outline in the legend.
func sample(k streammap.Kind) string {
	switch {
	case k == streammap.Unknown:
		return "M0 13h18"
	case fills(k):
		return "M0 6h18v14h-18z"
	}
	return outline(k, 9, overlap)
}
