package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/cli"
	"echolab/internal/cli/clitest"
)

// TestMain lets the test's program be the servers, too.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == serveCommand {
		main()
	}
	os.Exit(m.Run())
}

// watchdog ends what hangs.
const watchdog = 2 * time.Minute

// once runs the program to its end, which must come by itself.
func once(t *testing.T, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), watchdog)
	defer cancel()
	var out, err bytes.Buffer
	status = run(ctx, args, &out, &err)
	require.NoError(t, ctx.Err())
	return status, out.String(), err.String()
}

// tiny is a comparison that takes no time worth mentioning. Every load has something of its own: several messages a
// write, frames with each size of a header, and writes that need a reader at the same time.
var tiny = []string{"-short", "-time", "10ms", "-warmup", "1ms", "-idle", "20", "-loads", "10x64x8,3x1Kx2,2x128Kx1,1x1x1"}

func TestEveryByteComesBackFromEveryServerAndEveryTableHasEveryRow(t *testing.T) {
	status, stdout, stderr := once(t, tiny...)
	require.Equal(t, cli.OK, status, stderr)
	assert.Empty(t, stderr)
	tables := strings.Split(strings.TrimSpace(stdout), "\n\n")
	require.Len(t, tables, 7, "four loads, the idle connections, the method and the machine:\n%s", stdout)
	for _, table := range tables[:5] {
		rows := strings.Split(table, "\n")
		require.Len(t, rows, 2+len(servers), table)
		for i, s := range servers {
			assert.Equal(t, s.name, strings.Fields(rows[2+i])[0], table)
		}
	}
	for line := range strings.Lines(stdout) {
		assert.LessOrEqual(t, utf8.RuneCountInString(strings.TrimRight(line, "\n")), 80, line)
	}
	assert.Contains(t, tables[5], method)
	assert.Contains(t, tables[6], system())
	for _, s := range servers {
		assert.Contains(t, tables[6], s.name+strings.Repeat(" ", 11-len(s.name))+s.describe()+"\n")
	}
}

func TestMarkdownSaysWhenWhereAndHow(t *testing.T) {
	args := strings.Fields("-short -time 1ms -warmup 0s -idle 2 -servers plain,gws -loads 1x8x1 -markdown")
	status, stdout, stderr := once(t, args...)
	require.Equal(t, cli.OK, status, stderr)
	assert.Contains(t, stdout, time.Now().Format("2006-"))
	assert.Contains(t, stdout, system())
	assert.Contains(t, stdout, method)
	assert.Contains(t, stdout, "`go -C scripts/compare run . "+strings.Join(args, " ")+"`")
	assert.Contains(t, stdout, "\n- plain: a loop of read and write, with 64 to 256 KiB a connection\n- gws: lxzan/gws")
	assert.Equal(t, 2, strings.Count(stdout, "\n| plain "), stdout)
	assert.Equal(t, 2, strings.Count(stdout, "\n| gws "), stdout)
	for line := range strings.Lines(stdout) {
		if strings.HasPrefix(line, "|") {
			assert.Contains(t, []int{7, 9}, strings.Count(line, "|"), line)
		}
	}
}

func TestACommandLineCanBePastedIntoAShell(t *testing.T) {
	assert.Equal(t, "go -C scripts/compare run .", commandLine(nil))
	assert.Equal(t, `go -C scripts/compare run . -loads '' -wsserver 'a b'\''c'`,
		commandLine([]string{"-loads", "", "-wsserver", "a b'c"}))
}

func TestHelpFitsATerminalAndBeginsWithExamples(t *testing.T) {
	status, help, stderr := once(t, "-h")
	assert.Equal(t, cli.OK, status)
	assert.Empty(t, stderr)
	assert.Less(t, strings.Index(help, "go run . "), strings.Index(help, "Flags:"))
	assert.NotContains(t, help, serveCommand+" ")
	for line := range strings.Lines(help) {
		line = strings.Replace(strings.TrimRight(line, "\n"), "    \t", strings.Repeat(" ", 8), 1)
		assert.LessOrEqual(t, utf8.RuneCountInString(line), 80, line)
	}
}

func TestMisuseIsNamed(t *testing.T) {
	clitest.Misuse(t, run, "compare", [][2]string{
		{"-no-such-flag", "-no-such-flag"},
		{"stray", `"stray": only flags`},
		{"-servers plain,morse", `-servers: … "morse" … plain,raw,websocket,`},
		{"-servers=", "-servers … empty"},
		{"-servers gws,gws", `"gws" is there twice`},
		{"-loads 100x64", `-loads: "100x64": … CONNSxBYTESxWINDOW`},
		{"-loads 1x1x1,", `-loads: "": … CONNSxBYTESxWINDOW`},
		{"-rounds 0", "-rounds 0: … 1 or more"},
		{"-idle -1", "-idle -1: … 0 or more"},
		{"-time 0s", "-time 0s: … 1ms or more"},
		{"-warmup -1s", "-warmup -1s: … 0s or more"},
		{"-loads= -idle 0", "nothing to measure"},
		{serveCommand, "wants one name"},
		{serveCommand + " morse", `"morse"`},
		{serveCommand + " websocket", `"websocket"`},
	})
}

func TestAWsserverThatCannotBeStartedIsNamed(t *testing.T) {
	status, stdout, stderr := once(t, "-short", "-servers", "plain,raw", "-wsserver", "no/such/wsserver")
	assert.Equal(t, cli.Failed, status)
	assert.Contains(t, stderr, "raw, 100 connections")
	assert.Contains(t, stderr, "no/such/wsserver")
	assert.Empty(t, stdout)
}

func TestAnInterruptEndsTheComparison(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	var stdout, stderr bytes.Buffer
	status := run(ctx, []string{"-short", "-servers", "plain"}, &stdout, &stderr)
	assert.Equal(t, cli.Interrupted, status)
	assert.Equal(t, "compare: interrupted\n", stderr.String())
	assert.Empty(t, stdout.String())
}

// Ctrl-C reaches the servers, too, and what fails then is not their fault.
func TestAnInterruptIsReportedBeforeWhatItBroke(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	p := cli.Program{Stderr: io.Discard}
	assert.Equal(t, cli.Failed, failed(ctx, p, io.EOF))
	assert.Equal(t, cli.Unable, failed(ctx, p, errUnable))
	interrupt()
	assert.Equal(t, cli.Interrupted, failed(ctx, p, errUnable))
}
