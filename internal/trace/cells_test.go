package trace

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestNumberHasACommaBetweenThousands(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 7: "7", 999: "999", 1000: "1,000", 12_345: "12,345", 999_999: "999,999", 1_000_000: "1,000,000",
		-1: "-1", -999: "-999", -1000: "-1,000", -123_456: "-123,456",
		math.MaxInt64: "9,223,372,036,854,775,807", math.MinInt64: "-9,223,372,036,854,775,808",
	} {
		assert.Equal(t, want, Number(n))
	}
}

func TestOneThingIsNotSeveral(t *testing.T) {
	assert.Equal(t, "0 bytes", Bytes(0))
	assert.Equal(t, "1 byte", Bytes(1))
	assert.Equal(t, "2 bytes", Bytes(2))
	assert.Equal(t, "65,536 bytes", Bytes(65536))
	assert.Equal(t, "1 cut", Count(1, "cut", "cuts"))
	assert.Equal(t, "1,024 cuts", Count(int64(1024), "cut", "cuts"))
}

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

func TestVisibleShowsOnlyWhatKeepsItsPlace(t *testing.T) {
	for s, want := range map[string]struct {
		shown string
		bytes int
	}{
		"a": {"a", 1}, " ": {" ", 1}, "é": {"é", 2}, "안녕": {"안", 3}, "😀": {"😀", 4},
		"\x00": {hidden, 1}, "\x1b[31m": {hidden, 1}, "\x7f": {hidden, 1}, "\n": {hidden, 1},
		"\u0085": {hidden, 2}, "\u200d": {hidden, 3}, "\u202e": {hidden, 3}, "\u0301": {hidden, 2},
		"\u1161": {hidden, 3}, "\u11ab": {hidden, 3}, "\ud7b0": {hidden, 3}, "\u1112": {"\u1112", 3},
		"\xff": {hidden, 1}, "\xec\x95": {hidden, 1}, "\x95": {hidden, 1}, "\ufffd": {"\ufffd", 3},
	} {
		shown, n := visible([]byte(s))
		assert.Equal(t, want.shown, shown, "%q", s)
		assert.Equal(t, want.bytes, n, "%q", s)
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
