// Package labtest has what the tests of several rooms need: limits for waiting, a Recorder that keeps what it gets,
// and measures of memory. It may know events and sockets. It must not know the rooms that are tested with it.
package labtest

import (
	"context"
	"flag"
	"math/rand/v2"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"echolab/internal/sock"
)

// Watchdog is how long anything may take that must not take long.
const Watchdog = 30 * time.Second

// Main runs the tests of a package whose parallel tests wait for time to pass, and sees to it that no goroutine is left.
func Main(m *testing.M) {
	_ = flag.Set("test.parallel", "6") // whatever the machine has
	// net/http waits half a second for the client after an answer with which it closes, which goleak does not.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}

// Bounded is a context that ends long after anything should have happened.
func Bounded(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), Watchdog)
	t.Cleanup(cancel)
	return ctx
}

// OnLinux skips a test elsewhere, that asks the kernel for what only Linux reports of its sockets.
func OnLinux(t testing.TB) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("this asks the kernel for what Linux tells of its sockets, and this is " + runtime.GOOS)
	}
}

// Await waits until cond is true.
func Await(t testing.TB, cond func() bool, what string) {
	t.Helper()
	err := sock.Await(Bounded(t), func() (bool, error) { return cond(), nil })
	require.NoError(t, err, what)
}

// Random returns n bytes that are the same in every run.
func Random(n int) []byte {
	var seed [32]byte
	seed[0] = byte(n)
	b := make([]byte, n)
	_, _ = rand.NewChaCha8(seed).Read(b) // it never fails
	return b
}

// Heap is how much memory is in use once all garbage is gone, pooled buffers among it.
func Heap() int64 {
	for range 2 { // a pool keeps what it has for one collection
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
