package echo_test

import (
	"context"
	"flag"
	"math/rand/v2"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"echolab/internal/sock"
)

// beServer makes a process of its own out of the test program, for the benchmark. It is nil where there is none.
var beServer func(kind string)

// serverEnv says which server the process is to be.
const serverEnv = "ECHO_TEST_SERVER"

func TestMain(m *testing.M) {
	if kind := os.Getenv(serverEnv); kind != "" && beServer != nil {
		beServer(kind)
		return
	}
	_ = flag.Set("test.parallel", "6") // whatever the machine has: the parallel tests here wait for time to pass
	goleak.VerifyTestMain(m)
}

// watchdog is how long anything here may take that must not take long.
const watchdog = 30 * time.Second

// bounded is a context that ends long after anything here should have happened.
func bounded(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), watchdog)
	t.Cleanup(cancel)
	return ctx
}

func onLinux(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("this asks the kernel for what Linux tells of its sockets, and this is " + runtime.GOOS)
	}
}

// await waits until cond is true.
func await(t *testing.T, cond func() bool, what string) {
	t.Helper()
	err := sock.Await(bounded(t), func() (bool, error) { return cond(), nil })
	require.NoError(t, err, what)
}

// random returns n bytes that are the same in every run.
func random(n int) []byte {
	var seed [32]byte
	seed[0] = byte(n)
	b := make([]byte, n)
	_, _ = rand.NewChaCha8(seed).Read(b) // it never fails
	return b
}

// heap is how much memory is in use once all garbage is gone, pooled buffers among it.
func heap() int64 {
	for range 2 { // a pool keeps what it has for one collection
		runtime.GC()
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// either runs a test with an account and without: the server has a way of its own to read when nobody looks.
func either(t *testing.T, test func(t *testing.T, rec *account)) {
	t.Run("quiet", func(t *testing.T) { test(t, nil) })
	t.Run("with an account", func(t *testing.T) { test(t, new(account)) })
}
