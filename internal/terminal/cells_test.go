package terminal

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestShortTakesTheLargestUnitThatIsExact(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 1: "1", 512: "512", 1000: "1000", 1023: "1023", 1024: "1K", 1025: "1025",
		1536: "1.5K", 1792: "1792", 2048: "2K", 2560: "2.5K", 65536: "64K",
		1 << 19: "512K", 1 << 20: "1M", 3 << 19: "1.5M", 1<<20 + 1: "1048577", 1<<20 + 1024: "1025K", 5 << 30: "5G",
		1 << 60: "1E", 3 << 59: "1.5E", 1 << 62: "4E",
	} {
		assert.Equal(t, want, short(n))
	}
}

func TestCenterTakesThePlaceNearestTheMiddle(t *testing.T) {
	for line, want := range map[string]string{
		"─────":     "─42──",
		"────":      "─42─",
		"───":       "───",
		"":          "",
		"─────────": "───42────",
		"──╎──────": "──╎─42───",
		"─────╎───": "──42─╎───",
		"────╎────": "─42─╎────",
		"───╎───":   "───╎───",
		"╎─────────╎──": "╎────42───╎──",
		"──╎────╎─────": "──╎─42─╎─────",
	} {
		cells := []rune(line)
		center(cells, "42", '─')
		assert.Equal(t, want, string(cells))
	}
}

func TestPutStaysWithinTheCells(t *testing.T) {
	for _, c := range []struct {
		col  int
		s    string
		want string
	}{
		{0, "a", "a   "}, {3, "a", "   a"}, {4, "a", "    "}, {1, "안", " 안 "}, {2, "ff", "  ff"}, {3, "ff", "   f"},
	} {
		cells := blank(4)
		put(cells, c.col, c.s)
		assert.Equal(t, c.want, joinCells(cells))
	}
}
