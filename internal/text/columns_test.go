package text_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"echolab/internal/text"
)

func TestVisibleShowsOnlyWhatKeepsItsPlace(t *testing.T) {
	const hidden = "·"
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
		shown, n := text.Visible([]byte(s))
		assert.Equal(t, want.shown, shown, "%q", s)
		assert.Equal(t, want.bytes, n, "%q", s)
	}
}

func TestHarmlessHidesWhatATerminalWouldObeyAndCellsWhatJoinsToo(t *testing.T) {
	line := "안녕\x1b[2J e\u0301 \u202e\r\xff"
	assert.Equal(t, "안녕·[2J e\u0301 ··\ufffd", text.Harmless(line))
	assert.Equal(t, "안녕·[2J e· ··\ufffd", text.Cells(line))
}

func TestAWideCharacterTakesTwoColumns(t *testing.T) {
	assert.Equal(t, 4, text.Columns("안녕"))
	assert.Equal(t, 5, text.Columns("\uff57ide"))
}
