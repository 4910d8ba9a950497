//go:build unix

package clitest

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// FIFO is a file that opens only once somebody writes into it.
func FIFO(t testing.TB) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "fifo")
	require.NoError(t, syscall.Mkfifo(name, 0o600))
	return name
}

// InterruptedAtFIFO holds that a program which waits for a FIFO ends with the first Ctrl-C: while nobody writes into it,
// and while somebody does who is silent. Its arguments name the FIFO.
func InterruptedAtFIFO(t *testing.T, run Program, name string, args func(fifo string) []string) {
	t.Helper()
	for _, writer := range []bool{false, true} {
		fifo := FIFO(t)
		ctx, interrupt := context.WithTimeout(t.Context(), Watchdog)
		ended := make(chan int, 1)
		var stdout, stderr bytes.Buffer
		go func() { ended <- run(ctx, args(fifo), &stdout, &stderr) }()
		if writer {
			// It opens as soon as the program has opened its end. A program that never does so fails by the watchdog.
			opened := make(chan *os.File, 1)
			go func() {
				f, _ := os.OpenFile(fifo, os.O_WRONLY, 0)
				opened <- f
			}()
			select {
			case f := <-opened:
				defer f.Close()
			case <-ctx.Done():
				require.FailNow(t, "the FIFO was not opened")
			}
		}
		interrupt()
		select {
		case status := <-ended:
			assert.Equal(t, 130, status, "%s", &stderr)
			assert.Equal(t, name+": interrupted\n", stderr.String())
		case <-time.After(Watchdog):
			require.FailNow(t, "it goes on after an interrupt", "somebody writes: %v", writer)
		}
		if !writer { // a program is over then, and a test goes on: whoever waits for a writer gets one, for good
			_, err := syscall.Open(fifo, syscall.O_RDWR, 0)
			require.NoError(t, err)
		}
	}
}
