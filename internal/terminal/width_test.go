package terminal_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/event/eventtest"
	"echolab/internal/streammap/maptest"
	"echolab/internal/terminal"
	"echolab/internal/text"
)

func TestAMapIsAsWideAsItsTerminal(t *testing.T) {
	m := maptest.Stream(strings.Repeat(eventtest.Greeting, 10), maptest.Sent(maptest.Times(10, 33, 0)...), maptest.Reads(20, 310))
	for columns, want := range map[int]int{0: text.Width, 60: 60, 61: 61, 79: 79, 80: 80, 133: 133, 300: 300} {
		var b strings.Builder
		require.NoError(t, terminal.Draw(&b, m, text.Style{Columns: columns}))
		widest := 0
		for line := range strings.Lines(b.String()) {
			widest = max(widest, text.Columns(strings.TrimRight(line, "\n")))
		}
		assert.LessOrEqual(t, widest, want)
		assert.Greater(t, widest, want-5, "%d columns are not used:\n%s", want, &b)
	}
}

func TestATerminalThatIsTooNarrowIsToldWhatAMapNeeds(t *testing.T) {
	m := maptest.Stream(eventtest.Greeting, maptest.Sent(33))
	var b strings.Builder
	require.NoError(t, terminal.Draw(&b, m, text.Style{Columns: 59}))
	assert.Equal(t, m.Heading()+"\n59 columns: its rows need 60\n", b.String())
}
