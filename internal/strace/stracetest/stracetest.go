// Package stracetest runs programs under strace, for tests. It may know how strace is called. It must not know what is made
// of its output.
package stracetest

import (
	"context"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"echolab/internal/tshark"
)

// limit is how long a program may run; a test that needs more waits for the wrong thing.
const limit = time.Minute

// Command is a program under strace, called as strace.Read wants it, with these flags besides. It is killed after a
// minute, and when the test is over, before its cleanups. Where strace cannot be used the test is skipped; in CI it
// fails.
func Command(t testing.TB, file string, flags []string, program string, args ...string) *exec.Cmd {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("strace is for Linux")
	}
	if out, err := exec.Command("strace", "-o", os.DevNull, "true").CombinedOutput(); err != nil {
		tshark.Missing(t, "strace is missing (on Debian, apt-get install strace), or may not trace: "+err.Error()+" "+string(out))
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	all := append([]string{
		"-f", "-ttt", "-o", file, "-e", "trace=network,read,write,readv,writev,close,epoll_ctl",
	}, flags...)
	cmd := exec.CommandContext(ctx, "strace", append(append(all, program), args...)...)
	cmd.WaitDelay = time.Second // strace alone is killed, and the program has its output too
	return cmd
}
