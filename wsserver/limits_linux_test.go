package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"echolab/internal/cli/clitest"
	"echolab/internal/proc"
)

// confined is a server process whose limits or memory a test wants to know.
type confined struct {
	stdout clitest.Printed
	addr   string
	cmd    *exec.Cmd
}

// confine starts the server with at most that many descriptors.
func confine(t *testing.T, files int, args ...string) *confined {
	t.Helper()
	c := new(confined)
	// The limit must be there before the program is: Go makes the most of it at once.
	script := fmt.Sprintf(`ulimit -n %d && exec "$0" -addr 127.0.0.1:0 "$@"`, files)
	c.cmd = exec.Command("sh", append([]string{"-c", script, proc.Build(t, "wsserver")}, args...)...)
	c.cmd.Stdout = &c.stdout
	require.NoError(t, c.cmd.Start())
	t.Cleanup(func() {
		_ = c.cmd.Process.Kill()
		_ = c.cmd.Wait()
	})
	c.addr = c.stdout.Await(t, `^listening on (\S+)$`)
	return c
}

// stop interrupts the server, which must end in good order.
func (c *confined) stop(t *testing.T) {
	t.Helper()
	require.NoError(t, c.cmd.Process.Signal(syscall.SIGTERM))
	assert.NoError(t, c.cmd.Wait())
}

// peak is the most memory that the server had so far, in bytes.
func (c *confined) peak(t *testing.T) (bytes int) {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
	require.NoError(t, err)
	_, line, found := strings.Cut(string(status), "VmHWM:")
	require.True(t, found)
	_, err = fmt.Sscan(line, &bytes)
	require.NoError(t, err)
	return bytes << 10
}

func TestWithoutDescriptorsNewClientsWaitAndOldOnesGoOn(t *testing.T) {
	s := confine(t, 16)
	first := open(t, dial(t, s.addr))
	var served []*client
	var waiting *client
	for waiting == nil {
		require.Less(t, len(served), 16, "the limit is none")
		c := newClient(t, dial(t, s.addr))
		_, err := c.Write([]byte("x"))
		require.NoError(t, err)
		// Either it is echoed, or there is no descriptor for it, which the account says.
		for {
			require.NoError(t, c.SetReadDeadline(time.Now().Add(10*time.Millisecond)))
			if _, err = c.r.ReadByte(); err == nil || strings.Contains(s.stdout.String(), "too many open files") {
				break
			}
		}
		require.NoError(t, c.SetReadDeadline(time.Now().Add(clitest.Watchdog)))
		if err != nil {
			waiting = c
			continue
		}
		served = append(served, c)
	}
	require.NotEmpty(t, served)
	first.echo("still here")
	served[0].Close()
	b, err := waiting.r.ReadByte()
	require.NoError(t, err, "when one leaves, the next is served")
	assert.EqualValues(t, 'x', b)
	first.echo("still here")
	for _, c := range append(served, first, waiting) {
		c.Close()
	}
	s.stop(t)
	assert.Contains(t, clitest.Unfolded(s.stdout.String()),
		fmt.Sprintf("stopped: %d connections (0 failed, 0 refused)", len(served)+2))
}

func TestClientsThatTakeNothingCostABoundedAmountOfMemory(t *testing.T) {
	const clients, most = 8, 64 << 20
	s := confine(t, 64, "-quiet", "-write-timeout", "500ms")
	before := s.peak(t)
	frame, err := ws.CompileFrame(ws.MaskFrame(ws.NewBinaryFrame(make([]byte, 1<<20))))
	require.NoError(t, err)
	cut := make(chan int, clients)
	for range clients {
		c := open(t, dial(t, s.addr))
		go func() {
			sent := 0
			for sent < most {
				n, err := c.Write(frame)
				if sent += n; err != nil {
					break
				}
			}
			cut <- sent
		}()
	}
	for range clients {
		assert.Less(t, <-cut, most, "the server takes more and more")
	}
	grown := s.peak(t) - before
	t.Logf("%d clients: %d KiB more at the peak than before", clients, grown>>10)
	assert.Less(t, grown, clients*4<<20)
	s.stop(t)
}
