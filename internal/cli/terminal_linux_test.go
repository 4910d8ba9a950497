package cli_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"echolab/internal/cli"
	"echolab/internal/text"
)

// terminal is a pseudoterminal, the side that programs write to.
func terminal(t *testing.T) *os.File {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("there are no pseudoterminals here: ", err)
	}
	t.Cleanup(func() { master.Close() })
	require.NoError(t, unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0))
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	require.NoError(t, err)
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("there are no pseudoterminals here: ", err)
	}
	t.Cleanup(func() { slave.Close() })
	return slave
}

func TestATerminalHasColourUnlessTurnedOff(t *testing.T) {
	tty := terminal(t)
	assert.True(t, cli.IsTerminal(tty))
	for _, c := range []struct {
		noColor, term string
		want          bool
	}{
		{"", "xterm", true}, {"", "", true}, {"1", "xterm", false}, {"0", "xterm", false}, {"", "dumb", false},
	} {
		t.Setenv("NO_COLOR", c.noColor)
		t.Setenv("TERM", c.term)
		assert.Equal(t, c.want, cli.Style(tty).Color, "NO_COLOR=%q TERM=%q", c.noColor, c.term)
	}
}

func TestACommandsOutputIsTheTerminalThatItIs(t *testing.T) {
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "xterm")
	p := newTry()
	p.Stdout = terminal(t)
	p.Run(func(p cli.Program) int {
		assert.True(t, cli.Style(p.Stdout).Color)
		return cli.OK
	})
}

func TestAFileIsNotATerminal(t *testing.T) {
	null, err := os.Open(os.DevNull)
	require.NoError(t, err)
	defer null.Close()
	assert.False(t, cli.IsTerminal(null))
}

func TestATerminalSaysHowWideItIs(t *testing.T) {
	tty := terminal(t)
	assert.Equal(t, text.Width, cli.Style(tty).Width(), "it does not know")
	require.NoError(t, unix.IoctlSetWinsize(int(tty.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 50, Col: 132}))
	assert.Equal(t, 132, cli.Style(tty).Width())
	require.NoError(t, unix.IoctlSetWinsize(int(tty.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 50, Col: 40}))
	assert.Equal(t, text.Narrow, cli.Style(tty).Width())
	assert.Equal(t, "40 columns: maps need 60", cli.Style(tty).TooNarrow("maps"))
}
