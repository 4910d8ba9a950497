package proc_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/lab"
	"echolab/internal/proc"
)

func TestAClientThatDiesHalfWayHarmsNobody(t *testing.T) {
	t.Parallel()
	server := proc.StartServer(t, "tcpserver", "-codec", "lines")
	honest := dial(t, server.Addr)
	input, feed := pipe(t)
	dying := proc.Start(t, "tcpclient", input, "-addr", server.Addr, "-codec", "lines", "-chunk", "1000", "-file", "-", "-json")
	fmt.Fprintln(feed, strings.Repeat("x", 20_000)) // the line feed would be the first byte of the next chunk
	dying.AwaitLine(`"off":19000,"n":1000`)
	dying.Signal(syscall.SIGKILL)
	assert.Equal(t, -1, dying.Wait().Status)
	assert.Contains(t, server.AwaitLine("#2  error"), "the stream ended inside the message at offset 0")

	_, err := honest.Write([]byte("still here\n"))
	require.NoError(t, err)
	echo := make([]byte, 11)
	_, err = io.ReadFull(honest, echo)
	require.NoError(t, err)
	assert.Equal(t, "still here\n", string(echo))
	honest.Close()
	assert.Equal(t, 0, server.Stop().Status)
}

func TestGarbageEndsItsOwnConnectionWithAnExplanation(t *testing.T) {
	t.Parallel()
	for codec, complaint := range map[string]string{
		"length":   "the message at offset 0, which began with \"\\xff\\xff",
		"lines":    "the message at offset 0",
		"fixed=16": "the stream ended inside the message at offset 0",
	} {
		server := proc.StartServer(t, "tcpserver", "-codec", codec, "-max-message", "100")
		conn := dial(t, server.Addr)
		garbage := bytes.Repeat([]byte{0xff}, 1000)
		if codec == "fixed=16" {
			garbage = garbage[:15]
		}
		_, err := conn.Write(garbage)
		require.NoError(t, err)
		require.NoError(t, conn.CloseWrite())
		echo, err := io.ReadAll(conn)
		assert.NoError(t, err, "the end of the stream, not a reset")
		assert.Empty(t, echo)
		r := resultOf(t, proc.Run(t, "tcpclient", "-addr", server.Addr, "-codec", codec, "-json", "-quiet"))
		assert.True(t, r.OK, "the next client is served")
		out := server.Stop()
		assert.Equal(t, 0, out.Status)
		unfolded := strings.Join(strings.Fields(out.Stdout), " ")
		assert.Contains(t, unfolded, "#1 error "+complaint, codec)
		assert.Contains(t, unfolded, "(1 failed, 0 refused)", codec)
	}
}

func TestInterruptEndsAServerCleanlyAndAClientWithStatus130(t *testing.T) {
	t.Parallel()
	server := proc.StartServer(t, "tcpserver", "-codec", "length")
	input, feed := pipe(t)
	client := proc.Start(t, "tcpclient", input, "-addr", server.Addr, "-codec", "length", "-file", "-")
	fmt.Fprintln(feed, strings.Repeat("x", 20_000))
	client.AwaitLine("read ")
	client.Signal(os.Interrupt)
	out := client.Wait()
	assert.Equal(t, 130, out.Status, out.Stderr)
	assert.Contains(t, out.Stderr, "interrupted")

	conn := dial(t, server.Addr) // silent: nothing to finish
	server.AwaitLine("#2  accept")
	stopped := server.Stop()
	assert.Equal(t, 0, stopped.Status)
	assert.Contains(t, stopped.Stdout, "none had to be cut off")
	_, err := conn.Read(make([]byte, 1))
	assert.Equal(t, io.EOF, err)
}

func TestTheTourShowsEveryExperimentAndItsAnswer(t *testing.T) {
	t.Parallel()
	out := proc.Run(t, "tcpclient", "-tour")
	assert.Equal(t, 0, out.Status)
	var names, questions []string
	answers := 0
	for line := range strings.Lines(out.Stdout) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "== "):
			names = append(names, strings.Fields(line)[4])
		case strings.HasPrefix(line, "Q: "):
			questions = append(questions, line[3:])
		case strings.HasPrefix(line, "A: "):
			answers++
		case strings.HasPrefix(line, "!"):
			assert.Fail(t, "a surprise in "+names[len(names)-1], line)
		}
	}
	for i, e := range lab.Experiments() {
		assert.Equal(t, e.Name, names[i])
		assert.Equal(t, e.Question, questions[i])
	}
	assert.Equal(t, len(lab.Experiments()), answers)
}
